"""``entropic sim perceptron`` as a user meets it."""

import csv
import io
import json

import numpy as np
import pytest
import xarray

from entropic.cli.record import Record
from entropic.sims import (
    binary_measurements,
    extrapolated,
    measured_barrier,
    spherical_measurements,
)
from entropic.sims.perceptron import finite_size, spherical
from entropic.theory import Estimate, TooShort

FEW = ["--size", "20", "--samples", "4", "--replicas", "2", "--sweeps", "10", "--burn-in", "5"]
RULES = {"size": 20, "samples": 4, "replicas": 2, "sweeps": 10, "burn_in": 5}
PERCEPTRON = ["sim", "perceptron", *FEW]
FIELDS = [
    *("alpha", "kappa", "beta", "size", "overlap", "overlap_stderr", "energy", "energy_stderr"),
    *("error_rate", "error_rate_stderr", "entropy", "entropy_stderr", "samples", "replicas"),
    *("acceptance", "autocorrelation_time", "r_hat", "hot_cold", "self_overlap", "converged"),
]


def test_rows_keep_their_contract_and_say_what_the_house_says(entropic):
    said = entropic(
        *PERCEPTRON, *("--alpha", "0.3,0.5", "--energy", "hinge", "--beta", "2,inf"),
        *("--seed", "7", "--format", "json"),
    )  # fmt: skip
    assert said.code in (0, 1), said.err  # so short a run may remember its start
    found = json.loads(said.out)
    assert found["quantity"] == "perceptron"
    assert [row["alpha"] for row in found["rows"]] == [0.3, 0.3, 0.5, 0.5]
    assert [row["beta"] for row in found["rows"]] == [2.0, None, 2.0, None]
    assert all(list(row) == FIELDS for row in found["rows"])
    wanted = {"seed": 7, "beta": [2.0, "inf"], "sweeps": 10, "sampler": "billiard"}
    assert wanted.items() <= found["parameters"].items()
    warm, cold = spherical_measurements(0.5, betas=[2.0, np.inf], energy="hinge", seed=7, **RULES)
    for row, one in zip(found["rows"][2:], (warm, cold), strict=True):
        assert row["overlap"] == float(one.overlap.value)
        assert row["energy_stderr"] == float(one.energy.error)
        assert row["entropy"] == float(one.entropy.value)


def test_binary_weights_flip_their_spins(entropic):
    law = ["--model", "binary", "--setting", "teacher", "--energy", "count", "--beta", "1"]
    said = entropic(*PERCEPTRON, *law, "--alpha", "0.5", "--format", "json")
    assert said.code in (0, 1), said.err
    (row,) = json.loads(said.out)["rows"]
    rules = RULES | {"setting": "teacher", "start": "both", "seed": 0}
    (one,) = binary_measurements(0.5, betas=[1.0], **rules)
    assert row["teacher_overlap"] == float(one.teacher_overlap.value)
    assert row["entropy_stderr"] == float(one.entropy.error)


def test_a_barrier_stands_beside_the_rest(entropic):
    law = ["--alpha", "1", "--kappa", "-1", "--measure", "barrier"]
    said = entropic(*PERCEPTRON, *law, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(said.out))
    path = measured_barrier(0.5, 1.0, -1.0, seed=0, **RULES)
    assert float(row["barrier"]) == path.error_rate.value[0] > 0
    assert float(row["barrier_stderr"]) == path.error_rate.error[0]
    assert row["entropy"] == "nan"


def test_the_constraint_needs_no_temperature(entropic):
    said = entropic(*PERCEPTRON, "--alpha", "0.5", "--threads", "1")
    assert "overlap_stderr" in said.out
    assert said.code == 0, said.err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--beta", "2"], "the constraint has no temperature"),
        (["--energy", "hinge"], "the hinge energy needs a --beta"),
        (["--measure", "weight"], "'weight' is none of overlap, energy, entropy, barrier"),
        (["--size", "20.5"], "sizes must be whole numbers; one is 20.5"),
        (["--size", "1"], "size must be a whole number of at least 2; it is 1"),
        (["--samples", "1"], "not in the range"),
        (["--size", "10,20", "--extrapolate"], "--extrapolate needs 3 or more different sizes"),
        (["--alpha", "-1"], "alpha must be finite and at least 0"),
        (["--alpha", "3"], "every sample must have weights that keep kappa = 0"),
        (["--model", "binary", "--measure", "barrier"], "barrier is for spherical weights"),
        (["--model", "binary", "--sampler", "langevin"], "are for spherical weights"),
        (["--sampler", "langevin"], "needs a force"),
        (["--energy", "hinge", "--beta", "x"], "'x' is neither a finite number nor inf"),
        (["--energy", "hinge", "--beta", "1", "--measure", "barrier"], "under the constraint"),
    ],
)
def test_what_a_user_may_not_ask_is_one_line(entropic, arguments, complaint):
    said = entropic(*PERCEPTRON, "--alpha", "0.5", *arguments)
    assert said.refused()
    assert complaint in said.err


def test_rows_that_are_finished_outlive_an_interruption(entropic, monkeypatch):
    whole = spherical.spherical_measurements

    def cut_short(alpha, *rest, **rules):
        if alpha > 0.4:
            raise KeyboardInterrupt
        return whole(alpha, *rest, **rules)

    monkeypatch.setattr(spherical, "spherical_measurements", cut_short)
    said = entropic(*PERCEPTRON, "--alpha", "0.3,0.5", "--format", "csv")
    assert said.code == 130
    assert said.err.splitlines()[-1] == "error: interrupted after 1 of 2 rows"
    assert len(list(csv.DictReader(io.StringIO(said.out)))) == 1


def test_rows_that_are_finished_outlive_an_error(entropic):
    said = entropic(*PERCEPTRON, "--alpha", "0.5,3", "--format", "csv")
    assert said.code == 2
    assert "every sample must have weights" in said.err
    assert len(list(csv.DictReader(io.StringIO(said.out)))) == 1


def test_what_is_too_short_exits_with_1(entropic, monkeypatch):
    def too_short(*_, **__):
        msg = "no solution; raise burn_in"
        raise TooShort(msg)

    monkeypatch.setattr(spherical, "spherical_measurements", too_short)
    said = entropic(*PERCEPTRON, "--alpha", "0.5")
    assert (said.code, said.out, said.err) == (1, "", "error: no solution; raise burn_in\n")


def test_replicas_that_remember_are_named(entropic):
    frozen = ["--energy", "hinge", "--beta", "1000", "--sampler", "langevin", "--burn-in", "0"]
    law = ["--alpha", "1", "--samples", "20", "--measure", "overlap"]
    said = entropic(*PERCEPTRON, *frozen, *law, "--format", "csv")
    assert said.code == 1
    assert "in 1 of 1 rows replicas remember their start: raise --burn-in" in said.err
    (row,) = csv.DictReader(io.StringIO(said.out))
    assert row["converged"] == "false"


def test_three_sizes_tend_to_an_infinite_one(entropic):
    sizes = ["--size", "10,20,40", "--extrapolate"]
    said = entropic(*PERCEPTRON, "--alpha", "0.3,0.5", *sizes, "--format", "json")
    assert said.code == 0, said.err
    rows = json.loads(said.out)["rows"]
    assert [one["size"] for one in rows] == [10, 10, 20, 20, 40, 40, None, None]
    here = [one for one in rows[:6] if one["alpha"] == 0.5]
    values = [Estimate(one["entropy"], one["entropy_stderr"], "") for one in here]
    fit, limit = extrapolated([10, 20, 40], values), rows[7]
    assert (limit["alpha"], limit["samples"], limit["energy"]) == (0.5, 12, 0)
    assert limit["entropy"] == pytest.approx(float(fit.limit.value))
    assert limit["entropy_stderr"] == pytest.approx(float(fit.limit.error))
    assert limit["p_value"] <= fit.p_value
    assert rows[0]["p_value"] is None


def test_loads_that_differ_from_size_to_size_are_named(entropic):
    sizes = ["--size", "10,20,25", "--extrapolate"]
    said = entropic(*PERCEPTRON, "--alpha", "0.5", *sizes, "--format", "csv")
    assert "round(alpha N) is not alpha N at every size" in said.err


def test_sizes_off_the_line_exit_with_1(entropic, monkeypatch):
    monkeypatch.setattr(finite_size, "UNLIKELY", 1.1)
    sizes = ["--size", "10,20,40", "--extrapolate"]
    said = entropic(*PERCEPTRON, "--alpha", "0.5", *sizes, "--format", "csv")
    assert said.code == 1
    assert "sizes must lie on a line in 1/N" in said.err


def row(**changes):
    values = dict.fromkeys(FIELDS, 0.1) | {"beta": np.inf, "kappa": 0.0, "size": 50}
    values |= {"teacher_overlap": 0.2, "teacher_overlap_stderr": 0.01}
    return values | {"alpha": 0.5, "converged": True} | changes


def drawn(rows, **changes):
    from entropic.cli.pictures.perceptron import figure

    given = {"alpha": [0.5], "kappa": [0.0], "beta": ["inf"], "size": [50], "model": "spherical"}
    given |= {"setting": "storage", "energy": "constraint"}
    return figure(Record("perceptron", given | changes, rows))


def test_a_picture_has_points_with_errors_and_the_saddle_point():
    rows = [row(alpha=a, size=n) for n in (50, 100) for a in (0.3, 0.6, 1.0)]
    picture = drawn(rows, alpha=[0.3, 0.6, 1.0], size=[50, 100])
    q, _, s = picture.axes
    assert [panel.get_xlabel() for panel in (q, s)] == ["load α (patterns per weight)"] * 2
    assert s.get_ylabel() == "entropy (nats per weight)"
    assert len(q.containers) == 2
    (line,) = [line for line in q.get_lines() if len(line.get_xdata()) == 60]
    assert line.get_ydata()[-1] == pytest.approx(0.585311851, abs=1e-8)
    assert [text.get_text() for text in q.get_legend().get_texts()] == ["N = 50", "N = 100"]


def test_a_picture_is_over_what_varies():
    warm = [row(beta=b) for b in (1.0, 4.0)]
    picture = drawn(warm, beta=[1.0, 4.0], energy="hinge", setting="teacher")
    names = [panel.get_ylabel() for panel in picture.axes]
    assert len(names) == 4
    assert "energy per weight" in names
    assert {panel.get_xlabel() for panel in picture.axes} == {"inverse temperature β"}
    sized = [row(size=n, barrier=0.01, barrier_stderr=0.001) for n in (50, 100)]
    picture = drawn([one | {"kappa": -1.0} for one in sized], size=[50, 100], kappa=[-1.0])
    assert picture.axes[-1].get_ylabel() == "error rate half-way"
    assert picture.axes[0].get_xlabel() == "1/N"


def test_a_picture_draws_no_theory_where_there_is_none():
    picture = drawn([row(alpha=a, kappa=3.0) for a in (0.5, 1.0)], alpha=[0.5, 1.0], kappa=[3.0])
    assert not [line for line in picture.axes[0].get_lines() if len(line.get_xdata()) == 60]


def test_files_hold_what_is_printed(entropic, tmp_path):
    table, picture = tmp_path / "p.nc", tmp_path / "p.png"
    files = ["--out", str(table), "--plot", str(picture)]
    said = entropic(*PERCEPTRON, "--alpha", "0.3,0.5", *files, "--format", "csv")
    assert said.code == 0, said.err
    rows = list(csv.DictReader(io.StringIO(said.out)))
    with xarray.open_dataset(table) as data:
        assert data["entropy"].values.tolist() == [float(one["entropy"]) for one in rows]
        assert data["entropy"].attrs["units"] == "nats/weight"
    assert picture.stat().st_size > 10_000
