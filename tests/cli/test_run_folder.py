import json
import tomllib
from pathlib import Path

import click
import numpy as np
import pytest
import xarray
from fake_rungs import invented_rung, linear_curves
from safetensors.numpy import load_file

from entropic.cli import compare_figures
from entropic.cli.comparison import Comparison
from entropic.cli.run_folder import write_run


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    rungs = (invented_rung("toy"), invented_rung("linear", data=linear_curves()))
    return Comparison(rungs, "quick", 5, {"toy": 1.25, "linear": 2.0})


@pytest.fixture(scope="module")
def folder(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "one"
    write_run(comparison, out)
    return out


def test_the_summary_keeps_its_contract(folder: Path, comparison: Comparison) -> None:
    text = (folder / "summary.json").read_text("utf-8")
    assert "NaN" not in text
    summary = json.loads(text)
    assert set(summary) == {"rows", "verdict", "scale", "seed", "command"}
    first, second = summary["rows"][:2]
    assert set(first) >= {
        *("rung", "condition", "quantity", "predicted", "measured", "stderr"),
        *("ratio", "z", "valid"),
    }
    assert first["valid"] is True
    assert first["energetic"] == -0.25
    assert second["part"] is None
    assert second["note"] == "the step is past the edge"
    assert summary["verdict"] == comparison.verdict


def test_the_configuration_tells_how_to_repeat_the_run(folder: Path) -> None:
    told = tomllib.loads((folder / "config.toml").read_text("utf-8"))
    assert told["command"] == "entropic compare toy linear --quick --seed 5"
    assert (told["scale"], told["seed"], told["rungs"]) == ("quick", 5, ["toy", "linear"])
    assert told["settings"]["toy"] == {
        **{"walkers": 64, "widths": [64, 16], "nothing": "none", "step": 0.05},
    }
    assert {"python", "numpy", "scipy", "numba", "torch", "entropic"} <= set(told["versions"])
    assert told["machine"]["cores"] >= 1


def test_the_results_hold_a_group_per_rung_and_the_rows(folder: Path) -> None:
    path = folder / "results.nc"
    rows = xarray.load_dataset(path, group="rows", engine="h5netcdf")
    assert rows["rung"].values.tolist() == ["toy", "toy", "linear", "linear"]
    assert rows["valid"].values.tolist() == [True, False, True, False]
    np.testing.assert_array_equal(rows["energetic"], [-0.25, np.nan, -0.25, np.nan])
    linear = xarray.load_dataset(path, group="linear", engine="h5netcdf")
    xarray.testing.assert_identical(linear, linear_curves())
    assert xarray.load_dataset(path, group="toy", engine="h5netcdf")["height"].attrs["units"] == "1"


def test_weights_figures_and_the_page_are_there(folder: Path) -> None:
    assert load_file(folder / "toy.safetensors")["minimum"].shape == (3, 2)
    names = {path.name for path in (folder / "figures").iterdir()}
    assert names == {
        f"{name}{suffix}"
        for name in ("overview", "linear_balance", "linear_trace")
        for suffix in (".png", ".svg")
    }
    assert (folder / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_the_folder_appears_whole_or_not_at_all(
    comparison: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_ink(*_: object) -> None:
        msg = "no ink"
        raise OSError(28, msg)

    monkeypatch.setattr(compare_figures, "draw", no_ink)
    with pytest.raises(OSError, match="no ink"):
        write_run(comparison, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_folder_in_use_is_not_touched(comparison: Comparison, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(click.UsageError, match="exists already"):
        write_run(comparison, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
