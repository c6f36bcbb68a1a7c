import pytest
import torch
from torch import nn

from entropic.nets import Problem, Recipe, train
from entropic.nets.fast_ensemble import fast_geometric_ensemble
from entropic.nets.initial import initial_parameters
from entropic.nets.losses import cross_entropy
from entropic.nets.path_methods import path_settings
from entropic.nets.paths import find_path
from entropic.theory.errors import DomainError

INPUTS = torch.randn(12, 6, generator=torch.Generator().manual_seed(0))
TARGETS = torch.arange(12) % 3


class Counting(nn.Module):
    """Its answers grow from call to call."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 3)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, inputs):
        self.calls += 1
        return self.layer(inputs) * self.calls


class Dropping(nn.Linear):
    def forward(self, inputs):
        return super().forward(nn.functional.dropout(inputs, 0.5))


class Pair(nn.Linear):
    def forward(self, inputs):
        return super().forward(inputs), inputs


class Detached(nn.Linear):
    def forward(self, inputs):
        return super().forward(inputs).detach()


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (Counting(), "must not change when it is called; this one changes its 'calls'"),
        (Dropping(6, 3), "same loss at every call"),
        (Pair(6, 3), "one tensor of all samples; it gives tuple"),
        (Detached(6, 3), "it has no gradient"),
        (nn.Linear(6, 3).bfloat16(), "float64, or float32, or float16; they are bfloat16"),
        (nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 3).double()), "they are float32, float64"),
    ],
)
def test_what_makes_no_landscape_is_refused_at_once(model, told):
    with pytest.raises(DomainError, match=told):
        Problem(model, cross_entropy, INPUTS, TARGETS)


def test_data_without_values_are_refused():
    with pytest.raises(DomainError, match="tensors on 'meta' have none"):
        Problem(nn.Linear(6, 3), cross_entropy, INPUTS.to("meta"), TARGETS)


def test_one_sample_alone_has_no_batch_statistics():
    model = nn.Sequential(nn.Linear(6, 3), nn.BatchNorm1d(3))
    with pytest.raises(DomainError, match="11 samples in blocks of 2 leave one alone"):
        Problem(model, cross_entropy, INPUTS[1:], TARGETS[1:], block=2)
    assert Problem(model, cross_entropy, INPUTS[1:], TARGETS[1:], block=3).samples == 11


@pytest.mark.parametrize("together", [False, True])
def test_parameters_that_play_no_part_stay_where_they_are(together):
    class Spare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.spare = nn.Linear(6, 3), nn.Linear(6, 3)

        def forward(self, inputs):
            return self.used(inputs)

    problem = Problem(Spare(), cross_entropy, INPUTS, TARGETS)
    start = initial_parameters(problem, 0)
    found = train(problem, Recipe(batch=4, epochs=2), [0], together)
    assert (found.points[0, 21:] == start[21:].numpy()).all()
    assert (found.points[0, :21] != start[:21].numpy()).any()


def test_attention_starts_as_torch_makes_it_with_all_its_biases_zero():
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention, self.out = nn.MultiheadAttention(6, 2), nn.Linear(6, 3)

        def forward(self, inputs):
            return self.out(self.attention(inputs, inputs, inputs)[0])

    problem = Problem(Attending(), cross_entropy, INPUTS, TARGETS)
    named = problem.layout.unflatten(initial_parameters(problem, 3))
    assert not named["attention.out_proj.bias"].any()
    assert named["attention.in_proj_weight"].any()


def test_no_minibatch_leaves_a_sample_alone_with_batch_statistics():
    model = nn.Sequential(nn.Linear(6, 3), nn.BatchNorm1d(3))
    problem = Problem(model, cross_entropy, INPUTS[1:], TARGETS[1:])
    first, last = (initial_parameters(problem, seed) for seed in (0, 1))
    told = "of 11 samples this batch leaves one alone"
    with pytest.raises(DomainError, match=told):
        train(problem, Recipe(batch=5, epochs=1), [0])
    with pytest.raises(DomainError, match=told):
        fast_geometric_ensemble(problem, first, 1, batch=10)
    with pytest.raises(DomainError, match=told):
        find_path(problem, first, last, "neb", path_settings("neb", batch=1, steps=1))
