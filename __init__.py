"""Entropic forces in loss landscapes.

This folder is the package ``entropic``.  Its rooms, from the ground up:

theory  what the mathematics says (NumPy, SciPy)
sims    what a computer experiment says (Numba)
nets    what a trained network says (PyTorch)
cli     the ``entropic`` command
"""

from importlib import import_module
from typing import Any

_ROOMS = ("theory", "sims", "nets", "cli")


def __getattr__(name: str) -> Any:
    """Open a room, or look up the version, when it is first named; the import alone stays light."""
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name == "__version__":
        from importlib.metadata import version

        return version("entropic")
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
