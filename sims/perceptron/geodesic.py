r"""Errors on the shortest path between two sampled solutions, beside the theory's.

Two solutions of the same patterns, with margins κ₁ and κ₂ and overlap p, are joined by the geodesic

.. math:: w_\gamma = \frac{\gamma w_1 + (1-\gamma) w_2}{n_\gamma}, \qquad
          n_\gamma^2 = \gamma^2 + (1-\gamma)^2 + 2\gamma(1-\gamma)\,p,

and E_γ is the fraction of patterns that it stores with less than the margin κ.  The names are those
of :mod:`entropic.theory.perceptron.geodesic`, the law that is sampled is the one it averages over,
and nothing else is shared: here stabilities are counted.
"""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...theory.errors import DomainError
from ...theory.estimate import Array, Estimate, freeze, mean_estimate
from ...theory.perceptron.question import SETTINGS, one_of
from ..streams import Progress, each_walker, stream
from .asked import at_least, finite
from .billiard import Billiard
from .patterns import draw
from .starts import starts

ORIGIN = "billiard"
MOVES = 3  # the stream of these moves, beside those of patterns, samplers and descents


@dataclass(frozen=True)
class MeasuredBarrier:
    """Error rates along geodesics at one load, over samples of patterns."""

    alpha: float
    """P/N as it was drawn."""
    kappa: float
    margins: tuple[float, float]
    """Of the solutions at gamma = 1 and at gamma = 0."""
    size: int
    gamma: Array
    error_rate: Estimate
    """Fraction of the patterns below kappa, (gammas,)."""
    overlap: Estimate
    """p, of the two solutions."""
    samples: int
    replicas: int
    seed: int

    def __post_init__(self) -> None:
        freeze(self)


def measured_barrier(
    gamma: ArrayLike,
    alpha: float,
    kappa: float = 0.0,
    margins: tuple[float, float] | None = None,
    *,
    size: int,
    samples: int,
    seed: int,
    setting: str = "storage",
    replicas: int = 4,
    sweeps: int = 20,
    burn_in: int = 20,
    threads: int | None = None,
    progress: Progress | None = None,
) -> MeasuredBarrier:
    """Error rate at margin ``kappa`` on geodesics between sampled spherical solutions.

    margins: of the solution at gamma = 1 and of that at gamma = 0; ``kappa`` twice if not given.
    Chains are independent: ``replicas`` pairs of them a sample, looked at ``sweeps`` times.

    Raises DomainError if a gamma is not in [0, 1], an argument is inadmissible, or a sample has no
    weights with one of the margins; NotConverged where none were found.
    """
    shares = np.atleast_1d(np.asarray(gamma, np.float64))
    one_of("setting", setting, SETTINGS)
    for wrong in shares[~((shares >= 0) & (shares <= 1))]:
        msg = f"gamma must lie between 0 and 1; it is {wrong:.10g}"
        raise DomainError(msg)
    if shares.ndim != 1:
        msg = f"gamma must be a number or a list of them; its shape is {shares.shape}"
        raise DomainError(msg)
    if margins is not None and len(margins) != 2:
        msg = f"margins must be two, of the solutions at both ends; they are {list(margins)}"
        raise DomainError(msg)
    ends = (kappa, kappa) if margins is None else margins
    ends = (float(ends[0]), float(ends[1]))
    finite(kappa=kappa, margin_1=ends[0], margin_2=ends[1])
    at_least(samples=(samples, 2), replicas=(replicas, 1), sweeps=(sweeps, 1), burn_in=(burn_in, 0))
    first = draw(size, alpha, setting, seed=seed)
    rates, overlaps = np.zeros((samples, len(shares))), np.zeros(samples)

    def work(sample: int, stop: threading.Event) -> None:
        instance = draw(size, alpha, setting, seed=seed, sample=sample)
        rng = stream(seed, size, sample, MOVES)
        one, other = (
            Billiard(instance, starts(rng, instance, replicas, k, np.inf), k, np.inf, "count", rng)
            for k in ends
        )
        for n in range(burn_in + sweeps):
            if stop.is_set():
                return
            one.sweep()
            other.sweep()
            if n >= burn_in:
                p = (one.weights * other.weights).sum(axis=1) / size
                overlaps[sample] += p.mean() / sweeps
                missed = _missed(shares, one.stabilities, other.stabilities, p, kappa)
                rates[sample] += missed / sweeps

    each_walker(work, samples, threads, progress, chunk_size=1)
    measured = mean_estimate(rates, ORIGIN), mean_estimate(overlaps, ORIGIN)
    sizes = samples, replicas, seed
    return MeasuredBarrier(first.load, float(kappa), ends, size, shares, *measured, *sizes)


def _missed(gamma: Array, one: Array, other: Array, p: Array, kappa: float) -> Array:
    """(gammas,): the fraction below κ, of stabilities (replicas, P) at the ends, overlaps p."""
    if not one.shape[1]:
        return np.zeros_like(gamma)
    g = gamma[:, None]
    length = np.sqrt(g**2 + (1 - g) ** 2 + 2 * g * (1 - g) * p)  # (gammas, replicas)
    between = g[..., None] * one + (1 - g[..., None]) * other
    # at the ends the path is the solution itself, which keeps its margin to within rounding
    bar = kappa * length - 1e-12
    return np.asarray((between < bar[..., None]).mean(axis=(1, 2)))
