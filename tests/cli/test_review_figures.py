import csv

import pytest
from matplotlib import image

from entropic.cli.theory.figure import FIGURES


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Every figure once: number → its folder, with the picture and the data."""
    from entropic.cli.main import run

    folder = tmp_path_factory.mktemp("review")
    for number in FIGURES:
        files = ["--out", str(folder / f"{number}.csv"), "--plot", str(folder / f"{number}.png")]
        assert run(["theory", "figure", number, *files]) == 0
    return folder


def rows(folder, number):
    with (folder / f"{number}.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("number", FIGURES)
def test_a_figure_comes_with_two_panels_of_data(drawn, number):
    data = rows(drawn, number)
    assert len({row["panel"] for row in data}) == 2
    assert len(data) > 200
    picture = image.imread(drawn / f"{number}.png")
    assert picture.shape[0] == 800
    assert picture[..., :3].std() > 0.05


def test_typical_solutions_meet_at_covers_capacity(drawn):
    sphere = [
        row for row in rows(drawn, 2) if row["panel"] == "spherical" and row["kappa"] == "0.0"
    ]
    assert float(sphere[-1]["alpha"]) == pytest.approx(2, rel=1e-3)
    assert float(sphere[-1]["distance"]) < 1e-3
    assert float(sphere[0]["distance"]) == 0.5


def test_what_counts_no_solution_is_marked(drawn):
    for row in rows(drawn, 3):
        if row["panel"] == "entropy":
            assert (row["physical"] == "true") == (float(row["entropy"]) >= 0)


def test_below_zero_margin_the_spherical_capacity_is_only_a_bound(drawn):
    capacity = [row for row in rows(drawn, 4) if row["panel"] == "capacity"]
    assert all((row["physical"] == "true") == (float(row["kappa"]) >= 0) for row in capacity)
    at_one = [row["alpha"] for row in capacity if float(row["kappa"]) == pytest.approx(1)]
    assert [float(a) for a in at_one] == pytest.approx([0.5195722296])


def test_without_names_the_files_stand_in_this_folder(entropic, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = entropic("theory", "figure", "3")
    assert (said.code, said.out) == (0, "")
    assert said.err == "wrote figure-3.csv\ndrew figure-3.png\n"
    assert {path.name for path in tmp_path.iterdir()} == {"figure-3.csv", "figure-3.png"}


def test_a_figure_that_the_review_has_not_is_refused(entropic):
    said = entropic("theory", "figure", "9")
    assert said.refused()
    assert "'9' is not one of" in said.err


def test_typical_solutions_are_the_more_isolated_the_more_patterns_there_are(drawn):
    isolation = [row for row in rows(drawn, 5) if row["panel"] == "isolation"]
    places = sorted((float(row["alpha"]), float(row["distance"])) for row in isolation)
    assert all(a[1] < b[1] for a, b in zip(places, places[1:], strict=False))
    # where the last solutions vanish they are as near as they are typical: d = (1 - q)/2
    assert places[-1][1] == pytest.approx(0.218025, abs=5e-3)


def test_larger_margins_lie_in_denser_surroundings(drawn):
    near = [row for row in rows(drawn, 6) if row["panel"] == "near"]
    end = [row for row in near if float(row["distance"]) == pytest.approx(0.04)]
    margins = [float(row["reference_margin"]) for row in end]
    heights = [float(row["local_entropy"]) for row in end]
    assert margins == sorted(margins)
    assert heights == sorted(heights)
    assert all(h < float(row["upper_bound"]) for h, row in zip(heights, end, strict=True))


def test_the_slope_first_touches_zero_between_two_of_the_loads(drawn):
    slopes = {}
    for row in rows(drawn, 7):
        if row["panel"] == "slope" and float(row["distance"]) > 1e-3:
            slopes.setdefault(float(row["alpha"]), []).append(float(row["slope"]))
    monotonic = {alpha: min(found) > 0 for alpha, found in slopes.items()}
    assert monotonic == {0.6: True, 0.7: True, 0.73: False, 0.75: False, 0.8: False}


def test_the_barrier_falls_to_nothing_at_the_critical_margins(drawn):
    for name in ("equal", "one typical"):
        peaks = {}
        for row in rows(drawn, 8):
            if row["panel"] == name:
                margin, error = float(row["margin_2"]), float(row["error_rate"])
                peaks[margin] = max(peaks.get(margin, 0.0), error)
        heights = [peaks[margin] for margin in sorted(peaks)]
        assert heights == sorted(heights, reverse=True)
        assert heights[0] > 1e-3
        assert heights[-1] < 1e-12
