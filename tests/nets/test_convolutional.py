"""The network of patches is a convolutional network, on which a cycle of SGD is predicted."""

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d

from entropic.nets import Problem, ProjectedSGD, cycle_response, flat_parameters, patch_network
from entropic.nets.losses import cross_entropy
from entropic.nets.projected import single_cycles
from entropic.nets.replicas import Replicas
from entropic.theory import DomainError
from entropic.theory.path import straight

GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.randn(30, 3, 8, 8, dtype=torch.float64, generator=GENERATOR)
LABELS = torch.randint(3, (30,), generator=GENERATOR)


def tiny(seed):
    return patch_network(size=8, width=2, classes=3, seed=seed)


def test_its_layers_are_convolutions_whose_windows_lie_side_by_side():
    model = patch_network(size=16, width=3, classes=4, seed=1)
    images = IMAGES.repeat(1, 1, 2, 2) * torch.arange(16)
    first, second, last = (m for m in model if isinstance(m, torch.nn.Linear))

    def convolved(values, layer, window):
        channels = values.shape[1]
        kernel = layer.weight.reshape(-1, window, window, channels).permute(0, 3, 1, 2)
        return conv2d(values, kernel, layer.bias, stride=window)

    hidden = torch.tanh(convolved(torch.tanh(convolved(images, first, 4)), second, 2))
    expected = last(hidden.permute(0, 2, 3, 1).flatten(1))
    assert torch.allclose(model(images), expected, atol=1e-12)


def test_its_weights_follow_from_the_seed_and_have_the_variance_of_their_fan_in():
    assert torch.equal(flat_parameters(tiny(1)), flat_parameters(tiny(1)))
    assert not torch.equal(flat_parameters(tiny(1)), flat_parameters(tiny(2)))
    wide = patch_network(size=16, width=64, seed=0)
    for layer in (m for m in wide if isinstance(m, torch.nn.Linear)):
        assert layer.weight.var().item() * layer.in_features == pytest.approx(1, abs=0.1)
        assert not layer.bias.any()


def test_copies_with_weights_of_their_own_are_one_batched_program():
    problem = Problem(tiny(0), cross_entropy, IMAGES, LABELS, 1e-2)
    thetas = torch.stack([flat_parameters(tiny(seed)) for seed in range(3)])
    loss, slope = Replicas(problem, "loop")(thetas, IMAGES, LABELS, shared=True)
    batched = Replicas(problem, "vmap")(thetas, IMAGES, LABELS, shared=True)
    assert torch.allclose(loss, batched[0])
    assert torch.allclose(slope, batched[1])


def test_a_cycle_of_sgd_is_predicted_on_it():
    problem = Problem(tiny(0), cross_entropy, IMAGES, LABELS, 1e-2)
    ends = [flat_parameters(tiny(seed)).numpy() for seed in (0, 1)]
    path = straight(*ends, beads=41)
    s, sgd = float(path.middles([0.4])[0]), ProjectedSGD(0.05, 10, 5)
    response = cycle_response(problem, path, s, sgd.step, sgd.cycle)
    predicted = response.with_batch(sgd.batch)
    assert predicted.cubic_ratio < 0.1
    moved, linear = single_cycles(problem, path, s, sgd, response.kicks, 4000, 3)
    error = (moved - linear).std() / 4000**0.5
    assert abs((moved - linear).mean() - predicted.drift.value) < 4 * error
    assert error < 0.02 * abs(predicted.drift.value)
    assert np.var(moved) == pytest.approx(float(predicted.variance.value), rel=0.1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"size": 12}, "multiple of 8.*they are 12, 16 and 10"),
        ({"width": 0}, "they are 16, 0 and 10"),
        ({"classes": 1}, "they are 16, 16 and 1"),
        ({"activation": "step"}, "there is no activation 'step'"),
    ],
)
def test_what_makes_no_network_is_refused(settings, said):
    with pytest.raises(DomainError, match=said):
        patch_network(seed=0, **settings)
