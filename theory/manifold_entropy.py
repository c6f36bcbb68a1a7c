r"""Curvature of a deep linear network and its entropy along the manifold of global minima.

Loss, invariant and trace are those of :mod:`.deep_linear`: mean over P patterns of ½r². With
Σ = XXᵀ/P, e = rXᵀ/P, a = |W₂|² and the weights in the order (W₁ row by row, W₂)

    H = [ W₂ᵀW₂ ⊗ Σ         W₂ᵀ ⊗ ΣW₁ᵀ + 1 ⊗ eᵀ ]          everywhere on the landscape
        [       ⋯                  W₁ΣW₁ᵀ       ]

At a global minimum e = 0 and H = JᵀJ/P has r = rank X nonzero eigenvalues: those of Σ(a + W₁ᵀW₁)
within the span U of the patterns (a second layer of zeros apart). Hence, for any data,

    ln det₊ H = ln det₊ Σ + ln det Uᵀ(a + W₁ᵀW₁)U                 data + weights
    white patterns, Σ = cUUᵀ:   λ_k = c(a + s_k²),  s_k the singular values of W₁U

The minimum W₁ = uŵ/√a, W₂ = √a u (|u| = 1, ŵ the least-squares fit) of balance b = |W₂|² − |W₁|²
is the widest of its a. With R = √(b² + 4|ŵ|²), a = (b + R)/2 it has

    ln det₊ H = ln det₊ Σ + (r − 1) ln a + ln R                    rank one

For r = 1 (the chain, eq. (23): λ = Σ R) the entropy −(1/2N) ln det₊ H is largest in balance, b = 0;
at either end it falls to −∞ (the text below eq. (23) says that it rises). For r = 2 it rises
towards b → −∞ to a finite bound, for r ≥ 3 without bound: white noise has no widest minimum there,
while the trace a|X|²/P + |ŵX|²/aP, which label noise follows, always has one.
"""

import numpy as np
from scipy.sparse.linalg import LinearOperator

from .deep_linear import LinearData, LinearNetwork
from .errors import DomainError
from .estimate import Array
from .spectrum import Spectrum

FARTHEST = 1e100  # balance, whose square a float still holds


def hessian(network: LinearNetwork, data: LinearData) -> Array:
    """The Hessian (N, N), N = N_h(N_i + 1), at any point; order (W₁ row by row, W₂).

    >>> hessian(LinearNetwork([[2.0]], [1.0]), LinearData([[1.0]], [2.0])).tolist()
    [[1.0, 2.0], [2.0, 4.0]]
    """
    first, second = network.first, network.second
    covariance = data.inputs @ data.inputs.T / data.patterns
    error = _error(network, data)
    hidden = len(second)
    mixed = np.kron(second[:, None], covariance @ first.T)
    mixed += np.kron(np.eye(hidden), error[:, None])
    return np.block(
        [
            [np.kron(np.outer(second, second), covariance), mixed],
            [mixed.T, first @ covariance @ first.T],
        ]
    )


def hessian_operator(network: LinearNetwork, data: LinearData) -> LinearOperator:
    """The action of ``hessian`` at the cost of a few products with X, for networks of any size."""
    first, second = network.first, network.second
    error, shape = _error(network, data), first.shape

    def product(vector: Array) -> Array:
        along = np.asarray(vector, float).ravel()
        upper, lower = along[: first.size].reshape(shape), along[first.size :]
        slope = (second @ upper + lower @ first) @ data.inputs @ data.inputs.T / data.patterns
        return np.concatenate(
            [
                (np.outer(second, slope) + np.outer(lower, error)).ravel(),
                first @ slope + upper @ error,
            ]
        )

    size = first.size + second.size
    return LinearOperator((size, size), matvec=product, dtype=np.float64)


def minimum_spectrum(network: LinearNetwork, data: LinearData) -> Spectrum:
    """The r = rank X nonzero eigenvalues at a global minimum, from an (r + N_h, r) matrix.

    All others are exact zeros and discarded. Raises DomainError away from a global minimum, where
    the second layer vanishes and where the eigenvalues span more than double precision resolves.
    """
    span, strength = _span(data)
    stiff = _squares(_factor(network, data, span) * np.sqrt(strength))
    size = network.first.size + network.second.size
    return Spectrum(stiff, size, float(stiff[-1]), np.zeros(size - len(stiff)), "top")


def log_det_parts(network: LinearNetwork, data: LinearData) -> tuple[float, float]:
    """What data and what weights put into ln det₊ H at a global minimum: two terms of a sum.

    Raises DomainError as ``minimum_spectrum``.
    """
    span, strength = _span(data)
    spread = _squares(_factor(network, data, span))
    return float(np.log(strength).sum()), float(np.log(spread).sum())


def rank_one_minimum(data: LinearData, hidden: int, balance: float) -> LinearNetwork:
    """The global minimum of one active hidden unit with |W₂|² − |W₁|² = ``balance``.

    Raises DomainError unless ``hidden`` ≥ 1 and the least-squares fit of the targets is not 0.

    >>> network = rank_one_minimum(LinearData([[1.0]], [2.0]), hidden=1, balance=3.0)
    >>> network.first.tolist(), network.second.tolist()
    ([[1.0]], [2.0])
    """
    if not (1 <= hidden < np.inf and hidden == int(hidden)):
        msg = f"the network needs a whole number and at least one hidden unit; hidden = {hidden}"
        raise DomainError(msg)
    fit = _fit(data)
    scale = np.sqrt(_second_norm(balance, float(fit @ fit)))
    unit = np.zeros(hidden)
    unit[0] = 1.0
    return LinearNetwork(np.outer(unit, fit / scale), scale * unit)


def rank_one_log_det(data: LinearData, balance: float) -> float:
    """Closed form ln det₊ Σ + (r − 1) ln a + ½ ln(b² + 4|ŵ|²) at balance b, with a = (b + R)/2.

    Raises DomainError where the least-squares fit of the targets is 0.

    >>> round(float(np.exp(rank_one_log_det(LinearData([[1.0]], [2.0]), 3.0))), 12)
    5.0
    """
    fit = _fit(data)
    strength, square = _span(data)[1], float(fit @ fit)
    wide = (len(strength) - 1) * np.log(_second_norm(balance, square))
    root = np.hypot(balance, 2 * np.sqrt(square))
    return float(np.log(strength).sum() + wide + np.log(root))


def _second_norm(balance: float, square: float) -> float:
    """The a > 0 of a − |ŵ|²/a = b, without cancellation."""
    if not abs(balance) <= FARTHEST:
        msg = f"the balance must be a number from -{FARTHEST:g} to {FARTHEST:g}; it is {balance:g}"
        raise DomainError(msg)
    root = float(np.hypot(balance, 2 * np.sqrt(square)))
    return (balance + root) / 2 if balance >= 0 else 2 * square / (root - balance)


def _fit(data: LinearData) -> Array:
    """The least-squares ŵ (N_i,) within the span of the patterns."""
    fit = np.asarray(data.targets @ np.linalg.pinv(data.inputs))
    if not np.linalg.norm(fit @ data.inputs) > 1e-12 * np.linalg.norm(data.targets):
        msg = "the least-squares fit of the targets must not be zero; it is"
        raise DomainError(msg)
    return fit


def _error(network: LinearNetwork, data: LinearData) -> Array:
    """Back-propagated error e = rXᵀ/P (N_i,): 0 at a global minimum."""
    return np.asarray(network.residuals(data) @ data.inputs.T / data.patterns)


def _span(data: LinearData) -> tuple[Array, Array]:
    """Orthonormal directions U (N_i, r) of the patterns and the eigenvalues (r,) of Σ there."""
    left, values, _ = np.linalg.svd(data.inputs, full_matrices=False)
    seen = values > max(data.inputs.shape) * np.finfo(float).eps * values[0]
    if not seen.any():
        msg = "the patterns must not all be zero"
        raise DomainError(msg)
    return left[:, seen], values[seen] ** 2 / data.patterns


def _factor(network: LinearNetwork, data: LinearData, span: Array) -> Array:
    """F (r + N_h, r) with FᵀF = Uᵀ(a + W₁ᵀW₁)U, refused away from a global minimum."""
    error = float(np.abs(_error(network, data)).max())
    scale = np.abs(data.inputs).max() * (1 + np.abs(data.targets).max())
    if not error <= 1e-8 * scale:
        msg = f"a global minimum has no back-propagated error; its largest element is {error:.3g}"
        raise DomainError(msg)
    norm = float(np.linalg.norm(network.second))
    if norm == 0:
        msg = "the second layer must not vanish; all of it is 0"
        raise DomainError(msg)
    return np.concatenate([norm * np.eye(span.shape[1]), network.first @ span])


def _squares(factor: Array) -> Array:
    """Squares of the singular values, falling; FᵀF itself would lose half of the digits."""
    values = np.linalg.svd(factor, compute_uv=False)
    if values[-1] <= max(factor.shape) * np.finfo(float).eps * values[0]:
        msg = "the nonzero eigenvalues must lie within double precision; these span more than 1e30"
        raise DomainError(msg)
    return np.asarray(values**2)
