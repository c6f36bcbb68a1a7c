import json

import pytest
from matplotlib import image

from entropic.cli.figures import save
from entropic.cli.pictures.thresholds import figure
from entropic.cli.record import Record
from entropic.theory import AlgorithmicThresholds, Estimate
from entropic.theory.perceptron import thresholds as house

MARGINS = ("d_min", "kappa_min", "kappa_u", "kappa_max")
LOADS = ("alpha_c", "alpha_le", "alpha_ogp")


def with_errors(**values):
    return values | {f"{name}_error": 1e-9 for name in values if name != "alpha"}


def test_with_a_load_there_are_three_margins_and_a_distance_each_with_an_error(entropic):
    said = entropic("theory", "thresholds", "--alpha", "0.81", "--format", "json")
    assert said.code == 0
    found = json.loads(said.out)
    assert found["quantity"] == "thresholds"
    row = found["rows"][0]
    assert tuple(row)[:5] == ("alpha", *MARGINS)
    assert row["alpha"] == 0.81
    assert 0.1 < row["d_min"] < 0.2
    assert row["kappa_min"] is None
    assert row["kappa_max"] > 0
    assert 0 < row["d_min_error"] < 1e-6
    assert said.err.startswith("warning: alpha = 0.81: kappa_min: at no margin up to kappa_max")


def test_without_a_load_there_are_the_three_of_them(entropic, monkeypatch):
    numbers = [Estimate(value, 1e-9, "theory") for value in (0.8331, 0.7290, 0.7477)]
    monkeypatch.setattr(house, "algorithmic_thresholds", lambda: AlgorithmicThresholds(*numbers))
    said = entropic("theory", "thresholds", "--format", "json")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    row = found["rows"][0]
    assert tuple(row)[:3] == LOADS
    assert [row[name] for name in LOADS] == [0.8331, 0.7290, 0.7477]
    assert all(row[f"{name}_error"] == 1e-9 for name in LOADS)
    assert "eq. 49" in found["parameters"]["reference"]


def test_the_help_says_what_flat_references_leave_out(entropic):
    said = entropic("theory", "thresholds", "--help")
    assert "footnote 8" in said.out
    assert "references flat" in " ".join(said.out.split())


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--alpha", "0"], "alpha must lie between 0 and 0.8330785997"),
        (["--alpha", "0.9"], "it is 0.9"),
        (["--alpha", "x"], "'x' is not a finite number"),
        (["--model", "spherical"], "'spherical' is not"),
        (["--plot", "a.jpg"], "must end in .png, .svg or .pdf"),
    ],
)
def test_a_question_that_cannot_be_is_refused(entropic, arguments, match):
    said = entropic("theory", "thresholds", *arguments)
    assert said.refused()
    assert match in said.err


def test_the_pictures_have_units_and_words_for_every_threshold(tmp_path):
    rows = [
        with_errors(alpha=0.3, d_min=0.001, kappa_min=0.012, kappa_u=0.015, kappa_max=0.9),
        with_errors(alpha=0.7, d_min=0.037, kappa_min=0.066, kappa_u=0.087, kappa_max=0.14),
        with_errors(alpha=0.8, d_min=0.105, kappa_min=None, kappa_u=None, kappa_max=0.03),
    ]
    margins = Record("thresholds", {"model": "binary", "alpha": [0.3, 0.7, 0.8]}, rows)
    row = with_errors(alpha_c=0.8331, alpha_le=0.729, alpha_ogp=0.7477)
    loads = Record("thresholds", {"model": "binary", "alpha": None}, [row])
    words = [
        (margins, ("(patterns per weight)", "κ_max: largest", "d_min (fraction")),
        (loads, ("(patterns per weight)", "capacity α_c = 0.833100", "overlap gap α_OGP")),
    ]
    for record, expected in words:
        save(figure(record), tmp_path / "a.svg")
        text = (tmp_path / "a.svg").read_text("utf-8")
        assert all(word in text for word in expected)
        save(figure(record), tmp_path / "a.png")
        assert image.imread(tmp_path / "a.png")[..., :3].std() > 0.02


def test_thresholds_that_were_not_found_leave_their_row_and_exit_with_one(entropic):
    said = entropic("theory", "thresholds", "--alpha", "0.0011", "--format", "json")
    (row,) = json.loads(said.out)["rows"]
    assert said.code == 1
    assert row["converged"] is False
    assert row["kappa_u"] is None
    assert row["kappa_max"] > 24
    assert "1 of 1 loads have thresholds that were not found" in said.err
