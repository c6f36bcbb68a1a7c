"""Pictures of walks."""

import numpy as np
import pytest
from matplotlib import image

from entropic.cli.pictures.paths import figure
from entropic.cli.sim.paths import GRID, replayed_paths
from entropic.cli.sim.walk import Walk
from entropic.sims import Langevin
from entropic.theory import Thermal, Valley, shape, surface

FORMULAS = ["--curvature", "a + y**2", "--energy", "0.5*y**2", "--param", "a=4"]
VALLEY = ["sim", "langevin", *FORMULAS, "--step-size", "0.02", "--temperature", "0.2"]
EXIT = [*VALLEY, "--start", "0,0.5", "--absorb", "-1,1", "--trajectories", "50"]
REST = [*VALLEY, "--trajectories", "20", "--steps", "1000"]
PLACE = Valley(shape("0.5*y**2"), shape("a + y**2", a=4.0))


def walk(**changes: object) -> Walk:
    schedule = {"start": [0.0], "fast_start": 0.0, "absorb": [-1.0, 1.0], "reflect": []}
    schedule |= {"trajectories": 40, "steps": 10_000_000, "seed": 3}
    return Walk(Langevin(PLACE, Thermal(0.2), 0.02), "first-passage", schedule | changes, 1)


def test_the_paths_drawn_are_the_ones_that_were_counted() -> None:
    """Walked again from their addresses: the same number of steps to the same last place."""
    run = walk()
    run.rows(None, None)
    found = run.passage
    assert found is not None
    drawn = replayed_paths(run, 5)
    assert drawn.left == [True] * 5
    for i, trail in enumerate(drawn.trails):
        assert trail[-1, 1] == found.place[0, i]
        assert np.all(np.abs(trail[:-1, 1]) < 1)
        if found.steps[0, :5].max() <= 2000:
            assert len(trail) == found.steps[0, i]


def test_a_path_given_up_ends_inside() -> None:
    run = walk(steps=20)
    run.rows(None, None)
    drawn = replayed_paths(run, 3)
    assert run.passage is not None
    assert drawn.left == (run.passage.steps[0, :3] > 0).tolist()
    assert not all(drawn.left)


def test_the_potential_stands_around_the_paths() -> None:
    run = walk()
    run.rows(None, None)
    drawn = replayed_paths(run, 2)
    assert drawn.height.shape == (GRID, GRID)
    x, y = drawn.x[30], drawn.y[150]
    assert drawn.height[150, 30] == pytest.approx(0.5 * y**2 + 0.5 * (4 + y**2) * x**2)
    points = np.concatenate(drawn.trails)
    assert drawn.x[0] < points[:, 0].min() < points[:, 0].max() < drawn.x[-1]
    assert drawn.y[0] < -1 < 1 < drawn.y[-1]


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("exit", EXIT, ["start y (length)", "time (length²/energy)", "absorbing end", "standard"]),
        (
            "survival",
            [*EXIT, "--survival", "0:20:21"],
            ["probability to be inside", "start y = 0.5"],
        ),
        ("histogram", [*REST, "--histogram", "-1:1:11"], ["density (1/length)"]),
        ("course", [*REST, "--course", "10"], ["⟨y⟩ (length)", "time (length²/energy)"]),
        ("autocorrelation", [*REST, "--autocorrelation", "9"], ["autocorrelation of y", "lag"]),
        ("paths", [*EXIT, "--paths", "3"], ["potential V (energy)", "fast direction x (length)"]),
        ("at rest", [*REST, "--paths", "2"], ["slow coordinate y (length)", "beginning"]),
    ],
)
def test_each_picture_is_labelled_and_the_same_each_time(
    entropic, tmp_path, name, arguments, words
) -> None:
    drawn = []
    for path in (tmp_path / "0.svg", tmp_path / "1.svg", tmp_path / "a.png"):
        said = entropic(*arguments, "--plot", str(path))
        assert (said.code, said.err) == (0, f"drew {path}\n")
        drawn.append(path.read_bytes())
    assert drawn[0] == drawn[1]
    text = drawn[0].decode()
    assert all(word in text for word in words)
    assert image.imread(tmp_path / "a.png")[..., :3].std() > 0.03  # there is something on it


def test_a_potential_without_a_number_somewhere_is_drawn_elsewhere() -> None:
    v = Langevin(surface("-log(1 - x**2 - y**2) + 0*x"), Thermal(0.02), 1e-3)
    run = Walk(v, "averages", {"start": [0.0], "fast_start": 0.0, "reflect": []}, 1)
    trails = [np.array([[0.0, 0.0], [0.3, -0.2], [-0.9, 0.8]])]
    from entropic.cli.sim import paths

    x = np.linspace(-1.2, 1.2, 21)
    height = paths._height(run, x, x)
    assert np.isnan(height).any()
    picture = figure(paths.Paths(trails, [False], x, x, height, [], [-0.5], False))
    assert len(picture.axes) == 2
