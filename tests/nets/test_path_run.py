"""Statistics of replicas along a path against counting them."""

from dataclasses import replace

import numpy as np
import pytest

from entropic.nets import PathRun
from entropic.theory import DomainError


def run():
    """Three from 1, of which two leave; two from 2, of which none does."""
    s = np.array(
        [[1.0, 0.5, 0.0, 0.0], [1.0, 1.5, 2.0, 3.0], [1, 1.1, 1.2, 1.3], [2, 2, 2, 2], [2, 1, 1, 1]]
    )
    shaken = np.where(np.arange(4) == 0, np.nan, s + 0.1)
    shaken[0, 3] = np.nan
    passage = np.array([2.0, 3.0, np.inf, np.inf, np.inf])
    return PathRun(
        start=s[:, 0], clock=np.arange(4.0), s=s, loss=s**2, shaken_loss=shaken, passage=passage,
        side=np.array([-1.0, 1, 0, 0, 0]), loss_error=0.0, horizon=3,
        low=np.zeros(5), high=np.full(5, 3.0), way="loop",
    )  # fmt: skip


def test_means_errors_and_quantiles_are_by_start():
    found = run()
    assert found.starts.tolist() == [1, 2]
    assert found.replicas.tolist() == [3, 2]
    mean = found.mean()
    np.testing.assert_allclose(mean.value[:, 1], [3.1 / 3, 1.5])
    np.testing.assert_allclose(mean.error[1, 1], np.std([2, 1], ddof=1) / 2**0.5)
    np.testing.assert_allclose(found.mean("loss").value[1], [4, 2.5, 2.5, 2.5])
    assert found.quantiles([0.5])[0, :, 3].tolist() == [1.3, 1.5]
    assert found.quantiles([0.1, 0.9]).shape == (2, 2, 4)


def test_the_loss_off_the_path_is_of_those_that_are_followed_still():
    shaken = run().mean("shaken_loss")
    assert np.isnan(shaken.value[:, 0]).all()
    np.testing.assert_allclose(shaken.value[0, 3], np.mean([3.1, 1.4]))
    np.testing.assert_allclose(shaken.error[0, 3], np.std([3.1, 1.4], ddof=1) / 2**0.5)


def test_passages_are_counted_and_those_that_stay_are_censored():
    found = run()
    np.testing.assert_allclose(found.survival([0, 1, 2, 3]).value, [[1, 1, 2 / 3, 1 / 3], [1] * 4])
    time = found.mean_time()
    np.testing.assert_allclose(time.value, [8 / 3, 3])
    np.testing.assert_allclose(time.error, [1 / 3, 0])
    shares = [found.share(side) for side in (-1, 0, 1)]
    np.testing.assert_allclose(sum(share.value for share in shares), 1)
    np.testing.assert_allclose([share.value[0] for share in shares], 1 / 3)
    assert all(np.all(share.error > 0) for share in shares)  # also of none out of two


def test_the_band_of_the_survival_is_that_of_enumerated_resamples():
    found = run()
    low, high = found.survival_band([2.0], level=0.8, resamples=4000)
    # of 27 resamples of three: 8 have none of the one that left, 12 one, 6 two, 1 all
    shares = np.repeat([1, 2 / 3, 1 / 3, 0], [8, 12, 6, 1])
    np.testing.assert_allclose([low[0, 0], high[0, 0]], np.quantile(shares, [0.1, 0.9]))
    assert low[1, 0] == high[1, 0] == 1
    again = found.survival_band([2.0], level=0.8, resamples=4000)
    assert np.array_equal(again, (low, high))


def test_bad_bands_are_refused_and_results_are_read_only():
    with pytest.raises(DomainError, match="a level between 0 and 1 and at least 2 resamples"):
        run().survival_band([1.0], level=1.0)
    with pytest.raises(ValueError, match="read-only"):
        run().s[0, 0] = 1.0


def test_a_single_replica_has_a_mean_and_no_error():
    one = run()
    names = ("start", "s", "loss", "shaken_loss", "passage", "side", "low", "high")
    alone = replace(one, **{name: getattr(one, name)[:1] for name in names})
    assert alone.mean().value[0].tolist() == [1, 0.5, 0, 0]
    assert np.isnan(alone.mean().error).all()
