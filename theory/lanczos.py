"""Lanczos's recurrence with full reorthogonalisation, and the negative end of a spectrum by it.

From a start vector v₁ it builds an orthonormal basis in which a symmetric H is tridiagonal,

    β_k v_{k+1} = H v_k − α_k v_k − β_{k−1} v_{k−1}

Eigenvalues θ of the tridiagonal matrix (Ritz values) lie inside the spectrum; one with eigenvector
s has an eigenvalue of H within β_m |s_m|.
"""

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.sparse.linalg import LinearOperator

from .errors import DomainError
from .estimate import Array, Estimate
from .symmetric import first_vector


def most_negative_eigenvalue(operator: LinearOperator, steps: int = 128) -> Estimate:
    """The smallest Ritz value of ``steps`` products; with the minus sign taken off, a cleaning cut.

    Its error β_m|s_m| bounds the distance to an eigenvalue; the smallest may still lie below, where
    many crowd at the end. As a cut for :mod:`.lanczos_quadrature` the scale is enough.
    Raises DomainError for fewer than 2 steps.

    >>> from .symmetric import symmetric_operator
    >>> operator = symmetric_operator(lambda v: np.array([3.0, 1.0, -0.5]) * v, 3)
    >>> most_negative_eigenvalue(operator).value.round(12).item()
    -0.5
    """
    if not (2 <= steps < np.inf and steps == int(steps)):
        msg = f"Lanczos needs a whole number of at least 2 steps; they are {steps}"
        raise DomainError(msg)
    dim = operator.shape[0]
    diagonal, beside = recurrence(operator, first_vector(dim), np.empty((dim, 0)), steps)
    values, states = eigh_tridiagonal(diagonal, beside[:-1])
    return Estimate(values[0], beside[-1] * abs(states[-1, 0]), "lanczos")


def recurrence(
    operator: LinearOperator, start: Array, deflated: Array, steps: int
) -> tuple[Array, Array]:
    """Diagonal α (m,) and β (m,) beside it, the last β 0 if the Krylov space is used up.

    ``start`` (N,) must be orthogonal to the columns of ``deflated`` (N, k), eigenvectors that stay
    out; at most ``steps`` products and N · steps numbers.
    """
    steps = min(steps, len(start) - deflated.shape[1])
    basis = np.empty((steps, len(start)))
    diagonal, beside = np.zeros(steps), np.zeros(steps)
    basis[0] = start / np.linalg.norm(start)
    for k in range(steps):
        image = operator.matvec(basis[k])
        diagonal[k] = basis[k] @ image
        for _ in range(2):  # once leaves rounding behind, twice does not
            image = image - deflated @ (deflated.T @ image)
            image = image - basis[: k + 1].T @ (basis[: k + 1] @ image)
        beside[k] = np.linalg.norm(image)
        scale = np.abs(diagonal[: k + 1]).max() + beside[: k + 1].max()
        if beside[k] <= 1e-12 * scale:
            beside[k] = 0.0
            return diagonal[: k + 1], beside[: k + 1]
        if k + 1 < steps:
            basis[k + 1] = image / beside[k]
    return diagonal, beside
