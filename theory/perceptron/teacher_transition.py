r"""When weights ±1 find the teacher: two loads, at zero margin and temperature.

There q = R and q̂ = R̂, so that the saddle points are a curve in q̂ alone, α(q̂) (ρ = √q̂ in
:mod:`.field_saddle`).  The load rises to the spinodal and falls back to 0; the entropy along the
rising part falls through 0, that of the teacher alone, at the transition.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..estimate import Array, Estimate
from .bracketed_newton import bracketed_newton
from .field_saddle import FieldSaddle
from .taught_pattern import CHECK_ORDER, ORDER, Constraint
from .weights_in_field import Spins

STEP = 1e-3  # of ln q̂, in slopes of fourth order


def teacher_transition() -> Estimate:
    """Patterns per binary weight beyond which the teacher alone dominates (kappa = 0).

    The load at which the entropy of the branch that goes on from α = 0 vanishes.  The equations
    give 1.2447, and so does G. Györgyi, Phys. Rev. A 41, 7097 (1990), abstract: 1.245; the 1.249
    that is in print as well is not theirs.

    >>> round(float(teacher_transition().value), 4)
    1.2447
    """
    return _estimate(_transition)


def teacher_spinodal() -> Estimate:
    """Patterns per binary weight at which the branch that goes on from α = 0 ends (kappa = 0).

    Beyond it nothing holds weights away from the teacher.

    >>> round(float(teacher_spinodal().value), 2)
    1.49
    """
    return _estimate(_spinodal)


def _estimate(threshold: Callable[[int], float]) -> Estimate:
    """The load, and what a finer rule makes of it beside 1e-14 of rounding."""
    value = threshold(ORDER)
    return Estimate(value, abs(value - threshold(CHECK_ORDER)) + 1e-14, "theory")


def _transition(order: int) -> float:
    def deficit(x: Array, _: NDArray[np.intp]) -> tuple[Array, Array]:
        saddle = _saddle(x, order)
        return -saddle.entropy(saddle.load()), np.full_like(x, np.nan)

    x = bracketed_newton(deficit, np.zeros(1), -3.0, _summit(order))
    return float(_saddle(x, order).load()[0])


def _spinodal(order: int) -> float:
    return float(_saddle(np.array([_summit(order)]), order).load()[0])


def _summit(order: int) -> float:
    """The ln q̂ at which α is largest, from its slope by differences of fourth order."""

    def fall(x: Array, _: NDArray[np.intp]) -> tuple[Array, Array]:
        near, far = (
            _saddle(x - s, order).load() - _saddle(x + s, order).load() for s in (STEP, 2 * STEP)
        )
        return 8 * near - far, np.full_like(x, np.nan)

    return float(bracketed_newton(fall, np.ones(1), 0.0, 2.0, steps=40)[0])


def _saddle(x: Array, order: int) -> FieldSaddle:
    hard = Constraint(np.zeros_like(x), np.full_like(x, np.inf), "hard")
    return FieldSaddle(Spins, x, np.exp(0.5 * x), hard, order)
