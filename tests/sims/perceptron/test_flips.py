"""Binary weights under single spin flips, against all 2^N of them and against themselves."""

import numpy as np
import pytest
from enumerated_spins import enumerated

from entropic.sims.perceptron.flips import binary_measurement, binary_measurements
from entropic.sims.perceptron.patterns import draw
from entropic.theory import DomainError, TooShort, saddle_point

NAMES = ("overlap", "teacher_overlap", "energy", "error_rate", "entropy")


def measured(**changes):
    rules = {"alpha": 0.5, "betas": [1.0, 4.0], "size": 10, "samples": 6, "seed": 1, "sweeps": 50}
    return binary_measurements(**rules | {"burn_in": 30} | changes)


@pytest.mark.parametrize(
    ("setting", "energy", "kappa", "betas"),
    [
        ("storage", "count", 0.0, (0.5, 2.0, np.inf)),
        ("storage", "hinge", 0.4, (1.0, 5.0)),
        ("storage", "quadratic", -0.3, (2.0, 8.0)),
        ("teacher", "count", 0.0, (1.0, np.inf)),
        ("teacher", "hinge", 0.3, (3.0,)),
    ],
)
def test_every_sample_is_what_all_its_weights_say(setting, energy, kappa, betas):
    """The same samples both ways, so that only the noise of the run is left."""
    samples, alpha, size = 32, 0.4, 10
    names = {"setting": setting, "energy": energy}
    rules = {"size": size, "samples": samples, "seed": 3, "sweeps": 2000, "points": 10}
    found = measured(alpha=alpha, kappa=kappa, betas=betas, **names, **rules)
    for beta, one in zip(betas, found, strict=True):
        truth = [
            enumerated(draw(size, alpha, setting, "binary", seed=3, sample=i), kappa, energy, beta)
            for i in range(samples)
        ]
        for name in NAMES:
            exact = np.array([sample[name] for sample in truth])
            if np.isnan(exact[0]) or (np.isinf(beta) and name in ("energy", "error_rate")):
                np.testing.assert_array_equal(getattr(one.by_sample, name), exact)
                continue
            gap = getattr(one.by_sample, name) - exact
            error = gap.std(ddof=1) / np.sqrt(samples)
            assert abs(gap.mean()) < 4 * error, (name, beta)
            assert error < 0.004, (name, beta)
            estimate = getattr(one, name)
            assert estimate.value == pytest.approx(getattr(one.by_sample, name).mean())


def test_without_patterns_every_weight_is_free():
    (one,) = measured(alpha=0.0, betas=[2.0])
    assert one.entropy.value == pytest.approx(np.log(2), abs=1e-14)
    assert one.overlap.value == 0
    assert one.mixing.acceptance == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_leave_no_trace(threads):
    alone, several = (measured(samples=40, threads=t) for t in (None, threads))
    for one, other in zip(alone, several, strict=True):
        for name in NAMES:
            first, second = (getattr(each.by_sample, name) for each in (one, other))
            np.testing.assert_array_equal(first, second)


def test_temperatures_come_back_in_the_order_asked_with_what_was_asked():
    found = measured(betas=[4.0, np.inf, 1.0], kappa=-0.2, setting="teacher", replicas=3)
    assert [one.beta for one in found] == [4.0, np.inf, 1.0]
    assert all(
        (one.kappa, one.setting, one.replicas, one.size) == (-0.2, "teacher", 3, 10)
        for one in found
    )
    assert found[2].energy.value > found[0].energy.value > found[1].energy.value == 0
    assert found[0].alpha == 0.5


def test_the_load_is_the_one_that_was_drawn():
    assert measured(alpha=0.44, betas=[1.0])[0].alpha == 0.4


def test_one_temperature_alone_is_a_ladder_of_one():
    rules = {"size": 10, "samples": 4, "seed": 2, "sweeps": 40, "burn_in": 20}
    one = binary_measurement(0.5, 0.1, beta=2.0, **rules)
    (same,) = binary_measurements(0.5, 0.1, betas=[2.0], **rules)
    np.testing.assert_array_equal(one.by_sample.entropy, same.by_sample.entropy)


def test_starts_at_random_and_at_the_teacher_meet():
    """Below the transition; the energies of both kinds of replica differ by chance alone."""
    rules = {"alpha": 0.6, "setting": "teacher", "size": 40, "samples": 40, "sweeps": 300}
    for one in measured(**rules, burn_in=150, betas=[2.0, np.inf], start="both"):
        assert abs(one.mixing.hot_cold) < 4
        assert one.converged
        assert one.mixing.self_overlap == pytest.approx(float(one.overlap.value), abs=0.03)


def test_a_run_that_has_not_forgotten_its_start_says_so():
    """Far above the transition no random start finds the teacher in 20 sweeps."""
    rules = {"alpha": 2.0, "setting": "teacher", "size": 60, "samples": 20, "sweeps": 20}
    (one,) = measured(**rules, burn_in=0, betas=[5.0], points=4, start="both")
    assert not one.converged
    assert abs(one.mixing.hot_cold) > 4


def test_posterior_weights_overlap_with_the_teacher_as_with_each_other():
    """Nishimori: at beta = inf without a margin the teacher is one more replica."""
    rules = {"alpha": 0.5, "setting": "teacher", "size": 20, "samples": 200, "sweeps": 100}
    (one,) = measured(**rules, betas=[np.inf], burn_in=100)
    gap = one.by_sample.overlap - one.by_sample.teacher_overlap
    error = gap.std(ddof=1) / np.sqrt(200)
    assert abs(gap.mean()) < 4 * error
    assert error < 0.02
    assert one.overlap.value > 0.2


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"betas": []}, "betas must be a list of different numbers; they are"),
        ({"betas": [1.0, 1.0]}, "different numbers"),
        ({"betas": [0.0]}, "beta must be above 0, or inf for the hard constraint; it is 0"),
        ({"betas": [np.nan]}, "beta must be above 0"),
        ({"kappa": np.inf}, "kappa must be finite; it is inf"),
        ({"setting": "school"}, "setting must be 'storage' or 'teacher'"),
        ({"energy": "cubic"}, "energy must be"),
        ({"start": "cold"}, "start must be"),
        ({"start": "both"}, "start 'both' needs a teacher; the setting is 'storage'"),
        ({"samples": 1}, "samples must be a whole number of at least 2; it is 1"),
        ({"replicas": 1}, "replicas must be"),
        ({"sweeps": 5}, "sweeps must be"),
        ({"alpha": -1.0}, "alpha must be finite and at least 0"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, what):
    with pytest.raises(DomainError, match=what):
        measured(**changes)


def test_solutions_that_are_not_found_are_no_entropy():
    with pytest.raises(TooShort, match="at beta = inf all replicas must have found a solution"):
        measured(alpha=2.0, betas=[np.inf])


def test_solutions_too_rare_to_be_counted_are_refused(monkeypatch):
    monkeypatch.setattr("entropic.sims.perceptron.annealing.COLD", 0.1)
    with pytest.raises(TooShort, match="solutions must turn up at beta = 0.1, from where"):
        measured(alpha=0.4, betas=[np.inf], setting="teacher", start="teacher", size=60)


@pytest.mark.slow
@pytest.mark.parametrize(("setting", "alpha"), [("storage", 0.3), ("teacher", 0.4)])
def test_at_sixty_weights_the_saddle_point_is_near(setting, alpha):
    found = measured(
        alpha=alpha,
        setting=setting,
        betas=[2.0, np.inf],
        size=60,
        samples=50,
        sweeps=400,
        burn_in=400,
    )
    for one in found:
        saddle = saddle_point(alpha, model="binary", setting=setting, beta=one.beta)
        for name, expected in (("overlap", saddle.q), ("entropy", saddle.entropy)):
            estimate = getattr(one, name)
            assert abs(estimate.value - expected) < 4 * estimate.error + 0.5 / 60
            assert estimate.error < 0.01
