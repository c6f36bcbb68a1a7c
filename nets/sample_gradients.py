r"""Gradients of single samples' losses by linear layers, without a derivative per sample.

A layer that is linear in its weights turns what comes in, a, and the derivative of the loss by what
goes out, d, into the gradient of its weights; one backward pass over many samples has them all.

    Linear                 g = d aᵀ      (g·g′ = (d·d′)(a·a′): the Gram matrix needs no g)
    Linear on sequences    g = Σ_t d_t a_tᵀ

The same can be had of convolutions, from the patches a_t that they see; on a CPU that takes twice
as long as a derivative per sample (``vmap(grad)``), so models with any other layer go that way.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

COLUMNS = 1 << 16  # of a Gram matrix summed at once in double precision


class UnknownLayersError(Exception):
    """The gradients of this model cannot be had layer by layer."""


@dataclass(frozen=True)
class Outer:
    """Rows d_i a_iᵀ of one weight matrix; out (r, outputs) and into (r, inputs), never formed."""

    out: Tensor
    into: Tensor

    def gram(self) -> Tensor:
        """g_i·g_j (r, r) in double precision."""
        out, into = self.out.double(), self.into.double()
        return (out @ out.T) * (into @ into.T)

    def squares(self) -> Tensor:
        """|g_i|² (r,) in double precision."""
        return self.out.double().square().sum(1) * self.into.double().square().sum(1)

    def total(self) -> Tensor:
        """Σ_i g_i, flat."""
        return (self.out.T @ self.into).reshape(-1)

    def rows(self) -> Tensor:
        """The g_i themselves (r, outputs × inputs)."""
        return (self.out[:, :, None] * self.into[:, None, :]).flatten(1)


@dataclass(frozen=True)
class Plain:
    """Rows g_i (r, size) of one parameter, held."""

    values: Tensor

    def gram(self) -> Tensor:
        """g_i·g_j (r, r), accumulated in double precision."""
        count = len(self.values)
        gram = torch.zeros((count, count), dtype=torch.float64, device=self.values.device)
        for some in torch.split(self.values, COLUMNS, dim=1):
            wide = some.double()
            gram += wide @ wide.T
        return gram

    def squares(self) -> Tensor:
        """|g_i|² (r,) in double precision."""
        return self.values.double().square().sum(1)

    def total(self) -> Tensor:
        """Σ_i g_i."""
        return self.values.sum(0)

    def rows(self) -> Tensor:
        """The g_i themselves."""
        return self.values


Piece = Outer | Plain


def known_layers(model: nn.Module) -> dict[str, nn.Linear]:
    """The layers that hold trainable parameters, by name.

    Raises UnknownLayersError where one is of another kind, or shares its parameters.
    """
    found: dict[str, nn.Linear] = {}
    seen: set[int] = set()
    for name, layer in model.named_modules():
        own = [p for p in layer.parameters(recurse=False) if p.requires_grad]
        if not own:
            continue
        if any(id(p) in seen for p in own) or type(layer) is not nn.Linear:
            raise UnknownLayersError(name)
        seen |= {id(p) for p in own}
        found[name] = layer
    return found


@contextmanager
def _watched(layers: Mapping[str, nn.Linear]) -> Iterator[dict[str, tuple[Tensor, Tensor]]]:
    """What comes into and goes out of every layer, recorded while the block runs."""
    seen: dict[str, tuple[Tensor, Tensor]] = {}

    def watch(name: str, layer: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def record(_: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> Tensor:
            if name in seen:
                raise UnknownLayersError(name)
            seen[name] = arguments[0].detach(), output
            return output.clone()  # what follows may write in place

        return layer.register_forward_hook(record)

    handles = [watch(name, layer) for name, layer in layers.items()]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def layer_pieces(
    model: nn.Module, weights: dict[str, Tensor], inputs: Tensor, slopes: Tensor
) -> dict[str, Piece]:
    """Rows of gradients by parameter, for ``slopes`` (K, m, outputs…): Σ_o slope_o ∂f_o/∂θ.

    Rows are ordered by sample, then by slope.  Raises UnknownLayersError where the layers are of
    another kind, run twice, or where the rows do not add up to the gradient of their sum.
    """
    layers = known_layers(model)
    free = {name: value.detach().requires_grad_() for name, value in weights.items()}
    with _watched(layers) as seen:
        outputs = functional_call(model, free, (inputs,))
    if seen.keys() != layers.keys():
        raise UnknownLayersError(*(layers.keys() - seen.keys()))
    ends = [seen[name][1] for name in layers]
    derivatives = []
    for k, slope in enumerate(slopes):
        wanted = [*ends, *free.values()] if k == 0 else ends
        total = (outputs * slope).sum()
        more = k + 1 < len(slopes)
        found = torch.autograd.grad(total, wanted, retain_graph=more, materialize_grads=True)
        derivatives.append(found[: len(ends)])
        if k == 0:
            sums = dict(zip(free, found[len(ends) :], strict=True))
            first = _pieces(layers, seen, [found[: len(ends)]])
            _check(first, sums)
    return _pieces(layers, seen, derivatives) if len(slopes) > 1 else first


def _pieces(
    layers: Mapping[str, nn.Linear],
    seen: Mapping[str, tuple[Tensor, Tensor]],
    derivatives: list[tuple[Tensor, ...]],
) -> dict[str, Piece]:
    pieces: dict[str, Piece] = {}
    for at, (name, layer) in enumerate(layers.items()):
        out = torch.stack([found[at] for found in derivatives], dim=1)  # (m, K, …)
        prefix = f"{name}." if name else ""
        for own, piece in _of_layer(layer, seen[name][0], out):
            pieces[prefix + own] = piece
    return pieces


def _of_layer(layer: nn.Linear, into: Tensor, out: Tensor) -> Iterator[tuple[str, Piece]]:
    """Name and rows of each of its parameters; into (m, …), out (m, K, …)."""
    count = out.shape[1]
    steps = into.reshape(len(into), -1, into.shape[-1])
    ends = out.reshape(len(out), count, -1, out.shape[-1]).transpose(2, 3)
    if layer.weight.requires_grad:
        if steps.shape[1] == 1:
            one = steps.repeat_interleave(count, 0)[:, 0]
            yield "weight", Outer(ends[..., 0].flatten(0, 1), one)
        else:
            yield "weight", Plain((ends @ steps[:, None]).flatten(2).flatten(0, 1))
    if layer.bias is not None and layer.bias.requires_grad:
        yield "bias", Plain(ends.sum(-1).flatten(0, 1))


def _check(pieces: Mapping[str, Piece], sums: Mapping[str, Tensor]) -> None:
    """Rows that miss a use of a parameter do not add up to the gradient of the sum."""
    for name, total in sums.items():
        if name not in pieces:
            raise UnknownLayersError(name)
        gap = (pieces[name].total() - total.reshape(-1)).norm()
        size = float(pieces[name].squares().sqrt().sum())
        if not float(gap) <= torch.finfo(total.dtype).eps ** 0.5 * size:
            raise UnknownLayersError(name)
