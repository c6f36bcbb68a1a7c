import json

import numpy as np
import pytest
import xarray

torch = pytest.importorskip("torch")

from entropic.cli.net.folders import write_minima, write_path  # noqa: E402
from entropic.cli.net.source import Source  # noqa: E402
from entropic.nets import NoiseSampling, Temperature, flat_parameters, noise_at  # noqa: E402
from entropic.nets.problem import array  # noqa: E402
from entropic.theory.path import straight  # noqa: E402

SOURCE = Source("digits-mlp", {"samples": 120, "width": 4})
CONFIG = {"problem": SOURCE.as_table()}
FAST = ["--probes", "4", "--pairs", "4"]
NONE = ["--probes", "0", "--pairs", "0"]
MEASURED = (
    *("noise_trace", "noise_lambda_max", "participation", "anisotropy", "t_C_t", "alignment"),
    *("gain", "noise_stiffness", "noise_exponent", "tail_index", "kurtosis"),
)
NORMALISED = """
import torch
from torch import nn
from entropic.nets import Problem
from entropic.nets.losses import cross_entropy


def make():
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 3))
    inputs = torch.randn(40, 3, generator=generator)
    return Problem(model, cross_entropy, inputs, torch.arange(40) % 3)
"""


@pytest.fixture(scope="module")
def problem():
    return SOURCE.problem()


@pytest.fixture(scope="module")
def line(problem):
    theta = array(flat_parameters(problem.model))
    return straight(theta, theta + 0.05 * np.sin(np.arange(len(theta))), 4)


@pytest.fixture
def folder(tmp_path, problem, line):
    path = tmp_path / "path"
    path.mkdir()
    write_path(path, problem, problem.tensor(line.points), CONFIG, [])
    return path


def test_rows_are_those_of_the_house_with_their_errors(entropic, folder, problem, line):
    arguments = ["--rate", "0.1", "--batch", "16", "--momentum", "0.5"]
    said = entropic("net", "noise", str(folder), *FAST, *arguments, "--format", "json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["quantity"] == "noise"
    names = ["s", "fraction"]
    for name in (*MEASURED, "temperature", "temperature_along"):
        names += [name, f"{name}_stderr"]
    assert [list(row) for row in found["rows"]] == [names] * 4
    assert [row["s"] for row in found["rows"]] == pytest.approx(line.arc.tolist())
    here = noise_at(
        *(problem, problem.tensor(line.points[3]), problem.tensor(line.tangent(line.length))),
        NoiseSampling(probes=4, pairs=4),
    )
    last = found["rows"][3]
    for name in MEASURED:
        if np.isfinite(here[name].value):
            assert last[name] == pytest.approx(float(here[name].value), rel=1e-8), name
    bath = Temperature(0.1, 16, 120, 0.5)
    spread = last["noise_trace"] / problem.layout.size
    assert last["temperature"] == pytest.approx(bath.of(spread), rel=1e-12)
    assert found["parameters"]["ratio"] == bath.ratio
    assert found["parameters"]["normalisation"] == "none"
    assert set(found["units"]) == set(names)


def test_a_subset_and_minibatches_have_errors(entropic, folder):
    for how in (["--samples", "60"], ["--minibatches", "30", "--batch", "8"]):
        said = entropic("net", "noise", str(folder), *NONE, *how, "--format", "json")
        rows = json.loads(said.out)["rows"]
        assert all(0 < row["noise_trace_stderr"] < row["noise_trace"] for row in rows)
        assert all(row["alignment"] is None for row in rows)


def test_a_run_that_was_cut_goes_on_and_ends_the_same(entropic, folder, tmp_path, monkeypatch):
    whole, cut = tmp_path / "whole.nc", tmp_path / "cut.nc"
    asked = ["net", "noise", str(folder), *FAST, "--format", "csv"]
    assert entropic(*asked, "--out", str(whole)).code == 0
    from entropic.nets import noise_along_path

    measure, calls = noise_along_path.noise_at, []

    def tired(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(*arguments)

    monkeypatch.setattr(noise_along_path, "noise_at", tired)
    said = entropic(*asked, "--out", str(cut))
    assert said.code == 130
    assert "to continue: entropic net noise" in said.err
    partial = tmp_path / "cut.nc.partial"
    assert partial.exists()
    assert not cut.exists()
    said = entropic(*asked, "--out", str(cut))
    assert said.refused()
    assert "go on with --resume" in said.err
    other = entropic(*asked, "--seed", "1", "--out", str(cut), "--resume")
    assert other.refused()
    assert "seed = 0; here it is 1" in other.err
    calls[:] = [None] * 10
    assert entropic(*asked, "--out", str(cut), "--resume").code == 0
    assert len(calls) == 12  # two pivots of four were kept
    assert not partial.exists()
    xarray.testing.assert_equal(xarray.load_dataset(cut), xarray.load_dataset(whole))


def test_a_damaged_state_is_refused(entropic, folder, tmp_path):
    (tmp_path / "a.csv.partial").write_text("{")
    asked = ["net", "noise", str(folder), *NONE, "--out", str(tmp_path / "a.csv"), "--resume"]
    said = entropic(*asked)
    assert said.refused()
    assert "damaged" in said.err
    missing = entropic(*asked[:-3], "--out", str(tmp_path / "b.csv"), "--resume")
    assert missing.refused()
    assert "resume from" in missing.err


def test_a_netcdf_file_has_places_along_the_path(entropic, folder, tmp_path, line):
    out = tmp_path / "noise.nc"
    quick = ["--samples", "40", "--probes", "0", "--pairs", "0", "--out", str(out)]
    said = entropic("net", "noise", str(folder), *quick)
    assert said.code == 0, said.err
    data = xarray.load_dataset(out, engine="h5netcdf")
    assert dict(data.sizes) == {"position": 4}
    np.testing.assert_allclose(data.coords["s"], line.arc)
    assert data["noise_trace_stderr"].attrs["units"] == "loss^2/length^2"


def test_minima_have_rows_of_their_own(entropic, tmp_path, problem, line):
    folder = tmp_path / "minima"
    folder.mkdir()
    points = {"0": problem.tensor(line.points[0]), "7": problem.tensor(line.points[1])}
    write_minima(folder, problem, points, CONFIG, [])
    picture = tmp_path / "a.png"
    said = entropic(
        *("net", "noise", str(folder), *FAST, "--format", "json", "--plot", str(picture))
    )
    rows = json.loads(said.out)["rows"]
    assert [row["minimum"] for row in rows] == ["0", "7"]
    assert rows[0]["t_C_t"] is None
    assert rows[0]["noise_trace"] > 0
    assert picture.stat().st_size > 10_000


def test_with_batch_statistics_minibatches_are_drawn_and_it_is_said(
    entropic, tmp_path, monkeypatch
):
    (tmp_path / "tied.py").write_text(NORMALISED)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    source = Source("tied:make")
    problem = source.problem()
    theta = array(flat_parameters(problem.model))
    folder = tmp_path / "path"
    folder.mkdir()
    points = problem.tensor(straight(theta, theta + 0.1).points)
    write_path(folder, problem, points, {"problem": source.as_table()}, [])
    asked = ["net", "noise", str(folder), *NONE, "--problem", "tied:make", "--format", "json"]
    found = json.loads(entropic(*asked, "--plot", str(tmp_path / "a.svg")).out)
    parameters = found["parameters"]
    assert parameters["normalisation"] == "batch"
    assert parameters["measured_from"] == "minibatches"
    assert (parameters["minibatches"], parameters["batch"]) == (64, 20)
    assert found["rows"][0]["noise_trace_stderr"] > 0
    said = entropic(*asked, "--samples", "8")
    assert said.refused()
    assert "no gradients of their own" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rate", "0.1"], "a temperature needs --rate and --batch"),
        (["--batch", "8"], "--batch goes with --rate"),
        (["--samples", "8", "--minibatches", "8"], "two ways to measure"),
        (["--samples", "500"], "2 to 120 samples; it has 500"),
        (["--minibatches", "8", "--batch", "120"], "all 120 samples makes no noise"),
        (["--rate", "0.1", "--batch", "121"], "1 to 120 samples; it has 121"),
        (["--probes", "3"], "at least 4 each, or 0"),
        (["--resume"], "--resume needs the --out"),
    ],
)
def test_what_does_not_go_together_is_refused(entropic, folder, arguments, words):
    said = entropic("net", "noise", str(folder), *arguments)
    assert said.refused(), said
    assert words in said.err


def test_a_folder_that_is_not_there_is_named(entropic, tmp_path):
    said = entropic("net", "noise", str(tmp_path / "nowhere"))
    assert said.refused()
    assert "nowhere" in said.err
