"""``entropic net relax``: rows, files, and runs that are cut."""

import json

import numpy as np
import pytest
import xarray

torch = pytest.importorskip("torch")

from entropic.cli.net.folders import write_path  # noqa: E402
from entropic.cli.net.source import Source  # noqa: E402
from entropic.nets import ProjectedSGD, flat_parameters, relax, relaxing  # noqa: E402
from entropic.nets.problem import array  # noqa: E402
from entropic.theory import Path  # noqa: E402

SOURCE = Source("digits-mlp", {"samples": 60, "width": 4})
FAST = ("--cycles", "6", "--replicas", "4", "--starts", "0.3,0.6", "-k", "4", "--batch", "8")
NAMES = (
    *("start", "s0", "replicas", "mean_time", "mean_time_stderr", "horizon", "left"),
    *("left_stderr", "right", "right_stderr", "censored", "final_s", "final_s_stderr"),
)


@pytest.fixture(scope="module")
def problem():
    return SOURCE.problem()


@pytest.fixture(scope="module")
def path(problem):
    theta = array(flat_parameters(problem.model))
    bends = np.random.default_rng(0).normal(size=(5, len(theta)))
    return Path(theta + 0.1 * np.cumsum(bends, axis=0))


@pytest.fixture
def folder(tmp_path, problem, path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "path").mkdir()
    points = problem.tensor(path.points)
    write_path(tmp_path / "path", problem, points, {"problem": SOURCE.as_table()}, [])
    return tmp_path


def test_rows_and_files_are_those_of_the_house(entropic, folder, problem, path):
    words = ("--optimizer", "nesterov", "--rate", "0.1", "--reach", "0.02", "--seed", "3")
    said = entropic("net", "relax", "path", *FAST, *words, "--format", "json", "--out", "a.nc")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["quantity"] == "relax"
    assert all(set(NAMES) <= set(row) for row in found["rows"])
    sgd = ProjectedSGD(0.1, 8, 4, "nesterov", 0.9)
    start, length = np.repeat([0.3, 0.6], 4) * path.length, path.length
    near = (start - 0.02 * length, start + 0.02 * length)
    run = relax(problem, path, start, sgd, 6, 3, inside=near)
    assert np.isfinite(run.passage).any()
    time = run.mean_time()
    for i, row in enumerate(found["rows"]):
        assert row["start"] == (0.3, 0.6)[i]
        assert row["s0"] == pytest.approx(row["start"] * length)
        assert row["mean_time"] == pytest.approx(time.value[i])
        assert row["mean_time_stderr"] == pytest.approx(time.error[i])
        assert row["left"] + row["right"] + row["censored"] == pytest.approx(1)
        assert row["final_s"] == pytest.approx(run.s[4 * i : 4 * i + 4, -1].mean())
        assert (row["replicas"], row["horizon"]) == (4, 6)
    with xarray.open_dataset(folder / "a.nc", engine="h5netcdf") as data:
        np.testing.assert_allclose(data["s"].values, run.s, rtol=1e-10)
        assert data["mean_s"].dims == ("start", "cycle")
        assert data["s_quantile"].sizes == {"quantile": 3, "start": 2, "cycle": 7}
        assert np.all(data["survival_low"] <= data["survival"])
        assert np.all(data["survival"] <= data["survival_high"])
        assert data["loss"].attrs["units"] == "loss"
        assert data["start"].values.tolist() == [0.3, 0.6]


def test_the_smooth_path_is_that_of_the_spline(entropic, folder, problem, path):
    words = ("--smooth", "30", "--noise", "none", "--format", "json", "--every", "3")
    found = json.loads(entropic("net", "relax", "path", *FAST, *words).out)
    smooth = path.smoothed(30)
    assert found["parameters"]["length"] == pytest.approx(smooth.length)
    start = np.array([0.3, 0.6]) * smooth.length
    run = relax(problem, smooth, start, ProjectedSGD(0.05, 8, 4, noise="none"), 6, 0)
    assert [row["final_s"] for row in found["rows"]] == pytest.approx(run.s[:, -1].tolist())


def test_a_run_that_is_cut_goes_on_to_the_same_bytes(entropic, folder, monkeypatch):
    words = ("net", "relax", "path", *FAST, "--optimizer", "adam", "--rate", "0.001")
    assert entropic(*words, "--out", "whole.json").code == 0
    again = relaxing.Relaxing.cycle

    def cut(run):
        if run.standing.cycle == 3:
            raise KeyboardInterrupt
        again(run)

    monkeypatch.setattr(relaxing.Relaxing, "cycle", cut)
    said = entropic(*words, "--out", "part.json")
    assert said.code == 130
    assert "interrupted after 3 of 6 cycles; kept in part.json.partial; to continue:" in said.err
    assert said.err.rstrip().endswith("--resume")
    alone = entropic(*words)
    assert (alone.code, "without --out nothing is kept" in alone.err) == (130, True)
    monkeypatch.setattr(relaxing.Relaxing, "cycle", again)
    other = entropic(*words, "--seed", "1", "--out", "part.json", "--resume")
    assert other.refused()
    assert "was cut in a run with seed = 0; here it is 1" in other.err
    assert entropic(*words, "--out", "part.json", "--resume").code == 0
    assert (folder / "part.json").read_bytes() == (folder / "whole.json").read_bytes()
    assert not (folder / "part.json.partial").exists()


def test_there_is_a_picture_also_of_replicas_that_went_far(entropic, folder):
    for i, words in enumerate(((), ("--rate", "2", "--level", "--noise", "isotropic"))):
        said = entropic("net", "relax", "path", *FAST, *words, "--plot", f"{i}.png")
        assert said.code == 0, said.err
        assert (folder / f"{i}.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--batch", "61"), "batch must have 1 to 60 samples; it has 61"),
        (("--rate", "-1"), "the step size must be positive; it is -1"),
        (("--starts", "0.02"), "every start must lie between the ends"),
        (("--ends", "0.5"), "--ends must be from 0 to below 0.5; it is 0.5."),
        (("--rate", "1e200"), "replicas blew up in cycle 1; lower the step size"),
        (("--resume",), "--resume needs the --out of the run that is to go on."),
        (("--resume", "--out", "b.json"), "there is no 'b.json.partial' to resume from"),
        (("--momentum", "1", "--optimizer", "adam"), "the momentum must be at least 0 and below 1"),
    ],
)
def test_mistakes_are_one_line(entropic, folder, words, message):
    said = entropic("net", "relax", "path", *FAST, *words)
    assert said.refused(), said.err
    assert message in said.err
