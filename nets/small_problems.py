"""Problems that need no archive; settings are numbers and words, as ``--set`` can say them."""

import torch

from ..theory.deep_linear import teacher_data
from ..theory.errors import DomainError
from .data import digits, other_digits
from .floating import floating_type
from .losses import correct, cross_entropy, half_square
from .models import deep_linear, mlp
from .problem import Problem
from .rochet import RochetNet, negative_payment, revenue, valuations


def digits_mlp(
    *,
    samples: int = 512,
    width: int = 16,
    depth: int = 2,
    activation: str = "tanh",
    label_noise: float = 0.15,
    decay: float = 1e-2,
    dtype: str = "float64",
    seed: int = 0,
) -> Problem:
    """An MLP with ``depth`` hidden layers on 8×8 digits; ``seed`` chooses samples and labels."""
    _at_least_one(width=width, depth=depth)
    widths = (64, *[width] * depth, 10)
    kind = floating_type(dtype)
    inputs, targets = digits(samples, seed, label_noise, kind)
    return Problem(
        mlp(widths, 0, kind, activation),
        cross_entropy,
        inputs,
        targets,
        decay,
        metric=correct,
        test=other_digits(samples, seed, kind) if samples < 1796 else None,  # 2 at least
        fresh=lambda seed: mlp(widths, seed, kind, activation),
        name="digits-mlp",
    )


def linear(
    *,
    samples: int = 5,
    inputs: int = 10,
    width: int = 7,
    depth: int = 1,
    target_noise: float = 1e-4,
    decay: float = 0.0,
    dtype: str = "float64",
    seed: int = 0,
) -> Problem:
    """A deep linear network with ``depth`` hidden layers, on data of a linear teacher.

    Loss ½(f − y)²; data as in ``theory.teacher_data``, by ``seed``.  The defaults are those of the
    underdetermined case of Zhang et al., "Energy-entropy competition ...".
    """
    _at_least_one(width=width, depth=depth)
    widths = (inputs, *[width] * depth, 1)
    kind = floating_type(dtype)
    data = teacher_data(inputs, samples, target_noise, seed)
    return Problem(
        deep_linear(widths, 0, kind),
        half_square,
        torch.tensor(data.inputs.T, dtype=kind),
        torch.tensor(data.targets[:, None], dtype=kind),
        decay,
        fresh=lambda seed: deep_linear(widths, seed, kind),
        name="linear",
    )


def rochetnet(
    *,
    items: int = 2,
    entries: int = 100,
    samples: int = 4096,
    test_samples: int = 65536,
    temperature: float = 0.01,
    decay: float = 0.0,
    dtype: str = "float64",
    seed: int = 0,
) -> Problem:
    """A menu for one buyer of items worth U[0, 1] each; the metric is the revenue.

    temperature: of the softmax by which the buyer chooses in training.  Above about 0.02 the seller
    profits from the noise, with many copies of one entry, and the revenue proper falls.
    """
    kind = floating_type(dtype)
    return Problem(
        RochetNet(items, entries, 0, kind),
        negative_payment(temperature),
        *valuations(samples, items, seed, kind),
        decay=decay,
        metric=revenue,
        metric_name="revenue",
        test=valuations(test_samples, items, seed + 1, kind),
        fresh=lambda seed: RochetNet(items, entries, seed, kind),
        name="rochetnet",
    )


def _at_least_one(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < 1:
            msg = f"the {name} must be at least 1; it is {value}"
            raise DomainError(msg)
