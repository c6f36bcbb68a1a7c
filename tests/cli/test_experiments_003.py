"""The experiments of Zhang et al., small."""

import json

import numpy as np
import pytest
import xarray as xr

from entropic.cli.experiments import deep_linear, entropy_histograms
from entropic.cli.main import run
from entropic.theory.deep_linear import LinearNetwork

pytest.importorskip("torch")


def test_deep_linear_networks_end_at_global_minima_from_starts_of_the_stated_norms(monkeypatch):
    data, _ = deep_linear.problem(0)
    first, second = deep_linear.starts(6, False, 0)
    ratio = np.sum(second**2, axis=1) / np.sum(first**2, axis=(1, 2))
    assert np.all((np.abs(np.log(ratio)) <= np.log(100)) & (np.abs(np.log(ratio)) > 0))
    first, second = deep_linear.starts(6, True, 0)
    np.testing.assert_allclose(np.sum(second**2, axis=1), np.sum(first**2, axis=(1, 2)))
    before = [LinearNetwork(*pair).balance() for pair in zip(first, second, strict=True)]
    first, second = deep_linear.descend(data, first, second, 3000, 0)
    for one, two, balance in zip(first, second, before, strict=True):
        network = LinearNetwork(one, two)
        assert np.abs(network.residuals(data)).max() < 1e-4
        assert abs(network.balance() - balance) < 0.1  # kept but for the finite step, eq. (28)


def test_the_deep_linear_experiment_finds_the_prediction_34(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(deep_linear.LENGTH, "default", (20, 2000))
    words = ["net", "experiment", "deep-linear", "--out", str(tmp_path / "out"), "--format", "json"]
    assert run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["rows"]) == 8
    assert len(told["claims"]) == 5
    norm = next(row for row in told["rows"] if row["of"] == "squared_norm")
    assert norm["correlation_low"] > 0.5


def test_entropy_histograms_compare_three_methods(tmp_path, monkeypatch, capsys):
    import tiny_archives

    tiny_archives.write(tmp_path / "data", "cifar10", 40)
    size = entropy_histograms.Size(2, 1, samples=8, batch=4, longest=3)
    monkeypatch.setitem(entropy_histograms.SIZES, "default", size)
    words = ["net", "experiment", "entropy-histograms", "--data", str(tmp_path / "data")]
    assert run([*words, "--out", str(tmp_path / "out"), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["method"] for row in told["rows"]] == ["sgd", "langevin", "gd", "all"]
    assert [row["runs"] for row in told["rows"]] == [2, 2, 2, 0]
    verdicts = {claim["verdict"] for claim in told["claims"]}
    assert verdicts == {"not tested"}  # none arrives in three gradients


def invented(shift: float, seed: int) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    entropy = shift + 0.1 * rng.normal(size=30)
    columns = {
        "entropy": entropy,
        "test_error": 0.5 - entropy,
        "train_error": np.eye(30)[0],  # one run does not fit
        "reached": 1 - np.eye(30)[1],  # another did not arrive
        **{name: np.ones(30) for name in ("energy", "kept", "negative", "component")},
    }
    return xr.Dataset({name: ("run", values) for name, values in columns.items()})


@pytest.mark.parametrize(("shift", "verdict"), [(0.5, "agrees"), (-0.5, "disagrees")])
def test_verdicts_follow_the_numbers_of_the_runs_that_fit(shift, verdict):
    parts = [
        invented(shift if method == "sgd" else 0.0, seed).assign_coords(optimizer=method)
        for seed, method in enumerate(entropy_histograms.METHODS)
    ]
    data = xr.concat(parts, "optimizer")
    claims = entropy_histograms._claims(data)
    assert [claim.verdict for claim in claims] == [verdict, verdict, "agrees", "partly"]
    assert "over the 28 runs" in claims[2].found
    assert "84 of 87" in claims[3].found


def test_every_method_takes_as_many_steps():
    from entropic.nets.presets import preset

    size = entropy_histograms.Size(2, 7)
    known = preset("airplane-automobile").recipe
    for method in entropy_histograms.METHODS:
        recipe = entropy_histograms.recipe_of(method, known, size)
        assert recipe.epochs * 500 // recipe.batch == 70
