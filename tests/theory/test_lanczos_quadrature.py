import numpy as np
import pytest

from entropic.theory import (
    AboveMostNegative,
    DomainError,
    lanczos_log_det,
    most_negative_eigenvalue,
    operator_spectrum,
    symmetric_operator,
)
from entropic.theory.lanczos import recurrence
from entropic.theory.lanczos_quadrature import sums_above_cut

SIZE = 400


def turned(values: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A full matrix with these eigenvalues, and its vectors."""
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(values),) * 2))[0]
    return (turn * values) @ turn.T, turn


def operator_of(matrix: np.ndarray):
    return symmetric_operator(lambda v: matrix @ v, len(matrix))


def dense(seed: int = 1) -> np.ndarray:
    """Log-uniform from e⁻⁸ to e²: there is weight on every cut."""
    return np.exp(np.random.default_rng(seed).uniform(-8, 2, SIZE))


def network_like(seed: int = 1) -> np.ndarray:
    """Outliers, a bulk, and many zeros blurred to both signs."""
    rng = np.random.default_rng(seed)
    bulk = np.exp(rng.uniform(-1, 3, 60))
    return np.concatenate([[90.0, 60.0, 40.0], bulk, 1e-5 * rng.normal(size=SIZE - 63)])


@pytest.mark.parametrize("steps", [8, 20, 60])
@pytest.mark.parametrize("cut", [1e-3, 0.05, 0.9, 3.0])
@pytest.mark.parametrize("values", [dense(), network_like()], ids=["dense", "network"])
def test_no_probe_is_farther_off_than_its_bound(values, cut, steps):
    matrix, turn = turned(values)
    probe = np.random.default_rng(2).normal(size=SIZE)
    weights, above = (turn.T @ probe) ** 2, values >= cut
    exact = weights[above] @ np.log(values[above]), weights[above].sum()
    diagonal, beside = recurrence(operator_of(matrix), probe, np.empty((SIZE, 0)), steps)
    found = sums_above_cut(diagonal, beside, float(probe @ probe), cut, float(values.max()))
    rounding = 1e-9 * SIZE
    assert abs(found[0] - exact[0]) <= found[2] + rounding
    assert abs(found[1] - exact[1]) <= found[3] + rounding


def test_across_a_gap_the_bias_vanishes_and_inside_a_band_it_shrinks_slowly():
    bounds = {
        name: [
            lanczos_log_det(operator, 0.01, probes=8, steps=steps, deflate=3).kept_bias
            for steps in (30, 60)
        ]
        for name, operator in (
            ("gap", operator_of(turned(network_like())[0])),
            ("band", operator_of(turned(dense())[0])),
        )
    }
    assert bounds["gap"][0] < 1e-3
    assert bounds["gap"][1] < 1e-9 * bounds["gap"][0]
    assert 0.3 < bounds["band"][1] / bounds["band"][0] < 0.7
    assert bounds["band"][1] > 1


def test_the_estimate_agrees_with_all_eigenvalues_and_not_with_another_cut():
    values = network_like()
    operator = operator_of(turned(values)[0])
    exact = operator_spectrum(operator, AboveMostNegative())
    floor = -most_negative_eigenvalue(operator).value
    assert 0.8 * exact.floor < floor < exact.floor * (1 + 1e-6)
    kept = values[values >= 0.01]
    log_det, number = np.log(kept).sum(), len(kept)
    z = []
    for seed in range(6):
        found = lanczos_log_det(operator, 0.01, probes=48, steps=40, deflate=40, seed=seed)
        z.append((found.log_det.value - log_det) / found.log_det.error)
        assert found.log_det.error < 0.02 * log_det
        assert found.log_det_bias < 0.1 * found.log_det.error
        assert abs(found.kept.value - number) < 4 * found.kept.error + found.kept_bias
        rival = exact.log_det.value  # counts the blurred zeros above |most negative| too
        assert abs(found.log_det.value - rival) > 5 * found.log_det.error
    assert np.abs(z).max() < 4
    assert 0.3 < np.std(z) < 2


def test_taking_out_the_largest_takes_their_noise_out():
    values = np.concatenate([np.full(10, 5e4), np.linspace(1, 2, SIZE - 10)])
    operator = operator_of(turned(values)[0])
    plain = lanczos_log_det(operator, 0.5, probes=16, steps=30, deflate=0)
    without = lanczos_log_det(operator, 0.5, probes=16, steps=30, deflate=10)
    assert without.deflated == pytest.approx(values[:10], rel=1e-10)
    assert without.log_det.error < 0.4 * plain.log_det.error
    for found in (plain, without):
        gap = found.log_det.value - np.log(values).sum()
        assert abs(gap) < 4 * found.log_det.error + found.log_det_bias


def test_a_small_space_is_used_up_and_leaves_no_bias():
    values = np.array([8.0, 4.0, 2.0, 1.0, 0.5, 0.25])
    operator = operator_of(turned(values)[0])
    found = lanczos_log_det(operator, 0.4, probes=4000, steps=50, deflate=2)
    assert (found.log_det_bias, found.kept_bias) == (0, 0)
    assert abs(found.log_det.value - np.log(values[:5]).sum()) < 4 * found.log_det.error
    assert abs(found.kept.value - 5) < 4 * found.kept.error
    assert found.kept.error < 0.03
    diagonal = symmetric_operator(lambda v: 3 * v, 5)  # one distinct eigenvalue: one step
    found = lanczos_log_det(diagonal, 1.0, probes=8, steps=5, deflate=0)
    assert found.log_det.value == pytest.approx(5 * np.log(3), rel=1e-12)
    assert found.kept.error < 1e-12


def test_a_cut_above_everything_keeps_nothing():
    operator = operator_of(turned(np.linspace(1, 2, 50))[0])
    found = lanczos_log_det(operator, 5.0, probes=8, steps=10, deflate=3)
    assert [found.kept.value, found.log_det.value] == pytest.approx([0, 0], abs=1e-12)


def test_the_same_seed_gives_the_same_numbers():
    operator = operator_of(turned(dense())[0])
    runs = [lanczos_log_det(operator, 0.1, probes=8, steps=10, seed=seed) for seed in (1, 1, 2)]
    assert runs[0].log_det.value == runs[1].log_det.value != runs[2].log_det.value


def test_estimates_without_an_error_are_refused():
    operator = symmetric_operator(lambda v: v, 4)
    with pytest.raises(DomainError, match="at least 8 probes and a quadrature 2 steps, .* 7, 64"):
        lanczos_log_det(operator, 1.0, probes=7)
    with pytest.raises(DomainError, match="quadrature 2 steps, .* 32, 1"):
        lanczos_log_det(operator, 1.0, steps=1)
    with pytest.raises(DomainError, match="floor must be a positive number; it is 0"):
        lanczos_log_det(operator, 0.0)
    with pytest.raises(DomainError, match="deflate must be from 0 to N - 2 = 2; it is 3"):
        lanczos_log_det(operator, 1.0, deflate=3)
