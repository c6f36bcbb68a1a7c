import json

import numpy as np
import pytest

from entropic.theory import overlap_gap

ASKED = ("theory", "overlap-gap", "--model", "symmetric")


def test_rows_hold_the_contract_and_the_numbers_of_the_house(entropic):
    said = entropic(*ASKED, "--clones", "2,4", "--kappa", "1,0.5", "--format", "json")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert found["quantity"] == "overlap-gap"
    house = overlap_gap([[2, 4]], [[1.0], [0.5]], "symmetric")
    assert [row["alpha_ogp"] for row in found["rows"]] == house.alpha_ogp.ravel().tolist()
    assert [row["q1"] for row in found["rows"]] == house.q1.ravel().tolist()
    assert [row["clones"] for row in found["rows"]] == [2, 4, 2, 4]
    assert {"kappa", "uncertainty", "q0", "converged", "reason"} <= set(found["rows"][0])


def test_without_a_margin_it_is_1_for_a_window_and_0_for_a_threshold(entropic):
    said = entropic(*ASKED, "--clones", "3", "--format", "json")
    assert json.loads(said.out)["rows"][0]["alpha_ogp"] == pytest.approx(1.6664, abs=5e-5)
    said = entropic("theory", "overlap-gap", "--clones", "4", "--format", "json")
    row = json.loads(said.out)["rows"][0]
    assert (row["kappa"], row["alpha_ogp"]) == (0.0, pytest.approx(0.784, abs=5e-4))


def test_the_picture_names_its_axes_with_units(entropic, tmp_path):
    path = tmp_path / "a.svg"
    assert entropic(*ASKED, "--clones", "2:5:4", "--kappa", "0.5,4", "--plot", str(path)).code == 0
    text = path.read_text("utf-8")
    assert all(word in text for word in ("(patterns per weight)", "clones m", "κ = 0.5"))
    path = tmp_path / "a.png"
    assert entropic(*ASKED, "--clones", "2", "--plot", str(path)).code == 0
    assert path.read_bytes().startswith(b"\x89PNG")


def test_what_is_not_found_is_null_with_a_reason_and_exit_code_one(entropic, monkeypatch):
    house = overlap_gap([[2]], [[1.0]], "symmetric")
    for name, value in (("alpha_ogp", np.nan), ("converged", False), ("reason", "for a test")):
        object.__setattr__(house, name, np.array([[value]]))
    monkeypatch.setattr("entropic.theory.perceptron.overlap_gap.overlap_gap", lambda *_: house)
    said = entropic(*ASKED, "--clones", "2", "--format", "json")
    assert said.code == 1
    assert json.loads(said.out)["rows"][0]["alpha_ogp"] is None
    assert said.err.splitlines() == [
        "warning: clones = 2, kappa = 1: for a test",
        "error: 1 of 1 thresholds did not converge; their rows hold no numbers",
    ]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--clones", "1"], "whole numbers from 2 to 100; 1 is not"),
        (["--clones", "2.5"], "whole numbers from 2 to 100; 2.5 is not"),
        (["--clones", "101"], "whole numbers from 2 to 100; 101 is not"),
        (["--clones", "4:2:3"], "must rise"),
        (["--clones", "2", "--kappa", "9"], "kappa of binary patterns must be from -2.5 to 5"),
        (
            ["--clones", "2", "--kappa", "0", "--model", "symmetric"],
            "kappa of symmetric patterns must be from 0.01 to 5; it is 0",
        ),
        (["--clones", "2", "--model", "spherical"], "'spherical' is not one of"),
        ([], "--clones"),
    ],
)
def test_what_cannot_be_is_refused(entropic, arguments, match):
    said = entropic("theory", "overlap-gap", *arguments)
    assert said.refused()
    assert match in said.err


def test_every_margin_is_looked_at_before_the_first_is_worked_on(entropic, monkeypatch):
    monkeypatch.setattr("entropic.theory.perceptron.overlap_gap.overlap_gap", lambda *_: 1 / 0)
    said = entropic(*ASKED, "--clones", "2", "--kappa", "1,9")
    assert said.refused()
    assert "must be from 0.01 to 5; it is 9" in said.err
