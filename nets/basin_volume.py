r"""The volume of a basin by thermodynamic integration: no eigenvalue has to be cleaned away.

.. math:: S(w) = \ln \big\langle e^{-w (L - L^*)} \big\rangle_{N(\theta^*, 1/\gamma)}
          = -\int_0^w \langle L - L^* \rangle_{w'} \, dw'

in nats; w = nβ (1/loss), γ the localisation (1/length²), and the average on the right over
exp(−w′(L − L*) − ½γ|θ − θ*|²), sampled at every w′ (:mod:`.hamiltonian`).  e^S is the share of the
Gaussian about θ* that the basin takes at temperature 1/w.  For a quadratic loss it is
−½ Σ ln(1 + wλ/γ) (:mod:`..theory.localised`), the log-determinant with floor γ/w; a direction of
zero curvature counts by what the loss really does along it.  The slope of S is a coefficient at
every temperature on the way,

.. math:: -\frac{dS}{d\ln w} = w \langle L - L^* \rangle_w = \hat\lambda(w),

the estimator of the local learning coefficient (:mod:`.learning_coefficient`).

What is integrated is the difference from the quadratic case, in u = ln(1 + w′/w₀), w₀ ≤ γ/λ_max,
at Chebyshev points, both ends included.  The error has two parts, added as squares: the noise of
every ⟨L − L*⟩, from the effective draws of its chains, and what the rule misses, for which the gap
g between all points and half of them stands, less its own noise: √max(g² − σ_g², 0).

Training leaves a gradient g, and a quadratic loss with it has ½ Σ w²g²/(γ + wλ) more entropy
(``slope_entropy``), from outside the basin: where it is more than the error, S is that of a slope.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ..theory.chebyshev import chebyshev_points, running_weights
from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate, frozen
from ..theory.independence import effective_draws, mean_of_chains, split_r_hat
from ..theory.localised import harmonic_coefficient, harmonic_entropy
from .basin import Basin
from .hamiltonian import Draws, hamiltonian_draws

Progress = Callable[[float], None]
HARMONIC = (harmonic_entropy, harmonic_coefficient)
LOOKS = 16  # Gaussian points that show how high the loss is among the springs alone


@dataclass(frozen=True)
class BasinVolume:
    """What thermodynamic integration found between temperatures 1/0 and 1/w.

    weight w (1/loss); localisation γ (1/length²).  entropy: S in nats; quadrature: the part of its
    error that more intervals lower.  coefficient: w⟨L − L*⟩.  harmonic_entropy,
    harmonic_coefficient: of the quadratic loss with the Hessian's positive part and the gradient at
    the centre, slope_entropy and slope_coefficient in them the gradient's part; 0 where the Hessian
    is not known.  weights (m,), entropies, coefficients (m,): the same on the way.
    r_hat, effective: the worst R-hat and the fewest effective draws of all weights; acceptance: the
    lowest.  draws: what was sampled.
    """

    weight: float
    localisation: float
    entropy: Estimate
    quadrature: float
    coefficient: Estimate
    harmonic_entropy: float
    harmonic_coefficient: float
    slope_entropy: float
    slope_coefficient: float
    weights: Array
    entropies: Estimate
    coefficients: Estimate
    r_hat: float
    effective: float
    acceptance: float
    draws: Draws

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", frozen(self.weights))


def volume_entropy(
    basin: Basin,
    weight: float,
    localisation: float,
    *,
    intervals: int = 8,
    chains: int = 8,
    draws: int = 100,
    burn_in: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> BasinVolume:
    """S and λ̂ of ``basin`` (:func:`.basin.basin_at`) at ``weight`` w = nβ.

    intervals: a multiple of 4; one more weights are sampled, each by ``chains`` of ``draws``.
    Raises DomainError for numbers out of range, NotConverged where nothing is accepted.
    """
    _check(weight, localisation, intervals)
    scale = _scale(basin, weight, localisation, seed)
    points = np.log1p(weight / scale) * chebyshev_points(intervals)
    weights = scale * np.expm1(points)
    weights[-1] = weight
    found = hamiltonian_draws(
        basin,
        weights,
        localisation,
        chains=chains,
        draws=draws,
        burn_in=burn_in,
        seed=seed,
        progress=progress,
    )
    metric = np.log1p(weight / scale) * scale * np.exp(points)  # dw/d(fraction of u)
    entropies, quadrature = _integrated(basin, found, localisation, metric)
    slopes = basin.slopes if basin.vectors is not None else 0.0
    level, rank = (f(basin.positive, weight, localisation) for f in HARMONIC)
    whole, coefficient = (f(basin.positive, weight, localisation, slopes) for f in HARMONIC)
    means = mean_of_chains(found.excess, "hamiltonian")
    coefficients = Estimate(weights * means.value, weights * means.error, means.origin)
    return BasinVolume(
        weight=weight,
        localisation=localisation,
        entropy=_last(entropies),
        quadrature=quadrature,
        coefficient=_last(coefficients),
        harmonic_entropy=whole,
        harmonic_coefficient=coefficient,
        slope_entropy=whole - level,
        slope_coefficient=coefficient - rank,
        weights=weights,
        entropies=entropies,
        coefficients=coefficients,
        r_hat=max(split_r_hat(rows) for rows in found.excess),
        effective=min(effective_draws(rows) for rows in found.excess),
        acceptance=float(found.acceptance.min()),
        draws=found,
    )


def _check(weight: float, localisation: float, intervals: int) -> None:
    if not 0 < weight < np.inf:
        msg = f"the weight must be positive; it is {weight:g}"
        raise DomainError(msg)
    if not 0 < localisation < np.inf:
        msg = f"the localisation must be positive; it is {localisation:g}"
        raise DomainError(msg)
    if intervals % 4 or intervals < 4:
        msg = f"the intervals must be a multiple of 4; there are {intervals}"
        raise DomainError(msg)


def _integrated(
    basin: Basin, found: Draws, localisation: float, metric: Array
) -> tuple[Estimate, float]:
    """S (m,) at every weight, and what the rule may miss of the last, which is in its error."""
    weights = found.weights
    means = mean_of_chains(found.excess, "thermodynamic integration")
    exact = [harmonic_entropy(basin.positive, w, localisation) for w in weights]
    beyond = metric * (means.value - _mean_excess(basin, weights, localisation))
    noise = (metric * means.error) ** 2
    rule = running_weights(len(weights) - 1)
    coarse = np.zeros((len(weights) // 2 + 1, len(weights)))
    coarse[:, ::2] = running_weights(len(weights) // 2)
    difference = rule[::2] - coarse
    gaps = np.maximum((difference @ beyond) ** 2 - difference**2 @ noise, 0.0)
    missed = np.interp(np.arange(len(weights)), np.arange(0, len(weights), 2), gaps)
    errors = np.sqrt(rule**2 @ noise + missed)
    return Estimate(exact - rule @ beyond, errors, means.origin), float(np.sqrt(missed[-1]))


def _scale(basin: Basin, weight: float, localisation: float, seed: int) -> float:
    """The w at which the loss begins to be felt: by its curvature, or by its mean among springs.

    It only places the points; k/2⟨L − L*⟩ is γ/λ where all curvatures are λ.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn((LOOKS, basin.dim), generator=generator, dtype=basin.centre.dtype)
    level = float(basin.excess(drawn.to(basin.centre.device) / localisation**0.5)[0].mean())
    scales = [weight]
    if level > 0:
        scales.append(0.5 * basin.dim / level)
    if basin.steepest > 0:
        scales.append(localisation / basin.steepest)
    return min(scales)


def _mean_excess(basin: Basin, weights: Array, localisation: float) -> Array:
    """⟨L − L*⟩ (m,) of the quadratic loss with the Hessian's positive part."""
    curved = basin.positive
    return np.array([0.5 * (curved / (localisation + w * curved)).sum() for w in weights])


def _last(estimate: Estimate) -> Estimate:
    return Estimate(estimate.value[-1], estimate.error[-1], estimate.origin)
