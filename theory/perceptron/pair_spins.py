r"""What binary weights, held at a distance from a reference, make of their conjugate overlaps.

By the symmetry of the weights the reference spin is 1 everywhere; its field √q̂̃ z is then tilted
by 1 + T, T = tanh √q̂̃ z.  The counted spin sits in the field

.. math::
    h = \hat p - \hat t + \frac{\hat t}{\sqrt{\hat{\tilde q}}}\, z
        + \sqrt{\hat q - \hat t^2/\hat{\tilde q}}\; y ,

and with m = tanh h the overlaps are

.. math:: q = \langle m^2\rangle, \qquad p = \langle m\rangle, \qquad t = \langle T m\rangle .

Their derivatives follow by partial integration, as for :mod:`.pair_pattern`: of ⟨f(h)⟩ it is
½⟨f''⟩ by q̂, ⟨f'⟩ by p̂ and −⟨T f'⟩ by t̂.
"""

import numpy as np
from scipy.special import expit

from ..estimate import Array
from .pair_pattern import Reference
from .stretched import REACH, stretched, within_reach_of_bulk

KINK = 0.5  # of tanh, in its argument: its poles at ±iπ/2 are three times as far


class PairSpins:
    """Averages over one weight, each of shape (points,)."""

    def __init__(self, ref: Reference, q_hat: Array, t_hat: Array, p_hat: Array, step: float):
        self.ref = ref
        width = np.sqrt(q_hat)
        centre_field = (p_hat - t_hat)[:, None]
        known = t_hat / np.sqrt(ref.q_hat)  # at most √q̂ by Cauchy and Schwarz
        rho = np.minimum(known / width, 1.0)
        reach = np.full_like(width, REACH)
        centre = np.clip(-(p_hat - t_hat) / width, -reach, reach)
        sharp = np.minimum(KINK / width, 1.0)
        centre = within_reach_of_bulk(centre, sharp)
        x, weight = stretched(centre, sharp, -reach, reach, step)
        shift = width[:, None] * x
        self.h = centre_field + shift
        weight = weight / (2 * np.pi) * np.exp(-0.5 * x * x)
        self.flat, self.tug, self.tug2 = (weight * part for part in self._inner(x, rho, step))
        # 1 + m and 1 − m, each to its own last digit
        self.above, self.below = 2 * expit(2 * self.h), 2 * expit(-2 * self.h)
        self.m, self.gap = 0.5 * (self.above - self.below), self.above * self.below
        # m − tanh(p̂ − t̂), to its last digit for the smallest fields
        small = np.clip(shift, -1.0, 1.0)
        middle = 4 * expit(2 * centre_field) * expit(-2 * centre_field)
        near = np.sqrt(self.gap * middle) * np.sinh(small)
        self.off = np.where(np.abs(shift) < 1, near, self.m - np.tanh(centre_field))

    def _inner(self, x: Array, rho: Array, step: float) -> tuple[Array, ...]:
        """At each h, sums over z of 1 + T, and of it times T − q̃ and T²."""
        narrow = np.sqrt(1 - rho**2)
        root = np.sqrt(self.ref.q_hat)
        mean = rho[:, None] * x
        safe = np.maximum(narrow, 1e-9)[:, None]
        width = np.minimum(np.broadcast_to(KINK / root / safe, x.shape), 1.0)
        reach = np.full_like(x, REACH)
        centre = within_reach_of_bulk(np.clip(-mean / safe, -reach, reach), width)
        zeta, weight = stretched(centre, width, -reach, reach, step)
        T = np.tanh(root * (mean[..., None] + narrow[:, None, None] * zeta))
        tilt = weight * np.exp(-0.5 * zeta * zeta) * (1 + T)
        pull = tilt * T
        flat = tilt.sum(axis=-1)
        return flat, pull.sum(axis=-1) - self.ref.q * flat, (pull * T).sum(axis=-1)

    @staticmethod
    def _mean(weight: Array, values: Array) -> Array:
        return np.asarray((weight * values).sum(axis=-1))

    def missing(self) -> Array:
        """1 − q."""
        return self._mean(self.flat, self.gap)

    def sides(self) -> tuple[Array, Array]:
        """1 + p and 1 − p."""
        return self._mean(self.flat, self.above), self._mean(self.flat, self.below)

    def lean(self) -> Array:
        """(t − q̃p)/(1 − q̃); since ⟨T⟩ = q̃ any constant may be taken off m."""
        return self._mean(self.tug, self.off) / self.ref.gap

    def spread(self) -> Array:
        """The variance of m, q − p²."""
        return self._mean(self.flat, self.off**2) - self._mean(self.flat, self.off) ** 2

    def growth(self) -> tuple[tuple[Array, Array, Array], ...]:
        """Derivatives of q, p and (t − q̃p)/(1 − q̃), each by q̂, t̂ and p̂."""
        m, gap, q = self.m, self.gap, self.ref.q
        bend = -2 * m * gap  # m''
        pull = self.tug + q * self.flat  # weight of T
        by_q = (
            self._mean(self.flat, gap * gap + m * bend),
            -2 * self._mean(pull, m * gap),
            2 * self._mean(self.flat, m * gap),
        )
        by_p = (
            0.5 * self._mean(self.flat, bend),
            -self._mean(pull, gap),
            self._mean(self.flat, gap),
        )
        by_e = (
            0.5 * self._mean(self.tug, bend),
            self._mean(self.flat + q * pull - 2 * self.tug2, gap),
            self._mean(self.tug, gap),
        )
        return by_q, by_p, tuple(part / self.ref.gap for part in by_e)  # type: ignore[return-value]

    def entropy(self) -> Array:
        """⟨ln 2cosh h − h tanh h⟩, the entropy of one spin in nats."""
        size = np.abs(self.h)
        decay = np.exp(-2 * size)
        return self._mean(self.flat, np.log1p(decay) + 2 * size * decay / (1 + decay))
