"""The loss at very many places of a path, from as few evaluations as its shape asks for.

Between neighbouring places where it is known the loss is a parabola through three of them; each
interval is halved until parabolas through its ends and middle hold at the quarters.
"""

from collections.abc import Iterable

import numpy as np
import torch

from ..theory.estimate import Array
from ..theory.path import Path
from .problem import Problem, array

TOLERANCE = 1e-3  # of the range of losses
PIECES = 16  # to begin with
HALVINGS = 10  # at most


def loss_along(problem: Problem, path: Path, s: Array) -> tuple[Array, float]:
    """L at the arc lengths ``s`` (any shape), and the largest error seen where it was checked.

    0 where there were so few places that each was evaluated.
    """
    places, back = np.unique(s, return_inverse=True)
    if len(places) <= 4 * PIECES:
        return _losses(problem, path, places)[back].reshape(s.shape), 0.0
    known = _Known(problem, path)
    edges = np.linspace(places[0], places[-1], PIECES + 1)
    spread = float(np.ptp(known(edges)))
    pieces, error = _refined(known, edges, TOLERANCE * spread)
    return _parabolas(known, pieces, places)[back].reshape(s.shape), error


class _Known:
    """The loss at arc lengths, each evaluated once."""

    def __init__(self, problem: Problem, path: Path) -> None:
        self.problem, self.path = problem, path
        self.found: dict[float, float] = {}

    def __call__(self, s: Iterable[float]) -> Array:
        wanted = list(s)
        new = np.array(sorted(set(wanted) - self.found.keys()))
        if len(new):
            losses = _losses(self.problem, self.path, new)
            self.found.update(zip(new.tolist(), losses.tolist(), strict=True))
        return np.array([self.found[float(place)] for place in wanted])


def _losses(problem: Problem, path: Path, s: Array) -> Array:
    with torch.no_grad():
        return np.array([float(array(problem.full(problem.tensor(path.at(x))))) for x in s])


def _refined(known: _Known, edges: Array, tolerance: float) -> tuple[Array, float]:
    """Left ends and widths (n, 2) of the pieces, in order; the largest error left."""
    open_ = np.stack([edges[:-1], np.diff(edges)], axis=1)
    closed, worst = [], 0.0
    for halving in range(HALVINGS):
        left, width = open_.T
        a, quarter, middle, late, b = (known(left + f * width) for f in np.linspace(0, 1, 5))
        error = np.maximum(
            abs(0.375 * a + 0.75 * middle - 0.125 * b - quarter),
            abs(-0.125 * a + 0.75 * middle + 0.375 * b - late),
        )
        done = (error <= tolerance) | (halving == HALVINGS - 1)
        halves = np.concatenate(
            [np.stack([left, width / 2], 1), np.stack([left + width / 2, width / 2], 1)]
        )
        twice = np.concatenate([done, done])
        closed.append(halves[twice])  # parabolas through the quarters as well
        worst = max(worst, float(error[done].max(initial=0.0)))
        open_ = halves[~twice]
        if len(open_) == 0:
            break
    pieces = np.concatenate(closed)
    return pieces[np.argsort(pieces[:, 0])], worst


def _parabolas(known: _Known, pieces: Array, places: Array) -> Array:
    left, width = pieces.T
    a, middle, b = (known(left + f * width) for f in (0.0, 0.5, 1.0))
    at = np.clip(np.searchsorted(left, places, side="right") - 1, 0, len(left) - 1)
    x = (places - left[at]) / width[at]
    return np.asarray(
        a[at] * (1 - x) * (1 - 2 * x) + 4 * middle[at] * x * (1 - x) + b[at] * x * (2 * x - 1)
    )
