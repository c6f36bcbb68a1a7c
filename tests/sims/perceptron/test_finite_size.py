import numpy as np
import pytest

from entropic.sims.perceptron.finite_size import extrapolated
from entropic.theory import DomainError, Estimate

SIZES = np.array([20.0, 40.0, 80.0, 160.0])


def noisy(truth, error, seed):
    rng = np.random.default_rng(seed)
    return [
        Estimate(t + e * rng.standard_normal(), e, "invented")
        for t, e in zip(truth, error, strict=True)
    ]


def test_a_parabola_is_met_exactly_by_the_parabola_alone():
    truth = 0.5 - 1.5 / SIZES + 20 / SIZES**2
    found = extrapolated(SIZES, [Estimate(t, 1e-3, "invented") for t in truth])
    assert found.parabola.value == pytest.approx(0.5, abs=1e-12)
    assert abs(found.limit.value - 0.5) > 1e-3
    assert not found.is_line
    assert found.limit.origin == "invented"


def test_the_line_is_that_of_numpy():
    error = np.array([0.01, 0.02, 0.01, 0.03])
    measured = noisy(1 + 3 / SIZES, error, 1)
    found = extrapolated(SIZES, measured)
    values = [float(each.value) for each in measured]
    line, covariance = np.polyfit(1 / SIZES, values, 1, w=1 / error, cov="unscaled")
    np.testing.assert_allclose(found.limit.value, line[1], rtol=1e-10)
    np.testing.assert_allclose(found.slope.value, line[0], rtol=1e-10)
    np.testing.assert_allclose(found.limit.error**2, covariance[1, 1], rtol=1e-10)


def test_errors_cover_what_they_should_and_p_values_are_uniform():
    error = np.array([0.01, 0.02, 0.01, 0.03])
    found = [extrapolated(SIZES, noisy(1 + 3 / SIZES, error, seed)) for seed in range(2000)]
    for name in ("limit", "parabola"):
        z = [(getattr(each, name).value - 1) / getattr(each, name).error for each in found]
        assert abs(np.mean(z)) < 4 / np.sqrt(2000)
        assert np.std(z) == pytest.approx(1, abs=4 / np.sqrt(4000))
    p = np.array([each.p_value for each in found])
    assert abs(p.mean() - 0.5) < 4 / np.sqrt(12 * 2000)
    assert abs((p < 0.1).mean() - 0.1) < 4 * np.sqrt(0.09 / 2000)


@pytest.mark.parametrize(
    ("sizes", "values", "what"),
    [
        ([10, 20], [1.0, 1.0], "at least 3 different sizes; they are"),
        ([10, 20, 20], [1.0, 1.0, 1.0], "at least 3 different sizes"),
        ([10, 20, 30], [1.0, 1.0], "each size needs its measurement; there are 3 and 2"),
        ([10, 20, -30], [1.0, 1.0, 1.0], "sizes must lie between 1 and 1e[+]15; one is -30"),
        ([10, 20, 1e300], [1.0, 1.0, 1.0], "sizes must lie between 1 and 1e[+]15; one is 1e[+]300"),
        ([10, 20, 30], [1.0, np.nan, 1.0], "must be finite, with a positive error; one is nan"),
    ],
)
def test_what_cannot_be_extrapolated_is_refused(sizes, values, what):
    with pytest.raises(DomainError, match=what):
        extrapolated(sizes, [Estimate(value, 0.1, "") for value in values])


def test_a_measurement_without_error_is_refused():
    with pytest.raises(DomainError, match="with a positive error; one is 0 ± 0"):
        extrapolated(SIZES, [Estimate(0, 0, "")] * 4)


def test_a_measurement_of_many_numbers_is_refused():
    with pytest.raises(DomainError, match="measurements must be numbers; one is of shape"):
        extrapolated(SIZES, [Estimate([1.0, 2.0], [0.1, 0.1], "")] * 4)
