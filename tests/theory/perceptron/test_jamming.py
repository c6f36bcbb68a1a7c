import naive_jamming as naive
import numpy as np
import pytest

from entropic.theory.perceptron.jamming import CHECK_NODES, load_at_jamming
from entropic.theory.perceptron.spherical import critical_capacity

STAIRS = [
    ([0.6], [5.0], -1.0),
    ([0.2], [20.0], -0.5),
    ([0.5, 0.1], [4.0, 15.0], -1.0),
    ([0.7, 0.3, 0.08], [3.0, 9.0, 30.0], -2.0),
]


@pytest.mark.parametrize(("gap", "height", "kappa"), STAIRS[:2])
def test_one_step_is_the_double_integral(gap, height, kappa):
    found = load_at_jamming(np.array(gap), np.array(height), kappa)
    wanted = naive.one_step_load(1 - gap[0], height[0], kappa)
    assert found.alpha == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(("gap", "height", "kappa"), STAIRS)
def test_any_steps_are_plain_sums_over_a_dense_grid(gap, height, kappa):
    found = load_at_jamming(np.array(gap), np.array(height), kappa)
    assert found.alpha == pytest.approx(naive.staircase_load(gap, height, kappa), rel=2e-5)


@pytest.mark.parametrize(("gap", "height", "kappa"), STAIRS)
def test_the_slopes_are_derivatives(gap, height, kappa):
    gap, height = np.array(gap), np.array(height)
    found = load_at_jamming(gap, height, kappa)

    def slope(by_gap, by_height):
        up = load_at_jamming(gap + by_gap, height + by_height, kappa).alpha
        down = load_at_jamming(gap - by_gap, height - by_height, kappa).alpha
        return np.log(up / down) / 2

    for i, along in enumerate(np.eye(len(gap))):
        step = 1e-4 * gap[i]
        assert slope(step * along, 0) / step == pytest.approx(found.by_gap[i], abs=1e-6)
        step = 1e-4 * height[i]
        assert slope(0, step * along) / step == pytest.approx(found.by_height[i], abs=1e-8)


@pytest.mark.parametrize("kappa", [-2.0, -0.7, -0.1])
def test_a_step_cut_in_two_of_the_same_height_is_the_same_step(kappa):
    whole = load_at_jamming(np.array([0.5, 0.1]), np.array([6.0, 50.0]), kappa)
    cut = load_at_jamming(np.array([0.5, 0.3, 0.1, 0.04]), np.array([6.0, 6, 50, 50]), kappa)
    assert cut.alpha == pytest.approx(whole.alpha, rel=1e-13)
    assert cut.by_height[:2].sum() == pytest.approx(whole.by_height[0], rel=1e-10)
    assert cut.by_gap[1] == 0.0


@pytest.mark.parametrize("kappa", [-2.0, -0.7, -0.1])
def test_a_step_of_no_height_is_replica_symmetry(kappa):
    found = load_at_jamming(np.array([0.5]), np.array([1e-5]), kappa)
    assert found.alpha == pytest.approx(critical_capacity(kappa), rel=1e-4)
    # the linear term as well
    better = found.alpha * (1 - 1e-5 * found.by_height[0])
    assert better == pytest.approx(critical_capacity(kappa), rel=1e-8)


def test_the_finer_rule_agrees_to_rounding():
    rng = np.random.default_rng(1)
    for _ in range(12):
        gap = np.exp(-np.cumsum(rng.uniform(0.1, 2, 4)))
        height = np.cumsum(rng.exponential(2, 4)) / gap
        kappa = rng.uniform(-3, 0)
        rough, fine = (load_at_jamming(gap, height, kappa, n).alpha for n in (12, CHECK_NODES))
        assert rough == pytest.approx(fine, rel=1e-12)
