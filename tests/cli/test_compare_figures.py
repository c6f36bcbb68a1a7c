from pathlib import Path

import numpy as np
import pytest
from fake_rungs import (
    BARE,
    digits_curves,
    invented_row,
    invented_rung,
    linear_curves,
    perceptron_curves,
    toy_curves,
)
from matplotlib.image import imread

from entropic.cli.compare_figures import LABEL, draw, linear_balance, toy_histogram, toy_survival
from entropic.cli.digits_figures import profile, relaxation
from entropic.cli.ladder import Rung
from entropic.cli.overview_figure import LONG, overview


def labels(axes: object) -> list[str]:
    return axes.get_legend_handles_labels()[1]  # type: ignore[attr-defined,no-any-return]


def test_every_figure_whose_data_is_there_is_drawn_twice(tmp_path: Path) -> None:
    curves = {"toy": toy_curves(), "linear": linear_curves(), "digits": digits_curves()}
    curves["perceptron"] = perceptron_curves()
    drawn = draw([invented_rung(name, data=data) for name, data in curves.items()], tmp_path)
    assert [(figure.rung, figure.name) for figure in drawn] == [
        ("", "overview"),
        ("toy", "toy_histogram"),
        ("toy", "toy_survival"),
        ("linear", "linear_balance"),
        ("linear", "linear_trace"),
        ("digits", "digits_profile"),
        ("digits", "digits_relaxation"),
        ("perceptron", "perceptron_limits"),
        ("perceptron", "perceptron_sizes"),
        ("perceptron", "perceptron_geodesics"),
    ]
    for figure in drawn:
        assert figure.svg == (tmp_path / f"{figure.name}.svg").read_bytes()
        assert imread(tmp_path / f"{figure.name}.png").shape[1] > 900


def test_a_figure_without_its_data_is_left_out(tmp_path: Path) -> None:
    half = toy_curves().drop_vars("survival_measured")
    names = {figure.name for figure in draw([invented_rung("toy", data=half)], tmp_path)}
    assert names == {"overview", "toy_histogram"}
    assert not draw([Rung("toy", (), BARE, {})], tmp_path / "none")


def test_the_same_data_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        draw([invented_rung("linear", data=linear_curves())], tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_the_histogram_becomes_a_density() -> None:
    first, second = toy_histogram(toy_curves()).axes
    assert labels(first) == ["without the step", LABEL, "measured"]
    edges, density = second.patches[1].get_data()[1], second.patches[1].get_data()[0]
    assert len(density) == 8  # the padded bins are no bins
    assert np.sum(density * np.diff(edges)) == pytest.approx(1)


def test_a_survival_of_zero_is_a_gap_on_the_logarithmic_axis() -> None:
    first, _ = toy_survival(toy_curves()).axes
    predicted, measured = first.lines
    assert first.get_yscale() == "log"
    assert first.get_xlabel() == "time (1/curvature)"
    assert np.isfinite(predicted.get_ydata()).all()
    assert np.isnan(measured.get_ydata()[-1])


def test_axes_carry_units() -> None:
    figures = (
        toy_histogram(toy_curves()),
        linear_balance(linear_curves()),
        profile(digits_curves()),
    )
    assert [figure.axes[-1].get_xlabel() for figure in figures] == [
        "slow coordinate y (length)",
        "SGD steps",
        "arc length s along the path (weights)",
    ]


def test_the_profile_stacks_loss_trace_and_a_drift_for_every_setting() -> None:
    loss, trace, first, second = profile(digits_curves()).axes
    assert len(trace.collections) == 1  # the error band
    assert labels(first) == ["energetic", "entropic", "predicted", "measured"]
    assert second.get_title() == "η=0.08, B=8"
    assert loss.get_shared_x_axes().joined(loss, second)


def test_relaxation_shows_only_the_settings_that_were_watched() -> None:
    figure = relaxation(digits_curves())
    mean, survival = figure.axes
    assert mean.get_title() == "η=0.05, B=16"
    assert labels(survival) == ["from s = 1", "from s = 6"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        *("predicted (lines)", "from s = 1", "from s = 6"),
    ]
    figure = relaxation(digits_curves().drop_vars(["mean_predicted", "mean_measured"]))
    assert len(figure.axes) == 1


def test_the_overview_fills_the_valid_and_leaves_the_rest_open() -> None:
    rows = [
        invented_row(z=1.0),
        invented_row(z=-50.0, ratio=0.1, valid=False),
        invented_row("linear", z=np.nan, ratio=np.nan),
        invented_row("linear", "long " * 30, z=np.inf, ratio=np.inf),
    ]
    z, ratio = overview(rows).axes
    faces = [line.get_markerfacecolor() for line in z.lines if line.get_marker() in "o<>"]
    assert faces[0] != "white"
    assert faces[1] == "white"
    arrows = [line.get_xdata()[0] for line in z.lines if line.get_marker() in ("<", ">")]
    assert arrows == [-10.0, 10.0]
    assert [text.get_text() for text in ratio.texts] == ["toy", "linear"]
    assert len(z.get_yticklabels()[-1].get_text()) == LONG
