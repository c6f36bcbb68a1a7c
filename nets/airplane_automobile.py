"""Airplane or automobile: the problem on which entropy was seen to compete with energy."""

import numpy as np
import torch

from ..theory.errors import DomainError
from .archives import Place, read_images
from .energy_entropy import energy_entropy_network, sigmoid_cross_entropy
from .floating import floating_type
from .images import area_mean, noisy, standard
from .losses import correct
from .problem import Problem


def airplane_automobile(
    *,
    data: Place = None,
    samples: int = 500,
    variance: float = 0.1,
    label_noise: float = 0.0,
    decay: float = 1e-7,
    dtype: str = "float64",
    seed: int = 0,
) -> Problem:
    """Airplane (0) or automobile (1) on 10×10 pixels, with the network of 1320 parameters.

    Zhang, Saxe, Advani and Lee, "Energy-entropy competition ..." train on 500 images at random out
    of all 12000; the others are the test set here.  The source does not say how it came to 100
    numbers an image: we average the colours, then the area of each coarse pixel (3.2 × 3.2 fine
    ones), and standardise with one mean and one standard deviation.
    """
    found = read_images("cifar10", data)
    pairs = [found.part("train"), found.part("test")]
    pixels = np.concatenate([pixels[labels < 2] for pixels, labels in pairs])
    labels = np.concatenate([labels[labels < 2] for _, labels in pairs])
    if not 2 <= samples < len(labels):
        msg = f"samples must be from 2 to below the {len(labels)} images; they are {samples}"
        raise DomainError(msg)
    order = np.random.default_rng(seed).permutation(len(labels))
    train, test = order[:samples], order[samples:]
    grey = area_mean(pixels.mean(axis=1, keepdims=True) / 255, 10)
    scale, kind = standard(grey[train]), floating_type(dtype)
    inputs = scale.apply(grey, kind).flatten(1)
    return Problem(
        energy_entropy_network(0, variance, kind),
        sigmoid_cross_entropy,
        inputs[train],
        torch.from_numpy(noisy(labels[train], 2, label_noise, seed)),
        decay,
        metric=correct,
        test=(inputs[test], torch.from_numpy(labels[test])),
        fresh=lambda seed: energy_entropy_network(seed, variance, kind),
        name="airplane-automobile",
    )
