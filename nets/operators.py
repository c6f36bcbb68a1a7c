r"""Derivatives of the landscape at one point, as actions on vectors.

All products are exact automatic differentiation (those with the Hessian in :mod:`.hessian`, else
forward over reverse and forward over forward); a batch of vectors is one batched program, in chunks
that keep memory flat.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.func import grad, grad_and_value, jvp, vmap

from ..theory.errors import DomainError
from ..theory.estimate import Array
from .hessian import Hessian
from .problem import Problem, array

CHUNK = 64  # vectors differentiated at once


def _batched(function: Callable[..., Tensor], chunk: int) -> Callable[..., Tensor]:
    """``function`` over the rows of its arguments, ``chunk`` at a time; torch leaves it untyped."""
    batched: Callable[..., Tensor] = vmap(function, chunk_size=chunk)
    return batched


def _derivative(function: Callable[[Tensor], Tensor], theta: Tensor, vector: Tensor) -> Tensor:
    """The derivative of ``function`` at ``theta`` along ``vector``, forward mode."""
    pair: Any = jvp(function, (theta,), (vector,))
    derivative: Tensor = pair[1]
    return derivative


def losses_and_gradients(problem: Problem, points: Array) -> tuple[Array, Array]:
    """L (m,) and ∇L (m, P) at ``points`` (m, P), over the whole training set."""
    both = vmap(grad_and_value(problem.full), chunk_size=CHUNK)
    gradients, losses = both(problem.tensor(points))
    return array(losses), array(gradients)


def hessian_products(problem: Problem, theta: Tensor, vectors: Tensor) -> Tensor:
    """H v for every row of ``vectors`` (m, P), over the whole training set."""
    return Hessian(problem, theta).products(vectors)


def dense_hessian(problem: Problem, theta: Tensor) -> Tensor:
    """H (P, P), symmetrised; for P of a few thousand at most."""
    return Hessian(problem, theta).dense()


def scores(problem: Problem, theta: Tensor) -> Tensor:
    """Per-sample gradients minus their mean (n, P); their covariance is what minibatches draw."""

    def sample(theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        return problem.sample_losses(theta, inputs[None], targets[None])[0]

    each = _batched(lambda x, y: grad(sample)(theta, x, y), 256)
    gradients = each(problem.inputs, problem.targets)
    return gradients - gradients.mean(dim=0)


def sample_hessian_products(problem: Problem, theta: Tensor, vectors: Tensor) -> Tensor:
    """H_i v_i (n, P): the Hessian of each sample's loss on its own row of ``vectors`` (n, P)."""

    def sample(theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        return problem.sample_losses(theta, inputs[None], targets[None])[0]

    def product(inputs: Tensor, targets: Tensor, vector: Tensor) -> Tensor:
        gradient = grad(sample)
        return _derivative(lambda place: gradient(place, inputs, targets), theta, vector)

    return _batched(product, 256)(problem.inputs, problem.targets, vectors)


def _along(function: Callable[[Tensor], Tensor], vector: Tensor) -> Callable[[Tensor], Tensor]:
    """The directional derivative of a scalar field."""

    def derivative(theta: Tensor) -> Tensor:
        return _derivative(function, theta, vector)

    return derivative


def third_forms(problem: Problem, theta: Tensor, direction: Tensor, vectors: Tensor) -> Tensor:
    """∇³L[direction, v, v] (m,) for every row v of ``vectors`` (m, P): how vᵀHv grows that way."""

    def form(vector: Tensor) -> Tensor:
        curvature = _along(_along(problem.full, vector), vector)
        return _along(curvature, direction)(theta)

    return _batched(form, CHUNK)(vectors)


def third_products(problem: Problem, theta: Tensor, direction: Tensor, vectors: Tensor) -> Tensor:
    """∇³L[direction, v] (m, P) for every row v of ``vectors``: how H v grows in that direction."""
    slope = grad(_along(problem.full, direction))

    def product(vector: Tensor) -> Tensor:
        return _derivative(slope, theta, vector)

    if not len(vectors):
        return torch.zeros_like(vectors)
    return _batched(product, CHUNK)(vectors)


def sample_curvatures(problem: Problem, theta: Tensor, left: Tensor, vectors: Tensor) -> Tensor:
    """leftᵀ H_i v (m, n) for every sample i and every row v of ``vectors`` (m, P), no decay."""

    def losses(theta: Tensor) -> Tensor:
        return problem.sample_losses(theta, problem.inputs, problem.targets)

    def slopes(theta: Tensor) -> Tensor:
        return _derivative(losses, theta, left)

    def curvature(vector: Tensor) -> Tensor:
        return _derivative(slopes, theta, vector)

    return _batched(curvature, CHUNK)(vectors)


def cubic_to_quadratic(problem: Problem, theta: Tensor, vectors: Tensor) -> Tensor:
    """|⅙∇³L[v,v,v]| and ½|vᵀHv| (2, m) of the rows v: the third against the second order of L."""

    def orders(vector: Tensor) -> Tensor:
        curvature = _along(_along(problem.full, vector), vector)
        quadratic, cubic = jvp(curvature, (theta,), (vector,))[:2]
        return torch.stack([cubic.abs() / 6, quadratic.abs() / 2])

    return _batched(orders, CHUNK)(vectors).T


def point(problem: Problem, values: Array) -> Tensor:
    """A (P,) NumPy point as a tensor, refused where it does not fit the model."""
    if values.shape != (problem.layout.size,):
        msg = f"a point of this model has {problem.layout.size} numbers; it has {values.shape}"
        raise DomainError(msg)
    return problem.tensor(values)
