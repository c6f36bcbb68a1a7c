r"""The reference of highest local entropy among those of a margin κ̃: infinitely many clones.

As y → ∞ all groups look at the same reference: 1 − q̃, p − t and q₁ − q₀ fall like χ/y, τ/y and
δ/y, q₁ → q; conjugates of q̃ and t grow like Q̂y² and T̂y.  With the maxima of
:mod:`.held_pattern` and :mod:`.held_spins`,

.. math::
    \phi_\infty = -\tfrac12 \hat Q \chi - \hat T \tau - \pi p - \tfrac12 \hat q (1 - q)
        - \tfrac12 (\hat q \delta + \hat\delta q)
        + \langle \max \text{weight} \rangle + \alpha \langle M \rangle

for binary weights, stationary in all but p:  (Q̂, T̂, q̂) = α⟨(R̃², R̃R, R²)⟩ and
δ̂ = α⟨∂²M/∂Z² − r′⟩.  For spherical weights, with C = [[χ, τ], [τ, 1 − q + δ]] and
Q = [[1, p], [p, q]],

.. math::
    \phi_\infty = \tfrac12 \ln(1 - q) + \tfrac12 \mathrm{tr}(Q C^{-1}) + \alpha \langle M \rangle ,

stationary where C⁻¹ Q C⁻¹ is the matrix K of α⟨R̃²⟩, α⟨R̃R⟩, α⟨R²⟩ (so that C is the geometric mean
of K⁻¹ and Q) and α⟨∂²M/∂Z² − r′⟩ = 1/(1 − q) − χ/det C.

A pattern that holds the reference at its margin leaves it room that shrinks like 1/y, so that
Φ − yφ falls like ln y to an external entropy of −∞, and φ(y) comes near φ∞ only like 1/y.  Derived
here; the review says what the measure is.

Where κ̃ is no hindrance this is the reference of :mod:`.many_clones`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..estimate import Array
from .anderson import fixed_point
from .damped_newton import damped_newton
from .held_pattern import HeldPattern, Yielding, held_pattern
from .held_spins import Hats, HeldSpins, held_spins
from .many_clones import BestReference, best_binary, few_patterns

GRAIN = 1e-14  # of det K over K₂₂², which is 0 where the margin is no hindrance
UNHELD = 1e-14  # patterns per weight that hold a reference, which are as good as none
# √Q̂, T̂/√q̂, ln q̂, ln δ̂ (spherical: of α times the stretch)
Pulls = Array


@dataclass(frozen=True)
class HeldReference:
    """What is found around the best reference of a margin."""

    local: float
    external: float
    """−∞ where patterns hold the reference."""
    slope: float
    """Of ``local`` by distance."""
    q: float
    yielding: Yielding
    held: float
    """Fraction of patterns that hold the reference at its margin."""
    residual: float
    pulls: Pulls
    pi: float


@dataclass(frozen=True)
class _Answer:
    """What weights make of pulls; ``own`` is their part of φ∞, ``push`` of its slope by p."""

    free: float
    gap: float
    yielding: Yielding
    own: float
    push: float
    pi: float

    @property
    def sound(self) -> bool:
        return self.free > 0 and self.gap > 0 and self.yielding.alone > 0


Weights = Callable[[Pulls, float, int, float], _Answer | None]


def held_reference(
    model: str, p: float, alpha: float, margins: tuple[float, float], order: int
) -> HeldReference | None:
    """At overlap ``p``; ``margins`` of solutions and reference.  None where none is found."""
    weights = WEIGHTS[model]
    pi = float(np.arctanh(p))
    start = np.append([0.1, 0.01], few_patterns(p, alpha, margins[0], order))
    if model == "binary":
        free = best_binary(p, alpha, margins[0], order)
        if free is None:
            return None
        if free.hats is not None:
            start, pi = np.array([1e-4, 0.0, *free.hats[:2]]), free.hats[2]
            idle = _unheld(free, p, alpha, margins, start, order)
            if idle is not None:
                return idle
    found = _settled(weights, p, alpha, margins, order, start, pi)
    if found is not None:
        return found
    low, step = -3.0, 1.0  # from where the margin is no hindrance
    here = _settled(weights, p, alpha, (margins[0], low), order, start, pi)
    while here is not None and low < margins[1]:
        there = min(low + step, margins[1])
        guess = here.pulls, here.pi
        found = _settled(weights, p, alpha, (margins[0], there), order, *guess)
        if found is not None:
            here, low, step = found, there, 1.5 * step
        elif step < 0.1:
            return None
        else:
            step *= 0.5
    return here


def _unheld(
    free: BestReference,
    p: float,
    alpha: float,
    margins: tuple[float, float],
    start: Pulls,
    order: int,
) -> HeldReference | None:
    """The best binary reference of any margin, where hardly a pattern would hold it; else None."""
    assert free.hats is not None
    q_hat, delta_hat = (float(x) for x in np.exp(free.hats[:2]))
    spin = held_spins(Hats(0.0, 0.0, q_hat, delta_hat, free.hats[2]), order)
    gap, gives = 1 - free.q, spin.yielding
    if not min(gap, gives.alone) > 0:
        return None
    held = held_pattern(p, max(free.q - p * p, GRAIN), gap, gives, margins, order).held
    if not alpha * held < UNHELD:
        return None
    return HeldReference(
        *(free.local, free.external, 2 * free.hats[2], free.q, gives, held),
        *(free.residual, start, free.hats[2]),
    )


def _settled(
    weights: Weights,
    p: float,
    alpha: float,
    margins: tuple[float, float],
    order: int,
    start: Pulls,
    pi: float,
) -> HeldReference | None:
    state = [pi]

    def both(pulls: Pulls) -> tuple[_Answer, HeldPattern] | None:
        answer = weights(pulls, p, order, state[0])
        if answer is None or not answer.sound:
            return None
        state[0] = answer.pi
        return answer, held_pattern(p, answer.free, answer.gap, answer.yielding, margins, order)

    def step(pulls: Pulls) -> Pulls:
        found = both(pulls)
        return np.full(4, np.nan) if found is None else _pulls(found[1], alpha)

    pulls, move = fixed_point(step, start, 1e-12, rounds=60)
    if not move < 1e-9:
        state[0] = pi
        newton = damped_newton(lambda v: step(v) - v, start, tolerance=1e-10)
        if newton is None:
            return None
        pulls = newton[0]
        move = float(np.abs(step(pulls) - pulls).max())
    found = both(pulls)
    if found is None or not move < 1e-8:
        return None
    answer, pattern = found
    return HeldReference(
        local=answer.own + alpha * pattern.value,
        external=-np.inf,
        slope=-2 * (answer.push + alpha * pattern.mixed),
        q=1 - answer.gap,
        yielding=answer.yielding,
        held=pattern.held,
        residual=move,
        pulls=pulls,
        pi=state[0],
    )


def _pulls(pattern: HeldPattern, alpha: float) -> Pulls:
    root = np.sqrt(alpha * pattern.square)
    return np.array(
        [
            np.sqrt(alpha * pattern.ref),
            alpha * pattern.cross / root,
            2 * np.log(root),
            np.log(alpha * pattern.stretch),
        ]
    )


def _binary(pulls: Pulls, p: float, order: int, pi: float) -> _Answer | None:
    """π by secants from its value before, the overlap increasing with it."""
    q_hat, delta_hat = (float(x) for x in np.exp(pulls[2:]))
    ref, t = float(pulls[0] ** 2), float(pulls[1] * np.sqrt(q_hat))

    def at(x: float) -> HeldSpins:
        return held_spins(Hats(ref, t, q_hat, delta_hat, x), order)

    for _ in range(30):
        here, there = (np.log(at(x).miss / (1 - p)) for x in (pi, pi + 1e-6))
        step = float(np.clip(-here * 1e-6 / np.float64(there - here), -0.7 * pi, 1.0))
        pi += step
        if not abs(step) > 1e-11:
            break
    spin = at(pi)
    if not np.isfinite(spin.value):
        return None
    gives = spin.yielding
    own = -0.5 * ref * gives.chi - t * gives.tau - pi * p - 0.5 * q_hat * spin.gap
    own += spin.value - 0.5 * (q_hat * gives.delta + delta_hat * (1 - spin.gap))
    return _Answer(1 - spin.gap - p * p, spin.gap, gives, own, -pi, pi)


def _spherical(pulls: Pulls, p: float, _: int, pi: float) -> _Answer | None:
    """C as the geometric mean of K⁻¹ and Q, by its determinant ρ; q − p² = ρ² det K."""
    square, stretch = (float(x) for x in np.exp(pulls[2:]))
    ref, cross = float(pulls[0] ** 2), float(pulls[1] * np.sqrt(square))
    det = max(ref * square - cross**2, GRAIN * square**2)

    def parts(rho: float) -> tuple[float, float]:
        free = rho * rho * det
        return free, rho * (ref + 2 * cross * p + square * (p * p + free)) + 2 * free

    def missing(x: float) -> float:
        rho = float(np.exp(x))
        free, size = parts(rho)
        gap = 1 - p * p - free
        return 1 / gap - (rho * square + 1) / np.sqrt(rho * size) - stretch if gap > 0 else np.inf

    low, high = -40.0, 40.0
    if not missing(low) < 0 < missing(high):
        return None
    while high - low > 1e-15 * max(1.0, abs(low)):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        low, high = (middle, high) if missing(middle) < 0 else (low, middle)
    rho = float(np.exp(0.5 * (low + high)))
    free, size = parts(rho)
    scale, gap = np.sqrt(rho / size), 1 - p * p - free
    chi, tau = scale * (rho * square + 1), scale * (p - rho * cross)
    whole = scale * (p * p + free + rho * ref)
    trace = (whole - 2 * tau * p + chi * (p * p + free)) / rho
    own = 0.5 * (np.log(gap) + trace)
    gives = Yielding(float(chi), float(tau), float(whole - gap))
    return _Answer(free, gap, gives, float(own), float(-tau / rho), pi)


WEIGHTS: dict[str, Weights] = {"binary": _binary, "spherical": _spherical}
