import json
import math

import numpy as np
import pytest
import xarray
from matplotlib import image

from entropic.cli.pictures.barrier import figure
from entropic.cli.record import Record
from entropic.theory import barrier_peak, critical_margins, geodesic_barrier

BARRIER = ("theory", "barrier", "--alpha", "1", "--kappa", "-0.5")


@pytest.fixture
def asked(entropic):
    """The JSON of a command that must succeed without a word on stderr."""

    def ask(*arguments):
        said = entropic(*arguments, "--format", "json")
        assert (said.code, said.err) == (0, "")
        return json.loads(said.out)

    return ask


def test_json_keeps_its_contract(asked):
    found = asked(*BARRIER, "--margins", "-0.5,-0.4", "--gamma", "0.3,0.65")
    assert found["quantity"] == "barrier"
    assert found["parameters"]["margins"] == [-0.5, -0.4]
    for row in found["rows"]:
        assert {"gamma", "error_rate", "uncertainty"} <= set(row)
    critical = asked(*BARRIER, "--critical")["rows"]
    assert len(critical) == 1
    assert {"kappa_star", "kappa_kernel"} <= set(critical[0])


def test_the_rows_are_the_numbers_of_the_house(asked):
    rows = asked(*BARRIER, "--margins", "-0.5,-0.4", "--gamma", "0:1:5")["rows"]
    house = geodesic_barrier(np.linspace(0, 1, 5), 1.0, -0.5, (-0.5, -0.4))
    assert [row["error_rate"] for row in rows] == house.error_rate.tolist()
    assert [row["uncertainty"] for row in rows] == house.uncertainty.tolist()
    top = barrier_peak(1.0, -0.5, (-0.5, -0.4))
    assert rows[0]["peak_error_rate"] == float(top.error_rate)
    assert rows[0]["peak_gamma"] == float(top.gamma)
    row = asked(*BARRIER, "--critical")["rows"][0]
    margins = critical_margins(1.0, -0.5)
    assert row["kappa_star"] == float(margins.kappa_star)
    assert row["kappa_kernel"] == float(margins.kappa_kernel)
    assert row["reason"] == ""


def test_without_margins_both_solutions_are_typical_and_gamma_covers_the_path(asked):
    rows = asked(*BARRIER)["rows"]
    assert (rows[0]["gamma"], rows[-1]["gamma"], len(rows)) == (0, 1, 41)
    assert {row["margin_1"] for row in rows} == {row["margin_2"] for row in rows} == {-0.5}


def test_lists_give_a_row_for_every_margin_load_and_gamma(asked):
    several = ["theory", "barrier", "--alpha", "0.5,1", "--kappa", "-0.5,-1"]
    rows = asked(*several, "--gamma", "0.2,0.5")["rows"]
    assert [(row["kappa"], row["alpha"], row["gamma"]) for row in rows] == [
        (kappa, alpha, gamma) for kappa in (-0.5, -1) for alpha in (0.5, 1) for gamma in (0.2, 0.5)
    ]
    critical = asked(*several, "--critical")["rows"]
    assert [(row["kappa"], row["alpha"]) for row in critical] == [
        (kappa, alpha) for kappa in (-0.5, -1) for alpha in (0.5, 1)
    ]


@pytest.mark.parametrize("more", [["--critical"], ["--gamma", "0.5", "--margins", "-1,0"]])
def test_files_hold_the_rows(entropic, tmp_path, more):
    path = tmp_path / "a.nc"
    said = entropic(*BARRIER, *more, "--out", str(path), "--format", "json")
    data = xarray.load_dataset(path)
    for name, value in json.loads(said.out)["rows"][0].items():
        kept = data[name][0].item()
        assert kept == value or (value is None and math.isnan(kept))


@pytest.mark.parametrize(
    ("more", "match"),
    [
        (["--kappa", "0"], "for kappa >= 0 solutions form a convex cone"),
        (["--kappa", "0", "--critical"], "any two of them are connected"),
        (["--margins", "-1,-0.5"], "a margin below kappa = -0.5 is no solution"),
        (["--alpha", "4"], "replica symmetry is unstable at alpha = 4"),
    ],
)
def test_what_a_reader_should_know_is_said_in_one_line(entropic, more, match):
    said = entropic(*BARRIER, *([] if "--critical" in more else ["--gamma", "0.5"]), *more)
    assert said.code == 0
    assert said.err.startswith("warning: ")
    assert match in said.err
    assert len(said.err.splitlines()) == 1


def test_a_kernel_that_does_not_exist_is_a_null_with_a_reason(entropic):
    said = entropic(*BARRIER, "--alpha", "1,4", "--critical", "--format", "json")
    rows = json.loads(said.out)["rows"]
    assert said.code == 0
    assert [row["kappa_kernel"] is None for row in rows] == [False, True]
    assert rows[1]["reason"] == "the largest margin is below kappa_kernel"
    assert "no kernel at alpha = 4, kappa = -0.5" in said.err


def test_points_that_do_not_converge_are_null_and_end_in_exit_code_one(entropic, monkeypatch):
    monkeypatch.setattr(
        "entropic.theory.perceptron.cross_overlap._solve", lambda *_: (math.nan, math.nan)
    )
    said = entropic(*BARRIER, "--gamma", "0.5", "--format", "json")
    assert json.loads(said.out)["rows"][0]["error_rate"] is None
    assert said.code == 1
    assert said.err == "error: 1 of 1 points did not converge; their rows hold no numbers\n"


@pytest.mark.parametrize(
    ("more", "match"),
    [
        (["--alpha", "-1"], "alpha must be finite and at least 0; it is -1"),
        (["--alpha", "6"], "margins must stay below -0.6192186448, the largest at alpha = 6"),
        (["--margins", "0,1"], "margins must stay below 0.4706553526"),
        (["--margins", "0"], "'0' must be two margins K1,K2; it is 1"),
        (["--margins", "0,0.1,0.2"], "must be two margins K1,K2; it is 3"),
        (["--margins", "0,nan"], "'nan' is not a finite number"),
        (["--gamma", "0:1.2:4"], "gamma must lie between 0 and 1; it is 1.2"),
        (["--gamma", "1:0:4"], "must rise"),
        (["--kappa", "-30"], "kappa must be finite and at least -25; it is -30"),
        (["--critical", "--gamma", "0.5"], "leave out --margins and --gamma"),
        (["--critical", "--margins", "0,0"], "leave out --margins and --gamma"),
        (["--critical", "--alpha", "6"], "margins must stay below"),
    ],
)
def test_a_path_that_cannot_be_is_refused(entropic, more, match):
    said = entropic(*BARRIER, *more)
    assert said.refused()
    assert match in said.err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            ["--margins", "-0.5,-0.4", "--gamma", "0:1:9"],
            ["share γ of solution 1", "(fraction of patterns)", "κ₂ = -0.4"],
        ),
        (
            ["--critical", "--alpha", "0.5,1"],
            ["load α (patterns per weight)", "margin of connected solutions", "kernel"],
        ),
    ],
)
def test_the_figure_has_its_words_and_is_the_same_each_time(entropic, tmp_path, more, words):
    bytes_of = []
    for name in ("a.svg", "b.svg"):
        entropic(*BARRIER, *more, "--plot", str(tmp_path / name))
        bytes_of.append((tmp_path / name).read_bytes())
    assert bytes_of[0] == bytes_of[1]
    assert all(word in bytes_of[0].decode() for word in words)
    entropic(*BARRIER, *more, "--plot", str(tmp_path / "a.png"))
    assert image.imread(tmp_path / "a.png")[..., :3].std() > 0.05


def test_at_a_single_load_the_two_critical_margins_differ_by_their_markers():
    row = {"alpha": 1.0, "kappa": -0.5, "kappa_star": -0.4, "kappa_kernel": -0.17}
    lines = figure(Record("barrier", {}, [row])).axes[0].lines
    markers = {line.get_label(): line.get_marker() for line in lines}
    assert markers["kernel, κ = -0.5"] != markers["equal margins, κ = -0.5"]
