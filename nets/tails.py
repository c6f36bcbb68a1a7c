r"""How heavy the tails of the gradient noise are.

.. math:: P(|\xi| > x) \sim x^{-\alpha}, \qquad
    \hat\alpha^{-1} = \frac1k \sum_{i \le k} \ln \frac{x_{(i)}}{x_{(k+1)}}

Hill's estimator over the k largest values, with the standard error α/√k.  It presupposes a power
law: on Gaussian noise it gives a large α that grows with the number of values, not infinity, so
α ≳ 5 says no more than "no heavy tail is seen".  All coordinates of a gradient must not be pooled
into one sample, as was done when heavy tails were first reported (Simsekli, Sagun and
Gurbuzbalaban, A tail-index analysis of stochastic gradient noise, 2019): Gaussian coordinates of
very different variances look heavy-tailed together.  Here one number per sample is looked at, a
norm or a projection.
"""

import numpy as np
from numpy.typing import ArrayLike

from ..theory.errors import DomainError, TooShort
from ..theory.estimate import Estimate

FEWEST = 10  # values in a tail, below which the error is a third of α and more
SHARE = 0.1  # of the values that count as the tail: fewer are noisier, more are no tail


def tail_index(values: ArrayLike, share: float = SHARE) -> Estimate:
    """Hill's α of positive ``values`` (m,), from the largest ``share`` of them.

    Raises TooShort where these are fewer than 10; DomainError for values that are not positive and
    finite, or where the tail is all one value.
    """
    x = np.sort(np.asarray(values, dtype=np.float64))[::-1]
    if not 0 < share < 1:
        msg = f"the share of the tail must be between 0 and 1; it is {share:g}"
        raise DomainError(msg)
    tail = int(share * len(x))
    if tail < FEWEST:
        msg = f"a tail index needs {FEWEST} values in the tail; {share:g} of {len(x)} are {tail}"
        raise TooShort(msg)
    if not (np.isfinite(x[0]) and x[tail] > 0):
        msg = "the values of which a tail index is taken must be positive and finite"
        raise DomainError(msg)
    mean = float(np.log(x[:tail] / x[tail]).mean())
    if mean == 0:
        msg = "the largest values are all alike; they have no tail"
        raise DomainError(msg)
    return Estimate(1 / mean, 1 / (mean * tail**0.5), "hill")


def excess_kurtosis(values: ArrayLike) -> Estimate:
    """⟨u⁴⟩ − 3 of the standardised ``values`` (m,); 0 for Gaussian noise, which errs by √(24/m).

    That of the mean of B independent values is B times smaller.  Raises TooShort below 4 values,
    DomainError where they do not vary.
    """
    x = np.asarray(values, dtype=np.float64)
    if len(x) < 4:
        msg = f"a kurtosis needs at least 4 values; there are {len(x)}"
        raise TooShort(msg)
    if not x.std() > 0:
        msg = "the values of which a kurtosis is taken must vary and be finite"
        raise DomainError(msg)
    u = (x - x.mean()) / x.std()
    third, fourth = (u**3).mean(), (u**4).mean()
    # what a value does to ⟨u⁴⟩ directly, through the variance and through the mean
    influence = u**4 - 2 * fourth * u**2 - 4 * third * u
    return Estimate(fourth - 3, influence.std() / len(x) ** 0.5, "moments")
