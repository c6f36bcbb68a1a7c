"""Groups of clones, slowly: counting configurations, and the trapezoidal rule."""

from math import comb

import numpy as np
from scipy.special import log_ndtr, logsumexp


def trapezoid(reach, step):
    """Nodes and logarithms of weights for ∫Dz; exact to rounding for smooth integrands."""
    z = np.arange(-reach, reach + step / 2, step)
    return z, np.log(step) - 0.5 * z**2 - 0.5 * np.log(2 * np.pi)


def spins(q0_hat, q1_hat, m, step=0.02):
    """∫Dz₀ ln∫Dz₁ (2cosh)^m for whole m: a sum over how many of m spins are down."""
    z, log_weight = trapezoid(10, step)
    total = m - 2 * np.arange(m + 1)
    ways = np.log([comb(m, k) for k in range(m + 1)])
    exponent = np.sqrt(q0_hat) * z[:, None] * total + 0.5 * (q1_hat - q0_hat) * total**2 + ways
    return np.exp(log_weight) @ logsumexp(exponent, axis=1)


def patterns(q0, q1, kappa, m, step=0.02):
    """∫Dz₀ ln∫Dz₁ H^m."""
    z0, log_weight = trapezoid(10, 4 * step)
    z1, inner = trapezoid(25, step)
    h = np.sqrt(q0) * z0[:, None] + np.sqrt(q1 - q0) * z1
    group = logsumexp(m * log_ndtr((h - kappa) / np.sqrt(1 - q1)) + inner, axis=1)
    return np.exp(log_weight) @ group


def without_patterns(q0, q1, q0_hat, q1_hat, m):
    """The entropy of groups of m in nats per weight, before any pattern is stored."""
    pairs = m**2 * q0 * q0_hat - m * (m - 1) * q1 * q1_hat - m * q1_hat
    return 0.5 * pairs + spins(q0_hat, q1_hat, m)


def storage_entropy(q0, q1, q0_hat, q1_hat, m, alpha, kappa):
    """s_m of groups that store αN patterns, stationary in all four."""
    return without_patterns(q0, q1, q0_hat, q1_hat, m) + alpha * patterns(q0, q1, kappa, m)


def tuple_count(q, m):
    """Nats per weight of pairs or triples of ±1 weights of mutual overlap q, by counting."""
    apart = (1 - q) / 2 if m == 2 else (1 - q) / 4
    ways = 1 if m == 2 else 3  # which of the m differs from the others
    shares = np.array([1 - ways * apart] + [apart] * ways)
    return np.log(2) - shares @ np.log(shares)


def window_probability(q, m, kappa, order=80):
    """P(|z| ≤ κ for m normals of mutual correlation q), from their joint density."""
    x, w = np.polynomial.legendre.leggauss(order)
    covariance = (1 - q) * np.eye(m) + q
    axes = np.meshgrid(*[kappa * x] * m, indexing="ij")
    z = np.stack([axis.ravel() for axis in axes])
    weight = np.prod(np.meshgrid(*[kappa * w] * m, indexing="ij"), axis=0).ravel()
    density = np.exp(-0.5 * np.einsum("ip,ij,jp->p", z, np.linalg.inv(covariance), z))
    return weight @ density / np.sqrt((2 * np.pi) ** m * np.linalg.det(covariance))


def window_threshold(q, m, kappa):
    """The load at which the mean number of m-tuples (m = 2, 3) of overlap q becomes 1."""
    return tuple_count(q, m) / -np.log(window_probability(q, m, kappa))
