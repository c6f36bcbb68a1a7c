import numpy as np
import pytest
import small_networks as networks
import torch
from torch import nn

from entropic.nets import unit_groups
from entropic.nets.permutations import Move, moved, unmoved

IMAGES = torch.randn(12, 3, 8, 8, generator=torch.Generator().manual_seed(1)).double()
VECTORS = torch.randn(12, 4, generator=torch.Generator().manual_seed(1)).double()
NETWORKS = [
    (networks.perceptron, VECTORS),
    (networks.plain_convolutions, IMAGES),
    (networks.Residual, IMAGES),
    (networks.PreActivation, IMAGES),
]


def random_move(group, rng) -> Move:
    signs = rng.choice([-1, 1], group.units) if group.odd else np.ones(group.units, int)
    return Move(rng.permutation(group.units), signs)


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize(("make", "inputs"), NETWORKS)
def test_moving_units_moves_parameters_and_running_statistics_and_not_the_outputs(
    make, inputs, train
):
    model = networks.shaken(make()).train(train)
    if train:
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = 0.0  # normalise by the batch and keep the state
    if make is networks.PreActivation:
        model.training = False  # no dropout
    state, rng = model.state_dict(), np.random.default_rng(3)
    before = model(inputs)
    named = {name: value.numpy() for name, value in state.items()}
    original = dict(named)
    for group in unit_groups(model, inputs):
        named = moved(group, random_move(group, rng), named)
    changed = [name for name in named if not np.array_equal(named[name], original[name])]
    assert len(changed) >= 0.6 * sum(value.size > 1 for value in named.values())
    model.load_state_dict({name: torch.tensor(value) for name, value in named.items()})
    torch.testing.assert_close(model(inputs), before, rtol=1e-10, atol=1e-10)


def test_a_multilayer_perceptron_has_one_group_a_layer_and_signs_only_behind_odd_functions():
    groups = unit_groups(networks.perceptron(), VECTORS)
    assert [(group.units, group.odd) for group in groups] == [(6, True), (7, False), (3, False)]
    where = [(axis.parameter, axis.axis) for axis in groups[0].axes]
    assert where == [("0.weight", 0), ("0.bias", 0), ("2.weight", 1)]


def test_channels_beyond_a_padded_shortcut_form_a_group_of_their_own():
    groups = {group.name: group.units for group in unit_groups(networks.Residual(), IMAGES)}
    assert groups == {
        "stem.weight": 4,  # carried through all blocks
        "blocks.0.first.weight": 4,
        "blocks.1.first.weight": 8,
        "blocks.1.second.weight": 4,  # the channels that were padded
        "blocks.2.first.weight": 8,
    }


def test_a_flattened_image_moves_all_pixels_of_a_channel():
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(8, 1))
    group = unit_groups(model, torch.zeros(1, 3, 2, 2))[0]
    places = {(axis.parameter, axis.axis): axis.positions.tolist() for axis in group.axes}
    assert places["3.weight", 1] == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_frozen_parameters_fix_the_units_that_they_index():
    model = networks.perceptron()
    model[2].weight.requires_grad_(False)
    assert [group.units for group in unit_groups(model, VECTORS)] == [3]


def test_a_layer_used_twice_ties_its_units():
    layer = nn.Linear(4, 4)
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), layer, nn.Tanh(), layer, nn.Tanh(), layer)
    assert unit_groups(model, VECTORS) == ()  # its outputs are those of the network, hence fixed


def test_moves_compose_and_can_be_undone():
    rng = np.random.default_rng(0)
    group = unit_groups(networks.perceptron(), VECTORS)[0]
    first, second = random_move(group, rng), random_move(group, rng)
    named = {"0.weight": rng.normal(size=(6, 4)), "2.weight": rng.normal(size=(7, 6))}
    one_by_one = moved(group, second, moved(group, first, named))
    at_once = moved(group, first.then(second), named)
    back = moved(group, first.inverse, moved(group, first, named))
    for name in named:
        np.testing.assert_array_equal(one_by_one[name], at_once[name])
        np.testing.assert_array_equal(back[name], named[name])
    assert first.then(first.inverse).trivial
    assert not first.trivial
    assert unmoved(3).trivial
