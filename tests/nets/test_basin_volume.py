import numpy as np
import pytest
import torch
from torch import nn

from entropic.nets import Problem, basin_at, local_learning_coefficient, volume_entropy
from entropic.theory import harmonic_coefficient, harmonic_entropy
from entropic.theory.errors import DomainError


class Toy(nn.Module):
    """A network whose only output is f(w): the loss is f², over four equal samples."""

    def __init__(self, size, f):
        super().__init__()
        self.w, self.f = nn.Parameter(torch.zeros(size, dtype=torch.float64)), f

    def forward(self, x):
        return self.f(self.w) * x


def toy(size, f):
    ones = torch.ones(4, 1, dtype=torch.float64)
    return Problem(Toy(size, f), lambda out, t: out[:, 0] ** 2, ones, torch.zeros(4))


def by_quadrature(loss, weight, gamma):
    """S and w⟨L⟩ on a grid in two directions: no sampling."""
    x = np.linspace(-9, 9, 3001) / gamma**0.5
    p = np.exp(-0.5 * gamma * x**2)
    p /= p.sum()
    losses = loss(x[:, None], x[None])
    share = np.exp(-weight * losses) * p[:, None] * p[None]
    return np.log(share.sum()), weight * (losses * share).sum() / share.sum()


SINGULAR = (
    (lambda w: w[0] * w[1], lambda x, y: (x * y) ** 2),
    (lambda w: w[0] ** 2 + 0 * w[1], lambda x, y: x**4 + 0 * y),
)


@pytest.mark.parametrize(("f", "loss"), SINGULAR)
def test_the_volume_of_a_singular_minimum_is_that_of_quadrature(f, loss):
    basin = basin_at(toy(2, f), torch.zeros(2, dtype=torch.float64))
    found = volume_entropy(basin, 100.0, 1.0, intervals=16, chains=32, draws=60)
    entropy, coefficient = by_quadrature(loss, 100.0, 1.0)
    assert abs(float(found.entropy.value) - entropy) < 4 * float(found.entropy.error) < 0.35
    gap = abs(float(found.coefficient.value) - coefficient)
    assert gap < 4 * float(found.coefficient.error) < 0.15
    assert found.harmonic_entropy == 0.0  # the log-determinant sees nothing
    assert found.r_hat < 1.1


@pytest.mark.slow
def test_the_stated_errors_are_those_of_many_runs():
    f, loss = SINGULAR[0]
    basin = basin_at(toy(2, f), torch.zeros(2, dtype=torch.float64))
    entropy, coefficient = by_quadrature(loss, 100.0, 1.0)
    runs = [
        volume_entropy(basin, 100.0, 1.0, chains=8, draws=60, seed=100 + seed) for seed in range(24)
    ]
    for name, exact, near in (("entropy", entropy, 0.06), ("coefficient", coefficient, 0.05)):
        found = [getattr(run, name) for run in runs]
        gaps = np.array([float(one.value) - exact for one in found])
        z = gaps / np.array([float(one.error) for one in found])
        assert 0.6 < np.sqrt((z**2).mean()) < 1.35  # 95 % of 24 Gaussian runs: 0.72 to 1.28
        assert (abs(z) < 2).sum() >= 20
        assert abs(z).max() < 3.2
        assert abs(gaps.mean()) < 4 * gaps.std() / 24**0.5 < near


def test_what_the_intervals_miss_is_in_the_error():
    f, loss = SINGULAR[0]
    basin = basin_at(toy(2, f), torch.zeros(2, dtype=torch.float64))
    found = volume_entropy(basin, 1e4, 1.0, intervals=4, chains=8, draws=60)
    gap = abs(float(found.entropy.value) - by_quadrature(loss, 1e4, 1.0)[0])
    assert 0.1 < found.quadrature <= float(found.entropy.error)
    assert gap < 4 * float(found.entropy.error)


def test_a_gradient_at_the_centre_is_part_of_the_quadratic_answer():
    basin = basin_at(toy(1, lambda w: w[0] + 0.5), torch.zeros(1, dtype=torch.float64))
    found = volume_entropy(basin, 3.0, 2.0, chains=8, draws=100)  # L = (w + 1/2)², L* = 1/4
    assert found.slope_entropy == pytest.approx(0.5 * 9 / (2 + 6))
    assert found.harmonic_entropy == pytest.approx(0.5625 - 0.5 * np.log(4.0))
    gap = abs(float(found.entropy.value) - found.harmonic_entropy)
    assert gap < 4 * float(found.entropy.error) < 0.4
    apart = abs(float(found.coefficient.value) - found.harmonic_coefficient)
    assert apart < 4 * float(found.coefficient.error) < 0.4
    assert found.slope_coefficient == pytest.approx(found.harmonic_coefficient - 0.375)


def test_the_volume_of_a_quadratic_loss_is_its_log_determinant():
    problem = toy(2, lambda w: 2.0 * w[0])  # eigenvalues 8 and 0
    basin = basin_at(problem, torch.zeros(2, dtype=torch.float64))
    found = volume_entropy(basin, 10.0, 1.0, chains=8, draws=100)
    assert found.harmonic_entropy == pytest.approx(-0.5 * np.log(81.0))
    gap = abs(float(found.entropy.value) - found.harmonic_entropy)
    assert gap < 4 * float(found.entropy.error) < 0.3
    assert found.acceptance == 1.0


def test_across_a_normal_nothing_moves_along_it():
    basin = basin_at(
        toy(2, lambda w: 2.0 * w[0]), torch.zeros(2, dtype=torch.float64), torch.tensor([1.0, 0.0])
    )
    z = torch.randn(5, basin.dim, dtype=torch.float64)
    assert basin.dim == 1
    assert basin.parameters(z)[:, 0].abs().max() < 1e-14
    assert torch.allclose(basin.coordinates(basin.parameters(z)), z)


def test_langevin_steps_are_off_by_the_bias_that_is_told():
    basin = basin_at(toy(1, lambda w: 2.0 * w[0]), torch.zeros(1, dtype=torch.float64))
    found = local_learning_coefficient(
        basin, 1.0, 10.0, sampler="sgld", batch=4, step=1.0 / 81, draws=300, chains=64
    )
    told = found.harmonic + found.step_bias
    assert found.step_bias == pytest.approx(found.harmonic / 3)
    assert abs(float(found.value.value) - told) < 4 * float(found.value.error) < 0.1
    assert told - float(found.value.value) < 0.5 * found.step_bias


def test_the_harmonic_coefficient_is_the_slope_of_the_entropy():
    values, slopes = np.array([3.0, 0.2, 0.0]), np.array([0.1, 0.0, 0.2])
    up, down = (harmonic_entropy(values, w, 2.0, slopes) for w in (5.0005, 4.9995))
    slope = -5.0 * (up - down) / 0.001
    assert harmonic_coefficient(values, 5.0, 2.0, slopes) == pytest.approx(slope, rel=1e-6)


def test_what_makes_no_sense_is_refused():
    basin = basin_at(toy(1, lambda w: w[0]), torch.zeros(1, dtype=torch.float64))
    with pytest.raises(DomainError, match="weight must be positive; it is 0"):
        volume_entropy(basin, 0.0, 1.0)
    with pytest.raises(DomainError, match="localisation must be positive; it is 0"):
        volume_entropy(basin, 1.0, 0.0)
    with pytest.raises(DomainError, match="multiple of 4; there are 6"):
        volume_entropy(basin, 1.0, 1.0, intervals=6)
    with pytest.raises(DomainError, match="'hmc' or 'sgld'; it is 'nuts'"):
        local_learning_coefficient(basin, 1.0, sampler="nuts")
    with pytest.raises(DomainError, match="raise the localisation"):
        harmonic_entropy(np.array([-3.0]), 1.0, 1.0)
