r"""References of a margin κ̃ that have all solutions around them.

So long as there are any at the overlap p, clones at y → ∞ see all solutions of margin κ, whose
overlaps and whose entropy are the typical ones, and the external entropy is the number of such
references.  They keep their margin and lean on the mean solution; q₁ − q₀ and p − t fall like
1/y² and τ/y.  With (A, B) and (X, Z) of covariance [[q̃^, t̂], [t̂, q̂]] and [[q̃, p], [p, q]]
and r the pull of a pattern on a solution at Z, for binary weights

.. math::
    \Sigma = -\tfrac12 \hat{\tilde q} (1 - \tilde q) - \hat t \tau - cp
        + \langle \ln 2\cosh(A + c \tanh B) \rangle
        + \alpha \Big\langle \ln H\Big(\frac{\tilde\kappa - X - \tau r(Z)}
                                           {\sqrt{1 - \tilde q}}\Big) \Big\rangle ,

stationary in q̃, τ, q̃^, t̂, c; for spherical weights, with u = τ/(1 − q), the first part is

.. math::
    \tfrac12 \ln(1 - \tilde q) + \frac{\tilde q - 2up + u^2 q}{2(1 - \tilde q)} ,

stationary in q̃ and u.  At the overlap of two independent solutions Σ is the entropy of solutions of
margin κ̃, its maximum.  Derived here.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from ..estimate import Array
from .anderson import fixed_point
from .clones import TANH
from .gaussian import REACH, gaussian_rule, inverse_mills
from .many_clones import BestReference
from .reference_group import two_states
from .saddle import saddle_limit, saddle_point

NEAR = 7.5  # standard deviations; what lies beyond weighs 1e-13
MOST = 1e3  # strength of a reference's lean
KINK = np.array([-9.0, -6.0, -3.0, -1.0, 1.0, 3.0, 8.0, 24.0])


@dataclass(frozen=True)
class _Given:
    """Typical solutions, and what is asked of references."""

    p: float
    alpha: float
    kappa: float
    kappa_ref: float
    q: float
    q_hat: float
    order: int


@dataclass(frozen=True)
class _Leaning:
    """What weights answer: 1 − q̃, √(q̃ − p²/q), τ, and their part of Σ."""

    rest: float
    wide: float
    tau: float
    own: float


def all_around(
    model: str, p: float, alpha: float, margins: tuple[float, float], order: int
) -> BestReference | None:
    """At overlap ``p``; ``margins`` of solutions and reference.  None where none is found.

    Pulls are t̂/q̂ and √(q̃^ − t̂²/q̂).
    """
    if alpha >= float(saddle_limit(margins[0], model)):
        return None
    typical = saddle_point(alpha, margins[0], model)
    q = float(typical.q)
    given = _Given(p, alpha, *margins, q, float(typical.q_hat), order)
    weights = _Binary(given) if model == "binary" else _Spherical(given)
    solutions = _solutions(given)

    def pulls_of(found: _Leaning) -> Array:
        _, slant, left = _patterns(given, found, solutions)
        return np.array([slant, np.sqrt(alpha * left)])

    def step(pulls: Array) -> Array:
        found = weights(pulls)
        return np.full(2, np.nan) if found is None else pulls_of(found)

    free = 1 - p * p / q
    if not free > 0:
        return None
    first = _Leaning(0.7 * free, np.sqrt(0.3 * free), 0.0, 0.0)
    pulls, move = fixed_point(step, pulls_of(first), 1e-12, rounds=60)
    found = weights(pulls) if move < 1e-8 else None
    if found is None:
        return None
    external = found.own + alpha * _patterns(given, found, solutions)[0]
    return BestReference(float(typical.entropy), external, q, 0.0, p, 1 - found.rest, move)


def _solutions(given: _Given) -> tuple[Array, Array, Array]:
    """Normal nodes, their weights, and the pull at Z = √q z."""
    root, narrow = np.sqrt(given.q), np.sqrt(1 - given.q)
    kinks = np.clip((given.kappa - narrow * KINK) / root, -NEAR, NEAR)
    edges = np.unique(np.concatenate((np.linspace(-NEAR, NEAR, 6), kinks)))
    z, weight = gaussian_rule(edges, given.order)
    return z, weight, inverse_mills((given.kappa - root * z) / narrow)[0] / narrow


def _patterns(
    given: _Given, found: _Leaning, solutions: tuple[Array, Array, Array]
) -> tuple[float, float, float]:
    """⟨ln H⟩, ⟨R̃ r⟩/⟨r²⟩ and ⟨(R̃ − that r)²⟩."""
    z, weight, pull = solutions
    sigma, wide = np.sqrt(found.rest), max(found.wide, 1e-12)
    low = given.kappa_ref - found.tau * pull - given.p / np.sqrt(given.q) * z
    kinks = np.clip((low[:, None] - sigma * KINK) / wide, -NEAR, NEAR)
    normal = np.broadcast_to(np.linspace(-NEAR, NEAR, 6), (len(z), 6))
    x, inner = gaussian_rule(np.sort(np.concatenate((normal, kinks), axis=1)), given.order)
    v = (low[:, None] - wide * x) / sigma
    G = inverse_mills(v)[0] / sigma
    once = (inner * G).sum(axis=1)
    slant = (weight @ (once * pull)) / (weight @ pull**2)
    left = weight @ (inner * (G - (slant * pull)[:, None]) ** 2).sum(axis=1)
    return float(weight @ (inner * log_ndtr(-v)).sum(axis=1)), float(slant), float(left)


class _Binary:
    """Weights ±1 that lean with strength c."""

    def __init__(self, given: _Given) -> None:
        self.given = given
        root = np.sqrt(given.q_hat)
        edges = np.concatenate((np.linspace(0, REACH, 7), np.clip(TANH / root, 0, REACH)))
        z, weight = gaussian_rule(np.unique(edges), given.order)
        self.field, self.weight = root * z, 2 * weight  # (A, B) → (−A, −B) changes nothing
        self.tanh, self.sech2 = np.tanh(self.field), 1 / np.cosh(self.field) ** 2
        self.c = 0.0
        self.most = float(self.weight @ np.abs(self.tanh))  # of overlaps with the mean solution

    def __call__(self, pulls: Array) -> _Leaning | None:
        given, weight, tanh = self.given, self.weight, self.tanh
        if given.p >= self.most:
            return None
        slant, spread = (float(x) for x in pulls)
        low, high, c = -MOST, MOST, self.c
        for _ in range(60):
            mean = slant * self.field + c * tanh
            log, tau, tau2, sech2 = two_states(mean, abs(spread), given.order)
            missing = float(weight @ (tau * tanh)) - given.p
            low, high = (c, high) if missing < 0 else (low, c)
            slope = float(weight @ (sech2 * tanh**2))
            most = max(3.0, abs(c))
            step = float(np.clip(-missing / np.float64(slope), -most, most))
            if abs(step) <= 1e-12 * (1 + abs(c)):
                break
            c = c + step if low < c + step < high else 0.5 * (low + high)
        if not abs(c) < 0.5 * MOST:
            return None
        self.c = c
        rest = float(weight @ sech2)
        within = np.clip(tau2 - tau**2, 0.0, spread**2)  # no more than u varies
        wide = weight @ (within + (tau - given.p / given.q * tanh) ** 2)
        gives = c * float(weight @ (sech2 * self.sech2))
        width = spread**2 + slant**2 * given.q_hat
        own = -0.5 * width * rest - slant * given.q_hat * gives - c * given.p + weight @ log
        return _Leaning(rest, float(np.sqrt(wide)), gives, float(own))


class _Spherical:
    """Weights on the sphere: q̃ = p²/q + (1 − q̃)² spread²."""

    def __init__(self, given: _Given) -> None:
        self.given = given

    def __call__(self, pulls: Array) -> _Leaning | None:
        p, q = self.given.p, self.given.q
        slant, spread = (float(x) for x in pulls)
        free = 1 - p * p / q
        rest = 2 * free / (1 + np.sqrt(1 + 4 * spread**2 * free))
        away = rest * slant / (1 - q)  # p/q − u
        tau = (1 - q) * (p / q - away)
        own = 0.5 * (np.log(rest) + rest * spread**2 + q * away**2 / rest)
        return _Leaning(float(rest), float(rest * spread), float(tau), float(own))
