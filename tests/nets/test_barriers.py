import numpy as np
import pytest
import torch
from landscapes import Anchored, hessian, small_problem

from entropic.nets import LineProfile, Problem, line_profile
from entropic.nets.losses import correct, cross_entropy
from entropic.nets.parameters import flat_parameters


def two_wells():
    """¼(x² − 1)² + ½(1 + 4(1 − x²)) y²: wells at x = ±1 with a stiffer pass between them."""

    def loss(outputs, _):
        x, y = outputs[:, 0], outputs[:, 1]
        return (x**2 - 1) ** 2 / 4 + 0.5 * (5 - 4 * x**2) * y**2

    model = Anchored(torch.zeros(2, dtype=torch.float64))
    return Problem(model, loss, torch.zeros(2, 1), torch.zeros(2, 1))


def test_barriers_between_two_wells_are_what_the_formula_says():
    left, right = (torch.tensor([x, 0.0], dtype=torch.float64) for x in (-1.0, 1.0))
    line = line_profile(two_wells(), left, right, 21)
    x = 2 * line.fraction - 1
    assert line.length == 2
    assert line.loss == pytest.approx((x**2 - 1) ** 2 / 4)
    assert line.trace == pytest.approx(4 - x**2)
    assert line.lambda_max == pytest.approx(np.maximum(5 - 4 * x**2, 3 * x**2 - 1), rel=1e-3)
    assert line.loss_barrier.value == pytest.approx(0.25)
    assert line.lambda_max_barrier.value == pytest.approx(3.0, rel=1e-3)
    assert line.lambda_max_ratio == pytest.approx(2.5, rel=1e-3)
    assert line.trace_barrier.value == pytest.approx(1.0)
    assert line.trace_ratio == pytest.approx(4 / 3)
    assert np.isnan(line.error_barrier.value)


def test_in_a_bowl_there_is_no_barrier():
    model = Anchored(torch.zeros(3, dtype=torch.float64))

    def loss(outputs, _):
        return (outputs**2).sum(dim=1)

    problem = Problem(model, loss, torch.zeros(2, 1), torch.zeros(2, 1))
    first = torch.tensor([1.0, 2.0, 0.0], dtype=torch.float64)
    line = line_profile(problem, first, -2 * first, 5)
    assert line.loss_barrier.value == 0
    assert line.trace_barrier.value == pytest.approx(0, abs=1e-9)


def test_the_loss_barrier_is_counted_from_the_chord_and_not_from_an_end():
    probes = np.array([[5.0, 7.0], [9.0, 11.2], [7.0, 9.0]])
    line = LineProfile(
        *(1.0, np.array([0, 0.5, 1]), np.array([0.0, 0.9, 2.0]), np.array([0.2, 0.4, 0.2])),
        *(np.array([2.0, 5.0, 3.0]), np.array([0.1, 0.3, 0.4]), probes),
    )
    assert line.trace_barrier.value == pytest.approx(2.1)
    assert line.trace_barrier.error == pytest.approx(0.1)  # far below that of either trace
    assert line.trace_stderr[0] == pytest.approx(1.0)
    assert line.loss_barrier.value == 0
    assert line.error_barrier.value == pytest.approx(0.2)
    assert line.lambda_max_barrier.value == pytest.approx(2.0)
    assert line.lambda_max_barrier.error == pytest.approx(0.5)


def test_a_line_from_a_point_to_itself_is_that_point():
    problem = small_problem()
    theta = flat_parameters(problem.model)
    line = line_profile(problem, theta, theta, 5, probes=4)
    assert line.length == 0
    assert np.ptp(line.loss) == np.ptp(line.trace) == 0
    assert line.loss[0] == pytest.approx(float(problem.full(theta)))
    barriers = (line.loss_barrier, line.lambda_max_barrier, line.trace_barrier)
    assert [float(b.value) for b in barriers] == [0, 0, 0]
    assert line.lambda_max_ratio == line.trace_ratio == 1


def test_the_error_is_that_of_the_test_set_where_there_is_one():
    base = small_problem()
    kept_aside = (base.inputs[:4], torch.zeros(4, dtype=torch.long))
    theta = flat_parameters(base.model)
    for test in (None, kept_aside):
        problem = Problem(
            *(base.model, cross_entropy, base.inputs, base.targets), metric=correct, test=test
        )
        inputs, targets = (base.inputs, base.targets) if test is None else test
        wrong = (problem.model(inputs).argmax(dim=1) != targets).double().mean()
        line = line_profile(problem, theta, theta + 1, 3, probes=2)
        assert line.error[0] == pytest.approx(float(wrong))


def test_traces_and_their_differences_are_those_of_dense_hessians_within_their_errors():
    problem = small_problem()
    first = flat_parameters(problem.model)
    last = first + 2 * torch.arange(31).double().sin()
    exact = [float(hessian(problem, torch.lerp(first, last, x)).trace()) for x in (0.0, 0.5, 1.0)]
    runs = [line_profile(problem, first, last, 3, probes=8, seed=seed) for seed in range(24)]
    z = [(line.trace - exact) / line.trace_stderr for line in runs]
    assert 0.5 < np.std(z) < 1.6
    assert abs(np.mean(z)) < 4 / 24**0.5
    steps = [line.trace_probes[1] - line.trace_probes[0] for line in runs]
    gaps = [(s.mean() - exact[1] + exact[0]) / (s.std(ddof=1) / 8**0.5) for s in steps]
    assert 0.5 < np.std(gaps) < 1.6


def test_the_chance_in_a_difference_of_traces_vanishes_with_the_distance():
    problem = small_problem()
    first = flat_parameters(problem.model)
    apart = torch.arange(31).double().sin()
    near, far = (line_profile(problem, first, first + x * apart, 3, probes=8) for x in (1e-4, 2))
    errors = [np.std(line.trace_probes[2] - line.trace_probes[0], ddof=1) for line in (near, far)]
    assert errors[0] < 0.01 * errors[1]
