"""Survival of what was watched for a while, against counting."""

import numpy as np
import pytest

from entropic.theory import kaplan_meier, restricted_mean


def test_where_all_were_watched_to_the_end_the_survival_is_a_share():
    seen = np.array([3.0, 5.0, 5.0, 9.0, 9.0, 9.0])
    left = np.array([True, True, True, True, False, False])
    clock = np.array([0.0, 2.9, 3.0, 5.0, 8.0, 9.0])
    value, error = kaplan_meier(left, seen, clock)
    counted = [np.mean(np.where(left, seen, np.inf) > t) for t in clock]
    np.testing.assert_allclose(value, counted, rtol=1e-12)
    np.testing.assert_allclose(error, np.sqrt(value * (1 - value) / 6), atol=1e-12)  # binomial
    assert np.isnan(kaplan_meier(left, seen, np.array([9.1]))[0]).all()
    mean, spread = restricted_mean(left, seen)
    assert mean == pytest.approx(seen.mean())
    assert spread == pytest.approx(seen.std(ddof=1) / 6**0.5)


def test_the_product_of_kaplan_and_meier_written_by_hand():
    left = np.array([True, False, True, False, True])
    seen = np.array([1.0, 2.0, 3.0, 4.0, 6.0])
    value, _ = kaplan_meier(left, seen, np.array([1.0, 3.0, 5.0, 6.0]))
    np.testing.assert_allclose(value, [4 / 5, 4 / 5 * 2 / 3, 8 / 15, 0.0], rtol=1e-12)
    area = 1 + 2 * 4 / 5 + 3 * 8 / 15
    assert restricted_mean(left, seen)[0] == pytest.approx(area)


def test_what_is_missing_is_no_number():
    nothing = np.array([], bool), np.array([])
    assert np.isnan(kaplan_meier(*nothing, np.zeros(2))).all()
    assert np.isnan(restricted_mean(np.array([True]), np.array([3.0]))).all()
