import json

import numpy as np
import pytest
import xarray
from safetensors.numpy import load_file

torch = pytest.importorskip("torch")

SMALL = [
    *("net", "branch", "digits-mlp", "--set", "samples=48", "--set", "width=4"),
    *("--gradient-norm", "none", "--batch", "8", "--epochs", "4", "--places", "3"),
    *("--probes", "2", "--seeds", "0,1"),
]
FIELDS = {
    *("branch_epoch", "seed", "loss_barrier", "loss_barrier_stderr", "lambda_max_barrier"),
    *("trace_barrier", "trace_barrier_stderr", "error_barrier", "distance"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run folder, made once."""
    from entropic.cli.main import run

    out = tmp_path_factory.mktemp("branch") / "out"
    assert run([*SMALL, "--at", "0,2,4", "--out", str(out)]) == 0
    return out


def test_rows_hold_the_contract_and_no_barrier_at_the_end(made):
    rows = json.loads((made / "summary.json").read_text())["rows"]
    assert [(row["branch_epoch"], row["seed"]) for row in rows] == [
        (k, seed) for k in (0, 2, 4) for seed in (0, 1)
    ]
    assert all(set(row) >= FIELDS for row in rows)
    for row in rows:
        assert row["loss_barrier"] >= 0
        assert row["lambda_max_ratio"] >= 1
        assert (row["distance"] > 0) == (row["branch_epoch"] < 4)
    for row in rows[-2:]:
        assert row["loss_barrier"] == row["trace_barrier"] == row["error_barrier"] == 0


def test_the_folder_holds_lines_ends_and_means(made):
    data = xarray.load_dataset(made / "results.nc")
    assert dict(data.sizes) == {"branch_epoch": 3, "seed": 2, "place": 3}
    assert data["trace"].attrs["units"] == "loss/length^2"
    assert data.attrs["quantity"] == "branch"
    assert json.loads(data.attrs["branching"])["seeds"] == [0, 1]
    ends = load_file(made / "ends_0.safetensors")
    assert sorted(ends) == ["0", "1"]
    assert np.linalg.norm(ends["1"][0] - ends["1"][1]) == pytest.approx(
        float(data["distance"].sel(branch_epoch=0, seed=1))
    )
    rows = json.loads((made / "summary.json").read_text())["rows"]
    means = json.loads((made / "means.json").read_text())["rows"]
    values = [row["loss_barrier"] for row in rows[:2]]
    assert means[0]["seeds"] == 2
    assert means[0]["loss_barrier"] == pytest.approx(np.mean(values))
    assert means[0]["loss_barrier_stderr"] == pytest.approx(np.std(values, ddof=1) / 2**0.5)
    config = (made / "config.toml").read_text()
    assert 'error_on = "test"' in config
    assert 'normalisation = "none"' in config


def test_a_run_that_was_cut_goes_on_and_ends_the_same(entropic, made, tmp_path, monkeypatch):
    out = tmp_path / "out"
    asked = [*SMALL, "--at", "0,2,4", "--out", str(out), "--format", "json"]
    from entropic.nets import branching

    ends, calls = branching.branch_ends, []

    def tired(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return ends(*arguments)

    monkeypatch.setattr(branching, "branch_ends", tired)
    said = entropic(*asked)
    assert said.code == 130
    assert "to continue: entropic net branch" in said.err
    assert not out.exists()
    again = entropic(*asked)
    assert again.refused()
    assert "go on with --resume" in again.err
    other = entropic(*asked, "--seed", "3", "--resume")
    assert other.refused()
    calls[:] = [None] * 5
    said = entropic(*asked, "--resume")
    assert said.code == 0, said.err
    assert len(calls) == 7  # the first of three was kept
    assert not (tmp_path / "out.partial").exists()
    rows = json.loads(said.out)["rows"]
    assert rows == json.loads((made / "summary.json").read_text())["rows"]
    same = xarray.load_dataset(out / "results.nc")
    xarray.testing.assert_equal(same, xarray.load_dataset(made / "results.nc"))


def test_means_are_printed_and_a_picture_is_drawn(entropic, tmp_path):
    picture = tmp_path / "a.png"
    out = ["--out", str(tmp_path / "out"), "--plot", str(picture)]
    said = entropic(*SMALL, "--at", "0,4", *out, "--mean", "--format", "json")
    rows = json.loads(said.out)["rows"]
    assert [row["branch_epoch"] for row in rows] == [0, 4]
    assert {"trace_ratio", "trace_ratio_stderr", "seeds"} <= set(rows[0])
    assert picture.stat().st_size > 10_000


def test_branches_that_do_not_arrive_are_written_and_end_in_exit_code_one(entropic, tmp_path):
    out = tmp_path / "out"
    goal = ["--gradient-norm", "1e-9", "--longest", "2"]
    said = entropic(*SMALL, *goal, "--at", "4", "--seeds", "0", "--out", str(out))
    assert said.code == 1
    assert "2 of 2 branches did not descend" in said.err
    assert not json.loads((out / "summary.json").read_text())["rows"][0]["reached"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--at", "0,5"], "from epoch 0 to 4, the end of the recipe"),
        (["--at", "2,1"], "whole numbers from 0, rising"),
        (["--at", "0.5"], "whole numbers from 0, rising"),
        (["--at", "0", "--problem", "linear"], "give PROBLEM"),
        (["--at", "0", "--resume"], "resume from"),
        (["--at", "0", "--rate", "0"], "the rate must be positive; it is 0"),
    ],
)
def test_what_cannot_be_branched_is_refused(entropic, tmp_path, arguments, words):
    out = tmp_path / "out"
    said = entropic(*SMALL, *arguments, "--out", str(out))
    assert said.refused(), said
    assert words in said.err
    assert not out.exists()


def test_a_folder_in_use_is_refused(entropic, made):
    said = entropic(*SMALL, "--at", "0", "--out", str(made))
    assert said.refused()
    assert "exists already" in said.err
