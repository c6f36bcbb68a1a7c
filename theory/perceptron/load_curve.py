r"""Following the curve of saddle points to a load, over its folds where it has any.

Each x (a logarithm of the overlap or of its conjugate) is the saddle point of one load α(x), and
:math:`\ln\alpha/(\alpha_{\rm end} - \alpha)` is almost a straight line against it: at the one end
the unknown is ln q, at the other −ln(1 − q).  That is the curve on which Newton's method steps.

For margins below about −2.7 the curve folds: α rises, falls and rises again, and a load may have
three saddle points.  The one of lowest entropy is taken, the minimum over q of the
replica-symmetric entropy; it is continuous in α, jumps in q, and goes to −∞ where α reaches the
end.  (The jump is that of replica symmetry; breaking the symmetry may forestall it.)
"""

from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..estimate import Array
from .bracketed_newton import Curve, bracketed_newton

UNFOLDED = -2.5  # at margins above, α rises all along the curve


class Saddles(Protocol):
    """Saddle points of one kind of weights, at each x; all arrays of shape (points,)."""

    lowest: ClassVar[float]
    highest: ClassVar[float]
    free_entropy: ClassVar[float]
    end: ClassVar[str]
    q: Array
    gap: Array
    q_hat: Array

    def __init__(self, x: Array, kappa: Array) -> None: ...

    @staticmethod
    def limit(kappa: ArrayLike) -> Array:
        """The load at which q reaches 1."""

    def load(self) -> Array:
        """The α of which x is the saddle point."""

    def load_growth(self) -> Array:
        """The slope d ln α/dx."""

    def entropy(self, alpha: Array) -> Array:
        """Nats per weight."""

    def at_eigenvalue(self, alpha: Array) -> Array:
        """Below 1 where replica symmetry is stable."""

    def residual(self, alpha: Array) -> Array:
        """Largest relative residual of the saddle equations."""


def solve(alpha: Array, kappa: Array, kind: type[Saddles]) -> Array:
    """The x of the saddle points at loads 0 < ``alpha`` < limit; NaN where none is found."""
    limit = kind.limit(kappa)
    guess = np.log(alpha / (limit - alpha))
    first, second = folds(kappa, kind)
    folded = np.flatnonzero(first < kind.highest)
    if not len(folded):
        return bracketed_newton(_curve(alpha, kappa, kind), guess, kind.lowest, kind.highest)

    a, k, before, behind = alpha[folded], kappa[folded], first[folded], second[folded]
    high_guess = np.where(kind(behind, k).load() <= a, guess[folded], np.nan)
    guess[folded] = np.where(kind(before, k).load() >= a, guess[folded], np.nan)
    x = bracketed_newton(_curve(alpha, kappa, kind), guess, kind.lowest, first)
    high = bracketed_newton(_curve(a, k, kind), high_guess, behind, kind.highest)
    low_wins = kind(x[folded], k).entropy(a) <= kind(high, k).entropy(a)
    x[folded] = np.where(low_wins | np.isnan(high), x[folded], high)
    return x


def folds(kappa: Array, kind: type[Saddles]) -> tuple[Array, Array]:
    """The x where the load stops to rise and where it rises again; `highest` if it always does."""
    first = np.full_like(kappa, kind.highest)
    second = first.copy()
    if not (kappa < UNFOLDED).any():
        return first, second
    margins, which = np.unique(kappa[kappa < UNFOLDED], return_inverse=True)
    steepest = _steepest_fall(margins, kind)
    falls = kind(steepest, margins).load_growth() < 0

    def turn(start: float, sign: int) -> Array:
        def growth(x: Array, at: NDArray[np.intp]) -> tuple[Array, Array]:
            return sign * kind(x, margins[at]).load_growth(), np.full_like(x, np.nan)

        found = bracketed_newton(
            growth, steepest, np.minimum(start, steepest), np.maximum(start, steepest), steps=40
        )
        return np.where(falls, found, kind.highest)

    first[kappa < UNFOLDED] = turn(-15.0, -1)[which]
    second[kappa < UNFOLDED] = turn(15.0, 1)[which]
    return first, second


def _steepest_fall(margins: Array, kind: type[Saddles]) -> Array:
    """Where ln α grows least: a scan, then finer ones around its best, to 1e-4."""
    best, reach = np.zeros_like(margins), 15.0
    for _ in range(5):
        tries = best + reach * np.linspace(-1, 1, 41)[:, None]
        growth = [kind(x, margins).load_growth() for x in tries]
        best = np.take_along_axis(tries, np.argmin(growth, axis=0)[None], axis=0)[0]
        reach /= 20
    return best


def _curve(alpha: Array, kappa: Array, kind: type[Saddles]) -> Curve:
    """How far ln α/(limit − α) at x lies above that of the load asked for, and its slope."""
    limit = kind.limit(kappa)
    target = np.log(alpha / (limit - alpha))

    def curve(x: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
        saddle = kind(x, kappa[which])
        load = saddle.load()
        room = limit[which] - load
        excess = np.where(room > 0, np.log(load / np.abs(room)), np.inf) - target[which]
        excess[np.abs(load / alpha[which] - 1) < 1e-15] = 0  # as near as rounding lets it be
        return excess, saddle.load_growth() * limit[which] / room

    return curve
