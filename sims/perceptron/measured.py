r"""What a perceptron of finite size was found to do, in numbers that know their errors.

Weights w meet P patterns with Boltzmann's weight exp(−β Σ v(Δ)) on their own prior (uniform on
|w|² = N, or on signs), with the conventions of :mod:`entropic.theory.perceptron.energy`: a pattern
of stability Δ costs

    count       v = Θ(κ − Δ)
    hinge       v = (κ − Δ)₊
    quadratic   v = ½(κ − Δ)₊²

and β = inf is the constraint Δ ≥ κ, whichever it is.  ``energy`` is Σ v/N, per *weight*;
``overlap`` is w·w′/N of two replicas with the same patterns; ``entropy`` is in nats per weight, of
the uniform measure on the sphere (0 without patterns) or of the count of signs (ln 2 without), so
that ln Z/N = entropy − β · energy.

Samples of patterns are independent, and errors come from their spread alone: whatever is correlated
in time, or between replicas of one sample, is averaged first.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtr

from ...theory.estimate import Array, Estimate, freeze, mean_estimate

MIXED = 1.1  # of R-hat, up to which chains count as one law: common usage since Gelman and Rubin
APART = 4.0  # standard errors between hot and cold starts, from which on they differ


@dataclass(frozen=True)
class Mixing:
    """Whether the replicas forgot where they began."""

    acceptance: float
    """Fraction of proposed moves that were made; 1 where moves are drawn from their exact law."""
    autocorrelation_time: float
    """Integrated, in sweeps, of the energy (of the mean stability under the constraint); 1 is no
    memory.  The mean over samples."""
    r_hat: float
    """Spread between chains against spread within them; 1 when all have one law.  The median over
    samples; NaN where nothing varies."""
    hot_cold: float
    """Difference in the same between replicas that began at random and replicas that began at a
    solution or a low energy, in standard errors over samples; NaN with one kind of start."""
    self_overlap: float
    """Overlap of a replica with itself half a measurement later; the overlap between replicas,
    once both have forgotten."""

    @property
    def converged(self) -> bool:
        """R-hat below 1.1 and starts less than 4 standard errors apart (NaN passes)."""
        return not (self.r_hat >= MIXED or abs(self.hot_cold) >= APART)


@dataclass(frozen=True)
class PerceptronMeasurement:
    """Averages at one load, margin, temperature and size, over samples of patterns."""

    model: str
    """"spherical" or "binary"."""
    setting: str
    """"storage" (random labels) or "teacher"."""
    cost: str
    """What a missed pattern costs: "count", "hinge" or "quadratic"."""
    alpha: float
    """P/N as it was drawn: the load asked for, to the nearest whole pattern."""
    kappa: float
    beta: float
    """Inverse temperature; inf is the constraint."""
    size: int
    """Weights, N."""
    overlap: Estimate
    """q, between two replicas."""
    teacher_overlap: Estimate
    """R, with the teacher; NaN in the storage setting."""
    energy: Estimate
    """Per weight; 0 at beta = inf."""
    error_rate: Estimate
    """Fraction of the patterns that miss the margin."""
    entropy: Estimate
    """Nats per weight; NaN where it was not measured."""
    samples: int
    replicas: int
    """Of each sample."""
    sweeps: int
    """Of each replica, counted after burn-in."""
    burn_in: int
    seed: int
    mixing: Mixing
    by_sample: "Samples"
    """The averages of each sample, of which the estimates are means."""

    @property
    def converged(self) -> bool:
        """Whether the replicas forgot where they began."""
        return self.mixing.converged


@dataclass(frozen=True)
class Samples:
    """Averages over time and replicas of each sample, (samples,); NaN where not measured."""

    overlap: Array
    teacher_overlap: Array
    energy: Array
    error_rate: Array
    entropy: Array

    def __post_init__(self) -> None:
        freeze(self)

    def estimates(self, origin: str) -> dict[str, Estimate]:
        """The mean of each over samples with its standard error, by name.

        >>> one = Samples(*([[0.1, 0.3]] * 5)).estimates("by hand")["overlap"]
        >>> round(float(one.value), 9), round(float(one.error), 9)
        (0.2, 0.1)
        """
        return {name: mean_estimate(value, origin) for name, value in vars(self).items()}


def apart(gaps: Array) -> float:
    """The mean of independent ``gaps`` in standard errors, as many as a normal would be off.

    With few gaps their own spread is uncertain: Student's tail is read as the normal's.

    >>> round(apart(np.array([1.0, 2.0])), 2)
    1.27
    """
    error = gaps.std(ddof=1) / np.sqrt(len(gaps))
    if not error > 0:
        return 0.0 if gaps.mean() == 0 else np.nan
    tail = stdtr(len(gaps) - 1, -abs(gaps.mean()) / error)
    return float(-np.sign(gaps.mean()) * ndtri(tail))


def not_measured(samples: int) -> Array:
    """NaN for every sample."""
    return np.full(samples, np.nan)
