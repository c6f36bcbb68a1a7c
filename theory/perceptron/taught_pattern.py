r"""One pattern, averaged over all: of any energy, random or labelled by a teacher.

Weights of self-overlap 1 and mutual overlap q meet the mean field ω = √q z.  A teacher of overlap R
with them has labelled the pattern so that its own field is positive; given ω, that has the chance
H(−γz) with

.. math:: \gamma = \frac{R}{\sqrt{q - R^2}},

so that an average over patterns carries the weight 2H(−γz): γ = 0 is a pattern without a teacher.
The field of the teacher passes 0 where it pulls on the overlap R, at the rate
:math:`\langle 2\sqrt{1+\gamma^2}\,\varphi(\gamma z)\,G\rangle`.

The line is cut as in :mod:`.gaussian`, with edges also at the bend of the energy, at u = b of the
hinge or at the step of the count, and around z = 0, where the label becomes certain within 1/γ.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ..estimate import Array
from .energy import COSTS, Answer
from .gaussian import REACH, ascending, gaussian_rule

ORDER = 20  # nodes a panel: what is averaged here bends more sharply than ln H
CHECK_ORDER = 28


@dataclass(frozen=True)
class Constraint:
    """Margin and inverse temperature of many points, shape (points,), and what a miss costs."""

    kappa: Array
    beta: Array
    cost: str
    """A name in COSTS; "hard" does not read beta."""

    def __getitem__(self, which: NDArray[np.intp]) -> "Constraint":
        return Constraint(self.kappa[which], self.beta[which], self.cost)


class TaughtPattern:
    """What one pattern does to weights of overlap q, averaged; every method has shape (points,)."""

    def __init__(
        self, q: Array, gap: Array, gamma: Array, constraint: Constraint, order: int = ORDER
    ) -> None:
        cost = COSTS[constraint.cost]
        b = constraint.beta * gap ** (cost.power / 2)
        z, weight = _rule(q, gap, gamma, constraint.kappa, *cost.bend(b), order)
        root, spread = np.sqrt(q)[:, None], np.sqrt(gap)[:, None]
        self.cost_of, self.b = cost, b[:, None]
        self.u = (constraint.kappa[:, None] - root * z) / spread
        self.pull = cost.pull(self.u, self.b)
        g = gamma[:, None]
        self.label = weight * 2 * ndtr(g * z)
        self.edge = weight * np.sqrt((1 + g**2) * 2 / np.pi) * np.exp(-0.5 * (g * z) ** 2)

    @cached_property
    def answer(self) -> Answer:
        """All that a pattern does, beyond the pull."""
        return self.cost_of.answer(self.u, self.b)

    def _mean(self, values: Array) -> Array:
        return np.asarray((self.label * values).sum(axis=-1))

    def force(self) -> Array:
        """⟨G²⟩, the mean square pull on the weights."""
        return self._mean(self.pull**2)

    def lesson(self) -> Array:
        """⟨2 √(1+γ²) φ(γz) G⟩, the pull towards the teacher."""
        return np.asarray((self.edge * self.pull).sum(axis=-1))

    def force_growth(self) -> Array:
        """⟨G'² + 2 G² G'⟩ = (1 − q)² d/dq [⟨G²⟩/(1 − q)] at a fixed R."""
        G, slope = self.pull, self.answer.stiffness
        return self._mean(slope * (slope + 2 * G**2))

    def replicon(self) -> Array:
        """⟨G'²⟩, how a split between replicas is passed on."""
        return self._mean(self.answer.stiffness**2)

    def entropy(self) -> Array:
        """⟨ln f + ½G² + βv⟩."""
        return self._mean(self.answer.entropy)

    def cost(self) -> Array:
        """⟨βv⟩."""
        return self._mean(self.answer.cost)

    def violated(self) -> Array:
        """The share of patterns that miss the margin."""
        return self._mean(self.answer.violated)


def _rule(
    q: Array, gap: Array, gamma: Array, kappa: Array, bend: Array, width: Array, order: int
) -> tuple[Array, Array]:
    """Nodes z and weights, one row a point; ``bend`` and ``width`` are in units of u."""
    low = -REACH - np.maximum(-kappa, 0)  # a negative margin is felt in the tail
    steps = int(np.ceil((REACH - np.fmin.reduce(low, initial=-REACH)) / 3))
    normal = low[:, None] + (REACH - low)[:, None] * np.linspace(0, 1, steps + 1)
    scale = np.sqrt(gap / q)
    edges = [normal, _rungs(kappa / np.sqrt(q), scale, low)]
    if (bend > 0).any() or (width != 1).any():
        edges.append(_rungs(kappa / np.sqrt(q) - bend * scale, width * scale, low))
    if (gamma > 0.3).any():  # a wider step than the normal needs no edges of its own
        label = np.array([-9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0])
        edges.append(label / np.maximum(gamma, 0.3)[:, None])
    inside = [np.clip(edge, low[:, None], REACH) for edge in edges]
    return gaussian_rule(ascending(np.concatenate(inside, axis=1)), order)


def _rungs(centre: Array, width: Array, low: Array) -> Array:
    """Steps of 3 widths around a bend, then four times as far each time, to both ends."""
    reach = np.maximum(np.abs(centre - low), np.abs(centre - REACH)) / width
    farthest = np.fmin(np.fmax.reduce(reach, initial=12.0), 1e18)
    outward = 3 * 4.0 ** np.arange(1 + np.ceil(np.log(farthest / 3) / np.log(4)))
    rungs = np.concatenate((-outward[::-1], [-9.0, -6.0, 0.0, 6.0, 9.0], outward))
    return np.asarray(centre[:, None] - width[:, None] * np.sort(rungs))
