"""Projected SGD as anybody would write it: one replica, a module, an optimizer of torch."""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor

from entropic.nets import Problem, ProjectedSGD
from entropic.theory import Path


def optimizer_of(sgd: ProjectedSGD, model: torch.nn.Module) -> torch.optim.Optimizer:
    """torch's own."""
    if sgd.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=sgd.step, betas=(sgd.momentum, 0.999))
    momentum = 0.0 if sgd.optimizer == "sgd" else sgd.momentum
    nesterov = sgd.optimizer == "nesterov"
    return torch.optim.SGD(model.parameters(), sgd.step, momentum, nesterov=nesterov)


def place(model: torch.nn.Module, theta: Tensor) -> None:
    """Put the model to ``theta``."""
    with torch.no_grad():
        torch.nn.utils.vector_to_parameters(theta, model.parameters())


def flat(model: torch.nn.Module) -> Tensor:
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach()


def history(
    problem: Problem,
    path: Path,
    start: float,
    sgd: ProjectedSGD,
    held: Sequence[np.ndarray],
    cycles: Sequence[np.ndarray],
) -> list[float]:
    """s after every cycle; held, cycles: (k, B) samples of every minibatch.

    Warm buffers of Adam are not set here.
    """
    model = deepcopy(problem.model).requires_grad_(True)
    optimizer = optimizer_of(sgd, model)
    s, found = start, [start]
    for number, picks in enumerate([*held, *cycles]):
        place(model, torch.tensor(path.at(s), dtype=problem.dtype))
        if sgd.buffers == "reset":
            optimizer = optimizer_of(sgd, model)
        for batch in picks:
            optimizer.zero_grad()
            losses = problem.loss(model(problem.inputs[batch]), problem.targets[batch])
            decay = sum(p.square().sum() for p in model.parameters())
            (losses.mean() + 0.5 * problem.decay * decay).backward()
            optimizer.step()
        if number >= len(held):
            s = float(path.project(flat(model).double().numpy()[None])[0])
            found.append(s)
    return found
