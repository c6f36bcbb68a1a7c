r"""Images as tensors: a choice of them, standardised, on fewer pixels; crops and flips.

standardised     (x − mean)/std, one mean and one standard deviation a channel, of the training
                 set, so that each channel of it has mean 0 and variance 1
area mean        a coarse pixel is the mean over the area that it covers; where that cuts a fine
                 pixel, the part inside counts:  X' = A X Aᵀ,
                 A_ij = |[j, j+1] ∩ [i, i+1]·n/m| · m/n   from n to m pixels a side
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from ..theory.errors import DomainError
from ..theory.estimate import Array
from .archives import Labels, Pixels

_AT_ONCE = 1024  # images, to keep what is in between small


@dataclass(frozen=True)
class Standard:
    """Mean and standard deviation of every channel, pixels from 0 to 1."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def apply(self, pixels: Pixels | Array, dtype: torch.dtype) -> Tensor:
        """(x − mean)/std of pixels (n, channels, …); bytes count from 0 to 1."""
        scale = 255 if pixels.dtype == np.uint8 else 1
        values = torch.from_numpy(pixels).to(dtype, copy=True)
        for channel, (mean, std) in enumerate(zip(self.mean, self.std, strict=True)):
            values[:, channel].sub_(mean * scale).div_(std * scale)  # in place: a set is large
        return values


def standard(pixels: Pixels | Array) -> Standard:
    """Mean and standard deviation over all of ``pixels`` (n, channels, …); bytes count from 0 to 1.

    Raises DomainError for a channel that never changes.

    >>> standard(np.array([[[0]], [[255]]], np.uint8))
    Standard(mean=(0.5,), std=(0.5,))
    """
    mean, std = [], []
    for channel in range(pixels.shape[1]):
        values = pixels[:, channel]
        if values.dtype == np.uint8:  # from how often each of the 256 values comes
            weights = np.bincount(values.reshape(-1), minlength=256) / values.size
            levels = np.arange(256) / 255
            mean.append(float(weights @ levels))
            std.append(float(np.sqrt(weights @ (levels - mean[-1]) ** 2)))
        else:
            mean.append(float(values.mean()))
            std.append(float(values.std()))
    if not min(std) > 0:
        msg = f"every channel of the images must vary; their standard deviations are {std}"
        raise DomainError(msg)
    return Standard(tuple(mean), tuple(std))


def chosen(labels: Labels, classes: int, samples: int, seed: int | None = None) -> Labels:
    """Which samples to take: ``samples``/``classes`` of every class, in the order of the files.

    seed: None takes the first of each class, a number takes random ones.  samples: 0 takes all.
    Raises DomainError where a class has too few, and unless ``samples`` is a multiple of
    ``classes``.

    >>> chosen(np.array([1, 0, 0, 1, 1]), 2, 4).tolist()
    [0, 1, 2, 3]
    """
    if samples == 0:
        return np.arange(len(labels))
    if samples < 0 or samples % classes:
        msg = f"samples must be a multiple of the {classes} classes; they are {samples}"
        raise DomainError(msg)
    per_class = samples // classes
    rng = None if seed is None else np.random.default_rng(seed)
    picked = []
    for label in range(classes):
        members = np.flatnonzero(labels == label)
        if len(members) < per_class:
            msg = f"{samples} samples need {per_class} of class {label}; there are {len(members)}"
            raise DomainError(msg)
        picked.append((members if rng is None else rng.permutation(members))[:per_class])
    return np.sort(np.concatenate(picked))


def noisy(labels: Labels, classes: int, fraction: float, seed: int) -> Labels:
    """The labels with a ``fraction`` of them, on average, drawn anew, once and for all.

    Raises DomainError for a fraction outside [0, 1].
    """
    if not 0 <= fraction <= 1:
        msg = f"label_noise must be a fraction from 0 to 1; it is {fraction:g}"
        raise DomainError(msg)
    rng = np.random.default_rng(seed)
    flipped = rng.random(len(labels)) < fraction
    return np.where(flipped, rng.integers(classes, size=len(labels)), labels)


def overlap(fine: int, coarse: int) -> Array:
    """The matrix A (coarse, fine): the share of each fine pixel in each coarse one.

    >>> overlap(3, 2) * 3
    array([[2., 1., 0.],
           [0., 1., 2.]])
    """
    if not 1 <= coarse <= fine:
        msg = f"images of {fine} pixels a side can be had on 1 to {fine}; {coarse} were asked for"
        raise DomainError(msg)
    # in units of 1/coarse of a fine pixel all edges are whole numbers
    low, high = np.arange(coarse)[:, None] * fine, np.arange(fine)[None, :] * coarse
    inside = np.minimum(low + fine, high + coarse) - np.maximum(low, high)
    shares: Array = np.maximum(inside, 0) / fine
    return shares


def area_mean(pixels: Pixels | Array, size: int) -> Array:
    """Images (…, n, n) on ``size`` × ``size`` pixels, each the mean over its area."""
    weights = overlap(pixels.shape[-1], size)
    scale = 255 if pixels.dtype == np.uint8 else 1
    coarse = np.empty((*pixels.shape[:-2], size, size))
    for i in range(0, len(pixels), _AT_ONCE):
        coarse[i : i + _AT_ONCE] = weights @ (pixels[i : i + _AT_ONCE] / scale) @ weights.T
    return coarse


def crops_and_flips(inputs: Tensor, generator: Generator, padding: int = 4) -> Tensor:
    """Every image (n, channels, h, w) shifted at random, and mirrored with probability ½.

    Padded with zeros, the mean colour, by ``padding`` pixels on every side and cut back to its size
    at one of (2·padding + 1)² places.  The numbers are drawn on
    the generator's device, so that a generator of the CPU gives the same images on every device.
    """
    count, _, height, width = inputs.shape
    place = generator.device
    drawn = torch.randint(2 * padding + 1, (2, count), generator=generator, device=place)
    mirrored = torch.rand(count, generator=generator, device=place) < 0.5
    drawn, mirrored = drawn.to(inputs.device), mirrored.to(inputs.device)
    rows = torch.arange(height, device=inputs.device) + drawn[0][:, None]
    columns = torch.arange(width, device=inputs.device)
    columns = torch.where(mirrored[:, None], width - 1 - columns, columns) + drawn[1][:, None]
    padded = torch.nn.functional.pad(inputs, (padding,) * 4)
    each = torch.arange(count, device=inputs.device)[:, None, None]
    # an index for the image, one for the row and one for the column put the channels last
    return padded[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()
