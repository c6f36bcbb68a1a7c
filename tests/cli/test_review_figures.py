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
