"""The perceptron's saddle points, slowly: adaptive quadrature, damped iteration, many digits."""

import mpmath as mp
import numpy as np
from scipy.integrate import quad
from scipy.special import log_ndtr


def G(u):
    """The normal density over its tail, from logarithms."""
    return np.exp(-0.5 * u * u - log_ndtr(-u)) / np.sqrt(2 * np.pi)


def over_normal(f, around=0.0, width=1.0, precision=1e-11):
    """∫Dz f(z) by adaptive quadrature that is told where f is sharp."""
    edges = np.clip([around + width * k for k in (-30, -8, -2, 0, 2, 8, 30)], -12, 12)
    edges = np.unique([-12.0, -4.0, 0.0, 4.0, 12.0, *edges])
    values = [
        quad(lambda z: f(z) * np.exp(-z * z / 2), a, b, epsabs=0, epsrel=precision, limit=200)[0]
        for a, b in zip(edges, edges[1:], strict=False)
    ]
    return sum(values) / np.sqrt(2 * np.pi)


def over_patterns(f, q, kappa):
    """∫Dz f(u(z)) with u = (κ − √q z)/√(1 − q)."""
    root, spread = np.sqrt(q), np.sqrt(1 - q)
    return over_normal(lambda z: f((kappa - root * z) / spread), kappa / root, spread / root)


def log_fraction(q, kappa):
    """⟨ln H⟩."""
    return over_patterns(lambda u: log_ndtr(-u), q, kappa)


def spherical_functional(q, alpha, kappa):
    """Gardner's replica-symmetric entropy at any q, to be stationary in it."""
    return 0.5 * np.log1p(-q) + 0.5 * q / (1 - q) + alpha * log_fraction(q, kappa)


def log_2cosh(h):
    return np.abs(h) + np.log1p(np.exp(-2 * np.abs(h)))


def binary_functional(q, q_hat, alpha, kappa):
    """Gardner and Derrida's replica-symmetric entropy at any q, q̂, to be stationary in both."""
    root = np.sqrt(q_hat)
    count = over_normal(lambda z: log_2cosh(root * z), 0.0, 1 / root)
    return -0.5 * q_hat * (1 - q) + count + alpha * log_fraction(q, kappa)


def iterate(alpha, kappa, model, rounds=400):
    """(q, q̂) where the saddle equations, taken in turn from q = ½, come to rest."""
    q = 0.5
    for _ in range(rounds):
        q_hat = alpha / (1 - q) * over_patterns(lambda u: G(u) ** 2, q, kappa)
        if model == "binary":
            root = np.sqrt(q_hat)
            new = over_normal(lambda z, r=root: np.tanh(r * z) ** 2, 0.0, 1 / root)
        else:  # q/(1−q)² = q̂
            new = 1 - 2 / (1 + np.sqrt(1 + 4 * q_hat))
        if abs(new - q) < 1e-12:
            break
        q = new
    return q, q_hat


def split_growth(q, q_hat, alpha, kappa, model, split):
    """How a split of the replicas into groups, of overlap q + split inside, is multiplied.

    Groups differ by the variance that a pattern's pull G/√(1 − q) has when the split is drawn
    apart; passed back through the weights this is a split again.  First derivatives only.
    """
    root, spread = np.sqrt(q), np.sqrt(1 - q)

    def variance(f, step):
        """Of f(y) for y = ±step: two points do for a small step."""
        return 0.25 * (f(step) - f(-step)) ** 2

    pulls = over_normal(
        lambda z: variance(lambda y: G((kappa - root * z - y) / spread), np.sqrt(split)),
        kappa / root,
        spread / root,
        precision=1e-7,
    )
    passed = alpha * pulls / (1 - q)
    if model == "spherical":
        return passed * (1 - q) ** 2 / split
    field = np.sqrt(q_hat)
    back = over_normal(
        lambda z: variance(lambda y: np.tanh(field * z + y), np.sqrt(passed)), 0.0, 1 / field, 1e-7
    )
    return back / split


def pattern_averages(q, gap, kappa):
    """⟨G²⟩, ⟨G'²⟩, ⟨ln H + ½G²⟩ with 70 digits; give q or gap = 1 − q as None."""
    with mp.workdps(70):
        q = 1 - mp.mpf(gap) if q is None else mp.mpf(q)
        gap, kappa = 1 - q, mp.mpf(kappa)
        centre, width = kappa / mp.sqrt(q), mp.sqrt(gap / q)
        low = -10 + min(int(kappa), 0)
        rungs = [-12, -8, -4, 0, 4, *(8 * 4**k for k in range(20))]
        edges = [mp.mpf(k) for k in range(low, 11, 2)] + [centre - width * k for k in rungs]
        edges = sorted({edge for edge in edges if low <= edge <= 10})
        totals = [mp.mpf(0)] * 3
        for a, b in zip(edges, edges[1:], strict=False):
            for x, weight in _nodes():
                z = (a + b) / 2 + (b - a) / 2 * x
                u = (kappa - mp.sqrt(q) * z) / mp.sqrt(gap)
                H = mp.erfc(u / mp.sqrt(2)) / 2
                pull = mp.npdf(u) / H
                values = pull**2, (pull * (pull - u)) ** 2, mp.log(H) + pull**2 / 2
                share = weight * (b - a) / 2 * mp.npdf(z)
                totals = [total + share * v for total, v in zip(totals, values, strict=True)]
        return [float(total) for total in totals]


def _nodes():
    """24 Gauss–Legendre nodes."""
    return mp.calculus.quadrature.GaussLegendre(mp.mp).get_nodes(-1, 1, 4, 240)
