import pytest
import torch

from entropic.nets import energy_entropy_network, flat_parameters
from entropic.nets.energy_entropy import sigmoid_cross_entropy
from entropic.nets.parameters import layout
from entropic.theory import DomainError


def test_the_network_is_the_formula_of_the_source_with_its_1320_parameters():
    """Eq. (17) of Zhang et al.: sigmoid, ReLU, ReLU, ReLU, sigmoid; no biases."""
    model = energy_entropy_network(3)
    shapes = layout(model).shapes
    assert [tuple(s) for s in shapes] == [(10, 100), (10, 10), (10, 10), (10, 10), (2, 10)]
    assert layout(model).size == 1320
    w1, w2, w3, w4, w5 = model.parameters()
    x = torch.randn(7, 100, generator=torch.Generator().manual_seed(0)).double().T
    y = torch.sigmoid(w5 @ torch.relu(w4 @ torch.relu(w3 @ torch.relu(w2 @ torch.sigmoid(w1 @ x)))))
    torch.testing.assert_close(torch.sigmoid(model(x.T)), y.T)


def test_the_loss_is_the_cross_entropy_of_the_source_of_both_outputs():
    """Eq. (18), t = 1 for the own class."""
    outputs = torch.randn(5, 2, generator=torch.Generator().manual_seed(1)).double()
    targets = torch.tensor([0, 1, 1, 0, 1])
    y = torch.sigmoid(outputs)
    for i, target in enumerate(targets):
        own, other = y[i, target], y[i, 1 - target]
        expected = -torch.log(own) - torch.log(1 - other)
        assert sigmoid_cross_entropy(outputs, targets)[i].item() == pytest.approx(expected.item())


def test_the_loss_stays_finite_where_a_sigmoid_would_be_one():
    outputs = torch.tensor([[200.0, -200.0]])
    assert sigmoid_cross_entropy(outputs, torch.tensor([0])).item() == 0
    assert sigmoid_cross_entropy(outputs, torch.tensor([1])).item() == 400


def test_weights_have_the_stated_variance_and_follow_from_the_seed():
    state = torch.get_rng_state()
    theta = flat_parameters(energy_entropy_network(0))
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(theta, flat_parameters(energy_entropy_network(0)))
    assert not torch.equal(theta, flat_parameters(energy_entropy_network(1)))
    assert abs(theta.var().item() / 0.1 - 1) < 4 * (2 / 1320) ** 0.5
    scaled = flat_parameters(energy_entropy_network(0, variance=0.4))
    torch.testing.assert_close(scaled, 2 * theta)


def test_a_variance_that_is_none_is_refused():
    with pytest.raises(DomainError, match="variance of the weights must be positive; it is -1"):
        energy_entropy_network(0, -1.0)
