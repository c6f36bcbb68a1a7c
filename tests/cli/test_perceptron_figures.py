from fake_rungs import perceptron_curves

from entropic.cli.perceptron_figures import geodesics, limits, sizes


def texts(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_limits_stand_over_their_predictions_and_name_every_kind_there_is():
    figure = limits(perceptron_curves())
    over, under = figure.axes[0], figure.axes[2]
    assert texts(figure) == ["equal", "binary storage", "spherical teacher"]
    assert over.get_title() == "overlap q"
    assert under.get_xlabel() == "predicted overlap q"
    binary = over.containers[0].lines[0]
    assert binary.get_xdata().tolist() == [0.1, 0.2]
    assert binary.get_ydata().tolist() == [0.11, 0.19]
    assert under.containers[0].lines[0].get_ydata().round(9).tolist() == [0.01, -0.01]


def test_every_line_ends_at_its_limit_on_the_left():
    figure = sizes(perceptron_curves())
    first = figure.axes[0]
    assert [axes.get_title() for axes in figure.axes[:2]] == ["binary storage", "spherical teacher"]
    assert figure.axes[2].get_xlabel() == "1/N (1/weights)"
    lines = [
        line for line in first.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 2
    ]
    slopes = [line.get_ydata()[1] - line.get_ydata()[0] for line in lines[1:]]
    assert [round(slope * 20, 9) for slope in slopes] == [0.4, 0.4]
    assert lines[1].get_ydata()[0] == 0.11 - 0.1
    named = [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    assert named == ["count, α=0.4, κ=0, β=1", "count, α=0.4, κ=0, β=inf"]


def test_geodesics_have_a_panel_per_pair_of_solutions():
    figure = geodesics(perceptron_curves())
    assert len(figure.axes) == 1
    assert figure.axes[0].get_title() == "α=1, κ=-1\nbetween margins -1 and -1"
    assert texts(figure) == ["predicted", "measured, N → ∞"]
