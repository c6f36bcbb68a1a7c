r"""From several finite sizes to the infinite one that a saddle point speaks of.

Away from transitions an average over patterns differs from its limit by a series in 1/N,

.. math:: a(N) = a_\infty + \frac{a_1}{N} + \frac{a_2}{N^2} + \dots,

the fluctuations about a saddle point.  The limit is the intercept of a weighted straight line in
1/N, its error that of the measurements carried through; χ² says whether a line is what they lie on,
and the intercept of a parabola, less sure but less biased, stands beside it.  The line is fitted to
the measurement alone and knows nothing of a prediction.  At a transition powers are others
(N^{-2/3}, for one), and no line is right; χ² is the only warning.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincc

from ...theory.errors import DomainError
from ...theory.estimate import Array, Estimate, freeze

FEWEST = 3  # sizes: through two every line goes
MOST = 1e15  # weights: beyond, 1/N is nothing beside 1
UNLIKELY = 1e-4  # p-value below which the sizes do not lie on a line


@dataclass(frozen=True)
class Extrapolation:
    """Measurements at several sizes and what they tend to."""

    sizes: Array
    """N, (sizes,)."""
    measured: Estimate
    """At each size, (sizes,)."""
    limit: Estimate
    """Intercept of the line in 1/N."""
    slope: Estimate
    """a₁ of that line."""
    parabola: Estimate
    """Intercept of the parabola in 1/N."""
    chi_squared: float
    """Squared distances from the line, in standard errors."""
    p_value: float
    """Chance of a larger χ² if a line is true."""

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def is_line(self) -> bool:
        """Whether the sizes may well lie on a line: p above 1e-4."""
        return bool(self.p_value > UNLIKELY)


def extrapolated(sizes: ArrayLike, measured: Sequence[Estimate]) -> Extrapolation:
    """The limit N → ∞ of independent scalar measurements at ``sizes``.

    Raises DomainError for fewer than 3 different sizes, for sizes and measurements that do not fit
    together, or an error that is not positive.

    >>> found = extrapolated([10, 20, 40], [Estimate(1 + 2 / n, 0.1, "") for n in (10, 20, 40)])
    >>> found.limit.value.round(9).item(), found.slope.value.round(9).item()
    (1.0, 2.0)
    """
    sizes = np.asarray(sizes, np.float64)
    _refuse(sizes, measured)
    values = np.array([float(each.value) for each in measured])
    errors = np.array([float(each.error) for each in measured])
    origin = measured[0].origin
    line, covariance = _fit(sizes, values, errors, 1)
    curved, curved_covariance = _fit(sizes, values, errors, 2)
    chi_squared = float((((values - line[0] - line[1] / sizes) / errors) ** 2).sum())
    return Extrapolation(
        sizes,
        Estimate(values, errors, origin),
        Estimate(line[0], np.sqrt(covariance[0, 0]), origin),
        Estimate(line[1], np.sqrt(covariance[1, 1]), origin),
        Estimate(curved[0], np.sqrt(curved_covariance[0, 0]), origin),
        chi_squared,
        float(gammaincc(0.5 * (len(sizes) - 2), 0.5 * chi_squared)),
    )


def _fit(sizes: Array, values: Array, errors: Array, degree: int) -> tuple[Array, Array]:
    """Coefficients of the polynomial in 1/N of least weighted squares, and their covariance."""
    basis = sizes[:, None] ** -np.arange(degree + 1.0)
    # powers of 1/N as they come are small numbers: each is measured in its largest
    scale = basis.max(axis=0)
    weighted = basis / scale / errors[:, None]
    inverse = np.linalg.pinv(weighted)
    found = inverse @ (values / errors)
    return found / scale, inverse @ inverse.T / np.outer(scale, scale)


def _refuse(sizes: Array, measured: Sequence[Estimate]) -> None:
    if sizes.ndim != 1 or len(sizes) != len(measured):
        msg = f"each size needs its measurement; there are {sizes.size} and {len(measured)}"
        raise DomainError(msg)
    if len(np.unique(sizes)) < FEWEST:
        msg = f"an extrapolation needs at least {FEWEST} different sizes; they are {sizes.tolist()}"
        raise DomainError(msg)
    for size in sizes[~((sizes >= 1) & (sizes <= MOST))]:
        msg = f"sizes must lie between 1 and {MOST:g}; one is {size:g}"
        raise DomainError(msg)
    for each in measured:
        if each.value.ndim:
            msg = f"measurements must be numbers; one is of shape {each.value.shape}"
            raise DomainError(msg)
        if not (np.isfinite(each.value) and np.isfinite(each.error) and each.error > 0):
            value, error = float(each.value), float(each.error)
            msg = (
                f"measurements must be finite, with a positive error; one is {value:g} ± {error:g}"
            )
            raise DomainError(msg)
