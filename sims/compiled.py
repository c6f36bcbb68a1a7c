"""The formula that theory evaluates is the one that a kernel runs: compiled, never written twice.

A kernel is specialised on the functions it is given, so a formula that is compiled afresh costs
seconds.  Hence one compiled function per formula: only parameters change from run to run.
"""

from collections.abc import Hashable
from typing import Any

from numba import njit

from ..theory.expression import Function, Shape

_COMPILED: dict[Hashable, Function] = {}


def compiled(shape: Shape) -> tuple[Function, Function]:
    """The value and the slope of ``shape`` as compiled functions f(y, p), floats in and out.

    Division by zero gives inf, as in NumPy.  Two shapes of one text and one order of parameters
    share their functions; a shape that closes over data of its own is compiled for itself.

    >>> from ..theory.expression import shape
    >>> compiled(shape("a*y", a=2.0)) == compiled(shape("a*y", a=3.0))
    True
    """
    return _function(shape.value), _function(shape.slope)


def _function(function: Any) -> Function:
    key: Hashable = function
    if function.__closure__ is None and not function.__defaults__:
        key = (function.__code__, id(function.__globals__))  # the cached function keeps both alive
    if key not in _COMPILED:
        _COMPILED[key] = njit(nogil=True, error_model="numpy")(function)
    return _COMPILED[key]
