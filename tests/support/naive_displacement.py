"""The prediction for any optimizer with full matrices: moments of (δ, v) step after step.

The map of a step is the algorithm's own code run on unit vectors, third derivatives are differences
of dense Hessians, and the moments run through cycle after cycle until they repeat.
"""

from dataclasses import dataclass

import torch
from landscapes import hessian, third_derivative
from torch import Tensor

from entropic.nets import Problem, ProjectedSGD
from entropic.nets.operators import scores
from entropic.theory import Path

SETTLED = 60  # cycles


def step_of(sgd: ProjectedSGD, theta: Tensor, buffer: Tensor, slope: Tensor, scale: Tensor):
    """One step as the papers write it; ``scale`` is Adam's D."""
    eta, beta = sgd.step, sgd.momentum
    if sgd.optimizer == "sgd":
        return theta - eta * slope, torch.zeros_like(buffer)
    if sgd.optimizer == "adam":
        buffer = beta * buffer + (1 - beta) * slope
        return theta - eta * scale * buffer, buffer
    buffer = beta * buffer + slope
    if sgd.optimizer == "nesterov":
        return theta - eta * (slope + beta * buffer), buffer
    return theta - eta * buffer, buffer


@dataclass(frozen=True)
class Naive:
    """energetic way (k + 1, P); t·e, single variance and long-time diffusion, per unit of c."""

    way: Tensor
    entropic: float
    single_variance: float
    variance: float


def naive_displacement(
    problem: Problem, path: Path, s: float, sgd: ProjectedSGD, scale: Tensor, slope_off: Tensor
) -> Naive:
    start = problem.tensor(path.at(s))
    tangent = problem.tensor(path.tangent(s))
    size, k = len(start), sgd.cycle
    keeps = sgd.buffers != "reset" and sgd.optimizer != "sgd"

    def slope(theta):
        free = theta.clone().requires_grad_()
        return torch.autograd.grad(problem.full(free), free)[0] - slope_off

    buffer = torch.zeros_like(start)
    for _ in range(SETTLED):
        way = [start]
        buffer = buffer if keeps else torch.zeros_like(start)
        for _ in range(k):
            theta, buffer = step_of(sgd, way[-1], buffer, slope(way[-1]), scale)
            way.append(theta)

    unit = torch.eye(size, dtype=start.dtype)

    def matrices(theta):
        """(δ, v) ↦ M (δ, v) + B f."""
        curved = hessian(problem, theta)
        zero = torch.zeros_like(unit)
        columns = [
            step_of(sgd, unit, zero, unit @ curved, scale),
            step_of(sgd, zero, unit, zero, scale),
            step_of(sgd, zero, zero, unit, scale),
        ]
        blocks = [torch.cat(column, dim=1).T for column in columns]
        return torch.cat(blocks[:2], dim=1), blocks[2]

    def noise(theta):
        each = scores(problem, theta)
        full = each.T @ each / (problem.samples - 1)
        if sgd.noise == "isotropic":
            return unit * full.trace() / size
        return torch.diag(full.diagonal()) if sgd.noise == "uncorrelated" else full

    forget = torch.zeros(2 * size, 2 * size, dtype=start.dtype)
    if keeps:
        forget[size:, size:] = unit

    # variance: moments of (δ, v, total displacement so far)
    maps = [(matrices(theta), noise(theta)) for theta in way[:-1]]
    moments = torch.zeros_like(forget)
    joint = torch.zeros(2 * size, dtype=start.dtype)  # Cov((δ, v), displacement so far)
    last = spread = 0.0
    for _ in range(SETTLED):
        moments, joint = forget @ moments @ forget.T, forget @ joint
        for (move, push), kick in maps:
            moments = move @ moments @ move.T + push @ kick @ push.T
            joint = move @ joint
        single = float(tangent @ moments[:size, :size] @ tangent)
        last, spread = spread, spread + single + 2 * float(tangent @ joint[:size])
        joint = joint + moments[:, :size] @ tangent
    middle = way[k // 2]
    (move, push), kick = matrices(middle), noise(middle)
    third = torch.stack([third_derivative(problem, middle, e) for e in unit])
    moments, shift = torch.zeros_like(forget), torch.zeros(2 * size, dtype=start.dtype)
    for _ in range(SETTLED):
        moments, shift = forget @ moments @ forget.T, forget @ shift
        for _ in range(k):
            force = 0.5 * torch.einsum("aij,ij->a", third, moments[:size, :size])
            shift = move @ shift + push @ force
            moments = move @ moments @ move.T + push @ kick @ push.T
    return Naive(torch.stack(way), float(tangent @ shift[:size]), single, spread - last)
