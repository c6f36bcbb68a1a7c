"""The command and the run folder, with an experiment of no weight."""

import json
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import xarray

from entropic.cli.experiments import registry
from entropic.cli.experiments.findings import Claim, Drawing, Findings, judged
from entropic.cli.figures import blank
from entropic.cli.main import run

made: list[str] = []
trouble: list[BaseException] = []


def fake_run(asked) -> Findings:
    def first() -> xarray.Dataset:
        made.append("first")
        return xarray.Dataset({"x": ("n", np.arange(3.0))})

    data = asked.stage("first", first)
    if trouble:
        raise trouble.pop()
    rows = [{"name": "a", "value": float("nan")}, {"name": "b", "value": 1.5, "more": 2}]
    claims = [Claim("x rises <fast> (figure 1)", "x ends at 2", judged(float(data["x"][-1]) > 0))]
    return Findings("fake", "A paper", rows, claims, data, {"n": 3}, "n = 3, not the published 4")


def fake_figures(findings: Findings) -> list[Drawing]:
    figure, axes = blank()
    axes.plot(findings.data["x"])
    return [Drawing("curve", "A curve", figure)]


@pytest.fixture(autouse=True)
def fake(monkeypatch, tmp_path):
    module = ModuleType("entropic.cli.experiments.fake")
    module.run, module.figures = fake_run, fake_figures
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(registry.EXPERIMENTS, "fake", registry.Entry("fake", "A line", "P", "0 s"))
    monkeypatch.chdir(tmp_path)
    made.clear()
    trouble.clear()


def test_a_run_folder_holds_everything(capsys):
    words = ["net", "experiment", "fake", "--seed", "3", "--out", "out", "--format", "json"]
    assert run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) >= {"experiment", "preset", "rows", "claims", "seed", "command"}
    assert told == json.loads(Path("out/summary.json").read_text("utf-8"))
    assert told["rows"][0] == {"name": "a", "value": None, "more": None}
    assert told["command"] == "entropic net experiment fake --preset default --seed 3"
    config = tomllib.loads(Path("out/config.toml").read_text("utf-8"))
    assert config["preset"] == "default: n = 3, not the published 4"
    assert set(config["cpu_seconds"]) == {"first", "rest", "all"}
    names = {path.name for path in Path("out").rglob("*") if path.is_file()}
    files = {"summary.json", "config.toml", "results.nc", "report.html", "curve.png", "curve.svg"}
    assert names == files
    assert "x rises &lt;fast&gt;" in Path("out/report.html").read_text("utf-8")
    assert not Path("out.partial").exists()


def test_the_table_ends_with_the_claims(capsys):
    assert run(["net", "experiment", "fake", "--out", "out"]) == 0
    assert "agrees: x rises <fast> (figure 1)" in capsys.readouterr().out


def test_a_cut_run_goes_on_where_it_was(capsys):
    trouble.append(KeyboardInterrupt())
    words = ["net", "experiment", "fake", "--out", "out"]
    assert run(words) == 130
    assert "kept in" in capsys.readouterr().err
    assert not Path("out").exists()
    assert run(words) == 0
    assert made == ["first"]


def test_another_seed_does_not_go_on_from_what_is_kept(capsys):
    trouble.append(KeyboardInterrupt())
    run(["net", "experiment", "fake", "--out", "out"])
    assert run(["net", "experiment", "fake", "--out", "out", "--seed", "1"]) == 2
    assert "keeps what is finished of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "there is no experiment 'nothing'; there are: "),
        (["fake", "--data", "x"], "'fake' reads no archive"),
        (["fake", "--out", "."], "new folder or an empty one"),
    ],
)
def test_refusals(words, message, capsys):
    Path("thesis.tex").write_text("")
    assert run(["net", "experiment", *words]) == 2
    assert message in capsys.readouterr().err
    assert made == []


def test_without_a_name_the_experiments_are_listed(capsys):
    assert run(["net", "experiment", "--format", "csv"]) == 0
    assert "fake,P,0 s,A line" in capsys.readouterr().out
