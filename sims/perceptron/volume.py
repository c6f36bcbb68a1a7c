r"""The volume of the weights that keep a margin, from the pressure on its walls.

The margin is raised from where it costs nothing, κ₀ = −5, to κ.  The slope of ln V(κ) is minus the
rate at which a billiard hits its walls, measured without bias (:mod:`.billiard`); so that

.. math:: \frac{\ln V(\kappa)}{N} = - \frac1N \int_{\kappa_0}^{\kappa} \sum_\mu p_\mu(k)\,dk
          + \frac1N \sum_\mu \ln H(\kappa_0), \qquad H(-\kappa_0) \approx 3\cdot10^{-7}.

Gauss's rule on two stretches, parted at κ − 1: towards its largest margin the volume of a finite
sample vanishes like a power, and the slope has a pole soon beyond κ.  On the slope of the saddle
point's entropy it misses less than 1e-5 at α = 1 and 3e-4 at α = 1.7, κ = 0 (capacity 2).

Replicas walk down from κ: what keeps a margin keeps all below it, and each stretch of weights has
more room than the last.
"""

import threading

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import log_ndtr

from ...theory.estimate import Array
from .billiard import Billiard
from .patterns import Instance
from .tangent import Weights

FREE = -5.0  # the margin that nearly all weights keep
STRETCHES = (6, 8)  # points below and above κ − 1


def volume_points(kappa: float) -> tuple[Array, Array]:
    """Margins, falling, at which the pressure is wanted, and their weights in the integral.

    >>> margins, weights = volume_points(0.0)
    >>> round(float(weights.sum()), 12), len(margins)
    (5.0, 14)
    """
    low = min(FREE, kappa - 2)
    ends = (low, kappa - 1, kappa)
    parts = []
    for count, a, b in zip(STRETCHES, ends[:-1], ends[1:], strict=True):
        x, weight = leggauss(count)
        parts.append((0.5 * (a + b + (b - a) * x), 0.5 * (b - a) * weight))
    margins, weights = (np.concatenate(each)[::-1] for each in zip(*parts, strict=True))
    return margins, weights


def volume_entropy(
    rng: np.random.Generator,
    instance: Instance,
    weights: Weights,
    kappa: float,
    sweeps: int,
    burn_in: int,
    stop: threading.Event,
) -> float:
    """Nats per weight that the constraint leaves, from replicas (replicas, N) that keep it.

    sweeps, burn_in: trajectories of each replica at each of the 14 margins.
    """
    margins, shares = volume_points(kappa)
    total = len(instance.patterns) * float(log_ndtr(-min(FREE, kappa - 2)))
    for margin, share in zip(margins, shares, strict=True):
        billiard = Billiard(instance, weights, margin, np.inf, "count", rng)
        for _ in range(burn_in):
            if stop.is_set():
                return np.nan
            billiard.sweep()
        pressure = 0.0
        for _ in range(sweeps):
            if stop.is_set():
                return np.nan
            billiard.sweep()
            pressure += billiard.pressure
        total -= share * pressure / sweeps
        weights = billiard.weights
    return total / instance.size
