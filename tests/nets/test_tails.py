import numpy as np
import pytest

from entropic.nets import excess_kurtosis, tail_index
from entropic.theory import DomainError
from entropic.theory.errors import TooShort


@pytest.mark.parametrize("alpha", [1.5, 3.0])
def test_the_index_of_a_power_law_is_found(alpha):
    values = 1 + np.random.default_rng(0).pareto(alpha, 40_000)
    found = tail_index(values)
    assert abs(float(found.value) - alpha) < 4 * float(found.error)
    assert float(found.error) == pytest.approx(alpha / 4000**0.5, rel=0.05)


def test_the_index_does_not_depend_on_the_unit():
    values = 1 + np.random.default_rng(1).pareto(2.0, 1000)
    assert tail_index(7 * values).value == pytest.approx(tail_index(values).value)


def test_the_error_of_the_index_is_its_scatter():
    draws = np.random.default_rng(2).pareto(2.0, (300, 500)) + 1
    found = [tail_index(values) for values in draws]
    z = [(float(e.value) - 2.0) / float(e.error) for e in found]
    assert np.std(z) == pytest.approx(1.0, abs=0.15)


def test_gaussian_values_have_a_large_index_that_grows_with_their_number():
    rng = np.random.default_rng(3)
    few, many = (float(tail_index(abs(rng.normal(size=n)), 0.01).value) for n in (3000, 300_000))
    assert 4 < few < 15
    wide = float(tail_index(abs(rng.normal(size=300_000)), 1e-4).value)
    assert wide > many > 6


def test_pooled_gaussian_coordinates_of_different_variances_look_heavy_tailed():
    """Why coordinates are not pooled: together they are taken for a Lévy law."""
    rng = np.random.default_rng(4)
    scales = np.logspace(-3, 0, 200)
    noise = rng.normal(size=(500, 200)) * scales
    pooled = tail_index(abs(noise).ravel())
    assert float(pooled.value) < 2
    norms = tail_index(np.linalg.norm(noise, axis=1))
    assert float(norms.value) > 5


def test_kurtosis_of_known_laws():
    rng = np.random.default_rng(5)
    for values, exact in (
        (rng.normal(size=20_000), 0.0),
        (rng.uniform(size=20_000), -1.2),
        (rng.laplace(size=20_000), 3.0),
    ):
        found = excess_kurtosis(values)
        assert abs(float(found.value) - exact) < 4 * float(found.error)
    gauss = [excess_kurtosis(rng.normal(size=400)) for _ in range(200)]
    assert np.std([float(e.value) for e in gauss]) == pytest.approx((24 / 400) ** 0.5, rel=0.2)
    assert np.mean([float(e.error) for e in gauss]) == pytest.approx((24 / 400) ** 0.5, rel=0.2)


def test_the_kurtosis_of_a_mean_is_smaller_by_their_number():
    rng = np.random.default_rng(6)
    means = rng.exponential(size=(40_000, 6)).mean(axis=1)
    found = excess_kurtosis(means)
    assert abs(float(found.value) - 1.0) < 4 * float(found.error) < 0.8


@pytest.mark.parametrize(
    ("values", "share", "kind", "words"),
    [
        (np.ones(99), 0.1, TooShort, "10 values in the tail; 0.1 of 99 are 9"),
        (np.ones(200), 0.1, DomainError, "all alike"),
        (np.zeros(200), 0.1, DomainError, "positive and finite"),
        (np.ones(200), 1.0, DomainError, "between 0 and 1; it is 1"),
    ],
)
def test_values_without_a_tail_are_refused(values, share, kind, words):
    with pytest.raises(kind, match=words):
        tail_index(values, share)


def test_values_without_a_kurtosis_are_refused():
    with pytest.raises(TooShort, match="at least 4 values; there are 3"):
        excess_kurtosis([1.0, 2.0, 3.0])
    with pytest.raises(DomainError, match="must vary"):
        excess_kurtosis(np.ones(9))
