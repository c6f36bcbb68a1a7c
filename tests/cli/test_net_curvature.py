import csv
import io
import json

import numpy as np
import pytest
import torch
import xarray

from entropic.cli.net import curvature_options
from entropic.cli.net.folders import write_minima, write_path
from entropic.cli.net.source import Source
from entropic.nets import (
    Hessian,
    curvature_settings,
    initial_parameters,
    score_matrix,
    train_minimum,
)

SETTINGS = {"samples": 60, "width": 3}
FIELDS = ("s", "loss", "trace", "trace_stderr", "lambda_max", "lambda_max_residual", "logdet")
QUICK = ("--quantities", "loss,trace,lambda_max,scores", "--rank", "3", "--score-samples", "20")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a path of four pivots, and one with its ends as minima."""
    root = tmp_path_factory.mktemp("net")
    source = Source("digits-mlp", SETTINGS)
    problem = source.problem()
    ends = [
        torch.tensor(train_minimum(problem, initial_parameters(problem, i), i, 0.1, 20, 200, 10.0))
        for i in range(2)
    ]
    points = torch.stack([torch.lerp(*ends, share) for share in (0.0, 0.2, 0.5, 1.0)])
    for name in ("path", "minima"):
        (root / name).mkdir()
    config = {"problem": source.as_table()}
    write_path(root / "path", problem, points, config, [])
    write_minima(root / "minima", problem, {"0": points[0], "1": points[-1]}, config, [])
    return problem, points, root


@pytest.fixture
def asked(entropic, made):
    """The JSON of a command that must succeed."""

    def ask(*arguments, folder="path"):
        said = entropic("net", "curvature", str(made[2] / folder), *arguments, "--format", "json")
        assert said.code == 0, said.err
        return json.loads(said.out)

    return ask


def test_there_is_a_row_for_every_pivot_with_the_fields_of_the_contract(asked, made):
    problem, points, _ = made
    found = asked()
    assert found["quantity"] == "curvature"
    assert found["parameters"]["normalisation"] == "none"
    assert found["parameters"]["problem"] == {"reference": "digits-mlp", "settings": SETTINGS}
    assert len(found["rows"]) == 4
    for row, theta in zip(found["rows"], points, strict=True):
        assert set(FIELDS) <= set(row)
        dense = Hessian(problem, theta).dense().numpy()
        assert row["loss"] == pytest.approx(problem.full(theta).item(), rel=1e-12)
        assert row["trace"] == pytest.approx(np.trace(dense), rel=1e-9)
        assert row["lambda_max"] == pytest.approx(np.linalg.eigvalsh(dense)[-1], rel=1e-9)
        assert row["lambda_max_converged"] is True
        assert isinstance(row["kept"], int)
        scores = score_matrix(problem, theta, labels="model")
        assert row["score_1"] == pytest.approx(scores.singular_values[0], rel=1e-9)
        assert row["fisher_trace"] == pytest.approx(scores.trace.value.item(), rel=1e-9)
    lengths = np.linalg.norm(np.diff(points.numpy(), axis=0), axis=1)
    s = [row["s"] for row in found["rows"]]
    assert s == pytest.approx([0, *np.cumsum(lengths)], rel=1e-12)
    assert found["rows"][-1]["fraction"] == 1
    assert found["units"]["lambda_max_residual"] == "loss/length^2"
    assert found["units"]["trace_stderr"] == "loss/length^2"


def test_positions_lie_equally_far_apart(asked):
    rows = asked("--positions", "5", "--quantities", "loss")["rows"]
    assert [row["fraction"] for row in rows] == pytest.approx([0, 0.25, 0.5, 0.75, 1])


def test_along_and_across_the_path_are_rows_units_and_panels(asked, made, tmp_path):
    picture = tmp_path / "a.png"
    found = asked("--quantities", "along,logdet_across", "--plot", str(picture))
    for row in found["rows"]:
        assert {"t_H_t", "logdet_across", "logdet_across_excess", "kept_across"} <= set(row)
        assert isinstance(row["kept_across"], int)
        assert "trace" not in row
    assert picture.stat().st_size > 1000
    assert len({row["floor_across"] for row in found["rows"]}) == 1


def test_minima_have_a_row_each(asked, made):
    rows = asked(*QUICK, folder="minima")["rows"]
    ends = asked(*QUICK)["rows"]
    assert [row["minimum"] for row in rows] == ["0", "1"]
    assert "s" not in rows[0]
    assert rows[0]["trace"] == ends[0]["trace"]
    assert rows[1]["lambda_max"] == pytest.approx(ends[-1]["lambda_max"], rel=1e-4)


def test_all_formats_hold_the_same_numbers_and_netcdf_the_spectra(entropic, asked, made, tmp_path):
    arguments = ("--quantities", "all", "--eigenvalues", "2", "--rank", "3")
    rows = asked(*arguments, "--out", str(tmp_path / "a.nc"))["rows"]
    folder = str(made[2] / "path")
    said = entropic("net", "curvature", folder, *arguments, "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(said.out)))
    data = xarray.load_dataset(tmp_path / "a.nc")
    for i, (row, line) in enumerate(zip(rows, lines, strict=True)):
        assert list(row) == list(line)
        for name, value in row.items():
            if name.startswith(("score_", "eigenvalue_")):
                wide = "score_singular_values" if name.startswith("s") else "eigenvalues"
                assert data[wide].values[i, int(name[-1]) - 1] == value
            else:
                assert data[name].values[i] == value
    assert data.trace.dims == ("position",)
    assert data.trace.attrs["units"] == "loss/length^2"
    assert data.score_singular_values.dims == ("position", "score_rank")
    assert data.spectrum.dims == ("position", "index")
    assert data.density.dims == ("position", "eigenvalue")
    assert np.trapezoid(data.density, data.eigenvalue, axis=1) == pytest.approx(1, rel=1e-2)
    assert data.attrs["normalisation"] == "none"
    assert json.loads(data.attrs["problem"])["settings"] == SETTINGS
    assert list(data.s.values) == [row["s"] for row in rows]


def test_the_table_shows_what_there_is_room_for(entropic, made):
    said = entropic("net", "curvature", str(made[2] / "path"), *QUICK)
    assert "trace_stderr" in said.out
    assert "score_1" not in said.out


def test_log_dets_of_different_directions_come_with_a_warning(entropic, made):
    folder = str(made[2] / "path")
    said = entropic("net", "curvature", folder, "--quantities", "logdet", "--rule", "negative")
    assert said.code == 0
    assert said.err.startswith("warning: the rule keeps ")
    assert said.err.endswith("--rule shared cuts everywhere alike\n")
    assert "logdet_excess" not in said.out
    shared = entropic("net", "curvature", folder, "--quantities", "logdet", "--format", "json")
    assert "logdet_excess, the sum of ln(eigenvalue/floor), does" in shared.err
    floors = {row["floor"] for row in json.loads(shared.out)["rows"]}
    assert len(floors) == 1
    alike = entropic("net", "curvature", folder, "--quantities", "logdet", "--rule", "top",
                     "--keep", "40")  # fmt: skip
    assert (alike.code, alike.err) == (0, "")
    none = entropic("net", "curvature", folder, "--quantities", "logdet", "--rule", "floor",
                    "--floor", "1e9", "--format", "json")  # fmt: skip
    assert "at 4 points the rule keeps nothing: no log-det there" in none.err
    assert json.loads(none.out)["rows"][0]["logdet"] is None


def interrupting(monkeypatch, after: int) -> None:
    """Ctrl-C when so many points are finished."""
    from contextlib import contextmanager

    @contextmanager
    def bar(name: str):
        def progress(label: str, fraction: float) -> None:
            if label.startswith(f"point {after} "):
                raise KeyboardInterrupt

        yield progress

    monkeypatch.setattr("entropic.cli.net.curvature_work.bar", bar)


def test_control_c_keeps_finished_points_and_going_on_gives_the_same_bytes(
    entropic, made, monkeypatch, tmp_path
):
    command = ("net", "curvature", str(made[2] / "path"), *QUICK, "--dense", "0")
    whole, out = tmp_path / "whole.json", tmp_path / "cut.json"
    assert entropic(*command, "--out", str(whole)).code == 0
    with monkeypatch.context() as patch:
        interrupting(patch, after=2)
        said = entropic(*command, "--out", str(out), "--format", "json")
    assert said.code == 130
    assert "interrupted after 2 of 4 points; kept in" in said.err
    assert said.err.endswith(f"--out {out} --format json --resume\n")
    found = json.loads(said.out)
    assert found["parameters"]["interrupted"] is True
    assert found["rows"] == json.loads(whole.read_text())["rows"][:2]
    assert not out.exists()
    other = entropic(*command, "--out", str(out), "--resume", "--probes", "7")
    assert other.refused()
    assert "was cut in a run with probes = 16; here it is 7" in other.err
    again = entropic(*command, "--out", str(out))
    assert "keeps a run that was cut: go on with --resume, or remove it" in again.err
    assert entropic(*command, "--out", str(out), "--resume").code == 0
    assert out.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.json", "whole.json"]


def test_without_out_control_c_prints_what_there_is(entropic, made, monkeypatch):
    interrupting(monkeypatch, after=1)
    said = entropic("net", "curvature", str(made[2] / "path"), *QUICK, "--format", "json")
    assert said.code == 130
    assert said.err == "error: interrupted after 1 of 4 points; without --out nothing is kept\n"
    assert len(json.loads(said.out)["rows"]) == 1


OWN = """
import torch
from torch import nn
from entropic.nets import Problem


def make():
    ones = torch.ones(4, 1).double()
    return Problem(nn.Linear(1, 1).double(), lambda o, t: o[:, 0].log() ** 2, ones, ones)
"""


def test_a_point_that_is_not_finite_is_named_and_those_before_it_are_kept(
    entropic, tmp_path, monkeypatch
):
    (tmp_path / "logarithm.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    problem = Source("logarithm:make").problem()
    points = torch.tensor([[2.0, 0.5], [1.0, 0.5], [-3.0, 0.5]]).double()
    (tmp_path / "far").mkdir()
    write_path(tmp_path / "far", problem, points, {}, [])
    said = entropic("net", "curvature", "far", "--problem", "logarithm:make", *QUICK,
                    "--score-samples", "4", "--out", "a.json")  # fmt: skip
    assert said.refused()
    assert said.err.startswith("error: at s = 5 of 5: the loss ")
    assert "must be finite" in said.err
    assert said.err.endswith("; the points before it are kept in a.json.partial\n")
    assert sorted(path.suffix for path in tmp_path.glob("a*")) == [".partial"]


def test_an_eigenvalue_that_does_not_converge_is_printed_and_ends_in_exit_code_one(
    entropic, made, monkeypatch
):
    from functools import partial

    from entropic.nets import point_curvature

    short = partial(point_curvature.leading_pairs, most=2)
    monkeypatch.setattr(point_curvature, "leading_pairs", short)
    said = entropic("net", "curvature", str(made[2] / "path"), *QUICK, "--format", "json")
    assert said.code == 1
    assert "4 of 4 largest eigenvalues have residuals above the tolerance, up to" in said.err
    assert [row["lambda_max_converged"] for row in json.loads(said.out)["rows"]] == [False] * 4


@pytest.mark.parametrize("quantities", ["all", "loss", "logdet", "lambda_min"])
def test_the_figure_has_a_panel_for_each_thing_measured(entropic, made, tmp_path, quantities):
    drawn = tmp_path / "a.png"
    said = entropic("net", "curvature", str(made[2] / "path"), "--quantities", quantities,
                    "--eigenvalues", "2", "--plot", str(drawn))  # fmt: skip
    assert said.code == 0
    assert drawn.stat().st_size > 5000


def test_bad_questions_are_refused_in_one_line(entropic, made, tmp_path):
    _, points, root = made
    path, minima = str(root / "path"), str(root / "minima")
    (tmp_path / "alien").mkdir()
    small = Source("digits-mlp", {"samples": 60, "width": 2}).problem()
    told = {"problem": Source("digits-mlp", {"width": 2}).as_table()}
    write_path(tmp_path / "alien", small, points, told, [])
    for arguments, message in (
        ([str(tmp_path / "none")], "there is no folder"),
        ([str(tmp_path)], "holds no minima"),
        ([str(tmp_path / "alien")], "the model of 'digits-mlp' has"),
        ([path, "--quantities", "loss,width"], "there is no quantity 'width'; there are loss,"),
        ([path, "--resume"], "--resume needs the --out of the run"),
        ([path, "--rule", "floor"], "--floor and --rule floor go together"),
        ([path, "--keep", "3"], "--keep and --rule top go together"),
        ([path, "--rule", "top", "--keep", "5000"], "the rank must not exceed the"),
        ([path, "--tolerance", "2"], "--tolerance must lie between 0 and 1"),
        ([path, "--only", "first"], "no parameter is called 'first'"),
        ([path, "--statistics", "other"], "'other' is not one of"),
        ([path, "--problem", "linear"], "belongs to the problem 'digits-mlp', not 'linear'"),
        ([minima, "--plot", "a.png"], "--plot draws a path; single minima have none"),
        ([path, "--trace-method", "xtrace", "--dense", "0", "--probes", "4"], "needs at least 8"),
        ([path, "--set", "samples=60", "--score-samples", "1"], "1 is not in the range"),
    ):
        said = entropic("net", "curvature", *arguments)
        assert said.refused(), said
        assert message in said.err


def test_the_quantities_of_the_command_are_those_of_the_house():
    assert curvature_options.QUANTITIES == curvature_settings.QUANTITIES
    assert tuple(curvature_options.USUAL.split(",")) == curvature_settings.USUAL


def test_other_statistics_come_with_a_warning(entropic, made):
    said = entropic("net", "curvature", str(made[2] / "path"), "--quantities", "loss",
                    "--statistics", "running")  # fmt: skip
    assert said.code == 0
    assert said.err == (
        "warning: with running statistics this is another landscape than the problem's own\n"
    )
