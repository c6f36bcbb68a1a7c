import numpy as np
import pytest
import torch
from landscapes import hessian, small_problem

from entropic.nets import Hessian, Matrix, flat_parameters, log_det
from entropic.theory import (
    AboveFloor,
    AboveMostNegative,
    DomainError,
    TopRank,
    WholeSpectrum,
    matrix_spectrum,
)


def bulk(size: int = 160, lowest: float = -0.05) -> Matrix:
    """A gap between curvature and rounding, as after training."""
    generator = torch.Generator().manual_seed(0)
    values = torch.cat(
        [torch.logspace(1.5, -0.3, size // 2), torch.linspace(lowest, 0.04, size - size // 2)]
    ).double()
    turn = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))[0]
    return Matrix(turn @ torch.diag(values) @ turn.T)


@pytest.mark.parametrize("rule", [AboveMostNegative(), AboveFloor(0.1), TopRank(4)])
def test_small_operators_are_diagonalised_and_cleaned_by_the_rule(rule):
    problem = small_problem()
    theta = flat_parameters(problem.model)
    dense = hessian(problem, theta).numpy()
    expected = matrix_spectrum(dense, rule)
    found = log_det(Hessian(problem, theta), rule)
    assert float(found.log_det.value) == pytest.approx(float(expected.log_det.value), rel=1e-10)
    assert (found.kept.value, found.rule) == (expected.kept, rule.name)
    assert found.negative.value == np.sum(np.linalg.eigvalsh(dense) < 0)
    assert found.floor == pytest.approx(expected.floor, rel=1e-10)
    assert (float(found.log_det.error), found.log_det_bias, found.kept_bias) == (0, 0, 0)
    excess = found.log_det.value - found.kept.value * np.log(found.floor)
    assert float(found.excess.value) == pytest.approx(float(excess), abs=1e-9)


@pytest.mark.parametrize("rule", [AboveMostNegative(), AboveFloor(0.2)])
def test_quadrature_agrees_with_diagonalisation_within_its_errors(rule):
    operator = bulk()
    exact = log_det(operator, rule)
    found = log_det(operator, rule, dense=0, probes=24, steps=48, deflate=8)
    for name in ("log_det", "excess", "kept", "negative"):
        one, other = getattr(found, name), getattr(exact, name)
        bias = getattr(found, f"{name}_bias", 1.0)  # the count below zero is only smeared
        assert abs(float(one.value) - float(other.value)) < 4 * float(one.error) + bias
    assert float(found.log_det.error) < 5
    assert found.excess_bias < found.log_det_bias < 8
    assert found.floor == pytest.approx(exact.floor, rel=0.05)  # Ritz values lie inside


def scatter(seeds: int, probes: int) -> np.ndarray:
    operator = bulk()
    rule = AboveFloor(0.2)
    exact = float(log_det(operator, rule).log_det.value)
    found = [
        log_det(operator, rule, dense=0, probes=probes, steps=60, deflate=4, seed=seed).log_det
        for seed in range(seeds)
    ]
    return np.array([(float(e.value) - exact) / float(e.error) for e in found])


def test_estimates_scatter_about_the_log_determinant_as_their_errors_say():
    off = scatter(20, 16)
    assert 0.4 < np.mean(abs(off) < 1) < 0.92
    assert abs(off.mean()) < 4 / 20**0.5


@pytest.mark.slow
def test_one_error_covers_the_log_determinant_as_often_as_a_normal_law_says():
    off = scatter(300, 24)
    assert abs(np.mean(abs(off) < 1) - 0.672) < 3 * (0.672 * 0.328 / 300) ** 0.5
    assert abs(off.mean()) < 4 / 300**0.5


def test_a_positive_definite_hessian_keeps_all_it_met():
    operator = bulk(lowest=0.01)
    exact = log_det(operator, WholeSpectrum())
    found = log_det(operator, dense=0, steps=100)
    assert float(found.kept.value) == pytest.approx(160, abs=4 * float(found.kept.error) + 0.1)
    gap = abs(float(found.log_det.value) - float(exact.log_det.value))
    assert gap < 4 * float(found.log_det.error) + found.log_det_bias
    assert float(found.negative.value) == 0


def test_other_rules_need_the_whole_spectrum():
    with pytest.raises(DomainError, match="a floor or the most negative .* 'top' for 160"):
        log_det(bulk(), TopRank(3), dense=100)
    with pytest.raises(DomainError, match="at least 2 probes and 2 steps; there are 1 and 64"):
        log_det(bulk(), dense=0, probes=1)
    with pytest.raises(DomainError, match="deflate must be from 0 to N - 2 = 158; it is 159"):
        log_det(bulk(), dense=0, deflate=159)
    with pytest.raises(DomainError, match="must keep an eigenvalue"):
        log_det(Matrix(-torch.eye(3)))
