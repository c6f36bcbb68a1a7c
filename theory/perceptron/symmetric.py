r"""The symmetric binary perceptron: weights ±1 that keep |Δ| ≤ κ.

A pattern and its opposite are the same, so that nothing orders the weights, q = 0, and a weight
vector keeps a pattern with the chance P = erf(κ/√2), independently of what others do:

.. math::
    s = \ln 2 + \alpha \ln P, \qquad \alpha_c = -\frac{\ln 2}{\ln P}, \qquad
    \lambda_{AT} = \alpha \Bigl(\frac{2\kappa\varphi(\kappa)}{P}\Bigr)^2 .

Below α_c the mean of the logarithm is the logarithm of the mean: the capacity is that of the
annealed computation (B. Aubin, W. Perkins and L. Zdeborová, arXiv:1901.00314, abstract).  At the
inverse temperature β of the count of missed patterns P becomes f = P + e^{−β}(1 − P), and 2κφ(κ)
its share 1 − e^{−β}; there, that nothing orders the weights is an assumption, which λ_AT < 1 tests.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, erfc

from ..estimate import Array
from .saddle_result import NUMBERS, Points


def critical_capacity(kappa: ArrayLike) -> Array:
    """Patterns per weight beyond which no solution exists, for ``kappa`` > 0 of any shape.

    Where ``kappa`` is below 0 there is no such model: NaN.

    P = ½ has κ = 0.6744897501960817, the upper quartile of the normal, and one bit a pattern:

    >>> round(float(critical_capacity(0.6744897501960817)), 12)
    1.0
    """
    with np.errstate(all="ignore"):
        return np.asarray(-np.log(2) / log_share(np.asarray(kappa, dtype=np.float64)))


def log_share(kappa: Array) -> Array:
    """The logarithm of P = erf(κ/√2), to all digits at either end."""
    root = kappa / np.sqrt(2)
    return np.asarray(np.where(kappa < 1, np.log(erf(root)), np.log1p(-erfc(root))))


def annealed(alpha: Array, kappa: Array, beta: Array) -> Points:
    """The saddle points at q = 0 (``beta`` may be inf), each of shape (points,)."""
    hot = np.where(np.isinf(beta), 0.0, np.exp(-beta))
    share, missed = erf(kappa / np.sqrt(2)), erfc(kappa / np.sqrt(2))
    log_f = np.where(hot > 0, np.log(share + hot * missed), log_share(kappa))
    violated = hot * missed / np.exp(log_f)
    free_entropy = np.log(2) + alpha * log_f
    energy = alpha * violated
    heat = np.where(np.isinf(beta), 0.0, beta) * energy
    curvature = (1 - hot) * 2 * kappa * np.exp(-0.5 * kappa**2) / np.sqrt(2 * np.pi)
    rows = dict.fromkeys(NUMBERS, np.zeros_like(alpha)) | {
        "entropy": free_entropy + heat,
        "free_entropy": free_entropy,
        "distance": np.full_like(alpha, 0.5),
        "at_eigenvalue": alpha * (curvature / np.exp(log_f)) ** 2,
        "energy": energy,
        "error_rate": violated,
    }
    for name in NUMBERS[-3:]:
        rows[name] = np.full_like(alpha, np.nan)
    return Points(np.array([rows[name] for name in NUMBERS]))
