import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr

from entropic.theory.perceptron.distance_curve import drawn, follow, typical
from entropic.theory.perceptron.entropy_curve import upper_bound
from entropic.theory.perceptron.fixed_distance import overlaps_at, refine
from entropic.theory.perceptron.saddle import saddle_point
from entropic.theory.perceptron.shielded import FAINT, might_be_shielded, shielded
from entropic.theory.perceptron.stretched import FINE

MODELS = pytest.mark.parametrize("model", ["binary", "spherical"])


@MODELS
def test_it_joins_the_full_saddle_point_with_an_error_of_second_order(model):
    ref = drawn(0.4, 0.0, 0.3, model)
    start = typical(ref, saddle_point(0.4, 0.0, model))
    d = np.array([0.0012, 0.0018, 0.003])
    branch = follow(ref, start, 0.001, 0.1)
    full = refine(ref, d, branch.guess(d), FINE)
    assert full.rested.all()
    at, numbers, second = shielded(ref, d)
    gap = np.abs(numbers[0] - full.numbers[0])
    assert (gap <= second + 1e-13).all()
    assert gap[2] > 0.1 * second[2] > FAINT
    np.testing.assert_allclose(numbers[1], full.numbers[1], rtol=1e-4)
    exact = overlaps_at(ref, d, full.y)
    np.testing.assert_allclose(at.gap, exact.gap, rtol=1e-4)
    np.testing.assert_allclose(at.e[0], exact.e[0], rtol=1e-2)


@MODELS
def test_the_first_order_is_the_mean_log_fraction_over_the_references_fields(model):
    ref = drawn(0.4, 0.0, 0.2, model)
    d = 0.004
    p, width = 1 - 2 * d, 2 * np.sqrt(d * (1 - d))

    def density(field):
        def over(z):
            u = (ref.margin - np.sqrt(ref.q) * z) / np.sqrt(ref.gap)
            return np.exp(
                -0.5 * (z - np.sqrt(ref.q) * field) ** 2 / ref.gap - log_ndtr(-u)
            ) / np.sqrt(2 * np.pi * ref.gap)

        return np.exp(-0.5 * field**2) / np.sqrt(2 * np.pi) * quad(over, -9, 9, limit=100)[0]

    edge = ref.margin
    total = quad(density, edge, edge + 9, epsrel=1e-9)[0]
    first = quad(lambda h: density(h) * log_ndtr(p * h / width), edge, edge + 2, epsrel=1e-8)[0]
    assert total == pytest.approx(1, rel=1e-8)
    _, numbers, _ = shielded(ref, np.array([d]))
    assert numbers[0, 0] - upper_bound(d, model) == pytest.approx(0.4 * first, rel=1e-6)


@MODELS
def test_its_slope_is_the_derivative_of_its_entropy(model):
    ref = drawn(0.4, 0.0, 0.5, model)
    d, h = np.array([0.002, 0.004]), 1e-6
    (up, down), slope = (
        [shielded(ref, d + s * h)[1][0] for s in (1, -1)],
        shielded(ref, d)[1][1],
    )
    np.testing.assert_allclose((up - down) / (2 * h), slope, rtol=1e-6)


def test_it_is_asked_only_where_the_reference_has_a_larger_margin_or_none_matters():
    same, robust = drawn(0.4, 0.0, 0.0, "binary"), drawn(0.4, 0.0, 0.3, "binary")
    free = drawn(0.4, -12.0, -12.0, "binary")
    d = np.array([1e-4, 1e-3, 0.1, 0.9])
    assert not might_be_shielded(same, d).any()
    assert might_be_shielded(robust, d).tolist() == [True, True, False, False]
    assert might_be_shielded(free, d).all()
    assert (shielded(free, d)[2] < FAINT).all()
