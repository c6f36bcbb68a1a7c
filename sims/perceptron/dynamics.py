r"""Langevin's equation on the sphere as a process in time: how fast the energy falls.

    dw = −(∂E)_tangent dt + √(2/β) dW_tangent,        E = Σ v(Δ),   |w|² = N

Mobility 1, k_B = 1.  A step η turns w along the great circle of −η (∂E)_tangent + √(2η/β) ξ, with
ξ normal in the tangent space, by that vector's length over √N: Euler's scheme on the sphere, whose
noise is the sphere's own Brownian motion as η → 0.  Without patterns ⟨w(0)·w(t)⟩/N is then
exp(−(1 − 1/N) t/β).  Nothing is rejected, and the law at rest is off by an order of η; the samplers
of :mod:`.sphere` have none of that, and no time.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...theory.errors import DomainError
from ...theory.estimate import Array, Estimate, freeze, mean_estimate
from ...theory.perceptron.question import one_of
from ..streams import Progress, each_walker, stream
from .asked import at_least, finite
from .cost import cost, pull
from .patterns import draw
from .sphere import turned
from .tangent import tangent, uniform

ORIGIN = "langevin"
MOVES = 2  # the stream of this walk, beside those of patterns and samplers
MOST = 1e15  # steps: years, and whole numbers still in double precision
EDGE = 2.0  # of step * stiffness, where Euler's scheme loses its hold


@dataclass(frozen=True)
class Descent:
    """What a perceptron does in time from a random start; errors from independent samples."""

    time: Array
    energy: Estimate
    """Per weight, (times,)."""
    kept: Estimate
    """Overlap with the start, (times,)."""

    def __post_init__(self) -> None:
        freeze(self)


def descent(
    alpha: float,
    kappa: float = 0.0,
    *,
    beta: float,
    energy: str,
    times: Sequence[float],
    step: float,
    size: int,
    samples: int,
    seed: int,
    setting: str = "storage",
    replicas: int = 8,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Descent:
    """Energy against time, from uniformly drawn weights at time 0.

    energy: "hinge" or "quadratic".  times: rising, each rounded to whole steps.  beta may be inf:
    gradient descent.  Replicas move together; the errors are those of ``samples`` sets of patterns.

    Raises DomainError for inadmissible arguments, and where step · (1 + √alpha)², the most that the
    quadratic energy curves, reaches 2.
    """
    one_of("energy", energy, ("hinge", "quadratic"))
    at_least(samples=(samples, 2), replicas=(replicas, 1))
    finite(kappa=kappa)
    first = draw(size, alpha, setting, seed=seed)
    _refuse(beta, step, first.load)
    counts = _steps(np.asarray(times, np.float64), step)
    levels, kept = (np.full((samples, len(counts)), np.nan) for _ in range(2))
    noise = np.sqrt(2 * step / beta)

    def work(sample: int, stop: threading.Event) -> None:
        instance = draw(size, alpha, setting, seed=seed, sample=sample)
        rng = stream(seed, size, sample, MOVES)
        rows = instance.patterns / np.sqrt(size)
        start = w = uniform(rng, replicas, size)
        for n in range(counts[-1] + 1):
            if stop.is_set():
                return
            stabilities = w @ rows.T
            for i in np.flatnonzero(counts == n):
                levels[sample, i] = cost(stabilities, kappa, energy).sum() / (replicas * size)
                kept[sample, i] = np.einsum("ri,ri->", start, w) / (replicas * size)
            force = pull(stabilities, kappa, energy) @ rows
            kick = noise * rng.standard_normal(w.shape)
            w, _ = turned(w, tangent(w, step * force + kick), 1.0)

    each_walker(work, samples, threads, progress, chunk_size=1)
    clock = np.asarray(counts * step, np.float64)
    return Descent(clock, mean_estimate(levels, ORIGIN), mean_estimate(kept, ORIGIN))


def _steps(times: Array, step: float) -> NDArray[np.int64]:
    """How many steps lead to each time."""
    with np.errstate(over="ignore"):
        counts = np.round(times / step)
    rising = counts.ndim == 1 and len(counts) > 0 and counts[0] >= 0 and np.all(np.diff(counts) > 0)
    if not (rising and counts[-1] < MOST):
        msg = (
            f"times must be at least 0, rise by a step or more and end within {MOST:g} steps;"
            f" they are {times.tolist()}"
        )
        raise DomainError(msg)
    return counts.astype(np.int64)


def _refuse(beta: float, step: float, load: float) -> None:
    if not beta > 0:
        msg = f"beta must be above 0, or inf for gradient descent; it is {beta:g}"
        raise DomainError(msg)
    if not (np.isfinite(step) and step > 0):
        msg = f"the step must be a positive number; it is {step:g}"
        raise DomainError(msg)
    curved = step * (1 + np.sqrt(load)) ** 2
    if curved >= EDGE:
        msg = (
            "step * (1 + sqrt(alpha))**2 must stay below 2, the edge of stability;"
            f" it is {curved:g}"
        )
        raise DomainError(msg)
