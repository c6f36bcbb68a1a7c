r"""The local learning coefficient: how fast a basin shrinks as the temperature falls.

.. math:: \hat\lambda = n\beta\, \big[ \langle L \rangle_{\beta,\gamma} - L(\theta^*) \big], \qquad
          \beta = 1/\ln n

(Lau, Furman, Wang, Murfet and Wei, arXiv 2308.12108), the average over
exp(−nβ(L − L*) − ½γ|θ − θ*|²).  As nβ grows at fixed γ, −ln Z ~ λ ln(nβ), and λ̂ goes to the
learning coefficient λ: d/2 for d directions of positive curvature, less where some are flatter than
quadratic (¼ for L = w⁴; ½ with a logarithm for L = w₁²w₂²).  At finite nβ it is a number between,
which counts the directions stiffer than γ/nβ; a quadratic basin has
½ Σ nβλ/(γ + nβλ) (``harmonic``), so what is beyond that is anharmonic.

    hmc     exact but for the number of draws (:mod:`.hamiltonian`)
    sgld    minibatches; biased by the step and by their noise (:mod:`.sgld`), which is estimated
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..theory.errors import DomainError
from ..theory.estimate import Array, Estimate
from ..theory.independence import effective_draws, mean_of_chains, split_r_hat
from ..theory.localised import harmonic_coefficient
from .basin import Basin
from .hamiltonian import hamiltonian_draws
from .sgld import langevin_bias, langevin_draws

Sampler = Literal["hmc", "sgld"]
Progress = Callable[[float], None]
GENTLE = 0.1  # ε times the stiffest κ: the step's bias is then some 2.5 % of a stiff direction's ½


@dataclass(frozen=True)
class LearningCoefficient:
    """λ̂ with the error that the effective draws of its chains leave.

    weight nβ; harmonic: that of the quadratic loss, 0 where the Hessian is not known.  step_bias,
    batch_bias: what the sampler adds where the loss is quadratic, 0 for hmc, NaN where not known.
    acceptance: 1 where nothing is rejected.  r_hat, effective: of all chains.
    """

    value: Estimate
    weight: float
    harmonic: float
    step_bias: float
    batch_bias: float
    acceptance: float
    r_hat: float
    effective: float
    step: float


def usual_weight(samples: int) -> float:
    """nβ = n/ln n.

    >>> round(usual_weight(512), 4)
    82.0733
    """
    if samples < 2:
        msg = f"the usual temperature needs at least 2 samples; there are {samples}"
        raise DomainError(msg)
    return samples / math.log(samples)


def local_learning_coefficient(
    basin: Basin,
    localisation: float,
    weight: float | None = None,
    *,
    sampler: Sampler = "hmc",
    chains: int = 8,
    draws: int = 100,
    burn_in: int | None = None,
    batch: int = 32,
    step: float | None = None,
    preconditioned: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> LearningCoefficient:
    """λ̂ of ``basin`` at ``weight`` nβ (n/ln n by default) and ``localisation`` γ.

    batch, step, preconditioned: of sgld; by default its step is a tenth of what the stiffest
    direction asks.  Raises DomainError for numbers out of range, NotConverged where
    a sampler fails.
    """
    if sampler not in ("hmc", "sgld"):
        msg = f"the sampler must be 'hmc' or 'sgld'; it is {sampler!r}"
        raise DomainError(msg)
    weight = usual_weight(basin.problem.samples) if weight is None else weight
    harmonic = harmonic_coefficient(basin.positive, weight, localisation)
    if sampler == "hmc":
        found = hamiltonian_draws(
            basin,
            np.array([weight]),
            localisation,
            chains=chains,
            draws=draws,
            burn_in=burn_in,
            seed=seed,
            progress=progress,
        )
        biases, accepted, angle = (0.0, 0.0), float(found.acceptance[0]), float(found.step[0])
        excess = found.excess[0]
    else:
        stiffest = localisation + weight * max(basin.steepest, 0.0)
        angle = step or GENTLE / (1.0 if preconditioned else stiffest)
        excess = langevin_draws(
            basin,
            weight,
            localisation,
            angle,
            batch=batch,
            chains=chains,
            draws=draws,
            burn_in=burn_in,
            preconditioned=preconditioned,
            seed=seed,
            progress=progress,
        ).excess
        biases, accepted = _biases(basin, weight, localisation, angle, batch, preconditioned), 1.0
    scaled: Array = weight * excess
    mean = mean_of_chains(scaled[None], sampler)
    return LearningCoefficient(
        value=Estimate(mean.value[0], mean.error[0], sampler),
        weight=weight,
        harmonic=harmonic,
        step_bias=biases[0],
        batch_bias=biases[1],
        acceptance=accepted,
        r_hat=split_r_hat(scaled),
        effective=effective_draws(scaled),
        step=angle,
    )


def _biases(
    basin: Basin, weight: float, gamma: float, step: float, batch: int, preconditioned: bool
) -> tuple[float, float]:
    if basin.vectors is None or basin.problem.normalisation == "batch":
        return math.nan, math.nan
    return langevin_bias(basin, weight, gamma, step, batch, preconditioned)
