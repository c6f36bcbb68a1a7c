"""A sampler of one sample of patterns, watched sweep after sweep.

Replicas are told apart, and so are the two halves of a run: what two replicas share, and what one
shares with itself later, are the same overlap once both have forgotten where they began.
"""

import threading
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...theory.estimate import Array
from .cost import cost
from .memory import autocorrelation_time, r_hat
from .patterns import Instance


class Sampler(Protocol):
    """Replicas on the move."""

    weights: NDArray[Any]
    """(replicas, N)."""
    stabilities: NDArray[Any]
    """(replicas, P)."""

    def sweep(self, learn: bool = False) -> float:
        """Move every replica; returns the fraction of moves that were made."""


@dataclass(frozen=True)
class Watched:
    """What a run showed; the first axis of arrays is that of the replicas."""

    halves: Array
    """(2, replicas, N): mean weights in both halves of the run."""
    teacher_overlap: Array
    energy: Array
    """Per weight."""
    error_rate: Array
    series: Array
    """(replicas, sweeps) of the energy; of the mean stability under the constraint."""
    acceptance: float

    @property
    def overlap(self) -> float:
        """The mean overlap of two replicas, over all pairs of them and of times."""
        means = self.halves.mean(axis=0)
        pairs = [means[a] @ means[b] for a, b in combinations(range(len(means)), 2)]
        return float(np.mean(pairs) / means.shape[1])

    @property
    def self_overlap(self) -> float:
        """The mean overlap of a replica with itself, half a run apart."""
        first, second = self.halves
        return float((first * second).sum(axis=1).mean() / first.shape[1])

    @property
    def r_hat(self) -> float:
        """Of the series of all replicas."""
        means, variances = self.series.mean(axis=1), self.series.var(axis=1, ddof=1)
        return float(r_hat(means, variances, self.series.shape[1]))

    @property
    def autocorrelation_time(self) -> float:
        """In sweeps, the mean over replicas."""
        return float(autocorrelation_time(self.series).mean())

    @property
    def hot_minus_cold(self) -> float:
        """What the series of the first half of the replicas have in excess of the others'."""
        means, cold = self.series.mean(axis=1), len(self.series) // 2
        return float(means[:-cold].mean() - means[-cold:].mean())


def watch(
    sampler: Sampler,
    instance: Instance,
    kappa: float,
    beta: float,
    energy: str,
    sweeps: int,
    stop: threading.Event,
) -> Watched:
    """Sweep and look, ``sweeps`` times (at least 2); what an early ``stop`` leaves is no result."""
    replicas, size = sampler.weights.shape
    sums = np.zeros((2, replicas, size))
    level, missed, stability = (np.zeros((replicas, sweeps)) for _ in range(3))
    made = 0.0
    for n in range(sweeps):
        if stop.is_set():
            break
        made += sampler.sweep()
        sums[2 * n // sweeps] += sampler.weights
        found = np.asarray(sampler.stabilities, np.float64)
        if found.shape[1]:
            stability[:, n] = found.mean(axis=1)
        if beta < np.inf and found.shape[1]:
            level[:, n] = cost(found, kappa, energy).sum(axis=1) / size
            missed[:, n] = (found < kappa).mean(axis=1)
    first = (sweeps + 1) // 2
    halves = sums / np.array([first, sweeps - first])[:, None, None]
    taught = np.full(replicas, np.nan)
    if instance.teacher is not None:
        taught = halves.mean(axis=0) @ np.asarray(instance.teacher, np.float64) / size
    series = level if beta < np.inf else stability
    each = (taught, level.mean(axis=1), missed.mean(axis=1), series)
    return Watched(halves, *each, acceptance=made / sweeps)
