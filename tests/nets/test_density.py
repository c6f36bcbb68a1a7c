import numpy as np
import pytest
import torch
from landscapes import hessian, small_problem
from scipy.stats import norm

from entropic.nets import Hessian, Matrix, flat_parameters, leading_pairs, spectral_density
from entropic.nets.density import recurrences
from entropic.theory import DomainError


@pytest.fixture(scope="module")
def place():
    problem = small_problem()
    theta = flat_parameters(problem.model)
    values = torch.linalg.eigvalsh(hessian(problem, theta)).numpy()
    return Hessian(problem, theta), values


def test_the_recurrence_makes_the_matrix_tridiagonal_in_an_orthonormal_basis(place):
    operator, values = place
    starts = torch.randn(3, 31, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    diagonals, besides, masses = recurrences(operator, starts, None, 31)
    np.testing.assert_allclose(masses, starts.square().sum(dim=1), rtol=1e-12)
    apart = np.unique(values.round(9))  # the decay alone bends five directions: one counts
    assert len(apart) == 27
    for a, b in zip(diagonals, besides, strict=True):
        matrix = np.diag(a) + np.diag(b[:-1], 1) + np.diag(b[:-1], -1)
        np.testing.assert_allclose(np.linalg.eigvalsh(matrix), apart, atol=2e-9)


def test_the_density_is_that_of_the_eigenvalues(place):
    operator, values = place
    found = spectral_density(operator, probes=64, steps=31)
    grid, width = np.linspace(-0.6, 1, 33), 0.1
    exact = norm.pdf(grid[:, None], values, width).mean(axis=1)
    measured = found.density(grid, width)
    assert np.all(abs(measured.value - exact) < 4 * measured.error + 1e-6)
    assert np.mean(measured.error[exact > 0.1] / exact[exact > 0.1]) < 0.15
    wide = np.linspace(-3, 3, 2001)
    total = np.trapezoid(found.density(wide, width).value, wide)
    assert total == pytest.approx(1, abs=1e-9)
    assert found.products == 64 * 27


@pytest.mark.parametrize("known", [0, 3])
def test_moments_and_counts_are_those_of_the_eigenvalues(place, known):
    operator, values = place
    pairs = leading_pairs(operator, known, tolerance=1e-8) if known else None
    found = spectral_density(operator, probes=48, steps=12, deflate=pairs)
    for order in (1, 2, 3):
        moment = found.moment(order)
        assert abs(float(moment.value) - np.mean(values**order)) < 4 * float(moment.error)
    below = found.share_below(0.0)
    assert abs(float(below.value) - np.mean(values < 0)) < 4 * float(below.error) + 0.05
    assert float(found.moment(0).value) == pytest.approx(1, rel=1e-12)


def test_what_is_known_makes_the_second_moment_surer(place):
    operator, _ = place
    plain = spectral_density(operator, 32, 8).moment(2)
    helped = spectral_density(operator, 32, 8, deflate=leading_pairs(operator, 6)).moment(2)
    assert float(helped.error) < 0.6 * float(plain.error)


def test_a_used_up_krylov_space_ends_the_recurrence():
    operator = Matrix(torch.diag(torch.tensor([2.0] * 5 + [1.0] * 15).double()))
    found = spectral_density(operator, probes=8, steps=10)
    assert operator.used <= 8 * 3
    assert float(found.moment(3).value) == pytest.approx((5 * 8 + 15) / 20, rel=1e-12)
    assert float(found.moment(1).error) == pytest.approx(0, abs=1e-12)
    zero = spectral_density(Matrix(torch.zeros(6, 6)), probes=2, steps=4)
    assert zero.share_below(0.0).value == 0
    assert zero.moment(1).value == 0


def test_single_precision_sees_the_same():
    problem = small_problem()
    theta = flat_parameters(problem.model)
    double = spectral_density(Hessian(problem, theta), 4, 20)
    single = spectral_density(Hessian(problem.to(dtype=torch.float32), theta.float()), 4, 20)
    assert float(single.moment(2).value) == pytest.approx(float(double.moment(2).value), rel=1e-4)


def test_results_follow_from_the_seed(place):
    operator, _ = place
    first, again, other = (spectral_density(operator, 2, 4, seed).nodes for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_what_is_no_quadrature_is_refused(place):
    with pytest.raises(DomainError, match="at least 2 probes and 2 steps; there are 1 and 64"):
        spectral_density(place[0], probes=1)
    with pytest.raises(DomainError, match="at least 2 probes and 2 steps; there are 8 and 1"):
        spectral_density(place[0], steps=1)
    found = spectral_density(place[0], 2, 2)
    with pytest.raises(DomainError, match="width of a peak must be positive; it is 0"):
        found.density(np.zeros(1), 0.0)
