"""What chance decides in projected SGD, from one stream of numbers per replica and cycle.

Philox is a function of key and counter: the key is the seed, the counter says which replica and
which cycle.  So a replica meets the same noise whichever others are computed beside it, whenever
they leave, and whether the run was cut in between; and nothing needs to be kept of a stream.
J. Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator, Philox, SeedSequence
from numpy.typing import NDArray

from ..theory.estimate import Array

Indices = NDArray[np.int64]
RUN, HELD, ALONE = 0, 1, 2  # cycles of the run, those held at the start, and what is neither


@dataclass(frozen=True)
class Streams:
    """The streams of a run with this ``seed``."""

    seed: int

    def of(self, replicas: Indices, cycle: int, phase: int = RUN) -> list[Generator]:
        """A generator for each of ``replicas`` in ``cycle``, at its beginning."""
        key = SeedSequence(self.seed).generate_state(2, np.uint64)
        return [
            Generator(Philox(key=key, counter=[0, phase, cycle, int(replica)]))
            for replica in replicas
        ]


def minibatch_indices(
    samples: int, batch: int, steps: int, generators: Sequence[Generator]
) -> Indices:
    """Minibatches (steps, replicas, batch): without repetition, uniform over all subsets.

    Floyd's: for j = n − B, …, n − 1 draw t from 0 … j and take it, or j where t is taken already;
    B random numbers for B samples, however many there are.  (Bentley & Floyd, 1987.)

    >>> [stream] = Streams(0).of(np.array([0]), 0)
    >>> np.sort(minibatch_indices(3, 3, 1, [stream])).tolist()
    [[[0, 1, 2]]]
    """
    random = np.stack([g.random((steps, batch)) for g in generators], axis=1)
    uniform = random.reshape(-1, batch)
    rows = np.arange(len(uniform))
    taken = np.zeros((len(uniform), samples), bool)
    found = np.empty(uniform.shape, np.int64)
    for i in range(batch):
        last = samples - batch + i
        drawn = (uniform[:, i] * (last + 1)).astype(np.int64)
        drawn = np.where(taken[rows, drawn], last, drawn)
        taken[rows, drawn] = True
        found[:, i] = drawn
    return found.reshape(random.shape)


def shuffled(samples: int, generators: Sequence[Generator]) -> Indices:
    """All samples in random order (replicas, samples), anew for each."""
    return np.stack([g.permutation(samples) for g in generators])


def normals(size: int, generators: Sequence[Generator]) -> Array:
    """Standard normal numbers (replicas, size)."""
    return np.stack([g.standard_normal(size) for g in generators])
