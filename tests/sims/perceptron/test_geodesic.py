"""Errors between sampled solutions, beside the theory and by hand."""

import numpy as np
import pytest

from entropic.sims import measured_barrier
from entropic.sims.perceptron.geodesic import _missed
from entropic.theory import DomainError, geodesic_barrier

RULES = {"size": 30, "samples": 4, "seed": 1, "replicas": 2, "sweeps": 5, "burn_in": 5}


def test_stabilities_between_two_weights_are_those_of_the_weights_between():
    rng = np.random.default_rng(1)
    ends = rng.standard_normal((2, 3, 10))
    ends *= np.sqrt(10) / np.linalg.norm(ends, axis=2)[..., None]
    patterns, gammas = rng.standard_normal((40, 10)), np.array([0.0, 0.3, 0.5, 1.0])
    one, other = ends @ patterns.T / np.sqrt(10)
    p = (ends[0] * ends[1]).sum(axis=1) / 10
    found = _missed(gammas, one, other, p, 0.2)
    for gamma, rate in zip(gammas, found, strict=True):
        between = gamma * ends[0] + (1 - gamma) * ends[1]
        between *= np.sqrt(10) / np.linalg.norm(between, axis=1)[:, None]
        assert rate == pytest.approx((between @ patterns.T / np.sqrt(10) < 0.2).mean())


def test_solutions_of_a_convex_problem_have_no_barrier():
    found = measured_barrier([0.0, 0.2, 0.5, 1.0], 0.8, 0.1, **RULES)
    assert found.error_rate.value.tolist() == [0.0] * 4
    assert found.overlap.value > 0.3


def test_without_patterns_nothing_is_missed():
    found = measured_barrier(0.5, 0.0, 0.5, **RULES)
    assert found.error_rate.value.tolist() == [0.0]


@pytest.mark.parametrize(
    ("alpha", "kappa", "margins"),
    [(1.0, -1.0, None), (0.7, 0.5, (0.0, 0.3)), (1.5, -0.8, (-0.8, 0))],
)
def test_barriers_are_those_of_the_theory(alpha, kappa, margins):
    """At N = 60, where 1/N is within these errors."""
    gamma = [0.25, 0.5, 0.75]
    rules = {"size": 60, "samples": 40, "replicas": 4, "sweeps": 15, "seed": 5}
    found = measured_barrier(gamma, alpha, kappa, margins, **rules)
    truth = geodesic_barrier(gamma, alpha, kappa, margins)
    gap = abs(found.error_rate.value - truth.error_rate)
    assert (gap <= 4 * found.error_rate.error).all()
    assert (found.error_rate.error <= 0.08 * truth.error_rate).all()
    assert abs(found.overlap.value - truth.pair.overlap[0]) < 4 * found.overlap.error < 0.05


def test_threads_leave_no_trace():
    one, two = (measured_barrier(0.5, 1.0, -1.0, threads=n, **RULES) for n in (1, 3))
    assert np.array_equal(one.error_rate.value, two.error_rate.value)
    assert (one.margins, one.alpha, one.size, one.samples) == ((-1.0, -1.0), 1.0, 30, 4)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"gamma": [0.5, 1.5]}, "gamma must lie between 0 and 1; it is 1.5"),
        ({"kappa": np.nan}, "kappa must be finite; it is nan"),
        ({"margins": (0.0, np.inf)}, "margin_2 must be finite; it is inf"),
        ({"margins": (0.0,)}, "margins must be two, of the solutions at both ends; they are"),
        ({"gamma": [[0.5]]}, "gamma must be a number or a list of them; its shape is"),
        ({"samples": 1}, "samples must be a whole number of at least 2; it is 1"),
        ({"setting": "exam"}, "setting must be 'storage' or 'teacher'"),
        ({"margins": (0.0, 3.0)}, "every sample must have weights that keep kappa = 3"),
    ],
)
def test_what_has_no_path_is_refused(wrong, complaint):
    with pytest.raises(DomainError, match=complaint):
        measured_barrier(**{"gamma": 0.5, "alpha": 1.0} | RULES | wrong)
