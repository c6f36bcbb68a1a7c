import pytest
import torch
from torch import nn

from entropic.nets import flat_parameters, mlp
from entropic.nets.models import deep_linear
from entropic.theory import DomainError


def test_the_seed_alone_decides_the_weights():
    first = flat_parameters(mlp((5, 4, 3), 1))
    torch.manual_seed(123)  # the state of torch's own generator plays no part
    assert torch.equal(first, flat_parameters(mlp((5, 4, 3), 1)))
    assert not torch.equal(first, flat_parameters(mlp((5, 4, 3), 2)))


def test_weights_have_the_variance_of_one_over_the_fan_in_and_biases_are_zero():
    model = mlp((400, 300, 10), 0)
    for layer in model:
        if isinstance(layer, nn.Linear):
            weights = layer.weight.detach()
            n, variance = weights.numel(), 1 / layer.in_features
            assert abs(weights.mean().item()) < 4 * (variance / n) ** 0.5
            assert abs(weights.var().item() / variance - 1) < 4 * (2 / n) ** 0.5
            assert not layer.bias.any()


def test_tanh_stands_between_the_layers_and_not_behind_the_last():
    names = [type(layer).__name__ for layer in mlp((3, 4, 5, 2), 0)]
    assert names == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]
    assert [type(layer).__name__ for layer in mlp((3, 2), 0)] == ["Linear"]


def test_the_output_is_the_formula_written_by_hand():
    model = mlp((3, 4, 2), 7)
    x = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    first, _, last = model
    torch.testing.assert_close(model(x), torch.tanh(x @ first.weight.T) @ last.weight.T)


def test_parameters_come_in_the_asked_type():
    assert flat_parameters(mlp((3, 2), 0, torch.float32)).dtype == torch.float32
    assert flat_parameters(mlp((3, 2), 0)).dtype == torch.float64


@pytest.mark.parametrize("widths", [(), (3,), (3, 0, 2), (-1, 2)])
def test_widths_that_make_no_network_are_refused(widths):
    with pytest.raises(DomainError, match="at least two widths, all positive; they are"):
        mlp(widths, 0)


def test_other_activations_and_no_biases_are_to_be_had():
    model = mlp((3, 4, 2), 0, activation="softplus", bias=False)
    assert [type(layer).__name__ for layer in model] == ["Linear", "Softplus", "Linear"]
    assert sum(p.numel() for p in model.parameters()) == 20
    with pytest.raises(DomainError, match="there is no activation 'step'; there are gelu"):
        mlp((3, 2), 0, activation="step")


def test_a_deep_linear_network_is_the_product_of_its_matrices():
    model = deep_linear((4, 3, 5, 2), 1)
    first, second, third = model.parameters()
    x = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model(x), x @ (third @ second @ first).T)
    assert [type(layer).__name__ for layer in model] == ["Linear"] * 3


def test_making_a_network_leaves_the_global_generator_alone():
    state = torch.get_rng_state()
    mlp((5, 4, 3), 1)
    assert torch.equal(state, torch.get_rng_state())
