from itertools import combinations

import numpy as np
import pytest
import torch
from landscapes import anchored_problem, small_problem
from torch import nn

from entropic.nets import Problem, measure_noise, minibatch_factor
from entropic.nets.losses import cross_entropy
from entropic.nets.parameters import flat_parameters
from entropic.theory import DomainError
from entropic.theory.errors import TooShort


@pytest.fixture(scope="module")
def place():
    """A problem, a point, and all per-sample gradients by a loop of autograd."""
    problem = small_problem()
    theta = flat_parameters(problem.model)
    gradients = []
    for i in range(problem.samples):
        free = theta.clone().requires_grad_()
        loss = problem.sample_losses(free, problem.inputs[i : i + 1], problem.targets[i : i + 1])
        gradients.append(torch.autograd.grad(loss.sum(), free)[0].numpy())
    return problem, theta, np.array(gradients)


@pytest.fixture(scope="module")
def covariance(place):
    return np.cov(place[2].T)


def normalised_problem(samples=24):
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(samples, 3, generator=generator, dtype=torch.float64)
    targets = torch.randint(3, (samples,), generator=generator)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = torch.nn.Sequential(
            torch.nn.Linear(3, 4, dtype=torch.float64),
            torch.nn.BatchNorm1d(4, dtype=torch.float64),
            torch.nn.Tanh(),
            torch.nn.Linear(4, 3, dtype=torch.float64),
        )
    return Problem(model, cross_entropy, inputs, targets)


@pytest.mark.parametrize("memory", [1e9, 0], ids=["rows", "matrix-free"])
def test_the_operator_is_the_covariance_of_the_gradients(place, covariance, memory):
    problem, theta, _ = place
    noise = measure_noise(problem, theta, memory=memory)
    assert (noise.rows is None) == (memory == 0)
    assert noise.is_exact
    vectors = torch.randn(4, len(theta), generator=torch.Generator().manual_seed(1)).double()
    assert noise.products(vectors).numpy() == pytest.approx(vectors.numpy() @ covariance, rel=1e-10)
    assert noise.trace().value == pytest.approx(np.trace(covariance), rel=1e-12)
    assert noise.trace().error == 0
    unit = vectors[0].numpy() / np.linalg.norm(vectors[0])
    assert noise.along(vectors[0]).value == pytest.approx(unit @ covariance @ unit, rel=1e-10)
    values, directions = noise.leading(3)
    top, turned = np.linalg.eigh(covariance)
    assert values == pytest.approx(top[::-1][:3], rel=1e-6)
    overlaps = abs(directions.numpy() @ turned[:, ::-1][:, :3])
    assert overlaps == pytest.approx(np.eye(3), abs=1e-4)
    assert noise.anisotropy().value == pytest.approx(top[-1] / top.sum(), rel=1e-6)
    exact = np.trace(covariance) ** 2 / (covariance**2).sum()
    participation = noise.participation(probes=200)
    if memory:
        assert participation.value == pytest.approx(exact, rel=1e-10)
    else:
        assert abs(float(participation.value) - exact) < 4 * participation.error
        assert participation.error < 0.1 * exact


@pytest.mark.parametrize("batch", [1, 3, 5, 11])
def test_minibatches_without_replacement_have_the_stated_covariance(place, covariance, batch):
    """All minibatches of 12 samples, one by one: Zhang et al., eq. 4, exact at any size."""
    gradients = place[2]
    means = np.array(
        [gradients[list(pick)].mean(axis=0) for pick in combinations(range(12), batch)]
    )
    apart = means - gradients.mean(axis=0)
    found = apart.T @ apart / len(means)
    assert found == pytest.approx(minibatch_factor(batch, 12) * covariance, abs=1e-12)


def test_drawn_minibatches_measure_the_same_covariance_within_their_errors(place, covariance):
    problem, theta, _ = place
    noise = measure_noise(problem, theta, batch=4, draws=800)
    assert not noise.is_exact
    values = np.linalg.eigvalsh(covariance)
    exact = {
        "trace": values.sum(),
        "largest": values[-1],
        "anisotropy": values[-1] / values.sum(),
        "participation": values.sum() ** 2 / (values**2).sum(),
    }
    for name, value in exact.items():
        found = getattr(noise, name)()
        assert abs(float(found.value) - value) < 4 * float(found.error), name
        assert found.error < 0.05 * value, name
    # the covariance of minibatches without the factor is the rival, far away
    trace = noise.trace()
    rival = minibatch_factor(4, 12) * exact["trace"]
    assert float(trace.value) - rival > 5 * float(trace.error)


@pytest.mark.parametrize("name", ["trace", "participation", "largest"])
def test_a_subset_is_right_on_average_and_its_error_is_its_scatter(place, name):
    """A finite population: of 12 samples 9, so that the correction for it counts."""
    problem, theta, _ = place
    exact = float(getattr(measure_noise(problem, theta), name)().value)
    subsets = [measure_noise(problem, theta, samples=9, seed=seed) for seed in range(200)]
    found = [getattr(noise, name)() for noise in subsets]
    values = np.array([float(e.value) for e in found])
    errors = np.array([float(e.error) for e in found])
    # errors of order 1/√9 are themselves rough
    assert values.mean() == pytest.approx(exact, rel=0.08 if name == "largest" else 0.03)
    assert 0.4 < values.std() / errors.mean() < 1.6


def test_the_largest_eigenvalue_of_few_draws_is_not_too_large():
    """Springs with anchors of known variances: the largest of 40 draws, with what raises it."""
    variances = torch.tensor([4.0, 2.5] + [1.0] * 18, dtype=torch.float64)
    generator = torch.Generator().manual_seed(4)
    anchors = torch.randn(4000, 20, generator=generator, dtype=torch.float64) * variances.sqrt()
    problem, theta = anchored_problem(anchors), torch.zeros(20, dtype=torch.float64)
    exact = float(measure_noise(problem, theta).largest().value)
    runs = [measure_noise(problem, theta, samples=40, seed=seed) for seed in range(60)]
    found = np.array([float(run.largest().value) for run in runs])
    raw = np.array([run.leading(1)[0][0] for run in runs])
    assert abs(found.mean() - exact) < 4 * found.std() / 60**0.5 < 0.15 * exact
    assert raw.mean() - exact > 5 * raw.std() / 60**0.5


def test_all_samples_as_a_subset_leave_no_error(place):
    problem, theta, _ = place
    noise = measure_noise(problem, theta, samples=12)
    assert noise.source == "samples"
    assert noise.largest().error == noise.participation().error == 0


def test_noise_of_anchored_springs_is_that_of_their_anchors():
    """½|θ − a_i|²: the gradients scatter as the anchors do, wherever θ is."""
    anchors = torch.randn(30, 5, generator=torch.Generator().manual_seed(2)).double()
    problem = anchored_problem(anchors)
    noise = measure_noise(problem, torch.ones(5).double())
    expected = np.cov(anchors.numpy().T)
    assert noise.products(torch.eye(5).double()).numpy() == pytest.approx(expected)


def test_with_batch_statistics_minibatches_are_drawn_by_themselves():
    problem = normalised_problem()
    theta = flat_parameters(problem.model)
    noise = measure_noise(problem, theta, draws=16)
    assert (noise.source, noise.count) == ("minibatches", 16)
    with pytest.raises(DomainError, match="samples have no gradients of their own; give batch"):
        measure_noise(problem, theta, samples=8)


def test_minibatch_noise_of_batch_statistics_is_what_all_minibatches_scatter():
    """Enumeration of all batches of 3 of 8: the statistics of each are its own."""
    problem = normalised_problem(samples=8)
    theta = flat_parameters(problem.model)
    slopes = []
    for pick in map(list, combinations(range(8), 3)):
        free = theta.clone().requires_grad_()
        loss = problem.objective(free, problem.inputs[pick], problem.targets[pick])
        slopes.append(torch.autograd.grad(loss, free)[0].numpy())
    exact = np.trace(np.cov(np.array(slopes).T, ddof=0)) / minibatch_factor(3, 8)
    found = measure_noise(problem, theta, batch=3, draws=600).trace()
    assert abs(float(found.value) - exact) < 4 * float(found.error) < 0.3 * exact


@pytest.mark.parametrize("dense", [4000, 3], ids=["diagonalised", "lanczos"])
@pytest.mark.parametrize("samples", [12, 60], ids=["fewer rows", "fewer directions"])
def test_the_smaller_matrix_serves_and_neither_has_to_be_diagonalised(monkeypatch, dense, samples):
    monkeypatch.setattr("entropic.nets.gradient_noise.DENSE", dense)
    problem = small_problem(samples=samples)
    theta = flat_parameters(problem.model)
    noise = measure_noise(problem, theta)
    whole = noise.products(torch.eye(31, dtype=torch.float64)).numpy()
    values, _ = noise.leading(2)
    assert values == pytest.approx(np.linalg.eigvalsh(whole)[:-3:-1], rel=1e-6)
    exact = np.trace(whole) ** 2 / (whole**2).sum()
    assert noise.participation().value == pytest.approx(exact, rel=1e-10)
    few = measure_noise(problem, theta, batch=4, draws=40)
    assert float(few.participation().error) > 0
    assert float(few.largest().value) > 0


def test_the_model_keeps_no_gradients(place):
    problem, theta, _ = place
    measure_noise(problem, theta, memory=0).leading(1)
    assert all(p.grad is None for p in problem.model.parameters())


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"samples": 1}, DomainError, "2 to 12 samples; it has 1"),
        ({"samples": 13}, DomainError, "2 to 12 samples; it has 13"),
        ({"samples": 4, "batch": 2}, DomainError, "exclude each other"),
        ({"batch": 13}, DomainError, "batch must have 1 to 12 samples; it has 13"),
        ({"batch": 12}, DomainError, "all 12 samples makes no noise"),
        ({"batch": 4, "draws": 3}, TooShort, "at least 4 minibatches; there are 3"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(place, options, kind, words):
    with pytest.raises(kind, match=words):
        measure_noise(place[0], place[1], **options)


def test_more_eigenvalues_than_there_are_rows_are_refused(place):
    noise = measure_noise(place[0], place[1])
    with pytest.raises(DomainError, match="1 to 11 leading eigenvalues to ask for, not 12"):
        noise.leading(12)


class Attention(nn.Module):
    """Its quick way has no forward derivatives."""

    def __init__(self):
        super().__init__()
        self.mix = nn.MultiheadAttention(4, 2, batch_first=True)
        self.end = nn.Linear(4, 3)

    def forward(self, x):
        return self.end(self.mix(x, x, x)[0].mean(dim=1))


def test_attention_has_its_noise_without_rows_too():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(9, 3, 4, generator=generator, dtype=torch.float64)
    targets = torch.randint(3, (9,), generator=generator)
    problem = Problem(Attention().double(), cross_entropy, inputs, targets)
    theta = flat_parameters(problem.model)
    vectors = torch.randn(2, len(theta), generator=generator, dtype=torch.float64)
    held, free = (measure_noise(problem, theta, memory=m) for m in (1 << 30, 0))
    assert free.rows is None
    torch.testing.assert_close(free.products(vectors), held.products(vectors))
