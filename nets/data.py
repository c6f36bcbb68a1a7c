"""Real data that is always at hand."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array

_DIGITS = 1797


def digits(
    samples: int, seed: int, label_noise: float = 0.0, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """A random choice of the 8×8 handwritten digits bundled with scikit-learn.

    Returns inputs (samples, 64), shifted and scaled to mean 0 and variance 1 over all pixels of
    the whole set, and labels (samples,).  label_noise: the fraction whose label is replaced, once
    and for all, by a uniformly drawn one; it keeps the gradient noise alive at a minimum.
    E. Alpaydin & C. Kaynak, UCI repository (1998).
    Raises DomainError for more samples than there are (1797), or a fraction outside [0, 1].
    """
    if not 2 <= samples <= _DIGITS:
        msg = f"the digits hold 2 to {_DIGITS} samples; {samples} were asked for"
        raise DomainError(msg)
    if not 0 <= label_noise <= 1:
        msg = f"label_noise must be a fraction from 0 to 1; it is {label_noise:g}"
        raise DomainError(msg)
    scaled, labels = _scaled_digits()
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(_DIGITS)[:samples]
    flipped = rng.random(samples) < label_noise
    given = np.where(flipped, rng.integers(10, size=samples), labels[chosen])
    return torch.as_tensor(scaled[chosen], dtype=dtype), torch.as_tensor(given)


def other_digits(
    samples: int, seed: int, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """The digits that ``digits(samples, seed)`` leaves, with their true labels: a test set."""
    scaled, labels = _scaled_digits()
    left = np.random.default_rng(seed).permutation(_DIGITS)[samples:]
    return torch.as_tensor(scaled[left], dtype=dtype), torch.as_tensor(labels[left])


def _scaled_digits() -> tuple[Array, NDArray[np.int64]]:
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return (pixels - pixels.mean()) / pixels.std(), labels
