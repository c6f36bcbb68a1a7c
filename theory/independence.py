r"""Whether chains that sample one law agree, and how many independent draws they are worth.

Every chain is cut in two halves, m of n draws.  With W the mean variance within and B/n the
variance between their means,

.. math:: \hat R = \sqrt{\frac{(n-1) W/n + B/n}{W}}

(Gelman and Rubin's ratio, of halves so that drift shows): 1 when each half has seen the whole law.
The number of effective draws is mn/τ, where τ = 1 + 2 Σ ρ_t sums the autocorrelation up to the
first pair of lags whose sum is not positive (Geyer's rule for a reversible chain).  A mean then has
the standard error √(variance/effective draws), known from few chains as well as from many.
"""

import numpy as np

from .errors import TooShort
from .estimate import Array, Estimate

SHORTEST = 4  # draws of a chain: two halves with a variance


def split_r_hat(draws: Array) -> float:
    """R-hat of ``draws`` (chains, n); 1 where nothing varies.

    >>> split_r_hat(np.array([[0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]])).__round__(4)
    0.7071
    """
    halves = _halves(draws)
    within = halves.var(axis=1, ddof=1).mean()
    between = halves.mean(axis=1).var(ddof=1)
    if within == 0:
        return 1.0 if between == 0 else np.inf
    n = halves.shape[1]
    return float(np.sqrt((n - 1) / n + between / within))


def effective_draws(draws: Array) -> float:
    """Independent draws that ``draws`` (chains, n) are worth for a mean, at most all of them."""
    halves = _halves(draws)
    m, n = halves.shape
    within = halves.var(axis=1, ddof=1).mean()
    total = (n - 1) / n * within + halves.mean(axis=1).var(ddof=1)
    if total == 0:
        return float(m * n)
    centred = halves - halves.mean(axis=1, keepdims=True)
    wave = np.fft.rfft(centred, 2 * n, axis=1)
    lagged = np.fft.irfft(np.abs(wave) ** 2, axis=1)[:, :n].mean(axis=0) / n
    correlation = 1 - (within * (n - 1) / n - lagged) / total
    pairs = correlation[: n // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0)
    pairs = pairs[: ends[0]] if len(ends) else pairs
    return float(min(m * n / max(2 * pairs.sum() - 1, 1e-12), m * n))


def mean_of_chains(draws: Array, origin: str) -> Estimate:
    """Means (m,) of ``draws`` (m, chains, n) with the errors that their effective draws leave.

    >>> float(mean_of_chains(np.array([[[0.0, 1.0] * 8] * 2]), "by hand").value[0])
    0.5
    """
    spread = [rows.var(ddof=1) / effective_draws(rows) for rows in draws]
    return Estimate(draws.mean(axis=(1, 2)), np.sqrt(spread), origin)


def _halves(draws: Array) -> Array:
    draws = np.atleast_2d(np.asarray(draws, float))
    if draws.shape[1] < SHORTEST:
        msg = f"a chain must have at least {SHORTEST} draws; it has {draws.shape[1]}"
        raise TooShort(msg, draws)
    n = draws.shape[1] // 2
    return np.concatenate([draws[:, :n], draws[:, draws.shape[1] - n :]])
