r"""How long a chain remembers, and whether several chains tell the same story.

The integrated autocorrelation time of a series is τ = 1 + 2 Σ_t ρ(t), in its own steps: n steps are
worth n/τ independent ones.  The sum ends at the first window t ≥ 5 τ(t), beyond which it would add
noise alone.  A. Sokal, in Functional Integration (1997), section 3.

R-hat compares m chains of n steps: W the mean of their variances, B the variance of their means,

.. math:: \hat R^2 = \frac{n-1}{n} + \frac{B}{W}.

A. Gelman and D. B. Rubin, Stat. Sci. 7, 457 (1992).
"""

import numpy as np

from ...theory.estimate import Array

WINDOW = 5.0  # autocorrelation times, Sokal's choice


def autocorrelation_time(series: Array) -> Array:
    """τ of each series along the last axis; NaN where nothing varies.

    Values that alternate make up for each other; negative times count as none.

    >>> autocorrelation_time(np.tile([1.0, -1.0], 50)).item()
    0.0
    """
    n = series.shape[-1]
    apart = series - series.mean(axis=-1, keepdims=True)
    power = abs(np.fft.rfft(apart, 2 * n, axis=-1)) ** 2
    lagged = np.fft.irfft(power, axis=-1)[..., :n]
    with np.errstate(divide="ignore", invalid="ignore"):
        tau = 2 * np.cumsum(lagged / lagged[..., :1], axis=-1) - 1
    enough = np.arange(n) >= WINDOW * tau
    enough[..., -1] = True
    window = np.argmax(enough, axis=-1)[..., None]
    found = np.take_along_axis(tau, window, axis=-1)[..., 0]
    return np.where(series.std(axis=-1) > 0, np.maximum(found, 0.0), np.nan)


def r_hat(means: Array, variances: Array, steps: int) -> Array:
    """R̂ of chains along the last axis, from their means and variances; NaN where nothing varies.

    >>> r_hat(np.array([0.0, 2.0]), np.array([1.0, 1.0]), 10**9).round(6).item()
    1.732051
    """
    within, between = variances.mean(axis=-1), means.var(axis=-1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(within > 0, np.sqrt((steps - 1) / steps + between / within), np.nan)
