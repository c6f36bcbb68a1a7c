"""Batch normalisation: whose mean and variance a layer uses is part of the question.

    batch      those of the block of samples at hand: the landscape that training descends
    running    the model's own running averages, fixed: another landscape, often far steeper
    none       the model has no batch normalisation

In either, dropout is off, and nothing in the model changes when it is called.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..theory.errors import DomainError
from .parameters import Layout

Statistics = Literal["batch", "running"]


def batch_norms(model: nn.Module) -> Iterator[_BatchNorm]:
    """The batch-normalising layers of ``model``."""
    return (layer for layer in model.modules() if isinstance(layer, _BatchNorm))


def has_batch_norm(model: nn.Module) -> bool:
    """Whether any layer normalises over the batch."""
    return any(True for _ in batch_norms(model))


def landscape_form(model: nn.Module, statistics: Statistics) -> nn.Module:
    """A copy of ``model`` in evaluation mode whose batch normalisation uses ``statistics``.

    Raises DomainError for running statistics of a layer that keeps none.
    """
    if statistics not in ("batch", "running"):
        msg = f"statistics must be 'batch' or 'running'; they are {statistics!r}"
        raise DomainError(msg)
    form = deepcopy(model).eval()
    for layer in batch_norms(form):
        if statistics == "batch":
            layer.track_running_stats = False
            layer.running_mean = layer.running_var = layer.num_batches_tracked = None
        elif layer.running_mean is None:
            msg = f"{type(layer).__name__} keeps no running statistics; take those of the batch"
            raise DomainError(msg)
    return form


@torch.no_grad()
def with_reestimated_statistics(
    form: nn.Module, layout: Layout, theta: Tensor, blocks: list[Tensor]
) -> nn.Module:
    """A module in evaluation mode at ``theta`` (P,), with statistics averaged over ``blocks``.

    Every block of inputs counts the same, as in stochastic weight averaging (Izmailov et al., UAI
    2018).  Without blocks statistics stay as they are.
    """
    model = deepcopy(form)
    for layer in batch_norms(model) if blocks else ():
        width = layer.num_features
        layer.track_running_stats, layer.momentum = True, None  # None: the plain average
        layer.running_mean = torch.zeros(width, dtype=theta.dtype, device=theta.device)
        layer.running_var = torch.ones_like(layer.running_mean)
        layer.num_batches_tracked = torch.tensor(0, device=theta.device)
        layer.train()
    weights = layout.unflatten(theta)
    for name, parameter in model.named_parameters():
        if name in weights:
            parameter.copy_(weights[name])
    for inputs in blocks if has_batch_norm(model) else ():
        model(inputs)
    return model.eval()
