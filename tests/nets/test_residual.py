import pytest
import torch
from torch import nn
from torch.func import grad, vmap

from entropic.nets import Problem, flat_parameters, resnet, wide_resnet
from entropic.nets.losses import cross_entropy
from entropic.nets.residual import Block, WideBlock
from entropic.theory import DomainError


def size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def counted(widths: list[int], blocks: int, classes: int) -> int:
    """Weights of a ResNet by hand: 3×3 convolutions, two numbers a channel to normalise, a head."""
    total = 27 * widths[0] + 2 * widths[0]
    before = widths[0]
    for width in widths:
        for _ in range(blocks):
            total += 9 * before * width + 9 * width * width + 4 * width
            before = width
    return total + before * classes + classes


@pytest.mark.parametrize(
    ("depth", "width", "classes", "published"),
    [(20, 16, 10, 0.27e6), (110, 16, 10, 1.7e6), (20, 16, 100, None), (32, 4, 10, None)],
)
def test_residual_networks_have_as_many_parameters_as_published(depth, width, classes, published):
    """He et al. state 0.27 and 1.7 million; the rest by hand."""
    found = size(resnet(depth, width, classes, seed=0))
    assert found == counted([width, 2 * width, 4 * width], (depth - 2) // 6, classes)
    assert published is None or abs(found / published - 1) < 0.02


def test_the_wide_residual_network_has_as_many_parameters_as_published():
    """Zagoruyko and Komodakis: WRN-16-4 has 2.7 million."""
    assert size(wide_resnet(16, 4, seed=0)) == 2_748_890
    assert size(wide_resnet(16, 4, 100, seed=0)) == 2_748_890 + 90 * 257


def test_depth_counts_the_layers_and_sizes_halve_twice():
    """All with weights for He et al.; the convolutions, shortcuts too, for Zagoruyko et al."""
    plain, wide = resnet(20, 4, seed=0), wide_resnet(16, 2, seed=0)
    assert sum(isinstance(m, nn.Conv2d | nn.Linear) for m in plain.modules()) == 20
    assert sum(isinstance(m, nn.Conv2d) for m in wide.modules()) == 16
    for model in (plain, wide):
        sizes: list[int] = []
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d):
                layer.register_forward_hook(lambda m, i, o, s=sizes: s.append(o.shape[-1]))
        model(torch.zeros(2, 3, 32, 32))
        assert sorted(set(sizes), reverse=True) == [32, 16, 8]


def test_a_block_without_weights_is_its_shortcut():
    """With the last scale at zero F is zero: every other pixel and empty channels are left."""
    block = Block(3, 6, 2, "relu")
    nn.init.zeros_(block.second_norm.weight)
    inputs = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    found = block(inputs)
    assert torch.equal(found[:, :3], inputs[:, :, ::2, ::2])
    assert not found[:, 3:].any()


def test_a_wide_block_without_weights_is_its_shortcut():
    same, wider = WideBlock(4, 4, 1, "relu"), WideBlock(4, 6, 2, "relu")
    inputs = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    for block in (same, wider):
        nn.init.zeros_(block.second.weight)
    assert torch.equal(same(inputs), inputs)
    active = torch.relu(wider.first_norm(inputs))
    by_hand = torch.einsum("oi,nihw->nohw", wider.shortcut.weight[..., 0, 0], active[..., ::2, ::2])
    torch.testing.assert_close(wider(inputs), by_hand)


@pytest.mark.parametrize(
    "make",
    [lambda s, **k: resnet(8, 4, seed=s, **k), lambda s, **k: wide_resnet(10, 1, seed=s, **k)],
)
def test_the_seed_alone_decides_the_weights_whatever_the_type(make):
    state = torch.get_rng_state()
    first = make(1)
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(flat_parameters(first), flat_parameters(make(1)))
    assert not torch.equal(flat_parameters(first), flat_parameters(make(2)))
    double = flat_parameters(make(1, dtype=torch.float64))
    assert torch.equal(double.float(), flat_parameters(first))


def test_weights_have_the_stated_variances():
    model = resnet(20, 32, seed=0)
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d) and layer.weight.numel() > 5000:
            variance = layer.weight.var().item() * layer.weight[0].numel()
            assert abs(variance / 2 - 1) < 4 * (2 / layer.weight.numel()) ** 0.5
    head = model[-1]
    assert abs(head.weight.var().item() * 128 - 1) < 4 * (2 / head.weight.numel()) ** 0.5
    assert not head.bias.any()


@pytest.mark.parametrize("model", [resnet(8, 4, seed=0), wide_resnet(10, 1, seed=0)])
def test_gradients_of_single_points_come_out_of_one_batched_program(model):
    """vmap over replicas, each with the batch statistics of its own minibatch."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(12, 3, 8, 8, generator=generator)
    problem = Problem(model, cross_entropy, inputs, torch.arange(12) % 10, block=6)
    thetas = flat_parameters(model) * torch.tensor([[1.0], [1.1], [0.9]])
    batched = vmap(grad(problem.full))(thetas)
    for theta, found in zip(thetas, batched, strict=True):
        alone = grad(problem.full)(theta)
        assert (found - alone).norm() < 1e-4 * alone.norm()
    assert problem.normalisation == "batch"


def test_a_smooth_activation_makes_a_smooth_landscape():
    """The gradient along a line has the derivative that its Hessian says, to second order."""
    model = resnet(8, 2, seed=0, activation="softplus", dtype=torch.float64)
    inputs = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    problem = Problem(model, cross_entropy, inputs, torch.arange(6))
    theta = flat_parameters(model)
    line = torch.randn(len(theta), generator=torch.Generator().manual_seed(1)).double()
    slope = grad(problem.full)
    exact = torch.func.jvp(slope, (theta,), (line,))[1]
    errors = [
        ((slope(theta + h * line) - slope(theta - h * line)) / (2 * h) - exact).norm()
        for h in (2e-4, 1e-4)
    ]
    assert 3.5 < errors[0] / errors[1] < 4.5
    assert not any(isinstance(layer, nn.ReLU) for layer in model.modules())


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: resnet(21, seed=0), r"depth must be 6n \+ 2, n at least 1; it is 21"),
        (lambda: resnet(2, seed=0), "it is 2"),
        (lambda: wide_resnet(20, seed=0), r"depth must be 6n \+ 4, n at least 1; it is 20"),
        (lambda: resnet(20, 0, seed=0), "width must be at least 1 and classes at least 2"),
        (lambda: resnet(20, 4, 1, seed=0), "they are 4 and 1"),
        (lambda: resnet(20, 4, seed=0, activation="step"), "there is no activation 'step'"),
    ],
)
def test_networks_that_are_none_are_refused(make, match):
    with pytest.raises(DomainError, match=match):
        make()
