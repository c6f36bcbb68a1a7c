"""Problems by name: a function that makes each, and the recipe that trains it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from ..theory.errors import DomainError
from .data import digits
from .losses import correct, cross_entropy
from .models import mlp
from .problem import Problem
from .recipe import Recipe


@dataclass(frozen=True)
class Preset:
    """A named problem.

    make(**settings): the Problem; settings are keyword-only numbers and words with defaults, and
    ``data`` (a folder or archive, or None) where ``archive`` names what it reads.
    recipe: how it is trained.  summary: one line for a list.
    """

    name: str
    summary: str
    make: Callable[..., Problem]
    recipe: Recipe
    archive: str | None = None


def digits_mlp(
    *,
    samples: int = 512,
    width: int = 16,
    label_noise: float = 0.15,
    decay: float = 1e-2,
    seed: int = 0,
) -> Problem:
    """A tanh MLP with two hidden layers on 8×8 digits; ``seed`` chooses samples and labels."""
    widths = (64, width, width, 10)
    inputs, targets = digits(samples, seed, label_noise)
    return Problem(
        mlp(widths, 0),
        cross_entropy,
        inputs,
        targets,
        decay,
        metric=correct,
        fresh=lambda seed: mlp(widths, seed, torch.float64),
        name="digits-mlp",
    )


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "digits-mlp",
            "tanh MLP 64-16-16-10 on 512 of the 8x8 digits",
            digits_mlp,
            Recipe(rate=0.05, batch=32, epochs=200, gradient_norm=5e-3),
        ),
    )
}


def preset(name: str) -> Preset:
    """The preset of that name; DomainError lists the names there are."""
    if name not in PRESETS:
        msg = f"there is no preset {name!r}; there are {', '.join(sorted(PRESETS))}"
        raise DomainError(msg)
    return PRESETS[name]
