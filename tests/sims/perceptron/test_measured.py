import numpy as np
import pytest
from scipy.stats import norm, t

from entropic.sims.perceptron.measured import Mixing, Samples, apart


def mixing(**changes):
    numbers = {"acceptance": 1.0, "autocorrelation_time": 1.0, "r_hat": 1.0, "hot_cold": 0.0}
    return Mixing(**numbers | {"self_overlap": 0.5} | changes)


def test_chains_that_differ_have_not_converged():
    assert mixing().converged
    assert mixing(r_hat=np.nan, hot_cold=np.nan).converged
    assert not mixing(r_hat=1.2).converged
    assert not mixing(hot_cold=-4.5).converged


def test_few_gaps_weigh_as_little_as_students_law_says():
    gaps = np.array([0.5, 1.5, 1.0])
    raw = gaps.mean() / (gaps.std(ddof=1) / np.sqrt(3))
    assert apart(gaps) == pytest.approx(norm.isf(t.sf(raw, 2)))
    assert apart(-gaps) == pytest.approx(-apart(gaps))
    assert apart(gaps) < raw
    assert apart(np.zeros(3)) == 0
    many = 0.1 + np.random.default_rng(0).standard_normal(10_000)
    assert apart(many) == pytest.approx(many.mean() * 100 / many.std(ddof=1), rel=1e-2)


def test_the_error_of_a_mean_comes_from_the_spread_of_samples():
    values = np.array([0.1, 0.4, 0.7])
    samples = Samples(values, np.full(3, np.nan), values, values, values)
    found = samples.estimates("billiard")
    assert found["energy"].error == pytest.approx(values.std(ddof=1) / np.sqrt(3))
    assert found["energy"].origin == "billiard"
    assert np.isnan(found["teacher_overlap"].value)
