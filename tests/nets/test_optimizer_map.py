"""The prediction for every optimizer against full matrices, and against the algorithm itself."""

import numpy as np
import pytest
import torch
from landscapes import digits_like, line_through, small_problem
from naive_displacement import naive_displacement
from naive_relaxing import held_displacements

from entropic.nets import Problem, ProjectedSGD, cycle_displacement, path_slopes, resnet
from entropic.nets.displacement import algorithm_response
from entropic.nets.fluctuation import Sampling
from entropic.nets.losses import cross_entropy
from entropic.nets.parameters import flat_parameters
from entropic.nets.preconditioner import preconditioners
from entropic.nets.problem import array
from entropic.theory import DomainError, straight

CASES = {
    "heavy ball": ProjectedSGD(0.1, 4, 4, "heavy-ball", 0.7),
    "heavy ball, reset": ProjectedSGD(0.1, 4, 4, "heavy-ball", 0.7, buffers="reset"),
    "Nesterov": ProjectedSGD(0.1, 4, 4, "nesterov", 0.7),
    "Nesterov, level and reset": ProjectedSGD(
        0.1, 4, 4, "nesterov", 0.7, buffers="reset", level=True
    ),
    "Adam, level": ProjectedSGD(0.01, 4, 4, "adam", 0.7, level=True),
}


@pytest.fixture(scope="module")
def place():
    problem = small_problem()
    path = line_through(problem)
    return problem, path, float(path.middles([0.4])[0])


def both(place, sgd, sampling):
    problem, path, s = place
    tangent = problem.tensor(path.tangent(s))
    slopes = path_slopes(problem, path) if sgd.level else np.zeros(len(path.points))
    off = tangent * float(slopes[path.segment_of(np.asarray(s))])
    scale = torch.ones_like(tangent)
    if sgd.optimizer == "adam":
        gradient = torch.func.grad(problem.full)(problem.tensor(path.at(s))) - off
        scale = 1 / (_second(problem, path.at(s), gradient, sgd).sqrt() + 1e-8)
        found = preconditioners(problem, path, np.array([s]), sgd, slopes)[0]
        np.testing.assert_allclose(array(found), array(scale), rtol=1e-9)
    return (
        naive_displacement(problem, path, s, sgd, scale, off),
        algorithm_response(problem, path, s, sgd, sampling),
    )


def _second(problem, point, gradient, sgd):
    each = []
    for x, y in zip(problem.inputs, problem.targets, strict=True):
        free = problem.tensor(point).requires_grad_()
        loss = problem.sample_losses(free, x[None], y[None])[0]
        each.append(torch.autograd.grad(loss, free)[0])
    return gradient**2 + sgd.noise_factor(problem.samples) * torch.stack(each).var(dim=0)


@pytest.mark.parametrize("case", CASES)
def test_drift_and_variance_equal_the_moments_of_place_and_buffer_with_full_matrices(place, case):
    naive, found = both(place, CASES[case], Sampling(31, 2, 0, 1e-8))
    # a held cycle is stationary to 1e-5; without a memory all is exact
    near = 1e-8 if CASES[case].buffers == "reset" else 3e-5
    moved = array(naive.way[-1] - naive.way[0]) @ place[1].tangent(place[2])
    assert found.energetic == pytest.approx(float(moved), rel=near)
    assert float(found.entropic.value) == pytest.approx(naive.entropic, rel=near)
    assert found.single_variance == pytest.approx(naive.single_variance, rel=near)
    assert found.variance == pytest.approx(naive.variance, rel=near)
    if CASES[case].buffers != "reset":
        assert found.variance > 1.2 * found.single_variance


@pytest.mark.parametrize("noise", ["isotropic", "uncorrelated"])
def test_noise_of_another_kind_has_its_own_covariance(place, noise):
    sgd = ProjectedSGD(0.1, 4, 4, "heavy-ball", 0.7, noise=noise)
    naive, found = both(place, sgd, Sampling(0, 300, 0, 1e-3))
    assert found.variance == pytest.approx(naive.variance, rel=3e-5)
    assert found.single_variance == pytest.approx(naive.single_variance, rel=3e-5)
    assert abs(float(found.entropic.value) - naive.entropic) < 4 * float(found.entropic.error)
    assert found.with_batch(4).kurtosis == 0
    assert found.with_batch(4).curvature_noise == 0


def test_without_noise_only_the_energy_moves(place):
    problem, path, s = place
    found = cycle_displacement(problem, path, s, ProjectedSGD(0.1, 4, 4, noise="none"), probes=2)
    assert float(found.variance.value) == float(found.entropic.value) == 0
    assert float(found.drift.value) == found.energetic


def test_momentum_zero_is_plain_sgd(place):
    problem, path, s = place
    plain, *others = (
        cycle_displacement(problem, path, s, ProjectedSGD(0.1, 4, 4, rule, 0.0), probes=2)
        for rule in ("sgd", "heavy-ball", "nesterov")
    )
    for other in others:
        assert float(other.drift.value) == pytest.approx(float(plain.drift.value), rel=1e-12)
        assert float(other.variance.value) == pytest.approx(float(plain.variance.value), rel=1e-12)
        assert other.growth == pytest.approx(plain.growth, rel=1e-12)


def test_random_rows_of_a_kept_buffer_cover_the_exact_drift(place):
    sgd = CASES["heavy ball"]
    naive, _ = both(place, sgd, Sampling(31, 2))
    problem, path, s = place
    z = []
    for seed in range(10):
        found = algorithm_response(problem, path, s, sgd, Sampling(3, 12, seed, 1e-3)).entropic
        z.append((float(found.value) - naive.entropic) / float(found.error))
    assert 0.3 < np.mean(np.abs(z) < 1) < 0.95
    assert abs(np.mean(z)) < 4 / 10**0.5


def test_a_cold_or_slow_second_moment_is_named(place):
    problem, path, s = place
    cold = ProjectedSGD(0.01, 4, 4, "adam", 0.7, buffers="cold")
    assert "lag inf > 0.2" in cycle_displacement(problem, path, s, cold, probes=2).objection
    slow = ProjectedSGD(0.01, 4, 2, "heavy-ball", 0.9)
    assert "memory 0.81 > 0.5" in cycle_displacement(problem, path, s, slow, probes=2).objection


def test_what_has_no_linear_map_is_refused(place):
    problem, path, s = place
    with pytest.raises(DomainError, match="Adam that forgets at every cycle"):
        cycle_displacement(problem, path, s, ProjectedSGD(0.01, 4, 4, "adam", buffers="reset"))
    with pytest.raises(DomainError, match="beyond the edge of stability"):
        cycle_displacement(problem, path, s, ProjectedSGD(1e3, 4, 4, "heavy-ball"))


def test_batch_statistics_are_refused():
    model = resnet(8, width=2, classes=3, seed=0)
    problem = Problem(model, cross_entropy, torch.randn(4, 3, 8, 8), torch.tensor([0, 1, 2, 0]))
    theta = array(flat_parameters(problem.model))
    path = straight(theta - 1, theta + 1, 4)
    with pytest.raises(DomainError, match="take running statistics"):
        cycle_displacement(problem, path, 0.1, ProjectedSGD(0.01, 2))


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["heavy-ball", "nesterov", "adam"])
def test_the_algorithm_held_in_place_moves_and_spreads_as_predicted(rule):
    problem, path, s = digits_like()
    sgd = ProjectedSGD(0.001 if rule == "adam" else 0.01, 24, 15, rule)
    predicted = cycle_displacement(problem, path, s, sgd)
    moved = held_displacements(problem, path, s, sgd, (2000, 12, 10))
    error = moved.mean(axis=0).std() / 2000**0.5
    assert not predicted.objection
    assert abs(float(predicted.drift.value) - moved.mean()) < 4 * error
    single = moved.var(axis=1).mean()
    assert float(predicted.single_variance.value) == pytest.approx(single, rel=0.08)
    apart = moved - moved.mean(axis=1, keepdims=True)
    lags = [float((apart[lag:] * apart[: 10 - lag]).mean()) for lag in range(5)]
    assert float(predicted.variance.value) == pytest.approx(lags[0] + 2 * sum(lags[1:]), rel=0.12)
