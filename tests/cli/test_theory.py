import csv
import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest
import xarray

from entropic.theory import (
    CurvatureAligned,
    Thermal,
    Valley,
    effective_potential,
    mean_exit_time,
    mean_forces,
    monitoring_shift,
    saddle_point,
    shape,
    slow_dynamics,
)

SADDLE = (
    *("alpha", "kappa", "q", "q_hat", "entropy", "distance"),
    *("at_eigenvalue", "at_stable", "residual", "converged"),
)
VALLEY = ["--curvature", "4+y**2", "--temperature", "0.02"]
POTENTIAL = ["theory", "potential", *VALLEY, "--at", "-1:1:5"]
RELAXATION = ["theory", "relaxation", *VALLEY, "--start", "-0.5,0,0.25", "--absorb", "-1,1"]


@pytest.fixture
def asked(entropic):
    """The JSON of a command that must succeed."""

    def ask(*arguments):
        said = entropic(*arguments, "--format", "json")
        assert said.code == 0, said.err
        return json.loads(said.out)

    return ask


@pytest.mark.parametrize(
    ("arguments", "quantity", "fields"),
    [
        (["theory", "saddle", "--alpha", "0.5,1"], "saddle", set(SADDLE)),
        (POTENTIAL, "potential", {"y", "potential", "force"}),
        (RELAXATION, "relaxation", {"start", "mean_time"}),
    ],
)
def test_json_keeps_its_contract(asked, arguments, quantity, fields):
    found = asked(*arguments)
    assert {"quantity", "parameters", "rows"} <= set(found)
    assert found["quantity"] == quantity
    assert len(found["rows"]) > 1
    for row in found["rows"]:
        assert fields <= set(row)
        assert all(isinstance(row[name], (int, float)) for name in fields)
    if quantity == "saddle":
        assert tuple(found["rows"][0]) == SADDLE


@pytest.mark.parametrize(
    "arguments", [["theory", "saddle", "--alpha", "0.5,1"], POTENTIAL, RELAXATION]
)
def test_all_formats_hold_the_same_numbers(entropic, asked, tmp_path, arguments):
    rows = asked(*arguments)["rows"]
    printed = entropic(*arguments, "--format", "csv", "--out", str(tmp_path / "a.nc"))
    lines = list(csv.DictReader(io.StringIO(printed.out)))
    data = xarray.load_dataset(tmp_path / "a.nc")
    table = entropic(*arguments).out
    for i, row in enumerate(rows):
        assert list(row) == list(lines[i]) == list(data)
        for name, value in row.items():
            assert data[name][i].item() == value
            assert lines[i][name] == (
                str(value).lower() if isinstance(value, bool) else repr(value)
            )
            assert isinstance(value, bool) or f"{value:.6g}" in table


def test_without_options_the_saddle_is_spherical_with_no_margin(asked):
    found = asked("theory", "saddle", "--alpha", "0.5")
    assert found["parameters"] == {
        **{"model": "spherical", "alpha": [0.5], "kappa": [0.0]},
        **{"setting": "storage", "energy": "count", "beta": ["inf"]},
    }
    assert found["rows"][0]["entropy"] == saddle_point(0.5).entropy.item()


def test_there_is_a_saddle_for_every_margin_and_load(asked):
    rows = asked("theory", "saddle", "--alpha", "0.1:0.5:3", "--kappa", "0,0.2")["rows"]
    assert [(row["kappa"], row["alpha"]) for row in rows] == [
        (kappa, alpha) for kappa in (0, 0.2) for alpha in (0.1, 0.1 + 0.2, 0.5)
    ]


def test_a_binary_saddle_of_negative_entropy_comes_with_a_warning(entropic):
    fine = entropic("theory", "saddle", "--model", "binary", "--alpha", "0.8")
    assert (fine.code, fine.err) == (0, "")
    said = entropic("theory", "saddle", "--model", "binary", "--alpha", "0.8,0.9")
    assert said.code == 0
    assert said.err.startswith("warning: the entropy is negative at alpha = 0.9")
    assert "typical solutions do not exist" in said.err


def test_points_that_do_not_converge_are_printed_as_null_and_end_in_exit_code_one(
    entropic, monkeypatch
):
    lost = replace(
        saddle_point([[0.5, 0.6]]), q=[[0.3, math.nan]], converged=np.array([[True, False]])
    )
    monkeypatch.setattr("entropic.theory.perceptron.saddle.saddle_point", lambda *_, **__: lost)
    said = entropic("theory", "saddle", "--alpha", "0.5,0.6", "--format", "json")
    assert [row["q"] for row in json.loads(said.out)["rows"]] == [0.3, None]
    assert said.code == 1
    assert said.err == "error: 1 of 2 saddle points did not converge; their rows hold no numbers\n"


def test_a_finite_temperature_adds_the_energy_and_the_free_entropy(asked):
    more = ["--energy", "hinge", "--beta", "2,inf", "--kappa", "0.1"]
    found = asked("theory", "saddle", "--alpha", "0.5", *more)
    assert found["parameters"]["beta"] == [2.0, "inf"]
    rows = found["rows"]
    assert list(rows[0]) == [*SADDLE, "beta", "energy", "free_entropy", "error_rate"]
    assert [row["beta"] for row in rows] == [2.0, None]
    warm, hard = rows
    assert warm["free_entropy"] == pytest.approx(warm["entropy"] - 2 * warm["energy"], rel=1e-12)
    assert (hard["energy"], hard["free_entropy"]) == (0.0, hard["entropy"])


def test_with_a_teacher_there_is_a_row_for_every_branch(asked):
    more = ["--model", "binary", "--setting", "teacher"]
    rows = asked("theory", "saddle", "--alpha", "1.2,1.3,1.6", *more)["rows"]
    taught = ["teacher_overlap", "generalization_error", "generalization_error_bayes"]
    assert list(rows[0]) == [*SADDLE, *taught, "branch", "dominant"]
    assert [(row["alpha"], row["branch"], row["dominant"]) for row in rows] == [
        *((1.2, "typical", True), (1.2, "perfect", False)),
        *((1.3, "typical", False), (1.3, "perfect", True), (1.6, "perfect", True)),
    ]
    assert rows[0]["teacher_overlap"] == pytest.approx(rows[0]["q"], rel=1e-12)


def test_branches_can_be_kept_in_a_netcdf_file(entropic, tmp_path):
    name = str(tmp_path / "a.nc")
    more = ["--model", "binary", "--setting", "teacher", "--beta", "3,inf"]
    assert entropic("theory", "saddle", "--alpha", "1.2", *more, "--out", name).code == 0
    data = xarray.load_dataset(name)
    assert data["branch"].values.tolist() == ["typical", "perfect", "typical", "perfect"]


def test_the_symmetric_perceptron_is_annealed(asked, entropic):
    more = ["--model", "symmetric", "--kappa", "1"]
    row = asked("theory", "saddle", "--alpha", "0.5", *more)["rows"][0]
    # P(|z| ≤ 1) = 0.6826895
    assert row["entropy"] == pytest.approx(math.log(2) + 0.5 * math.log(0.6826895), abs=1e-7)
    said = entropic("theory", "saddle", "--alpha", "1.9", *more)
    assert said.err.startswith("warning: the entropy is negative at alpha = 1.9, kappa = 1")


def test_a_warm_entropy_below_zero_is_a_failure_of_replica_symmetry(entropic):
    more = ["--model", "binary", "--beta", "40", "--energy", "quadratic"]
    said = entropic("theory", "saddle", "--alpha", "1.5", *more)
    assert said.code == 0
    assert "beta = 40: replica symmetry counts no weights of that energy" in said.err


@pytest.mark.parametrize(
    ("name", "noise"), [("isotropic", Thermal(0.02)), ("hessian", CurvatureAligned(0.02))]
)
@pytest.mark.parametrize("step", [0.0, 0.1])
def test_the_potential_is_that_of_the_house(asked, name, noise, step):
    more = ["--energy", "y**2/8", "--noise", name, "--step-size", str(step), "--fast-dims", "3"]
    rows = asked(*POTENTIAL, *more)["rows"]
    y = np.linspace(-1, 1, 5)
    valley = Valley(shape("y**2/8"), shape("4+y**2"), fast_dims=3)
    heights = effective_potential(valley, noise, y, step)
    assert [row["potential"] for row in rows] == heights.tolist()
    assert [row["force"] for row in rows] == sum(mean_forces(valley, noise, y, step)).tolist()


def test_the_force_is_minus_the_slope_of_the_potential(asked):
    more = ["--energy", "sin(y)", "--step-size", "0.2", "--at", "-1:1:2001"]
    rows = asked(*POTENTIAL[:-2], *more)["rows"]
    y, v, f = (np.array([row[name] for row in rows]) for name in ("y", "potential", "force"))
    np.testing.assert_allclose(-np.gradient(v, y)[1:-1], f[1:-1], atol=1e-6)


def test_two_fast_directions_make_the_t_ln_g_of_the_paper(asked):
    rows = asked(*POTENTIAL, "--fast-dims", "2")["rows"]
    expected = [0.02 * math.log(4 + row["y"] ** 2) for row in rows]
    assert [row["potential"] for row in rows] == pytest.approx(expected, rel=1e-14)


def test_the_relaxation_is_the_exit_time_of_the_house(asked):
    found = asked(*RELAXATION, "--slow-temperature", "0.1", "--step-size", "0.1")
    slow = slow_dynamics(
        Valley(shape("0"), shape("4+y**2")), Thermal(0.02), (-1, 1), 0.1, slow_temperature=0.1
    )
    times = mean_exit_time(slow, np.array([-0.5, 0, 0.25])).time.value
    assert [row["mean_time"] for row in found["rows"]] == pytest.approx(times, rel=1e-12)
    assert found["parameters"]["slow_temperature"] == 0.1
    assert [row["start"] for row in found["rows"]] == [-0.5, 0, 0.25]
    assert found["rows"][0]["adiabaticity"] == slow.adiabaticity.max()


def test_ends_watched_once_a_step_count_as_farther_out(asked):
    base = [*RELAXATION, "--step-size", "0.01"]
    discrete = asked(*base, "--monitoring", "discrete")["rows"]
    shift = monitoring_shift(0.02, 0.01)
    moved = ["--absorb", f"{-1 - shift!r},{1 + shift!r}"]
    expected = asked(*base, *moved)["rows"]
    times = [[row["mean_time"] for row in rows] for rows in (discrete, expected)]
    assert times[0] == pytest.approx(times[1], rel=1e-12)
    assert times[0][1] > asked(*base)["rows"][1]["mean_time"]


def test_a_mirror_far_away_is_an_open_side_that_confines(asked):
    base = [*RELAXATION[:-2], "--energy", "y**2/2", "--absorb", "0.5"]
    opened, mirrored = asked(*base)["rows"], asked(*base, "--reflect", "-1.5")["rows"]
    assert [row["mean_time"] for row in opened] == pytest.approx(
        [row["mean_time"] for row in mirrored], rel=1e-8
    )


def test_an_unsafe_adiabatic_prediction_says_so(entropic):
    safe = entropic(*RELAXATION)
    assert safe.err == ""
    unsafe = entropic(*RELAXATION, "--temperature", "2")
    assert unsafe.code == 0
    assert unsafe.err.startswith("warning: the adiabatic prediction is not safe")
    assert len(unsafe.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["saddle", "--alpha", "2"], "critical capacity 2 "),
        (["saddle", "--alpha", "0.1,0.6", "--kappa", "0,1"], "0.5195722296"),
        (["saddle", "--alpha", "-0.1"], "alpha must be finite and at least 0; it is -0.1"),
        (["saddle", "--alpha", "nan"], "'--alpha'"),
        (["saddle", "--alpha", "0.5", "--kappa", "inf"], "'--kappa'"),
        (["saddle", "--alpha", "1:0:3"], "must rise"),
        (["saddle", "--alpha", "0:1"], "neither a list"),
        (["saddle", "--alpha", "0.5", "--model", "ternary"], "'ternary' is not one of"),
        (["saddle", "--alpha", "0.5", "--setting", "school"], "'school' is not one of"),
        (["saddle", "--alpha", "0.5", "--energy", "cube"], "'cube' is not one of"),
        (["saddle", "--alpha", "0.5", "--beta", "hot"], "'hot' is neither a finite number nor inf"),
        (["saddle", "--alpha", "0.5", "--beta", "0"], "beta must be from 1e-06 to 1e+12, or inf"),
        (["saddle", "--alpha", "0.5", "--beta", "1", "--kappa", "-3"], "at least -2.2 with"),
        (["saddle", "--alpha", "0.8", "--setting", "teacher", "--kappa", "1"], "0.7102435"),
        (["saddle", "--alpha", "0.5", "--model", "symmetric"], "kappa must be finite and above 0"),
        (["saddle", "--alpha", "0.5", "--format", "xml"], "'xml' is not one of"),
        (["saddle", "--alpha", "0.5", "--out", "a.txt"], "must end in .json, .csv or .nc"),
        (["saddle", "--alpha", "0.5", "--plot", "a.jpg"], "must end in .png, .svg or .pdf"),
        (["saddle", "--alpha", "0.5", "--out", "no/such/a.nc"], "does not exist"),
    ],
)
def test_a_saddle_that_cannot_be_is_refused(entropic, arguments, match):
    said = entropic("theory", *arguments)
    assert said.refused()
    assert match in said.err


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--curvature", '__import__("os")'], "'__import__' is not allowed"),
        (["--curvature", "y.real"], "'y.real' is not allowed"),
        (["--curvature", "z"], "'z' is not allowed"),
        (["--curvature", "1+"], "cannot read the expression"),
        (["--energy", "open('/etc/passwd')"], "'open' is not allowed"),
        (["--curvature", "y"], "at y = -1 it is -1"),
        (["--curvature", "0"], "must be positive"),
        (["--curvature", "1/y"], "must be positive"),
        (["--curvature", "log(y)"], "must be positive"),
        (["--curvature", "(-8)**0.5"], "is not real"),
        (["--curvature", "9**9**9**9"], "has no value"),
        (["--energy", "1/y"], "must be finite"),
        (["--temperature", "0"], "temperature must be a positive number"),
        (["--temperature", "-1"], "temperature must be a positive number"),
        (["--temperature", "nan"], "'--temperature': 'nan' is not a finite number"),
        (["--fast-dims", "0"], "'--fast-dims'"),
        (["--fast-dims", "1.5"], "'--fast-dims'"),
        (["--fast-dims", "1" + "0" * 400], "'--fast-dims'"),
        (["--noise", "pink"], "'pink' is not one of"),
        (["--step-size", "-0.1"], "step must be zero"),
        (["--step-size", "0.5"], "edge of stability"),
        (["--step-size", "inf"], "'--step-size'"),
    ],
)
@pytest.mark.parametrize("command", ["potential", "relaxation"])
def test_a_valley_that_cannot_be_is_refused(entropic, command, arguments, match):
    said = entropic(*(POTENTIAL if command == "potential" else RELAXATION), *arguments)
    assert said.refused()
    assert match in said.err


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--absorb", "1,-1"], "must rise"),
        (["--absorb", "1,1"], "must differ"),
        (["--absorb", "-1,0,1"], "there are 3 absorbing"),
        (["--absorb", "-1,1", "--reflect", "2"], "2 absorbing and 1 reflecting"),
        (["--absorb", "1", "--reflect", "1"], "must differ"),
        (["--absorb", "1", "--reflect", "-1,-2"], "2 reflecting"),
        (["--start", "3"], "3 does not"),
        (["--start", "-2,2", "--absorb", "0"], "2 does not"),
        (["--absorb", "1"], "does not confine on the left"),
        (["--absorb", "1"], "--reflect"),
        (["--absorb", "-1", "--energy", "-y"], "does not confine on the right"),
        (["--slow-temperature", "0"], "slow temperature must be a positive number"),
        (["--slow-temperature", "-1", "--monitoring", "discrete", "--step-size", "0.1"], "slow"),
        (["--monitoring", "discrete"], "needs a --step-size above 0"),
        (["--monitoring", "hourly"], "'hourly' is not one of"),
        (["--energy", "1000*y**2"], "beyond the range of floats"),
    ],
)
def test_a_relaxation_that_cannot_be_is_refused(entropic, arguments, match):
    said = entropic(*RELAXATION, *arguments)
    assert said.refused()
    assert match in said.err


@pytest.mark.parametrize("option", ["--out", "--plot"])
def test_a_folder_that_cannot_be_written_is_refused_and_nothing_is_left(
    entropic, tmp_path, monkeypatch, option
):
    name = str(tmp_path / ("a.json" if option == "--out" else "a.svg"))
    monkeypatch.setattr("os.access", lambda *_: False)
    said = entropic("theory", "saddle", "--alpha", "0.5", option, name)
    assert said.refused()
    assert "is not writable" in said.err
    monkeypatch.undo()
    long = str(tmp_path / ("a" * 260 + (".json" if option == "--out" else ".svg")))
    said = entropic("theory", "saddle", "--alpha", "0.5", option, long)
    assert said.refused()
    assert "cannot write" in said.err
    assert not list(tmp_path.iterdir())
