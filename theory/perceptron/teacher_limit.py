r"""How many patterns of a teacher can be kept with a positive margin.

The teacher itself misses a margin κ > 0 on the patterns that lie close to its plane, so that no
weights keep it on too many.  As q → 1 at R < 1, with γ = R/√(1 − R²), in replica symmetry,

.. math::
    I_2 = \int Dz\,2H(-\gamma z)(\kappa - z)_+^2, \qquad
    I_1 = \int Dz\,\Bigl(\kappa - \frac{z}{\sqrt{1+\gamma^2}}\Bigr)_+

    sphere   1/(1 + γ²) = α I₂,        γ/√(1 + γ²) = α √(2/π) I₁
    spins    4 φ(ρ)² = α I₂,           2ρ φ(ρ) = α √(2/π) I₁,      R = erf(ρ/√2)

of which the quotient fixes γ and the first is the load.  γ = 0 is the limit of a storage problem.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcinv, ndtr

from ..estimate import Array
from .bracketed_newton import bracketed_newton
from .gaussian import REACH, gaussian_rule


def teacher_limit(kappa: ArrayLike = 0.0, model: str = "spherical") -> Array:
    """The load at which the overlap q of weights that keep a teacher's patterns reaches 1.

    Infinite for κ ≤ 0: the teacher is among them.  ``model`` is "spherical" or "binary"; binary
    weights have run out before, where their entropy vanishes.

    A large margin leaves the labels no say: 1/κ², as for random ones.

    >>> float(teacher_limit(0.0)), round(float(teacher_limit(100.0)) * 1e4, 3)
    (inf, 1.0)
    """
    margins = np.asarray(kappa, dtype=np.float64)
    flat = margins.ravel()
    quotient = _sphere if model == "spherical" else _spins

    def curve(log_gamma: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
        step = 1e-6
        up, value, down = (
            quotient(np.exp(log_gamma + s), flat[which])[0] for s in (step, 0.0, -step)
        )
        return value, (up - down) / (2 * step)

    guess = np.where(flat > 0, -np.log(np.maximum(flat, 1e-300)), np.nan)
    with np.errstate(all="ignore"):
        log_gamma = bracketed_newton(curve, np.clip(guess, -9.0, 17.0), -12.0, 18.0)
        load = quotient(np.exp(log_gamma), flat)[1]
    return np.where(flat > 0, load, np.inf).reshape(margins.shape)


def _integrals(gamma: Array, kappa: Array) -> tuple[Array, Array]:
    """I₁ in closed form, I₂ by panels that end at the margin and narrow to 1/γ around z = 0."""
    spread = 1 / np.sqrt(1 + gamma**2)
    a = kappa / spread
    first = kappa * ndtr(a) + spread * np.exp(-0.5 * a * a) / np.sqrt(2 * np.pi)
    top = np.minimum(kappa, REACH)[:, None]
    label = np.array([-9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0]) / np.maximum(gamma, 0.3)[:, None]
    normal = np.broadcast_to(np.linspace(-REACH, REACH, 8), (len(gamma), 8))
    edges = np.concatenate((np.clip(label, -REACH, REACH), normal, top), axis=1)
    z, weight = gaussian_rule(np.sort(np.minimum(edges, top), axis=1))
    share = 2 * ndtr(gamma[:, None] * z)
    return first, (weight * share * (kappa[:, None] - z) ** 2).sum(axis=-1)


def _sphere(gamma: Array, kappa: Array) -> tuple[Array, Array]:
    """The logarithm of the quotient's left over its right side, and the load."""
    first, second = _integrals(gamma, kappa)
    left = gamma * np.sqrt(1 + gamma**2)
    return np.log(left * second / first) - 0.5 * np.log(2 / np.pi), 1 / (1 + gamma**2) / second


def _spins(gamma: Array, kappa: Array) -> tuple[Array, Array]:
    """The same for weights ±1, with ρ from R = γ/√(1 + γ²) = erf(ρ/√2)."""
    first, second = _integrals(gamma, kappa)
    root = np.sqrt(1 + gamma**2)
    short = 1 / (root * (root + gamma))  # 1 − R
    rho = np.sqrt(2) * erfcinv(short)
    density = np.exp(-0.5 * rho**2) / np.sqrt(2 * np.pi)
    left = rho / (2 * density)
    return np.log(left * second / first) - 0.5 * np.log(2 / np.pi), 4 * density**2 / second
