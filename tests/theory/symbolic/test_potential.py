import re
from functools import cache
from itertools import product

import numpy as np
import pytest
import sympy as sp
from matplotlib.mathtext import MathTextParser

from entropic.theory import (
    CurvatureAligned,
    DomainError,
    Measured,
    Thermal,
    Valley,
    effective_potential,
    mean_forces,
    potential_derivation,
    shape,
)
from entropic.theory.symbolic.langevin_symbols import (
    U,
    beta,
    dg,
    dU,
    eta,
    g,
    k,
    reference,
    temperature,
    trace,
    y,
)
from entropic.theory.symbolic.potential import NOISES
from entropic.theory.symbolic.step import text

WAYS = [
    *(("euler", False), ("euler", True), ("heun", False)),
    *(("leimkuhler-matthews", False), ("exact", False), ("baoab", False)),
]
CASES = [(noise, *way) for noise, way in product(NOISES, WAYS)]
HOUSE = {
    "isotropic": Thermal(0.3),
    "hessian": CurvatureAligned(0.3, 2.5),
    "covariance": Measured(np.diag([0.2, 0.5, 0.2])),
}
VALUES = {temperature: 0.3, reference: 2.5, trace: 0.9, k: 3, eta: 0.4, beta: 0.7}
ENERGY, CURVATURE = "sin(y) + y**2", "2 + y**2 + y/3"


@cache
def derived_with_valley(noise, integrator, momentum):
    return potential_derivation(noise, integrator, momentum, ENERGY, CURVATURE)


@pytest.mark.parametrize(("noise", "integrator", "momentum"), CASES)
def test_the_derived_formula_is_worth_what_the_house_calculates(noise, integrator, momentum):
    derived = derived_with_valley(noise, integrator, momentum)
    valley = Valley(shape(ENERGY), shape(CURVATURE), fast_dims=3)
    at = np.array([-0.8, 0.1, 0.9])
    way = {"momentum": 0.7 * momentum, "integrator": integrator}
    heights = effective_potential(valley, HOUSE[noise], at, 0.4, **way)
    forces = sum(mean_forces(valley, HOUSE[noise], at, 0.4, **way))
    found = [
        [float(f.subs(VALUES).subs(y, a).evalf()) for a in at]
        for f in (derived.potential, derived.force)
    ]
    np.testing.assert_allclose(np.diff(found[0]), np.diff(heights), rtol=1e-10)
    np.testing.assert_allclose(found[1], forces, rtol=1e-10)


@pytest.mark.parametrize(("noise", "integrator", "momentum"), CASES)
def test_the_general_force_is_minus_the_slope_of_the_general_potential(noise, integrator, momentum):
    step = {step.name: step for step in derived_with_valley(noise, integrator, momentum).steps}
    force, potential = (step[name].result.rhs for name in ("mean force", "potential"))
    slope = dU * potential.diff(U) + dg * potential.diff(g)
    assert sp.simplify(force + slope) == 0


@pytest.mark.parametrize(
    ("arguments", "formula"),
    [
        ((), "V_eff = T k ln(g/(1 − η g/2))/2 + U"),
        (("hessian",), "V_eff = −T k ln(1 − η g/2)/(η g₀) + U"),
        (("covariance",), "V_eff = tr C ln(g/(1 − η g/2))/2 + U"),
        (("isotropic", "exact"), "V_eff = T k ln(g)/2 + U"),
        (
            ("isotropic", "euler", True),
            "V_eff = T k ln(g/(1 − η g/(2 (β + 1))))/(2 (1 − β)) + U",
        ),
    ],
)
def test_the_formulas_are_those_of_the_table_of_noises(arguments, formula):
    step = {step.name: step for step in potential_derivation(*arguments).steps}
    assert text(step["potential"].result) == formula


def test_small_steps_leave_continuous_time_and_what_they_add_first():
    def said(*arguments):
        step = {step.name: step for step in potential_derivation(*arguments).steps}
        return step["small steps"].result.rhs

    T, momentum = temperature, 1 - beta
    white = k * T * sp.log(g) / 2
    assert sp.simplify(said() - U - white - k * T * eta * g / 4) == 0
    heavy = white / momentum + k * T * eta * g / (4 * (1 - beta**2))
    assert sp.simplify(said("isotropic", "euler", True) - U - heavy) == 0
    trace_ = k * T * g / (2 * reference)
    assert sp.simplify(said("hessian") - U - trace_ * (1 + eta * g / 4)) == 0
    assert sp.simplify(said("isotropic", "heun") - U - white - k * T * (eta * g) ** 2 / 16) == 0
    assert sp.simplify(said("hessian", "heun") - U - trace_ * (1 + (eta * g) ** 2 / 12)) == 0


def test_without_a_valley_the_potential_and_force_are_the_general_ones():
    derived = potential_derivation()
    step = {step.name: step for step in derived.steps}
    assert step["mean force"].result.rhs == derived.force
    assert step["potential"].result.rhs == derived.potential


def test_a_formula_alone_is_put_in():
    only_energy = potential_derivation(energy="y**2")
    assert only_energy.potential.has(g)
    assert only_energy.force.subs(VALUES).subs({dg: 0, y: 3, g: 1}) == -6
    only_stiffness = potential_derivation(curvature="4 + y**2")
    assert not only_stiffness.potential.has(g)
    flat = potential_derivation("isotropic", "exact", curvature="3")
    assert sp.simplify(flat.force) == 0


@pytest.mark.parametrize(("noise", "integrator", "momentum"), CASES)
def test_it_reads_as_text_and_as_latex(noise, integrator, momentum):
    derived = derived_with_valley(noise, integrator, momentum)
    parser = MathTextParser("path")
    for row in derived.rows():
        parser.parse(f"${row['latex']}$")
        assert set(row) == {"step", "name", "latex", "text", "prose"}
    said, whole = derived.text(), derived.latex()
    for number, step in enumerate(derived.steps, 1):
        assert f"{number}. {step.name}" in said.splitlines()
    assert all(len(line) <= 92 for line in said.splitlines() if not line.startswith("    "))
    assert not re.search(r"\b(alpha|beta|eta|sqrt|log|trC|mu)\b|[{}*]", said)
    assert whole.isascii()
    assert whole.count("{") == whole.count("}")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("pink",), "noise must be one of isotropic, hessian, covariance; it is 'pink'"),
        (("isotropic", "rk4"), "integrator must be one of euler, heun, .*; it is 'rk4'"),
        (("isotropic", "heun", True), "momentum goes with the euler integrator alone"),
        (("isotropic", "euler", False, "z"), "'z' is not allowed in an expression"),
        (("isotropic", "euler", False, "0", "1/0"), "has no value"),
    ],
)
def test_an_unknown_question_is_refused(arguments, match):
    with pytest.raises(DomainError, match=match):
        potential_derivation(*arguments)
