import numpy as np
import pytest
import torch
from landscapes import anchored_problem, small_problem

from entropic.nets import flat_parameters
from entropic.nets.curves import beads_on_curve, bezier, points_on_curve, polygon
from entropic.nets.path_methods import path_settings
from entropic.nets.paths import find_path

T = torch.linspace(0, 1, 11, dtype=torch.float64)
CONTROL = torch.tensor([[0.0, 0.0], [1.0, 2.0], [4.0, 0.0]], dtype=torch.float64)


@pytest.mark.parametrize("basis", [bezier, polygon])
@pytest.mark.parametrize("count", [2, 3, 6, 300])
def test_the_weights_of_the_control_points_add_up_to_one(basis, count):
    weights = basis(T, count)
    np.testing.assert_allclose(weights.sum(dim=1).numpy(), 1.0, atol=1e-14)
    assert float(weights.min()) >= 0


def test_a_curve_of_two_control_points_is_the_line():
    for basis in (bezier, polygon):
        np.testing.assert_allclose(basis(T, 2)[:, 1].numpy(), T.numpy(), atol=1e-15)


def test_the_quadratic_curve_is_the_closed_form():
    found = points_on_curve(bezier, CONTROL, T)
    a, w, b = CONTROL
    for t, point in zip(T, found, strict=True):
        expected = (1 - t) ** 2 * a + 2 * t * (1 - t) * w + t**2 * b
        np.testing.assert_allclose(point.numpy(), expected.numpy(), atol=1e-14)


def test_a_curve_with_many_bends_is_that_of_repeated_interpolation():
    """De Casteljau's construction."""
    control = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    points = control
    while len(points) > 1:
        points = torch.lerp(points[:-1], points[1:], 0.3)
    found = points_on_curve(bezier, control, torch.tensor([0.3], dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), points.numpy(), atol=1e-14)


def test_a_polygon_keeps_its_corners_however_it_is_sampled():
    beads = beads_on_curve(polygon, CONTROL, 4)
    np.testing.assert_allclose(beads.numpy(), [[0, 0], [2 / 3, 4 / 3], [1, 2], [2, 4 / 3], [4, 0]])
    assert len(beads_on_curve(polygon, CONTROL, 5)) == 5
    assert len(beads_on_curve(bezier, CONTROL, 4)) == 4


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # In a parabola around c the best bend minimises the mean of |B_0 a + B_1 w + B_2 b - c|^2
        # over t: w = (c <B_1> - a <B_0 B_1> - b <B_1 B_2>) / <B_1^2>
        ("bezier", lambda a, b, c: (c / 3 - (a + b) / 10) / (2 / 15)),
        ("polygon", lambda a, b, c: (c / 2 - (a + b) / 12) / (1 / 3)),
    ],
)
def test_in_a_parabola_the_best_bend_is_that_of_the_integrals(method, expected):
    c = torch.tensor([0.3, -0.8], dtype=torch.float64)
    a, b = torch.tensor([[-1.0, 0.0], [1.0, 0.5]], dtype=torch.float64)
    problem = anchored_problem(torch.stack([c, c]))
    settings = path_settings(method, steps=120, rate=0.1, last_rate=1e-3)
    found = [find_path(problem, a, b, method, settings, seed=seed) for seed in range(6)]
    bends = np.array([path.control[1].numpy() for path in found])
    error = bends.std(axis=0, ddof=1) / np.sqrt(len(bends))
    assert np.all(error < 0.1)  # the straight line's middle is 1.5 away, the other curve's 0.5
    assert np.all(abs(bends.mean(axis=0) - expected(a, b, c).numpy()) < 4 * error)
    for path in found:
        assert torch.equal(path.points[[0, -1]], torch.stack([a, b]))


def test_the_decay_is_part_of_the_loss_that_a_curve_lowers():
    """With the decay alone the bend goes where the mean of |theta|^2 is least."""
    a = torch.tensor([1.0, 1.0], dtype=torch.float64)
    b = torch.tensor([1.0, 1.5], dtype=torch.float64)
    problem = anchored_problem(torch.zeros(2, 2, dtype=torch.float64), decay=1.0)
    found = find_path(problem, a, b, "bezier", path_settings("bezier", steps=150), seed=0)
    expected = -(a + b) / 10 / (2 / 15)  # (-1.5, -1.9); without decay the same, more slowly
    np.testing.assert_allclose(found.control[1].numpy(), expected.numpy(), atol=0.2)
    middle = 0.25 * (a + 2 * found.control[1] + b)
    expected_loss = float(middle @ middle)  # one half for the anchor, one for the decay
    at = find_path(problem, a, b, "bezier", path_settings("bezier", steps=150, dense=0), seed=0)
    assert float(at.losses[10]) == pytest.approx(expected_loss, rel=1e-12)


def test_a_curve_of_several_bends_lowers_the_loss_between_two_networks():
    problem = small_problem(samples=40)
    first = 2 * flat_parameters(problem.model)
    last = -first
    settings = path_settings("bezier", steps=100, bends=3, rate=0.05)
    found = find_path(problem, first, last, "bezier", settings)
    line = find_path(problem, first, last, "line")
    assert found.control.shape == (5, 31)
    assert float(found.losses.mean()) < float(line.losses.mean()) - 0.05
    assert [stage.steps for stage in found.history] == list(range(40, 401, 40))
