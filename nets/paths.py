"""Paths of low loss between two points of a landscape: bands, curves, the straight line.

A search can be cut at any step and go on: its state is a dict of plain tensors, and an interrupted
search that goes on ends with the same bits as one that was not.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from .band import dense_losses
from .beads import check_ends, dense_arc, straight_beads
from .curves import BASES, beads_on_curve
from .many_points import ManyPoints
from .path_methods import Method, PathSettings, path_settings
from .path_search import Keep, PathSearch, Progress, Stage, State
from .problem import Problem, parts


@dataclass(frozen=True)
class FoundPath:
    """A path, and the landscape's loss along it.

    points (n, P): its pivots, a polygon, in the problem's type; the ends are those asked for, to
    the last bit.  control: the control points of a curve, else None.  s, losses (m,): the dense
    profile of L (decay included; batch statistics where the problem has them), in float64 on the
    CPU: ``settings.dense`` points in every gap and the pivots themselves.
    """

    points: Tensor
    control: Tensor | None
    s: Tensor
    losses: Tensor
    history: tuple[Stage, ...]
    method: Method
    settings: PathSettings
    seed: int

    @property
    def pivots(self) -> Tensor:
        """Which of ``s`` (m,) are pivots."""
        chosen = torch.zeros(len(self.s), dtype=torch.bool)
        chosen[:: self.settings.dense + 1] = True
        return chosen

    @property
    def length(self) -> float:
        """Arc length of the polygon."""
        return float(self.s[-1])

    @cached_property
    def distance(self) -> float:
        """From end to end as the crow flies."""
        return float((self.points[-1] - self.points[0]).double().norm())

    @property
    def barrier(self) -> float:
        """Highest loss on the dense profile above the higher end."""
        return barrier(self.losses)

    @property
    def barrier_above_line(self) -> float:
        """Most that the loss exceeds the line, in s, between the losses of the two ends."""
        part = self.s / self.s[-1]
        line = self.losses[0] + part * (self.losses[-1] - self.losses[0])
        return float((self.losses - line).max())


def barrier(losses: Tensor) -> float:
    """Max L − max(L at the first, L at the last); zero where no point is above the higher end.

    >>> barrier(torch.tensor([1.0, 5.0, 2.0]))
    3.0
    """
    return float(losses.max() - torch.maximum(losses[0], losses[-1]))


def find_path(
    problem: Problem,
    first: Tensor,
    last: Tensor,
    method: Method = "autoneb",
    settings: PathSettings | None = None,
    *,
    seed: int = 0,
    state: State | None = None,
    keep: Keep | None = None,
    progress: Progress | None = None,
) -> FoundPath:
    """A path from ``first`` to ``last`` (P,).

    seed: of the minibatches, and of the positions along a curve.  keep: called after every step
    with a state from which the same search, given it as ``state``, goes on.  progress: what is
    being done, and the fraction done.  Training's augmentation plays no part.
    Raises DomainError for ends that are no two points of the model, and where a loss or gradient
    is not finite: then it names pivot, cycle and step.
    """
    settings = path_settings(method) if settings is None else settings
    path_settings(method)  # refuses another method
    ends = check_ends(problem, first, last)
    if method != "line":
        drawn = parts(min(settings.batch, problem.samples), problem.block)
        problem.check_batch(*(part.stop - part.start for part in drawn))
    landscape = ManyPoints(problem)
    search = PathSearch(landscape, ends, settings, seed, keep, progress)
    if state is not None:
        search.go_on(state, method)
    control = None
    if method in BASES:
        control = search.curve(BASES[method])
        points = beads_on_curve(BASES[method], control, settings.pivots)
        losses = dense_losses(landscape, points, settings.dense)
    elif method == "line":
        points = straight_beads(*ends, settings.pivots)
        losses = dense_losses(landscape, points, settings.dense)
    else:
        insert = replace(settings, excess=float("inf")) if method == "neb" else settings
        points, losses = search.band(insert)
    s = dense_arc(points, settings.dense)
    return FoundPath(points, control, s, losses, search.stages, method, settings, seed)
