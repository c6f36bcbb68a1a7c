r"""An optimizer as a linear map with a memory: what a force does now, and what it does later.

With v the buffer and g the gradient,

.. math::
    θ ← θ - S(a\,g + b\,v), \qquad v ← β v + g

    sgd          S = η            β = 0    a = 1        b = 0
    heavy ball   S = η            β        a = 1        b = β
    Nesterov     S = η            β        a = 1 + β    b = β²
    Adam         S = η(1 − β)D    β        a = 1        b = β       v = m/(1 − β)

in torch's conventions (:mod:`.optimizers`; v on the right is that before the step).  Adam is one of
them where its second moment u holds still, D = 1/(√u + 10⁻⁸): its memory of 1000 steps is long
against a cycle.  Near a point g = Hδ + f, with any further force f, and the same map moves the
displacement δ.  A functional p·δ + q·v after the step is, before it,

.. math::
    (p + H u)·δ + (βq - bSp)·v + u·f, \qquad u = q - aSp .
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .sgd import ProjectedSGD

Slope = Callable[[Tensor], Tensor]
Pair = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class LinearMap:
    """One step; see the module.

    scale: S, (P,) or one number.  momentum: β.  direct, carried: a and b.  keeps: whether the
    buffer outlives the cycle.
    """

    scale: Tensor | float
    momentum: float = 0.0
    direct: float = 1.0
    carried: float = 0.0
    keeps: bool = False

    def forward(self, delta: Tensor, buffer: Tensor, slopes: Tensor) -> Pair:
        """Place and buffer after a step against ``slopes``; all (…, P)."""
        moved = delta - self.scale * (self.direct * slopes + self.carried * buffer)
        return moved, self.momentum * buffer + slopes

    def response(self, place: Tensor, buffer: Tensor) -> Tensor:
        """U (…, P), what a force in the step does to ``place``·δ + ``buffer``·v after it."""
        return buffer - self.direct * (self.scale * place)

    def backward(self, place: Tensor, buffer: Tensor, curved: Tensor) -> Pair:
        """The functional before the step; ``curved`` is H u."""
        return place + curved, self.momentum * buffer - self.carried * (self.scale * place)


def linear_map(sgd: ProjectedSGD, preconditioner: Tensor | None = None) -> LinearMap:
    """The map of ``sgd``; preconditioner (P,): D of Adam."""
    beta, keeps = sgd.momentum, sgd.buffers != "reset"
    if sgd.optimizer == "sgd" or (beta == 0 and preconditioner is None):
        return LinearMap(sgd.step)
    if sgd.optimizer == "heavy-ball":
        return LinearMap(sgd.step, beta, 1.0, beta, keeps)
    if sgd.optimizer == "nesterov":
        return LinearMap(sgd.step, beta, 1.0 + beta, beta**2, keeps)
    assert preconditioner is not None
    return LinearMap(sgd.step * (1 - beta) * preconditioner, beta, 1.0, beta, keeps and beta > 0)


def noiseless_cycle(
    how: LinearMap, theta: Tensor, buffer: Tensor, slope: Slope, cycle: int
) -> tuple[list[Tensor], Tensor]:
    """g_0 … g_k, each like ``theta`` (…, P), and the buffer after the cycle."""
    way = [theta]
    for _ in range(cycle):
        theta, buffer = how.forward(theta, buffer, slope(theta))
        way.append(theta)
    return way, buffer


def adjoint_cycle(
    how: LinearMap, products: Sequence[Slope], place: Tensor, buffer: Tensor
) -> tuple[Tensor, Tensor]:
    """Responses u (k, …, P) of ``place``·δ_k + ``buffer``·v_k to a force in step 0 … k − 1.

    products: v ↦ H v at g_0 … g_{k−1}.  Second: the functional's part (…, P) on the buffer v_0.
    """
    found = []
    for product in reversed(products):
        push = how.response(place, buffer)
        found.append(push)
        place, buffer = how.backward(place, buffer, product(push))
    return torch.stack(found[::-1]), buffer
