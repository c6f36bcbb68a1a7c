"""Where training begins: the parameters of a newly initialised model, by seed."""

import copy

import torch
from torch import Tensor

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
            for name, module in model.named_modules():
                if callable(reset := getattr(module, "reset_parameters", None)):
                    reset()
                elif any(True for _ in module.parameters(recurse=False)):
                    msg = (
                        f"{name or 'the model'} ({type(module).__name__}) has parameters and no "
                        "reset_parameters; give Problem(fresh=...) a function of the seed"
                    )
                    raise DomainError(msg)
    return flat_parameters(model).to(problem.device, problem.dtype)
