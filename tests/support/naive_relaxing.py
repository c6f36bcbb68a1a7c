"""Replicas held at one place of a path: the algorithm step by step, put back every cycle."""

import numpy as np
import torch

from entropic.nets import Problem, ProjectedSGD
from entropic.nets.problem import array
from entropic.nets.replicas import Replicas, gathered
from entropic.nets.sgd import minibatches
from entropic.theory import Path


def held_displacements(problem: Problem, path: Path, s: float, sgd: ProjectedSGD, counts, seed=0):
    """Displacements (cycles, replicas) of held replicas; counts: replicas, cycles before, cycles.

    Optimizers in torch's conventions, Adam without bias corrections and its second moment begun at
    gbar² + c var; slopes are of minibatches, noise of no other kind.
    """
    replicas, before, cycles = counts
    generator = torch.Generator().manual_seed(seed)
    gradient = Replicas(problem, "matmul")
    start = problem.tensor(path.at(np.full(replicas, s)))
    every = gradient(start[:1], problem.inputs, problem.targets, True)[1]
    each = gradient(
        start[:1].expand(problem.samples, -1), problem.inputs[:, None], problem.targets[:, None]
    )[1]
    second = every**2 + sgd.noise_factor(problem.samples) * each.var(dim=0)
    second = second.expand(replicas, -1).clone()
    first, found = torch.zeros_like(start), []
    for _ in range(before + cycles):
        theta = start.clone()
        if sgd.buffers == "reset":
            first = torch.zeros_like(start)
        for _ in range(sgd.cycle):
            picks = minibatches(problem.samples, sgd.batch, replicas, generator)
            slope = gradient(
                theta, gathered(problem.inputs, picks), gathered(problem.targets, picks)
            )[1]
            if sgd.optimizer == "sgd":
                theta = theta - sgd.step * slope
            elif sgd.optimizer == "adam":
                first = sgd.momentum * first + (1 - sgd.momentum) * slope
                second = 0.999 * second + 0.001 * slope**2
                theta = theta - sgd.step * first / (second.sqrt() + 1e-8)
            else:
                first = sgd.momentum * first + slope
                ahead = slope + sgd.momentum * first if sgd.optimizer == "nesterov" else first
                theta = theta - sgd.step * ahead
        found.append(path.project(array(theta)) - s)
    return np.array(found[before:])
