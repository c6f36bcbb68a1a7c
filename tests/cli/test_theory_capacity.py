"""``entropic theory capacity``, ``stability`` and ``max-margin`` as a user meets them."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
import xarray
from matplotlib import image

from entropic.theory import capacity, max_margin, stability_line

CAPACITY = ["theory", "capacity", "--kappa", "-0.5,0.5", "--ansatz", "rs,1rsb,2rsb"]
STABILITY = ["theory", "stability", "--kappa", "-1,-0.5"]
MAX_MARGIN = ["theory", "max-margin", "--alpha", "0.5,1,3"]
COMMANDS = {"capacity": CAPACITY, "stability": STABILITY, "max-margin": MAX_MARGIN}
FIELDS = {
    "capacity": ["kappa", "alpha_c", "ansatz", "uncertainty"],
    "stability": ["kappa", "alpha_at", "q"],
    "max-margin": ["alpha", "kappa_max"],
}


def rows_of(said):
    return json.loads(said.out)["rows"]


@pytest.mark.parametrize("name", COMMANDS)
def test_json_keeps_its_contract(entropic, name):
    said = entropic(*COMMANDS[name], "--format", "json")
    assert said.code == 0
    found = json.loads(said.out)
    assert found["quantity"] == name
    for row in found["rows"]:
        assert list(row)[: len(FIELDS[name])] == FIELDS[name]
        assert row["converged"] is True
        assert isinstance(row["reason"], str)


@pytest.mark.parametrize("name", COMMANDS)
def test_all_formats_hold_the_same_numbers(entropic, tmp_path, name):
    rows = rows_of(entropic(*COMMANDS[name], "--format", "json"))
    printed = entropic(*COMMANDS[name], "--format", "csv", "--out", str(tmp_path / "a.nc"))
    lines = list(csv.DictReader(io.StringIO(printed.out)))
    data = xarray.load_dataset(tmp_path / "a.nc")
    table = entropic(*COMMANDS[name]).out
    for i, row in enumerate(rows):
        assert list(row) == list(lines[i]) == list(data)
        value = row[FIELDS[name][1]]
        assert data[FIELDS[name][1]][i].item() == value == float(lines[i][FIELDS[name][1]])
        assert f"{value:.6g}" in table


def test_there_is_a_row_for_every_ansatz_and_margin(entropic):
    rows = rows_of(entropic(*CAPACITY, "--format", "json"))
    assert [(row["ansatz"], row["kappa"]) for row in rows] == [
        (ansatz, kappa) for ansatz in ("rs", "1rsb", "2rsb") for kappa in (-0.5, 0.5)
    ]
    for ansatz in ("rs", "1rsb", "2rsb"):
        wanted = capacity([-0.5, 0.5], ansatz=ansatz).alpha.tolist()
        assert [row["alpha_c"] for row in rows if row["ansatz"] == ansatz] == wanted
    two = capacity(-0.5, ansatz="2rsb")
    assert [rows[4][name] for name in ("q_1", "q_2")] == (1 - two.gap).tolist()
    assert [rows[4][name] for name in ("c_1", "c_2")] == two.height.tolist()
    assert rows[2]["q_1"] is not None
    assert [rows[2]["q_2"], rows[0]["q_1"], rows[5]["q_1"]] == [None] * 3


def test_where_replica_symmetry_is_unstable_the_answer_says_so(entropic):
    said = entropic(*CAPACITY, "--format", "json")
    assert said.err == (
        "warning: replica symmetry is broken at kappa = -0.5: alpha_c of rs, 1rsb, 2rsb is an upper"
        " bound; --ansatz frsb has the capacity\n"
    )
    assert [row["stable"] for row in rows_of(said)] == [False, True] * 3
    assert "upper bound" in rows_of(said)[0]["reason"]
    for quiet in (["--kappa", "0,1"], ["--model", "binary"], ["--kappa", "-0.5"]):
        frsb = ["--ansatz", "frsb"] if "-0.5" in quiet else []
        assert entropic("theory", "capacity", *quiet, *frsb).err == ""


def test_full_breaking_reports_the_exponents_of_jamming_beside_the_published(entropic):
    """P. Charbonneau et al., J. Stat. Mech. P10009 (2014)."""
    arguments = ["--kappa", "-0.3,0", "--ansatz", "frsb", "--format", "json"]
    broken, convex = rows_of(entropic("theory", "capacity", *arguments))
    for name, published in (("overlap", 1.41574), ("gap", 0.41269), ("force", 0.42311)):
        assert broken[f"{name}_exponent_published"] == published
        assert broken[f"{name}_exponent"] == pytest.approx(published, abs=5e-6)
        assert convex[f"{name}_exponent"] is None
    assert broken["stable"] is True
    assert "extrapolated" in broken["reason"]


def test_a_margin_without_a_line_is_null_with_its_reason_and_no_failure(entropic):
    said = entropic("theory", "stability", "--kappa", "-1,0", "--format", "json")
    assert said.code == 0
    assert said.err.startswith("warning: at kappa = 0 replica symmetry is stable at every load")
    first, second = rows_of(said)
    assert first["alpha_at"] == stability_line(-1.0).alpha_at.item()
    assert (second["alpha_at"], second["q"], second["exists"]) == (None, None, False)
    assert "convex" in second["reason"]


def test_a_binary_line_says_that_it_lies_beyond_the_capacity(entropic):
    said = entropic("theory", "stability", "--model", "binary", "--kappa", "0")
    assert said.err.startswith("warning: at kappa = 0 replica symmetry is unstable only beyond")
    assert said.code == 0


def test_margins_that_are_bounds_come_with_a_warning(entropic):
    said = entropic(*MAX_MARGIN, "--format", "json")
    assert said.err.startswith("warning: at alpha = 3 kappa_max is an upper bound")
    found = max_margin([0.5, 1, 3]).kappa_max.tolist()
    assert [row["kappa_max"] for row in rows_of(said)] == found
    assert entropic("theory", "max-margin", "--alpha", "0.5,2").err == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_what_did_not_converge_is_null_and_ends_in_exit_code_one(entropic, monkeypatch, name):
    home = f"entropic.theory.perceptron.{name.replace('-', '_')}"
    function, found, fields = {
        "capacity": ("capacity", None, ("alpha",)),  # asked one margin at a time
        "stability": ("stability_line", stability_line([-1.0, -0.5]), ("alpha_at",)),
        "max-margin": ("max_margin", max_margin([0.5, 1.0]), ("kappa_max",)),
    }[name]

    def lose(asked, *_):
        whole = capacity(asked) if found is None else found
        good = np.asarray(asked) < 1 if found is None else np.array([True, False])
        holes = {field: np.where(good, getattr(whole, field), np.nan) for field in fields}
        return replace(whole, converged=good, **holes)

    monkeypatch.setattr(f"{home}.{function}", lose)
    option = "--alpha" if name == "max-margin" else "--kappa"
    said = entropic("theory", name, option, "0,1", "--format", "json")
    assert said.code == 1
    assert said.err.startswith("error: 1 of 2 ")
    assert "did not converge; their rows hold no numbers" in said.err
    assert rows_of(said)[1][FIELDS[name][1]] is None


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["capacity", "--ansatz", "rsb"], "ansatz must be rs, 1rsb, 2rsb, ... 10rsb or frsb"),
        (["capacity", "--ansatz", "rs,"], "it is ''"),
        (["capacity", "--model", "binary", "--ansatz", "frsb"], "rs or 1rsb for binary weights"),
        (["capacity", "--model", "symmetric", "--kappa", "-1"], "from 1e-06 to 35"),
        (["capacity", "--kappa=-3.1", "--ansatz", "1rsb"], "kappa must lie from -3 to 1000"),
        (["capacity", "--kappa", "1:0:3"], "must rise"),
        (["capacity", "--model", "ternary"], "'ternary' is not one of"),
        (["stability"], "'--kappa'"),
        (["stability", "--kappa=-5"], "from -2.5 to 25; it is -5"),
        (["stability", "--kappa", "0", "--model", "symmetric"], "'symmetric' is not one of"),
        (["max-margin", "--alpha", "0"], "alpha must lie from 9.99999e-07"),
        (["max-margin", "--alpha", "nan"], "'nan' is not a finite number"),
        (["max-margin", "--alpha", "1", "--model", "symmetric"], "'symmetric' is not one of"),
    ],
)
def test_what_has_no_answer_is_refused_in_one_line(entropic, arguments, match):
    said = entropic("theory", *arguments)
    assert said.refused()
    assert match in said.err


@pytest.mark.parametrize("name", COMMANDS)
def test_a_figure_is_drawn_with_units_and_a_legend_and_the_same_each_time(entropic, tmp_path, name):
    words = {
        "capacity": [
            "(patterns per weight)",
            "margin κ",
            "1 step of breaking",
            "α_c relative to replica symmetry",
        ],
        "stability": ["(patterns per weight)", "overlap q", "replica symmetry unstable"],
        "max-margin": ["(patterns per weight)", "largest margin", "upper bound on it"],
    }[name]
    drawn = []
    for path in (tmp_path / "a.svg", tmp_path / "b.svg", tmp_path / "a.png"):
        assert entropic(*COMMANDS[name], "--plot", str(path)).code == 0
        drawn.append(path.read_bytes())
    assert drawn[0] == drawn[1]
    text = drawn[0].decode()
    assert all(word in text for word in words)
    assert image.imread(tmp_path / "a.png")[..., :3].std() > 0.05


@pytest.mark.parametrize(
    "arguments",
    [
        ["capacity", "--model", "symmetric", "--kappa", "1,2"],
        ["stability", "--kappa", "0,1"],
        ["max-margin", "--alpha", "0.5,1"],
        ["max-margin", "--alpha", "3,4"],
    ],
)
def test_a_figure_of_one_kind_of_point_alone_is_drawn_too(entropic, tmp_path, arguments):
    said = entropic("theory", *arguments, "--plot", str(tmp_path / "a.svg"))
    assert said.code == 0
    assert (tmp_path / "a.svg").exists()
