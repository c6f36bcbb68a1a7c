"""Perceptrons at a temperature and with a teacher, slowly: no closed form of any pattern average.

Boltzmann factors are integrated as they stand, on fine panels; saddle points are only tested, as
places where the replica-symmetric free entropy is stationary.
"""

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erfinv, log_ndtr, ndtr

COSTS = {
    "count": lambda short: 1.0 * (short > 0),
    "hinge": lambda short: np.maximum(short, 0),
    "quadratic": lambda short: 0.5 * np.maximum(short, 0) ** 2,
}


def panels(edges, order=24):
    x, w = np.polynomial.legendre.leggauss(order)
    edges = np.unique(edges)
    middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()


def log_f(omega, spread2, kappa, beta, cost):
    """ln ∫Dt exp(−β v(ω + σt)) for each ω, as it stands: the line is cut where v has its kink."""
    spread = np.sqrt(spread2)
    if np.isinf(beta):
        return log_ndtr((omega - kappa) / spread)
    kink = (kappa - omega)[:, None] / spread
    # the Boltzmann factor below the kink falls over 1/(βσ) or 1/√(βσ²)
    reach = {"count": 40.0, "hinge": 1 / (beta * spread), "quadratic": 1 / np.sqrt(beta) / spread}
    ladder = np.concatenate(([0], min(reach[cost], 40.0) * 2.0 ** np.arange(-3, 14)))
    even = np.broadcast_to(np.linspace(-12, 36, 25), (len(kink), 25))
    edges = np.sort(np.clip(np.concatenate((even, kink - ladder), axis=1), -12, 36), axis=1)
    x, w = np.polynomial.legendre.leggauss(16)
    middle, half = 0.5 * (edges[:, 1:] + edges[:, :-1]), 0.5 * np.diff(edges)
    t = (middle[:, :, None] + half[:, :, None] * x).reshape(len(kink), -1)
    weight = (half[:, :, None] * w).reshape(t.shape) * np.exp(-t * t / 2) / np.sqrt(2 * np.pi)
    return np.log((weight * np.exp(-beta * COSTS[cost](spread * (kink - t)))).sum(axis=1))


def pattern(function, q, R, kappa):
    """∫Dz 2H(−Rz/√(q − R²)) function(√q z), told where it is sharp."""
    centre, width = kappa / np.sqrt(q), np.sqrt((1 - q) / q)
    edges = [np.linspace(-11, 11, 23), centre + width * np.arange(-20, 21, 2.0)]
    gamma = R / np.sqrt(q - R * R)
    if gamma > 0:
        edges.append(np.arange(-9, 10, 3) / gamma)
    z, w = panels(np.clip(np.concatenate(edges), -11, 11), order=16)
    weight = w * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    return (weight * 2 * ndtr(gamma * z)) @ function(np.sqrt(q) * z)


def log_fraction(q, R, kappa, beta, cost):
    """⟨ln f⟩, what one more pattern does to the free entropy."""
    return pattern(lambda omega: log_f(omega, 1 - q, kappa, beta, cost), q, R, kappa)


def spherical_functional(q, R, alpha, *rest):
    field = 0.5 * np.log1p(-q) + 0.5 * (q - R * R) / (1 - q)
    return field + alpha * log_fraction(q, R, *rest)


def field_average(function, q_hat, R_hat):
    root = np.sqrt(q_hat)
    bend = (np.arange(-20, 21, 2.0) - R_hat) / root
    z, w = panels(np.clip(np.concatenate((np.linspace(-11, 11, 23), bend)), -11, 11))
    return (w * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)) @ function(root * z + R_hat)


def teacher_field(q_hat, R):
    """The R̂ at which ⟨tanh h⟩ = R."""
    if R == 0:
        return 0.0
    return brentq(lambda r: field_average(np.tanh, q_hat, r) - R, 0, 1e3, xtol=1e-14, rtol=1e-14)


def binary_functional(q, R, q_hat, R_hat, alpha, *rest):
    def log_2cosh(h):
        return np.abs(h) + np.log1p(np.exp(-2 * np.abs(h)))

    field = -0.5 * q_hat * (1 - q) - R_hat * R + field_average(log_2cosh, q_hat, R_hat)
    return field + alpha * log_fraction(q, R, *rest)


def curvature_squared(q, R, kappa, beta, cost, step=2e-3):
    """⟨(∂² ln f/∂ω²)²⟩ by differences of fourth order."""
    step *= np.sqrt(1 - q)

    def second(omega):
        at = [log_f(omega + k * step, 1 - q, kappa, beta, cost) for k in (-2, -1, 0, 1, 2)]
        return ((16 * (at[1] + at[3]) - at[0] - at[4] - 30 * at[2]) / (12 * step**2)) ** 2

    return pattern(second, q, R, kappa)


def nishimori_curve(q_hat):
    """(α, entropy) of weights ±1 that learn from a teacher at q = R, by plain panels."""
    q = field_average(np.tanh, q_hat, q_hat)
    gap = field_average(lambda h: np.cosh(h) ** -2, q_hat, q_hat)

    def G(u):
        return np.exp(-u * u / 2 - log_ndtr(-u)) / np.sqrt(2 * np.pi)

    spread = np.sqrt(gap)
    force = pattern(lambda w: G(-w / spread) ** 2, q, q, 0.0)
    log_H = pattern(lambda w: log_ndtr(w / spread), q, q, 0.0)
    alpha = q_hat * gap / force

    def log_2cosh(h):
        return np.abs(h) + np.log1p(np.exp(-2 * np.abs(h)))

    spins = field_average(log_2cosh, q_hat, q_hat)
    return alpha, -0.5 * q_hat * (1 - q) - q_hat * q + spins + alpha * log_H


def teacher_limit(kappa, model):
    """The largest load that keeps a teacher's patterns, by adaptive quadrature."""

    def moments(gamma):
        def normal(z):
            return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)

        spread = 1 / np.sqrt(1 + gamma**2)
        first = quad(lambda z: normal(z) * (kappa - z * spread), -12, kappa / spread)[0]
        second = quad(
            lambda z: normal(z) * 2 * ndtr(gamma * z) * (kappa - z) ** 2,
            -12,
            kappa,
            points=[0.0],
            epsabs=0,
            epsrel=1e-12,
        )[0]
        return np.sqrt(2 / np.pi) * first, second

    def loads(gamma):
        first, second = moments(gamma)
        R = gamma / np.sqrt(1 + gamma**2)
        if model == "spherical":
            return (1 - R * R) / second, R / first
        rho = np.sqrt(2) * erfinv(R)
        density = np.exp(-rho * rho / 2) / np.sqrt(2 * np.pi)
        return 4 * density**2 / second, 2 * rho * density / first

    gamma = brentq(lambda g: np.subtract(*loads(g)), 1e-3, 40, xtol=1e-13)
    return loads(gamma)[0]
