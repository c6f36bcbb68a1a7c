r"""Storing random patterns at a finite temperature: every load has a saddle point.

The curve α(x) of :mod:`.field_saddle` at ρ = 0 rises from 0 to infinity; Newton's method inside a
bracket follows it to the load.  As β → ∞ it runs into the curve of the hard constraint below the
capacity; above, 1 − q falls like 1/β and the energy tends to that of the ground states.  Replica
symmetry is broken there where `at_eigenvalue` says so (for the count of errors always).
"""

import numpy as np
from numpy.typing import NDArray

from ..estimate import Array
from .bracketed_newton import bracketed_newton
from .curve_tracing import beginning
from .field_saddle import FieldSaddle
from .saddle_result import LOST, Points
from .taught_pattern import Constraint
from .teacher import KINDS, numbers_of


def storage(model: str, alpha: Array, constraint: Constraint) -> Points:
    """The saddle points at loads ``alpha`` > 0 and the finite temperatures of ``constraint``."""
    kind = KINDS[model]

    def curve(x: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
        saddle = FieldSaddle(kind, x, np.zeros_like(x), constraint[which])
        excess = np.log(saddle.load() / alpha[which])
        excess[np.abs(excess) < 1e-15] = 0  # as near as rounding lets it be
        return excess, saddle.load_growth()

    with np.errstate(all="ignore"):
        guess = np.clip(beginning(kind, alpha, constraint)[0], -740.0, 3.0)
        x = bracketed_newton(curve, guess, kind.lowest, kind.highest)
        numbers = numbers_of(FieldSaddle(kind, x, np.zeros_like(x), constraint), alpha)
    lost = np.flatnonzero(np.isnan(numbers[0]))
    return Points(numbers, reasons={int(i): LOST for i in lost})
