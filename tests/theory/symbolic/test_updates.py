import numpy as np
import pytest
import sympy as sp
from naive_updates import at_rest as numeric_rest
from naive_updates import baoab_at_rest

from entropic.theory.symbolic.langevin_symbols import Average, D, beta, eta, g, x
from entropic.theory.symbolic.step import text
from entropic.theory.symbolic.updates import at_rest, damped, motion, upright

WAYS = [
    *(("euler", False), ("euler", True), ("heun", False)),
    *(("leimkuhler-matthews", False), ("exact", False), ("baoab", False)),
]
VALUES = {D: 0.4, g: 1.3, eta: 0.7, beta: 0.6}


@pytest.mark.parametrize(("integrator", "momentum"), WAYS)
def test_the_variance_at_rest_is_that_of_the_iterated_map(integrator, momentum):
    found = at_rest(motion(integrator, momentum))
    solved = [float(e.rhs.subs(VALUES)) for e in found.equations if not e.rhs.has(Average)]
    if integrator == "baoab":
        assert solved == pytest.approx([baoab_at_rest(1.3, 0.4, 0.7, 2.0)])
        return
    law, push = numeric_rest(integrator, _one(1.3), _one(0.4), 0.7, 0.6 * momentum)
    expected = [law.item(), push.item()] if integrator == "heun" else [law.item()]
    assert solved[-len(expected) :] == pytest.approx(expected, rel=1e-12)


def _one(value):
    return np.array([[value]])


def test_the_equations_shown_hold_at_the_solution():
    """Momentum: three averages, put back into the three equations."""
    found = at_rest(motion("euler", True))
    shown = [equation for equation in found.equations if equation.rhs.has(Average)]
    assert len(shown) == 3
    unknowns = [equation.lhs for equation in shown]
    (solved,) = sp.solve([e.subs(VALUES) for e in shown], unknowns, dict=True)
    assert float(solved[Average(x**2)]) == pytest.approx(float(found.result.rhs.subs(VALUES)))


def test_a_quotient_is_written_with_every_factor_one_and_more():
    ratio = 2 * D * (1 + beta) / (g * (beta - 1) * (eta * g - 2 * beta - 2))
    assert text(damped(ratio)) == "D/(g (1 − β) (1 − η g/(2 (β + 1))))"
    assert sp.simplify(damped(ratio) - ratio) == 0
    assert text(upright(D / (beta - 1) ** 3)) == "−D/(1 − β)³"
