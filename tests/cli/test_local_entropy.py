import json

import pytest
from matplotlib import image

from entropic.theory import large_deviation_entropy, local_entropy

CONTRACT = ("distance", "overlap", "local_entropy", "upper_bound", "slope", "q", "t", "converged")
COMMAND = ["theory", "local-entropy", "--alpha", "0.4", "--distance", "0.1,0.3"]


@pytest.fixture
def asked(entropic):
    def ask(*arguments):
        said = entropic(*arguments, "--format", "json")
        assert said.code == 0, said.err
        return json.loads(said.out)

    return ask


@pytest.mark.parametrize("model", ["binary", "spherical"])
def test_the_json_keeps_its_contract_and_holds_the_numbers_of_the_house(asked, model):
    margins = ["--margin", "0", "--reference-margin", "0,0.2", "--model", model]
    found = asked(*COMMAND, *margins)
    assert found["quantity"] == "local-entropy"
    assert tuple(found["rows"][0])[:8] == CONTRACT
    assert len(found["rows"]) == 4
    house = local_entropy([0.1, 0.3], 0.4, 0.0, [[0.0], [0.2]], model)
    for name in CONTRACT[:-1]:
        expected = getattr(house, name).ravel()
        assert [row[name] for row in found["rows"]] == pytest.approx(expected, rel=1e-9)
    assert all(row["converged"] is True for row in found["rows"])
    assert [row["reference_margin"] for row in found["rows"]] == [0, 0, 0.2, 0.2]


def test_the_reference_keeps_the_margin_asked_for_if_not_told(asked):
    rows = asked(*COMMAND, "--margin", "0.1,0.2")["rows"]
    assert [row["reference_margin"] for row in rows] == [0.1, 0.1, 0.2, 0.2]


def test_a_distance_at_which_there_are_no_solutions_is_null_with_its_reason(entropic):
    arguments = ["theory", "local-entropy", "--alpha", "0.8", "--distance", "0.001,0.2"]
    said = entropic(*arguments, "--format", "json")
    assert said.code == 0
    assert said.err.startswith("warning: 1 of 2 rows hold no numbers: no replica-symmetric")
    empty, full = json.loads(said.out)["rows"]
    assert empty["local_entropy"] is None
    assert empty["converged"] is False
    assert "where q reaches 1" in empty["reason"]
    assert full["converged"] is True
    assert full["reason"] == ""


def test_where_replica_symmetry_is_unstable_it_says_so(entropic):
    said = entropic(
        *("theory", "local-entropy", "--model", "spherical", "--alpha", "8", "--margin", "-1"),
        *("--reference-margin", "-0.9", "--distance", "0.1", "--format", "csv"),
    )
    assert "replica symmetry is unstable (de Almeida-Thouless)" in said.err


# references chosen for what is around them


CHOSEN = [*COMMAND, "--reference-margin", "none"]


def test_chosen_references_keep_the_contract_and_hold_the_numbers_of_the_house(asked):
    found = asked(*CHOSEN, "--y", "1")
    assert tuple(found["rows"][0])[:8] == CONTRACT
    house = large_deviation_entropy([0.1, 0.3], 0.4, y=1.0)
    for name in (*CONTRACT[:-1], "external_entropy", "y", "q_ref", "q0"):
        expected = pytest.approx(getattr(house, name), rel=1e-8)
        assert [row[name] for row in found["rows"]] == expected
    assert all(row["converged"] is True for row in found["rows"])


@pytest.mark.parametrize("strength", ["inf", "zero", "0.5"])
@pytest.mark.parametrize("margin", ["none", "-1,-0.5"])
def test_the_parameters_repeat_the_run(asked, monkeypatch, strength, margin):
    heard = []

    def listening(distance, alpha, kappa, reference_margin, y, model, progress):
        progress(1.0)
        heard.append((reference_margin.ravel().tolist(), y))
        return large_deviation_entropy(0.3, 0.3, 0.0, None, 1.0)

    monkeypatch.setattr(
        "entropic.theory.perceptron.large_deviation.large_deviation_entropy", listening
    )
    said = asked(*COMMAND, "--reference-margin", margin, "--y", strength)["parameters"]
    assert said["y"] == (0.5 if strength == "0.5" else strength)
    assert said["reference_margin"] == ("none" if margin == "none" else [-1.0, -0.5])
    wanted = [-float("inf")] if margin == "none" else [-1.0, -0.5]
    assert heard == [(wanted, strength if strength == "zero" else float(strength))]


def test_references_that_do_not_exist_are_warned_of(entropic):
    said = entropic(*CHOSEN, "--y", "inf", "--format", "json")
    assert said.code == 0
    assert said.err.count("\n") == 1
    assert said.err.startswith("warning: in 1 of 2 rows external_entropy is negative: there are no")
    near, far = json.loads(said.out)["rows"]
    assert near["external_entropy"] < 0 < far["external_entropy"]
    assert near["y"] is None
    sphere = entropic(*CHOSEN, "--y", "inf", "--model", "spherical")
    assert sphere.err == ""


def test_the_largest_strength_that_leaves_references_leaves_few(asked):
    row = asked(*CHOSEN[:-3], "0.1", "--reference-margin", "none", "--y", "zero")["rows"][0]
    assert abs(row["external_entropy"]) < 1e-9
    assert row["y"] > 1


def test_a_chosen_reference_that_is_not_found_is_null_and_code_1(entropic):
    arguments = ["--alpha", "0.7", "--distance", "0.02,0.4", "--reference-margin", "none"]
    said = entropic("theory", "local-entropy", *arguments, "--y", "0", "--format", "json")
    assert said.code == 1
    assert "no replica-symmetric saddle point was found" in said.err
    rows = json.loads(said.out)["rows"]
    assert [row["converged"] for row in rows] == [False, True]
    assert rows[0]["local_entropy"] is None


def test_what_does_not_converge_ends_with_code_1_and_the_other_rows(entropic, monkeypatch):
    from entropic.theory.perceptron import entropy_curve as house

    monkeypatch.setattr(house.EntropyCurve, "_end", lambda *_: ("it was lost", False))
    arguments = ["theory", "local-entropy", "--alpha", "0.8", "--distance", "0.001,0.2"]
    said = entropic(*arguments, "--format", "json")
    assert said.code == 1
    assert "1 of 2 local entropies did not converge" in said.err
    assert json.loads(said.out)["rows"][1]["converged"] is True


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--alpha", "0.4", "--distance", "0"], "distance must lie between 0 and 1"),
        (["--alpha", "0.4", "--distance", "0.5:0.1:3"], "must rise"),
        (["--alpha", "0.4", "--distance", ""], "'' is not a finite number"),
        (["--alpha", "0.4"], "--distance"),
        (["--distance", "0.4"], "--alpha"),
        (["--alpha", "0.4", "--distance", "0.4", "--y", "-1"], "at least 0, inf or zero; it is -1"),
        (["--alpha", "0.4", "--distance", "0.4", "--y", "nan"], "'nan' is not a finite number"),
        (
            ["--alpha", "0.4", "--distance", "0.4", "--y", "1e9"],
            "y must be from 0 to 10000, or inf",
        ),
        (["--alpha", "0.4", "--distance", "0.7", "--y", "1"], "above 0 and below 0.5; it is 0.7"),
        (["--alpha", "0", "--distance", "0.4", "--y", "1"], "alpha must be finite and above 0"),
        (["--alpha", "0.4", "--distance", "0.4", "--reference-margin", "none"], "none needs --y"),
        (["--alpha", "-1", "--distance", "0.4"], "alpha must be finite and at least 0; it is -1"),
        (["--alpha", "0.9", "--distance", "0.4"], "must be at most -0.0"),
        (["--alpha", "0.5", "--distance", "0.4", "--reference-margin", "0.5"], "at most 0.41806"),
        (["--alpha", "0.5", "--distance", "0.4", "--margin", "-30"], "at least -25; it is -30"),
        (["--alpha", "0.5", "--distance", "0.4", "--model", "potts"], "'potts' is not one of"),
        (
            ["--alpha", "3", "--distance", "0.4", "--model", "spherical"],
            "critical capacity 2 of spherical",
        ),
    ],
)
def test_a_question_that_cannot_be_is_refused(entropic, arguments, match):
    said = entropic("theory", "local-entropy", *arguments)
    assert said.refused()
    assert match in said.err


def test_the_picture_has_units_a_legend_and_is_the_same_each_time(entropic, tmp_path):
    arguments = ["theory", "local-entropy", "--alpha", "0.4", "--distance", "0.05:0.5:4"]
    arguments += ["--reference-margin", "0,0.3"]
    for name in ("0.png", "0.svg", "1.svg"):
        assert entropic(*arguments, "--plot", str(tmp_path / name)).code == 0
    assert (tmp_path / "0.svg").read_bytes() == (tmp_path / "1.svg").read_bytes()
    text = (tmp_path / "0.svg").read_text("utf-8")
    for word in ("(nats per weight)", "distance d", "κ̃ = 0.3", "without patterns"):
        assert f"<!-- {word}" in text or word in text
    assert image.imread(tmp_path / "0.png")[..., :3].std() > 0.05


def test_the_picture_of_chosen_references_shows_how_many_there_are(entropic, tmp_path):
    arguments = [*CHOSEN, "--y", "inf", "--plot", str(tmp_path / "0.svg")]
    assert entropic(*arguments).code == 0
    text = (tmp_path / "0.svg").read_text("utf-8")
    for word in ("local entropy φ (nats", "entropy of references (nats", "any κ̃", "best reference"):
        assert word in text
