"""One step of every integrator on one fast direction, and the variance at which it comes to rest.

The step is linear: the state s goes to A s + B ξ, and at rest Σ = A Σ Aᵀ + B Bᵀ (Lyapunov), which a
computer algebra solves entry by entry.
"""

from typing import Any, NamedTuple

import sympy as sp

from ..update import Integrator
from .langevin_symbols import (
    NAMES,
    Average,
    D,
    beta,
    eta,
    first_v,
    first_x,
    g,
    left,
    next_v,
    next_w,
    next_x,
    second_v,
    tried,
    v,
    w,
    x,
    xi,
)
from .step import Step

HALF = sp.Rational(1, 2)
LONGEST = 100  # characters of an equation that is worth its line


class Motion(NamedTuple):
    """A step: its assignments in order, the state and what becomes of it; in words.

    noise: the standard normal ξ, or the w of variance 2Dη.
    """

    assignments: tuple[tuple[Any, Any], ...]
    state: tuple[tuple[Any, Any], ...]
    noise: Any
    prose: str

    @property
    def variance(self) -> Any:
        """Of the noise."""
        return 1 if self.noise == xi else 2 * D * eta


def motion(integrator: Integrator, momentum: bool) -> Motion:
    """How a fast direction moves in V = ½ g x² under noise of strength D."""
    if momentum:
        return Motion(
            ((next_v, beta * v - eta * g * x + w), (next_x, x + next_v)),
            ((x, next_x), (v, next_v)),
            w,
            "With heavy-ball momentum the velocity keeps the part {beta} of itself, and the noise"
            " is that of the gradient, not rescaled:",
        )
    if integrator == "heun":
        euler = x - eta * g * x + w
        return Motion(
            ((tried, euler), (next_x, x - HALF * eta * g * (x + tried) + w)),
            ((x, next_x),),
            w,
            "Heun's step takes the force half at {x}, half where Euler's step would lead:",
        )
    if integrator == "leimkuhler-matthews":
        return Motion(
            ((next_x, x - eta * g * x + HALF * (w + next_w)),),
            ((x, next_x), (w, next_w)),
            next_w,
            "Leimkuhler and Matthews' step takes half of the last noise and half of the next:",
        )
    if integrator == "baoab":
        return Motion(
            (
                (first_v, v - HALF * eta * g * x),
                (first_x, x + HALF * eta * first_v),
                (second_v, left * first_v + sp.sqrt(D * (1 - left**2)) * xi),
                (next_x, first_x + HALF * eta * second_v),
                (next_v, second_v - HALF * eta * g * next_x),
            ),
            ((x, next_x), (v, next_v)),
            xi,
            "BAOAB is a walk with inertia: half a kick, half a drift, friction, which leaves the"
            " part {left} of the velocity, with its noise, and back:",
        )
    if integrator == "exact":
        decay = sp.exp(-eta * g)
        return Motion(
            ((next_x, decay * x + sp.sqrt(D / g * (1 - decay**2)) * xi),),
            ((x, next_x),),
            xi,
            "The walk of Ornstein and Uhlenbeck over a whole step, solved:",
        )
    return Motion(
        ((next_x, x - eta * g * x + w),),
        ((x, next_x),),
        w,
        "A fast direction falls towards the floor and is shaken, by Euler's step:",
    )


def one_step(move: Motion) -> Step:
    """The step as it is taken."""
    equations = tuple(sp.Eq(name, value) for name, value in move.assignments)
    return Step("one step", move.prose, equations, NAMES)


def at_rest(move: Motion) -> Step:
    """The variance at rest; for Heun also that of where the force is taken, which ends the step."""
    known: dict[Any, Any] = {}
    for name, value in move.assignments:
        known[name] = sp.expand(value.subs(known))
    known = {name: value for name, value in known.items() if name != move.noise}
    size = len(move.state)
    state = [before for before, _ in move.state]
    after = [sp.expand(known.get(later, later)) for _, later in move.state]
    matrix = sp.Matrix(size, size, lambda i, j: after[i].diff(state[j]))
    noise = sp.Matrix(size, 1, lambda i, _: after[i].diff(move.noise))
    unknown = {
        (i, j): sp.Symbol(f"s{min(i, j)}{max(i, j)}") for i in range(size) for j in range(size)
    }
    law = sp.Matrix(size, size, lambda i, j: unknown[i, j])
    moved = matrix * law * matrix.T + move.variance * noise * noise.T
    stays = [sp.Eq(law[i, j], moved[i, j]) for i in range(size) for j in range(i, size)]
    (solved,) = sp.solve(stays, sorted(set(unknown.values()), key=str), dict=True)
    averages = {unknown[i, j]: Average(state[i] * state[j]) for i, j in unknown}
    shown = [_shown(equation, averages) for equation in stays]
    shown = [equation for equation in shown if len(str(equation.rhs)) <= LONGEST]
    variance = damped(solved[law[0, 0]])
    equations = [*shown, sp.Eq(Average(x**2), variance)]
    prose = "At rest the averages of squares stay as they are, a linear problem"
    prose += ", whose solution is:"
    if tried in known:
        both = (x**2 + tried**2) / 2
        guess = sp.Poly((x**2 + known[tried] ** 2) / 2, x, w)
        push = guess.coeff_monomial(x**2) * solved[law[0, 0]]
        push += guess.coeff_monomial(w**2) * move.variance
        equations.append(sp.Eq(Average(both), damped(push)))
        prose = prose[:-1] + ", the last where the force is taken:"
    return Step("at rest", prose, tuple(equations), NAMES)


def _shown(equation: Any, averages: dict[Any, Any]) -> Any:
    squares = sorted(averages, key=str)
    sides = sp.collect(sp.expand(equation.rhs), squares, sp.factor)
    return sp.Eq(averages[equation.lhs], sides.xreplace(averages))


def damped(ratio: Any) -> Any:
    """A quotient of polynomials in g, every factor but powers of g as 1 + … g."""
    parts, scale = sp.Integer(1), sp.Integer(1)
    for sign, side in zip((1, -1), sp.fraction(sp.cancel(sp.together(ratio))), strict=True):
        constant, factors = sp.factor_list(side, g)
        scale *= constant**sign
        for factor, power in factors:
            at_zero = factor.subs(g, 0)
            if at_zero == 0:
                scale *= sp.simplify(factor / g) ** (sign * power)
                parts *= g ** (sign * power)
                continue
            scale *= at_zero ** (sign * power)
            terms = sp.Poly(factor, g).all_coeffs()[::-1]
            rest = sum(sp.factor(c / at_zero) * g**n for n, c in enumerate(terms) if n)
            parts *= (1 + rest) ** (sign * power)
    return upright(sp.factor(scale)) * parts


def upright(scale: Any) -> Any:
    """A quotient with no factor that is negative for a β below 1."""
    found = sp.Integer(1)
    for factor in sp.Mul.make_args(scale):
        base, power = factor.as_base_exp()
        negative = base.subs(beta, 0).could_extract_minus_sign()
        found *= sp.expand(-base) ** power * (-1) ** power if negative else factor
    return found
