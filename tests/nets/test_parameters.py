import pytest
import torch
from torch import nn
from torch.func import functional_call

from entropic.nets import flat_parameters, mlp
from entropic.nets.parameters import layout
from entropic.theory import DomainError


def test_flattening_what_was_unflattened_gives_the_vector_back():
    plan = layout(mlp((3, 4, 2), 0))
    theta = torch.arange(float(plan.size))
    named = plan.unflatten(theta)
    assert [tuple(named[name].shape) for name in plan.names] == [(4, 3), (4,), (2, 4), (2,)]
    assert torch.equal(torch.cat([named[name].reshape(-1) for name in plan.names]), theta)


def test_unflattening_what_was_flattened_gives_the_parameters_back():
    model = mlp((3, 4, 2), 0)
    named = layout(model).unflatten(flat_parameters(model))
    assert named.keys() == dict(model.named_parameters()).keys()
    for name, parameter in model.named_parameters():
        assert torch.equal(named[name], parameter)


def test_the_module_computes_with_the_vector_and_stays_as_it_was():
    model, other = mlp((3, 4, 2), 0), mlp((3, 4, 2), 1)
    x, before = torch.ones(5, 3, dtype=torch.float64), flat_parameters(model)
    named = layout(model).unflatten(flat_parameters(other))
    torch.testing.assert_close(functional_call(model, named, (x,)), other(x))
    assert torch.equal(flat_parameters(model), before)


def test_the_flat_copy_does_not_move_the_module():
    model = mlp((3, 2), 0)
    flat = flat_parameters(model)
    flat += 1
    assert not flat.requires_grad
    assert not torch.equal(flat, flat_parameters(model))


def test_frozen_parameters_are_left_out_and_shared_ones_count_once():
    model = mlp((3, 4, 2), 0)
    model[0].weight.requires_grad_(False)
    assert layout(model).names == ("0.bias", "2.weight", "2.bias")
    assert layout(model).size == len(flat_parameters(model)) == 14
    shared = nn.Linear(3, 3)
    assert layout(nn.Sequential(shared, shared)).size == 12


@pytest.mark.parametrize("shape", [(13,), (15,), (1, 14), ()])
def test_a_vector_of_another_length_is_refused(shape):
    with pytest.raises(DomainError, match="a point of this model has 14 numbers; it has"):
        layout(mlp((6, 2), 0)).unflatten(torch.zeros(shape))


def test_a_model_with_nothing_to_train_is_refused():
    with pytest.raises(DomainError, match="the model Tanh has no trainable parameters"):
        layout(nn.Tanh())
