import numpy as np
import pytest
import torch
from landscapes import anchored_problem, small_problem
from torch import nn

from entropic.nets import Problem, descend
from entropic.nets.descent import full_gradient
from entropic.nets.initial import initial_parameters
from entropic.nets.losses import half_square
from entropic.nets.problem import array
from entropic.nets.replicas import Replicas
from entropic.theory import DomainError, NotConverged

METHODS = ("momentum", "steepest", "lbfgs")


def _regression(condition: float) -> tuple[Problem, np.ndarray]:
    """A linear fit, and its exact solution by least squares."""
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(30, 6, generator=generator, dtype=torch.float64)
    inputs = inputs * torch.logspace(0, -np.log10(condition) / 2, 6, dtype=torch.float64)
    targets = torch.randn(30, 1, generator=generator, dtype=torch.float64)
    problem = Problem(nn.Linear(6, 1, bias=False).double(), half_square, inputs, targets)
    exact = np.linalg.lstsq(inputs.numpy(), targets.numpy(), rcond=None)[0][:, 0]
    return problem, exact


@pytest.mark.parametrize("method", METHODS)
def test_the_minimum_of_a_linear_fit_is_that_of_least_squares(method):
    problem, exact = _regression(10.0)
    start = np.random.default_rng(0).normal(size=(3, 6))
    found = descend(problem, start, 1e-11, method=method, rate=0.3, momentum=0.7)
    np.testing.assert_allclose(found.points, np.tile(exact, (3, 1)), atol=1e-9)
    assert np.all(found.gradient_norm <= 1e-11)
    assert found.reached.all()


@pytest.mark.parametrize("method", METHODS)
def test_a_rate_that_is_far_too_large_is_halved_until_it_leads_down(method):
    problem, exact = _regression(4.0)
    found = descend(problem, np.ones(6), 1e-9, method=method, rate=500.0, momentum=0.5)
    np.testing.assert_allclose(found.points[0], exact, atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_the_gradient_is_as_small_as_was_asked_for_in_norm_and_in_every_direction(method):
    problem = small_problem(60, decay=0.05)
    start = np.stack([array(initial_parameters(problem, seed)) for seed in range(3)])
    found = descend(problem, start, component=6e-4, method=method, rate=1.0)
    slopes = torch.func.vmap(torch.func.grad(problem.full))(torch.tensor(found.points))
    assert slopes.abs().max() <= 6e-4 * (1 + 1e-9)
    np.testing.assert_allclose(found.component, array(slopes.abs().amax(dim=1)), rtol=1e-6)
    np.testing.assert_allclose(found.gradient_norm, array(slopes.norm(dim=1)), rtol=1e-6)
    both = descend(problem, start, 5e-4, 6e-4, method=method, rate=1.0)
    assert np.all(both.gradient_norm <= 5e-4)


def test_steepest_descent_is_the_plain_iteration_while_the_loss_falls():
    problem, theta = small_problem(40), torch.zeros(31, dtype=torch.float64) + 0.1
    with pytest.raises(NotConverged) as stopped:
        descend(problem, array(theta), 1e-9, method="steepest", rate=0.1, longest=25)
    for _ in range(25):
        theta = theta - 0.1 * torch.func.grad(problem.full)(theta)
    np.testing.assert_allclose(stopped.value.found.points[0], array(theta), rtol=1e-10)


def test_momentum_is_the_heavy_ball_where_nothing_is_taken_back():
    problem = anchored_problem(torch.randn(9, 4, dtype=torch.float64))
    theta, velocity = torch.ones(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
    with pytest.raises(NotConverged) as stopped:
        descend(problem, array(theta), 1e-12, rate=0.05, momentum=0.8, longest=8)
    for _ in range(8):
        velocity = 0.8 * velocity - 0.05 * torch.func.grad(problem.full)(theta)
        theta = theta + velocity
    np.testing.assert_allclose(stopped.value.found.points[0], array(theta), rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_no_descent_ends_above_where_it_began(method):
    problem = small_problem(40, decay=0.0)
    start = 3 * np.random.default_rng(1).normal(size=(4, 31))
    before = [float(problem.full(torch.tensor(point))) for point in start]
    for longest in (3, 30):
        with pytest.raises(NotConverged) as stopped:
            descend(problem, start, 1e-9, method=method, rate=2.0, longest=longest)
        assert np.all(stopped.value.found.loss <= before)


@pytest.mark.parametrize("method", METHODS)
def test_replicas_descend_alone_as_they_do_together(method):
    problem = small_problem(60, decay=0.05)
    start = np.stack([array(initial_parameters(problem, seed)) for seed in range(3)])
    together = descend(problem, start, 3e-3, method=method, rate=0.2, together=True)
    alone = descend(problem, start[1], 3e-3, method=method, rate=0.2, together=False)
    np.testing.assert_allclose(together.points[1], alone.points[0], rtol=1e-6, atol=1e-8)
    assert together.gradients[1] == alone.gradients[0]


def test_the_whole_gradient_is_that_of_the_problem_block_by_block():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(50, 3, generator=generator, dtype=torch.float64)
    model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 1)).double()
    problem = Problem(model, half_square, inputs, inputs.sum(1, keepdim=True), 0.1, block=16)
    thetas = torch.stack([initial_parameters(problem, seed) for seed in range(2)])
    for way in ("vmap", "loop"):
        losses, slopes = full_gradient(Replicas(problem, way))(thetas)
        expected = torch.func.vmap(torch.func.grad_and_value(problem.full))(thetas)
        torch.testing.assert_close(slopes, expected[0], rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(losses, expected[1])


def test_a_descent_that_is_cut_short_hands_over_where_it_was():
    problem, _ = _regression(100.0)
    match = r"1 of 1 descents did not reach \|gradient\| 1e-08 after up to \d+ gradients; the worst"
    with pytest.raises(NotConverged, match=match) as stopped:
        descend(problem, np.ones(6), 1e-8, longest=3)
    assert not stopped.value.found.reached.any()
    assert stopped.value.found.points.shape == (1, 6)


def test_a_start_without_a_loss_is_refused():
    problem = small_problem()
    with pytest.raises(DomainError, match="finite where a descent begins"):
        descend(problem, np.full(31, np.nan), 1e-3)


@pytest.mark.parametrize("wanted", [{}, {"gradient_norm": 0.0}, {"component": -1.0}])
def test_a_descent_to_nowhere_is_refused(wanted):
    with pytest.raises(DomainError, match="needs a positive gradient norm or component"):
        descend(small_problem(), np.ones(31), **wanted)


@pytest.mark.parametrize("numbers", [{"rate": 0.0}, {"momentum": 1.0}, {"longest": 0}])
def test_numbers_that_do_not_descend_are_refused(numbers):
    with pytest.raises(DomainError, match="needs a rate above 0, a momentum from 0"):
        descend(small_problem(), np.ones(31), 1e-3, **numbers)
