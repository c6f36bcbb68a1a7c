import numpy as np
import pytest
from scipy.stats import pearsonr

from entropic.theory import correlation
from entropic.theory.errors import DomainError


def test_value_and_interval_are_those_of_scipy():
    rng = np.random.default_rng(0)
    x = rng.normal(size=40)
    y = x + rng.normal(size=40)
    found, peer = correlation(x, y), pearsonr(x, y)
    interval = peer.confidence_interval(0.95)
    np.testing.assert_allclose(found.value, peer.statistic, rtol=1e-12)
    np.testing.assert_allclose([found.low, found.high], [interval.low, interval.high], rtol=1e-12)
    assert found.sign == 1


def test_the_interval_holds_the_truth_in_95_of_100_cases():
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(2000):
        x = rng.normal(size=20)
        found = correlation(x, 0.6 * x + 0.8 * rng.normal(size=20))
        held += found.low <= 0.6 <= found.high
    assert abs(held / 2000 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 2000)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2, 3], [1, 2, 3], "needs 4 pairs"),
        ([1, 1, 1, 1], [1, 2, 3, 4], "vary"),
        ([1, 2, 3, np.nan], [1, 2, 3, 4], "finite"),
    ],
)
def test_refusals(x, y, message):
    with pytest.raises(DomainError, match=message):
        correlation(x, y)
