import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.numpy import load_file, save_file  # noqa: E402

from entropic.cli.net import kept_tensors  # noqa: E402
from entropic.cli.net.folders import read_path, write_minima  # noqa: E402
from entropic.cli.net.kept_tensors import KeptTensors  # noqa: E402
from entropic.cli.pictures.path import figure  # noqa: E402
from entropic.cli.record import Record  # noqa: E402
from entropic.nets import initial_parameters, path_search, preset  # noqa: E402

SETTINGS = {"samples": 40, "width": 4}
QUICK = ("--pivots", "4", "--cycles", "2", "--steps", "4", "--batch", "16", "--dense", "2")


@pytest.fixture
def minima(tmp_path) -> Path:
    """Three starts of a small network, under the names 0, 1 and 10."""
    problem = preset("digits-mlp").make(**SETTINGS)
    points = {str(seed): initial_parameters(problem, seed) for seed in (0, 1, 10)}
    folder = tmp_path / "minima"
    folder.mkdir()
    config = {"problem": {"reference": "digits-mlp", "settings": SETTINGS}}
    write_minima(folder, problem, points, config, [])
    return folder


def flat(folder: Path, name: str) -> np.ndarray:
    """The weights of a minimum, in the order in which the model names them."""
    problem = preset("digits-mlp").make(**SETTINGS)
    named = load_file(folder / f"minimum_{name}.safetensors")
    return np.concatenate([named[part].ravel() for part in problem.layout.names])


@pytest.mark.parametrize("method", ["autoneb", "neb", "bezier", "polygon", "line"])
def test_the_folder_holds_a_path_between_the_two_minima(entropic, minima, tmp_path, method):
    out = tmp_path / "path"
    words = ("--out", str(out), "--method", method, "--format", "json", *QUICK)
    said = entropic("net", "path", str(minima), *words)
    assert (said.code, said.err) == (0, f"wrote {out}\n")
    record = json.loads(said.out)
    rows, told = record["rows"], record["parameters"]
    assert list(rows[0]) == [
        *("s", "fraction", "pivot", "loss", "metric", "test_loss", "test_metric"),
    ]
    assert rows[0]["s"] == 0
    assert rows[-1]["s"] == pytest.approx(told["length"])
    assert told["length"] >= told["distance"] * (1 - 1e-12)
    losses = [row["loss"] for row in rows]
    assert told["barrier"] == pytest.approx(max(losses) - max(losses[0], losses[-1]))
    assert told["normalisation"] == "none"
    folder = read_path(out, None)
    beads = [row for row in rows if row["pivot"]]
    assert len(folder.points) == len(beads)
    assert np.array_equal(folder.points[0].numpy(), flat(minima, "0"))
    assert np.array_equal(folder.points[-1].numpy(), flat(minima, "1"))
    for i in (1, 2):
        at = float(folder.problem.full(folder.points[i]))
        assert beads[i]["loss"] == pytest.approx(at, rel=1e-12)
    config = tomllib.loads((out / "config.toml").read_text("utf-8"))
    assert config["path"]["method"] == method
    assert config["path"]["report"]["barrier"] == told["barrier"]
    assert json.loads((out / "summary.json").read_text("utf-8"))["rows"] == beads
    assert json.loads((out / "profile.json").read_text("utf-8"))["rows"] == rows


def test_the_minima_are_chosen_by_name(entropic, minima, tmp_path):
    out = tmp_path / "path"
    words = ("--out", str(out), "--method", "line", "--between", "10,0", "--format", "csv")
    said = entropic("net", "path", str(minima), *words)
    points = read_path(out, None).points.numpy()
    assert np.array_equal(points[0], flat(minima, "10"))
    assert np.array_equal(points[-1], flat(minima, "0"))
    assert len(list(csv.DictReader(io.StringIO(said.out)))) == 101


def test_the_same_seed_gives_the_same_bytes(entropic, minima, tmp_path):
    files = []
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        words = ("--out", str(tmp_path / name), "--seed", seed, *QUICK)
        entropic("net", "path", str(minima), *words)
        files.append((tmp_path / name / "path.safetensors").read_bytes())
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_a_file_of_the_users_own_needs_only_to_say_its_problem(entropic, minima, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    for name in ("0", "1"):
        save_file(load_file(minima / f"minimum_{name}.safetensors"), own / f"{name}.safetensors")
    words = ("--out", str(tmp_path / "path"), "--method", "line")
    assert entropic("net", "path", str(own), *words).refused()
    sets = [word for name, value in SETTINGS.items() for word in ("--set", f"{name}={value}")]
    said = entropic("net", "path", str(own), *words, "--problem", "digits-mlp", *sets)
    assert said.code == 0


def test_the_picture_is_drawn(entropic, minima, tmp_path):
    out, picture = tmp_path / "path", tmp_path / "path.svg"
    words = ("--out", str(out), "--plot", str(picture), *QUICK)
    said = entropic("net", "path", str(minima), *words)
    assert said.code == 0
    assert said.err.endswith(f"drew {picture}\n")
    assert "#0072b2" in picture.read_text("utf-8").lower()


def test_the_picture_shows_what_was_measured():
    """Loss above, metrics of both sets below, each beside that of the straight line."""
    columns = {"fraction": [0.0, 0.5, 1.0], "pivot": [True, False, True], "loss": [1.0, 2.0, 1.0]}
    measured = {"metric": [0.9, 0.8, 0.9], "test_metric": [0.7, 0.6, 0.7]}
    told = {"method": "bezier", "length": 2.0, "distance": 1.0, "barrier": 1.0}
    told |= {"metric_name": "accuracy", "normalisation": "batch", "line": {**columns, **measured}}
    for more, labels in ((measured, 4), ({}, 0)):
        whole = columns | more
        rows = [dict(zip(whole, row, strict=True)) for row in zip(*whole.values(), strict=True)]
        axes = figure(Record("path", told, rows)).axes
        assert len(axes) == 1 + bool(more)
        above = [text.get_text() for text in axes[0].get_legend().get_texts()]
        assert above == ["Bézier curve", "straight line", "2 pivots"]
        if more:
            assert len(axes[1].get_legend().get_texts()) == labels
            assert axes[1].get_ylabel() == "accuracy (statistics re-estimated)"


def test_the_other_minimum_can_be_aligned_first(entropic, minima, tmp_path):
    """Then the same network with its units in another order is not far, and the function stays."""
    pytest.importorskip("entropic.nets.alignment")
    far, near = tmp_path / "far", tmp_path / "near"
    said = []
    for out, more in ((far, ()), (near, ("--align",))):
        words = ("--out", str(out), "--method", "line", "--format", "json", *more)
        said.append(json.loads(entropic("net", "path", str(minima), *words).out))
    (before, after), ends = (one["parameters"] for one in said), [one["rows"][-1] for one in said]
    assert after["distance"] < 0.95 * before["distance"]
    assert after["alignment_distance_before"] == pytest.approx(before["distance"])
    assert ends[1]["loss"] == pytest.approx(ends[0]["loss"], rel=1e-12)
    assert ends[1]["metric"] == ends[0]["metric"]


def interrupt(monkeypatch, after: int) -> None:
    """Ctrl-C at the given step of the band."""
    step, calls = path_search.band_step, [0]

    def stepping(*arguments):
        calls[0] += 1
        if calls[0] == after:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(path_search, "band_step", stepping)


@pytest.mark.parametrize("after", [2, 7])
def test_a_search_that_is_cut_goes_on_to_the_same_bytes(
    entropic, minima, tmp_path, monkeypatch, after
):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    entropic("net", "path", str(minima), "--out", str(whole), *QUICK)
    command = ("net", "path", str(minima), "--out", str(cut), *QUICK)
    with monkeypatch.context() as patch:
        interrupt(patch, after)
        said = entropic(*command)
    partial = tmp_path / "cut.partial"
    assert said.code == 130
    assert f"kept in {partial}; to continue: entropic {' '.join(command)} --resume" in said.err
    assert not cut.exists()
    assert entropic(*command).refused()  # what is kept is not overwritten
    assert entropic(*command, "--resume").code == 0
    assert not partial.exists()
    for name in ("path.safetensors", "summary.json"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes()


def test_the_state_of_another_run_is_not_gone_on_with(entropic, minima, tmp_path, monkeypatch):
    command = ("net", "path", str(minima), "--out", str(tmp_path / "path"), *QUICK)
    with monkeypatch.context() as patch:
        interrupt(patch, 3)
        entropic(*command)
    said = entropic(*command, "--seed", "5", "--resume")
    assert said.refused()
    assert "was cut in a run with seed = 0; here it is 5" in said.err


def test_there_must_be_something_to_go_on_with(entropic, minima, tmp_path):
    words = ("--out", str(tmp_path / "path"), "--resume", *QUICK)
    said = entropic("net", "path", str(minima), *words)
    assert said.refused()
    assert "path.partial' to resume from; run without --resume" in said.err


def test_a_damaged_state_is_refused(entropic, minima, tmp_path):
    (tmp_path / "path.partial").write_bytes(b"\x00" * 40)
    words = ("--out", str(tmp_path / "path"), "--resume", *QUICK)
    said = entropic("net", "path", str(minima), *words)
    assert said.refused()
    assert "is damaged or no state of entropic net path; remove it" in said.err


def test_what_is_remembered_is_written_every_few_seconds(tmp_path, monkeypatch):
    kept = KeptTensors(tmp_path / "x.partial", "test", {"a": 1})
    kept.keep({"points": torch.ones(2)})
    assert not kept.path.exists()
    monkeypatch.setattr(kept_tensors, "KEEP_EVERY", -1.0)
    kept.keep({"points": torch.zeros(2)})
    found = KeptTensors(tmp_path / "x.partial", "test", {"a": 1}).begin(resume=True)
    assert found["points"].tolist() == [0.0, 0.0]
    kept.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_band_that_blows_up_says_where_and_keeps_nothing(entropic, minima, tmp_path):
    out = tmp_path / "path"
    words = ("--out", str(out), "--method", "neb", "--rate", "1e200", "--steps", "50")
    said = entropic("net", "path", str(minima), *words)
    assert said.refused()
    assert "at pivot" in said.err
    assert "of cycle 1, at a rate of 1e+200; a lower one may hold the band" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["minima"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--between", "0,7"), "has no minimum '7'; it has 0, 1, 10"),
        (("--between", "0,0"), "must name two different minima, as in 0,1"),
        (("--between", "0"), "must name two different minima, as in 0,1"),
        (("--pivots", "2"), "2 is not in the range 3<=x<=100000"),
        (("--method", "string"), "'string' is not one of"),
        (("--rate", "-1"), "rates must be positive and not rise"),
        (("--device", "nowhere"), "the device 'nowhere' is not to be had here"),
    ],
)
def test_what_makes_no_sense_is_refused(entropic, minima, tmp_path, words, said):
    found = entropic("net", "path", str(minima), "--out", str(tmp_path / "path"), *words)
    assert found.refused()
    assert said in found.err


def test_a_folder_with_one_minimum_is_refused(entropic, minima, tmp_path):
    for name in ("1", "10"):
        (minima / f"minimum_{name}.safetensors").unlink()
    said = entropic("net", "path", str(minima), "--out", str(tmp_path / "path"))
    assert said.refused()
    assert "a path needs two minima" in said.err


def test_two_minima_that_are_one_point_are_refused(entropic, minima, tmp_path):
    copy = (minima / "minimum_0.safetensors").read_bytes()
    (minima / "minimum_1.safetensors").write_bytes(copy)
    said = entropic("net", "path", str(minima), "--out", str(tmp_path / "path"), *QUICK)
    assert said.refused()
    assert "the two ends must differ; they are the same point" in said.err


def test_an_out_that_is_taken_is_refused_before_the_work(entropic, minima, tmp_path):
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "mine").touch()
    said = entropic("net", "path", str(minima), "--out", str(tmp_path / "path"))
    assert said.refused()
    assert "exists already; name a new folder or an empty one" in said.err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL")
def test_a_search_that_is_killed_gives_the_same_bytes_in_the_end(entropic, minima, tmp_path):
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    words = ("net", "path", str(minima), *QUICK, "--steps", "250", "--out")
    code = (
        "import sys; from entropic.cli.net import kept_tensors; kept_tensors.KEEP_EVERY = 0.1; "
        "from entropic.cli.main import run; sys.exit(run(sys.argv[1:]))"
    )
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    process = subprocess.Popen([sys.executable, "-c", code, *words, str(cut)], **quiet)
    end = time.monotonic() + 60
    while not (tmp_path / "cut.partial").exists() and time.monotonic() < end:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert entropic(*words, str(cut), "--resume").code == 0
    assert entropic(*words, str(whole)).code == 0
    name = "path.safetensors"
    assert (cut / name).read_bytes() == (whole / name).read_bytes()
