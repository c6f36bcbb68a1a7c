import pytest
import torch
from landscapes import small_problem
from torch import nn

from entropic.nets import Problem
from entropic.nets.choice import choose
from entropic.nets.initial import initial_parameters
from entropic.nets.losses import cross_entropy
from entropic.theory import DomainError


def _stack(problem: Problem, replicas: int) -> torch.Tensor:
    return torch.stack([initial_parameters(problem, seed) for seed in range(replicas)])


def test_a_perceptron_is_measured_both_ways_and_the_quicker_is_taken():
    problem = small_problem(40)
    choice = choose(problem, _stack(problem, 20), 8)
    assert choice.seconds.keys() == {"matmul", "loop"}
    assert choice.way == min(choice.seconds, key=choice.seconds.get) == "matmul"


def test_what_is_asked_for_is_not_measured():
    problem = small_problem(40)
    thetas = _stack(problem, 2)
    assert choose(problem, thetas, 8, together=True).way == "matmul"
    alone = choose(problem, thetas, 8, together=False)
    assert (alone.way, dict(alone.seconds)) == ("loop", {})


def test_a_model_that_decides_by_its_data_goes_one_by_one():
    class Deciding(nn.Linear):
        def forward(self, inputs):
            found = super().forward(inputs)
            return found if found.sum().item() > 0 else 2 * found

    plain = small_problem(40)
    problem = Problem(Deciding(3, 3).double(), cross_entropy, plain.inputs, plain.targets)
    thetas = _stack(problem, 3)
    assert choose(problem, thetas, 8).way == "loop"
    with pytest.raises(DomainError, match="many replicas at once; train one by one"):
        choose(problem, thetas, 8, together=True)


def test_a_loss_that_looks_at_the_company_is_not_computed_for_all_replicas_in_one_call():
    def crowded(outputs, targets):
        return cross_entropy(outputs, targets) * len(outputs)

    plain = small_problem(40)
    problem = Problem(plain.model, crowded, plain.inputs, plain.targets)
    assert choose(problem, _stack(problem, 3), 8, together=True).way == "vmap"


def test_a_loss_that_looks_at_the_company_a_little_is_caught_too():
    def slightly(outputs, targets):
        return cross_entropy(outputs, targets) + 0.02 * outputs.mean(dim=0).square().sum()

    plain = small_problem(40)
    problem = Problem(plain.model, slightly, plain.inputs, plain.targets)
    assert choose(problem, _stack(problem, 4), 8, together=True).way == "vmap"
