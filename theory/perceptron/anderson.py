"""Fixed points by Anderson's mixing: the next point is what the last few steps agree on."""

from collections.abc import Callable

import numpy as np

from ..estimate import Array

MEMORY = 4


def fixed_point(
    step: Callable[[Array], Array],
    start: Array,
    tolerance: float,
    rounds: int = 60,
    farthest: float = np.inf,
) -> tuple[Array, float]:
    """A point that ``step`` leaves where it is, and how far it still moves the last one tried.

    Plain steps where mixing makes things worse.  Ends when the largest move is below ``tolerance``,
    after ``rounds`` steps, when a move is beyond ``farthest``, or with a move of infinity where
    ``step`` gives no numbers.

    >>> x, move = fixed_point(np.cos, np.array([1.0]), 1e-12)
    >>> x.round(10)
    array([0.73908513])
    """
    x = np.array(start, dtype=np.float64)
    size, best, shorter = np.inf, np.inf, 1.0
    good: tuple[Array, Array] | None = None
    points: list[Array] = []
    moves: list[Array] = []
    for _ in range(rounds):
        move = step(x) - x
        if not np.isfinite(move).all():
            if good is None:
                return x, np.inf
            shorter *= 0.5  # back to the last point that was one, and less far from there
            x = good[0] + shorter * good[1]
            points, moves = [], []
            continue
        size = float(np.abs(move).max())
        if size <= tolerance or size > farthest:
            return x + move, size
        if size > 3 * best:
            points, moves = [], []
        best, shorter, good = min(best, size), 1.0, (x, move)
        points, moves = [*points[-MEMORY:], x], [*moves[-MEMORY:], move]
        x = x + move
        if len(points) > 1:
            turns = np.diff(moves, axis=0).T
            share = np.linalg.lstsq(turns, move, rcond=1e-10)[0]
            x = x - (np.diff(points, axis=0).T + turns) @ share
    return x, size
