r"""Weights ±1 that store random patterns.

At each conjugate overlap q̂ sits the replica-symmetric saddle point of exactly one load α:

.. math::
    q = \langle \tanh^2 \sqrt{\hat q}\, z\rangle, \qquad
    \alpha = \frac{\hat q\,(1 - q)}{\langle G^2\rangle}, \qquad
    s = \langle \ln 2\cosh h - h \tanh h\rangle_{h = \sqrt{\hat q}\,z}
        + \alpha\,\langle \ln H + \tfrac12 G^2\rangle .

(The usual entropy, −½ q̂(1−q) + ⟨ln 2cosh h⟩ + α⟨ln H⟩, is the same number at a saddle point, where
⟨h tanh h⟩ = q̂(1−q) = α⟨G²⟩, but subtracts large ones.)
E. Gardner and B. Derrida, J. Phys. A 21, 271 (1988); W. Krauth and M. Mézard, J. Physique 50, 3057
(1989).
"""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ..estimate import Array
from . import spherical
from .bracketed_newton import bracketed_newton
from .gaussian import CHECK_ORDER, ORDER, REACH, Pattern, gaussian_rule


def saddle_limit(kappa: ArrayLike = 0.0) -> Array:
    r"""The load at which the replica-symmetric saddle of binary weights reaches q = 1 and ceases.

    As q → 1, :math:`1 - q \to \sqrt{2/\pi\hat q}` and :math:`\langle G^2\rangle \to
    1/[(1 - q)\,\alpha_c^{\rm spherical}]`; hence :math:`(2/\pi)\,\alpha_c^{\rm spherical}(\kappa)`,
    which is 4/π at zero margin.  That the saddle point is unique below it and none exists above is
    proved for κ ≥ 0 (S. Nakajima, arXiv:2512.23195).  The entropy has vanished before: see
    `critical_capacity`.

    >>> round(float(saddle_limit(0.0)) * np.pi, 12)
    4.0
    """
    return np.asarray(2 / np.pi * spherical.critical_capacity(kappa))


def critical_capacity(kappa: ArrayLike = 0.0) -> Array:
    """Patterns per binary weight at which the entropy vanishes (``kappa`` of any shape).

    Beyond it the saddle point still exists, but counts fewer than one solution: typical patterns
    have none.  NaN where no such load can be found.
    W. Krauth and M. Mézard, J. Physique 50, 3057 (1989).

    >>> round(float(critical_capacity(0.0)), 3)
    0.833
    """
    return zero_entropy(kappa)[0]


def zero_entropy(kappa: ArrayLike = 0.0) -> tuple[Array, Array, Array]:
    """The load at which the entropy vanishes, its uncertainty and the stability eigenvalue there.

    The uncertainty is how far the finer quadrature moves the load, and rounding.

    >>> load, uncertainty, _ = zero_entropy(0.0)
    >>> round(float(load), 12), float(uncertainty) < 1e-13
    (0.83307859974, True)
    """
    margins = np.asarray(kappa, dtype=np.float64).ravel()

    def deficit(x: Array, which: np.ndarray) -> tuple[Array, Array]:
        return Binary(x, margins[which]).deficit()

    with np.errstate(all="ignore"):
        x = bracketed_newton(deficit, np.zeros_like(margins), -30.0, 30.0)
        saddle, finer = Binary(x, margins), Binary(x, margins, CHECK_ORDER)
        load = saddle.load()
        lack, fall = finer.deficit()
        moved = finer.load() * (1 - finer.load_growth() * lack / fall)
        # a tail keeps κ² fewer units in the last place
        rounding = (4 + np.minimum(margins, 0.0) ** 2) * np.finfo(float).eps * load
        error = np.abs(moved - load) + rounding
        found = load, error, saddle.at_eigenvalue(load)
    load, error, at = (np.reshape(part, np.shape(kappa)) for part in found)
    return load, error, at


class Binary:
    """Saddle points of binary weights, shape (points,): one at each x = ln q̂."""

    lowest: ClassVar[float] = -740.0  # x
    highest: ClassVar[float] = 90.0
    free_entropy: ClassVar[float] = float(np.log(2))  # nats per weight without patterns
    end: ClassVar[str] = (
        "{limit:.10g}, where the replica-symmetric saddle of binary weights ends"
        " at kappa = {kappa:.10g}"
    )

    def __init__(self, x: Array, kappa: Array, order: int = ORDER) -> None:
        self.x, self.kappa = x, kappa
        self.q_hat = np.exp(x)
        self.z, self.weight = _spin_rule(self.q_hat, order)
        self.h = np.sqrt(self.q_hat)[:, None] * self.z
        self.tanh = np.tanh(self.h)
        self.sech2 = 1 / np.cosh(np.minimum(self.h, 350.0)) ** 2
        self.q, self.gap = self._mean(self.tanh**2), self._mean(self.sech2)
        self.pattern = Pattern(self.q, self.gap, kappa, order)

    def _mean(self, values: Array) -> Array:
        return np.asarray((self.weight * values).sum(axis=-1))

    @staticmethod
    def limit(kappa: ArrayLike) -> Array:
        """The load at which q reaches 1."""
        return saddle_limit(kappa)

    def load(self) -> Array:
        """The α of which this is the saddle point."""
        return self.q_hat * self.gap / self.pattern.force()

    def load_growth(self) -> Array:
        """The slope d ln α/dx, with dq/d ln q̂ = √q̂ ⟨z tanh h (1 − tanh² h)⟩."""
        dq = np.sqrt(self.q_hat) * self._mean(self.z * self.tanh * self.sech2)
        return 1 - dq / self.gap * self.pattern.force_growth() / self.pattern.force()

    def entropy(self, alpha: Array) -> Array:
        """Logarithm of the number of solutions, in nats per weight; it may be negative."""
        decay = np.exp(-2 * self.h)
        spin = np.log1p(decay) + 2 * self.h * decay / (1 + decay)
        return self._mean(spin) + alpha * self.pattern.entropy()

    def deficit(self) -> tuple[Array, Array]:
        """Minus the entropy, and its slope by x: along the curve dS = ⟨ln H⟩ dα."""
        load = self.load()
        return -self.entropy(load), -self.pattern.log_fraction() * load * self.load_growth()

    def at_eigenvalue(self, alpha: Array) -> Array:
        """α/(1 − q)² ⟨G'²⟩⟨(1 − tanh² h)²⟩; replica symmetry is stable below 1."""
        return alpha / self.gap**2 * self.pattern.replicon() * self._mean(self.sech2**2)

    def residual(self, alpha: Array) -> Array:
        """The largest |right/left − 1| of the equations for q, 1 − q and q̂, with the finer rule."""
        finer = Binary(self.x, self.kappa, CHECK_ORDER)
        ratios = (finer.q / self.q, finer.gap / self.gap, alpha / finer.load())
        return np.asarray(np.max([np.abs(ratio - 1) for ratio in ratios], axis=0))


def _spin_rule(q_hat: Array, order: int) -> tuple[Array, Array]:
    """Nodes z > 0 and weights for even functions of h = √q̂ z, one row a point.

    tanh has poles at ±iπ/2: edges at h = 0, 2, 6, 18 give every panel an ellipse of 3.7 or more.
    """
    normal = np.broadcast_to(np.linspace(0, REACH, 5), (len(q_hat), 5))
    kink = np.minimum(np.array([2.0, 6.0, 18.0]) / np.sqrt(q_hat)[:, None], REACH)
    z, weight = gaussian_rule(np.sort(np.concatenate((normal, kink), axis=1), axis=1), order)
    return z, 2 * weight
