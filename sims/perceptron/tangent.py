r"""The sphere |w|² = N that spherical weights live on: directions along it.

A great circle leaves w along v with |v|² = N and v·w = 0 as w cos θ + v sin θ; the uniform measure
on the sphere is that of θ on every circle.  Arrays are of shape (replicas, N).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[Any]


def on_the_sphere(weights: Weights) -> Weights:
    """The weights, brought back to |w|² = N."""
    length = np.sqrt(np.einsum("ri,ri->r", weights, weights) / weights.shape[1])
    return np.asarray(weights / length[:, None].astype(weights.dtype))


def tangent(weights: Weights, vectors: Weights) -> Weights:
    """What is left of the vectors without their part along the weights."""
    along = np.einsum("ri,ri->r", weights, vectors) / np.einsum("ri,ri->r", weights, weights)
    return np.asarray(vectors - along[:, None] * weights)


def uniform(rng: np.random.Generator, replicas: int, size: int) -> Weights:
    """Weights drawn from the uniform measure."""
    return on_the_sphere(rng.standard_normal((replicas, size)))


def velocities(rng: np.random.Generator, weights: Weights) -> Weights:
    """Normal tangent vectors, of unit variance in each of their N − 1 directions."""
    drawn: Weights = rng.standard_normal(weights.shape, dtype=weights.dtype)
    return tangent(weights, drawn)
