from dataclasses import replace

import numpy as np
import pytest
import torch
from landscapes import anchored_problem, small_problem
from torch import nn
from torch.func import grad

from entropic.nets import Problem, Recipe, evaluate, train
from entropic.nets.initial import initial_parameters
from entropic.nets.losses import correct, cross_entropy
from entropic.nets.problem import array
from entropic.nets.training_run import Watch
from entropic.nets.training_state import (
    TrainingState,
    branched,
    generators_in,
    noise_generators,
)
from entropic.theory import DomainError, NotConverged

SGD = Recipe("sgd", 0.1, 0.9, batch=8, epochs=6)
RECIPES = {
    "sgd": SGD,
    "nesterov": replace(SGD, nesterov=True),
    "adam": replace(SGD, optimizer="adam", rate=0.02),
    "langevin": replace(SGD, optimizer="langevin", momentum=0.0, batch=10),
    "descent": replace(SGD, gradient_norm=2e-3, longest=4000),
    "quasi-newton": replace(SGD, component=1e-3, descent="lbfgs"),
}


def _jittered(inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    kick = torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype)
    return inputs + 0.1 * kick.to(inputs.device)


def _problem() -> Problem:
    return small_problem(30, decay=0.05)


def _states(recipe: Recipe, problem: Problem, seeds=(0, 3)) -> tuple[list[TrainingState], object]:
    states: list[TrainingState] = []
    return states, train(problem, recipe, seeds, watch=Watch(states.append, every=0.0))


def test_an_epoch_is_sgd_over_a_shuffle_written_by_hand():
    problem, seed = _problem(), 4
    theta, velocity = initial_parameters(problem, seed), torch.zeros(31, dtype=torch.float64)
    generator, losses = noise_generators([seed])[0], []
    for epoch in range(SGD.epochs):
        order, total = torch.randperm(30, generator=generator), 0.0
        for pick in order.split(8):  # the last one of six
            data = (problem.inputs[pick], problem.targets[pick])
            total += len(pick) / 30 * float(problem.objective(theta, *data))
            velocity = 0.9 * velocity + grad(problem.objective)(theta, *data)
            theta = theta - SGD.rate_at(epoch / SGD.epochs) * velocity
        losses.append(total)
    found = train(problem, SGD, [seed])
    np.testing.assert_allclose(found.points[0], array(theta), rtol=1e-9)
    np.testing.assert_allclose(found.history[:, 0], losses, rtol=1e-10)
    assert found.loss[0] == pytest.approx(float(problem.full(theta)), rel=1e-10)
    slope = grad(problem.full)(theta)
    assert found.gradient_norm[0] == pytest.approx(float(slope.norm()), rel=1e-8)
    assert found.component[0] == pytest.approx(float(slope.abs().max()), rel=1e-8)


@pytest.mark.parametrize("name", RECIPES)
def test_a_seed_ends_the_same_in_any_company_and_by_any_way(name):
    problem = replace(_problem(), augment=_jittered)
    many = train(problem, RECIPES[name], [5, 0, 2], together=True)
    alone = train(problem, RECIPES[name], [2], together=False)
    assert (many.way, alone.way) == ("matmul", "loop")
    np.testing.assert_allclose(many.points[2], alone.points[0], rtol=1e-5, atol=1e-8)
    assert many.points.shape == (3, 31)
    assert np.abs(many.points[0] - many.points[1]).max() > 1e-3


@pytest.mark.parametrize("name", RECIPES)
def test_a_training_that_was_cut_ends_bitwise_where_it_would_have(name):
    problem = replace(_problem(), augment=_jittered)
    states, whole = _states(RECIPES[name], problem)
    for state in (states[0], states[3], states[-2]):
        before = {key: values.copy() for key, values in state.arrays.items()}
        again = train(problem, RECIPES[name], (0, 3), state=state)
        assert np.array_equal(again.points, whole.points)
        assert np.array_equal(again.history, whole.history)
        assert np.array_equal(again.gradients, whole.gradients)
        for key, values in state.arrays.items():  # what was handed in is untouched
            assert np.array_equal(values, before[key])


def test_a_state_remembers_the_way_that_was_chosen():
    problem = _problem()
    states: list[TrainingState] = []
    train(problem, SGD, [0, 1], together=False, watch=Watch(states.append, every=0.0))
    assert states[2].facts["way"] == "loop"
    assert train(problem, SGD, [0, 1], together=True, state=states[2]).way == "loop"


def test_an_interrupted_training_keeps_what_it_has():
    problem, states = _problem(), []

    def stop(moment):
        if moment.epoch == 4:
            raise KeyboardInterrupt

    watch = Watch(states.append, every=3600.0, moment=stop)
    with pytest.raises(KeyboardInterrupt):
        train(problem, SGD, [0], watch=watch)
    assert len(states) == 2
    assert np.array_equal(
        train(problem, SGD, [0], state=states[-1]).points, train(problem, SGD, [0]).points
    )


def test_the_moments_tell_where_it_is():
    moments = []
    recipe = RECIPES["descent"]
    found = train(_problem(), recipe, [0, 1], watch=Watch(moment=moments.append))
    assert [moment.epoch for moment in moments[:6]] == [1, 2, 3, 4, 5, 6]
    assert moments[0].loss.tolist() == found.history[0].tolist()
    assert moments[-1].gradients == found.gradients.max()
    assert found.reached.all()
    assert np.all(found.gradient_norm <= 2e-3)


def test_weights_start_where_the_seed_says_and_nothing_is_left_behind():
    problem = _problem()
    model = [p.clone() for p in problem.model.parameters()]
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    found = train(problem, replace(SGD, epochs=0), [7, 8])
    assert torch.equal(torch.rand(1), expected)
    for i, seed in enumerate((7, 8)):
        assert np.array_equal(found.points[i], array(initial_parameters(problem, seed)))
    for now, then in zip(problem.model.parameters(), model, strict=True):
        assert torch.equal(now, then)
        assert now.grad is None
    assert found.history.shape == (0, 2)


def test_a_network_with_batch_normalisation_learns():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(60, 1, 6, 6, generator=generator)
    targets = (inputs[:, 0, 2, 2] > 0).long()
    model = nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(144, 2)),
    )
    problem = Problem(model, cross_entropy, inputs, targets, 1e-3, correct, block=30)
    recipe = Recipe("sgd", 0.05, 0.9, batch=20, epochs=15)
    found = train(problem, recipe, [0, 1])
    assert found.history[-1].max() < 0.5 * found.history[0].min()
    assert evaluate(problem, problem.tensor(found.points[0])).metric > 0.95
    states, whole = _states(recipe, problem)
    assert np.array_equal(train(problem, recipe, (0, 3), state=states[7]).points, whole.points)


def test_branches_share_the_past_and_not_the_noise_to_come():
    problem = _problem()
    states, _ = _states(SGD, problem, seeds=[0])
    state = branched(states[4], [10, 11])
    found = train(problem, SGD, [10, 11], state=state)
    assert np.array_equal(found.history[:4, 0], found.history[:4, 1])
    assert np.abs(found.points[0] - found.points[1]).max() > 1e-3
    own = generators_in(state.arrays["generators"])
    assert torch.equal(own[0].get_state(), noise_generators([10])[0].get_state())


def test_only_one_replica_in_its_epochs_branches():
    states, _ = _states(SGD, _problem())
    with pytest.raises(DomainError, match="only one replica .* can branch; this state has 2"):
        branched(states[1], [1, 2])


def test_a_loss_that_runs_away_is_named_with_its_seed_epoch_and_the_way_out():
    problem = anchored_problem(torch.randn(30, 4, dtype=torch.float64))
    problem = replace(problem, fresh=lambda seed: problem.model)
    recipe = Recipe("sgd", 1e200, 0.0, batch=8, epochs=6)
    match = r"the loss of seed 9 stopped being finite in epoch 1 of 6; lower the rate, which was"
    with pytest.raises(DomainError, match=match):
        train(problem, recipe, [9])


def test_a_descent_that_does_not_arrive_hands_over_the_minima_all_the_same():
    recipe = replace(SGD, gradient_norm=1e-9, longest=5)
    with pytest.raises(NotConverged, match="2 of 2 descents did not reach") as stopped:
        train(_problem(), recipe, [0, 1])
    assert stopped.value.found.points.shape == (2, 31)
    assert not stopped.value.found.reached.any()


@pytest.mark.parametrize("seeds", [[], [1, 1], [-1], [2**63]])
def test_seeds_that_are_none_are_refused(seeds):
    with pytest.raises(DomainError, match="seeds must be different whole numbers from 0"):
        train(_problem(), SGD, seeds)


def test_a_state_of_another_training_is_refused():
    states, _ = _states(SGD, _problem())
    with pytest.raises(DomainError, match=r"of seeds \[1\] and 31 parameters; it is of \[0, 3\]"):
        train(_problem(), SGD, [1], state=states[1])


def test_a_lonely_sample_has_no_batch_statistics():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 3)).double()
    plain = _problem()
    problem = Problem(model, cross_entropy, plain.inputs, plain.targets)
    with pytest.raises(DomainError, match="of 30 samples this batch leaves one alone, and batch"):
        train(problem, replace(SGD, batch=29), [0])
