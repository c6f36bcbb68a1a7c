import json
import os
import signal
import subprocess
import sys
import time
import tomllib

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.numpy import load_file, safe_open, save_file  # noqa: E402

from entropic.cli.net import folders, training_bar, training_task  # noqa: E402
from entropic.cli.net.folders import read_minima  # noqa: E402
from entropic.cli.net.source import Source  # noqa: E402
from entropic.nets import Recipe, evaluate, train  # noqa: E402
from entropic.nets.training_run import Watch  # noqa: E402

TINY = ("digits-mlp", "--set", "samples=64", "--set", "width=4")
FEW = ("--seeds", "0,3", "--epochs", "6", "--gradient-norm", "0.3")
COLUMNS = {
    *("seed", "loss", "metric", "test_loss", "test_metric", "gradient_norm", "norm", "epochs"),
    *("seconds", "train_loss", "component", "gradients", "reached"),
}


def test_the_minima_of_the_command_are_those_of_the_house(entropic, tmp_path):
    out = tmp_path / "minima"
    said = entropic("net", "train", *TINY, *FEW, "--out", str(out), "--format", "json")
    assert said.code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["minima"]
    shown = json.loads(said.out)
    assert shown["quantity"] == "minima"
    assert shown["rows"] == json.loads((out / "summary.json").read_text())["rows"]
    assert all(set(row) == COLUMNS for row in shown["rows"])

    problem = Source("digits-mlp", {"samples": 64, "width": 4}).problem()
    recipe = Recipe("sgd", 0.05, 0.9, batch=32, epochs=6, gradient_norm=0.3)
    way = tomllib.loads((out / "config.toml").read_text())["found"]["way"]
    found = train(problem, recipe, [0, 3], together=way != "loop")
    minima = read_minima(out, None)
    assert list(minima.points) == ["0", "3"]
    for i, (row, theta) in enumerate(zip(shown["rows"], minima.points.values(), strict=True)):
        assert np.array_equal(theta.numpy(), found.points[i])
        assert row["loss"] == pytest.approx(float(problem.full(theta)), rel=1e-12)
        assert row["gradient_norm"] <= 0.3
        assert row["norm"] == pytest.approx(float(theta.norm()))
        assert row["metric"] == evaluate(problem, theta).metric
        assert row["test_loss"] > 0
        assert row["epochs"] == 6
        assert row["reached"] is True
    history = np.loadtxt(out / "history.csv", delimiter=",", skiprows=1)
    np.testing.assert_allclose(history[:, 1:], found.history, rtol=1e-15)


def test_the_folder_says_how_its_minima_were_found(entropic, tmp_path):
    out = tmp_path / "m"
    options = ("--rate", "0.02", "--optimizer", "adam", "--drops", "none", "--batch", "16")
    goal = ("--gradient-norm", "none", "--epochs", "2", "--together", "no")
    assert entropic("net", "train", *TINY, *options, *goal, "--out", str(out)).code == 0
    told = tomllib.loads((out / "config.toml").read_text())
    assert told["problem"]["settings"] == {"samples": 64, "width": 4}
    recipe = told["recipe"]
    assert (recipe["optimizer"], recipe["rate"], recipe["batch"]) == ("adam", 0.02, 16)
    assert (recipe["drops"], recipe["gradient_norm"]) == ([], "none")
    assert told["landscape"]["normalisation"] == "none"
    assert told["landscape"]["parameters"] == 64 * 4 + 4 + 4 * 4 + 4 + 4 * 10 + 10
    assert (told["found"]["way"], told["found"]["threads"]) == ("loop", torch.get_num_threads())
    assert {"torch", "entropic"} <= told["versions"].keys()


def _stop_at(patch, epoch):
    def call(self, moment):
        if moment.epoch == epoch and not moment.gradients:
            raise KeyboardInterrupt

    patch.setattr(training_bar.TrainingBar, "__call__", call)


def test_an_interrupted_training_goes_on_and_ends_bitwise_the_same(entropic, tmp_path, monkeypatch):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    asked = ("net", "train", *TINY, *FEW, "--together", "yes", "--out")
    assert entropic(*asked, str(whole)).code == 0
    monkeypatch.setattr(training_task, "KEEP_EVERY", 0.0)
    with monkeypatch.context() as patch:
        _stop_at(patch, 4)
        said = entropic(*asked, str(cut))
    assert said.code == 130
    assert "epoch 3 is kept in" in said.err
    assert said.err.rstrip().endswith(f"--out {cut} --resume")
    assert not cut.exists()
    again = entropic(*asked, str(cut))
    assert again.refused()
    assert "keeps a training that was cut: go on with --resume, or remove it" in again.err
    other = entropic(*asked, str(cut), "--resume", "--rate", "0.04")
    assert other.refused()
    assert "was cut in a training with recipe.rate = 0.05; here it is 0.04" in other.err
    resumed = entropic(*asked, str(cut), "--resume")
    assert resumed.code == 0
    assert "from epoch 3 on" in resumed.err
    for name in ("minimum_0", "minimum_3"):
        pair = [(folder / f"{name}.safetensors").read_bytes() for folder in (whole, cut)]
        assert pair[0] == pair[1]
    assert (whole / "history.csv").read_text() == (cut / "history.csv").read_text()
    assert not cut.with_name("cut.partial").exists()


CHILD = """
import entropic.cli.net.training_task as task
task.KEEP_EVERY = 0.0
from entropic.cli.main import main
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL")
def test_a_training_that_was_killed_ends_bitwise_where_an_uninterrupted_one_ends(
    entropic, tmp_path
):
    asked = ["net", "train", *TINY, "--seeds", "0,1", "--epochs", "150", "--gradient-norm", "1"]
    asked += ["--together", "yes", "--out"]
    environment = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    state = tmp_path / "cut.partial" / "state.safetensors"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *asked, str(tmp_path / "cut")], env=environment, stderr=-3
    )
    while child.poll() is None and _epoch(state) < 5:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert 5 <= _epoch(state) < 150
    assert entropic(*asked, str(tmp_path / "cut"), "--resume").code == 0
    assert entropic(*asked, str(tmp_path / "whole")).code == 0
    for seed in (0, 1):
        files = [tmp_path / name / f"minimum_{seed}.safetensors" for name in ("cut", "whole")]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut", "whole"]


def _epoch(state) -> int:
    if not state.exists():
        return -1
    with safe_open(state, "numpy") as file:
        return json.loads(file.metadata()["facts"])["epoch"]


def _cut(entropic, out, monkeypatch):
    monkeypatch.setattr(training_task, "KEEP_EVERY", 0.0)
    with monkeypatch.context() as patch:
        _stop_at(patch, 3)
        assert entropic("net", "train", *TINY, *FEW, "--out", str(out)).code == 130
    return out.with_name(f"{out.name}.partial") / "state.safetensors"


@pytest.mark.parametrize("damage", ["cut short", "foreign", "pickled", "wrong sizes"])
def test_a_state_that_is_none_is_refused_by_name(entropic, tmp_path, monkeypatch, damage):
    state = _cut(entropic, tmp_path / "m", monkeypatch)
    if damage == "cut short":
        state.write_bytes(state.read_bytes()[:-100])
    elif damage == "foreign":
        save_file({"theta": np.zeros(3)}, state)
    elif damage == "pickled":
        torch.save({"theta": torch.zeros(3)}, state)
    else:
        with safe_open(state, "numpy") as file:
            facts = file.metadata()
        arrays = load_file(state)
        arrays["history"] = arrays["history"][:1]
        save_file(arrays, state, facts)
    said = entropic("net", "train", *TINY, *FEW, "--out", str(tmp_path / "m"), "--resume")
    assert said.refused()
    assert "state.safetensors' is damaged or no state of entropic net train; remove it" in said.err


def test_a_full_disk_is_said_with_what_was_kept(entropic, tmp_path, monkeypatch):
    kept, calls = training_task.KeptTraining.keep, []

    def keep(self, state):
        calls.append(state.epoch)
        if len(calls) == 4:
            raise OSError(28, "No space left on device")
        kept(self, state)

    monkeypatch.setattr(training_task, "KEEP_EVERY", 0.0)
    monkeypatch.setattr(training_task.KeptTraining, "keep", keep)
    said = entropic("net", "train", *TINY, *FEW, "--out", str(tmp_path / "m"))
    assert said.code == 1
    assert "No space left on device; epoch 2 is kept in" in said.err
    assert not (tmp_path / "m").exists()


def test_a_disk_that_is_full_in_the_end_loses_no_training(entropic, tmp_path, monkeypatch):
    asked = ("net", "train", *TINY, *FEW, "--out", str(tmp_path / "m"))

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(folders, "write_tensors", full)
        said = entropic(*asked)
    assert said.code == 1
    assert "No space left on device; epoch 0 is kept in" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["m.partial"]
    assert entropic(*asked, "--resume").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_want_of_memory_is_said_with_what_was_kept(entropic, tmp_path, monkeypatch):
    def starve(self, moment):
        msg = "one replica with its minibatch does not fit"
        raise MemoryError(msg)

    monkeypatch.setattr(training_bar.TrainingBar, "__call__", starve)
    said = entropic("net", "train", *TINY, *FEW, "--out", str(tmp_path / "m"))
    assert said.code == 1
    assert "not enough memory: one replica with its minibatch does not fit; epoch 0" in said.err


def test_a_loss_that_runs_away_leaves_no_folder_behind(entropic, tmp_path):
    wild = ("--rate", "1e200", "--momentum", "0", "--seeds", "4")
    said = entropic("net", "train", *TINY, *wild, "--out", str(tmp_path / "m"))
    assert said.code == 2
    assert "the loss of seed 4 stopped being finite in epoch 1 of 200; lower the rate" in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_descent_that_does_not_arrive_is_said_and_its_end_is_kept(entropic, tmp_path):
    goal = ("--epochs", "2", "--gradient-norm", "1e-9", "--longest", "4")
    said = entropic("net", "train", *TINY, *goal, "--out", str(tmp_path / "m"), "--format", "csv")
    assert said.code == 1
    assert "1 of 1 descents did not reach |gradient| 1e-09 after up to 5 gradients" in said.err
    assert "raise --longest, or lower the goal" in said.err
    assert said.out.splitlines()[1].endswith("false")
    assert list(read_minima(tmp_path / "m", None).points) == ["0"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "give PROBLEM: a preset, or your own package.module:function"),
        (("digits-mlp", "--problem", "digits-mlp"), "give PROBLEM once"),
        (("digit",), "there is no preset 'digit'; there are"),
        (("digits-mlp", "--seeds", "1,1"), "names a seed twice"),
        (("digits-mlp", "--seeds", "0.5"), "must be whole numbers from 0"),
        (("digits-mlp", "--seeds", "-1"), "must be whole numbers from 0"),
        (("digits-mlp", "--rate", "0"), "the rate must be positive; it is 0"),
        (("digits-mlp", "--momentum", "1"), "momentum must be from 0 to below 1; it is 1"),
        (("digits-mlp", "--drops", "1,2"), "the rate drops at fractions between 0 and 1"),
        (("digits-mlp", "--gradient-norm", "0"), "the gradient norm must be positive; it is 0"),
        (("digits-mlp", "--set", "breadth=3"), "'digits-mlp' has no setting 'breadth'"),
        (("digits-mlp", "--device", "warp"), "warp"),
        (("digits-mlp", "--resume"), "to resume from; run without --resume"),
        ((*TINY, "--optimizer", "langevin", "--batch", "30"), "must divide their number"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line(entropic, tmp_path, arguments, why):
    said = entropic("net", "train", *arguments, "--out", str(tmp_path / "m"))
    assert said.refused()
    assert why in said.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_free_is_refused_before_any_work(entropic, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "mine.txt").write_text("mine")
    said = entropic("net", "train", *TINY, "--out", str(tmp_path / "m"))
    assert said.refused()
    assert "exists already; name a new folder or an empty one" in said.err
    assert (tmp_path / "m" / "mine.txt").read_text() == "mine"


def test_langevin_goes_without_momentum_by_itself(entropic, tmp_path):
    asked = ("--optimizer", "langevin", "--batch", "16", "--epochs", "2", "--gradient-norm", "none")
    said = entropic("net", "train", *TINY, *asked, "--out", str(tmp_path / "m"))
    assert said.code == 0
    told = tomllib.loads((tmp_path / "m" / "config.toml").read_text())
    assert told["recipe"]["momentum"] == 0.0


OWN = """
import torch
from torch import nn
from entropic.nets import Problem
from entropic.nets.losses import correct, cross_entropy


def make(width=4):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(60, 5, generator=generator)
    targets = (inputs[:, 0] > 0).long()
    model = nn.Sequential(
        nn.Linear(5, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, 2)
    )
    test = (inputs[:30] + 0.1, targets[:30])
    return Problem(model, cross_entropy, inputs, targets, 1e-3, correct, test=test, block=30)
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    yield "mine:make"
    sys.modules.pop("mine", None)


def test_a_network_of_the_users_own_with_batch_normalisation_is_trained(entropic, own, tmp_path):
    asked = ("--epochs", "30", "--batch", "20", "--set", "width=6", "--precision", "bf16")
    said = entropic("net", "train", own, *asked, "--out", "m", "--format", "json")
    assert said.code == 0
    row = json.loads(said.out)["rows"][0]
    assert row["metric"] > 0.9
    assert row["test_metric"] > 0.8
    assert row["test_loss"] > 0
    told = tomllib.loads((tmp_path / "m" / "config.toml").read_text())
    assert told["landscape"]["normalisation"] == "batch"
    assert told["landscape"]["block"] == 30
    assert told["training"]["precision"] == "bf16"
    theta = read_minima(tmp_path / "m", Source(own, {"width": 6})).points["0"]
    assert theta.dtype == torch.float32


def test_the_bar_shows_epoch_loss_merit_and_the_time_left(monkeypatch):
    shown = []
    monkeypatch.setattr(training_bar, "is_shown", lambda: True)
    problem = Source("digits-mlp", {"samples": 64, "width": 4}).problem()
    bar = training_bar.TrainingBar(problem, lambda label, done: shown.append((label, done)))
    bar.pause = -1.0
    recipe = Recipe("sgd", 0.05, 0.9, batch=32, epochs=4, gradient_norm=0.3)
    train(problem, recipe, [0, 1], watch=Watch(moment=bar))
    label, done = shown[1]
    assert label.startswith("epoch 2 of 4, loss ")
    assert ", test accuracy 0." in label
    assert label.endswith("0:00 left")
    assert done == 0.5
    assert shown[-1][0].startswith("descent, ")
