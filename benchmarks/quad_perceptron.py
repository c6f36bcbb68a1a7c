"""The perceptron as a paper's script solves it: scipy's quad, iterated equations, a damping.

The yardstick of ``benchmarks/perceptron.py``.  Every average is an adaptive quadrature over a
standard normal; the saddle equations are taken in turn until they move by less than 1e-10.
"""

import numpy as np
from scipy.integrate import dblquad, quad
from scipy.optimize import brentq
from scipy.special import log_ndtr

DAMPING = 0.5
REACH = 8.0
ROOT = np.sqrt(2 * np.pi)


def G(u):
    """The normal density over its tail."""
    return np.exp(-0.5 * u * u - log_ndtr(-u)) / ROOT


def average(f):
    """∫Dz f(z)."""
    return quad(lambda z: f(z) * np.exp(-0.5 * z * z) / ROOT, -REACH, REACH)[0]


def average2(f):
    """∫Dz Dy f(z, y)."""

    def weighed(y, z):
        return f(z, y) * np.exp(-0.5 * (z * z + y * y)) / (2 * np.pi)

    return dblquad(weighed, -REACH, REACH, -REACH, REACH, epsabs=1e-9, epsrel=1e-7)[0]


def saddle(alpha, kappa, model, q=0.5):
    """(q, q̂, entropy) where the equations, started from ``q``, come to rest."""
    for _ in range(10_000):
        q_hat = alpha / (1 - q) * average(lambda z, q=q: G(argument(z, q, kappa)) ** 2)
        if model == "binary":
            new = average(lambda z, h=q_hat: np.tanh(np.sqrt(h) * z) ** 2)
        else:
            new = q_hat * (1 - q) ** 2
        new = DAMPING * new + (1 - DAMPING) * q
        if abs(new - q) < 1e-10:
            break
        q = new
    energetic = alpha * average(lambda z: log_ndtr(-argument(z, q, kappa)))
    if model == "spherical":
        return q, q_hat, 0.5 * np.log(1 - q) + 0.5 * q / (1 - q) + energetic
    spins = average(lambda z: np.logaddexp(np.sqrt(q_hat) * z, -np.sqrt(q_hat) * z))
    return q, q_hat, -0.5 * q_hat * (1 - q) + spins + energetic


def argument(z, q, kappa):
    """(κ − √q z)/√(1 − q)."""
    return (kappa - np.sqrt(q) * z) / np.sqrt(1 - q)


def local_entropy(distance, alpha, kappa, start=None, tolerance=1e-7):
    """(Franz--Parisi entropy, (q, t)) of binary weights around a typical solution of the margin.

    Iterates q and t at fixed overlap p = 1 − 2d; p̂ is found by a root search every time.
    """
    reference, reference_hat, _ = saddle(alpha, kappa, "binary")
    p = 1 - 2 * distance
    # a clone that follows the reference alone has t = p q̃ and q = p²
    q, t = start or (0.5 * (1 + p * p), p * reference)
    for _ in range(1000):
        patterns = Patterns(reference, p, q, t, kappa)
        q_hat = alpha * patterns.mean(lambda g, _: g * g)
        t_hat = alpha * patterns.mean(lambda g, other: g * other)
        spins = Spins(reference_hat, q_hat, t_hat, p)
        new = spins.mean(lambda m, _, __: m * m), spins.mean(lambda m, other, _: m * other)
        moved = max(abs(new[0] - q), abs(new[1] - t))
        q, t = DAMPING * new[0] + (1 - DAMPING) * q, DAMPING * new[1] + (1 - DAMPING) * t
        if moved < tolerance:
            break
    free = spins.mean_log() + alpha * patterns.mean_log()
    return -0.5 * q_hat * (1 - q) - spins.p_hat * p + t_hat * t + free, (q, t)


class Patterns:
    """Averages over a pattern that the reference satisfies."""

    def __init__(self, reference, p, q, t, kappa):
        self.reference, self.q, self.kappa = reference, q, kappa
        self.a, self.b = t / np.sqrt(reference), (p - t) / np.sqrt(1 - reference)
        self.gamma = np.sqrt(q - self.a**2)
        self.spread = np.sqrt((1 - reference) * (1 - self.b**2 / self.gamma**2))

    def _over(self, f):
        def weighed(z, tau):
            common = self.kappa - np.sqrt(self.reference) * z
            own = (common - np.sqrt(1 - self.reference) * self.b * tau / self.gamma) / self.spread
            other = common / np.sqrt(1 - self.reference)
            u = (self.kappa - self.a * z - self.gamma * tau) / np.sqrt(1 - self.q)
            return np.exp(log_ndtr(-own) - log_ndtr(-other)) * f(u, other)

        return average2(weighed)

    def mean(self, f):
        """⟨f(pull on the weights, pull on another reference)⟩."""
        scale, other_scale = np.sqrt(1 - self.q), np.sqrt(1 - self.reference)
        return self._over(lambda u, other: f(G(u) / scale, G(other) / other_scale))

    def mean_log(self):
        """⟨ln H⟩."""
        return self._over(lambda u, _: log_ndtr(-u))


class Spins:
    """Averages over a weight next to one of the reference; p̂ is such that ⟨σ̃ tanh⟩ = p."""

    def __init__(self, reference_hat, q_hat, t_hat, p):
        self.root = np.sqrt(reference_hat)
        self.t_hat, self.a = t_hat, t_hat / self.root
        self.b = np.sqrt(max(q_hat - self.a**2, 0.0))
        self.p_hat = brentq(self._excess(p), -20.0, 20.0, xtol=1e-10)

    def _excess(self, p):
        def excess(p_hat):
            self.p_hat = p_hat
            return self.mean(lambda m, _, sign: sign * m) - p

        return excess

    def _over(self, f):
        def both(z, y):
            total = 0.0
            for sign in (1.0, -1.0):
                weight = 1 / (1 + np.exp(-2 * sign * self.root * z))
                field = self.a * z + self.b * y + (self.p_hat - self.t_hat) * sign
                total += weight * f(field, np.tanh(self.root * z), sign)
            return total

        return average2(both)

    def mean(self, f):
        """⟨f(tanh, tanh of another reference, sign of the reference)⟩."""
        return self._over(lambda field, other, sign: f(np.tanh(field), other, sign))

    def mean_log(self):
        """⟨ln 2cosh⟩."""
        return self._over(lambda field, _, __: np.logaddexp(field, -field))
