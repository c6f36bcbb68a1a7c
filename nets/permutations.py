"""The discrete symmetries of a network: permutations, and signs, of its hidden units.

Moving a unit moves its rows in the layer that makes it, its entries in normalisations, and its
columns in every layer that reads it; the function stays.  Flipping the sign of a unit behind odd
functions such as tanh flips the same rows, entries and columns, but not scales nor variances.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..theory.estimate import Array
from .channels import Channels
from .units import FIXED

Integers = NDArray[np.intp]


@dataclass(frozen=True)
class Axis:
    """Where the units of a group stand along one axis of a parameter or buffer.

    positions: (units, m), the m places of each unit.  even: its numbers keep their sign when the
    sign of the unit flips.
    """

    parameter: str
    axis: int
    positions: Integers
    even: bool


@dataclass(frozen=True)
class UnitGroup:
    """Units that may be permuted among themselves, and flipped in sign where ``odd``."""

    name: str
    units: int
    odd: bool
    axes: tuple[Axis, ...]


@dataclass(frozen=True)
class Move:
    """Unit i becomes ``signs[i]`` times what unit ``order[i]`` was.

    >>> once = Move(np.array([1, 2, 0]), np.array([1, -1, 1]))
    >>> once.then(once.inverse).order.tolist(), once.then(once.inverse).signs.tolist()
    ([0, 1, 2], [1, 1, 1])
    """

    order: Integers
    signs: Integers

    def then(self, later: "Move") -> "Move":
        """First this move, then the other on its result."""
        return Move(self.order[later.order], later.signs * self.signs[later.order])

    @property
    def inverse(self) -> "Move":
        """What undoes it."""
        back = np.argsort(self.order)
        return Move(back, self.signs[back])

    @property
    def trivial(self) -> bool:
        """Whether nothing moves."""
        return bool(np.all(self.order == np.arange(len(self.order))) and np.all(self.signs == 1))


def unmoved(units: int) -> Move:
    """The move that leaves all units where they are."""
    return Move(np.arange(units), np.ones(units, dtype=int))


def moved(group: UnitGroup, move: Move, named: Mapping[str, Array]) -> dict[str, Array]:
    """Parameters and buffers by name, those present in ``named`` moved and the others as they are.

    >>> group = UnitGroup("w", 2, True, (Axis("w", 0, np.array([[0], [2]]), False),))
    >>> moved(group, Move(np.array([1, 0]), np.array([1, -1])), {"w": np.array([1, 5, 3])})["w"]
    array([ 3,  5, -1])
    """
    result = dict(named)
    for axis in group.axes:
        if axis.parameter not in result:
            continue
        values = result[axis.parameter]
        index, signs = np.arange(values.shape[axis.axis]), np.ones(values.shape[axis.axis], int)
        index[axis.positions] = axis.positions[move.order]
        if not axis.even:
            signs[axis.positions] = move.signs[:, None]
        shape = [1] * values.ndim
        shape[axis.axis] = -1
        result[axis.parameter] = values.take(index, axis.axis) * signs.reshape(shape)
    return result


@torch.no_grad()
def unit_groups(model: nn.Module, inputs: Tensor) -> tuple[UnitGroup, ...]:
    """All groups of units of ``model``, in the order in which layers make them.

    inputs: one sample or more, for their shape.  Two units are of a group if they stand equally
    often on the same axes.  In residual networks that is, for every width, one group of the
    channels that shortcuts carry, and one for the inside of each block; where a shortcut pads
    channels with zeros, those it carries over keep their group and the new ones form another.
    Groups of a single unit are left out unless its sign is free.
    Raises DomainError where the module cannot be traced, or has an operation of unknown effect.
    """
    channels = Channels(model)
    channels.run(inputs[:1])
    found: dict[int, dict[tuple[str, int], list[int]]] = defaultdict(lambda: defaultdict(list))
    for key, labels in channels.axes.items():
        for position, unit in enumerate(channels.units.roots(labels).tolist()):
            if unit > FIXED:
                found[unit][key].append(position)
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for unit, places in sorted(found.items()):
        signature = tuple((key, len(where)) for key, where in sorted(places.items()))
        alike[(channels.units.odd(unit), *signature)].append(unit)
    groups = []
    for (odd, *_), units in alike.items():
        axes = tuple(
            Axis(*key, np.array([found[unit][key] for unit in units]), key[0] in channels.even)
            for key in found[units[0]]
        )
        if len(units) > 1 or odd:
            groups.append(UnitGroup(axes[0].parameter, len(units), bool(odd), axes))
    return tuple(groups)
