"""Where the saddle equations become known results.

    teacher    R = q at κ = 0, a student who knows as much as the teacher
    storage    q → 1 on the sphere:  1/α_c = ∫_{z<κ} Dz (κ − z)²

Dz is the measure of a standard normal.
"""

from typing import Any

import sympy as sp

from .averages import ARGUMENTS, Mean, collected
from .step import Step
from .symbols import G, H, R, R_hat, alpha, kappa, phi, q, q_hat, u, v, z


def bayes_line(equations: tuple[Any, ...]) -> Step:
    """What the equations become where a student knows as much as the teacher."""
    alike = {R: q, R_hat: q_hat, kappa: 0, v: u, phi(v): G(u) * H(u)}
    first, second = (
        sp.Eq(sp.simplify(equation.lhs.subs(alike)), collected(equation.rhs.subs(alike)))
        for equation in equations[:2]
    )
    assert first == second
    prose = (
        "At {kappa} = 0 the teacher is as good as any solution.  With {R} = {q} and equal"
        " conjugates, {v} = {u} and the density at {v} is {G} times {H}: both equations say the"
        " same, and the generalisation error is arccos({R})/{pi}"
    )
    return Step("no margin", prose + ":", (first,))


def gardner_capacity(equation: Any) -> Step:
    """The load at which q reaches 1, where H is a step."""
    tail = sp.sqrt(2 / sp.pi) * sp.exp(-(z**2) / 2) / sp.erfc(z / sp.sqrt(2))  # G
    assert sp.limit(tail / z, z, sp.oo) == 1
    assert sp.limit(tail, z, -sp.oo) == 0
    square = sp.limit(sp.expand((1 - q) * ARGUMENTS[u] ** 2), q, 1)
    density = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    below = sp.integrate(square * density, (z, -sp.oo, kappa))
    assert sp.limit(below, kappa, 0) == sp.Rational(1, 2)
    assert equation == sp.Eq(q / (1 - q), alpha * Mean(G(u) ** 2))
    gauss = {sp.erfc(sp.sqrt(2) * kappa / 2): 2 - 2 * H(-kappa)}
    gauss[sp.exp(-(kappa**2) / 2)] = sp.sqrt(2 * sp.pi) * phi(kappa)
    closed = sp.collect(sp.expand(sp.simplify(below).subs(gauss)), H(-kappa))
    prose = (
        "As {q} tends to 1, {G} tends to {u} where {u} is positive and to 0 elsewhere: the square"
        " is left of what {z} falls short of {kappa}, and the load tends to a limit, at margin 0"
        " to 2:"
    )
    equations = (sp.Eq(1 / sp.Symbol("alpha_c"), closed),)
    return Step("capacity", prose, equations)
