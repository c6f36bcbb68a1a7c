"""A polygon of beads (n, P) as one tensor: its length, and its beads put where they belong.

``theory.path`` is the same idea in float64 NumPy, for small networks; here the beads stay in the
type and on the device of the problem, and only lengths, in float64, come to the CPU.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from ..theory.errors import DomainError
from .problem import Problem


def segment_lengths(points: Tensor) -> Tensor:
    """Lengths (n − 1,) in float64 on the CPU, summed in float64 row by row.

    >>> segment_lengths(torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])).tolist()
    [3.0, 4.0]
    """
    rows = [(b - a).double().norm() for a, b in zip(points[:-1], points[1:], strict=True)]
    return torch.stack(rows).cpu()


def arc_lengths(points: Tensor) -> Tensor:
    """Where each bead stands (n,), from 0 to the length of the polygon; float64 on the CPU."""
    return _from_zero(segment_lengths(points))


def _from_zero(steps: Tensor) -> Tensor:
    return torch.cat([torch.zeros(1, dtype=torch.float64), steps.cumsum(0)])


def straight_beads(first: Tensor, last: Tensor, count: int) -> Tensor:
    """``count`` ≥ 2 equidistant beads (count, P) from ``first`` to ``last``, both to the last bit.

    >>> straight_beads(torch.tensor([0.0]), torch.tensor([1.0]), 3).tolist()
    [[0.0], [0.5], [1.0]]
    """
    inner = [torch.lerp(first, last, i / (count - 1)) for i in range(1, count - 1)]
    return torch.stack([first, *inner, last])


def points_at(points: Tensor, s: Tensor) -> Tensor:
    """Points (m, P) of the polygon at the arc lengths ``s`` (m,), float64 on the CPU."""
    arc = arc_lengths(points)
    return _between(points, arc, s)


def _between(points: Tensor, arc: Tensor, s: Tensor) -> Tensor:
    i = (torch.searchsorted(arc, s, right=True) - 1).clamp(0, len(arc) - 2)
    parts = ((s - arc[i]) / (arc[i + 1] - arc[i])).clamp(0, 1)
    found = points.new_empty(len(s), points.shape[1])
    for row, j, part in zip(found, i.tolist(), parts.tolist(), strict=True):
        torch.lerp(points[j], points[j + 1], part, out=row)
    return found


def respaced(points: Tensor, spacing: Tensor) -> Tensor:
    """As many beads on the same polygon, neighbours apart in proportion to ``spacing`` (n − 1,).

    The ends stay to the last bit.  This is the limit of infinitely stiff springs between beads.
    """
    arc = arc_lengths(points)
    wanted = _from_zero(spacing) / spacing.sum() * arc[-1]
    found = _between(points, arc, wanted)
    found[0], found[-1] = points[0], points[-1]
    return found


def dense_fractions(between: int) -> list[float]:
    """Where in a gap a profile looks: its first bead, then ``between`` equidistant points."""
    return [j / (between + 1) for j in range(between + 1)]


def dense_arc(points: Tensor, between: int) -> Tensor:
    """Arc lengths of the beads and of ``between`` points in every gap; float64 on the CPU."""
    arc, lengths = arc_lengths(points), segment_lengths(points)
    fractions = torch.tensor(dense_fractions(between), dtype=torch.float64)
    inner = (arc[:-1, None] + lengths[:, None] * fractions).reshape(-1)
    return torch.cat([inner, arc[-1:]])


def dense_points(points: Tensor, between: int) -> Iterator[Tensor]:
    """The points at ``dense_arc``, gap by gap, so that few are in memory at once."""
    for a, b in zip(points[:-1], points[1:], strict=True):
        yield torch.stack([torch.lerp(a, b, f) if f else a for f in dense_fractions(between)])
    yield points[-1:]


def check_ends(problem: Problem, first: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
    """The two ends in the problem's type; DomainError where they are no two points of its model."""
    size = problem.layout.size
    for name, end in (("first", first), ("last", last)):
        if end.shape != (size,):
            msg = f"an end has {size} numbers, as the model has; the {name} has {tuple(end.shape)}"
            raise DomainError(msg)
        if not bool(torch.isfinite(end).all()):
            msg = f"the ends must be finite numbers; the {name} is not"
            raise DomainError(msg)
    moved = (end.detach().to(problem.device, problem.dtype) for end in (first, last))
    first, last = moved
    if bool((first == last).all()):
        msg = "the two ends must differ; they are the same point"
        raise DomainError(msg)
    return first, last
