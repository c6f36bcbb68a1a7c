"""A walk whose kicks follow the ones before, watched once a step at the end of a half line."""

import numpy as np
from scipy.sparse import csr_array, eye_array
from scipy.sparse.linalg import splu
from scipy.special import ndtr


def extrapolation_length(momentum: float, width: float = 3.0, nodes: int = 8) -> float:
    """λ(β) in units of the long-time kick σ/(1 − β), from H(z, z_before) = E[H(z', z)].

    Inwards z; v' = βv + ξ.  The state is a pair of successive places on Gauss nodes up to 16 mean
    free paths, beyond which H = z + βv/(1 − β) + λ, with v the last way inwards.
    """
    spread = 1 / np.sqrt(1 - momentum**2)
    depth, reach = max(20.0, 16 * spread / (1 - momentum)), 7 * spread
    x, w = np.polynomial.legendre.leggauss(nodes)
    edges = np.linspace(0, depth, int(np.ceil(depth / width)) + 1)
    half, centre = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    z, weight = (centre + half * x).ravel(), (half * w).ravel()
    low, high = np.searchsorted(z, z - reach), np.searchsorted(z, z + reach)
    offset = np.concatenate([[0], np.cumsum(high - low)])
    now = np.repeat(np.arange(len(z)), high - low)
    before = np.arange(offset[-1]) - offset[now] + low[now]
    mean = z[now] + momentum * (z[now] - z[before])
    first = np.maximum(np.searchsorted(z, mean - 8.2), low[now])
    count = np.maximum(np.minimum(np.searchsorted(z, mean + 8.2), high[now]) - first, 0)
    row = np.repeat(np.arange(offset[-1]), count)
    starts = np.cumsum(count) - count
    after = np.arange(count.sum()) - starts[row] + first[row]
    column = offset[after] + now[row] - low[after]
    value = weight[after] * np.exp(-0.5 * (z[after] - mean[row]) ** 2) / np.sqrt(2 * np.pi)
    size = (offset[-1], offset[-1])
    solved = splu((eye_array(offset[-1]) - csr_array((value, (row, column)), size)).tocsc())
    # beyond the depth: ∫ φ (z' + b(z' − z) + λ) dz'
    gap, b = depth - mean, momentum / (1 - momentum)
    chance, bell = ndtr(-gap), np.exp(-0.5 * gap**2) / np.sqrt(2 * np.pi)
    plain = solved.solve((1 + b) * (mean * chance + bell) - b * z[now] * chance)
    shift = solved.solve(chance)
    at = int(np.argmin(np.abs(z - 0.7 * depth)))
    rest = offset[at] + at - low[at]  # both places the same: no way
    return float((z[at] - plain[rest]) / (shift[rest] - 1) * (1 - momentum))
