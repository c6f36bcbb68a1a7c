"""Both coordinates of a valley at once, as a plain Markov chain: no averaging, no expansion."""

import numpy as np
from numpy.typing import NDArray

from entropic.theory import Noise, Valley

Array = NDArray[np.float64]


def panels(low: float, high: float, width: float) -> tuple[Array, Array]:
    count = max(4, int(np.ceil((high - low) / width)))
    x, w = np.polynomial.legendre.leggauss(4)
    edges = np.linspace(low, high, count + 1)
    half, centre = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    return (centre + half * x).ravel(), (half * w).ravel()


def whole_chain_exit(
    valley: Valley,
    noise: Noise,
    heat: float,
    step: float,
    interval: tuple[float, float],
    start: float,
    mirror: str | None = None,
) -> float:
    """Mean exit time of Euler's steps for one fast direction, |x| and y on quadrature nodes.

    Watched once a step; mirror: the end, "left" or "right", that turns y back.
    """
    assert valley.fast_dims == 1
    low, high = interval
    kick = np.sqrt(2 * heat * step)
    y, wy = panels(low, high, 1.2 * kick)

    def spread(at: Array) -> Array:
        return np.sqrt(noise.variance(np.asarray(valley.stiffness(at)), step))

    shake = np.sqrt(2 * step * noise.strength(np.asarray(valley.stiffness(y))))
    x, wx = panels(0, 6 * spread(y).max(), 0.8 * shake.min())

    def bell(gap: Array, width: Array | float) -> Array:
        return np.asarray(np.exp(-0.5 * (gap / width) ** 2) / (np.sqrt(2 * np.pi) * width))

    def kernel(x0: Array, y0: Array) -> Array:
        """(starts, x, y): what a step takes a start to, with its weights."""
        g = np.asarray(valley.stiffness(y0))
        middle = ((1 - step * g) * x0)[:, None]
        width = np.sqrt(2 * step * noise.strength(g))[:, None]
        across = (bell(x - middle, width) + bell(x + middle, width)) * wx
        force = -valley.energy.derivative(y0) - 0.5 * valley.stiffness.derivative(y0) * x0**2
        ahead = (y0 + step * force)[:, None]
        along = bell(y - ahead, kick)
        if mirror is not None:
            along += bell(2 * (low if mirror == "left" else high) - y - ahead, kick)
        return np.asarray(across[:, :, None] * (along * wy)[:, None, :])

    everywhere = (grid.ravel() for grid in np.meshgrid(x, y, indexing="ij"))
    size = len(x) * len(y)
    chain = kernel(*everywhere).reshape(size, size)
    steps = np.linalg.solve(np.eye(size) - chain, np.ones(size))
    at = np.full(len(x), start)
    ahead = 1 + kernel(x, at).reshape(len(x), size) @ steps
    return float(step * (2 * wx * bell(x, spread(at))) @ ahead)
