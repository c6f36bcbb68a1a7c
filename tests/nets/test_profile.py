import numpy as np
import pytest
import torch
from landscapes import hessian, small_problem

from entropic.nets import Carried, curvature_at, flat_parameters


@pytest.fixture(scope="module")
def way():
    problem = small_problem(samples=64)
    theta = flat_parameters(problem.model)
    direction = torch.randn(len(theta), generator=torch.Generator().manual_seed(1)).double()
    return problem, [theta + s * direction for s in np.linspace(0, 0.3, 6)]


def test_every_point_of_a_path_is_that_of_its_dense_hessian(way):
    problem, points = way
    carried = None
    for theta in points:
        found, carried = curvature_at(problem, theta, carried, probes=32)
        dense = hessian(problem, theta)
        values = torch.linalg.eigvalsh(dense)
        assert found.loss == pytest.approx(problem.full(theta).item(), rel=1e-12)
        slope = torch.func.grad(problem.full)(theta).norm().item()
        assert found.gradient_norm == pytest.approx(slope, rel=1e-10)
        assert float(found.lambda_max.value) == pytest.approx(float(values[-1]), rel=1e-4)
        assert abs(float(found.lambda_max.value) - float(values[-1])) <= found.lambda_max.error
        assert abs(float(found.trace.value) - float(dense.trace())) < 4 * float(found.trace.error)
        assert float(values[0]) - 1e-9 <= found.smallest < 0.5 * float(values[0])


def test_eigenvectors_that_are_known_save_products(way):
    problem, points = way
    first, carried = curvature_at(problem, points[0], count=3, tolerance=1e-5)
    cold, _ = curvature_at(problem, points[0], count=3, tolerance=1e-5)
    warm, _ = curvature_at(problem, points[0], carried, count=3, tolerance=1e-5)
    assert warm.products < cold.products
    assert first.products == cold.products


def test_a_point_follows_from_what_is_carried_to_it_and_nothing_else(way):
    problem, points = way
    _, carried = curvature_at(problem, points[0], count=2)
    assert carried.vectors.shape == (3, 31)
    stored = Carried(torch.tensor(carried.vectors.numpy().copy()))
    one, two = (curvature_at(problem, points[1], c, count=2)[0] for c in (carried, stored))
    assert one == two or repr(one) == repr(two)


def test_it_goes_on_until_the_trace_is_as_sure_as_was_asked(way):
    problem, points = way
    found, _ = curvature_at(problem, points[0], trace_error=0.15, probes=2)
    assert float(found.trace.error) <= 0.15
