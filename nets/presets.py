"""Problems by name: a function that makes each, and the recipe that trains it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from torch import nn

from ..theory.errors import DomainError
from .airplane_automobile import airplane_automobile
from .convolutional import patch_network
from .energy_entropy import energy_entropy_network
from .image_problems import convolutional_problem, residual_problem, wide_residual_problem
from .models import deep_linear, mlp
from .problem import Problem
from .recipe import Recipe
from .residual import resnet, wide_resnet
from .rochet import RochetNet
from .small_problems import digits_mlp, linear, rochetnet


@dataclass(frozen=True)
class Preset:
    """A named problem.

    make(**settings): the Problem; settings are keyword-only numbers and words with defaults, and
    ``data`` (a folder or archive, or None) where ``archive`` names what it reads.
    recipe: how it is trained.  summary: one line for a list.  network(): its model with the
    default settings, without data.  samples: its training samples.  band: steps of a cycle and
    samples of a step with which a band finds its path in minutes, where other than the usual.
    """

    name: str
    summary: str
    make: Callable[..., Problem]
    recipe: Recipe
    archive: str | None = None
    network: Callable[[], nn.Module] | None = None
    samples: int = 0
    band: Mapping[str, int] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """Number of trainable parameters with the default settings; 0 if no network is given.

        >>> preset("cifar10-resnet110").parameters
        1727962
        """
        model = nn.Module() if self.network is None else self.network()
        return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _on_images(
    name: str, summary: str, make: Callable[..., Problem], network: Callable[..., nn.Module]
) -> Preset:
    archive = name.partition("-")[0]
    classes = {"cifar10": 10, "cifar100": 100}[archive]
    return Preset(
        name,
        summary,
        partial(make, archive=archive),
        Recipe(),  # the source's: see there
        archive,
        partial(network, classes=classes, seed=0),
        50_000,
    )


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "digits-mlp",
            "tanh MLP 64-16-16-10 on 512 of the 8x8 digits",
            digits_mlp,
            Recipe(rate=0.05, batch=32, epochs=200, gradient_norm=5e-3),
            network=lambda: mlp((64, 16, 16, 10), 0),
            samples=512,
        ),
        Preset(
            "digits-noisy",
            "tanh MLP 64-16-10 on 512 digits with 60 % of the labels drawn anew: strong noise",
            partial(digits_mlp, depth=1, label_noise=0.6),
            Recipe(rate=0.05, batch=32, epochs=125, gradient_norm=5e-4),
            network=lambda: mlp((64, 16, 10), 0),
            samples=512,
        ),
        Preset(
            "linear",
            "deep linear network 10-7-1 on 5 samples of a linear teacher",
            linear,
            Recipe(rate=0.1, batch=5, epochs=2000, gradient_norm=1e-8),
            network=lambda: deep_linear((10, 7, 1), 0),
            samples=5,
        ),
        Preset(
            "airplane-automobile",
            "the 1320-parameter network of Zhang et al. on 10x10 CIFAR-10 images",
            airplane_automobile,
            Recipe(
                rate=0.1,
                momentum=0.0,
                batch=50,
                epochs=8000,
                drops=(),
                component=3e-5,
                descent="steepest",
                longest=80_000,
            ),  # the source's
            "cifar10",
            lambda: energy_entropy_network(0),
            500,
        ),  # fmt: skip
        Preset(
            "cifar10-cnn",
            "convolutional tanh network without normalisation, 4154 parameters, 500 16x16 images",
            convolutional_problem,
            Recipe(rate=0.05, batch=50, epochs=100, gradient_norm=5e-3),
            "cifar10",
            lambda: patch_network(seed=0),
            500,
        ),
        _on_images("cifar10-resnet20", "ResNet-20 (He et al.)", residual_problem, resnet),
        Preset(
            "cifar10-resnet20-small",
            "ResNet-20, half as wide, on 1000 images of 16x16: a training takes half a minute",
            partial(
                residual_problem, width=8, samples=1000, test_samples=1000, size=16, augment=False
            ),
            Recipe(batch=100, epochs=60),
            "cifar10",
            lambda: resnet(20, 8, seed=0),
            1000,
            {"steps": 120, "batch": 128},
        ),
        _on_images(
            "cifar10-resnet110",
            "ResNet-110 (He et al.)",
            partial(residual_problem, depth=110),
            partial(resnet, 110),
        ),
        _on_images(
            "cifar10-wrn16-4",
            "WRN-16-4 (Zagoruyko & Komodakis)",
            wide_residual_problem,
            wide_resnet,
        ),
        _on_images("cifar100-resnet20", "ResNet-20 (He et al.)", residual_problem, resnet),
        _on_images(
            "cifar100-wrn16-4",
            "WRN-16-4 (Zagoruyko & Komodakis)",
            wide_residual_problem,
            wide_resnet,
        ),
        Preset(
            "rochetnet",
            "menu of 100 entries for a buyer of two items worth U[0, 1]",
            rochetnet,
            Recipe(optimizer="adam", rate=0.02, batch=256, epochs=190),
            network=lambda: RochetNet(2, 100, 0),
            samples=4096,
        ),
    )  # fmt: skip
}


def preset(name: str) -> Preset:
    """The preset of that name; DomainError lists the names there are."""
    if name not in PRESETS:
        msg = f"there is no preset {name!r}; there are {', '.join(sorted(PRESETS))}"
        raise DomainError(msg)
    return PRESETS[name]
