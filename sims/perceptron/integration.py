r"""The number of weights behind an energy, from energies alone: thermodynamic integration.

Z(β) = ⟨exp(−βE)⟩ over the prior of the weights loses what the mean energy takes:

.. math::
    \frac{\ln Z(\beta)}{N} = s_0 - \int_0^\beta e(b)\,db, \qquad
    s(\beta) = \frac{\ln Z(\beta)}{N} + \beta\,e(\beta),

with e = ⟨E⟩/N at one sample of patterns and s₀ = ln 2 for signs, 0 for the uniform measure on the
sphere.  The energy falls over a range of β of order 1 and slowly afterwards: as a function of
x = ln(1 + β) it is smooth on all scales, and the polynomial through its values at Lobatto's points
in x is integrated.  Of the saddle points' own energies up to β = 5, at every cost, eight points
miss less than 1e-5 anywhere; ten points miss 1e-5 up to β = 10 and 6e-4 up to β = 50 (the count).

The integral is linear in the energies: noise makes it uncertain but not wrong, and the errors of a
whole curve, correlated as they are, follow from its spread over samples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike

from ...theory.errors import DomainError, NotConverged
from ...theory.estimate import Array, Estimate, freeze, mean_estimate

START = {"spherical": 0.0, "binary": float(np.log(2))}
FEWEST = 4  # points: with fewer the energy's bend is not seen
COARSE, FAR = 0.01, 5.0  # nats, and standard errors, that points too few leave open


@dataclass(frozen=True)
class Integrated:
    """Entropies at inverse temperatures ``beta`` (m,), from energies of several samples."""

    beta: Array
    free_entropy: Estimate
    """ln Z/N, nats per weight, (m,)."""
    entropy: Estimate
    """free_entropy + β e, (m,)."""
    quadrature: float
    """The most that leaving out the two polynomials of highest degree would change of ∫e."""
    free_entropy_by_sample: Array
    """(samples, m)."""
    entropy_by_sample: Array

    def __post_init__(self) -> None:
        freeze(self)


def integration_points(beta: float, number: int = 8) -> Array:
    """Inverse temperatures from 0 to ``beta`` at which energies are wanted: Lobatto's in ln(1 + β).

    Raises DomainError unless beta is finite and positive and there are at least 4 points.

    >>> integration_points(3.0, 5).round(3).tolist()
    [0.0, 0.27, 1.0, 2.148, 3.0]
    """
    if not (np.isfinite(beta) and beta > 0):
        msg = f"energies are integrated up to a finite positive beta; it is {beta:g}"
        raise DomainError(msg)
    if number < FEWEST:
        msg = f"an integral over beta needs at least {FEWEST} points; there are {number}"
        raise DomainError(msg)
    inner = legendre.legroots(legendre.legder(np.eye(number)[-1]))
    share = 0.5 * (1 + np.concatenate(([-1.0], np.sort(inner.real), [1.0])))
    points: Array = np.expm1(share * np.log1p(beta))
    points[-1] = beta
    return points


def thermodynamic_integration(
    beta: ArrayLike,
    energy: ArrayLike,
    model: str,
    at: ArrayLike | None = None,
    energy_at: ArrayLike | None = None,
    origin: str = "monte carlo",
) -> Integrated:
    """Entropies from mean energies per weight, ``energy`` (samples, n), at `integration_points`.

    model: "spherical" or "binary".  at: (m,) inverse temperatures wanted, with their own energies
    ``energy_at`` (samples, m); the points themselves if not given.

    Raises DomainError if the shapes do not fit, a beta is outside the points, or they do not begin
    at 0 and rise; TooShort for less than 2 samples; NotConverged where the points are too few for
    the energy's bends: what is left out exceeds 0.01 and 5 standard errors.

    Two levels 0 and 1 of one weight, one state each: e = 1/(1 + e^β), Z = ½(1 + e^{−β}).

    >>> beta = integration_points(4.0, 10)
    >>> one = 1 / (1 + np.exp(beta))
    >>> found = thermodynamic_integration(beta, [one, one], "spherical")
    >>> bool(abs(found.free_entropy.value - np.log((1 + np.exp(-beta)) / 2)).max() < 1e-6)
    True
    """
    beta, energy = np.asarray(beta, np.float64), np.asarray(energy, np.float64)
    at = beta if at is None else np.asarray(at, np.float64)
    energy_at = energy if energy_at is None else np.asarray(energy_at, np.float64)
    _refuse(beta, energy, at, energy_at)
    lost = energy @ _rule(beta, at)
    fine = np.expm1(np.linspace(0, np.log1p(beta[-1]), 4 * len(beta)))
    left_out = energy.mean(axis=0) @ (_rule(beta, fine) - _rule(beta, fine, drop=2))
    free = START[model] - lost
    entropy = free + at * energy_at
    means = mean_estimate(free, origin), mean_estimate(entropy, origin)
    found = Integrated(at, *means, float(abs(left_out).max()), free, entropy)
    if found.quadrature > max(COARSE, FAR * float(found.free_entropy.error.max())):
        msg = (
            f"{len(beta)} points up to beta = {beta[-1]:g} must leave less than {COARSE:g} nats per"
            f" weight of the entropy open; they leave {found.quadrature:.2g}: raise points"
        )
        raise NotConverged(msg, found)
    return found


def _rule(beta: Array, at: Array, drop: int = 0) -> Array:
    """(n, m): the weight of the energy at beta[i] in the integral up to at[j].

    drop: how many of the highest Legendre polynomials are left out.
    """
    scale = 2 / np.log1p(beta[-1])
    x, end = scale * np.log1p(beta) - 1, scale * np.log1p(at) - 1
    whole = legendre.legint(np.eye(len(beta)), lbnd=-1)
    whole[:, len(beta) - drop :] = 0
    coefficients = np.linalg.inv(legendre.legvander(x, len(beta) - 1))  # (degree, point)
    per_point = np.asarray(legendre.legval(end, whole)).T @ coefficients  # (m, n)
    slope = (1 + beta) / scale  # dβ/dx, a factor of the integrand
    return np.asarray((per_point * slope).T)


def _refuse(beta: Array, energy: Array, at: Array, energy_at: Array) -> None:
    if beta.ndim != 1 or len(beta) < FEWEST or beta[0] != 0 or not np.all(np.diff(beta) > 0):
        msg = f"beta must be at least {FEWEST} numbers that rise from 0; it is {beta.tolist()}"
        raise DomainError(msg)
    if energy.shape[1:] != beta.shape or energy_at.shape != (len(energy), *at.shape):
        msg = (
            "energies must be (samples, betas); their shapes are"
            f" {energy.shape} for {beta.size} points, {energy_at.shape} for {at.size} wanted"
        )
        raise DomainError(msg)
    for wrong in at[~((at >= 0) & (at <= beta[-1]))]:
        msg = f"entropies are known from beta = 0 to {beta[-1]:g}; {wrong:g} was wanted"
        raise DomainError(msg)
