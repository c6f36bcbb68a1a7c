r"""How much of a Gaussian about a minimum lies in its basin, where the loss is quadratic.

.. math:: S(w) = \ln \big\langle e^{-w [L(\theta) - L(\theta^*)]} \big\rangle, \qquad
          \theta \sim N(\theta^*, 1/\gamma)

in nats: w = nβ is an inverse temperature (1/loss), γ the stiffness of the springs that hold the
parameters (1/length²).  e^S is the share of the Gaussian that counts at temperature 1/w.  With
eigenvalues λ of the Hessian and components g of the gradient along its eigenvectors,

.. math:: S = -\tfrac12 \sum \ln\Big(1 + \frac{w\lambda}{\gamma}\Big)
              + \tfrac12 \sum \frac{w^2 g^2}{\gamma + w\lambda}, \qquad
          -\frac{dS}{d\ln w} = w \langle L - L^*\rangle = \hat\lambda(w),

a log-determinant with the floor γ/w; an eigenvalue of zero costs nothing, and no rule has to say
which count.  At a minimum the coefficient is half the number of directions stiffer than the floor,
smoothly counted.
"""

import numpy as np

from .errors import DomainError
from .estimate import Array


def harmonic_entropy(
    eigenvalues: Array, weight: float, localisation: float, slopes: Array | float = 0.0
) -> float:
    """S in nats for a quadratic loss; slopes: gradient along each eigenvector.

    Raises DomainError where an eigenvalue is so negative that the springs do not hold.

    >>> round(harmonic_entropy(np.array([3.0, 0.0]), 1.0, 1.0), 6)  # -ln 2
    -0.693147
    """
    held = held_stiffness(eigenvalues, weight, localisation)
    push = (weight * np.broadcast_to(slopes, held.shape)) ** 2 / held
    return float(0.5 * (push - np.log(held / localisation)).sum())


def harmonic_coefficient(
    eigenvalues: Array, weight: float, localisation: float, slopes: Array | float = 0.0
) -> float:
    """w⟨L − L*⟩ for a quadratic loss, no unit; half the number of stiff directions.

    >>> harmonic_coefficient(np.array([1e9, 1.0, 0.0]), 1.0, 1.0).__round__(6)
    0.75
    """
    held = held_stiffness(eigenvalues, weight, localisation)
    slope = np.broadcast_to(slopes, held.shape)
    mean = -weight * slope / held
    return float(weight * (0.5 * eigenvalues * (1 / held + mean**2) + slope * mean).sum())


def held_stiffness(eigenvalues: Array, weight: float, localisation: float) -> Array:
    """γ + wλ (P,); DomainError unless all are positive."""
    if not (0 <= weight < np.inf and 0 < localisation < np.inf):
        msg = (
            "the weight must be zero or positive and the localisation positive; "
            f"they are {weight:g} and {localisation:g}"
        )
        raise DomainError(msg)
    held: Array = localisation + weight * np.asarray(eigenvalues, float)
    if len(held) and not held.min() > 0:
        msg = (
            "localisation + weight * eigenvalue must be positive in every direction; "
            f"it falls to {held.min():.4g}: raise the localisation"
        )
        raise DomainError(msg)
    return held
