"""``entropic sim langevin`` as a user meets it."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entropic.sims import Langevin, first_passage, observe
from entropic.theory import (
    Thermal,
    Valley,
    mean_exit_time,
    monitoring_shift,
    shape,
    slow_dynamics,
)

FORMULAS = ["--curvature", "a + y**2", "--energy", "0.5*y**2", "--param", "a=4"]
VALLEY = ["sim", "langevin", *FORMULAS, "--step-size", "0.02", "--temperature"]
EXIT = [*VALLEY, "0.2", "--start", "0,0.5", "--absorb", "-1,1", "--trajectories", "200"]
REST = [*VALLEY, "0.2", "--trajectories", "50", "--steps", "2000"]
PLACE = Valley(shape("0.5*y**2"), shape("a + y**2", a=4.0))
EULER = Langevin(PLACE, Thermal(0.2), 0.02)
MATTHEWS = Langevin(PLACE, Thermal(0.2), 0.02, "leimkuhler-matthews")
MOMENTS = ("position", "position_squared", "fast_variance")


@pytest.fixture
def asked(entropic):
    """The JSON of a command that must succeed."""

    def ask(*arguments: str) -> dict[str, Any]:
        said = entropic(*arguments, "--format", "json")
        assert said.code == 0, said.err
        return json.loads(said.out)

    return ask


def with_errors(*names: str) -> list[str]:
    return [word for name in names for word in (name, f"{name}_stderr")]


@pytest.mark.parametrize(
    ("arguments", "quantity", "fields", "rows"),
    [
        (EXIT, "first-passage", ["start", "mean_time", "stderr", "absorbed", "censored"], 2),
        (
            [*EXIT, "--survival", "0:5:3"],
            "measured-survival",
            ["start", "time", *with_errors("survival")],
            6,
        ),
        (REST, "averages", with_errors(*MOMENTS), 1),
        (
            [*REST, "--histogram", "-1:1:5"],
            "histogram",
            ["low", "high", *with_errors("probability")],
            4,
        ),
        ([*REST, "--course", "3"], "course", ["time", *with_errors(*MOMENTS)], 3),
        (
            [*REST, "--autocorrelation", "4"],
            "autocorrelation",
            ["lag", *with_errors("autocorrelation")],
            4,
        ),
    ],
)
def test_json_keeps_its_contract(entropic, asked, arguments, quantity, fields, rows):
    found = asked(*arguments)
    assert found["quantity"] == quantity
    assert len(found["rows"]) == rows
    for row in found["rows"]:
        assert list(row)[: len(fields)] == fields
        assert all(isinstance(value, (int, float)) for value in row.values())
    assert set(found["units"]) <= set(found["rows"][0])
    printed = entropic(*arguments, "--format", "csv").out
    lines = list(csv.DictReader(io.StringIO(printed)))
    assert [list(map(float, line.values())) for line in lines] == [
        list(map(float, row.values())) for row in found["rows"]
    ]


def test_the_numbers_are_those_of_the_house(asked):
    found = first_passage(EULER, [0.0, 0.5], (-1, 1), trajectories=200, seed=7, threads=1)
    rows = asked(*EXIT, "--seed", "7")["rows"]
    assert [row["mean_time"] for row in rows] == found.mean_time.value.tolist()
    assert [row["stderr"] for row in rows] == found.mean_time.error.tolist()
    assert [row["through_high"] for row in rows] == found.through_high.value.tolist()
    curve = asked(*EXIT, "--seed", "7", "--survival", "0,2.5")["rows"]
    assert [r["survival"] for r in curve] == found.survival([0, 2.5]).value.ravel().tolist()
    rules = {"trajectories": 50, "steps": 2000, "seed": 7, "burn_in": 200}
    seen = observe(MATTHEWS, **rules, edges=[-1, 0, 1])
    (row,) = asked(*REST, "--seed", "7")["rows"]
    for name in MOMENTS:
        assert row[name] == float(getattr(seen, name).value)
        assert row[f"{name}_stderr"] == float(getattr(seen, name).error)
    bins = asked(*REST, "--seed", "7", "--histogram", "-1,0,1")["rows"]
    assert [b["probability"] for b in bins] == seen.histogram.value.tolist()


def test_exit_times_agree_with_theory(asked):
    stiff = ["--curvature", "a + y**2", "--param", "a=40", "--energy", "0.5*y**2"]
    ends = ["--start", "0,0.5", "--absorb", "-1,1", "--trajectories", "16000"]
    heat = ["--temperature", "0.2", "--step-size", "0.01"]
    rows = asked("sim", "langevin", *stiff, *heat, *ends)["rows"]
    place, shift = Valley(PLACE.energy, shape("40 + y**2")), float(monitoring_shift(0.2, 0.01))
    starts = [0.0, 0.5]
    slow = slow_dynamics(place, Thermal(0.2), (-1 - shift, 1 + shift), 0.01)
    predicted = mean_exit_time(slow, starts).time.value
    rival = slow_dynamics(place, Thermal(0.2), (-1, 1), 0.01)  # ends that are watched always
    always = mean_exit_time(rival, starts).time.value
    for row, theory, other in zip(rows, predicted, always, strict=True):
        assert abs(row["mean_time"] - theory) < 4 * row["stderr"]
        assert row["stderr"] < 0.01 * theory
        assert abs(row["mean_time"] - other) > 5 * row["stderr"]


def test_the_result_does_not_depend_on_threads(asked):
    for arguments in (EXIT, REST):
        one, two = (asked(*arguments, "--threads", n) for n in ("1", "2"))
        assert one == two
        assert one != asked(*arguments, "--seed", "1")


def test_everything_needed_to_say_it_again_is_in_the_parameters(asked):
    found = asked(*EXIT)["parameters"]
    assert found["param"] == {"a": 4.0}
    assert (found["integrator"], found["slow_temperature"]) == ("euler", 0.2)
    assert (found["steps"], found["seed"], found["absorb"]) == (10_000_000, 0, [-1.0, 1.0])
    assert "threads" not in found
    found = asked(*REST)["parameters"]
    assert (found["integrator"], found["burn_in"], found["every"]) == (
        "leimkuhler-matthews",
        200,
        10,
    )
    assert asked(*REST, "--course", "2")["parameters"]["burn_in"] == 0


def test_trajectories_given_up_make_a_lower_bound_that_is_said(entropic, asked):
    said = entropic(*EXIT, "--steps", "100", "--format", "csv")
    assert said.code == 0
    (line,) = said.err.splitlines()
    assert line.startswith("warning: ")
    assert "of 400 trajectories were still inside after a time of 2: mean_time is a lower" in line
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert all(int(row["censored"]) > 0 and float(row["mean_time"]) < 2 for row in rows)
    assert all(int(row["absorbed"]) + int(row["censored"]) == 200 for row in rows)


def test_what_shakes_and_steps_is_chosen_as_the_help_says(monkeypatch):
    from entropic.cli.sim.dynamics import dynamics

    options = dict.fromkeys(
        ("energy", "potential", "fast_dims", "slow_temperature", "integrator", "momentum")
    )
    options |= {"covariance": None, "friction": None, "parameters": (), "precision": "mixed"}
    options |= {"curvature": "4", "temperature": 0.5, "noise": "isotropic", "step_size": 0.01}

    def made(leaving: bool = False, **changes: Any) -> Langevin:
        return dynamics(leaving, **options | changes)[0]

    assert made(leaving=True).integrator == "euler"
    assert made().integrator == "leimkuhler-matthews"
    assert made(noise="hessian").integrator == "euler"
    assert made(noise="hessian").strength == (0.0, 0.5)
    assert made(momentum=0.5).integrator == "heavy-ball"
    assert made(integrator="baoab", friction=2.0).friction == 2.0
    shaken = made(noise="covariance", temperature=None, covariance=[[1.0, 0.0], [0.0, 4.0]])
    assert shaken.fast_dims == 2
    assert shaken.heat == 2.5
    np.testing.assert_allclose(shaken.widths**2 * shaken.strength[0], [1, 4])
    free = made(curvature=None, potential="b*x**2 + y**2", parameters=(("b", 3.0),))
    assert free.landscape(1.0, 1.0) == 4.0


def test_a_formula_gets_the_parameters_that_it_mentions():
    from entropic.cli.sim.dynamics import dynamics

    options = dict.fromkeys(
        ("potential", "fast_dims", "slow_temperature", "integrator", "momentum", "covariance")
    )
    options |= {"curvature": "1e2 + a*y**2", "energy": "b*y**2", "precision": "mixed"}
    options |= {"temperature": 0.5, "noise": "isotropic", "step_size": 0.01, "friction": None}
    langevin, said = dynamics(True, **options, parameters=(("a", 1.0), ("b", 2.0)))
    assert langevin.landscape.energy.params.tolist() == [2.0]
    assert langevin.landscape.stiffness.params.tolist() == [1.0]
    assert said["param"] == {"a": 1.0, "b": 2.0}


REFUSED = [
    (["--step-size", "0"], "the step must be a positive number; it is 0"),
    (["--step-size", "nan"], "'nan' is not a finite number"),
    (["--step-size", "1"], "step * stiffness must stay below 2, the edge of stability"),
    (["--temperature", "-1"], "the temperature must be a positive number; it is -1"),
    (["--slow-temperature", "0"], "the slow temperature must be a positive number; it is 0"),
    (["--integrator", "verlet"], "'verlet' is not one of"),
    (["--integrator", "heavy-ball"], "--integrator heavy-ball needs a --momentum"),
    (["--momentum", "1"], "the momentum must be at least 0 and below 1; it is 1"),
    (["--momentum", "0.5", "--integrator", "euler"], "momentum belongs to the heavy-ball"),
    (["--friction", "2"], "--friction belongs to --integrator baoab"),
    (["--precision", "half"], "'half' is not one of"),
    (["--fast-dims", "0"], "'--fast-dims': 0 is not in the range"),
    (["--fast-dims", "10000000"], "'--fast-dims': 10000000 is not in the range"),
    (["--noise", "pink"], "'pink' is not one of"),
    (["--noise", "covariance"], "--noise covariance and --covariance C need each other"),
    (["--covariance", "1,2"], "--noise covariance and --covariance C need each other"),
    (["--noise", "covariance", "--covariance", "1,2"], "has no --temperature beside it"),
    (["--param", "b"], "'b' is not NAME=VALUE"),
    (["--param", "b=1"], "no formula mentions the parameter 'b'"),
    (["--param", "a=2"], "each --param may be given once"),
    (["--curvature", "a + c"], "'--curvature': 'c' is not allowed in an expression"),
    (["--curvature", "a - 5"], "must be positive on the whole interval"),
    (["--energy", "y("], "'--energy': cannot read the expression"),
    (["--potential", "x**2"], "--potential is all of V(x, y)"),
    (["--trajectories", "1"], "'--trajectories': 1 is not in the range"),
    (["--trajectories", "100000000"], "there may be 100000000 trajectories in all"),
    (["--steps", "0"], "'--steps': 0 is not in the range"),
    (["--seed", "-1"], "'--seed': -1 is not in the range"),
    (["--threads", "0"], "'--threads': 0 is not in the range"),
    (["--start", "2"], "a start must lie between -1 and 1; 2 does not"),
    (["--absorb", "1,-1"], "the absorbing ends must be finite and increase"),
    (["--reflect", "2"], "a valley has two ends"),
    (["--absorb", "1", "--reflect", "-1,-2"], "--reflect is one mirror"),
    (["--burn-in", "5"], "--burn-in is for walks that stay"),
    (["--every", "3"], "--every is for walks that stay"),
    (["--course", "3"], "--course is for walks that stay"),
    (["--survival", "2,1"], "'2,1' must rise"),
    (["--survival", "-1,1"], "times must not be negative; the first is -1"),
    (["--histogram", "1"], "1 edges: there must be 2 to 10001"),
    (["--histogram", "-1:1:5", "--survival", "1"], "--survival and --histogram make different"),
    (["--resume"], "--resume needs the --out of the run"),
    (["--paths", "3"], "--paths needs a --plot"),
    (["--paths", "0"], "'--paths': 0 is not in the range"),
    (["--fast-start", "1e300"], "a trajectory must stay finite; "),
    (["--step-size", "0.42"], "step * stiffness must stay within the edge of stability"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_has_no_meaning_is_refused_in_one_line(entropic, arguments, message):
    said = entropic(*EXIT, *arguments)
    assert said.refused(), said.err
    assert message in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--survival", "1"], "--survival needs an --absorb to survive"),
        (["--start", "0,1"], "averages are over walks from one --start"),
        (["--course", "300"], "200 looks cannot fill 300 bins of time or lags"),
        (["--plot", "a.png"], "one row has no picture"),
        (["--reflect", "1,-1"], "the mirrors must be finite and increase"),
    ],
)
def test_what_has_no_meaning_at_rest_is_refused_in_one_line(entropic, arguments, message):
    said = entropic(*REST, *arguments)
    assert said.refused(), said.err
    assert message in said.err


def test_what_is_missing_is_named(entropic):
    for arguments, message in (
        (["--curvature", "4", "--step-size", "0.1"], "Missing option '--temperature'"),
        (["--temperature", "1", "--step-size", "0.1"], "give a --curvature, or a --potential"),
        (["--temperature", "1", "--curvature", "4"], "Missing option '--step-size'"),
        (
            ["--temperature", "1", "--curvature", "4", "--step-size", "0.1", "--absorb", "1"],
            "Missing option '--start'",
        ),
    ):
        said = entropic("sim", "langevin", *arguments)
        assert said.refused()
        assert message in said.err


def test_a_walk_that_breaks_down_keeps_nothing(entropic, tmp_path):
    said = entropic(*EXIT, "--step-size", "0.42", "--out", str(tmp_path / "a.json"))
    assert said.refused()
    assert "trajectories broke this before the run was stopped, the first by time" in said.err
    assert not list(tmp_path.iterdir())


def interrupting(monkeypatch, after: int) -> None:
    """Ctrl-C at the given look at how far the run is."""
    from contextlib import contextmanager

    looks = []

    @contextmanager
    def bar(name: str):
        def progress(label: str, fraction: float) -> None:
            looks.append(fraction)
            if len(looks) == after:
                raise KeyboardInterrupt

        yield progress

    monkeypatch.setattr("entropic.cli.sim.walk.bar", bar)


LONG = ["--trajectories", "600", "--threads", "1"]


@pytest.mark.parametrize(
    "arguments",
    [
        [*EXIT, "--temperature", "0.04"],
        [*EXIT, "--temperature", "0.04", "--survival", "1"],
        [*REST, "--steps", "2000000"],
        [*REST, "--steps", "2000000", "--histogram", "-1:1:5"],
        [*REST, "--steps", "2000000", "--course", "3"],
        [*REST, "--steps", "2000000", "--autocorrelation", "3"],
    ],
    ids=["exit", "survival", "rest", "histogram", "course", "autocorrelation"],
)
def test_control_c_leaves_a_valid_partial_result(entropic, monkeypatch, arguments):
    interrupting(monkeypatch, after=2)
    said = entropic(*arguments, *LONG, "--format", "json")
    assert said.code == 130
    (line,) = said.err.splitlines()
    assert line.startswith("error: interrupted at ")
    assert line.endswith("; without --out nothing is kept")
    found = json.loads(said.out)
    assert found["parameters"]["interrupted"] is True
    assert 0 <= found["parameters"]["done"] < 1
    for row in found["rows"]:
        if "censored" in row:
            assert row["censored"] + row["absorbed"] <= 600


def test_control_c_keeps_the_state_and_says_how_to_go_on(entropic, monkeypatch, tmp_path):
    out = tmp_path / "a.json"
    arguments = [*REST, *LONG, "--steps", "400000"]
    whole = entropic(*arguments, "--format", "json")
    with monkeypatch.context() as patch:
        interrupting(patch, after=2)
        said = entropic(*arguments, "--out", str(out))
    assert said.code == 130
    kept = Path(f"{out}.partial")
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    assert f"; kept in {kept}; to continue: entropic sim langevin " in said.err
    assert said.err.endswith(f"--out {out} --resume\n")
    again = entropic(*arguments, "--out", str(out))
    assert again.refused()
    assert "keeps a run that was cut: go on with --resume, or remove it" in again.err
    other = entropic(*arguments, "--out", str(out), "--seed", "5", "--resume")
    assert other.refused()
    assert "was cut in a run with seed = 0; here it is 5" in other.err
    said = entropic(*arguments, "--threads", "2", "--out", str(out), "--resume")
    assert said.code == 0
    assert out.read_text("utf-8") == whole.out
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


CHILD = """
from entropic.cli.sim import kept_state
from entropic.cli.main import main
kept_state.KEEP_EVERY = 0.02
main()
"""
LAST = {
    "exit": [*EXIT, "--temperature", "0.08", "--step-size", "0.005", "--trajectories", "1500"],
    "rest": [*REST, "--steps", "200000", "--trajectories", "1000", "--histogram", "-1:1:21"],
}


@pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL and SIGINT")
@pytest.mark.parametrize("name", LAST)
def test_a_run_killed_and_cut_gives_the_same_bytes_in_the_end(tmp_path, name):
    command = [sys.executable, "-c", CHILD, *LAST[name], "--format", "csv"]
    whole, out = tmp_path / "whole.json", tmp_path / "out.json"
    kept = Path(f"{out}.partial")

    def child(*more: str) -> subprocess.Popen[bytes]:
        arguments = [*command, *more]
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def stopped(how: signal.Signals, *more: str) -> tuple[int, bytes]:
        """The child once it has kept a state (anew), and is stopped after that."""
        old = kept.stat().st_mtime_ns if kept.exists() else 0
        with child("--out", str(out), *more) as run:
            while not (kept.exists() and kept.stat().st_mtime_ns > old):
                assert run.poll() is None, run.stderr.read()
                time.sleep(0.005)
            run.send_signal(how)
            said = run.communicate(timeout=60)[1]
        return run.returncode, said

    with child("--out", str(whole), "--threads", "1") as run:
        assert run.wait(120) == 0
    assert stopped(signal.SIGKILL, "--threads", "2")[0] == -signal.SIGKILL
    assert not out.exists()
    code, said = stopped(signal.SIGINT, "--threads", "1", "--resume")
    assert code == 130
    assert b"interrupted" in said
    assert not out.exists()
    with child("--out", str(out), "--resume") as run:
        assert run.wait(120) == 0
    assert out.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "whole.json"]
