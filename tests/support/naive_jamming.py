"""Replica-symmetry breaking at jamming, slowly: sums over dense grids, no closed forms."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp


def _panels(edges):
    """Twenty Gauss–Legendre nodes between neighbouring ``edges`` (last axis), and their weights."""
    x, w = np.polynomial.legendre.leggauss(20)
    half = 0.5 * np.diff(edges)[..., None]
    nodes = 0.5 * (edges[..., 1:] + edges[..., :-1])[..., None] + half * x
    shape = (*edges.shape[:-1], -1)
    return nodes.reshape(shape), (half * w).reshape(shape)


def one_step_load(q, c, kappa):
    """The capacity of one step from q on of height c, both Gaussian averages by quadrature."""
    gap = 1 - q
    z, weight = _panels(np.linspace(-10, 10, 11))
    weight = weight * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    shift = kappa - np.sqrt(q) * z
    edges = np.broadcast_to(np.arange(-40.0, 41.0, 2.5), (len(z), 33))
    kink = np.clip(shift / np.sqrt(gap), -40, 40)[:, None]
    inner, inner_weight = _panels(np.sort(np.concatenate((edges, kink), axis=1), axis=1))
    lack = np.maximum(shift[:, None] - np.sqrt(gap) * inner, 0)
    logs = -0.5 * inner**2 - 0.5 * c * lack**2
    F = logsumexp(logs, b=inner_weight / np.sqrt(2 * np.pi), axis=1) / c
    gain = 0.5 * (np.log(1 + c * gap) / c + q / (1 + c * gap))
    return gain / -(weight @ F)


def one_step_capacity(kappa, guess):
    """Its minimum over both, by Nelder and Mead, which needs no slopes."""
    found = minimize(
        lambda v: one_step_load(1 / (1 + np.exp(-v[0])), np.exp(v[1]), kappa),
        guess,
        method="Nelder-Mead",
        options={"xatol": 1e-5, "fatol": 1e-12, "maxiter": 600},
    )
    return float(found.fun)


def staircase_load(gap, height, kappa, step=0.01):
    """The capacity of any staircase, F on one dense grid of h and every average a plain sum.

    The kink leaves an error of step³ or so.
    """
    h = np.arange(-14.0, 14.0, step)
    F = -0.5 * np.maximum(kappa - h, 0) ** 2
    q = np.append(1 - np.asarray(gap), 1.0)
    for start, end, c in zip(q[-2::-1], q[:0:-1], height[::-1], strict=True):
        kernel = np.exp(-0.5 * (h[:, None] - h) ** 2 / (end - start))
        kernel /= np.sqrt(2 * np.pi * (end - start)) / step
        with np.errstate(divide="ignore"):
            F = np.log(kernel @ np.exp(c * F) + 1e-300) / c
    cost = -(np.exp(-0.5 * h**2 / q[0]) @ F) * step / np.sqrt(2 * np.pi * q[0])
    grid = np.linspace(0, 1, 400001)
    c = np.concatenate(([0.0], height))[np.searchsorted(q[:-1], grid, side="right")]
    to_come = np.append(np.cumsum((0.5 * (c[1:] + c[:-1]))[::-1])[::-1], 0) * grid[1]
    return 0.5 * np.trapezoid(1 / (1 + to_come), grid) / cost
