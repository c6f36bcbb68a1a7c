import numpy as np
import pytest

from entropic.theory import (
    DomainError,
    LinearData,
    LinearNetwork,
    error_from_norm,
    generalization_error,
    global_minimum,
    hessian_entropy,
    mean_estimate,
    minimum_spectrum,
)


def students(
    inputs: int, patterns: int, noise: float, count: int
) -> list[tuple[LinearNetwork, LinearData, np.ndarray]]:
    """Teachers, their data and a student each that fits it; across the patterns it is random."""
    found = []
    for seed in range(count):
        rng = np.random.default_rng([seed, 7])
        x = rng.normal(size=(inputs, patterns)) / np.sqrt(inputs)
        teacher = rng.normal(size=inputs)
        data = LinearData(x, teacher @ x + noise * rng.normal(size=patterns))
        found.append((global_minimum(data, 7, 1.0 + seed % 3, seed), data, teacher))
    return found


def test_the_error_is_that_on_fresh_examples():
    network, _, teacher = students(6, 3, 0.3, 1)[0]
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40_000, 6)) / np.sqrt(6)
    labels = x @ teacher + 0.3 * rng.normal(size=40_000)
    measured = mean_estimate((labels - x @ (network.second @ network.first)) ** 2, "fresh labels")
    predicted = generalization_error(network, teacher, 0.3)
    assert abs(measured.value - predicted) < 4 * measured.error
    assert measured.error < 0.02 * predicted


@pytest.mark.parametrize("noise", [1e-4, 0.5])
def test_the_norm_predicts_the_mean_error_at_the_size_of_the_paper_and_at_any_noise(noise):
    """N_i = 10, N_h = 7, P = 5: figure 3, right."""
    gaps, errors = [], []
    for network, data, teacher in students(10, 5, noise, 1500):
        errors.append(generalization_error(network, teacher, noise))
        gaps.append(errors[-1] - error_from_norm(network, data, teacher, noise))
    miss = mean_estimate(gaps, "students")
    assert abs(miss.value) < 4 * miss.error
    assert miss.error < 0.02 * np.mean(errors)


def test_what_the_norm_cannot_know_is_two_scalar_products():
    for network, data, teacher in students(8, 3, 0.4, 5):
        span = data.inputs @ np.linalg.pinv(data.inputs)
        student = network.second @ network.first
        across = (teacher - span @ teacher) @ (student - span @ student)
        fitted = (span @ teacher) @ (span @ (student - teacher))
        gap = generalization_error(network, teacher, 0.4) - error_from_norm(
            network, data, teacher, 0.4
        )
        assert gap == pytest.approx(-2 * (across + fitted) / 8, abs=1e-12)


def test_with_as_many_patterns_as_inputs_and_no_noise_the_student_is_the_teacher():
    network, data, teacher = students(4, 9, 0.0, 1)[0]
    assert generalization_error(network, teacher) == pytest.approx(0, abs=1e-20)
    assert error_from_norm(network, data, teacher) == pytest.approx(0, abs=1e-12)


def test_teachers_without_meaning_are_refused():
    network, data = LinearNetwork([[1.0, 2.0]], [1.0]), LinearData([[1.0], [0.0]], [1.0])
    with pytest.raises(DomainError, match=r"teacher must be 2 finite numbers; its shape is \(3,\)"):
        generalization_error(network, [1.0, 2.0, 3.0])
    with pytest.raises(DomainError, match="noise of the targets must not be negative; it is -1"):
        generalization_error(network, [1.0, 2.0], -1.0)
    with pytest.raises(DomainError, match="patterns must have 2 inputs .* they have 1"):
        error_from_norm(network, LinearData([[1.0]], [1.0]), [1.0, 2.0])
    assert error_from_norm(network, data, [1.0, 2.0]) == pytest.approx((5 - 2 + 5) / 2)


def trained(norms: np.ndarray, imbalance: np.ndarray, seed: int) -> np.ndarray:
    """Error, norm² and entropy (runs, 3) of students of one teacher, after gradient descent.

    Both layers start random, with |W₂| = norm · imbalance and |W₁| = norm / imbalance.
    """
    rng, runs = np.random.default_rng(seed), len(norms)
    x, teacher = rng.normal(size=(10, 5)) / np.sqrt(10), rng.normal(size=10)
    y = teacher @ x
    first, second = rng.normal(size=(runs, 7, 10)), rng.normal(size=(runs, 7))
    first *= (norms / imbalance / np.linalg.norm(first, axis=(1, 2)))[:, None, None]
    second *= (norms * imbalance / np.linalg.norm(second, axis=1))[:, None]
    step = (0.5 / (1 + norms**2 * imbalance**2 + norms**2 / imbalance**2))[:, None]
    for _ in range(20_000):
        misses = np.einsum("rh,rhi->ri", second, first) @ x - y
        if np.abs(misses).max() < 1e-9:
            break
        error = misses @ x.T / 5
        slopes = second[:, :, None] * error[:, None, :], np.einsum("rhi,ri->rh", first, error)
        first, second = first - step[:, :, None] * slopes[0], second - step * slopes[1]
    data, found = LinearData(x, y), []
    for network in map(LinearNetwork, first, second):
        assert np.abs(network.residuals(data)).max() < 1e-6
        student, spectrum = network.second @ network.first, minimum_spectrum(network, data)
        entropy = float(hessian_entropy(spectrum).value)
        found.append((generalization_error(network, teacher), student @ student, entropy))
    return np.array(found)


@pytest.mark.slow
def test_trained_students_err_with_their_norm_and_with_their_narrowness_while_balanced():
    """Figures 3 and 4: the slope in |w|² is 1/N_i; imbalance spoils what the entropy tells."""
    rng = np.random.default_rng(2)
    norms, tilts = rng.uniform(0.3, 3, 600), 2 ** rng.uniform(-1, 1, 600)
    told = {}
    for name, imbalance in (("balanced", np.ones(600)), ("tilted", tilts)):
        error, norm, entropy = trained(norms, imbalance, seed=3).T
        slope, height = np.polyfit(norm, error, 1)
        away = norm - norm.mean()
        scatter = away * (error - slope * norm - height)  # grows with the norm
        doubt = np.sqrt((scatter**2).sum()) / (away**2).sum()
        assert abs(slope - 1 / 10) < 4 * doubt
        assert doubt < 0.01
        told[name] = np.corrcoef(entropy, error)[0, 1]
    balanced, tilted = (np.arctanh(told[name]) for name in ("balanced", "tilted"))
    assert balanced < -5 / np.sqrt(597)  # Fisher's standard error of 600 students
    assert balanced - tilted < -3 * np.sqrt(2 / 597)
