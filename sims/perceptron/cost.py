r"""What a pattern costs, how hard it pulls, and how far it may be pushed for now.

With the energies v(Δ) of :mod:`.measured`.  Boltzmann's weight of one pattern is an average over
hard constraints,

.. math:: e^{-\beta v(\Delta)} = \int_0^\infty dx\, e^{-x}\, \Theta(x - \beta v(\Delta)),

so that, for weights at equilibrium, x = βv(Δ) + an exponential variable has the law of x given the
weights, and then v(Δ) ≤ x/β, which is Δ ≥ κ − v⁻¹(x/β), is all that x asks of them: a floor.
(This is slice sampling, a slice for every pattern.)
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...theory.estimate import Array


def cost(stabilities: NDArray[Any], kappa: float, energy: str) -> NDArray[Any]:
    """The cost v(Δ), of the shape of the stabilities.

    >>> [cost(np.array([-1.0]), 1.0, name).item() for name in ("count", "hinge", "quadratic")]
    [1.0, 2.0, 2.0]
    """
    if energy == "count":
        return np.asarray((stabilities < kappa).astype(stabilities.dtype))
    short = np.maximum(kappa - stabilities, 0)
    return np.asarray(short if energy == "hinge" else 0.5 * short * short)


def pull(stabilities: NDArray[Any], kappa: float, energy: str) -> NDArray[Any]:
    """How strongly a pattern pulls, −v′(Δ); the count of misses has none."""
    if energy == "hinge":
        return np.asarray((stabilities < kappa).astype(stabilities.dtype))
    return np.asarray(np.maximum(kappa - stabilities, 0))


def floors(
    rng: np.random.Generator, stabilities: Array, kappa: float, beta: float, energy: str
) -> Array:
    """The least stability that each pattern is held to for now; κ itself at β = ∞."""
    if beta == np.inf or beta == 0:
        return np.full_like(stabilities, kappa if beta > 0 else -np.inf)
    level = cost(stabilities, kappa, energy) + rng.exponential(1 / beta, stabilities.shape)
    if energy == "count":
        return np.where(level < 1, kappa, -np.inf)
    return np.asarray(kappa - (level if energy == "hinge" else np.sqrt(2 * level)))
