import numpy as np
import pytest
import torch
from torch import nn

from entropic.nets import Problem, evaluate, flat_parameters, initial_parameters
from entropic.nets.losses import correct, cross_entropy
from entropic.nets.normalisation import landscape_form
from entropic.nets.problem import array
from entropic.theory import DomainError


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3)
    ).double()


def problem(statistics: str = "batch", block: int = 7, **more) -> Problem:
    generator = torch.Generator().manual_seed(1)
    inputs = 2 * torch.randn(20, 5, generator=generator, dtype=torch.float64) + 1
    targets = torch.randint(3, (20,), generator=generator)
    return Problem(
        network(), cross_entropy, inputs, targets, 0.1, correct, statistics=statistics, block=block,
        **more,
    )  # fmt: skip


def test_the_landscape_normalises_every_block_by_its_own_statistics():
    batch = problem()
    model = network().train()
    model[3].eval()
    losses = [
        cross_entropy(model(batch.inputs[block]), batch.targets[block]).sum().item()
        for block in batch.blocks
    ]
    theta = flat_parameters(model)
    expected = sum(losses) / 20 + 0.05 * float(theta @ theta)
    assert [block.stop - block.start for block in batch.blocks] == [6, 7, 7]
    assert batch.full(theta).item() == pytest.approx(expected, rel=1e-12)


def test_running_statistics_are_those_of_the_model_and_another_landscape():
    running = problem("running")
    theta = flat_parameters(running.model)
    model = network().eval()
    expected = cross_entropy(model(running.inputs), running.targets).mean().item()
    expected += 0.05 * float(theta @ theta)
    assert running.full(theta).item() == pytest.approx(expected, rel=1e-12)
    assert abs(problem().full(theta).item() - expected) > 1e-2
    assert (running.normalisation, problem().normalisation) == ("running", "batch")


def test_nothing_in_the_model_changes_when_the_landscape_is_looked_at():
    own = network()
    before = {name: value.clone() for name, value in own.state_dict().items()}
    batch = Problem(own, cross_entropy, torch.randn(9, 5).double(), torch.zeros(9).long())
    theta = flat_parameters(own).requires_grad_()
    torch.autograd.grad(batch.full(theta), theta)
    evaluate(batch, theta.detach())
    assert all(torch.equal(before[name], value) for name, value in own.state_dict().items())
    assert all(parameter.grad is None for parameter in own.parameters())
    assert own.training


def test_evaluation_uses_averages_over_the_blocks_of_the_training_set():
    batch = problem()
    theta = 1.3 * flat_parameters(batch.model)
    first = batch.inputs @ batch.layout.unflatten(theta)["0.weight"].T
    first = first + batch.layout.unflatten(theta)["0.bias"]
    mean = torch.stack([first[block].mean(0) for block in batch.blocks]).mean(0)
    spread = torch.stack([first[block].var(0) for block in batch.blocks]).mean(0)
    layer = batch.reestimated(theta)[1]
    np.testing.assert_allclose(array(layer.running_mean), array(mean), rtol=1e-12)
    np.testing.assert_allclose(array(layer.running_var), array(spread), rtol=1e-12)
    model = batch.reestimated(theta)
    alone = torch.cat([model(x[None]) for x in batch.inputs])
    found = evaluate(batch, theta)
    assert found.loss == pytest.approx(cross_entropy(alone, batch.targets).mean().item(), rel=1e-12)
    assert found.metric == correct(alone, batch.targets).mean().item()


def test_a_seed_alone_says_where_training_begins():
    torch.manual_seed(5)
    first = initial_parameters(problem(), 3)
    state = torch.get_rng_state()
    again = initial_parameters(problem(), 3)
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(first, again)
    assert not torch.equal(first, initial_parameters(problem(), 4))


def test_a_problem_may_say_itself_how_models_are_initialised():
    own = problem(fresh=network)
    assert torch.equal(initial_parameters(own, 7), flat_parameters(network(7)))


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, inputs):
        return self.scale * inputs


def test_a_module_that_does_not_say_how_it_is_initialised_is_refused():
    loss = lambda outputs, targets: ((outputs - targets) ** 2).sum(1)  # noqa: E731
    own = Problem(Scaled(), loss, torch.ones(3, 2), torch.zeros(3, 2))
    with pytest.raises(DomainError, match=r"Scaled.*no reset_parameters.*fresh"):
        initial_parameters(own, 0)


def test_statistics_that_do_not_exist_are_refused():
    with pytest.raises(DomainError, match="must be 'batch' or 'running'; they are 'train'"):
        landscape_form(network(), "train")
    silent = nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3, track_running_stats=False))
    with pytest.raises(DomainError, match="BatchNorm1d keeps no running statistics"):
        landscape_form(silent, "running")


def test_a_test_set_that_is_not_there_is_refused():
    with pytest.raises(DomainError, match="the problem 'custom' has no test set"):
        evaluate(problem(), flat_parameters(network()), on="test")


def test_data_that_are_not_finite_are_refused():
    inputs = torch.tensor([[1.0], [float("nan")]])
    with pytest.raises(DomainError, match="inputs and targets must be finite"):
        Problem(nn.Linear(1, 2), cross_entropy, inputs, torch.zeros(2).long())
