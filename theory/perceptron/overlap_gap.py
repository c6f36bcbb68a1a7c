r"""The load beyond which m solutions cannot all have the same overlap: the m-clone overlap gap.

The entropy of groups of m solutions with mutual overlap q₁, in nats per weight, is (RS between
groups, which have overlap q₀; averages ⟨·⟩ of :mod:`.clones`)

.. math::
    s_m(q_1) = \tfrac12 m^2 q_0 \hat q_0 - \tfrac12 m(m-1)\, q_1 \hat q_1 - \tfrac12 m\, \hat q_1
        + \Big\langle \ln\!\int\! Dz_1 (2\cosh h)^m \Big\rangle
        + \alpha \Big\langle \ln\!\int\! Dz_1 P^m \Big\rangle,

stationary in q₀, q̂₀, q̂₁.  With few patterns it is positive for every q₁.  α_OGP(m) is the load at
which its minimum over q₁ touches zero: from there on some overlaps between q₀ and 1 are forbidden.
Being stationary in q₁ too, it obeys at given q̂₀, q̂₁ (r the pull of a pattern)

.. math::
    q_1 = \langle\langle \tanh^2 h\rangle\rangle,\quad q_0 = \langle\langle \tanh h\rangle^2\rangle,
    \quad \alpha = \frac{\hat q_1}{\langle\langle r^2\rangle\rangle}
                 = \frac{\hat q_0}{\langle\langle r\rangle^2\rangle},\quad s_m = 0 :

two equations in two unknowns.  In the symmetric perceptron q₀ = q̂₀ = 0 and one remains.

What the number means.  Symmetric perceptron: with q₀ = 0 the entropy is that of the *mean* number
of groups, so that (first moment) above α_OGP(m) there are, with probability going to 1, no groups
of m solutions whose overlaps are all in a neighbourhood of q₁: an upper bound on where a gap opens.
Storage: the typical number of groups in replica symmetry, an estimate and no theorem.  For either a
group of m + 1 holds a group of m, and the loads where gaps truly open cannot rise with m.  These
numbers fall up to m = 4 (symmetric at κ = 1, storage at κ = 0; other margins have their lowest
elsewhere, storage at κ = ±1 at 5 and 4) and then rise, the more rare patterns dominate the
average: the smallest over m is the one to quote.

Where s_m touches zero more than once along its stationary curve, the lowest load counts.  In
storage with some twenty clones and more it is one where groups are hardly apart (q₁ ≈ q₀).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DomainError
from ..estimate import Array, freeze
from .bracketed_newton import bracketed_newton
from .clones import GroupAverage, spin_group, threshold_group, window_group
from .damped_newton import damped_newton
from .gaussian import CHECK_ORDER, ORDER
from .question import together

USUAL_MARGIN = {"binary": 0.0, "symmetric": 1.0}
MARGINS = {"binary": (-2.5, 5.0), "symmetric": (0.01, 5.0)}
CLONES = (1.01, 100.0)
TOLERANCE = 1e-9  # of the equations, with the finer rule
SCAN_ORDER = 8  # to see where roots are
NEWTON_ORDER = 12  # to come to 1e-9 of one
LOGITS = np.arange(5.5, -10.0, -0.75)  # of q̂₀/q̂₁, where roots are looked for


@dataclass(frozen=True)
class OverlapGap:
    """Thresholds of the overlap gap; every field but ``model`` has the shape of clones × kappa.

    A threshold that was not found is NaN, with ``converged`` False and a ``reason``.
    """

    model: str
    """Which patterns: "binary" (storage, Δ ≥ κ) or "symmetric" (|Δ| ≤ κ); weights are ±1."""
    clones: Array
    """Solutions in a group, m."""
    kappa: Array
    """Margin."""
    alpha_ogp: Array
    """Patterns per weight at which the entropy of groups touches zero."""
    q1: Array
    """The overlap inside a group at which it does."""
    q0: Array
    """Overlap of solutions of different groups there."""
    q1_hat: Array
    """Conjugate of q1."""
    q0_hat: Array
    """Conjugate of q0."""
    error: Array
    """Of alpha_ogp: by how much the finer rule moves it."""
    residual: Array
    """The largest of the equations left over, with the finer rule."""
    converged: NDArray[np.bool_]
    """Whether the residual is at most 1e-9."""
    reason: NDArray[np.str_]
    """Why there is no number; empty where there is one."""

    def __post_init__(self) -> None:
        freeze(self)


def overlap_gap(
    clones: ArrayLike, kappa: ArrayLike | None = None, model: str = "binary"
) -> OverlapGap:
    """The load beyond which ``clones`` solutions cannot have all overlaps alike, with margin κ.

    ``clones`` (any real number from 1.01 to 100; in the limit 1 it is the capacity) and ``kappa``
    broadcast together.  Without a margin it is 0 for "binary" (-2.5 to 5) and 1 for "symmetric"
    (0.01 to 5).  A bound for "symmetric", a replica-symmetric estimate for "binary".

    Raises DomainError outside these ranges.

    Two solutions within |Δ| ≤ 1: the mean number of pairs vanishes at some overlap beyond 1.7001.

    >>> overlap_gap(2, 1.0, "symmetric").alpha_ogp.round(4).item()
    1.7001
    """
    if model not in USUAL_MARGIN:
        msg = f"model must be 'binary' or 'symmetric'; it is {model!r}"
        raise DomainError(msg)
    m, margins = within_range(clones, USUAL_MARGIN[model] if kappa is None else kappa, model)
    solve = _storage if model == "binary" else _symmetric
    found = [_point(solve, *pair) for pair in zip(m.flat, margins.flat, strict=True)]
    table = np.array([numbers for numbers, _ in found]).reshape(*m.shape, 7)
    alpha, q1, q0, q1_hat, q0_hat, error, residual = np.moveaxis(table, -1, 0)
    return OverlapGap(
        model=model,
        clones=m,
        kappa=margins,
        alpha_ogp=alpha,
        q1=q1,
        q0=q0,
        q1_hat=q1_hat,
        q0_hat=q0_hat,
        error=error,
        residual=residual,
        converged=residual <= TOLERANCE,
        reason=np.array([reason for _, reason in found], dtype=np.str_).reshape(m.shape),
    )


def within_range(clones: ArrayLike, kappa: ArrayLike, model: str) -> tuple[Array, Array]:
    """Both as float arrays of their common shape; a DomainError where one is out of range."""
    m, margins = np.asarray(clones, dtype=np.float64), np.asarray(kappa, dtype=np.float64)
    for name, values, (low, high) in (
        ("clones", m, CLONES),
        (f"kappa of {model} patterns", margins, MARGINS[model]),
    ):
        for wrong in values[~((values >= low) & (values <= high))]:
            msg = f"{name} must be from {low:g} to {high:g}; it is {wrong:.10g}"
            raise DomainError(msg)
    m, margins = together(clones=m, kappa=margins)
    return m, margins


@dataclass(frozen=True)
class _Group:
    """The group entropy at x = ln q̂₁ and t = logit(q̂₀/q̂₁), where q₀, q₁ and α follow."""

    alpha: float
    q1: float
    q0: float
    q1_hat: float
    q0_hat: float
    equations: Array


def _point(
    solve: Callable[[float, float], tuple[Callable[[Array, int], _Group], list[Array]]],
    m: float,
    kappa: float,
) -> tuple[list[float], str]:
    """α, q₁, q₀, q̂₁, q̂₀, error, residual of the lowest root; or NaN and the reason."""
    nothing = [np.nan] * 7
    with np.errstate(all="ignore"):
        group, starts = solve(m, kappa)
        best = None
        for start in starts:
            found = damped_newton(lambda v: group(v, NEWTON_ORDER).equations, start, tolerance=1e-8)
            if found is not None:
                here = group(found[0], NEWTON_ORDER)
                if 0 <= here.q0 < here.q1 < 1 and (best is None or here.alpha < best[0].alpha):
                    best = here, *found
        if best is None:
            return nothing, "no load was found at which the entropy of groups touches zero"
        _, place, inverse = best
        for _ in range(3):
            place = place - inverse @ group(place, ORDER).equations
        here = group(place, ORDER)
        left = group(place, CHECK_ORDER).equations
        finer = group(place - inverse @ left, CHECK_ORDER).alpha
    residual = float(np.abs(left).max())
    if not residual <= TOLERANCE:
        return nothing, f"the equations hold to {residual:.1e} only"
    numbers = [here.alpha, here.q1, here.q0, here.q1_hat, here.q0_hat]
    return [*numbers, abs(finer - here.alpha) + 1e-14 * here.alpha, residual], ""


def _entropies(m: float, q1_hat: float, q0_hat: float, spin: GroupAverage) -> float:
    """All of s_m but the patterns."""
    q1 = 1 - spin.gap
    pairs = m * m * spin.mean_square * q0_hat - m * (m - 1) * q1 * q1_hat - m * q1_hat
    return spin.log + 0.5 * pairs


def _symmetric(m: float, kappa: float) -> tuple[Callable[[Array, int], _Group], list[Array]]:
    """The one equation, and where to start: where the α of s = 0 is lowest along q̂₁."""

    def group(v: Array, order: int) -> _Group:
        q1_hat = float(np.exp(v[0]))
        spin = spin_group(0.0, q1_hat, m, order)
        pattern = window_group(1 - spin.gap, spin.gap, kappa, m, order)
        alpha = _entropies(m, q1_hat, 0.0, spin) / -pattern.log
        missing = np.array([np.log(q1_hat / pattern.square / alpha)])
        return _Group(alpha, 1 - spin.gap, 0.0, q1_hat, 0.0, missing)

    scan = np.arange(-9.0, 6.0, 0.5)
    track = []
    for x in scan:
        here = group(np.array([x]), SCAN_ORDER)
        if not here.q1 < 1 - 1e-9:
            break
        track.append((here.equations[0], x))
    return group, [
        np.array([x + 0.5 * s / (s - next_s)])
        for (s, x), (next_s, _) in zip(track, track[1:], strict=False)
        if s > 0 > next_s
    ]


def _storage(m: float, kappa: float) -> tuple[Callable[[Array, int], _Group], list[Array]]:
    """The two equations, and where s changes its sign along the curve on which the first holds.

    At given r = q̂₀/q̂₁ the first, ln(r⟨⟨r²⟩⟩/⟨⟨r⟩²⟩) = 0, increases with q̂₁; r = 1, where it always
    holds and nothing tells a group, is divided out.
    """

    def group(v: Array, order: int) -> _Group:
        q1_hat, ratio = float(np.exp(v[0])), 1 / (1 + float(np.exp(-v[1])))
        rest = 1 / (1 + float(np.exp(v[1])))
        spin = spin_group(ratio * q1_hat, rest * q1_hat, m, order)
        spread = 1 - spin.gap - spin.mean_square
        pattern = threshold_group(spin.mean_square, spread, spin.gap, kappa, m, order)
        alpha = _entropies(m, q1_hat, ratio * q1_hat, spin) / -pattern.log
        missing = [
            np.log(ratio * pattern.square / pattern.mean_square) / rest,
            np.log(q1_hat / pattern.square / alpha),
        ]
        numbers = alpha, 1 - spin.gap, spin.mean_square, q1_hat, ratio * q1_hat
        return _Group(*numbers, np.array(missing))

    track: list[tuple[float, float, float]] = []  # t, x, second equation
    for t in LOGITS:

        def curve(x: Array, _: NDArray[np.intp], t: float = t) -> tuple[Array, Array]:
            here, there = (
                group(np.array([y, t]), SCAN_ORDER).equations[0] for y in (x[0], x[0] + 1e-5)
            )
            value = here if np.isfinite(here) else np.inf
            return np.array([value]), np.array([(there - here) / 1e-5])

        if len(track) > 1:
            guess, steps = 2 * track[-1][1] - track[-2][1], 2
        else:
            guess, steps = 0.0, 40
        x = float(bracketed_newton(curve, np.array([guess]), -14.0, 8.0, steps=steps)[0])
        track.append((t, x, group(np.array([x, t]), SCAN_ORDER).equations[1]))
    starts = []
    for (t, x, s), (next_t, next_x, next_s) in zip(track, track[1:], strict=False):
        if s * next_s < 0:
            share = s / (s - next_s)
            starts.append(np.array([x + share * (next_x - x), t + share * (next_t - t)]))
    return group, starts
