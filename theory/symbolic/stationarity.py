"""Where the free entropy is stationary.

    spherical    ∂s/∂q̂ = ∂s/∂Ê = ∂s/∂R̂ = 0 is solved first; then ∂s/∂q = ∂s/∂R = 0
    binary       ∂s/∂q = ∂s/∂R = 0 gives the hats, ∂s/∂q̂ = ∂s/∂R̂ = 0 the overlaps

Averages with a factor z are taken by parts.
"""

from typing import Any

import sympy as sp

from .averages import by_parts, collected, tidy
from .step import Step
from .symbols import E_hat, R, R_hat, alpha, q, q_hat, s


def conjugate_overlaps(entropy: Any, teacher: bool) -> Step:
    """What is conjugate, from stationarity, and the entropy without it (spherical weights)."""
    total = sp.Symbol("S", positive=True)  # Ê + q̂, beside which the entropy is linear in q̂
    entropy = sp.expand(entropy.subs(E_hat, total - q_hat))
    found: dict[Any, Any] = {}  # in an order in which every equation has one unknown
    for stationary, unknown in ((q_hat, total), (R_hat, R_hat), (total, q_hat)):
        if entropy.has(unknown):
            (found[unknown],) = sp.solve(entropy.diff(stationary).subs(found), unknown)
    left = entropy.subs(found)
    prose = (
        "Stationarity in {E_hat}, {q_hat}"
        + (" and {R_hat}" if teacher else "")
        + " is algebraic.  It leaves a free entropy of the overlaps alone:"
    )
    found[E_hat] = found.pop(total) - found[q_hat]
    solved = [sp.Eq(hat, tidy(value)) for hat, value in found.items()]
    kept = sp.Eq(s, tidy(left.coeff(alpha, 0)) + alpha * left.coeff(alpha, 1))
    return Step("conjugate overlaps", prose, (*solved, kept))


def saddle_equations(model: str, entropy: Any, teacher: bool) -> Step:
    """Stationarity in the overlaps, averages of z taken by parts."""
    overlaps = {q: q_hat, R: R_hat} if teacher else {q: q_hat}
    slopes = {x: by_parts(entropy.diff(x)) for x in overlaps}
    if model == "binary":
        equations = [sp.Eq(hat, _root(slopes[x], hat)) for x, hat in overlaps.items()]
        for x, hat in overlaps.items():
            equations.append(sp.Eq(x, _root(by_parts(entropy.diff(hat)), x)))
    else:
        equations = []
        for x, scale in ((q, 2 * (1 - q)), (R, q - 1)):
            if x in slopes:
                slope = sp.expand(slopes[x])
                own, pull = (slope.coeff(alpha, power) for power in (0, 1))
                equations.append(sp.Eq(tidy(scale * own), -alpha * collected(scale * pull)))
    prose = (
        "Stationarity of {s}, with the derivative of {H} written as minus {H} times {G}, and every"
        " average with a factor {z} taken by parts:"
    )
    return Step("saddle equations", prose, tuple(equations))


def _root(linear: Any, symbol: Any) -> Any:
    """Where an expression that is linear in the symbol vanishes."""
    linear = sp.expand(linear)
    return collected(-linear.coeff(symbol, 0) / linear.coeff(symbol, 1))
