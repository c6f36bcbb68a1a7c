"""The experiments of Di Carlo et al., Garipov et al. and Hertrich et al., small."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from entropic.cli.experiments import (
    curvature_along_paths,
    curves,
    entropic_barriers,
    fast_ensembling,
    relaxation,
    relaxation_claims,
    rochetnet_path,
)
from entropic.cli.experiments.asked import Asked
from entropic.cli.experiments.ground import Ground, Networks
from entropic.cli.main import run

pytest.importorskip("torch")

SEARCH = {"pivots": 3, "cycles": 1, "steps": 3, "batch": 16, "dense": 1}
DIGITS = Networks(
    "digits-mlp",
    4,
    {"samples": 32, "width": 4, "depth": 1},
    {"batch": 16, "epochs": 3, "gradient_norm": None},
    SEARCH,
)
CIFAR = Networks(
    "cifar10-resnet20-small",
    2,
    {"depth": 8, "width": 2, "samples": 20, "test_samples": 20, "size": 8},
    {"batch": 10, "epochs": 1},
    SEARCH,
)


@pytest.fixture
def told(monkeypatch, tmp_path, capsys):
    """Runs an experiment at a size of its own; what it prints as JSON."""

    def tell(module, size, *words: str):
        monkeypatch.setitem(module.SIZES, "default", size)
        out = ["--out", str(tmp_path / module.NAME), "--format", "json"]
        assert run(["net", "experiment", module.NAME, *out, *words]) == 0
        return json.loads(capsys.readouterr().out)

    return tell


@pytest.fixture
def images(tmp_path):
    import tiny_archives

    tiny_archives.write(tmp_path / "data", "cifar10", 40)
    return ["--data", str(tmp_path / "data")]


def test_curvature_is_measured_on_pairs_that_share_no_network(told):
    size = curvature_along_paths.Size(DIGITS, places=5, probes=2, scores=3, score_samples=8)
    found = told(curvature_along_paths, size)
    assert [row["pair"] for row in found["rows"]] == ["0", "1", "mean"]
    ratios = [row["trace_over_ends"] for row in found["rows"]]
    assert ratios[2] == pytest.approx((ratios[0] + ratios[1]) / 2)
    stderr = found["rows"][2]["trace_over_ends_stderr"]
    assert stderr == pytest.approx(abs(ratios[0] - ratios[1]) / 2)
    assert len(found["claims"]) == 4


def test_the_middle_of_a_path_is_a_mean_over_its_places():
    values = np.ones(41)
    values[12:29] = 3.0  # from 0.3 to 0.7
    assert curvature_along_paths.over_ends(values) == 3.0
    with pytest.raises(ValueError, match="the ends must be curved; they have 0 and 0"):
        curvature_along_paths.over_ends(np.zeros(5))


def test_networks_of_different_experiment_seeds_are_others(tmp_path):
    first, second = (
        Ground(DIGITS, Asked("default", seed, None, "cpu", tmp_path)) for seed in (0, 1)
    )
    assert first.seeds == [0, 1, 2, 3]
    assert second.seeds == [4, 5, 6, 7]


def test_barriers_are_those_of_the_branching_command_and_go_on_where_they_were(told, tmp_path):
    size = entropic_barriers.Size(replace(DIGITS, count=2), (0, 1, 3), places=3, probes=2)
    found = told(entropic_barriers, size)
    kinds = [row["barrier"] for row in found["rows"]]
    assert kinds == ["loss", "test error", "λ_max", "tr H", "", "", ""]
    last = found["rows"][-1]
    assert last["branch_epoch"] == 3
    assert last["loss_barrier"] == 0  # nothing is left to part in
    whole = xr.load_dataset(tmp_path / "entropic-barriers" / "results.nc", engine="h5netcdf")
    ground = Ground(replace(DIGITS, count=2), Asked("default", 0, None, "cpu", tmp_path))
    alone = entropic_barriers._Branches(ground, size).at(1)
    np.testing.assert_allclose(
        alone["loss_barrier"], whole["loss_barrier"].sel(branch_epoch=1), rtol=1e-6, atol=1e-12
    )


def test_a_barrier_is_gone_within_two_errors_and_halved_for_good():
    def rows(values, errors):
        return [
            {"branch_epoch": k, "x": value, "x_stderr": error}
            for k, (value, error) in enumerate(zip(values, errors, strict=True))
        ]

    means = rows([4.0, 1.0, 3.0, 1.0, 0.1], [0.1] * 5)
    assert entropic_barriers.gone(means, "x") == 4
    assert entropic_barriers.halved(means, "x") == 3
    lasting = rows([4.0, 3.0], [0.1] * 2)
    assert entropic_barriers.gone(lasting, "x") is None
    assert entropic_barriers.halved(lasting, "x") is None


def test_curves_are_compared_with_the_straight_line(told, images):
    found = told(curves, curves.Size(CIFAR), *images)
    assert [row["way"] for row in found["rows"]] == ["line", "bezier", "polygon"]
    for row in found["rows"]:
        lost = row["test_accuracy_worse_end"] - row["test_accuracy_lowest"]
        assert row["test_accuracy_drop"] == pytest.approx(lost)


def test_an_ensemble_is_compared_with_a_network_of_its_budget(told, images):
    size = fast_ensembling.Size(CIFAR, members=2, cycle=2, batch=10)
    found = told(fast_ensembling, size, *images)
    single = next(row for row in found["rows"] if row["networks"].startswith("single"))
    assert single["above_single"] == 0
    assert found["claims"][3]["verdict"] == "not tested"
    assert "after the same 3 epochs" in found["claims"][0]["found"]


def test_an_experiment_on_images_says_which_archive_it_wants(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ENTROPIC_DATA_DIR", str(tmp_path))
    words = ["net", "experiment", "curves", "--data", str(tmp_path), "--out", str(tmp_path / "x")]
    assert run(words) == 2
    assert "cifar" in capsys.readouterr().err


def test_the_default_on_digits_refuses_an_archive(tmp_path, capsys):
    words = ["net", "experiment", "relaxation", "--data", str(tmp_path)]
    assert run([*words, "--out", str(tmp_path / "x")]) == 2
    assert "'digits-mlp' reads no archive" in capsys.readouterr().err


def test_auctions_keep_what_is_promised(told):
    networks = Networks(
        "rochetnet",
        4,
        {"entries": 8, "samples": 64, "test_samples": 128},
        {"epochs": 20},
        {"pivots": 13, "dense": 0, "cycles": 1, "steps": 2},
    )
    found = told(rochetnet_path, rochetnet_path.Size(networks, places=13))
    assert len(found["rows"]) == 2
    assert all(row["lowest_pieces"] >= row["promised"] - 1e-9 for row in found["rows"])
    assert found["claims"][1]["verdict"] == "agrees"


def test_relaxation_follows_every_algorithm_from_both_sides(told, tmp_path):
    settings = {**DIGITS.settings, "samples": 256}  # the largest batch
    networks = replace(DIGITS, count=2, settings=settings)
    size = relaxation.Size(networks, depths=(0.1, 0.3), replicas=2, horizon=2, every=1, beads=21)
    found = told(relaxation, size)
    assert len(found["rows"]) == 2 * len(relaxation.ALGORITHMS)
    still = [row for row in found["rows"] if row["algorithm"] == "no noise"]
    assert all(row["toward_end_stderr"] == 0 for row in still)
    data = xr.load_dataset(tmp_path / "relaxation" / "results.nc", engine="h5netcdf")
    assert data["toward"].sel(algorithm="no noise").count() == 2 * 2 * 3  # one replica a start
    assert len(found["claims"]) == 10


def rows_of(**toward) -> list[dict]:
    """Rows that relax as told: name = (displacement from the shallow start, from the deep one)."""
    algorithms = {**relaxation.ALGORITHMS, **relaxation.HOT}
    rows = []
    for name, one in algorithms.items():
        for depth, value in zip((0.1, 0.3), toward.get(name, (0.02, 0.01)), strict=True):
            row = {"algorithm": name, "step": one["step"], "batch": one["batch"], "depth": depth}
            row |= {"toward_end": value, "toward_end_stderr": 1e-4, "loss_change": value}
            rows.append(row | {"loss_change_stderr": 1e-4, "arrived": 0.5, "horizon": 10})
    return rows


def test_a_world_as_the_paper_tells_it_agrees():
    like = {
        **{"B=256": (0.002, 0.001), "η=0.05": (0.1, 0.05), "Nesterov": (0.2, 0.1)},
        **{"Nesterov, same η/(1-β)": (0.04, 0.02), "no noise": (0.0005, 0.0003)},
        **{"Adam, η=0.001": (0.1, 0.1), "Adam, η=0.0001": (0.1, 0.1)},
    }
    verdicts = [claim.verdict for claim in relaxation_claims.claims(rows_of(**like))]
    assert verdicts == ["agrees"] * len(verdicts)


def test_a_world_where_energy_pulls_inwards_disagrees():
    like = {"baseline": (-0.02, -0.01), "B=256": (-0.02, -0.01), "level": (-0.001, -0.001)}
    found = relaxation_claims.claims(rows_of(**like))
    assert [claim.verdict for claim in found[:4]] == [
        "disagrees",
        "disagrees",
        "not tested",
        "disagrees",
    ]
    assert "1 ± 0.007 times as fast as B = 256" in found[3].found
