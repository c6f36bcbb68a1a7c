import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray
from tiny_net import TINY

from entropic.cli.main import run
from entropic.cli.rungs import net_settings
from entropic.cli.stages import Stages

CONTRACT = ["rung", "condition", "quantity", "predicted", "measured", "stderr", "ratio", "z"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of the tiny comparison, made once."""
    out = tmp_path_factory.mktemp("net") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(net_settings.PRESETS, "tiny", {"quick": TINY, "full": TINY})
        assert run(["compare", "net", "--preset", "tiny", "--seed", "3", "--out", str(out)]) == 0
    return out


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(net_settings.PRESETS, "tiny", {"quick": TINY, "full": TINY})
    monkeypatch.chdir(tmp_path)


def summary(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "summary.json").read_text("utf-8"))
    return found


def test_the_summary_has_the_contracts_rows_and_a_score(tiny: Path) -> None:
    found = summary(tiny)
    assert found["command"] == "entropic compare net --preset tiny --quick --seed 3"
    for row in found["rows"]:
        assert list(row)[:9] == [*CONTRACT, "valid"]
    names = {"median_abs_log_ratio", "coverage", "entropic_share", "conditions"}
    assert names <= set(found["score"])
    assert found["score"]["conditions"] <= 4


def test_every_algorithm_has_drift_variance_time_and_motion_from_every_start(tiny: Path) -> None:
    rows = [row for row in summary(tiny)["rows"] if not row["control"]]
    assert [row["quantity"] for row in rows] == [
        "drift per cycle",
        "entropic drift per cycle",
        "variance per cycle",
        "relaxation time",
        "mean displacement after 30 cycles",
    ] * 4
    drift, time = rows[0], rows[3]
    total = drift["energetic"] + drift["entropic"] + drift["bending"]
    assert drift["predicted"] == pytest.approx(total)
    for row in (drift, time):
        assert {"adiabatic_white", "adiabatic_sgd"} <= set(row)
    assert time["low"] < time["start"] < time["high"]
    assert time["horizon"] == 30
    assert time["counted"] == (time["survival_predicted"] < 0.5)


def test_without_noise_there_is_a_motion_but_no_drift_to_measure(tiny: Path) -> None:
    rows = [row for row in summary(tiny)["rows"] if "none noise" in row["condition"]]
    assert [row["quantity"] for row in rows] == [
        "relaxation time",
        "mean displacement after 30 cycles",
    ]
    assert all(row["control"] for row in rows)
    assert rows[1]["predicted"] == pytest.approx(rows[1]["measured"], rel=0.02)


def test_the_curves_are_those_of_the_rows(tiny: Path) -> None:
    data = xarray.load_dataset(tiny / "results.nc", group="net", engine="h5netcdf")
    time = summary(tiny)["rows"][3]
    assert float(data["time_measured"][0, 0]) == time["measured"]
    survival = data["survival_measured"].values[0, 0]
    assert survival[:-1].sum() == pytest.approx(time["measured"])
    assert np.all(np.diff(survival) <= 0)
    assert {"net_times", "net_drifts", "net_relaxations", "net_landscape"} <= {
        path.stem for path in (tiny / "figures").glob("*.png")
    }


def test_a_run_that_is_cut_goes_on_to_the_same_bytes(
    known: None, tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    take = Stages.take

    def cut(self: Stages, name: str, make: Any) -> Any:
        if name == "5-measured-01":
            raise KeyboardInterrupt
        return take(self, name, make)

    words = ["compare", "net", "--preset", "tiny", "--seed", "3", "--out", "run"]
    with monkeypatch.context() as patch:
        patch.setattr(Stages, "take", cut)
        assert run(words) == 130
    err = capsys.readouterr().err
    assert "stages of net; to continue: entropic compare net --preset tiny --quick --seed 3" in err
    kept = Stages(Path("run.partial/net.stages"))
    assert "5-measured-00" in kept.names
    before = (kept.folder / "1-minima.safetensors").stat().st_mtime_ns
    seen: list[str] = []
    monkeypatch.setattr(
        Stages, "take", lambda self, name, make: seen.append(name) or take(self, name, make)
    )
    assert run(words) == 0
    assert before
    assert not Path("run.partial").exists()
    for name in ("summary.json", "figures/net_times.svg"):
        assert Path("run", name).read_bytes() == (tiny / name).read_bytes()


def test_a_path_folder_takes_the_place_of_training(
    known: None, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    minima = ["net", "train", "digits-mlp", "--set", "samples=64", "--set", "width=4"]
    assert (
        run([*minima, "--seeds", "0,1", "--epochs", "5", "--gradient-norm", "0.1", "--out", "m"])
        == 0
    )
    search = ["--method", "neb", "--pivots", "4", "--cycles", "1", "--steps", "5"]
    assert run(["net", "path", "m", "--out", "p", *search]) == 0
    assert run(["compare", "net", "--preset", "tiny", "--path", "p", "--out", "out"]) == 0
    found = summary(Path("out"))
    assert f"--path {Path('p').absolute()}" in found["command"]
    assert found["rows"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["net"], "net needs --preset (digits-mlp"),
        (["net", "--preset", "mars"], "there is no comparison 'mars'; there are digits-mlp"),
        (["toy", "--preset", "tiny"], "--preset is an option of the rung net"),
        (["toy", "--path", "x"], "--path is an option of the rung net"),
        (["net", "--path", "nowhere"], "there is no folder 'nowhere'"),
        (["net", "--preset", "tiny", "--problem", "linear"], "--problem goes with --path"),
        (["net", "--preset", "tiny", "--set", "hue=3"], "has no setting 'hue'"),
    ],
)
def test_what_net_is_not_told_rightly_is_one_line_and_two(
    known: None, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert run(["compare", *words, "--out", "here"]) == 2
    err = capsys.readouterr().err.splitlines()
    assert err[-1].startswith("error: ")
    assert said in err[-1]
    assert not Path("here").exists()


def test_stages_of_other_settings_are_refused(tmp_path: Path) -> None:
    import click

    stages = Stages(tmp_path / "kept")
    stages.begin({"replicas": 3})
    stages.begin({"replicas": 3})
    with pytest.raises(click.UsageError, match="made with other settings"):
        stages.begin({"replicas": 4})


def test_a_damaged_stage_is_refused(tmp_path: Path) -> None:
    import click

    stages = Stages(tmp_path)
    stages.take("a", lambda: {"x": np.arange(3.0)})
    assert stages.names == ["a"]
    (tmp_path / "a.safetensors").write_text("x")
    with pytest.raises(click.UsageError, match="is damaged"):
        stages.take("a", lambda: {})


def test_every_comparison_names_a_problem_and_asks_for_more_in_full() -> None:
    from entropic.nets.presets import PRESETS

    for scales in net_settings.PRESETS.values():
        quick, full = scales["quick"], scales["full"]
        assert quick.problem in PRESETS
        assert full.replicas >= quick.replicas
        assert full.drift_replicas >= quick.drift_replicas
        for settings in scales.values():
            assert max(settings.fine, settings.profile, settings.positions) < settings.beads
