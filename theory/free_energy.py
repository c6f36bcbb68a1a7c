r"""Free energy of a minimum: which one a Bayesian would choose, and at what temperature.

Zhang, Saxe, Advani and Lee, eqs (8), (9), (14), (16), for N weights θ and P patterns:

    internal energy   u = P⁻¹ Σ r²/2σ²                r = f(x) − y
    decay             h = (λ/N) ½|θ|²
    entropy           s = −(1/2N) Σ ln λᵢ             λᵢ of ∇∇(u + h/α) that a rule keeps
    free energy       F = u + (h − s)/α,  α = P/N     1/α is the temperature

u + h/α is 1/P of the exponent of the posterior, so Laplace's integral over all N directions gives
−P F = ln ∫ dθ exp[−P(u + h/α)] + ½N ln(P/2π), exactly where the loss is quadratic. (Eq. (11) prints
u − h/α; the posterior (7) and F (16) have u + h/α, which is what we use.)

The λᵢ belong to this loss, decay included: a mean over patterns with 1/2σ² in front of r². For
another convention see ``LossConvention``: c times the loss adds −(kept/2N) ln c to the entropy.
Entropies of two minima can be subtracted if both keep equally many directions; a change of
variables θ(φ) with Jacobian J adds −(1/N) ln|det J|, also to differences, unless the measure is
carried along: s belongs to the weights as they are.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike

from .errors import DomainError
from .estimate import Estimate
from .spectrum import Spectrum


@dataclass(frozen=True, kw_only=True)
class LossConvention:
    """A loss as a user has it: ``factor`` · (sum or mean over patterns) of r².

    ``factor``: what stands before r², usually ½ or 1. ``noise_variance``: σ² of the data. A mean
    negative log-likelihood is u itself: leave factor ½ and σ² = 1.
    Raises DomainError unless all are positive and the reduction is known.
    """

    reduction: Literal["mean", "sum"]
    factor: float = 0.5
    noise_variance: float = 1.0

    def __post_init__(self) -> None:
        if self.reduction not in ("mean", "sum"):
            msg = f"the reduction must be 'mean' or 'sum'; it is {self.reduction!r}"
            raise DomainError(msg)
        if not (0 < self.factor < np.inf and 0 < self.noise_variance < np.inf):
            msg = (
                "the factor of r² and the noise variance must be positive; "
                f"they are {self.factor:g}, {self.noise_variance:g}"
            )
            raise DomainError(msg)

    def energy_per_loss(self, patterns: int) -> float:
        """What turns this loss, and so its Hessian, into u: [1/(2σ² factor)]·(1 or 1/P).

        >>> LossConvention(reduction="sum", factor=1.0).energy_per_loss(10)
        0.05
        """
        _check_patterns(patterns)
        shared = patterns if self.reduction == "sum" else 1
        return 0.5 / self.noise_variance / self.factor / shared


class Counted(Protocol):
    """What an entropy is made of: a ``Spectrum``, or a ``LogDetAboveCut`` that estimates one."""

    @property
    def dim(self) -> int:
        """Number N of directions."""

    @property
    def log_det(self) -> Estimate:
        """Σ ln λ over the kept."""


@dataclass(frozen=True)
class FreeEnergy:
    """F = u + (h − s)/α of a minimum and what it is made of.

    internal_energy u, decay_energy h, entropy s; load α = P/N > 0.

    >>> parts = [Estimate(value, 0.0, "by hand") for value in (1.0, 0.5, 0.25)]
    >>> float(FreeEnergy(*parts, load=0.5).total.value)
    1.5
    """

    internal_energy: Estimate
    decay_energy: Estimate
    entropy: Estimate
    load: float

    def __post_init__(self) -> None:
        if not 0 < self.load < np.inf:
            msg = f"the load P/N must be a positive number; it is {self.load:g}"
            raise DomainError(msg)

    @property
    def temperature(self) -> float:
        """1/α: the fewer patterns per weight, the more entropy counts."""
        return 1 / self.load

    @property
    def total(self) -> Estimate:
        """F, its error that of independent parts."""
        energy, decay, entropy = self.internal_energy, self.decay_energy, self.entropy
        value = energy.value + (decay.value - entropy.value) / self.load
        error = np.hypot(energy.error, np.hypot(decay.error, entropy.error) / self.load)
        origins = dict.fromkeys((energy.origin, decay.origin, entropy.origin))
        return Estimate(value, error, " + ".join(origins))


def internal_energy(residuals: ArrayLike, noise_variance: ArrayLike = 1.0) -> Estimate:
    """Mean of r²/2σ² over ``residuals`` (P,); ``noise_variance`` σ², one or one per pattern.

    >>> float(internal_energy([1.0, 3.0], 2.0).value)
    1.25
    """
    r, variance = np.asarray(residuals, float), np.asarray(noise_variance, float)
    if r.ndim != 1 or len(r) == 0 or variance.shape not in ((), r.shape):
        msg = (
            "residuals must be (P,) and noise variances one number or (P,); "
            f"they are {r.shape}, {variance.shape}"
        )
        raise DomainError(msg)
    if not (np.isfinite(r).all() and np.all((variance > 0) & np.isfinite(variance))):
        msg = "residuals must be finite and noise variances positive; some are not"
        raise DomainError(msg)
    return Estimate(np.mean(r**2 / (2 * variance)), 0.0, "residuals")


def decay_energy(squared_norm: float, decay: float, dim: int) -> Estimate:
    """Energy (λ/N)½|θ|² of the prior exp(−λ|θ|²/2), per weight; ``dim`` is N.

    >>> float(decay_energy(squared_norm=8.0, decay=0.5, dim=4).value)
    0.5
    """
    if not (0 <= squared_norm < np.inf and 0 <= decay < np.inf and dim >= 1):
        msg = (
            "|θ|² and the decay must not be negative and N at least 1; "
            f"they are {squared_norm:g}, {decay:g}, {dim}"
        )
        raise DomainError(msg)
    return Estimate(decay * squared_norm / (2 * dim), 0.0, "weights")


def hessian_entropy(counted: Counted) -> Estimate:
    """Width −(1/2N) Σ ln λ per weight, in nats; of a ``Spectrum`` or a ``LogDetAboveCut``.

    The Hessian must be that of u + h/α (``Spectrum.scaled`` converts); the error is the standard
    error of the log-determinant, without the bias that a ``LogDetAboveCut`` states beside it.

    >>> from .cleaning import WholeSpectrum
    >>> from .spectrum import clean_eigenvalues
    >>> round(float(hessian_entropy(clean_eigenvalues([np.e, np.e**2], WholeSpectrum())).value), 12)
    -0.75
    """
    log_det = counted.log_det
    return Estimate(
        -log_det.value / (2 * counted.dim), log_det.error / (2 * counted.dim), log_det.origin
    )


def entropy_difference(first: Spectrum, second: Spectrum) -> Estimate:
    """Entropy of the ``first`` minimum minus that of the ``second``, in nats per weight.

    Raises DomainError unless both have as many directions and keep as many: else the difference
    would move with the units of the loss, by −(kept₁ − kept₂)/2N · ln c for c times the loss.
    """
    if first.dim != second.dim:
        msg = f"both minima must have equally many weights; they have {first.dim}, {second.dim}"
        raise DomainError(msg)
    if first.kept != second.kept:
        fewer = min(first.kept, second.kept)
        msg = (
            "both minima must keep equally many directions, else the difference depends on the "
            f"units of the loss; they keep {first.kept}, {second.kept}: compare the top {fewer}"
        )
        raise DomainError(msg)
    ours, theirs = hessian_entropy(first), hessian_entropy(second)
    error = np.hypot(ours.error, theirs.error)
    return Estimate(ours.value - theirs.value, error, ours.origin)


def laplace_log_evidence(
    u: Estimate,
    h: Estimate,
    spectrum: Spectrum,
    *,
    patterns: int,
    decay: float,
    noise_variance: float,
) -> Estimate:
    r"""Log-probability of the targets, ln p(y) = −PF + ½N ln(λ/P) − ½P ln(2πσ²).

    Prior and likelihood are normalised here. Exact for a linear model; elsewhere this minimum's
    share to leading order. Raises DomainError unless the spectrum keeps all directions and
    λ, σ² > 0.
    """
    _check_patterns(patterns)
    if spectrum.kept < spectrum.dim:
        msg = (
            f"Laplace's integral needs all {spectrum.dim} directions; the spectrum keeps "
            f"{spectrum.kept}"
        )
        raise DomainError(msg)
    if not (0 < decay < np.inf and 0 < noise_variance < np.inf):
        msg = (
            "a normalised prior and likelihood need a positive decay and noise variance; "
            f"they are {decay:g}, {noise_variance:g}"
        )
        raise DomainError(msg)
    total = FreeEnergy(u, h, hessian_entropy(spectrum), patterns / spectrum.dim).total
    norms = spectrum.dim * np.log(decay / patterns) - patterns * np.log(2 * np.pi * noise_variance)
    return Estimate(0.5 * norms - patterns * total.value, patterns * total.error, total.origin)


def _check_patterns(patterns: int) -> None:
    if not (1 <= patterns < np.inf and patterns == int(patterns)):
        msg = f"the number of patterns must be a whole number from 1; it is {patterns:g}"
        raise DomainError(msg)
