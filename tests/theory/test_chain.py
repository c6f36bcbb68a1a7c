"""The kick chain against its small-kick limit, direct simulation, and kicks as large as the way."""

import numpy as np
import pytest
from scipy.stats import norm

from entropic.theory import Chain, DomainError, SlowDynamics, mean_exit_time, monitoring_shift


def flow(drift, diffusion, reach=2.0, points=801) -> SlowDynamics:
    y = np.linspace(-reach, reach, points)
    return SlowDynamics(y, drift(y), np.broadcast_to(diffusion(y), y.shape))


def constant(value):
    return lambda y: np.full_like(y, value)


def last_kicks(drift, spread, start, end, walkers, seed, longest=5000) -> np.ndarray:
    """The kick at which each walker is first outside (−end, end), one kick after the other."""
    rng = np.random.default_rng(seed)
    y, left = np.full(walkers, start), np.zeros(walkers)
    for kick in range(1, longest):
        (inside,) = np.nonzero(left == 0)
        if len(inside) == 0:
            return left
        here = y[inside]
        y[inside] = here + drift(here) + spread(here) * rng.normal(size=len(inside))
        left[inside[abs(y[inside]) > end]] = kick
    msg = "walkers are inside still"
    raise AssertionError(msg)


def test_small_kicks_take_as_long_as_diffusion_to_ends_moved_out_by_the_monitoring_shift():
    gaps = []
    for kick in (0.2, 0.1, 0.05):
        diffusion = kick**2 / 2

        def drift(y, rate=diffusion):
            return rate * (1 - 2 * y)

        outer = 1 + monitoring_shift(diffusion, 1.0)
        limit = mean_exit_time(
            flow(drift, constant(diffusion), outer, 2001), [-0.5, 0.0, 0.6]
        ).time.value
        found = Chain(flow(drift, constant(diffusion)), -1, 1).mean_exit([-0.5, 0.0, 0.6])
        gaps.append(abs(found / limit - 1).max())
        bare = mean_exit_time(flow(drift, constant(diffusion), 1.0, 2001), 0.0).time.value
        assert found[1] / bare[0] - 1 > 0.5 * kick  # without the shift, wrong at first order
    assert gaps[-1] < 3e-3
    # the shift takes away the first order
    np.testing.assert_allclose(np.log2(np.array(gaps[:-1]) / gaps[1:]), 2, atol=0.15)


CASES = {
    "moderate kicks uphill": (lambda y: -0.2 * y + 0.05, constant(0.25), 0.3),
    "drift of twenty spreads": (lambda y: 0.4 + 0.1 * y, constant(0.02), -0.9),
    "a kick reaches across": (lambda y: 0.3 * np.cos(y), constant(1.5), 0.0),
    "spread that changes sevenfold": (constant(0.02), lambda y: 0.25 * np.exp(y), -0.5),
    "neighbours torn apart": (lambda y: -25.0 * y, constant(0.1), 0.0),
}


@pytest.mark.parametrize("case", CASES)
def test_mean_and_survival_are_those_of_walkers_that_are_kicked(case):
    drift, spread, start = CASES[case]
    chain = Chain(flow(drift, lambda y: spread(y) ** 2 / 2), -1, 1)
    left = last_kicks(drift, spread, start, 1.0, 40_000, seed=7)
    mean, error = left.mean(), left.std() / 200
    assert error < 0.02 * mean
    assert abs(chain.mean_exit([start])[0] - mean) < 4 * error + 1e-9
    kicks = int(2 * mean)
    inside = (left > np.arange(kicks + 1)[:, None]).mean(axis=1)
    predicted = chain.survival([start], kicks)[0]
    tolerance = 4.5 * np.sqrt(predicted * (1 - predicted).clip(0) / 40_000) + 2e-4
    assert np.all(abs(predicted - inside) < tolerance)


def test_the_mean_position_is_that_of_walkers_held_where_they_left():
    for drift, spread, start in CASES.values():
        chain = Chain(flow(drift, lambda y, spread=spread: spread(y) ** 2 / 2), -1, 0.8)
        rng, walkers = np.random.default_rng(3), 40_000
        y = np.full(walkers, min(start, 0.7))
        predicted = chain.mean_position([y[0]], 12)[0]
        assert predicted[0] == y[0]
        gone = np.zeros(walkers, bool)
        for kick in range(1, 13):
            moved = y + drift(y) + spread(y) * rng.normal(size=walkers)
            y = np.where(gone, y, moved.clip(-1, 0.8))
            gone |= (moved <= -1) | (moved >= 0.8)
            error = y.std() / walkers**0.5
            assert abs(predicted[kick] - y.mean()) < 4.5 * error + 2e-4


def test_without_ends_in_reach_the_mean_decays_as_the_drift_says():
    chain = Chain(flow(lambda y: -0.1 * y, constant(1e-4)), -1, 1)
    expected = 0.3 * 0.9 ** np.arange(9)
    np.testing.assert_allclose(chain.mean_position([0.3], 8)[0], expected, rtol=1e-6)


def test_the_diffusion_limit_is_refuted_where_kicks_are_large():
    """The rival theory is more than 5 standard errors away."""
    drift, spread, start = CASES["a kick reaches across"]
    left = last_kicks(drift, spread, start, 1.0, 40_000, seed=7)
    outer = 1 + monitoring_shift(1.5**2 / 2, 1.0)
    rival = mean_exit_time(flow(drift, constant(1.5**2 / 2), outer), start).time.value[0]
    assert abs(rival - left.mean()) > 5 * left.std() / 200


def test_the_survival_sums_to_the_mean():
    slow = flow(lambda y: -0.1 * y, constant(0.02))
    chain, starts = Chain(slow, -1, 0.7), [-0.8, 0.0, 0.69]
    curves = chain.survival(starts, 3000)
    assert curves.shape == (3, 3001)
    assert np.all(curves[:, 0] == 1)
    assert np.all(np.diff(curves, axis=1) <= 1e-12)
    np.testing.assert_allclose(curves.sum(axis=1), chain.mean_exit(starts), rtol=1e-8)


def test_the_first_kick_stays_inside_with_the_probability_of_a_gaussian():
    slow = flow(lambda y: 0.3 - 0.5 * y, lambda y: 0.02 + 0.01 * y**2)
    starts = np.linspace(-1, 0.8, 9)
    centre, spread = starts + 0.3 - 0.5 * starts, np.sqrt(0.04 + 0.02 * starts**2)
    exact = norm.cdf((0.8 - centre) / spread) - norm.cdf((-1 - centre) / spread)
    found = Chain(slow, -1, 0.8).survival(starts, 1)[:, 1]
    np.testing.assert_allclose(found, exact, atol=2e-8)


def test_a_drift_that_throws_out_at_once_takes_one_kick():
    chain = Chain(flow(constant(3.0), constant(1e-3)), -1, 1)
    np.testing.assert_allclose(chain.mean_exit([-1.0, 0.0, 1.0]), 1, rtol=1e-12)


def test_a_mirrored_chain_takes_as_long():
    def drift(y):
        return 0.05 + 0.1 * y**2

    right = Chain(flow(drift, constant(0.01)), -0.5, 1.2)
    left = Chain(flow(lambda y: -drift(-y), constant(0.01)), -1.2, 0.5)
    starts = np.array([-0.4, 0.1, 1.1])
    np.testing.assert_allclose(right.mean_exit(starts), left.mean_exit(-starts), rtol=1e-9)


def test_the_unit_of_length_does_not_matter():
    narrow = Chain(flow(lambda y: 0.1 * y, constant(0.01)), -1, 1)
    wide = Chain(flow(lambda y: 0.1 * y, constant(0.01 * 49), 14.0), -7, 7)
    np.testing.assert_allclose(narrow.mean_exit([0.3]), wide.mean_exit([2.1]), rtol=1e-9)


@pytest.mark.parametrize(("low", "high"), [(-3, 1), (-1, 2.5), (1, -1), (0.5, 0.5)])
def test_an_interval_off_the_grid_is_refused(low, high):
    with pytest.raises(DomainError, match=r"the interval must lie within \[-2, 2\]; it is"):
        Chain(flow(constant(0.0), constant(0.1)), low, high)


def test_kicks_too_small_for_a_dense_kernel_are_refused():
    with pytest.raises(DomainError, match="kicks of 0.0001 are too small for an interval of 2"):
        Chain(flow(constant(0.0), constant(0.5e-8)), -1, 1)


def test_a_stay_too_long_for_floats_is_refused_and_not_answered_with_noise():
    chain = Chain(flow(lambda y: -0.5 * y, constant(0.005)), -1, 1)
    with pytest.raises(DomainError, match=r"stays for more than 1e\+10 kicks"):
        chain.mean_exit([0.0])
    assert chain.survival([0.0], 50)[0, -1] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("start", [-1.1, 1.1, np.nan])
def test_a_start_outside_the_interval_is_refused(start):
    chain = Chain(flow(constant(0.0), constant(0.1)), -1, 1)
    with pytest.raises(DomainError, match=r"a start must lie within \[-1, 1\]"):
        chain.mean_exit([0.0, start])
    with pytest.raises(DomainError, match=r"a start must lie within \[-1, 1\]"):
        chain.survival([start], 3)
