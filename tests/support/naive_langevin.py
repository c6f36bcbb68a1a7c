"""The walk as the formulas say, one trajectory and one step after the other, in plain Python.

It shares the random numbers with the engine, through the same templates run uncompiled, and nothing
else.
"""

from collections.abc import Iterator

import numpy as np

from entropic.sims import lane_random as lr


def normals(seed: int, trajectory: int, count: int, use: int, segment: int = 0) -> list[float]:
    """The first normal numbers of a stream, pair by pair."""
    s = np.zeros((4, 1), np.uint32)
    found: list[float] = []
    with np.errstate(over="ignore"):
        lr.open_stream(s, 0, seed, trajectory, segment, use)
        state = tuple(s[:, 0])
        while len(found) < count:
            *state, first, second = lr.pair32(*state)
            found += [float(first), float(second)]
    return found[:count]


def start(seed: int, trajectory: int, dims: int) -> np.ndarray:
    """The normal numbers (dims,) of the initial law: the first of each pair."""
    return np.array(normals(seed, trajectory, 2 * dims, lr.INITIAL)[::2])


def noise(seed: int, trajectory: int, dims: int) -> Iterator[tuple[float, np.ndarray]]:
    """Step after step the noise of y and that (dims,) of x, segment after segment."""
    a_step = dims + 1 + (dims + 1) % 2
    segment = 0
    while True:
        drawn = normals(seed, trajectory, a_step * lr.SEGMENT, lr.NOISE, segment)
        for row in np.reshape(drawn, (-1, a_step)):
            yield row[0], row[1 : dims + 1]
        segment += 1
