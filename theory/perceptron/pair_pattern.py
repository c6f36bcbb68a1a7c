r"""What one pattern does to weights held at a distance from a reference that satisfies it.

A reference w̃ is drawn among the weights of margin κ̃ (overlap q̃ of two of them); weights w of
margin κ keep the overlap p = 1 − 2d with it.  With q the overlap of two such w, and t that of w
with any other reference, the fields of a pattern are

.. math::
    \tilde h &= \sqrt{\tilde q}\, z + \sqrt{1 - \tilde q}\, x, \qquad x > \tilde u(z)
        = (\tilde\kappa - \sqrt{\tilde q} z)/\sqrt{1 - \tilde q}, \\
    h &= \omega + \sqrt{1 - q}\, v, \qquad \omega = a z + b x + c y,

with z, y, v standard normal, x normal beyond ũ, and

.. math::
    a = \frac{t}{\sqrt{\tilde q}}, \qquad b = \frac{p - t}{\sqrt{1 - \tilde q}}, \qquad
    c^2 = q - a^2 - b^2 .

The numbers c² ≥ 0 and e stand for q and t; both are 0 without patterns, and nothing cancels in

.. math::
    e = \frac{t - \tilde q p}{1 - \tilde q}, \qquad
    q = p^2 + c^2 + \frac{1 - \tilde q}{\tilde q}\, e^2 .

(c = 0 where w is one more reference, drawn without regard to w̃.)

Every average is over (z, ω), the joint normal tilted by H(A)/H(ũ), where A is ũ after ω is known;
functions of ω alone need the inner average over z once.  F(ω) = ln H(u), u = (κ − ω)/√(1 − q), and
F̃(z) = ln H(ũ); a dash is the derivative by the field.  Derivatives follow by partial integration:

.. math::
    \partial_q \langle F\rangle = -\tfrac12 \langle F'^2\rangle, \qquad
    \partial_t \langle F\rangle = -\langle \tilde F' F'\rangle, \qquad
    \partial_p \langle F\rangle = \langle F'\rangle_{\tilde h = \tilde\kappa} .

Replicas of the reference and of the weights, both in replica symmetry, with n → 0 of either; the
formulas are derived for this house and tested against nested sums over the fields themselves.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import erfcx, log_ndtr

from ..estimate import Array
from .gaussian import inverse_mills
from .stretched import REACH, stretched, stretched_around_all, within_reach_of_bulk

FLAT = -30.0  # below, H(ũ) is 1 to 200 digits
ROOT_2PI = np.sqrt(2 * np.pi)


@dataclass(frozen=True)
class Reference:
    """Weights drawn flat among those of margin ``margin``, and what is counted around them."""

    model: str
    """Which weights: "spherical" or "binary"."""
    alpha: float
    """Patterns per weight."""
    kappa: float
    """Margin of the weights that are counted."""
    margin: float
    """Margin of the reference."""
    q: float
    """Overlap of two references."""
    gap: float
    """1 − q, given apart since rounding would lose it."""
    q_hat: float
    """Conjugate of ``q``."""


@dataclass(frozen=True)
class Overlaps:
    """Where the counted weights lie, one number a point: shape (points,)."""

    p: Array
    """Overlap with the reference."""
    gap: Array
    """1 − q."""
    c2: Array
    """c², what of q neither the references nor w̃ explain."""
    e: Array
    """(t − q̃p)/(1 − q̃)."""


class PairPattern:
    """Averages over one pattern, each of shape (points,)."""

    def __init__(self, ref: Reference, at: Overlaps, step: float) -> None:
        self.ref, self.at = ref, at
        self.a = (ref.q * at.p + ref.gap * at.e) / np.sqrt(ref.q)
        self.b = np.sqrt(ref.gap) * (at.p - at.e)
        # the floor, below rounding, gives the step that H(A) is without it a width
        self.c2 = np.maximum(at.c2, 1e-16 * at.gap)
        self.g2 = self.b**2 + self.c2
        self.root_q = np.sqrt(self.a**2 + self.g2)
        omega, weight = self._outer(step)
        inner = self._inner(omega, step)
        self.flat, self.pull, self.pull2, self.edge, self.scatter = (weight * x for x in inner)
        root = np.sqrt(at.gap)[:, None]
        self.u = (ref.kappa - omega) / root
        G, self.excess = inverse_mills(self.u)
        self.G = G
        self.first, self.second = G / root, -G * self.excess / root**2

    def _outer(self, step: float) -> tuple[Array, Array]:
        """Nodes ω, resolved at the kinks of H(u) and, where it is another one, of H(A)."""
        ref, at = self.ref, self.at
        # where z is low the reference is at its margin, and ω has mean (p − e)κ̃ + ze/√q̃, width c
        tilted = np.sqrt(at.e**2 / ref.q + self.c2) / self.root_q
        reach = REACH * np.maximum(tilted, 1.0) + max(0.0, -ref.kappa, -ref.margin)
        reach += np.maximum((at.e - at.p) * ref.margin, 0.0) / self.root_q
        kink = np.clip(ref.kappa / self.root_q, -reach, reach)
        sharp = np.minimum(np.sqrt(at.gap) / self.root_q, 1.0)
        floor = np.maximum(np.abs(at.p), 1e-300)
        other = np.clip(self.root_q * ref.margin / np.where(at.p < 0, -floor, floor), -reach, reach)
        edge = np.sqrt(self.c2 + ref.gap / ref.q * at.e**2) / floor
        same = np.abs(other - kink) < 0.25 * np.minimum(sharp, edge)
        edge = np.minimum(edge, 1.0)
        first = within_reach_of_bulk(kink, sharp)
        seen = same | ((edge > 0.9) & (np.abs(other - first) < 3))
        if np.all(seen):
            sharp = np.where(same, np.minimum(sharp, edge), sharp)
            x, weight = stretched(within_reach_of_bulk(kink, sharp), sharp, -reach, reach, step)
        else:
            second = within_reach_of_bulk(other, edge)
            centres, widths = np.stack((first, second), -1), np.stack((sharp, edge), -1)
            x, weight = stretched_around_all(centres, widths, -reach, reach, step)
        return self.root_q[:, None] * x, weight / (2 * np.pi)

    def _inner(self, omega: Array, step: float) -> tuple[Array, ...]:
        """At each ω, sums over z of the tilt, with F̃', F̃'² − F̃'' and at h̃ = κ̃; variance of F̃'."""
        ref = self.ref
        x = omega / self.root_q[:, None]
        rho, narrow = self.a / self.root_q, np.sqrt(self.g2) / self.root_q
        # z = ρx + narrow ζ; given z and ω the field h̃ is normal, of mean at + by ζ
        lean, spread = self.b * np.sqrt(ref.gap / self.g2), np.sqrt(ref.gap * self.c2 / self.g2)
        at = (np.sqrt(ref.q) * rho + lean * narrow)[:, None] * x
        by = np.sqrt(ref.q) * narrow - lean * rho
        zeta, weight = self._fluctuation(x, rho, narrow, at, by, spread, step)
        z = rho[:, None, None] * x[..., None] + narrow[:, None, None] * zeta
        u = np.maximum((ref.margin - np.sqrt(ref.q) * z) / np.sqrt(ref.gap), FLAT)
        G = np.sqrt(2 / np.pi) / erfcx(u / np.sqrt(2))
        spread = spread[:, None, None]
        A = (ref.margin - at[..., None] - by[:, None, None] * zeta) / spread
        # H(A)/H(ũ) from scaled tails, so that neither under- nor overflows
        scaled = 0.5 * erfcx(np.abs(A) / np.sqrt(2))
        rise = weight * G * ROOT_2PI
        normal = 0.5 * (u * u - zeta * zeta - x[..., None] ** 2)
        tail = np.exp(normal - 0.5 * A * A)
        whole = np.exp(np.where(A > 0, -np.inf, normal))
        tilt = rise * (whole + np.where(A > 0, scaled, -scaled) * tail)
        tug = tilt * G
        flat, pull = tilt.sum(axis=-1), tug.sum(axis=-1)
        mean = np.divide(pull, flat, out=np.zeros_like(flat), where=flat != 0)
        sums = (
            flat,
            pull / np.sqrt(ref.gap),
            (tug * (2 * G - u)).sum(axis=-1) / ref.gap,
            (rise * tail / (spread * ROOT_2PI)).sum(axis=-1),
            (tilt * (G - mean[..., None]) ** 2).sum(axis=-1) / ref.gap,
        )
        return tuple(np.asarray(s) for s in sums)

    def _fluctuation(
        self, x: Array, rho: Array, narrow: Array, at: Array, by: Array, spread: Array, step: float
    ) -> tuple[Array, Array]:
        """Nodes ζ where the tilted normal exp(−½ζ²) H(A)/H(ũ) has its bulk and its kinks.

        Where A and ũ are large its exponent is −½ζ² − ½A² + ½ũ², a normal far out if ũ is far out;
        where ũ alone is, one widened towards low z.  z itself stays within its reach.
        """
        ref, reach = self.ref, REACH + max(0.0, -self.ref.margin)
        safe = np.maximum(narrow, 1e-9)[:, None]  # without width, any ζ is as good
        mean = rho[:, None] * x
        u1 = -narrow[:, None] * np.sqrt(ref.q / ref.gap)  # ũ = u0 + u1 ζ, A = A0 + A1 ζ
        u0 = (ref.margin - np.sqrt(ref.q) * mean) / np.sqrt(ref.gap)
        A1, A0 = (-by / spread)[:, None], (ref.margin - at) / spread[:, None]
        stiff = np.maximum(1 + A1**2 - u1**2, 0.5 * narrow[:, None] ** 2)
        bulk = (u0 * u1 - A0 * A1) / stiff
        depth = np.minimum(A0 + A1 * bulk, u0 + u1 * bulk)
        far = depth > 0

        kink = (ref.margin / np.sqrt(ref.q) - mean) / safe
        left = np.maximum(1 - u1**2, 1e-12)
        widened = -np.maximum(kink, 0) * (1 - left) / left - reach / np.sqrt(left)
        breadth = reach / np.sqrt(stiff)
        low = np.minimum(widened, np.where(far, bulk - breadth, 0.0))
        high = np.maximum(reach, np.where(far, bulk + breadth, 0.0))
        # beyond the kink of H(A) it is exp(−½ζ²) again, from there on
        step_A = -A0 / np.where(A1 == 0, 1.0, A1)
        beyond = np.where(depth < reach, np.hypot(reach, step_A), reach)
        low = np.minimum(low, np.where((A1 > 0) & (step_A < 0), -beyond, 0.0))
        high = np.maximum(high, np.where((A1 < 0) & (step_A > 0), beyond, 0.0))
        low, high = np.maximum(low, (-reach - mean) / safe), np.minimum(high, (reach - mean) / safe)
        low = np.minimum(low, high - 1)

        steepest = np.maximum(np.abs(A1), np.abs(u1))
        width = 1 / np.maximum(steepest, 1.0)
        sharper = np.where(np.abs(A1) > np.abs(u1), step_A, kink)
        near = within_reach_of_bulk(np.clip(sharper, low, high), width)
        with np.errstate(divide="ignore"):
            wide = np.minimum(1 / np.sqrt(stiff), (1 + depth) / steepest)
        centre = np.clip(np.where(far, bulk, near), low, high)
        return stretched(centre, np.where(far, wide, width), low, high, step)

    @staticmethod
    def _mean(weight: Array, values: Array) -> Array:
        return np.asarray((weight * values).sum(axis=-1))

    def force(self) -> Array:
        """⟨F'²⟩, of which q̂ is α times."""
        return self._mean(self.flat, self.first**2)

    def common_force(self) -> Array:
        """⟨F̃'F'⟩, of which t̂ is α times."""
        return self._mean(self.pull, self.first)

    def own_force(self, share: Array) -> Array:
        """⟨(F' − share F̃')²⟩, a sum of squares where its three terms may cancel to any digit."""
        apart = np.divide(self.pull, self.flat, out=np.zeros_like(self.pull), where=self.flat != 0)
        apart = self.first - share[:, None] * apart
        return np.asarray(self._mean(self.flat, apart**2) + share**2 * self.scatter.sum(axis=-1))

    def edge_force(self) -> Array:
        """⟨F'⟩ over patterns that the reference only just satisfies."""
        return self._mean(self.edge, self.first)

    def growth(self) -> tuple[Array, Array, Array]:
        """∂⟨F'²⟩/∂q, ∂⟨F̃'F'⟩/∂q = ½ ∂⟨F'²⟩/∂t and ∂⟨F̃'F'⟩/∂t."""
        first, second = self.first, self.second
        return (
            self._mean(self.flat, second * (second - 2 * first**2)),
            -self._mean(self.pull, first * second),
            -self._mean(self.pull2, second),
        )

    def entropy(self) -> Array:
        """⟨ln H + ½ G²⟩; beyond u = 0 as ½ (G² − u²) − ln G√(2π), where nothing large cancels."""
        u, G = self.u, self.G
        outside = 0.5 * self.excess * (G + u) - np.log(np.where(u > 0, G, 1.0) * ROOT_2PI)
        inside = log_ndtr(-np.minimum(u, 0.0)) + 0.5 * G**2
        return self._mean(self.flat, np.where(u > 0, outside, inside))
