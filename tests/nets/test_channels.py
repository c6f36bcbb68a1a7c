import pytest
import torch
import torch.nn.functional as F
from torch import nn

from entropic.nets.channels import Channels
from entropic.theory import DomainError


class Whatever(nn.Module):
    """A hidden layer, a function of it, and a read-out."""

    def __init__(self, function, width: int = 6) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(4, 6), nn.Linear(width, 2)
        self.gate = nn.Parameter(torch.ones(6))
        self.scale = nn.Parameter(torch.ones(()))
        self.function = function

    def forward(self, x):
        return self.last(self.function(self, self.first(x)))


def classes(function, width: int = 6):
    """Sizes of the sets of tied units on the axis that the last layer reads; 0 for fixed ones."""
    channels = Channels(Whatever(function, width))
    channels.run(torch.zeros(1, 4))
    roots = channels.units.roots(channels.axes["last.weight", 1])
    return sorted(0 if root == 0 else roots.tolist().count(root) for root in set(roots.tolist()))


def odd(function, width: int = 6) -> bool:
    channels = Channels(Whatever(function, width))
    channels.run(torch.zeros(1, 4))
    return channels.units.odd(int(channels.axes["first.weight", 0][0]))


def test_elementwise_functions_keep_units_apart():
    assert classes(lambda m, h: torch.tanh(h)) == [1] * 6
    assert classes(lambda m, h: F.gelu(2 * h + 1)) == [1] * 6


def test_adding_a_shifted_copy_ties_all_units():
    assert classes(lambda m, h: h + h[:, [1, 2, 3, 4, 5, 0]]) == [6]


def test_halves_that_multiply_are_tied_in_pairs():
    assert classes(lambda m, h: h[:, :3] * torch.sigmoid(h[:, 3:]), 3) == [1] * 3
    assert classes(lambda m, h: torch.cat([h, h], 1), 12) == [2] * 6


def test_padded_zeros_tie_nothing_and_nothing_else_is_taken_for_a_zero():
    assert classes(lambda m, h: h + F.pad(h[:, :4], (0, 2))) == [1] * 6
    assert classes(lambda m, h: h + torch.sigmoid(F.pad(h[:, :4], (0, 2)))) == [0, 1, 1, 1, 1]
    assert classes(lambda m, h: h + torch.relu(F.pad(h[:, :4], (0, 2)))) == [1] * 6


def test_a_sign_is_free_only_behind_odd_functions_of_one_unit():
    assert odd(lambda m, h: torch.tanh(h))
    assert odd(lambda m, h: m.scale * (-h).contiguous())
    for function in (F.relu, F.softplus, lambda h: h + 1, lambda h: h * h):
        assert not odd(lambda m, h, function=function: function(h))


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda m, h: torch.softmax(h, 1), "softmax"),
        (lambda m, h: h * m.gate, "a tensor outside a layer"),
        (lambda m, h: h - h.mean(1, keepdim=True), "a mean over channels"),
        (lambda m, h: F.pad(h[:, :5], (0, 1), value=1.0), "padding with anything but zeros"),
        (lambda m, h: h * F.pad(h[:, :5], (0, 1)), "a product with padded zeros"),
        (lambda m, h: F.layer_norm(h, (6,)), "layernorm"),
    ],
)
def test_what_is_not_understood_is_refused_and_named(function, what):
    with pytest.raises(DomainError, match=f"what {what} does to the units, at %"):
        classes(function)


def test_a_forward_that_decides_by_values_cannot_be_traced():
    with pytest.raises(DomainError, match="Whatever cannot be traced, so its units are unknown"):
        classes(lambda m, h: h if h.sum() > 0 else -h)


def test_a_layer_across_an_axis_of_several_units_is_refused():
    with pytest.raises(DomainError, match="a layer across an axis that holds several units"):
        classes(lambda m, h: h[:, :, None], 1)


def test_an_output_that_is_not_one_tensor_is_refused():
    class Two(nn.Module):
        def forward(self, x):
            return x, x

    with pytest.raises(DomainError, match="an output that is not one tensor"):
        Channels(Two()).run(torch.zeros(1, 4))
