"""Where training begins: the parameters of a newly initialised model, by seed."""

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ..theory.errors import DomainError
from .parameters import flat_parameters
from .problem import Problem


def initial_parameters(problem: Problem, seed: int) -> Tensor:
    """A start (P,) that follows from ``seed`` alone, and not from the device.

    From ``problem.fresh``, or by calling ``reset_parameters`` of every module that has it.  The
    global generator is left as it was.  Raises DomainError where a parameter belongs to a module
    that has none: then the problem must say how with ``fresh``.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if problem.fresh is not None:
            model = problem.fresh(seed)
        else:
            model = copy.deepcopy(problem.model).cpu()
            for name, module in _inside_first(model):
                reset = getattr(module, "reset_parameters", None)
                reset = reset or getattr(module, "_reset_parameters", None)  # torch's attention
                if callable(reset):
                    reset()
                elif any(True for _ in module.parameters(recurse=False)):
                    msg = (
                        f"{name or 'the model'} ({type(module).__name__}) has parameters and no "
                        "reset_parameters; give Problem(fresh=...) a function of the seed"
                    )
                    raise DomainError(msg)
    return flat_parameters(model).to(problem.device, problem.dtype)


def _inside_first(module: nn.Module, name: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Every module after those inside it, as when they are made: the outer has the last word."""
    for own, child in module.named_children():
        yield from _inside_first(child, f"{name}.{own}" if name else own)
    yield name, module
