import numpy as np
import pytest
import torch
from landscapes import anchored_problem, small_problem
from torch import nn

from entropic.nets import (
    Problem,
    fisher_trace,
    flat_parameters,
    score_directions,
    score_matrix,
)
from entropic.nets.losses import cross_entropy, half_square
from entropic.nets.problem import array
from entropic.nets.sample_gradients import UnknownLayersError, layer_pieces
from entropic.theory import DomainError


class Residual(nn.Module):
    """Convolutions of stride and padding, an addition in place, batch norm, a sequence of steps."""

    def __init__(self, norm: bool = True) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 3, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(3) if norm else nn.Identity()
        self.second = nn.Conv2d(3, 3, (1, 3), stride=(1, 2), padding=(0, 1))
        self.steps = nn.Linear(2, 4)
        self.last = nn.Linear(4, 3)

    def forward(self, inputs):
        x = torch.relu_(self.norm(self.first(inputs)))
        x = nn.functional.softplus(self.second(x)).mean(1)
        x = self.steps(x)
        x += 1
        return self.last(torch.tanh(x).sum(1))


def images(samples=10, norm=True, **more) -> Problem:
    torch.manual_seed(3)
    model = Residual(norm).double()
    inputs = torch.randn(samples, 2, 4, 4, dtype=torch.float64)
    targets = torch.randint(3, (samples,))
    return Problem(model, cross_entropy, inputs, targets, 0.1, **more)


def point(problem: Problem) -> torch.Tensor:
    generator = torch.Generator().manual_seed(9)
    theta = flat_parameters(problem.model)
    return theta + 0.1 * torch.randn(len(theta), generator=generator, dtype=theta.dtype)


def one_by_one(problem: Problem, theta: torch.Tensor) -> np.ndarray:
    """A backward pass for the loss of every sample, in the company of its block."""
    rows = []
    blocks = problem.blocks if problem.normalisation == "batch" else [slice(0, problem.samples)]
    for block in blocks:
        for i in range(block.stop - block.start):
            free = theta.clone().requires_grad_()
            losses = problem.sample_losses(free, problem.inputs[block], problem.targets[block])
            rows.append(array(torch.autograd.grad(losses[i], free)[0]))
    return np.array(rows)


def probabilities(problem, theta, block):
    outputs = torch.func.functional_call(
        problem.model, problem.layout.unflatten(theta), (problem.inputs[block],)
    )
    return torch.softmax(outputs, 1)


def gauss_newton(problem: Problem, theta: torch.Tensor) -> np.ndarray:
    """(1/n) Σ Jᵀ(diag p − ppᵀ)J, from whole Jacobians."""
    total = 0.0
    for block in problem.blocks:

        def outputs(theta, block=block):
            weights = problem.layout.unflatten(theta)
            return torch.func.functional_call(problem.model, weights, (problem.inputs[block],))

        jacobian = torch.autograd.functional.jacobian(outputs, theta)
        p = torch.softmax(outputs(theta), 1)
        middle = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
        total = total + torch.einsum("icp,icd,idq->pq", jacobian, middle, jacobian)
    return array(total / problem.samples)


class Unusual(nn.Module):
    """Uses one matrix twice, and none of the layers that are known."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(3, 3, dtype=torch.float64))
        self.norm = nn.LayerNorm(3, dtype=torch.float64)

    def forward(self, inputs):
        return self.norm(inputs @ self.matrix) @ self.matrix.T


class Shared(nn.Module):
    """A known layer whose weight is also used behind its back."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3, dtype=torch.float64)

    def forward(self, inputs):
        return torch.tanh(self.layer(inputs)) @ self.layer.weight


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3, dtype=torch.float64)

    def forward(self, inputs):
        return self.layer(torch.tanh(self.layer(inputs)))


class Choosy(nn.Module):
    """Looks at its numbers before it decides, which no batched derivative can follow."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 3, dtype=torch.float64))

    def forward(self, inputs):
        scale = 2.0 if self.weight.sum().item() > 0 else 1.0
        return (
            scale
            * torch.stack([row if row[0].item() > 0 else -row for row in inputs])
            @ self.weight
        )


def sequences() -> nn.Module:
    """A layer that sees three steps of one number each."""
    return nn.Sequential(
        nn.Unflatten(1, (3, 1)), nn.Linear(1, 4), nn.Tanh(), nn.Flatten(), nn.Linear(12, 3)
    ).double()


def of(model: nn.Module, samples: int = 12) -> Problem:
    like = small_problem(samples)
    return Problem(model, cross_entropy, like.inputs, like.targets)


CASES = {
    "mlp": small_problem,
    "sequences": lambda: of(sequences()),
    "convolutions": lambda: images(norm=False),
    "fixed batch norm": lambda: images(statistics="running"),
    "batch norm": lambda: images(block=4),
    "no known layer": lambda: of(Unusual()),
    "no batched derivative": lambda: of(Choosy()),
    "a weight used twice": lambda: of(Shared()),
    "a layer run twice": lambda: of(Twice()),
}


@pytest.mark.parametrize("name", CASES)
def test_the_gram_matrix_is_that_of_gradients_taken_one_by_one(name):
    torch.manual_seed(0)
    problem = CASES[name]()
    theta = point(problem)
    rows = one_by_one(problem, theta)
    found = score_matrix(problem, theta)
    np.testing.assert_allclose(found.gram, rows @ rows.T, rtol=1e-9, atol=1e-12)
    expected = np.linalg.svd(rows, compute_uv=False)
    kept = min(rows.shape)
    np.testing.assert_allclose(found.singular_values[:kept], expected, rtol=1e-6, atol=1e-7)
    fisher = rows.T @ rows / problem.samples
    largest = np.linalg.eigvalsh(fisher)[::-1][:3]
    np.testing.assert_allclose(found.fisher_eigenvalues[:3], largest, rtol=1e-8)
    for trace in (found.trace, fisher_trace(problem, theta)):
        assert trace.value.item() == pytest.approx(np.trace(fisher), rel=1e-10)
        assert trace.error == 0


@pytest.mark.parametrize("name", ["mlp", "sequences"])
def test_known_layers_need_no_derivative_per_sample(name):
    problem = CASES[name]()
    theta = point(problem)
    weights = problem.layout.unflatten(theta)
    slopes = torch.ones(1, problem.samples, 3, dtype=torch.float64)
    pieces = layer_pieces(problem.model, weights, problem.inputs, slopes)
    assert list(pieces) == list(problem.layout.names)
    for kept in problem.model.modules():
        assert not kept._forward_hooks


@pytest.mark.parametrize("model", [Unusual, Shared, Twice])
def test_layers_that_are_used_in_other_ways_are_noticed(model):
    problem = of(model())
    slopes = torch.ones(1, problem.samples, 3, dtype=torch.float64)
    with pytest.raises(UnknownLayersError):
        layer_pieces(
            problem.model, problem.layout.unflatten(point(problem)), problem.inputs, slopes
        )


@pytest.mark.parametrize("name", ["mlp", "batch norm", "convolutions", "no known layer"])
def test_with_the_models_own_labels_the_fisher_matrix_is_that_of_gauss_and_newton(name):
    problem = CASES[name]()
    theta = point(problem)
    expected = gauss_newton(problem, theta)
    found = score_matrix(problem, theta, labels="model")
    values = np.linalg.eigvalsh(expected)[::-1]
    count = min(len(values), len(found.gram))
    np.testing.assert_allclose(
        found.fisher_eigenvalues[:count], values[:count], rtol=1e-8, atol=1e-10
    )
    trace = fisher_trace(problem, theta, labels="model")
    assert trace.value.item() == pytest.approx(np.trace(expected), rel=1e-10)
    if name == "mlp":  # the labels of the data are another question
        empirical = fisher_trace(problem, theta).value.item()
        assert abs(empirical - np.trace(expected)) > 0.05 * np.trace(expected)


def test_labels_drawn_from_the_model_agree_with_their_expectation():
    problem = small_problem(300)
    theta = point(problem)
    exact = fisher_trace(problem, theta, labels="model").value.item()
    drawn = [fisher_trace(problem, theta, labels="drawn", seed=i).value.item() for i in range(40)]
    error = np.std(drawn, ddof=1) / 40**0.5
    assert error < 0.02 * exact
    assert abs(np.mean(drawn) - exact) < 4 * error
    assert abs(np.mean(drawn) - fisher_trace(problem, theta).value.item()) > 5 * error


def test_rows_of_following_statistics_average_to_the_gradient_and_reestimated_ones_do_not():
    problem = images(block=4)
    theta = point(problem)
    free = theta.clone().requires_grad_()
    slope = torch.autograd.grad(problem.full(free), free)[0] - problem.decay * theta
    found = score_matrix(problem, theta)
    assert found.gram.mean() == pytest.approx(float(slope @ slope), rel=1e-10)
    fixed = score_matrix(problem, theta, company="reestimated")
    model = problem.reestimated(theta)
    alone = Problem(model, problem.loss, problem.inputs, problem.targets, statistics="running")
    rows = one_by_one(alone, theta)
    np.testing.assert_allclose(fixed.gram, rows @ rows.T, rtol=1e-9, atol=1e-12)
    missing = rows.mean(0) - array(slope)
    assert np.linalg.norm(missing) > 0.1 * float(slope.norm())


def test_a_choice_of_samples_estimates_the_trace_of_all_within_its_error():
    problem = small_problem(200)
    theta = point(problem)
    whole = fisher_trace(problem, theta).value.item()
    some = [fisher_trace(problem, theta, 50, seed=i) for i in range(60)]
    misses = [(e.value.item() - whole) / e.error.item() for e in some]
    assert abs(np.mean(misses)) < 4 / 60**0.5
    assert 0.6 < np.mean(np.abs(misses) < 1) < 0.77
    from_gram = score_matrix(problem, theta, 50, seed=3)
    assert from_gram.trace.value == pytest.approx(some[3].value)
    assert from_gram.trace.error == pytest.approx(some[3].error)
    assert np.all(np.diff(from_gram.samples) > 0)


@pytest.mark.parametrize("name", ["mlp", "batch norm"])
@pytest.mark.parametrize("labels", ["data", "model"])
def test_right_vectors_are_those_of_the_score_matrix(name, labels):
    problem = CASES[name]()
    theta = point(problem)
    found = score_matrix(problem, theta, labels=labels)
    vectors = array(score_directions(problem, theta, found, 3))
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(3), atol=1e-7)
    matrix = gauss_newton(problem, theta) if labels == "model" else None
    if matrix is None:
        rows = one_by_one(problem, theta)
        matrix = rows.T @ rows / problem.samples
    along = vectors @ matrix @ vectors.T
    np.testing.assert_allclose(along, np.diag(found.fisher_eigenvalues[:3]), atol=1e-8)


def test_memory_makes_more_passes_and_changes_nothing():
    problem = images(norm=False)
    theta = point(problem)
    whole = score_matrix(problem, theta)
    rows, largest = problem.samples, 54 * 8
    tight = score_matrix(problem, theta, memory=24 * rows**2 + rows * largest)
    np.testing.assert_allclose(tight.gram, whole.gram, rtol=1e-12)


def test_a_score_matrix_that_does_not_fit_is_refused_with_what_it_needs():
    problem = small_problem(400)
    with pytest.raises(
        DomainError, match=r"400 rows needs 0.00\d+ GiB at once; there may be 0.000"
    ):
        score_matrix(problem, point(problem), memory=1_000_000)


def test_single_precision_is_summed_in_double():
    problem = small_problem().to(dtype=torch.float32)
    theta = point(problem)
    wide = small_problem()
    found = score_matrix(problem, theta)
    expected = score_matrix(wide, theta.double())
    np.testing.assert_allclose(
        found.singular_values, expected.singular_values, rtol=1e-5, atol=1e-6
    )


def test_a_loss_without_probabilities_has_only_the_fisher_matrix_of_its_data():
    anchors = torch.randn(5, 2, dtype=torch.float64)
    problem = anchored_problem(anchors)
    theta = torch.zeros(2, dtype=torch.float64)
    found = fisher_trace(problem, theta).value.item()
    assert found == pytest.approx(float(anchors.square().sum(1).mean()), rel=1e-12)
    with pytest.raises(DomainError, match="needs class probabilities.*Gauss-Newton"):
        fisher_trace(problem, theta, labels="model")
    other = Problem(nn.Linear(3, 3), half_square, torch.ones(4, 3), torch.zeros(4, 3))
    with pytest.raises(DomainError, match="the loss of 'custom' is another"):
        score_matrix(other, flat_parameters(other.model), labels="drawn")


def test_bad_questions_are_refused():
    problem = small_problem()
    theta = point(problem)
    with pytest.raises(DomainError, match="labels must be one of data, model, drawn; it is 'true'"):
        score_matrix(problem, theta, labels="true")
    with pytest.raises(DomainError, match="company must be one of following, reestimated"):
        score_matrix(problem, theta, company="none")
    with pytest.raises(DomainError, match="those of 2 to 12 samples; 13 were asked for"):
        fisher_trace(problem, theta, 13)
    with pytest.raises(DomainError, match="gradients of single samples must be finite"):
        score_matrix(problem, theta * float("nan"))
    with pytest.raises(DomainError, match="has 12 directions; 13 were asked for"):
        score_directions(problem, theta, score_matrix(problem, theta), 13)


class Odd(nn.Module):
    """A parameter that is a single number, and a layer that nothing uses."""

    def __init__(self, normalised):
        super().__init__()
        self.into = nn.Linear(4, 5)
        self.idle = nn.Linear(2, 2)
        self.scale = nn.Parameter(torch.tensor(0.7))
        self.norm = nn.BatchNorm1d(5) if normalised else nn.Identity()

    def forward(self, x):
        return self.scale * self.norm(self.into(x)).tanh()[:, :3]


@pytest.mark.parametrize("normalised", [False, True])
def test_a_parameter_may_be_one_number_and_another_may_be_idle(normalised):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(11, 4, generator=generator, dtype=torch.float64)
    targets = torch.randint(3, (11,), generator=generator)
    problem = Problem(Odd(normalised).double(), cross_entropy, inputs, targets, block=4)
    theta = flat_parameters(problem.model)
    rows = torch.cat(
        [
            torch.autograd.functional.jacobian(
                lambda place, b=block: problem.sample_losses(place, inputs[b], targets[b]), theta
            )
            for block in problem.blocks
        ]
    )
    np.testing.assert_allclose(score_matrix(problem, theta).gram, rows @ rows.T, atol=1e-14)
