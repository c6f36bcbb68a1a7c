"""Langevin's equation in time: Brownian motion on the sphere, descent, rest."""

import numpy as np
import pytest

from entropic.sims import descent, spherical_measurement
from entropic.theory import DomainError

RULES = {"beta": 2.0, "energy": "hinge", "times": [0, 0.5, 1.0], "step": 0.05, "size": 20}
RULES |= {"samples": 10, "seed": 1}


def test_without_patterns_weights_forget_their_start_at_the_rate_of_the_sphere():
    found = descent(0.0, **RULES | {"samples": 100, "size": 8, "step": 0.01})
    truth = np.exp(-(1 - 1 / 8) * found.time / 2.0)
    assert found.kept.value[0] == pytest.approx(1)
    assert (abs(found.kept.value - truth)[1:] < 4 * found.kept.error[1:]).all()
    assert (found.kept.error < 0.02).all()
    assert abs(found.kept.value[2] - np.exp(-found.time[2])) > 5 * found.kept.error[2]
    assert (found.energy.value == 0).all()


def test_at_rest_the_energy_is_boltzmanns():
    """Euler's step leaves a bias of its own order: small here against the error."""
    law = {"energy": "quadratic", "beta": 4.0, "size": 30, "samples": 16, "seed": 3}
    found = descent(1.0, times=[0, 20, 25, 30], step=0.03, replicas=16, **law)
    exact = spherical_measurement(1.0, entropy=False, sweeps=50, **law)
    rested = found.energy.value[1:].mean()
    error = found.energy.error[1:].max()
    assert found.energy.value[0] > 3 * rested
    assert abs(rested - exact.energy.value) < 4 * np.hypot(error / 2, 0.01 * rested)


def test_without_noise_the_energy_only_falls():
    found = descent(1.0, 0.3, **RULES | {"beta": np.inf, "times": np.arange(0, 3, 0.1).tolist()})
    assert (np.diff(found.energy.value) < 0).all()


def test_threads_leave_no_trace_and_times_are_whole_steps():
    one, two = (descent(1.0, threads=n, **RULES | {"times": [0.0, 0.12]}) for n in (1, 3))
    assert np.array_equal(one.energy.value, two.energy.value)
    assert one.time.tolist() == [0.0, 0.1]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"energy": "count"}, "energy must be 'hinge' or 'quadratic'; it is 'count'"),
        ({"beta": 0.0}, "beta must be above 0, or inf for gradient descent; it is 0"),
        ({"step": -1.0}, "the step must be a positive number; it is -1"),
        ({"step": 0.6}, "must stay below 2, the edge of stability; it is 2.4"),
        ({"times": []}, "times must be at least 0, rise by a step or more"),
        ({"times": [0.1, 0.1]}, "times must be at least 0, rise by a step or more"),
        ({"times": [-1.0, 0.1]}, "times must be at least 0, rise by a step or more"),
        ({"times": [0.1, np.inf]}, r"end within 1e[+]15 steps; they are \[0.1, inf\]"),
        ({"times": [np.nan]}, r"end within 1e[+]15 steps; they are \[nan\]"),
        ({"samples": 1}, "samples must be a whole number of at least 2; it is 1"),
        ({"kappa": np.inf}, "kappa must be finite; it is inf"),
        ({"alpha": -1.0}, "alpha must be finite and at least 0"),
    ],
)
def test_what_has_no_course_is_refused(wrong, complaint):
    with pytest.raises(DomainError, match=complaint):
        descent(**{"alpha": 1.0} | RULES | wrong)
