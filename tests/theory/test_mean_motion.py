import numpy as np
import pytest

from entropic.theory.chain import Chain
from entropic.theory.errors import DomainError
from entropic.theory.mean_motion import mean_motion
from entropic.theory.slow import SlowDynamics

Y = np.linspace(-2, 2, 801)


def test_the_mean_of_a_linear_drift_decays_geometrically():
    slow = SlowDynamics(Y, -0.2 * Y, np.full_like(Y, 1e-3))
    found = mean_motion(slow, 0.7, 12, -1.9, 1.9)
    np.testing.assert_allclose(found, 0.7 * 0.8 ** np.arange(13), atol=1e-9)


def test_it_is_that_of_kicked_walkers_where_drift_and_spread_bend():
    slow = SlowDynamics(Y, 0.05 * np.sin(3 * Y), 4e-4 * (1 + 0.5 * np.cos(2 * Y)))
    found = mean_motion(slow, 0.1, 40, -1.9, 1.9)
    rng, walkers = np.random.default_rng(1), 200_000
    y = np.full(walkers, 0.1)
    for _ in range(40):
        spread = np.sqrt(8e-4 * (1 + 0.5 * np.cos(2 * y)))
        y = y + 0.05 * np.sin(3 * y) + spread * rng.normal(size=walkers)
    error = y.std() / walkers**0.5
    assert error < 0.005
    assert abs(found[-1] - y.mean()) < 4 * error
    drift_alone = 0.1
    for _ in range(40):
        drift_alone += 0.05 * np.sin(3 * drift_alone)
    assert abs(drift_alone - y.mean()) > 20 * error


def test_it_is_the_kick_chains_where_that_has_no_end_in_reach():
    slow = SlowDynamics(Y, 0.03 - 0.05 * Y**2, np.full_like(Y, 2e-3))
    chain = Chain(slow, -1.5, 1.9).mean_position([0.2], 20)[0]
    np.testing.assert_allclose(mean_motion(slow, 0.2, 20, -1.5, 1.9), chain, atol=2e-6)


@pytest.mark.parametrize(("start", "low", "high"), [(1.5, -1, 1), (0, -3, 1), (0, 0, 0)])
def test_an_interval_that_does_not_hold_the_start_is_refused(start, low, high):
    slow = SlowDynamics(Y, -Y, np.ones_like(Y))
    with pytest.raises(DomainError, match="the interval must hold the start"):
        mean_motion(slow, start, 3, low, high)
