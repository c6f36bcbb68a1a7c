"""One replica of binary weights on its ladder of temperatures, and what is written down of it."""

import threading
from dataclasses import dataclass

import numpy as np

from ...theory.estimate import Array
from .memory import autocorrelation_time
from .patterns import Instance
from .spin_kernels import _explore

_FLIPS = 20_000_000  # between two looks at whether to stop: a second or so


@dataclass(frozen=True)
class Seen:
    """Averages over time of every (sample, replica, rung), to be filled in place by place."""

    energy: Array
    """Σ v/N."""
    spread: Array
    """Variance in time of the energy, or of the leaning where that is constant."""
    level: Array
    """Mean of whichever of the two ``spread`` is of."""
    memory: Array
    """Autocorrelation time of the same, in sweeps."""
    solved: Array
    """Share of the time in which no pattern was missed."""
    missed: Array
    """Share of the patterns that miss the margin."""
    taught: Array
    """Overlap with the teacher; NaN without."""
    turned: Array
    """Share of the draws that turned a spin."""
    means: Array
    """Magnetisations in the first and second half of the time, (…, 2, N)."""

    @classmethod
    def empty(cls, shape: tuple[int, int, int], size: int) -> "Seen":
        """Nothing seen yet."""
        names = ("energy", "spread", "level", "memory", "solved", "missed", "taught", "turned")
        plain = {name: np.full(shape, np.nan) for name in names}
        return cls(**plain, means=np.full((*shape, 2, size), np.nan))


class SpinRun:
    """The weights of one replica at all rungs, ready to move."""

    def __init__(
        self,
        rng: np.random.Generator,
        instance: Instance,
        kappa: float,
        kind: int,
        beta: Array,
        cold: bool,
    ) -> None:
        """cold: begin at the teacher, else at random."""
        rungs, n = len(beta), instance.size
        self.rng, self.instance, self.beta = rng, instance, beta
        self.rules = (float(kappa), kind)
        if cold:
            assert instance.teacher is not None
            self.w = np.tile(instance.teacher, (rungs, 1))
        else:
            self.w = np.where(rng.random((rungs, n)) < 0.5, -1.0, 1.0)
        self.h = self.w @ instance.columns
        self.at = np.arange(rungs)
        self.kicks = 2 * instance.columns
        self.lean = instance.patterns.sum(axis=0)
        self.traded = np.zeros(max(rungs - 1, 0))

    def on(self, beta: Array, sweeps: int, stop: threading.Event) -> tuple[Array, ...]:
        """Move ``sweeps`` sweeps on: means, sums, energies and leanings of `_explore`."""
        rungs, n = self.w.shape
        means, sums = np.zeros((rungs, n)), np.zeros((3, rungs))
        series, left = [np.empty((2, rungs, 0))], sweeps
        while left > 0 and not stop.is_set():
            part = np.empty((2, rungs, min(left, max(1, _FLIPS // self.w.size))))
            _explore(
                self.rng,
                *(self.w, self.h, self.at, self.kicks, self.lean),
                *self.rules,
                *(beta, means, sums, self.traded, *part),
            )
            series.append(part)
            left -= part.shape[-1]
        return (means, sums, *np.concatenate(series, axis=-1))

    def settle(self, sweeps: int, times: int, stop: threading.Event) -> None:
        """Move on until the rung β = ∞, if there is one, keeps every pattern: ``times`` at most."""
        for _ in range(times if np.isinf(self.beta[-1]) else 0):
            if stop.is_set() or np.all(self.h[self.at[-1]] >= self.rules[0]):
                return
            self.on(self.beta, sweeps, stop)

    def measure(
        self, sweeps: int, seen: Seen, place: tuple[int, int], stop: threading.Event
    ) -> None:
        """Move on and write down what is seen on the way, in two halves."""
        half = sweeps // 2
        parts = [self.on(self.beta, length, stop) for length in (half, sweeps - half)]
        if stop.is_set():
            return
        patterns, n = self.instance.patterns.shape
        first, second = (means for means, *_ in parts)
        turned, missed, solved = parts[0][1] + parts[1][1]
        energies, leanings = (np.concatenate([part[i] for part in parts], axis=1) for i in (2, 3))
        still = energies.std(axis=1) == 0
        watched = np.where(still[:, None], leanings, energies)
        seen.energy[place] = energies.mean(axis=1) / n
        seen.level[place], seen.spread[place] = watched.mean(axis=1), watched.var(axis=1)
        seen.memory[place] = autocorrelation_time(watched)
        seen.solved[place] = solved / sweeps
        seen.missed[place] = missed / (sweeps * max(patterns, 1))
        seen.turned[place] = turned / (sweeps * n)
        seen.means[place] = np.stack((first / half, second / (sweeps - half)), axis=1)
        if self.instance.teacher is not None:
            seen.taught[place] = (first + second) @ self.instance.teacher / (sweeps * n)
