"""The local entropy's functional, straight from its definition: nested sums over every field."""

from math import comb

import numpy as np
from scipy.special import log_ndtr

Z, W = np.polynomial.hermite_e.hermegauss(70)
W = W / np.sqrt(2 * np.pi)
FINE_Z, FINE_W = np.polynomial.hermite_e.hermegauss(200)
FINE_W = FINE_W / np.sqrt(2 * np.pi)
X, V = np.polynomial.legendre.leggauss(90)


def beyond(u):
    """Nodes and weights of a standard normal that is known to exceed u (mean over it)."""
    # x = u + y up to nine widths, weight the density over its own sum
    y = 5.5 * (X + 1)
    weight = V * np.exp(-0.5 * y * y - u[..., None] * y)
    return u[..., None] + y, weight / weight.sum(axis=-1, keepdims=True)


def pattern_part(q_ref, margin, kappa, p, q, t):
    """⟨ln H⟩ over z, over the reference's own x beyond its margin, and over y."""
    z, y = Z, Z
    x, weight = beyond((margin - np.sqrt(q_ref) * z) / np.sqrt(1 - q_ref))
    a, b = t / np.sqrt(q_ref), (p - t) / np.sqrt(1 - q_ref)
    c = np.sqrt(q - a * a - b * b)
    h = a * z[:, None, None] + b * x[:, :, None] + c * y
    values = log_ndtr(-(kappa - h) / np.sqrt(1 - q)) @ W
    return float(W @ (weight * values).sum(axis=-1))


def spin_part(q_ref_hat, q_hat, t_hat, p_hat):
    """⟨ln 2cosh h⟩ over z, the reference's spin in its field, and y."""
    root, z, y = np.sqrt(q_ref_hat), FINE_Z[:, None], FINE_Z
    total = 0.0
    for spin in (1, -1):
        weight = 1 / (1 + np.exp(-2 * spin * root * FINE_Z))
        h = t_hat / root * z + np.sqrt(q_hat - t_hat**2 / q_ref_hat) * y + (p_hat - t_hat) * spin
        total += FINE_W @ (weight * (np.logaddexp(h, -h) @ FINE_W))
    return float(total)


def binary_functional(ref, alpha, kappa, p, q, t, q_hat, t_hat, p_hat):
    """To be stationary in the last five; ``ref`` is the saddle point of the reference."""
    return (
        -0.5 * q_hat * (1 - q)
        - p_hat * p
        + t_hat * t
        + spin_part(float(ref.q_hat), q_hat, t_hat, p_hat)
        + alpha * pattern_part(float(ref.q), float(ref.kappa), kappa, p, q, t)
    )


def spherical_functional(ref, alpha, kappa, p, q, t, copies=1e-7):
    """To be stationary in q and t: the log-volume from determinants of overlap matrices.

    Replicas are counted: n references and s weights, and the entropy is what is linear in s as
    n → 0.  The determinant of such a matrix is a polynomial identity, taken here at small n, s by
    its distinct eigenvalues.
    """
    q_ref, n, s = float(ref.q), copies, copies
    # the symmetric part of (reference 1, other references, weights), by multiplicity
    matrix = np.array(
        [
            [1, (n - 1) * q_ref, s * p],
            [q_ref, 1 + (n - 2) * q_ref, s * t],
            [p, (n - 1) * t, 1 + (s - 1) * q],
        ]
    )
    alone = np.array([[1, (n - 1) * q_ref], [q_ref, 1 + (n - 2) * q_ref]])
    rise = np.log(np.linalg.det(matrix)) - np.log(np.linalg.det(alone)) - np.log1p(-q)
    volume = 0.5 * (np.log1p(-q) + rise / s)
    return volume + alpha * pattern_part(q_ref, float(ref.kappa), kappa, p, q, t)


def enumerate_around(n, patterns, kappa, picks, samples, rng):
    """Mean over samples of ln(solutions at distance k / all weights there), and its error.

    All 2ⁿ binary weights are tried; references are ``picks`` random solutions of each sample.
    Distances at which a reference has no solution make the mean −∞.
    """
    means = []
    size = 2**n
    weights = np.arange(size, dtype=np.uint32)
    flips = np.array([bin(i).count("1") for i in range(2**11)], dtype=np.uint8)
    while len(means) < samples:
        ok = np.ones(size, dtype=bool)
        for xi in rng.standard_normal((patterns, n)):
            fields = np.zeros(1)
            for part in xi:
                fields = np.concatenate((fields - part, fields + part))
            ok &= fields >= kappa * np.sqrt(n)
        solutions = weights[ok]
        if not len(solutions):
            continue
        rows = []
        for reference in rng.choice(solutions, picks):
            apart = solutions ^ reference
            distance = flips[apart & 2047].astype(int) + flips[apart >> 11]
            rows.append(np.bincount(distance, minlength=n + 1))
        with np.errstate(divide="ignore"):
            means.append(np.log(rows).mean(axis=0))
    everything = np.array([np.log(float(comb(n, k))) for k in range(n + 1)])
    means = np.array(means) - everything
    with np.errstate(invalid="ignore"):
        return means.mean(axis=0), means.std(axis=0, ddof=1) / np.sqrt(len(means))


def sample_sphere_around(n, patterns, kappa, margin, p, tries, samples, rng):
    """Mean over samples of ln(part of the sphere at overlap p that keeps the margin), its error.

    In the space that the patterns span everything else is rotation: the reference's fields are
    drawn until they keep their margin, then weights at overlap p with it.
    """
    means = []
    while len(means) < samples:
        xi = rng.standard_normal((patterns, n))
        draws = rng.standard_normal((2**patterns * 20, n))
        draws /= np.linalg.norm(draws, axis=1, keepdims=True)
        good = np.flatnonzero(((draws @ xi.T) >= margin).all(axis=1))
        if not len(good):
            continue
        reference = draws[good[0]]
        others = rng.standard_normal((tries, n))
        others -= (others @ reference)[:, None] * reference
        others /= np.linalg.norm(others, axis=1, keepdims=True)
        weights = p * reference + np.sqrt(1 - p * p) * others
        share = ((weights @ xi.T) >= kappa).all(axis=1).mean()
        if share > 0:
            means.append(np.log(share))
    means = np.array(means)
    return means.mean(), means.std(ddof=1) / np.sqrt(len(means))
