"""The finite-k prediction against enumeration, dense algebra, label noise and brute force."""

from itertools import combinations, product

import numpy as np
import pytest
import torch
from landscapes import (
    anchored_problem,
    digits_like,
    hessian,
    line_through,
    small_problem,
    third_derivative,
)

from entropic.nets import DeepLinear, Problem, ProjectedSGD, cycle_response, mlp, projected_sgd
from entropic.nets.losses import half_square
from entropic.nets.operators import scores
from entropic.nets.parameters import flat_parameters
from entropic.nets.problem import array
from entropic.nets.projected import single_cycles
from entropic.nets.sgd import full_batch_cycle, minibatches
from entropic.theory import DomainError, LinearData, Path, global_minimum, straight


def dense_displacement(problem: Problem, path: Path, s: float, step: float, cycle: int):
    """The recursions written out with full matrices: t·e_k and Var(t·δ_k) per unit of c."""
    tangent = problem.tensor(path.tangent(s))
    way = [problem.tensor(path.at(s))]
    for _ in range(cycle):
        free = way[-1].clone().requires_grad_()
        way.append(way[-1] - step * torch.autograd.grad(problem.full(free), free)[0])
    size = len(tangent)
    unit = torch.eye(size, dtype=tangent.dtype)

    def damping(theta):
        return unit - step * hessian(problem, theta)

    def noise(theta):
        each = scores(problem, theta)
        return each.T @ each / (problem.samples - 1)

    along = torch.zeros_like(unit)
    for theta in way[:-1]:
        along = damping(theta) @ along @ damping(theta) + step**2 * noise(theta)
    middle = way[cycle // 2]
    damp, kick = damping(middle), noise(middle)
    third = torch.stack([third_derivative(problem, middle, e) for e in unit])
    covariance, shift = torch.zeros_like(unit), torch.zeros_like(tangent)
    for _ in range(cycle):
        shift = damp @ shift - step * 0.5 * torch.einsum("aij,ij->a", third, covariance)
        covariance = damp @ covariance @ damp + step**2 * kick
    return float(tangent @ shift), float(tangent @ along @ tangent)


def test_entropic_drift_and_variance_equal_the_recursion_with_full_matrices():
    problem = small_problem()
    path = line_through(problem)
    s = float(path.middles([0.4])[0])
    shift, variance = dense_displacement(problem, path, s, 0.3, 6)
    found = cycle_response(problem, path, s, 0.3, 6, leading=problem.samples, probes=2)
    assert float(found.entropic.value) == pytest.approx(shift, rel=1e-5)
    assert found.variance == pytest.approx(variance, rel=1e-9)


def test_random_probes_cover_the_exact_entropic_drift_with_their_error():
    problem = small_problem()
    path = line_through(problem)
    s = float(path.middles([0.4])[0])
    exact, _ = dense_displacement(problem, path, s, 0.3, 6)
    z = []
    for seed in range(30):
        found = cycle_response(problem, path, s, 0.3, 6, leading=2, probes=12, seed=seed).entropic
        z.append((float(found.value) - exact) / float(found.error))
    assert 0.45 < np.mean(np.abs(z) < 1) < 0.9
    assert abs(np.mean(z)) < 4 / 30**0.5


def test_the_energetic_part_is_the_noiseless_motion_projected():
    problem = small_problem()
    path = line_through(problem)
    s = float(path.middles([0.4])[0])
    found = cycle_response(problem, path, s, 0.3, 6, probes=2)
    theta = torch.tensor(path.at(s))
    for _ in range(6):
        free = theta.clone().requires_grad_()
        theta = theta - 0.3 * torch.autograd.grad(problem.full(free), free)[0]
    expected = (theta.numpy() - path.at(s)) @ path.tangent(s)
    assert found.energetic == pytest.approx(expected, rel=1e-10)


def all_one_step_and_two_step_batches(problem: Problem, path: Path, s: float, step: float, k: int):
    """Displacements along the path after k steps, for every sequence of batches of two."""
    batches = [torch.tensor(pair) for pair in combinations(range(problem.samples), 2)]
    ends = []
    for sequence in product(batches, repeat=k):
        theta = problem.tensor(path.at(s))
        for pick in sequence:
            slope = torch.func.grad(problem.objective)
            theta = theta - step * slope(theta, problem.inputs[pick], problem.targets[pick])
        ends.append((array(theta) - path.at(s)) @ path.tangent(s))
    return np.array(ends)


@pytest.mark.parametrize("k", [1, 2])
def test_drift_and_variance_meet_the_enumeration_of_all_batches_as_the_step_shrinks(k):
    problem = small_problem(samples=5)
    path = line_through(problem)
    s = float(path.middles([0.5])[0])
    drift_gaps, variance_gaps = [], []
    for step in (0.04, 0.02):
        ends = all_one_step_and_two_step_batches(problem, path, s, step, k)
        predicted = cycle_response(problem, path, s, step, k, leading=5, probes=2).with_batch(2)
        entropic = float(predicted.entropic.value)
        # one step has no entropic part; two steps feel it at order step³
        drift_gaps.append(abs(ends.mean() - predicted.energetic - entropic))
        variance_gaps.append(abs(float(predicted.variance.value) / ends.var() - 1))
        if k == 2:
            assert drift_gaps[-1] < 0.1 * abs(entropic)
    assert variance_gaps[1] <= 0.6 * variance_gaps[0] + 1e-12
    assert variance_gaps[1] < 0.05
    assert drift_gaps[1] <= 0.2 * drift_gaps[0] + 1e-14


def linear_problem(seed: int = 0) -> tuple[Problem, Path, float]:
    """A deep linear network with two labels per input, ±σ about the mean: label noise in the data.

    Sampling them with replacement-free batches is noise of covariance ∝ H at a manifold of minima.
    """
    rng = np.random.default_rng(seed)
    sigma = 0.2
    inputs, clean = rng.normal(size=(3, 2)), rng.normal(size=2)
    data = LinearData(inputs, clean)
    network = global_minimum(data, 3, 2.0, seed)
    patterns = torch.tensor(np.tile(inputs, 2).T.copy())
    labels = torch.tensor(np.concatenate([clean + sigma, clean - sigma]))
    problem = Problem(
        DeepLinear(network),
        half_square,
        patterns,
        labels,
    )
    theta = array(flat_parameters(problem.model))
    # the gradient of tr H, made tangent to the manifold: the way the trace falls fastest
    curvature = hessian(problem, problem.tensor(theta))
    values, vectors = torch.linalg.eigh(curvature)
    free = vectors[:, values < 1e-9]
    free_theta = problem.tensor(theta).requires_grad_()
    trace = torch.autograd.functional.hessian(problem.full, free_theta, create_graph=True).trace()
    slope = torch.autograd.grad(trace, free_theta)[0]
    way = array(free @ (free.T @ slope))
    rate = float(np.linalg.norm(way))
    way /= rate
    # ends at unequal distances keep the start away from a bead
    return problem, straight(theta - 0.5 * way, theta + 0.6 * way, 2), rate


def drift_at_rest(step: float, cycle: int) -> tuple[float, float]:
    """Entropic drift per step once fluctuations are stationary, and −¼η²σ²·n/(n−1)·∂ tr H."""
    problem, path, rate = linear_problem()
    n, sigma = 4, 0.2
    long, longer = (
        cycle_response(problem, path, 0.5, step, k, leading=n, probes=2) for k in (cycle, cycle + 5)
    )
    assert abs(long.energetic) < 1e-12
    found = (float(longer.entropic.value) - float(long.entropic.value)) / 5
    return found, -0.25 * step**2 * sigma**2 * n / (n - 1) * rate


def test_on_a_manifold_of_minima_the_drift_is_entropic_and_follows_the_trace():
    """Label noise makes C = σ²·n/(n−1)·H there, and the loss has no slope along the manifold."""
    found, leading = drift_at_rest(0.1, 40)
    assert found == pytest.approx(leading, rel=0.2)


@pytest.mark.slow
def test_the_drift_along_the_manifold_tends_to_the_trace_law_linearly_in_the_step():
    gaps = []
    for step, cycle in ((0.1, 60), (0.05, 120), (0.025, 240)):
        found, leading = drift_at_rest(step, cycle)
        gaps.append(found / leading - 1)
    assert abs(gaps[2]) < 0.04
    assert gaps[1] / gaps[0] == pytest.approx(0.5, abs=0.1)
    assert gaps[2] / gaps[1] == pytest.approx(0.5, abs=0.1)


def test_the_kurtosis_is_that_of_a_sum_of_batch_means():
    problem = small_problem(samples=6)
    path = line_through(problem)
    s = float(path.middles([0.5])[0])
    kicks = array(scores(problem, problem.tensor(path.at(s)))) @ path.tangent(s)
    response = cycle_response(problem, path, s, 0.01, 1, leading=6, probes=2)
    variance = kicks.var()
    excess = (kicks**4).mean() / variance**2 - 3
    # one step, batch 1: the displacement is one kick, up to the finite-population factors
    found = response.fourth / (0.01**2 * variance * 6 / 5) ** 2
    assert found == pytest.approx(excess * (5 / 6) ** 2, rel=0.05)


def test_batches_are_uniform_subsets_without_repetition():
    generator = torch.Generator().manual_seed(0)
    picks = minibatches(5, 2, 20_000, generator).sort(dim=1).values.numpy()
    assert np.all(picks[:, 0] != picks[:, 1])
    _, counts = np.unique(picks @ [5, 1], return_counts=True)
    assert len(counts) == 10
    assert np.all(abs(counts - 2000) < 5 * 2000**0.5)


def test_the_noise_factor_is_exact_for_batches_without_replacement():
    values = np.random.default_rng(0).normal(size=6)
    means = [values[list(pick)].mean() for pick in combinations(range(6), 4)]
    assert ProjectedSGD(0.1, 4).noise_factor(6) * values.var(ddof=1) == pytest.approx(np.var(means))


def test_a_full_batch_makes_no_noise():
    problem = small_problem()
    path = line_through(problem)
    response = cycle_response(problem, path, 1.0, 0.1, 3, probes=2)
    found = response.with_batch(problem.samples)
    assert float(found.variance.value) == 0
    assert float(found.drift.value) == pytest.approx(found.energetic)
    thetas = projected_sgd(
        problem, path, np.full(3, 1.0), ProjectedSGD(0.1, problem.samples, 3), 1, seed=0
    )
    moved = full_batch_cycle(problem, problem.tensor(path.at([1.0])), ProjectedSGD(0.1, 1, 3))
    assert thetas[:, 1] == pytest.approx(path.project(array(moved))[0], rel=1e-12)


def test_where_the_loss_is_quadratic_the_linear_response_is_all_that_the_noise_does():
    generator = torch.Generator().manual_seed(0)
    anchors = torch.randn(7, 3, generator=generator, dtype=torch.float64)
    problem = anchored_problem(anchors, decay=0.3)
    path = straight(np.array([-9.0, 1, 0]), np.array([9.0, -2, 1]), 2)
    sgd = ProjectedSGD(0.2, 3, 5)
    response = cycle_response(problem, path, 8.0, 0.2, 5, leading=7, probes=2)
    moved, linear = single_cycles(problem, path, 8.0, sgd, response.kicks, 40, seed=1)
    assert moved.std() > 0.01
    assert moved - linear == pytest.approx(np.full(40, response.energetic), rel=1e-10)


def test_the_linear_response_takes_the_scatter_off_and_leaves_the_mean():
    problem = small_problem()
    path = line_through(problem)
    s = float(path.middles([0.4])[0])
    sgd = ProjectedSGD(0.1, 6, 5)
    kicks = cycle_response(problem, path, s, 0.1, 5, probes=2).kicks
    moved, linear = single_cycles(problem, path, s, sgd, kicks, 4000, seed=2)
    assert abs(linear.mean()) < 4 * linear.std() / 4000**0.5
    assert (moved - linear).std() < 0.2 * moved.std()
    again, _ = single_cycles(problem, path, s, sgd, kicks, 4000, seed=2)
    assert np.array_equal(moved, again)


@pytest.mark.parametrize(
    ("sgd", "message"),
    [
        (ProjectedSGD(0.0, 4), "step size must be positive"),
        (ProjectedSGD(0.1, 99), "batch must have 1 to 12 samples; it has 99"),
        (ProjectedSGD(0.1, 4, 0), "at least one step"),
    ],
)
def test_sgd_that_cannot_run_is_refused(sgd, message):
    problem = small_problem()
    with pytest.raises(DomainError, match=message):
        projected_sgd(problem, line_through(problem), np.ones(2), sgd, 1, seed=0)


def test_a_step_too_large_is_named_with_the_cycle():
    problem = small_problem()
    path = line_through(problem)
    squared = Problem(mlp((3, 4, 1), 0), half_square, problem.inputs * 1e3, problem.inputs[:, :1])
    path = line_through(squared)
    with pytest.raises(DomainError, match="2 of 2 replicas blew up in cycle 1; lower the step"):
        projected_sgd(squared, path, np.ones(2), ProjectedSGD(1e200, 4), 2, seed=0)


@pytest.mark.slow
def test_brute_force_sgd_from_the_same_point_has_the_predicted_mean_and_variance():
    problem, path, s = digits_like()
    replicas, step, batch = 60_000, 0.1, 24
    predicted = cycle_response(problem, path, s, step, 40, leading=64, probes=2).with_batch(batch)
    sgd = ProjectedSGD(step, batch, 40)
    ends = projected_sgd(problem, path, np.full(replicas, s), sgd, 1, seed=5)
    moved = ends[:, 1] - s
    error = moved.std() / replicas**0.5
    drift = float(predicted.drift.value)
    assert not predicted.objection
    assert abs(drift - moved.mean()) < 4 * error
    assert error < 0.025 * abs(drift)
    assert float(predicted.variance.value) == pytest.approx(moved.var(), rel=0.08)
    # the energy alone is more than 5 errors away
    assert abs(predicted.energetic - moved.mean()) > 5 * error
