import json
import math

import numpy as np
import pytest
import xarray

from entropic.theory import (
    LinearNetwork,
    TopRank,
    hessian,
    matrix_spectrum,
    rank_one_minimum,
    teacher_data,
)

COMMAND = ["theory", "entropy"]
VALUES = [4.0, 1.0, 0.25, 0.1, 0.0, -0.2]
FIELDS = ("entropy", "logdet", "kept", "discarded", "dim", "trace", "floor")


@pytest.fixture
def asked(entropic):
    """The JSON of a command that must succeed in silence."""

    def ask(*arguments):
        said = entropic(*COMMAND, *map(str, arguments), "--format", "json")
        assert (said.code, said.err) == (0, "")
        return json.loads(said.out)

    return ask


@pytest.fixture
def spectrum(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(" ".join(map(str, VALUES)), "utf-8")
    return str(path)


@pytest.fixture
def matrix(tmp_path):
    path = tmp_path / "h.npy"
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))[0]
    np.save(path, (turn * np.array(VALUES)) @ turn.T)
    return str(path)


@pytest.mark.parametrize(
    ("rule", "kept", "floor"),
    [
        ([], 3, 0.2),
        (["--rule", "negative"], 3, 0.2),
        (["--rule", "top", "--rank", "2"], 2, 1.0),
        (["--rule", "floor", "--floor", "0.05"], 4, 0.05),
    ],
)
def test_a_row_says_what_was_kept_and_what_was_left_out(asked, spectrum, matrix, rule, kept, floor):
    for option, name in (("--spectrum", spectrum), ("--matrix", matrix)):
        found = asked(option, name, *rule)
        assert found["quantity"] == "entropy"
        row = found["rows"][0]
        assert tuple(row)[: len(FIELDS) + 1] == ("file", *FIELDS)
        logdet = sum(math.log(value) for value in VALUES[:kept])
        assert row["file"] == name
        assert row["logdet"] == pytest.approx(logdet)
        assert row["entropy"] == pytest.approx(-logdet / 12)
        assert (row["kept"], row["discarded"], row["dim"]) == (kept, 6 - kept, 6)
        assert row["trace"] == pytest.approx(sum(VALUES))
        assert row["floor"] == pytest.approx(floor)


def test_several_files_make_several_rows_and_unequal_counts_a_warning(entropic, spectrum, matrix):
    same = entropic(*COMMAND, "--spectrum", spectrum, "--matrix", matrix, "--format", "json")
    rows = json.loads(same.out)["rows"]
    assert [row["file"] for row in rows] == [spectrum, matrix]
    assert rows[0]["entropy"] == pytest.approx(rows[1]["entropy"])
    assert same.err == ""
    other = spectrum.replace("a.txt", "b.json")
    with open(other, "w", encoding="utf-8") as file:
        file.write("[2, 1, 0.5, 0.1]")
    said = entropic(*COMMAND, "--spectrum", spectrum, "--spectrum", other)
    assert said.code == 0
    assert said.err.startswith("warning: the minima keep from 3 to 4 directions")
    assert "--rank 3" in said.err


def test_zeros_that_rounding_made_positive_are_pointed_out(entropic, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("5 1 1e-17", "utf-8")
    said = entropic(*COMMAND, "--spectrum", str(path))
    assert said.code == 0
    assert "1 kept eigenvalues are below" in said.err
    assert "double precision makes them up" in said.err


def test_the_hessian_of_a_sum_of_squares_is_converted(asked, spectrum):
    plain = asked("--spectrum", spectrum)["rows"][0]
    how = ["--reduction", "sum", "--factor", 1, "--noise-variance", 0.5, "--patterns", 10]
    row = asked("--spectrum", spectrum, *how)["rows"][0]
    ratio = 1 / 10  # [1/(2 · 0.5 · 1)]/10
    assert row["entropy"] - plain["entropy"] == pytest.approx(-3 / 12 * math.log(ratio))
    assert row["trace"] == pytest.approx(ratio * plain["trace"])
    assert row["floor"] == pytest.approx(ratio * plain["floor"])


def test_the_free_energy_has_all_its_parts(asked, spectrum):
    more = ["--loss", 0.3, "--decay", 0.01, "--squared-norm", 12, "--patterns", 18]
    row = asked("--spectrum", spectrum, *more)["rows"][0]
    assert (row["alpha"], row["internal_energy"]) == (3.0, 0.3)
    assert row["decay_energy"] == pytest.approx(0.01 * 12 / 12)
    expected = 0.3 + (row["decay_energy"] - row["entropy"]) / 3
    assert row["free_energy"] == pytest.approx(expected)
    twice = asked("--spectrum", spectrum, *more, "--noise-variance", 0.5)["rows"][0]
    assert twice["internal_energy"] == pytest.approx(0.6)


def test_a_decay_is_added_to_the_hessian_of_the_data_where_asked(asked, spectrum):
    """λ/P in u: 0.5 · 2 = 1 in the file's units of twice u."""
    more = ["--decay", 5, "--add-decay", "--patterns", 10, "--factor", 1]
    found = asked("--spectrum", spectrum, *more, "--rule", "none")["rows"][0]
    expected = sum(math.log(0.5 * value + 0.5) for value in VALUES)
    assert found["logdet"] == pytest.approx(expected)
    assert found["kept"] == 6


def test_minima_of_a_linear_network_are_those_of_its_full_hessian(asked):
    more = ["--inputs", 4, "--hidden", 3, "--patterns", 6, "--target-noise", 0.2, "--seed", 3]
    found = asked("--deep-linear", *more, "--balance", "-2,0,1.5")
    assert found["parameters"]["patterns"] == 6
    data = teacher_data(4, 6, 0.2, 3)
    for row in found["rows"]:
        network: LinearNetwork = rank_one_minimum(data, 3, row["balance"])
        full = matrix_spectrum(hessian(network, data), TopRank(4))
        assert row["logdet"] == pytest.approx(float(full.log_det.value))
        assert row["logdet_of_eigenvalues"] == pytest.approx(row["logdet"])
        assert row["entropy"] == pytest.approx(-row["logdet"] / 30)
        assert row["trace"] == pytest.approx(full.trace())
        assert (row["kept"], row["discarded"], row["dim"]) == (4, 11, 15)


def test_all_coats_hold_the_same_numbers(entropic, asked, spectrum, tmp_path):
    name = str(tmp_path / "a.nc")
    row = asked("--spectrum", spectrum)["rows"][0]
    assert entropic(*COMMAND, "--spectrum", spectrum, "--out", name).code == 0
    data = xarray.load_dataset(name)
    assert {key: data[key][0].item() for key in data} == row


def test_the_picture_shows_the_spectrum_and_the_cut(entropic, spectrum, matrix, tmp_path):
    path = tmp_path / "a.svg"
    said = entropic(*COMMAND, "--spectrum", spectrum, "--matrix", matrix, "--plot", str(path))
    assert said.err == f"drew {path}\n"
    text = path.read_text("utf-8")
    words = ["a.txt: 3 of 6 kept", "left out, negative", "cut", "rank", "(loss/weight²)"]
    assert all(word in text for word in words)
    said = entropic(*COMMAND, "--deep-linear", "--plot", str(path))
    assert said.err == f"drew {path}\n"
    text = path.read_text("utf-8")
    assert all(word in text for word in ["balance", "(nats per weight)", "label noise"])


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([], "one of --spectrum FILE, --matrix FILE and --deep-linear is needed"),
        (["--spectrum", "no.npy"], "'no.npy' cannot be read: No such file"),
        (["--spectrum", "FILE", "--rule", "top"], "--rank and --rule top go together"),
        (["--spectrum", "FILE", "--rank", "2"], "the rule is negative"),
        (["--spectrum", "FILE", "--rule", "floor"], "--floor and --rule floor go together"),
        (["--spectrum", "FILE", "--rule", "floor", "--floor", "-1"], "floor must be a positive"),
        (["--spectrum", "FILE", "--rule", "floor", "--floor", "9"], "drops all 6 below 9"),
        (["--spectrum", "FILE", "--rule", "top", "--rank", "7"], "exceed the 6 eigenvalues"),
        (["--spectrum", "FILE", "--rule", "none"], "'FILE': without a cleaning rule all"),
        (["--spectrum", "FILE", "--rule", "best"], "'best' is not one of"),
        (["--spectrum", "FILE", "--reduction", "sum"], "--reduction sum needs the number of"),
        (["--spectrum", "FILE", "--loss", "1"], "--loss needs the number of --patterns"),
        (["--spectrum", "FILE", "--add-decay"], "--add-decay needs the number of --patterns"),
        (["--spectrum", "FILE", "--decay", "-1"], "--decay must not be negative; it is -1"),
        (["--spectrum", "FILE", "--squared-norm", "1"], "which needs the --loss"),
        (["--spectrum", "FILE", "--factor", "0"], "must be positive; they are 0, 1"),
        (["--spectrum", "FILE", "--balance", "1"], "--balance does not go with a file"),
        (["--deep-linear", "--rule", "top"], "--rule does not go with --deep-linear"),
        (["--deep-linear", "--spectrum", "FILE"], "--spectrum does not go with --deep-linear"),
        (["--deep-linear", "--target-noise", "-1"], "noise not below zero"),
        (
            ["--spectrum", "FILE", "--loss", "1,2", "--patterns", "3"],
            "one for each of 1 files; it has 2",
        ),
        (
            ["--spectrum", "FILE", "--loss", "1", "--patterns", "3", "--decay", "1"],
            "--loss with --decay needs the --squared-norm",
        ),
        (
            ["--spectrum", "FILE", *("--loss", "1", "--patterns", "3", "--squared-norm", "-1")],
            "must not be negative and N at least 1",
        ),
    ],
)
def test_questions_without_an_answer_are_refused(entropic, spectrum, arguments, match):
    said = entropic(*COMMAND, *(spectrum if word == "FILE" else word for word in arguments))
    assert said.refused()
    assert (
        match.replace("FILE,", "\0").replace("'FILE'", repr(spectrum)).replace("\0", "FILE,")
        in said.err
    )


def test_a_matrix_that_is_not_symmetric_is_refused_by_name(entropic, tmp_path):
    path = tmp_path / "h.csv"
    path.write_text("1,2\n2.001,1\n", "utf-8")
    said = entropic(*COMMAND, "--matrix", str(path))
    assert said.refused()
    assert f"{str(path)!r}: a Hessian must be symmetric; its elements (0, 1) and (1, 0)" in said.err
    rough = entropic(*COMMAND, "--matrix", str(path), "--tolerance", "0.01", "--rule", "negative")
    assert rough.code == 0


def test_a_file_of_pickles_or_nonsense_is_refused_in_one_line(entropic, tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    said = entropic(*COMMAND, "--spectrum", str(path))
    assert said.refused()
    assert "pickled Python objects, which are never read" in said.err


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        ("1e308,-1e308\n1e308,1e308", ["--rule", "negative"]),
        ("1e308,0\n0,1e308", ["--factor", "1e-200", "--noise-variance", "1e-200"]),
        ("5e-324,0\n0,5e-324", ["--factor", "100"]),
        ("1,0\n0,1", ["--factor", "1e300", "--noise-variance", "1e300"]),
    ],
)
def test_numbers_at_the_ends_of_the_floats_are_refused_in_one_line(
    entropic, tmp_path, content, arguments
):
    path = tmp_path / "h.csv"
    path.write_text(content, "utf-8")
    assert entropic(*COMMAND, "--matrix", str(path), *arguments).refused()
