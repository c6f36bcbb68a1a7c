from dataclasses import dataclass

import numpy as np
import pytest

from entropic.theory import (
    DomainError,
    Estimate,
    TooShort,
    bootstrap_estimate,
    mean_estimate,
    variance_estimate,
)
from entropic.theory.estimate import freeze


def test_the_gap_is_counted_in_combined_standard_errors():
    a = Estimate([1.0, 2.0, 3.0], [0.3, 0.0, 0.0], "a")
    b = Estimate([1.5, 2.0, 2.0], [0.4, 0.0, 0.0], "b")
    assert a.sigmas_from(b).tolist() == [-1.0, 0.0, np.inf]
    assert b.sigmas_from(a).tolist() == [1.0, 0.0, -np.inf]
    assert a.ratio(b).tolist() == [1 / 1.5, 1.0, 1.5]


def test_an_estimate_is_frozen_and_shares_no_memory_with_what_made_it():
    values = np.array([1.0, 2.0])
    estimate = Estimate(values, 0.1, "a")
    values[0] = 5
    assert estimate.value.tolist() == [1, 2]
    assert estimate.error.tolist() == [0.1, 0.1]
    with pytest.raises(ValueError, match="read-only"):
        estimate.value[0] = 3


@pytest.mark.parametrize(
    ("measure", "true"), [(mean_estimate, 2.0), (variance_estimate, 4.0)], ids=["mean", "variance"]
)
@pytest.mark.parametrize("law", ["normal", "exponential"])
def test_the_stated_error_is_the_scatter_of_repeated_measurements(measure, true, law):
    """Both laws have mean 2 and variance 4; the exponential one a fourth moment thrice as far."""
    rng = np.random.default_rng(3)
    shape = (800, 3000)
    drawn = rng.normal(2, 2, shape) if law == "normal" else rng.exponential(2, shape)
    found = measure(drawn, "sampled")
    scatter = found.value.std(ddof=1)
    assert np.sqrt((found.error**2).mean()) == pytest.approx(scatter, rel=0.06)
    assert abs(found.value.mean() - true) < 4 * scatter / np.sqrt(3000)


def test_the_bootstrap_agrees_with_the_closed_form_and_repeats_with_its_seed():
    samples = np.random.default_rng(4).exponential(size=(400, 2))
    closed = mean_estimate(samples, "closed")
    booted = bootstrap_estimate(lambda x: x.mean(axis=0), samples, "boot", seed=1, resamples=2000)
    assert booted.value.tolist() == closed.value.tolist()
    assert booted.error == pytest.approx(closed.error, rel=0.1)
    again = bootstrap_estimate(lambda x: x.mean(axis=0), samples, "boot", seed=1, resamples=2000)
    other = bootstrap_estimate(lambda x: x.mean(axis=0), samples, "boot", seed=2, resamples=2000)
    assert again.error.tolist() == booted.error.tolist()
    assert other.error.tolist() != booted.error.tolist()


def test_too_few_samples_carry_no_error():
    with pytest.raises(TooShort, match="at least 2 independent samples; there are 1"):
        mean_estimate([1.0], "a")
    with pytest.raises(TooShort, match="at least 4 independent samples; there are 3"):
        variance_estimate([1.0, 2.0, 3.0], "a")
    with pytest.raises(DomainError, match="at least 2 resamples; resamples = 1"):
        bootstrap_estimate(np.mean, np.ones(5), "a", seed=0, resamples=1)


def test_a_frozen_result_owns_its_arrays_and_keeps_words_and_truths_as_they_are():
    @dataclass(frozen=True)
    class Result:
        model: str
        alpha: object
        reason: object
        converged: object

        def __post_init__(self):
            freeze(self)

    alpha = np.arange(3)
    found = Result("binary", alpha, np.array(["", "lost"], dtype=object), [True, False])
    alpha[0] = 7
    assert found.model == "binary"
    assert (found.alpha.tolist(), found.alpha.dtype) == ([0.0, 1.0, 2.0], np.float64)
    assert (found.reason.dtype.kind, found.converged.dtype) == ("U", np.bool_)
    assert not any(a.flags.writeable for a in (found.alpha, found.reason, found.converged))
