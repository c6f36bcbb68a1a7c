import csv
import io
import json

import numpy as np
import pytest
import xarray

from entropic.cli.theory.valley import INTEGRATORS
from entropic.theory import (
    Measured,
    Thermal,
    Valley,
    effective_potential,
    laplace_expansion,
    marginal_potential,
    mean_forces,
    shape,
    surface,
    update,
)

POTENTIAL = ["theory", "potential", "--at", "-1:1:5"]
VALLEY = [*POTENTIAL, "--curvature", "4+y**2"]
WARM = [*VALLEY, "--temperature", "0.3"]
WHOLE = [*POTENTIAL, "--temperature", "0.1", "--potential"]
SYMBOLIC = ["theory", "potential", "--symbolic"]
Y = np.linspace(-1, 1, 5)


@pytest.fixture
def asked(entropic):
    """The JSON of a command that must succeed in silence."""

    def ask(*arguments):
        said = entropic(*arguments, "--format", "json")
        assert (said.code, said.err) == (0, "")
        return json.loads(said.out)

    return ask


def column(found, name):
    return [row[name] for row in found["rows"]]


def test_the_integrators_of_the_command_are_those_of_the_theory():
    assert INTEGRATORS == update.INTEGRATORS


@pytest.mark.parametrize(
    "way",
    [{"momentum": 0.9}, *({"integrator": name} for name in INTEGRATORS)],
    ids=str,
)
def test_momentum_and_integrators_are_those_of_the_house(asked, way):
    options = [part for name, value in way.items() for part in (f"--{name}", str(value))]
    found = asked(*WARM, "--step-size", "0.2", "--fast-dims", "2", *options)
    valley = Valley(shape("0"), shape("4+y**2"), fast_dims=2)
    heights = effective_potential(valley, Thermal(0.3), Y, 0.2, **way)
    assert column(found, "potential") == heights.tolist()
    forces = sum(mean_forces(valley, Thermal(0.3), Y, 0.2, **way))
    assert column(found, "force") == (forces + 0.0).tolist()
    assert found["parameters"] | way == found["parameters"]
    assert found["parameters"]["fast_dims"] == 2


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("0.2,0.5", np.diag([0.2, 0.5])), ("0.2,0.1;0.1,0.5", [[0.2, 0.1], [0.1, 0.5]])],
)
def test_a_covariance_brings_its_own_temperature_and_dimension(asked, typed, meant):
    found = asked(*VALLEY, "--noise", "covariance", "--covariance", typed)
    valley = Valley(shape("0"), shape("4+y**2"), fast_dims=2)
    heights = effective_potential(valley, Measured(np.array(meant)), Y)
    assert column(found, "potential") == heights.tolist()
    told = {"temperature": 0.35, "fast_dims": 2, "covariance": np.array(meant).tolist()}
    assert found["parameters"] | told == found["parameters"]


def test_any_potential_is_integrated_out(asked):
    found = asked(*WHOLE, "x**4/4 + (1 + y)*x**2 + x*y")
    exact = marginal_potential(surface("x**4/4 + (1 + y)*x**2 + x*y"), 0.1, Y)
    assert column(found, "potential") == exact.potential.value.tolist()
    assert column(found, "force") == exact.force.value.tolist()
    assert column(found, "variance") == exact.variance.tolist()
    assert column(found, "position") == pytest.approx(exact.position.tolist(), abs=0)
    text = "x**4/4 + (1 + y)*x**2 + x*y"
    told = {"potential": text, "temperature": 0.1, "order": "exact", "at": Y.tolist()}
    assert found["parameters"] == told


def test_the_expansion_stands_beside_it_with_its_orders(asked):
    text = "x**4/4 + (2 + y)*x**2 + x*y"
    found, exact = (asked(*WHOLE, text, "--order", order) for order in ("laplace", "exact"))
    house = laplace_expansion(surface(text), 0.1, Y)
    assert column(found, "potential") == house.potential.value.tolist()
    assert column(found, "order_3") == house.orders[3].tolist()
    sums = [sum(row[f"order_{n}"] for n in range(3)) for row in found["rows"]]
    assert column(found, "potential") == pytest.approx(sums, rel=1e-14)
    for near, true in zip(found["rows"], exact["rows"], strict=True):
        assert abs(near["potential"] - true["potential"]) < near["potential_error"]


def test_two_wells_in_x_come_with_a_warning(entropic):
    said = entropic(*WHOLE, "(x**2 - 1)**2 + y**2")
    assert said.code == 0
    assert said.err.startswith("warning: x has two wells with up to 10 temperatures between them")
    assert len(said.err.splitlines()) == 1


def test_the_symbolic_potential_is_a_text_of_numbered_steps(entropic):
    said = entropic(*SYMBOLIC)
    assert (said.code, said.err) == (0, "")
    assert "V_eff = T k ln(g/(1 − η g/2))/2 + U" in said.out
    assert "1. one step" in said.out
    more = entropic(*SYMBOLIC, "--momentum", "0.9", "--noise", "hessian", "--curvature", "4 + y**2")
    assert "ln(1 − η g/(2 (β + 1)))" in more.out
    assert "g = y² + 4" in more.out


def test_the_symbolic_potential_has_rows_in_every_format(entropic, asked, tmp_path):
    options = ["--noise", "covariance", "--energy", "y**2", "--out", str(tmp_path / "a.nc")]
    printed = entropic(*SYMBOLIC, *options, "--format", "csv")
    found = asked(*SYMBOLIC, *options[:-2])
    lines = list(csv.DictReader(io.StringIO(printed.out)))
    data = xarray.load_dataset(tmp_path / "a.nc")
    for i, row in enumerate(found["rows"]):
        assert list(row) == ["step", "name", "latex", "text", "prose"]
        assert lines[i]["latex"] == row["latex"] == data["latex"][i].item()
    assert found["quantity"] == "potential"
    assert found["parameters"] == {
        **{"symbolic": True, "noise": "covariance", "integrator": "euler", "momentum": False},
        **{"energy": "y**2", "curvature": None},
    }


@pytest.mark.parametrize(
    "arguments",
    [
        [*WARM],
        [*WHOLE, "x**4/4 + (1 + y)*x**2 + x*y"],
        [*WHOLE, "x**4/4 + (2 + y)*x**2", "--order", "laplace"],
    ],
)
def test_every_kind_has_a_picture(entropic, tmp_path, arguments):
    path = tmp_path / "a.svg"
    said = entropic(*arguments, "--plot", str(path))
    assert (said.code, said.err) == (0, f"drew {path}\n")
    assert path.read_text("utf-8").count("<path") > 10


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([*VALLEY], "Missing option '--temperature'"),
        ([*POTENTIAL, "--temperature", "1"], "Missing option '--curvature'"),
        (["theory", "potential", *WARM[4:]], "Missing option '--at'"),
        ([*POTENTIAL, "--potential", "x**2"], "Missing option '--temperature'"),
        ([*WARM, "--momentum", "1"], "momentum must be from 0 to below 1; it is 1"),
        ([*WARM, "--momentum", "0.5", "--integrator", "heun"], "euler integrator alone"),
        ([*WARM, "--integrator", "rk4"], "'rk4' is not one of"),
        ([*WARM, "--step-size", "0.5"], "edge of stability"),
        ([*WARM, "--noise", "covariance"], "need each other"),
        ([*WARM, "--covariance", "1"], "need each other"),
        ([*WARM, "--noise", "covariance", "--covariance", "1"], "no --temperature beside it"),
        ([*WARM, "--order", "laplace"], "--order is for the x of --potential"),
        ([*WARM, "--potential", "x**2"], "--curvature has no place beside it"),
        ([*WHOLE, "x**2", "--step-size", "0.1"], "--step-size has no place beside it"),
        ([*WHOLE, "x**2 + z"], "'z' is not allowed"),
        ([*WHOLE, "x*y"], "must rise by 40 temperatures on both sides in x"),
        ([*WHOLE, "(x**2-1)**2", "--order", "laplace"], "temperatures part two of them"),
        ([*SYMBOLIC, "--potential", "x**2"], "have no place with it"),
        ([*SYMBOLIC, "--plot", "a.svg"], "have no place with it"),
        ([*SYMBOLIC, "--momentum", "0.5", "--integrator", "heun"], "euler integrator alone"),
        ([*SYMBOLIC, "--curvature", "1/0"], "has no value"),
    ],
)
def test_what_cannot_be_asked_is_refused(entropic, arguments, match):
    said = entropic(*arguments)
    assert said.refused(), said
    assert match in said.err


@pytest.mark.parametrize(
    ("typed", "match"),
    [
        ("1,2;3", "has 2 rows, and each must have as many numbers"),
        ("1,a", "'a' is not a finite number"),
        ("1,-1", "no negative eigenvalue"),
        ("1,0.5;0.4,1", "must be symmetric"),
        ("0,0", "and a positive one"),
    ],
)
def test_what_is_no_covariance_is_refused(entropic, typed, match):
    said = entropic(*VALLEY, "--noise", "covariance", "--covariance", typed)
    assert said.refused()
    assert match in said.err
    said = entropic(
        *(*VALLEY, "--noise", "covariance", "--covariance", "1,2", "--fast-dims", "3"),
    )
    assert "--fast-dims says 3" in said.err


@pytest.mark.parametrize("integrator", ["exact", "heun"])
def test_a_relaxation_knows_eulers_step_alone(entropic, integrator):
    base = ["theory", "relaxation", *WARM[4:], "--start", "0", "--absorb", "-1,1"]
    said = entropic(*base, "--integrator", integrator)
    assert said.refused()
    assert "Euler's step" in said.err


def test_a_symbol_for_no_momentum_is_refused(entropic):
    said = entropic(*SYMBOLIC, "--momentum", "2")
    assert said.code == 2
    assert "momentum must be from 0 to below 1; it is 2" in said.err


def test_digits_beyond_floats_are_not_worked_out(entropic):
    said = entropic(*SYMBOLIC, "--energy", "9**9**9")
    assert said.code == 2
    assert "is beyond the range of floats" in said.err
