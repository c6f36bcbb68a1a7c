"""Problems on CIFAR images; their settings are numbers and words, as ``--set`` can say them.

    samples        0 for all there are, else a multiple of the classes; as many of every class
    choice         "first": of each class in the order of the files; "random": by ``seed``
    size           pixels a side; below 32 each is the mean over its area
    label_noise    the fraction of training labels that is drawn anew, by ``seed``

Channels are standardised with mean and standard deviation of the training set that is chosen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Generator, Tensor, nn

from ..theory.errors import DomainError
from ..theory.estimate import Array
from .archives import ImageSet, Labels, Pixels, Place, read_images
from .convolutional import patch_network
from .floating import floating_type
from .images import area_mean, chosen, crops_and_flips, noisy, standard
from .losses import correct, cross_entropy
from .problem import Problem
from .residual import resnet, wide_resnet

Pair = tuple[Tensor, Tensor]


def residual_problem(
    *,
    data: Place = None,
    archive: str = "cifar10",
    depth: int = 20,
    width: int = 16,
    samples: int = 0,
    test_samples: int = 0,
    choice: str = "first",
    size: int = 32,
    augment: bool = True,
    activation: str = "relu",
    label_noise: float = 0.0,
    decay: float = 5e-4,
    block: int = 128,
    dtype: str = "float32",
    seed: int = 0,
) -> Problem:
    """A residual network of He et al. on CIFAR images, with batch statistics."""
    images = _ImageChoice(samples, test_samples, choice, size, label_noise, seed, dtype)
    found = images.read(archive, data)
    build = partial(
        resnet, depth, width, found.classes, activation=activation, dtype=floating_type(dtype)
    )
    name = f"{archive}-resnet{depth}" + ("" if width == 16 else f"-width{width}")
    return _problem(lambda seed: build(seed=seed), found, name, augment, decay, block)


def wide_residual_problem(
    *,
    data: Place = None,
    archive: str = "cifar10",
    depth: int = 16,
    widening: int = 4,
    samples: int = 0,
    test_samples: int = 0,
    choice: str = "first",
    size: int = 32,
    augment: bool = True,
    activation: str = "relu",
    label_noise: float = 0.0,
    decay: float = 5e-4,
    block: int = 128,
    dtype: str = "float32",
    seed: int = 0,
) -> Problem:
    """A wide residual network of Zagoruyko and Komodakis on CIFAR images, with batch statistics."""
    images = _ImageChoice(samples, test_samples, choice, size, label_noise, seed, dtype)
    found = images.read(archive, data)
    build = partial(
        wide_resnet, depth, widening, found.classes, activation=activation,
        dtype=floating_type(dtype),
    )  # fmt: skip
    name = f"{archive}-wrn{depth}-{widening}"
    return _problem(lambda seed: build(seed=seed), found, name, augment, decay, block)


def convolutional_problem(
    *,
    data: Place = None,
    archive: str = "cifar10",
    width: int = 16,
    samples: int = 500,
    test_samples: int = 1000,
    choice: str = "first",
    size: int = 16,
    activation: str = "tanh",
    label_noise: float = 0.0,
    decay: float = 1e-2,
    dtype: str = "float64",
    seed: int = 0,
) -> Problem:
    """A small convolutional network without normalisation, on coarse CIFAR images."""
    images = _ImageChoice(samples, test_samples, choice, size, label_noise, seed, dtype)
    found = images.read(archive, data)
    build = partial(
        patch_network, size, width, found.classes, activation=activation, dtype=floating_type(dtype)
    )
    return _problem(lambda seed: build(seed=seed), found, f"{archive}-cnn", False, decay, 128)


@dataclass(frozen=True)
class _Found:
    classes: int
    train: Pair
    test: Pair | None


@dataclass(frozen=True)
class _ImageChoice:
    """Which images, and what is made of them."""

    samples: int
    test_samples: int
    choice: str
    size: int
    label_noise: float
    seed: int
    dtype: str

    def read(self, name: str, data: Place) -> _Found:
        if self.choice not in ("first", "random"):
            msg = f"the choice must be 'first' or 'random'; it is {self.choice!r}"
            raise DomainError(msg)
        found = read_images(name, data)
        pixels, labels = self._part(found, "train", self.samples)
        scale, kind = standard(pixels), floating_type(self.dtype)
        given = noisy(labels, found.classes, self.label_noise, self.seed)
        test_pixels, test_labels = self._part(found, "test", self.test_samples)
        return _Found(
            found.classes,
            (scale.apply(pixels, kind), torch.from_numpy(given)),
            (scale.apply(test_pixels, kind), torch.from_numpy(test_labels))
            if len(test_labels)
            else None,
        )

    def _part(
        self, found: ImageSet, split: Literal["train", "test"], samples: int
    ) -> tuple[Pixels | Array, Labels]:
        pixels, labels = found.part(split)
        if split == "test" and not len(labels):
            return pixels, labels
        taken = chosen(
            labels, found.classes, samples, self.seed if self.choice == "random" else None
        )
        if self.size == pixels.shape[-1]:
            return pixels[taken], labels[taken]
        return area_mean(pixels[taken], self.size), labels[taken]


def _problem(
    build: Callable[[int], nn.Module],
    found: _Found,
    name: str,
    augment: bool,
    decay: float,
    block: int,
) -> Problem:
    size = found.train[0].shape[-1]

    def augmented(inputs: Tensor, generator: Generator) -> Tensor:
        return crops_and_flips(inputs, generator, size // 8)  # 4 of 32 pixels

    return Problem(
        build(0),
        cross_entropy,
        *found.train,
        decay=decay,
        metric=correct,
        test=found.test,
        block=block,
        augment=augmented if augment else None,
        fresh=build,
        name=name,
    )
