import numpy as np
import pytest
import torch
from landscapes import hessian, small_problem

from entropic.nets import hutchinson_trace, largest_eigenvalue
from entropic.nets.optimizer_map import LinearMap
from entropic.nets.parameters import flat_parameters
from entropic.nets.stability import curvature_spread
from entropic.theory import DomainError


@pytest.fixture(scope="module")
def place():
    problem = small_problem()
    theta = flat_parameters(problem.model)
    return problem, theta, hessian(problem, theta)


def test_the_trace_estimate_covers_the_trace_as_often_as_its_error_says(place):
    problem, theta, dense = place
    exact = float(dense.trace())
    estimates = [hutchinson_trace(problem, theta, 40, seed) for seed in range(40)]
    z = np.array([(float(e.value) - exact) / float(e.error) for e in estimates])
    assert 0.5 < np.mean(abs(z) < 1) < 0.86
    assert abs(z.mean()) < 4 / 40**0.5


def test_the_largest_eigenvalue_is_the_one_of_the_dense_hessian(place):
    problem, theta, dense = place
    found = largest_eigenvalue(problem, theta)
    exact = float(torch.linalg.eigvalsh(dense)[-1])
    assert abs(float(found.value) - exact) <= max(float(found.error), 1e-8)


def test_the_direction_of_most_fluctuating_curvature_is_the_top_of_its_covariance(place):
    problem, theta, dense = place
    n = problem.samples
    each = []
    for i in range(n):
        one = small_problem(decay=0.0)
        object.__setattr__(one, "inputs", problem.inputs[i : i + 1])
        object.__setattr__(one, "targets", problem.targets[i : i + 1])
        each.append(hessian(one, theta))
    stack = torch.stack(each)
    apart = stack - stack.mean(dim=0)
    covariance = (apart @ apart).sum(dim=0) / (n - 1)
    values, vectors = torch.linalg.eigh(covariance)
    found = curvature_spread(problem, theta, iterations=200)
    assert found.spread == pytest.approx(float(values[-1]), rel=1e-6)
    top = vectors[:, -1]
    assert found.linear == pytest.approx(float(top @ dense @ top), rel=1e-4)
    step, c = 0.1, 0.3
    damped = torch.eye(len(theta), dtype=theta.dtype) - step * dense
    growth = top @ (damped @ damped + step**2 * c * covariance) @ top
    scaled = curvature_spread(problem, theta, step, iterations=200)
    assert scaled.growth(LinearMap(step), c) == pytest.approx(float(growth), rel=1e-4)


def test_one_probe_has_no_error_bar(place):
    with pytest.raises(DomainError, match="at least 2 probes; there are 1"):
        hutchinson_trace(place[0], place[1], probes=1)
