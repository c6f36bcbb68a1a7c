import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from entropic.cli.net.folders import read_minima, write_minima, write_path  # noqa: E402
from entropic.cli.net.source import Source  # noqa: E402
from entropic.nets import evaluate, initial_parameters  # noqa: E402

OWN = """
import torch
from torch import nn
from entropic.nets import Problem
from entropic.nets.losses import correct, cross_entropy


def make():
    g = torch.Generator().manual_seed(1)
    x = torch.randn(60, 4, generator=g).double()
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)).double()
    return Problem(model, cross_entropy, x[:30], y[:30], metric=correct, test=(x[30:], y[30:]))
"""


@pytest.fixture
def made(tmp_path, monkeypatch):
    (tmp_path / "ensemble_of_mine.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    source = Source("ensemble_of_mine:make")
    problem = source.problem()
    points = {str(seed): initial_parameters(problem, seed) for seed in (0, 1)}
    config = {"problem": source.as_table()}
    for folder in ("minima", "path"):
        (tmp_path / folder).mkdir()
    write_minima(tmp_path / "minima", problem, points, config, [])
    write_path(tmp_path / "path", problem, torch.stack(list(points.values())), config, [])
    return problem


@pytest.fixture
def run(made, entropic):
    def call(*words: str):
        return entropic("net", "ensemble", *words, "--problem", "ensemble_of_mine:make")

    return call


def rows(said):
    assert said.code == 0, said.err
    return json.loads(said.out)["rows"]


def test_a_walk_gives_its_members_and_one_network_of_equal_budget(run, made, tmp_path):
    words = ("--members", "3", "--batch", "10", "--high", "0.5", "--low", "0.1")
    found = rows(run("minima", "--out", "new", *words, "--format", "json", "--plot", "new.png"))
    assert [(row["kind"], row["member"], row["epochs"]) for row in found] == [
        ("start", 0, 0), ("member", 1, 1), ("member", 2, 3), ("member", 3, 5), ("single", 4, 5),
    ]  # fmt: skip
    names = {"member", "loss", "metric", "test_loss", "test_metric"}
    names |= {"ensemble_test_loss", "ensemble_test_metric", "distance"}
    assert all(names <= set(row) for row in found)
    assert found[0]["ensemble_test_loss"] is None
    assert found[0]["distance"] == 0 < found[1]["distance"]
    members = found[1:4]
    assert members[0]["ensemble_test_loss"] == pytest.approx(members[0]["test_loss"], rel=1e-12)
    average = np.mean([row["test_loss"] for row in members])
    assert members[2]["ensemble_test_loss"] < average
    kept = read_minima(tmp_path / "new", Source("ensemble_of_mine:make"))
    assert list(kept.points) == ["1", "2", "3"]
    for row, theta in zip(members, kept.points.values(), strict=True):
        assert evaluate(made, theta, "test").loss == pytest.approx(row["test_loss"], rel=1e-12)
        assert made.full(theta).item() == pytest.approx(row["loss"], rel=1e-12)
    assert (tmp_path / "new.png").stat().st_size > 5000
    again = rows(run("minima", "--out", "again", *words, "--format", "json"))
    assert again == found


def test_points_of_a_path_and_trained_minima_are_ensembles_too(run):
    along = rows(run("path", "--out", "a", "--members", "3", "--format", "json"))
    assert [row["kind"] for row in along] == ["member"] * 3
    minima = rows(run("minima", "--out", "b", "--method", "minima", "--format", "json"))
    assert [row["test_loss"] for row in minima] == [
        pytest.approx(along[0]["test_loss"]), pytest.approx(along[2]["test_loss"]),
    ]  # fmt: skip
    assert along[1]["distance"] == pytest.approx(along[2]["distance"] / 2)
    assert len(rows(run("path", "--out", "c", "--members", "1", "--format", "json"))) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere", "--out", "x"), "there is no folder 'nowhere'"),
        (("minima", "--out", "path"), "'path' exists already"),
        (("minima", "--out", "x", "--method", "curve"), "goes with a folder of a path; 'minima'"),
        (("path", "--out", "x", "--method", "walk"), "goes with a folder of minima; 'path'"),
        (("minima", "--out", "x", "--start", "9"), "no minimum '9'; it has 0, 1"),
        (("minima", "--out", "x", "--cycle", "3"), "must be an even number of epochs"),
        (("minima", "--out", "x", "--low", "1"), "the low one not above the high one"),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, words, message):
    said = run(*words)
    assert said.refused()
    assert message in said.err
    assert not (tmp_path / "x").exists()


def test_a_problem_without_metric_and_test_set_has_a_picture_as_well(entropic, tmp_path):
    source = Source("linear")
    problem = source.problem()
    folder, picture = tmp_path / "minima", tmp_path / "a.png"
    folder.mkdir()
    points = {str(seed): initial_parameters(problem, seed) for seed in (0, 1)}
    write_minima(folder, problem, points, {"problem": source.as_table()}, [])
    asked = ("--out", str(tmp_path / "new"), "--members", "2", "--plot", str(picture))
    said = entropic("net", "ensemble", str(folder), *asked, "--format", "json")
    found = json.loads(said.out)
    assert {row["metric"] for row in found["rows"]} == {None}
    assert found["units"]["loss"] == "loss"
    assert found["parameters"]["problem"] == source.as_table()
    assert picture.stat().st_size > 10_000
