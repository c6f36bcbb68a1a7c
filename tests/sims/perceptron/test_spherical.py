"""Spherical weights, against grids of all weights, limits, and the saddle point."""

import numpy as np
import pytest
from weights_on_a_grid import on_a_grid

from entropic.sims import spherical_measurement, spherical_measurements
from entropic.sims.perceptron.patterns import draw
from entropic.theory import DomainError, saddle_point

NAMES = ("overlap", "teacher_overlap", "energy", "error_rate", "entropy")


def measured(**changes):
    rules = {"alpha": 0.5, "betas": [2.0], "size": 20, "samples": 4, "seed": 1, "sweeps": 20}
    return spherical_measurements(**rules | {"burn_in": 5, "replicas": 4, "points": 7} | changes)


@pytest.mark.parametrize(
    ("size", "setting", "energy", "kappa", "beta", "sampler"),
    [
        (3, "storage", "count", 0.3, 2.0, "billiard"),
        (3, "storage", "hinge", 0.4, 5.0, "billiard"),
        (3, "teacher", "quadratic", 0.5, 6.0, "billiard"),
        (3, "teacher", "count", 0.0, np.inf, "billiard"),
        (3, "teacher", "count", 0.0, np.inf, "hit-and-run"),
        (3, "storage", "count", 0.3, 2.0, "hit-and-run"),
        (2, "storage", "hinge", 0.4, 2.0, "hamiltonian"),
        (3, "storage", "quadratic", 0.4, 5.0, "hamiltonian"),
        (3, "storage", "quadratic", 0.4, 2.0, "langevin"),
    ],
)
def test_every_sample_is_what_a_grid_of_weights_says(size, setting, energy, kappa, beta, sampler):
    """The same samples both ways, so that only the noise of the run is left."""
    samples, alpha = 16, 4 / 3
    names = {"setting": setting, "energy": energy, "sampler": sampler}
    sweeps = 400 if sampler == "langevin" else 100
    # few patterns leave a volume with kinks in kappa, and the constraint's entropy is not asked
    names |= {"entropy": sampler == "billiard" and beta < np.inf, "sweeps": sweeps}
    rules = {"size": size, "samples": samples, "seed": 3, "burn_in": 20, "replicas": 8}
    (found,) = measured(alpha=alpha, kappa=kappa, betas=[beta], **names, **rules)
    truth = [
        on_a_grid(draw(size, alpha, setting, seed=3, sample=i), kappa, energy, beta)
        for i in range(samples)
    ]
    for name in NAMES:
        exact = np.array([sample[name] for sample in truth])
        seen = getattr(found.by_sample, name)
        if name == "entropy" and not names["entropy"]:
            assert np.isnan(seen).all()
            continue
        if np.isnan(exact[0]) or (np.isinf(beta) and name in ("energy", "error_rate")):
            np.testing.assert_array_equal(seen, exact)
            continue
        gap = seen - exact
        error = gap.std(ddof=1) / np.sqrt(samples)
        assert abs(gap.mean()) < 4 * error, name
        assert error < 0.02, name
        assert getattr(found, name).value == pytest.approx(seen.mean())


def test_without_patterns_every_weight_is_free() -> None:
    cold, warm = measured(alpha=0.0, betas=[np.inf, 2.0], sweeps=50, samples=8)
    for one in (cold, warm):
        assert one.entropy.value == one.energy.value == one.error_rate.value == 0
        assert abs(one.overlap.value) < 4 * one.overlap.error < 0.03
        assert one.converged
    with_teacher = measured(alpha=0.0, setting="teacher", sweeps=100, samples=8)[0]
    assert abs(with_teacher.teacher_overlap.value) < 4 * with_teacher.teacher_overlap.error < 0.1


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_leave_no_trace(threads: int) -> None:
    for sampler in ("billiard", "hamiltonian"):
        rules = {"energy": "hinge", "sampler": sampler, "entropy": False}
        alone, together = (measured(threads=n, **rules)[0] for n in (1, threads))
        assert np.array_equal(alone.by_sample.energy, together.by_sample.energy)
        assert np.array_equal(alone.by_sample.overlap, together.by_sample.overlap)


def test_one_temperature_is_the_first_of_several() -> None:
    rules = {"size": 20, "samples": 3, "seed": 1, "sweeps": 10, "burn_in": 5, "entropy": False}
    one = spherical_measurement(0.5, beta=3.0, **rules)
    several = spherical_measurements(0.5, betas=[3.0, np.inf], **rules)
    assert np.array_equal(one.by_sample.overlap, several[0].by_sample.overlap)
    assert (one.alpha, one.beta, one.size, one.samples, one.replicas) == (0.5, 3.0, 20, 3, 8)
    assert several[1].energy.value == 0


def test_progress_is_told_sample_by_sample() -> None:
    heard: list[float] = []
    measured(samples=3, entropy=False, progress=heard.append)
    assert heard == [1 / 3, 2 / 3, 1]


def test_single_precision_agrees_with_double_within_its_noise() -> None:
    rules = {"energy": "quadratic", "betas": [5.0], "sampler": "hamiltonian", "entropy": False}
    rules |= {"size": 60, "alpha": 1.0, "samples": 12, "sweeps": 100, "burn_in": 40}
    double, single = (measured(precision=p, **rules)[0] for p in ("double", "single"))
    gap = double.by_sample.energy - single.by_sample.energy  # of the same patterns
    assert abs(gap.mean()) < 4 * gap.std(ddof=1) / np.sqrt(12) < 0.05 * double.energy.value


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"betas": [0.0]}, "beta must be above 0, or inf for the hard constraint; it is 0"),
        ({"betas": [1.0, 1.0]}, "betas must be a list of different numbers"),
        ({"betas": []}, "betas must be a list of different numbers"),
        ({"kappa": np.inf}, "kappa must be finite; it is inf"),
        ({"energy": "cubic"}, "energy must be 'count', 'hinge' or 'quadratic'; it is 'cubic'"),
        ({"setting": "exam"}, "setting must be 'storage' or 'teacher'"),
        ({"sampler": "gibbs"}, "sampler must be .* it is 'gibbs'"),
        ({"precision": "half"}, "precision must be 'double' or 'single'"),
        ({"precision": "single"}, "single precision is for 'hamiltonian' and 'langevin'"),
        ({"samples": 1}, "samples must be a whole number of at least 2; it is 1"),
        ({"replicas": 1}, "replicas must be a whole number of at least 2; it is 1"),
        ({"sweeps": 3}, "sweeps must be a whole number of at least 4; it is 3"),
        ({"burn_in": -1}, "burn_in must be a whole number of at least 0; it is -1"),
        ({"sampler": "langevin"}, "needs a force: the energy 'hinge' or 'quadratic'"),
        ({"sampler": "hit-and-run", "energy": "hinge"}, "knows the energy 'count' alone"),
        ({"alpha": 3.0, "betas": [np.inf]}, "every sample must have weights that keep kappa = 0"),
        ({"size": 1}, "size must be a whole number of at least 2; it is 1"),
    ],
)
def test_what_cannot_be_measured_is_refused(wrong: dict, complaint: str) -> None:
    with pytest.raises(DomainError, match=complaint):
        measured(**wrong)


def test_a_teacher_cannot_be_told_from_a_solution() -> None:
    """Nishimori: at the constraint without margin q = R, whatever the size."""
    (one,) = measured(
        alpha=1.0, betas=[np.inf], setting="teacher", size=40, samples=200, entropy=False
    )
    gap = one.by_sample.overlap - one.by_sample.teacher_overlap
    assert abs(gap.mean()) < 4 * gap.std(ddof=1) / np.sqrt(200) < 0.04
    assert one.overlap.value > 0.4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alpha", "kappa", "setting", "energy", "beta"),
    [
        (1.0, 0.0, "storage", "count", np.inf),
        (0.5, 0.5, "storage", "count", np.inf),
        (3.0, -1.0, "storage", "count", np.inf),
        (2.0, 0.0, "teacher", "count", np.inf),
        (1.0, 0.0, "storage", "hinge", 4.0),
        (1.0, 0.5, "teacher", "quadratic", 2.0),
        (1.0, 0.0, "teacher", "count", 2.0),
    ],
)
def test_large_samples_are_the_saddle_point(alpha, kappa, setting, energy, beta) -> None:
    """At N = 100 what is left of 1/N is below the errors asked for here."""
    rules = {"size": 100, "samples": 80, "replicas": 4, "sweeps": 30, "burn_in": 10, "seed": 11}
    one = spherical_measurement(alpha, kappa, beta=beta, setting=setting, energy=energy, **rules)
    truth = saddle_point(alpha, kappa, setting=setting, energy=energy, beta=beta)
    assert one.converged
    for name in NAMES:
        found, right = getattr(one, name), getattr(truth, "q" if name == "overlap" else name)
        if np.isnan(right) or found.error == 0:
            continue
        assert abs(found.value - right) < 4 * found.error, name
        assert found.error < 0.02 * abs(right) + 0.003, name
