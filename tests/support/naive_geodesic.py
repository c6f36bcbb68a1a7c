"""Geodesics between perceptron solutions, slowly: plain grids, drawn fields, drawn solutions."""

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import norm


def common_pull(q_1, kappa_1, q_2, kappa_2, p, points=240):
    """⟨G(u₁)G(u₂)⟩ by the trapezoidal rule on a square of two independent normals."""
    z = np.linspace(-9, 9, points)
    weight = norm.pdf(z) * (z[1] - z[0])
    rho = p / np.sqrt(q_1 * q_2)
    z_2 = rho * z[:, None] + np.sqrt(max(0.0, 1 - rho**2)) * z
    u_1 = (kappa_1 - np.sqrt(q_1) * z) / np.sqrt(1 - q_1)
    u_2 = (kappa_2 - np.sqrt(q_2) * z_2) / np.sqrt(1 - q_2)
    mills = [np.exp(norm.logpdf(u) - norm.logsf(u)) for u in (u_1, u_2)]
    return weight @ (mills[0] * (mills[1] @ weight))


def norm_of(gamma, p):
    return np.sqrt(gamma**2 + (1 - gamma) ** 2 + 2 * gamma * (1 - gamma) * p)


def error_rate(gamma, kappa, q_1, kappa_1, q_2, kappa_2, p, points=100, order=20):
    """The integral over both z and over the triangle of both fields, as it stands."""
    limit = kappa * norm_of(gamma, p)
    room = limit - gamma * kappa_1 - (1 - gamma) * kappa_2
    if room <= 0:
        return 0.0
    x, w = np.polynomial.legendre.leggauss(order)
    x, w = 0.5 * (x + 1), 0.5 * w
    # h₁ and h₂ of the triangle's points, by Duffy's map of a square
    share = room * x[:, None]
    h_1 = kappa_1 + (share * (1 - x) / gamma).ravel()
    h_2 = kappa_2 + (share * x / (1 - gamma)).ravel()
    area = (w[:, None] * w * share * room / gamma / (1 - gamma)).ravel()

    z = np.linspace(-9, 9, points)
    weight = norm.pdf(z) * (z[1] - z[0])
    rho = min(1.0, p / np.sqrt(q_1 * q_2))
    common, own = z, z if rho < 1 else np.zeros(1)
    inner = weight if rho < 1 else np.ones(1)
    z_2 = rho * common[:, None] + np.sqrt(1 - rho**2) * own

    def density(h, q, kappa, z):
        spread = np.sqrt(1 - q)
        centre = np.sqrt(q) * z[..., None]
        return norm.pdf((h - centre) / spread) / spread / norm.sf((kappa - centre) / spread)

    second = np.einsum("y,zyt->zt", inner, density(h_2, q_2, kappa_2, z_2))
    return weight @ (density(h_1, q_1, kappa_1, common) * second @ area)


def drawn_fields(rng, q_1, kappa_1, q_2, kappa_2, p, count):
    """Fields of both solutions under ``count`` patterns, by inverting their distributions."""
    rho = min(1.0, p / np.sqrt(q_1 * q_2))
    z = rng.standard_normal((2, count))
    z[1] = rho * z[0] + np.sqrt(1 - rho**2) * z[1]
    fields = []
    for q, kappa, common in ((q_1, kappa_1, z[0]), (q_2, kappa_2, z[1])):
        centre, spread = np.sqrt(q) * common, np.sqrt(1 - q)
        left = ndtr((centre - kappa) / spread)  # of the normal, what is not cut off
        fields.append(centre - spread * ndtri(left * rng.random(count)))
    return fields


def drawn_error_rate(rng, gamma, kappa, *pair, count=400_000):
    """Mean and standard error of the fraction of errors among drawn fields."""
    h_1, h_2 = drawn_fields(rng, *pair, count)
    wrong = gamma * h_1 + (1 - gamma) * h_2 < kappa * norm_of(gamma, pair[-1])
    return wrong.mean(), wrong.std() / np.sqrt(count)


def drawn_solutions(rng, patterns, margins, steps, keep_every, burn=0.2):
    """Solutions of negative margins on the sphere |w|² = N, by hit and run along great circles.

    ``patterns`` (samples, P, N); one chain for every sample and margin.  A step draws angles
    uniformly on a random great circle until one keeps the margin, at most 60: the chance that none
    does is the same from all points of the circle, so the uniform measure stays.
    Yields (samples, margins, N) every ``keep_every`` steps.
    """
    samples, _, n = patterns.shape
    margins = np.asarray(margins)[None, :, None]
    # far from all patterns at first: the least squares solution of equal stabilities
    w = np.stack([np.linalg.lstsq(x, np.ones(len(x)), rcond=None)[0] for x in patterns])
    w = np.repeat(w[:, None], margins.size, axis=1)
    w *= np.sqrt(n) / np.linalg.norm(w, axis=-1, keepdims=True)
    scaled = patterns.transpose(0, 2, 1) / np.sqrt(n)
    for step in range(steps):
        v = rng.standard_normal(w.shape)
        v -= w * (v * w).sum(axis=-1, keepdims=True) / n
        v *= np.sqrt(n) / np.linalg.norm(v, axis=-1, keepdims=True)
        field, turned = w @ scaled, v @ scaled
        angle = np.zeros(w.shape[:2])
        waiting = np.ones(w.shape[:2], dtype=bool)
        for _ in range(60):
            tried = rng.uniform(0, 2 * np.pi, w.shape[:2])
            cos, sin = np.cos(tried)[..., None], np.sin(tried)[..., None]
            good = waiting & (cos * field + sin * turned >= margins).all(axis=-1)
            angle[good] = tried[good]
            waiting &= ~good
            if not waiting.any():
                break
        w = np.cos(angle)[..., None] * w + np.sin(angle)[..., None] * v
        w *= np.sqrt(n) / np.linalg.norm(w, axis=-1, keepdims=True)
        if step >= burn * steps and step % keep_every == 0:
            yield w
