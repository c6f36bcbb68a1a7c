"""Kernels compiled by Numba and kept on disk beside their source, where there is room for that."""

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(**rules: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function with ``njit``; without a folder to write in, anew in every process."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            kernel: Callable[..., Any] = njit(nogil=True, cache=True, **rules)(function)
        except RuntimeError:  # Numba found no folder it may write in
            kernel = njit(nogil=True, **rules)(function)
        return kernel

    return decorate
