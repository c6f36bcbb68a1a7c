"""Symmetric matrices and operators at the door: what is not symmetric and finite stays out."""

from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import LinearOperator

from .errors import DomainError
from .estimate import Array

BLOCK = 256  # columns multiplied at once while an operator is assembled


def symmetric_operator(
    product: Callable[[Array], Array], dim: int, tolerance: float = 1e-6
) -> LinearOperator:
    """The operator H of ``dim`` directions whose action v ↦ Hv, (dim,) → (dim,), is ``product``.

    Symmetry is tested on one pair of random vectors: |xᵀHy − yᵀHx| ≤ tolerance · |x||Hy|.
    Raises DomainError where that fails or a product is not ``dim`` finite numbers.

    >>> symmetric_operator(lambda v: 3 * v, 4).matvec(np.ones(4)).tolist()
    [3.0, 3.0, 3.0, 3.0]
    """
    if not (1 <= dim < np.inf and dim == int(dim)):
        msg = f"an operator needs a whole number of directions from 1; dim is {dim}"
        raise DomainError(msg)

    def checked(vector: Array) -> Array:
        image = np.asarray(product(np.asarray(vector, dtype=np.float64).reshape(dim)))
        if image.shape != (dim,) or image.dtype.kind not in "fiu":
            msg = f"a product must be {dim} real numbers; it is {image.dtype} of {image.shape}"
            raise DomainError(msg)
        if not np.isfinite(image).all():
            msg = "a product must be finite numbers; some are not"
            raise DomainError(msg)
        return image.astype(np.float64)

    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, dim))
    ahead = checked(y)
    one, other = x @ ahead, y @ checked(x)
    if abs(one - other) > tolerance * np.linalg.norm(x) * np.linalg.norm(ahead):
        msg = f"an operator must be symmetric; xHy = {one:.6g} and yHx = {other:.6g}"
        raise DomainError(msg)
    return LinearOperator((dim, dim), matvec=checked, dtype=np.float64)


def assembled(operator: LinearOperator) -> Array:
    """The matrix (N, N) of an operator, one product a column."""
    rows, columns = operator.shape
    if rows != columns:
        msg = f"an operator must be square; its shape is {operator.shape}"
        raise DomainError(msg)
    unit = np.eye(rows)
    blocks = [operator.matmat(unit[:, at : at + BLOCK]) for at in range(0, rows, BLOCK)]
    return np.concatenate(blocks, axis=1)


def check_symmetric(matrix: Array, tolerance: float) -> None:
    """Raise DomainError unless ``matrix`` is square, finite and symmetric up to rounding."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) == 0:
        msg = f"a Hessian must be a square matrix; its shape is {matrix.shape}"
        raise DomainError(msg)
    if not np.isfinite(matrix).all():
        bad = int(np.sum(~np.isfinite(matrix)))
        msg = f"a matrix must hold finite numbers; {bad} of {matrix.size} are not"
        raise DomainError(msg)
    with np.errstate(over="ignore"):  # an infinite gap is one
        gaps = np.abs(matrix - matrix.T)
    worst = float(gaps.max())
    if not worst <= tolerance * np.abs(matrix).max():
        i, j = (int(k) for k in np.unravel_index(int(gaps.argmax()), gaps.shape))
        msg = (
            f"a Hessian must be symmetric; its elements ({i}, {j}) and ({j}, {i}) are "
            f"{matrix[i, j]:.6g} and {matrix[j, i]:.6g}"
        )
        raise DomainError(msg)


def first_vector(dim: int) -> Array:
    """Where Lanczos starts: always the same random vector, so that results repeat."""
    return np.random.default_rng(0).standard_normal(dim)
