import numpy as np
import pytest
import torch
from landscapes import anchored_problem, hessian, small_problem

from entropic.nets import Problem, hessian_alignment, measure_noise, noise_exponent
from entropic.nets.losses import half_square
from entropic.nets.parameters import flat_parameters
from entropic.theory import DomainError
from entropic.theory.errors import TooShort


def regression(directions=6, pairs=400, spread=0.3):
    """A linear fit at its minimum, every input twice with labels ± spread from the line.

    All squared residuals are spread², so C = spread² H n/(n − 1) exactly.
    """
    generator = torch.Generator().manual_seed(0)
    scales = torch.logspace(-1, 0.5, directions, dtype=torch.float64)
    inputs = torch.randn(pairs, directions, generator=generator, dtype=torch.float64) * scales
    weights = torch.ones(directions, dtype=torch.float64)
    targets = torch.cat([inputs @ weights + spread, inputs @ weights - spread])[:, None]
    model = torch.nn.Linear(directions, 1, bias=False, dtype=torch.float64)
    problem = Problem(model, half_square, inputs.repeat(2, 1), targets)
    return problem, weights, problem.inputs.T @ problem.inputs / problem.samples


@pytest.fixture(scope="module")
def place():
    problem = small_problem()
    theta = flat_parameters(problem.model)
    noise = measure_noise(problem, theta)
    dense = noise.products(torch.eye(len(theta), dtype=theta.dtype)).numpy()
    return noise, hessian(problem, theta).numpy(), dense


def test_label_noise_at_the_minimum_of_a_linear_fit_is_proportional_to_the_hessian():
    problem, theta, dense = regression()
    noise = measure_noise(problem, theta)
    values, vectors = torch.linalg.eigh(dense)
    found = noise_exponent(noise, values.numpy(), vectors.T)
    assert float(found.exponent.value) == pytest.approx(1.0, abs=1e-10)
    assert found.variances == pytest.approx(0.09 * found.curvatures * 800 / 799)
    aligned = hessian_alignment(noise, probes=8)
    assert float(aligned.cosine.value) == pytest.approx(1.0, abs=0.02)
    assert abs(float(aligned.cosine.value) - 1) < 4 * float(aligned.cosine.error) + 1e-12
    spectrum = values.numpy()
    gain = len(theta) * (spectrum**2).sum() / spectrum.sum() ** 2
    assert float(aligned.gain.value) == pytest.approx(gain, rel=0.05)


def test_isotropic_noise_has_gain_one_and_exponent_zero_whatever_the_hessian():
    """Springs of one stiffness: every direction alike, in C as in H."""
    anchors = torch.eye(6, dtype=torch.float64).repeat(3, 1) * 2
    noise = measure_noise(anchored_problem(anchors), torch.zeros(6).double())
    aligned = hessian_alignment(noise, probes=16)
    # C lacks the direction of the mean, (1, …, 1): 5 of 6 directions
    for found, exact in ((aligned.gain, 1.0), (aligned.cosine, (5 / 6) ** 0.5)):
        assert abs(float(found.value) - exact) < 4 * float(found.error) < 0.3
    assert float(aligned.stiffness.value) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("leading", [3, 16])
def test_measures_are_those_of_the_dense_matrices_within_their_errors(place, leading):
    noise, hess, cov = place
    product = np.trace(hess @ cov)
    exact = {
        "cosine": product / np.linalg.norm(hess) / np.linalg.norm(cov),
        "gain": len(hess) * product / np.trace(hess) / np.trace(cov),
        "stiffness": product / np.trace(cov),
        "product": product,
        "trace": np.trace(hess),
    }
    runs = [hessian_alignment(noise, 64, seed, leading) for seed in range(30)]
    for name, value in exact.items():
        found = [getattr(run, name) for run in runs]
        error = np.array([float(e.error) for e in found]) + 1e-12 * abs(value)
        z = np.array([float(e.value) - value for e in found]) / error
        assert abs(z.mean()) < 4 / 30**0.5 * max(z.std(), 1.0), name
        assert z.std() < 1.5, name
        assert error.mean() < 0.3 * abs(value), name


def test_without_rows_the_measures_are_the_same_within_their_errors(place):
    noise = place[0]
    free = measure_noise(noise.problem, noise.theta, memory=0)
    one, other = hessian_alignment(noise, 64, leading=3), hessian_alignment(free, 64, leading=3)
    assert float(other.product.value) == pytest.approx(float(one.product.value), rel=1e-4)
    gap = abs(float(other.cosine.value) - float(one.cosine.value))
    assert gap < 4 * float(other.cosine.error) < 0.4 * float(one.cosine.value)


def test_sampling_widens_the_error_to_the_scatter_between_subsets():
    problem = small_problem(samples=200)
    theta = flat_parameters(problem.model)
    exact = hessian_alignment(measure_noise(problem, theta), 256)
    subsets = [measure_noise(problem, theta, samples=50, seed=seed) for seed in range(40)]
    found = [hessian_alignment(noise, 64, seed) for seed, noise in enumerate(subsets)]
    for name in ("product", "stiffness", "cosine"):
        whole = float(getattr(exact, name).value)
        values = np.array([float(getattr(run, name).value) for run in found])
        errors = np.array([float(getattr(run, name).error) for run in found])
        assert values.mean() == pytest.approx(whole, rel=0.1), name
        assert 0.6 < values.std() / errors.mean() < 1.5, name


def test_the_decay_makes_no_noise_and_is_taken_off():
    problem, theta, dense = regression()
    heavier = Problem(problem.model, half_square, problem.inputs, problem.targets, decay=0.5)
    values, vectors = torch.linalg.eigh(dense)
    # the gradients of single samples are those without decay, at any point
    found = noise_exponent(measure_noise(heavier, theta), values.numpy() + 0.5, vectors.T)
    assert float(found.exponent.value) == pytest.approx(1.0, abs=1e-10)


def test_negative_curvatures_and_what_is_smaller_than_them_do_not_count():
    problem, theta, dense = regression()
    values, vectors = torch.linalg.eigh(dense)
    values = values.numpy().copy()
    values[0] = -values[1] * 1.01
    found = noise_exponent(measure_noise(problem, theta), values, vectors.T)
    assert found.curvatures == pytest.approx(values[2:])


def test_too_few_probes_or_curvatures_are_refused(place):
    noise, hess, _ = place
    with pytest.raises(TooShort, match="at least 4 probes; there are 3"):
        hessian_alignment(noise, 3)
    vectors = torch.eye(len(hess), dtype=torch.float64)
    with pytest.raises(TooShort, match="at least 4 positive curvatures; there are 0"):
        noise_exponent(noise, -np.ones(len(hess)), vectors)
    with pytest.raises(DomainError, match="31 vectors need as many eigenvalues"):
        noise_exponent(noise, np.ones(3), vectors)
