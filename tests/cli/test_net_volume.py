import json

import pytest

torch = pytest.importorskip("torch")

from entropic.cli.net import volume_work  # noqa: E402
from entropic.cli.net.folders import write_minima, write_path  # noqa: E402
from entropic.cli.net.source import Source  # noqa: E402
from entropic.nets import basin_at, initial_parameters, volume_entropy  # noqa: E402
from entropic.nets.polyline import Polyline  # noqa: E402

OWN = """
import torch
from torch import nn
from entropic.nets import Problem
from entropic.nets.losses import cross_entropy


def make(size=30):
    g = torch.Generator().manual_seed(1)
    x = torch.randn(size, 3, generator=g).double()
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 2)).double()
    return Problem(model, cross_entropy, x, (x[:, 0] > 0).long(), decay=0.01)
"""
FAST = ("--intervals", "4", "--chains", "2", "--steps", "10", "--burn-in", "4", "--format", "json")
HELD = {"intervals": 4, "chains": 2, "draws": 10, "burn_in": 4}
MEASURED = (
    *("loss", "gradient_norm", "logdet_entropy", "harmonic_entropy", "slope_entropy"),
    *("volume_entropy", "volume_entropy_stderr", "volume_entropy_quadrature"),
    *("learning_coefficient", "learning_coefficient_stderr", "harmonic_coefficient"),
    *("half_rank", "negative", "acceptance", "r_hat", "ess", "reach", "trajectory_steps"),
)


@pytest.fixture
def made(tmp_path, monkeypatch):
    (tmp_path / "volume_of_mine.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    source = Source("volume_of_mine:make")
    problem = source.problem()
    points = {str(seed): initial_parameters(problem, seed) for seed in (0, 1)}
    config = {"problem": source.as_table()}
    for folder in ("minima", "path"):
        (tmp_path / folder).mkdir()
    write_minima(tmp_path / "minima", problem, points, config, [])
    write_path(tmp_path / "path", problem, torch.stack(list(points.values())), config, [])
    return problem, list(points.values())


@pytest.fixture
def run(made, entropic):
    def call(*words):
        return entropic("net", "volume", *words, "--problem", "volume_of_mine:make")

    return call


def read(said):
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_minima_have_rows_with_the_fields_of_the_contract(run, made, tmp_path):
    problem, points = made
    asked = ("--beta", "0.5", "--localisation", "30", "--seed", "3")
    found = read(run("minima", *FAST, *asked, "--out", "a.json", "--plot", "a.png"))
    assert found["quantity"] == "volume"
    rows, parameters = found["rows"], found["parameters"]
    names = {"minimum", *MEASURED}
    assert [set(row) for row in rows] == [names] * 2
    assert [row["minimum"] for row in rows] == ["0", "1"]
    assert parameters["weight"] == 15
    assert parameters["floor"] == 2
    assert parameters["samples"] == 30
    assert parameters["directions"] == 20
    here = volume_entropy(basin_at(problem, points[1]), 15.0, 30.0, **HELD, seed=3)
    assert rows[1]["volume_entropy"] == pytest.approx(float(here.entropy.value), rel=1e-9)
    assert rows[1]["volume_entropy_stderr"] == pytest.approx(float(here.entropy.error), rel=1e-9)
    assert rows[1]["harmonic_entropy"] == pytest.approx(here.harmonic_entropy)
    for row, curve in zip(rows, parameters["curves"], strict=True):
        assert row["slope_entropy"] > 0
        assert len(curve["weight"]) == 5
        assert curve["entropy"][-1] == row["volume_entropy"]
        assert curve["harmonic_entropy"][-1] == pytest.approx(row["harmonic_entropy"])
        assert curve["harmonic_coefficient"][-1] == pytest.approx(row["harmonic_coefficient"])
    assert json.loads((tmp_path / "a.json").read_text())["rows"] == rows
    assert (tmp_path / "a.png").stat().st_size > 10_000
    assert not (tmp_path / "a.json.partial").exists()
    warm = read(run("minima", *FAST, *asked[2:], "--temperature", str(1 / 15)))
    assert warm["rows"] == rows


def test_a_path_is_measured_across_its_tangent_where_it_is_asked(run, made, tmp_path):
    problem, points = made
    found = read(run("path", *FAST, "--at", "0,0.5", "--plot", "p.png"))
    rows = found["rows"]
    assert [set(row) for row in rows] == [{"s", "fraction", *MEASURED}] * 2
    assert [row["fraction"] for row in rows] == [0, 0.5]
    path = Polyline(torch.stack(points))
    s = 0.5 * path.length
    assert rows[1]["s"] == pytest.approx(s)
    basin = basin_at(problem, path.at(s), path.tangent(s))
    here = volume_entropy(basin, found["parameters"]["weight"], 100.0, **HELD)
    assert rows[1]["volume_entropy"] == pytest.approx(float(here.entropy.value), rel=1e-9)
    assert (tmp_path / "p.png").stat().st_size > 10_000
    ends = read(run("path", *FAST, "--along"))["rows"]
    minima = read(run("minima", *FAST))["rows"]
    assert [row["fraction"] for row in ends] == [0, 1]
    for end, minimum in zip(ends, minima, strict=True):
        assert end["volume_entropy"] == pytest.approx(minimum["volume_entropy"], rel=1e-9)


def test_minibatches_give_a_coefficient_with_its_biases(run):
    words = ("--sampler", "sgld", "--sgld-steps", "40", "--batch", "5")
    plain = read(run("minima", *FAST, *words))["rows"]
    whole = read(run("minima", *FAST))["rows"]
    told = {f"sgld_{name}" for name in ("step", "step_bias", "batch_bias", "r_hat", "ess")}
    assert set(plain[0]) == {"minimum", *MEASURED, *told}
    assert plain[0]["volume_entropy"] == whole[0]["volume_entropy"]
    assert plain[0]["learning_coefficient"] != whole[0]["learning_coefficient"]
    assert 0 < plain[0]["sgld_step_bias"] < plain[0]["half_rank"]
    assert plain[0]["sgld_batch_bias"] > 0
    scaled = read(run("minima", *FAST, *words, "--preconditioned"))["rows"]
    assert scaled[0]["sgld_step"] == 0.1


def test_a_gradient_that_is_more_than_the_error_is_told(run):
    said = run("minima", *FAST[:-2], "--temperature", "1e-3", "--localisation", "1000")
    assert said.code == 0
    assert "slope_entropy" in said.out
    assert "warning: the gradient left by training gives up to" in said.err
    assert "(2 of 2 points), more than the error" in said.err


def test_a_run_that_was_cut_goes_on_and_ends_the_same(run, tmp_path, monkeypatch):
    asked = ("minima", *FAST)
    assert run(*asked, "--out", "whole.json").code == 0
    measure, calls = volume_work.row_of, []

    def tired(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return measure(*arguments)

    monkeypatch.setattr(volume_work, "row_of", tired)
    said = run(*asked, "--out", "cut.json")
    assert said.code == 130
    assert "interrupted after 1 of 2 points; kept in cut.json.partial" in said.err
    assert "to continue: entropic net volume minima" in said.err
    assert said.err.endswith("--resume\n")
    assert len(json.loads(said.out)["rows"]) == 1
    assert not (tmp_path / "cut.json").exists()
    again = run(*asked, "--out", "cut.json")
    assert again.refused()
    assert "go on with --resume" in again.err
    other = run(*asked, "--seed", "1", "--out", "cut.json", "--resume")
    assert other.refused()
    assert "seed = 0; here it is 1" in other.err
    assert run(*asked, "--out", "cut.json", "--resume").code == 0
    assert len(calls) == 3  # the first point was kept
    assert not (tmp_path / "cut.json.partial").exists()
    whole, cut = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("whole", "cut"))
    assert cut["rows"] == whole["rows"]
    assert cut["parameters"] == whole["parameters"]


def test_an_interruption_before_the_first_point_leaves_nothing(run, tmp_path, monkeypatch):
    def tired(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(volume_work, "row_of", tired)
    said = run("minima", *FAST, "--out", "cut.json")
    assert said.code == 130
    assert not said.out
    assert "interrupted after 0 of 2 points" in said.err
    assert not list(tmp_path.glob("cut.json*"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("minima", "--beta", "0"), "0.0 is not in the range x>0"),
        (("minima", "--beta", "nan"), "the weight must be positive; it is nan"),
        (("minima", "--beta", "inf"), "the weight must be positive; it is inf"),
        (("minima", "--beta", "1", "--temperature", "1"), "say the same; give one"),
        (("minima", "--localisation", "-1"), "not in the range x>0"),
        (("minima", "--localisation", "inf"), "the localisation must be positive; it is inf"),
        (("minima", "--chains", "1"), "1 is not in the range 2<=x<=1000"),
        (("minima", "--intervals", "6"), "must be a multiple of 4; there are 6"),
        (("minima", "--sampler", "nuts"), "'nuts' is not one of 'hmc', 'sgld'"),
        (("minima", "--sampler", "sgld", "--batch", "31"), "31"),
        (("minima", "--resume"), "--resume needs the --out"),
        (("minima", "--at", "0"), "--at and --along are for a path"),
        (("minima", "--along"), "--at and --along are for a path"),
        (("path", "--at", "1.5"), "shares of the path's length, from 0 to 1; one is 1.5"),
        (("nowhere",), "nowhere"),
        ((".",), "no "),
    ],
)
def test_mistakes_are_one_line(run, words, message):
    said = run(*words)
    assert said.refused(), said
    assert message in said.err
