import json

import numpy as np
import pytest
from matplotlib import image

from entropic.theory import (
    Thermal,
    Valley,
    corrected_dynamics,
    exact_exit_time,
    first_passage,
    relaxation_spectrum,
    shape,
    slow_dynamics,
    valley_exit_time,
)

VALLEY = ["--curvature", "40*(1+y**2)", "--energy", "y**2/2", "--temperature", "0.5"]
COMMAND = ["theory", "relaxation", *VALLEY, "--fast-dims", "2"]
ENDS = ["--start", "-0.5,0.25", "--absorb", "-1,1"]
PLACE, NOISE = Valley(shape("y**2/2"), shape("40*(1+y**2)"), 2), Thermal(0.5)


@pytest.fixture
def asked(entropic):
    def ask(*arguments):
        said = entropic(*COMMAND, *arguments, "--format", "json")
        assert said.code == 0, said.err
        return json.loads(said.out), said.err

    return ask


def test_each_correction_is_what_the_house_makes_of_it(asked):
    times = {}
    for correction in ("none", "first", "exact"):
        found, _ = asked(*ENDS, "--correction", correction)
        assert found["quantity"] == "relaxation"
        assert found["parameters"]["correction"] == correction
        assert list(found["rows"][0]) == ["start", "mean_time", "error", "adiabaticity"]
        times[correction] = [row["mean_time"] for row in found["rows"]]
    exact = exact_exit_time(PLACE, NOISE, [-0.5, 0.25], (-1, 1)).time.value
    assert times["exact"] == pytest.approx(exact.tolist(), rel=1e-12)
    gaps = {name: np.abs(np.array(times[name]) / exact - 1).max() for name in ("none", "first")}
    assert gaps["none"] > 2e-3
    assert gaps["first"] < 2e-4


def test_the_step_and_the_watch_enter_the_correction(asked):
    step = ["--step-size", "0.01", "--monitoring", "discrete", "--slow-temperature", "0.3"]
    found, _ = asked(*ENDS, *step, "--correction", "first")
    expected = valley_exit_time(
        PLACE, NOISE, [-0.5, 0.25], [-1, 1], (), 0.01, 0.3, "discrete", "first"
    ).relaxation.time.value
    assert [row["mean_time"] for row in found["rows"]] == pytest.approx(expected.tolist())


def test_momentum_enters_and_other_integrators_are_refused(asked, entropic):
    found, _ = asked(*ENDS, "--momentum", "0.5", "--step-size", "0.002")
    expected = valley_exit_time(
        PLACE, NOISE, [-0.5, 0.25], [-1, 1], (), 0.002, momentum=0.5
    ).relaxation.time.value
    assert [row["mean_time"] for row in found["rows"]] == pytest.approx(expected.tolist())
    said = entropic(*COMMAND, *ENDS, "--integrator", "heun")
    assert said.refused()
    assert "leaving is known of Euler's step" in said.err


def test_survival_and_density_have_a_row_for_each_start_and_time(asked):
    found, _ = asked(*ENDS, "--survival", "0.5,0.1")
    assert found["quantity"] == "survival"
    slow = slow_dynamics(PLACE, NOISE, (-1, 1))
    expected = first_passage(slow, [-0.5, 0.25], [0.5, 0.1])
    assert [(row["start"], row["time"]) for row in found["rows"]] == [
        (-0.5, 0.5), (-0.5, 0.1), (0.25, 0.5), (0.25, 0.1)
    ]  # fmt: skip
    for name, values in (("survival", expected.survival), ("density", expected.density)):
        column = [row[name] for row in found["rows"]]
        assert column == pytest.approx(values.value.ravel().tolist(), rel=1e-9)
        assert all(0 <= row[f"{name}_error"] < 1e-4 for row in found["rows"])
    assert found["units"]["density"] == "energy/length^2"


@pytest.mark.parametrize("correction", ["none", "first"])
@pytest.mark.parametrize("absorb", [None, "both", "right"])
def test_the_spectrum_is_that_of_the_slow_coordinate(asked, correction, absorb):
    ends = {
        None: ["--reflect", "-1,1"],
        "both": ["--absorb", "-1,1"],
        "right": ["--absorb", "1", "--reflect", "-1"],
    }[absorb]
    found, _ = asked(*ends, "--spectrum", "3", "--correction", correction)
    assert found["quantity"] == "relaxation-spectrum"
    make = slow_dynamics if correction == "none" else corrected_dynamics
    rates = relaxation_spectrum(make(PLACE, NOISE, (-1, 1)), 3, absorb).rates.value
    column = [row["rate"] for row in found["rows"]]
    assert [row["mode"] for row in found["rows"]] == [1, 2, 3]
    # the ends of the corrected one have moved a little
    assert column == pytest.approx(rates.tolist(), rel=1e-9 if correction == "none" else 3e-3)
    assert [row["time"] * row["rate"] for row in found["rows"]] == pytest.approx([1] * 3)


@pytest.mark.parametrize(
    ("scale", "correction", "warned"),
    [(8, "none", True), (8, "first", False), (3, "first", True), (3, "exact", False)],
)
def test_a_correction_is_warned_of_where_it_fails(entropic, scale, correction, warned):
    valley = ["--curvature", f"{scale}*(1+y**2)", "--temperature", "0.5"]
    said = entropic("theory", "relaxation", *valley, *ENDS, "--correction", correction)
    assert said.code == 0
    assert ("not safe" in said.err) == warned
    if warned:
        name = "corrected" if correction == "first" else "adiabatic"
        assert f"the {name} prediction is not safe here" in said.err


def test_a_correction_that_changes_a_time_by_much_is_warned_of(entropic):
    """Many cold fast directions over an entropic barrier: small ε, but it stands in an exponent."""
    valley = ["--curvature", "60*(1+y**2)", "--temperature", "0.5", "--slow-temperature", "0.25"]
    cold = [
        *valley,
        "--fast-dims",
        "16",
        "--noise",
        "isotropic",
        "--start",
        "0",
        "--absorb",
        "-1,1",
    ]
    said = entropic("theory", "relaxation", *cold, "--correction", "first")
    assert "not safe" not in said.err
    assert "the correction changes a time by a factor of e^0.1" in said.err
    assert entropic("theory", "relaxation", *cold, "--correction", "exact").err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        [*ENDS, "--survival", "0:3:31"],
        [*ENDS, "--start", ",".join(str(i / 10) for i in range(9)), "--survival", "0.1,0.5,1"],
        ["--reflect", "-1,1", "--spectrum", "4"],
        ["--absorb", "-1,1", "--spectrum", "1"],
    ],
)
def test_pictures_are_drawn(entropic, tmp_path, arguments):
    path = tmp_path / "a.png"
    assert entropic(*COMMAND, *arguments, "--plot", str(path)).code == 0
    assert image.imread(path).std() > 0.02


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([*ENDS, "--survival", "1", "--spectrum", "1"], "ask one at a time"),
        ([*ENDS, "--survival", "1", "--correction", "exact"], "gives mean times alone"),
        ([*ENDS, "--spectrum", "1", "--correction", "exact"], "gives mean times alone"),
        ([*ENDS, "--survival", "-1,2"], "numbers of at least 0"),
        ([*ENDS, "--spectrum", "0"], "'--spectrum'"),
        ([*ENDS, "--correction", "second"], "'second' is not one of"),
        (["--start", "0"], "give --absorb, the ends that y leaves through."),
        (["--start", "0", "--spectrum", "2"], "or two mirrors with --reflect LOW,HIGH"),
        (["--start", "0", "--spectrum", "2", "--reflect", "1"], "or two mirrors"),
        (["--absorb", "-1,1"], "give --start, where y starts."),
        (["--absorb", "1", "--spectrum", "2"], "says which side is meant"),
        (["--reflect", "1,-1", "--spectrum", "2"], "mirrors must rise from low to high"),
    ],
)
def test_questions_that_do_not_go_together_are_refused(entropic, arguments, match):
    said = entropic(*COMMAND, *arguments)
    assert said.refused()
    assert match in said.err


def test_watching_two_mirrors_is_refused(entropic):
    asked = ["--curvature", "1", "--temperature", "1", "--reflect=-1,1", "--spectrum", "2"]
    said = entropic(
        "theory", "relaxation", *asked, "--monitoring", "discrete", "--step-size", "0.1"
    )
    assert said.code == 2
    assert "--monitoring is for ends that absorb" in said.err


def test_a_velocity_that_is_remembered_for_long_is_warned_of(entropic):
    """A flat valley, where nothing else could be late."""
    flat = ["--curvature", "1", "--temperature", "0.5", "--start", "0", "--absorb=-1,1"]
    inert = [*flat, "--momentum", "0.9", "--monitoring", "discrete", "--step-size"]
    said = entropic("theory", "relaxation", *inert, "0.01")
    assert "y moves at up to 5 of the rate at which its own velocity" in said.err
    assert "warning" not in entropic("theory", "relaxation", *inert, "0.00003").err
