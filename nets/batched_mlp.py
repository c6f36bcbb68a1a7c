r"""Many copies of one multilayer perceptron at once, as batched matrix products.

.. math:: h_l = \sigma_l(W_l\, h_{l-1} + b_l)

Samples stand in columns: every product is (R, out, in) × (R, in, B) for R replicas and B samples,
which the batched product of the CPU computes about twice as fast as rows.  The loss of all replicas
is one call on R·B samples.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .parameters import Layout
from .problem import Problem

# Parameter-free modules that act on each number by itself, so that samples may stand anywhere.
ELEMENTWISE = (
    *(nn.Identity, nn.ReLU, nn.Sigmoid, nn.Tanh, nn.SiLU, nn.GELU, nn.ELU, nn.Softplus),
    *(nn.LeakyReLU, nn.Softsign, nn.LogSigmoid, nn.Hardtanh, nn.ReLU6, nn.SELU, nn.CELU),
)


@dataclass(frozen=True)
class BatchedMLP:
    """The layers of a perceptron in order: an activation, or where a linear layer's W and b are.

    A linear layer is the pair of places of its weight and bias in the layout, -1 for no bias.
    """

    problem: Problem
    layers: tuple[tuple[int, int] | Callable[[Tensor], Tensor], ...]

    def sample_losses(
        self, weights: list[Tensor], inputs: Tensor, targets: Tensor, shared: bool
    ) -> Tensor:
        """ℓ (R, B) for weights (R, shape…) in the order of the layout.

        inputs (R, B, …) and targets (R, B, …); or, ``shared``, (B, …) the same for all.
        """
        columns = inputs.flatten(1).T if shared else inputs.flatten(2).transpose(1, 2)
        for layer in self.layers:
            if isinstance(layer, tuple):
                weight, bias = layer
                columns = _affine(weights[weight], weights[bias] if bias >= 0 else None, columns)
            else:
                columns = layer(columns)
        replicas, outputs, batch = columns.shape
        rows = columns.transpose(1, 2).reshape(replicas * batch, outputs).to(self.problem.dtype)
        given = targets.expand(replicas, *targets.shape) if shared else targets
        return self.problem.loss(rows, given.flatten(0, 1)).view(replicas, batch)


def _affine(weight: Tensor, bias: Tensor | None, columns: Tensor) -> Tensor:
    """W h + b; columns (R, in, B), or (in, B) of all replicas, which makes one large product."""
    if columns.dim() == 2:
        product = torch.matmul(weight, columns)
        return product if bias is None else product + bias.unsqueeze(2)
    if bias is None:
        return torch.bmm(weight, columns)
    return torch.baddbmm(bias.unsqueeze(2), weight, columns)


def batched_mlp(problem: Problem) -> BatchedMLP | None:
    """The problem's model as batched products; None if it is anything but a plain perceptron.

    Plain: an ``nn.Sequential`` of ``nn.Linear`` and elementwise activations, all parameters
    trainable and used once, no hooks, one vector per sample (or an ``nn.Flatten`` first).
    """
    found = list(_modules(problem.model))
    if problem.inputs.dim() != 2 and not (found and type(found[0][1]) is nn.Flatten):
        return None
    names = {name: i for i, name in enumerate(problem.layout.names)}
    layers: list[tuple[int, int] | Callable[[Tensor], Tensor]] = []
    for place, (name, module) in enumerate(found):
        if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks:
            return None
        if type(module) is nn.Linear:
            weight = names.pop(f"{name}.weight", None)
            bias = -1 if module.bias is None else names.pop(f"{name}.bias", None)
            if weight is None or bias is None:
                return None
            layers.append((weight, bias))
        elif isinstance(module, nn.Dropout):
            continue  # the landscape has none
        elif type(module) is nn.Flatten:
            if place or (module.start_dim, module.end_dim) != (1, -1):
                return None
        elif type(module) in ELEMENTWISE:
            layers.append(_out_of_place(module))
        else:
            return None
    begins_linear = bool(layers) and isinstance(layers[0], tuple)
    return BatchedMLP(problem, tuple(layers)) if begins_linear and not names else None


def _modules(model: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The leaves of nested ``nn.Sequential``, in order; any other model is a leaf itself."""
    if type(model) is nn.Sequential and not model._forward_hooks:
        for name, child in model._modules.items():  # named_children would skip a repeated one
            assert child is not None
            yield from _modules(child, f"{prefix}.{name}" if prefix else name)
    else:
        yield prefix, model


def _out_of_place(module: nn.Module) -> Callable[[Tensor], Tensor]:
    if getattr(module, "inplace", False):
        return lambda values: module(values.clone())
    return module


def stacked_views(layout: Layout, thetas: Tensor) -> list[Tensor]:
    """Leaves (R, shape…) that share the memory of ``thetas`` (R, P), each to be differentiated."""
    pieces = torch.split(thetas.detach(), [shape.numel() for shape in layout.shapes], dim=1)
    pairs = zip(pieces, layout.shapes, strict=True)
    return [piece.view(len(thetas), *shape).requires_grad_() for piece, shape in pairs]
