r"""The rates at which a slow coordinate forgets, and along which functions.

L φ_n = −λ_n φ_n on cells (:mod:`.fokker_planck`).  Detailed balance makes L symmetric in √π φ, with
π the stationary weights, and its matrix tridiagonal.  Between two mirrors λ₀ = 0 is left out.

The slowest rate may be smaller than the fastest by more digits than a float has.  Its functions
come from inverse iteration, whose eliminations neither subtract nor cancel; between mirrors on the
fluxes: differences of φ_n obey a chain of their own, with the same rates, that absorbs at both
ends.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline
from scipy.linalg import eigh_tridiagonal

from .errors import DomainError, NotConverged
from .estimate import Array, Estimate, freeze
from .fokker_planck import cell_rates
from .relaxation import Ends, check_ends
from .slow import SlowDynamics

SWEEPS = 200  # of inverse iteration at most: rates nearer than 8 % to each other need more
SETTLED = 1e-13
LOST = 1e-9  # of the fastest rate: below, an eigenvalue solver knows less than six digits
FAINT = 1e-26  # of the largest weight: below, a symmetric eigenvector is all rounding


@dataclass(frozen=True)
class RelaxationSpectrum:
    """The slowest modes of a slow coordinate.

    rates: Estimate (n,), λ_n > 0 rising, per time; their error is that of the cells.  y: (cells,)
    centres.  functions: (n, cells) φ_n, with ⟨φ_n²⟩ = 1; 0 where π is too faint to know them, but
    for the slowest.  weights: (cells,) π, summing to 1.
    amplitudes: (n,) ⟨φ_n⟩, which is 0 between mirrors.  Averages ⟨·⟩ are over π.
    """

    rates: Estimate
    y: Array
    functions: Array
    weights: Array
    amplitudes: Array

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def times(self) -> Estimate:
        """Relaxation times 1/λ_n."""
        return Estimate(
            1 / self.rates.value, self.rates.error / self.rates.value**2, self.rates.origin
        )

    def survival(self, start: ArrayLike, clock: ArrayLike) -> Array:
        """Σ ⟨φ_n⟩ φ_n(start) e^{−λ_n t} (n, m) of these modes: for late times."""
        decay = np.exp(-np.outer(self.rates.value, np.asarray(clock, float)))
        return self._read(start) * self.amplitudes @ decay

    def mean_exit(self, start: ArrayLike) -> Array:
        """Σ ⟨φ_n⟩ φ_n(start)/λ_n (n,) of these modes."""
        return np.asarray(self._read(start) @ (self.amplitudes / self.rates.value))

    def _read(self, start: ArrayLike) -> Array:
        start = np.atleast_1d(np.asarray(start, float))
        return np.asarray(CubicSpline(self.y, self.functions, axis=1)(start).T)


def relaxation_spectrum(
    slow: SlowDynamics, modes: int, absorb: Ends | None = None, cells: int = 2000
) -> RelaxationSpectrum:
    """The ``modes`` slowest rates and their functions; absorb: None for mirrors at both ends.

    Rates from ``cells`` and half as many, extrapolated; functions from ``cells``.  Raises
    DomainError for less than one mode, or more than half of half the cells hold; NotConverged where
    the slowest are both lost in the rounding of the fastest and too near to each other.

    >>> y = np.linspace(-6, 6, 2001)
    >>> bowl = SlowDynamics(y, -2 * y, np.full(2001, 0.7))
    >>> relaxation_spectrum(bowl, 3).rates.value.round(6).tolist()       # n times the rate
    [2.0, 4.0, 6.0]
    """
    if absorb is not None:
        check_ends(absorb)
    if not (1 <= modes <= cells // 4 and modes == int(modes)):
        msg = f"the number of modes must be a whole one from 1 to {cells // 4}, a quarter of the "
        raise DomainError(msg + f"cells; it is {modes}")
    centre, left, right = cell_rates(slow, absorb, cells)
    fine, functions, weights = _solved(left, right, modes, absorb)
    coarse, _, _ = _solved(*cell_rates(slow, absorb, cells // 2)[1:], modes, absorb)
    # what a float cannot resolve beside the fastest rate; the slowest has its own iteration
    floor = np.where(np.arange(modes) == 0, 0.0, 4e-16 * float((left + right).max()))
    rates = Estimate((4 * fine - coarse) / 3, np.abs(fine - coarse) / 3 + floor, "theory")
    return RelaxationSpectrum(rates, centre, functions, weights, functions @ weights)


def _solved(
    left: Array, right: Array, modes: int, absorb: Ends | None
) -> tuple[Array, Array, Array]:
    """Rates, functions and weights; refused beyond the range of floats."""
    with np.errstate(all="ignore"):
        between = np.sqrt(right[:-1] * left[1:])
        total = left + right
    if not (np.all(np.isfinite(between) & (between > 0)) and np.all(np.isfinite(total))):
        msg = "the rates between cells are beyond the range of floats"
        raise DomainError(msg)
    log = np.concatenate([[0.0], np.cumsum(np.log(right[:-1] / left[1:]))])
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    skipped = int(absorb is None)
    which = (skipped, skipped + modes - 1)
    rates, vectors = eigh_tridiagonal(total, -between, select="i", select_range=which)
    known = log - log.max() > np.log(FAINT)
    functions = np.where(known, vectors.T * np.exp(-0.5 * np.where(known, log - log.max(), 0)), 0)
    settled, rate, function = _slowest(left, right, absorb)
    if settled:
        rates[0], functions[0] = rate, function
    elif rates[0] < LOST * float(total.max()):
        msg = (
            f"the slowest rates crowd around {rate:.3g}, too near to each other to tell them apart"
        )
        raise NotConverged(msg, rates)
    with np.errstate(all="ignore"):
        functions /= np.sqrt(functions**2 @ weights)[:, None]
    if not np.all(np.isfinite(functions)):
        msg = "a barrier this high takes the functions beyond the range of floats"
        raise DomainError(msg)
    towards = functions @ (weights * (np.arange(len(left)) if skipped else 1.0))
    functions *= np.where(towards < 0, -1.0, 1.0)[:, None]
    return np.asarray(rates), np.asarray(functions), weights


def _slowest(left: Array, right: Array, absorb: Ends | None) -> tuple[bool, float, Array]:
    """The slowest rate and its function by inverse iteration without a subtraction, if it settles.

    It does not where the next rate is near: then an eigenvalue solver is the better one, unless the
    rates are lost in the rounding of the fastest.
    """
    if absorb is not None:
        return _inverse_iteration(left, right)
    # the fluxes across the edges: absorbed at both ends, whose rates are those of the other side
    settled, rate, flux = _inverse_iteration(right[:-1], left[1:])
    log = np.concatenate([[0.0], np.cumsum(np.log(right[:-1] / left[1:]))])
    weights = np.exp(log - log.max())
    visited = weights[:-1] > 1e-290  # beyond, a float knows neither flux nor weight
    slope = np.zeros(len(flux))
    slope[visited] = flux[visited] / (right[:-1] * weights[:-1])[visited]
    function = np.concatenate([[0.0], np.cumsum(slope)])
    return settled, rate, function - function @ weights / weights.sum()


def _inverse_iteration(left: Array, right: Array) -> tuple[bool, float, Array]:
    """Whether it settled, smallest rate and vector of a chain that leaves at left[0] and right[-1].

    Rows: from a cell at ``right`` to the next, at ``left`` to the one before.
    """
    down, up = left.tolist(), right.tolist()
    escape = [down[0]]  # rate of leaving to the left for good, from each cell on
    for i in range(1, len(down)):
        escape.append(down[i] * escape[-1] / (up[i - 1] + escape[-1]))
    vector, rate, settled = np.ones(len(down)), 0.0, False
    for _ in range(SWEEPS):
        carried = vector.tolist()
        for i in range(1, len(carried)):
            carried[i] += down[i] * carried[i - 1] / (up[i - 1] + escape[i - 1])
        carried[-1] /= up[-1] + escape[-1]
        for i in range(len(carried) - 2, -1, -1):
            carried[i] = (carried[i] + up[i] * carried[i + 1]) / (up[i] + escape[i])
        after = np.array(carried)
        now = 1 / after.max()
        vector = after * now
        settled = bool(abs(now - rate) <= SETTLED * now)
        if settled:
            break
        rate = now
    return settled, float(now), vector
