import numpy as np
import pytest

from entropic.sims.perceptron.memory import autocorrelation_time, r_hat


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9])
def test_a_series_that_keeps_a_share_of_itself_has_the_time_of_a_geometric_sum(keep):
    rng = np.random.default_rng(1)
    series = np.zeros((40, 10_000))
    for step in range(1, series.shape[1]):
        series[:, step] = keep * series[:, step - 1] + rng.standard_normal(40)
    expected = (1 + keep) / (1 - keep)
    found = autocorrelation_time(series)
    assert found.mean() == pytest.approx(expected, rel=0.05)
    assert found.std() < 0.2 * expected


def test_where_nothing_moves_there_is_no_time_and_no_r_hat():
    assert np.isnan(autocorrelation_time(np.ones(100)))
    assert np.isnan(r_hat(np.ones(3), np.zeros(3), 10))


def test_chains_of_one_law_have_an_r_hat_of_one_and_others_more():
    series = np.random.default_rng(2).standard_normal((2, 4, 1000))
    series[1, 0] += 3
    same, apart = r_hat(series.mean(axis=-1), series.var(axis=-1), 1000)
    assert same == pytest.approx(1, abs=0.01)
    assert apart > 1.5
