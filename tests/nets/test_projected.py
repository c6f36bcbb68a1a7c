"""Projected SGD against loops written by hand, and where drift and noise are known exactly."""

import numpy as np
import pytest
import torch
from landscapes import anchored_problem, small_problem

from entropic.nets import Problem, ProjectedSGD, exit_cycles, projected_sgd
from entropic.nets.losses import half_square
from entropic.nets.parameters import flat_parameters
from entropic.nets.problem import array
from entropic.nets.projected import single_cycles
from entropic.theory import Chain, DomainError, Path, SlowDynamics, straight


@pytest.fixture(scope="module")
def place() -> tuple[Problem, Path]:
    problem = small_problem()
    theta = array(flat_parameters(problem.model))
    corners = theta + np.random.default_rng(3).normal(size=(4, len(theta)))
    return problem, Path(corners)


def known(samples: int = 200, sigma: float = 1.0) -> tuple[Problem, Path]:
    """½|θ|² plus noise of variance σ² per sample and direction; the path crosses the minimum."""
    anchors = np.random.default_rng(0).normal(size=(samples, 3))
    anchors = sigma * (anchors - anchors.mean(axis=0)) / anchors.std(axis=0, ddof=1)
    line = straight([-1.0, 0.0, 0.0], [1.0, 0.0, 0.0], 9)
    return anchored_problem(torch.tensor(anchors)), line


def test_a_full_batch_is_gradient_descent_and_projection_written_by_hand(place):
    problem, path = place
    starts = np.array([0.2, 0.5, 0.9]) * path.length
    found = projected_sgd(problem, path, starts, ProjectedSGD(0.2, 12, 3), 5, seed=0)
    assert found.shape == (3, 6)
    for start, history in zip(starts, found, strict=True):
        s = start
        for cycle in range(6):
            assert history[cycle] == pytest.approx(s, rel=1e-10)
            theta = torch.tensor(path.at(s))
            for _ in range(3):
                theta = theta - 0.2 * torch.func.grad(problem.full)(theta)
            s = path.project(array(theta)[None])[0]
    assert np.ptp(found, axis=1).min() > 1e-3


def test_exits_of_a_full_batch_are_read_off_its_history(place):
    problem, path = place
    starts = np.array([0.2, 0.5, 0.9]) * path.length
    sgd = ProjectedSGD(0.2, 12, 3)
    gone = abs(projected_sgd(problem, path, starts, sgd, 12, seed=0) - starts[:, None])
    reach = 0.5 * float(gone[:, -1].max())
    expected = [np.argmax(row >= reach) if np.any(row >= reach) else np.inf for row in gone]
    assert exit_cycles(problem, path, starts, reach, sgd, 12, seed=0).tolist() == expected
    assert np.isfinite(expected).any()


@pytest.mark.parametrize("replicas", [3, 600])
def test_the_same_seed_repeats_the_run_and_another_one_does_not(replicas):
    problem, path = known(20)
    sgd, starts = ProjectedSGD(0.1, 4, 2), np.full(replicas, 1.0)
    first, again, other = (projected_sgd(problem, path, starts, sgd, 3, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.any(first[:, 1:] == other[:, 1:])
    assert len(np.unique(first[:, 1])) == replicas  # nobody walks in another's steps
    exits = [exit_cycles(problem, path, starts, 0.2, sgd, 30, seed) for seed in (1, 1, 2)]
    assert np.array_equal(exits[0], exits[1])
    assert not np.array_equal(exits[0], exits[2])


def test_one_cycle_has_the_mean_and_variance_of_the_linear_map():
    problem, path = known()
    step, batch, cycle, replicas = 0.1, 10, 5, 20_000
    sgd = ProjectedSGD(step, batch, cycle)
    found = projected_sgd(problem, path, np.full(replicas, 1.3), sgd, 1, seed=4)[:, 1]
    shrink = (1 - step) ** np.arange(cycle + 1)
    mean = 1 + 0.3 * shrink[-1]
    variance = step**2 * (1 / batch - 1 / 200) * (shrink[:-1] ** 2).sum()
    assert abs(found.mean() - mean) < 4 * (variance / replicas) ** 0.5
    assert abs(found.var() / variance - 1) < 4 * (2 / replicas) ** 0.5
    assert 4 * (2 / replicas) ** 0.5 < 0.05


def test_exits_where_drift_and_noise_are_known_take_as_long_as_the_chain_says():
    problem, path = known(sigma=1.5)
    step, batch, cycle, start, reach = 0.1, 10, 3, 1.2, 0.3
    shrink = (1 - step) ** np.arange(cycle + 1)
    variance = 1.5**2 * step**2 * (1 / batch - 1 / 200) * (shrink[:-1] ** 2).sum()
    y = np.linspace(0, 2, 401)
    slow = SlowDynamics(y, (shrink[-1] - 1) * (y - 1), np.full_like(y, variance / 2))
    expected = Chain(slow, start - reach, start + reach).mean_exit([start])[0]
    sgd = ProjectedSGD(step, batch, cycle)
    left = exit_cycles(problem, path, np.full(4000, start), reach, sgd, 400, seed=6)
    assert np.all(np.isfinite(left))
    error = left.std() / 4000**0.5
    assert error < 0.02 * left.mean()
    assert abs(left.mean() - expected) < 4 * error
    # without the drift it would take more than 5 errors longer
    free = Chain(SlowDynamics(y, 0 * y, slow.diffusion), start - reach, start + reach)
    assert free.mean_exit([start])[0] - left.mean() > 5 * error


def test_replicas_that_never_leave_are_infinite_and_a_start_may_be_a_number(place):
    problem, path = place
    found = exit_cycles(problem, path, 1.0, 10 * path.length, ProjectedSGD(0.1, 4, 2), 3, seed=0)
    assert found.tolist() == [np.inf]
    history = projected_sgd(problem, path, 1.0, ProjectedSGD(0.1, 4, 2), 3, seed=0)
    assert history.shape == (1, 4)


def test_who_has_left_is_not_followed_and_all_gone_ends_the_run(place):
    problem, path = place
    seen = []
    starts = np.array([1.0, 2.0])
    sgd = ProjectedSGD(0.2, 2, 3)
    found = exit_cycles(problem, path, starts, 1e-9, sgd, 50, seed=0, progress=seen.append)
    assert found.tolist() == [1.0, 1.0]
    assert seen == [0.02]


def test_progress_counts_cycles_to_one():
    problem, path = known(20)
    seen = []
    projected_sgd(
        problem, path, np.full(600, 1.0), ProjectedSGD(0.1, 4, 1), 2, 0, progress=seen.append
    )
    assert seen == [0.5, 1.0]


@pytest.mark.parametrize(("reach", "cycles"), [(0.0, 5), (-1.0, 5), (np.nan, 5), (0.1, 0)])
def test_a_reach_or_number_of_cycles_that_is_not_positive_is_refused(place, reach, cycles):
    problem, path = place
    with pytest.raises(DomainError, match="reach and cycles must be positive; they are"):
        exit_cycles(problem, path, np.ones(2), reach, ProjectedSGD(0.1, 4), cycles, seed=0)


def test_no_cycle_is_refused(place):
    problem, path = place
    with pytest.raises(DomainError, match="at least one cycle is needed; cycles = 0"):
        projected_sgd(problem, path, np.ones(2), ProjectedSGD(0.1, 4), 0, seed=0)


@pytest.mark.parametrize("run", ["projected", "exit"])
def test_what_does_not_fit_the_path_the_data_or_the_model_is_refused(place, run):
    problem, path = place

    def ask(start, sgd, path=path):
        if run == "exit":
            return exit_cycles(problem, path, start, 0.1, sgd, 2, seed=0)
        return projected_sgd(problem, path, start, sgd, 2, seed=0)

    with pytest.raises(DomainError, match="a position on the path must lie within"):
        ask(np.array([1.0, -3.0]), ProjectedSGD(0.1, 4))
    with pytest.raises(DomainError, match="batch must have 1 to 12 samples; it has 13"):
        ask(np.ones(2), ProjectedSGD(0.1, 13))
    with pytest.raises(DomainError, match="step size must be positive; it is nan"):
        ask(np.ones(2), ProjectedSGD(float("nan"), 4))
    with pytest.raises(DomainError, match="31 numbers; those of the path have 2"):
        ask(np.ones(2), ProjectedSGD(0.1, 4), straight([0.0, 0.0], [2.0, 0.0]))


def test_replicas_that_blow_up_are_counted_with_their_cycle():
    problem = anchored_problem(torch.randn(8, 2, dtype=torch.float64))
    line = straight([-1.0, 0.0], [1.0, 0.0])
    with pytest.raises(DomainError, match="3 of 3 replicas blew up in cycle 1; lower the step"):
        exit_cycles(problem, line, np.ones(3), 0.1, ProjectedSGD(1e100, 2, 4), 2, seed=0)


def test_the_loss_of_the_known_landscape_is_half_a_square():
    problem, _ = known(20)
    assert problem.loss is half_square
    theta = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64)
    dense = torch.autograd.functional.hessian(problem.full, theta)
    torch.testing.assert_close(dense, torch.eye(3, dtype=torch.float64))


def test_the_linear_part_of_another_algorithm_is_refused(place):
    problem, path = place
    sgd = ProjectedSGD(0.1, 4, 2, "nesterov")
    with pytest.raises(DomainError, match="the linear part is that of plain SGD with minibatches"):
        single_cycles(problem, path, 1.0, sgd, np.zeros((2, 12)), 4, seed=0)
