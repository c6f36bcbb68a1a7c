r"""A point, springs that hold the parameters near it, and what the loss does about it.

    −ln p_w(θ) = w [L(θ) − L(θ*)] + ½γ|θ − θ*|² + const        w = nβ, an inverse temperature

is what :mod:`.hamiltonian` and :mod:`.sgld` sample (Lau et al., arXiv 2308.12108: the local
posterior).  Coordinates z (k,) are offsets from θ* along orthonormal directions: all parameters; or
those perpendicular to a ``normal``, such as the tangent of a path, so that a basin is what lies
across the path; and, where the Hessian is small enough, its eigenvectors within that space.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array, frozen
from .batched_mlp import batched_mlp
from .choice import choose
from .eigenpairs import leading_pairs
from .hessian import Hessian
from .log_determinant import DENSE
from .problem import Problem, array
from .replicas import Replicas, Way


@dataclass(frozen=True)
class Basin:
    """``problem`` about ``centre`` (P,); made by :func:`basin_at`.

    normal (P,): a unit vector across which nothing moves, or None.  eigenvalues (k,), rising, and
    vectors (k, k), as rows: of the Hessian in the space that is left; empty and None where it was
    not diagonalised.  steepest: the largest eigenvalue.  slopes (k,): the gradient at the centre.
    """

    problem: Problem
    centre: Tensor
    normal: Tensor | None
    eigenvalues: Array
    vectors: Tensor | None
    steepest: float
    loss: float
    slopes: Array
    _replicas: Replicas = field(repr=False)

    @property
    def dim(self) -> int:
        """Number k of directions."""
        return self.problem.layout.size - (self.normal is not None)

    def parameters(self, z: Tensor) -> Tensor:
        """θ (R, P) at coordinates ``z`` (R, k)."""
        offsets = z if self.vectors is None else z @ self.vectors
        if self.normal is not None:
            offsets = _reflected(torch.nn.functional.pad(offsets, (1, 0)), self.normal)
        return self.centre + offsets

    def coordinates(self, directions: Tensor) -> Tensor:
        """Components (R, k) of directions (R, P) in parameter space."""
        if self.normal is not None:
            directions = _reflected(directions, self.normal)[:, 1:]
        return directions if self.vectors is None else directions @ self.vectors.T

    def excess(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """L − L* (R,) over the whole training set and its gradient (R, k) at ``z`` (R, k)."""
        losses, slopes = _whole(self.problem, self._replicas, self.parameters(z))
        return losses - self.loss, self.coordinates(slopes)

    def minibatch(self, z: Tensor, picks: Tensor) -> tuple[Tensor, Tensor]:
        """Loss (R,) of the samples ``picks`` (R, B) and its gradient (R, k)."""
        problem = self.problem
        inputs, targets = problem.inputs[picks], problem.targets[picks]
        losses, slopes = self._replicas(self.parameters(z), inputs, targets)
        return losses, self.coordinates(slopes)

    @property
    def positive(self) -> Array:
        """max(λ, 0) (k,), zeros where the Hessian is not known: the quadratic part of samplers."""
        if self.vectors is None:
            return np.zeros(self.dim)
        return np.asarray(np.maximum(self.eigenvalues, 0.0))


def basin_at(
    problem: Problem,
    centre: Tensor,
    normal: Tensor | None = None,
    *,
    dense: int = DENSE,
    replicas: int = 64,
) -> Basin:
    """The basin about ``centre`` (P,), across ``normal`` (P,) if given.

    dense: the most directions for which the Hessian is diagonalised.  replicas: how many points
    will be computed together.  Raises DomainError for vectors that do not fit.
    """
    size = problem.layout.size
    if centre.shape != (size,) or not bool(torch.isfinite(centre).all()):
        msg = f"the centre must be {size} finite numbers; its shape is {tuple(centre.shape)}"
        raise DomainError(msg)
    if normal is not None:
        if normal.shape != (size,) or not float(normal.norm()) > 0:
            msg = f"the normal must be {size} numbers, not all zero"
            raise DomainError(msg)
        normal = normal.to(centre) / normal.to(centre).norm()
    centre = centre.detach().clone()
    way = "matmul" if batched_mlp(problem) is not None else _way(problem, centre, replicas)
    found = Replicas(problem, way)
    loss, slope = _whole(problem, found, centre[None])
    bare = Basin(
        *(problem, centre, normal, np.empty(0), None, 0.0, float(loss), np.empty(0), found)
    )
    values, vectors, steepest = _curvature(bare, dense)
    known = replace(bare, eigenvalues=values, vectors=vectors, steepest=steepest)
    return replace(known, slopes=frozen(array(known.coordinates(slope)[0])))


def _way(problem: Problem, centre: Tensor, replicas: int) -> Way:
    """The quicker way for models that are no plain perceptron."""
    return choose(problem, centre.expand(min(replicas, 4), -1), min(problem.samples, 128)).way


def _curvature(basin: Basin, dense: int) -> tuple[Array, Tensor | None, float]:
    """Eigenvalues and eigenvectors, or the largest eigenvalue alone."""
    hessian = Hessian(basin.problem, basin.centre)
    if hessian.dim > dense:
        pairs = leading_pairs(hessian, 1)
        return np.empty(0), None, float(pairs.values[0])
    matrix = basin.coordinates(hessian.dense().to(basin.centre))
    matrix = basin.coordinates(matrix.T.contiguous())
    values, columns = np.linalg.eigh(array(0.5 * (matrix + matrix.T)))
    vectors = torch.as_tensor(columns.T.copy()).to(basin.centre)
    return frozen(values), vectors, float(values[-1])


def _whole(problem: Problem, replicas: Replicas, thetas: Tensor) -> tuple[Tensor, Tensor]:
    """L (R,) and its gradient (R, P); with batch statistics block by block."""
    if problem.normalisation != "batch":
        return replicas(thetas, problem.inputs, problem.targets, shared=True)
    losses, slopes = thetas.new_zeros(len(thetas)), torch.zeros_like(thetas)
    for block in problem.blocks:
        share = (block.stop - block.start) / problem.samples
        loss, slope = replicas(thetas, problem.inputs[block], problem.targets[block], shared=True)
        losses += share * loss
        slopes += share * slope
    return losses, slopes


def _reflected(rows: Tensor, normal: Tensor) -> Tensor:
    """Rows (R, P) in the mirror that turns the first axis into ±``normal`` (Householder)."""
    axis = normal.clone()
    axis[0] += torch.copysign(torch.ones_like(axis[0]), axis[0])
    mirrored: Tensor = rows - 2 * (rows @ axis)[:, None] * (axis / axis.square().sum())
    return mirrored
