import numpy as np
import pytest
import torch
from landscapes import hessian, small_problem, third_derivative

from entropic.nets import Hessian, landscape_across
from entropic.nets.across import Across, across_point, dense_across
from entropic.nets.operators import scores
from entropic.nets.parameters import flat_parameters
from entropic.nets.problem import array
from entropic.theory import Path


def circle(beads: int = 4001) -> tuple:
    """A half circle through the parameters of a small network, radius 1.5."""
    problem = small_problem()
    theta = array(flat_parameters(problem.model))
    first, second = np.linalg.qr(np.random.default_rng(1).normal(size=(31, 2)))[0].T
    angle = np.linspace(0, np.pi, beads)[:, None]
    return problem, Path(theta + 1.5 * (np.cos(angle) * first + np.sin(angle) * second))


def whole(problem, path, s):
    settings = {"floor": 0.0, "dense": 100, "pairs": 5, "seed": 0}
    return across_point(problem, path, s, **settings)


def test_the_reflection_finds_the_spectrum_of_the_projected_matrix():
    generator = torch.Generator().manual_seed(2)
    matrix = torch.randn(9, 9, generator=generator, dtype=torch.float64)
    matrix, way = matrix + matrix.T, torch.randn(9, generator=generator, dtype=torch.float64)
    for tangent in (way / way.norm(), torch.eye(9, dtype=torch.float64)[0]):
        values, vectors = dense_across(matrix, tangent)
        keep = torch.eye(9, dtype=torch.float64) - torch.outer(tangent, tangent)
        inner = keep @ matrix @ keep
        torch.testing.assert_close(vectors @ vectors.T, torch.eye(8, dtype=torch.float64))
        torch.testing.assert_close(vectors @ inner, values[:, None] * vectors)
        assert float((vectors @ tangent).abs().max()) < 1e-12
        assert np.all(np.diff(values.numpy()) < 0)


def test_slope_and_noise_are_those_of_dense_matrices_on_a_straight_path():
    problem, path = circle(3)  # in the first segment the bending is that towards the second
    s = float(path.middles([0.2])[0])
    found = whole(problem, path, s)
    theta, tangent = torch.tensor(path.at(s)), torch.tensor(path.tangent(s))
    dense = hessian(problem, theta)
    _, vectors = dense_across(dense, tangent)
    some = vectors[: len(found.slope)]
    each = scores(problem, theta)
    covariance = each.T @ each / 11
    kappa = torch.tensor(path.bending(s))
    turned = torch.outer(some @ dense @ tangent, some @ kappa)
    slope = some @ third_derivative(problem, theta, tangent) @ some.T - turned - turned.T
    sign = torch.sign(torch.tensor(found.slope[0])) * torch.sign(slope[0])  # of eigenvectors
    sign, few = sign.numpy(), slice(0, 14)  # below them the decay alone is left, 14 times alike
    flip = np.outer(sign, sign)[few, few]
    np.testing.assert_allclose(found.slope[few, few] * flip, slope[few, few], atol=1e-8)
    expected = {
        "minibatch": covariance,
        "uncorrelated": torch.diag(covariance.diagonal()),
        "isotropic": torch.eye(31, dtype=torch.float64) * covariance.trace() / 31,
    }
    for name, matrix in expected.items():
        noise = found.noises[name]
        inner = (some @ matrix @ some.T)[few, few]
        np.testing.assert_allclose(noise.across[few, few] * flip, inner, atol=1e-10)
        assert noise.along == pytest.approx(float(tangent @ matrix @ tangent), rel=1e-10)
        assert noise.mean == pytest.approx(float(covariance.trace()) / 31, rel=1e-10)
    assert found.along == pytest.approx(float(tangent @ dense @ tangent), rel=1e-10)


def log_det_above(problem, path, s, count):
    theta, tangent = torch.tensor(path.at(s)), torch.tensor(path.tangent(s))
    values, _ = dense_across(hessian(problem, theta), tangent)
    return float(values[:count].log().sum())


def test_the_slope_holds_the_turning_of_the_frame_on_a_curved_path():
    """D/ds log det of the five stiffest directions, by differences along a half circle."""
    problem, path = circle()
    s = float(path.middles([0.35])[0])
    gap = float(path.middles([0.36])[0]) - s
    ahead, behind = (log_det_above(problem, path, s + way * gap, 5) for way in (1, -1))
    wide = [log_det_above(problem, path, s + 2 * way * gap, 5) for way in (1, -1)]
    numeric = (8 * (ahead - behind) - (wide[0] - wide[1])) / (12 * gap)
    found = whole(problem, path, s)
    analytic = float((found.slope.diagonal() / found.kept)[:5].sum())
    turning = float((2 * found.pull * found.bend / found.kept)[:5].sum())
    assert abs(turning) > 0.02 * abs(numeric)
    assert analytic == pytest.approx(numeric, abs=0.02 * abs(turning))


def test_beyond_the_dense_size_the_leading_directions_are_the_same_and_the_reach_says_so():
    problem, path = circle(101)
    s = path.middles([0.2, 0.6])
    full, some = (landscape_across(problem, path, s, dense=d, pairs=4) for d in (100, 10))
    assert full.reach == 0
    assert all(p.complete for p in full.points) > any(p.complete for p in some.points)
    assert some.reach == pytest.approx(max(p.eigenvalues[3] for p in full.points), rel=1e-3)
    for one, other in zip(full.points, some.points, strict=True):
        np.testing.assert_allclose(other.eigenvalues, one.eigenvalues[:4], rtol=1e-4)
        np.testing.assert_allclose(other.slope.diagonal(), one.slope.diagonal()[:4], atol=0.05)


def test_the_operator_forgets_the_tangent():
    problem, path = circle(5)
    theta, tangent = torch.tensor(path.at(1.0)), torch.tensor(path.tangent(1.0))
    operator = Across(Hessian(problem, theta), tangent)
    keep = torch.eye(31, dtype=torch.float64) - torch.outer(tangent, tangent)
    found = operator.products(torch.eye(31, dtype=torch.float64))
    torch.testing.assert_close(found, keep @ hessian(problem, theta) @ keep)
    parts = operator.products_of(range(operator.addends), torch.eye(31, dtype=torch.float64))
    torch.testing.assert_close(parts, found)
    assert operator.used == 62
