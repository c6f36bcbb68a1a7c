"""The experiments by name; each module wakes when it is called.

A module has two functions, and what it says of itself stands here:

    run(asked: Asked) -> Findings
    figures(findings: Findings) -> Sequence[Drawing]
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .asked import Asked
    from .findings import Drawing, Findings


class Experiment(Protocol):
    """What a module of this folder offers."""

    def run(self, asked: "Asked") -> "Findings":
        """Do the experiment."""

    def figures(self, findings: "Findings") -> "Sequence[Drawing]":
        """Draw what was found, from that alone."""


@dataclass(frozen=True)
class Entry:
    """Of one experiment: its module here, a line on it, its paper, what its default preset costs.

    archive: whether it reads images, given with --data.
    """

    module: str
    line: str
    paper: str
    cost: str
    archive: bool = False

    def experiment(self) -> Experiment:
        """The module itself, imported now."""
        return import_module(f".{self.module}", __package__)


ENERGY_ENTROPY = (
    "Zhang, Saxe, Advani and Lee, Energy-entropy competition and the effectiveness of stochastic "
    "gradient descent in machine learning (2018)"
)
CONFINEMENT = (
    "Di Carlo, Goddard and Schwab, Entropic confinement and mode connectivity in overparameterized "
    "neural networks (2025)"
)
SURFACES = (
    "Garipov, Izmailov, Podoprikhin, Vetrov and Wilson, Loss surfaces, mode connectivity, and fast "
    "ensembling of DNNs (2018)"
)
AUCTIONS = "Hertrich, Tao and Végh, Mode connectivity in auction design (2023)"
EXPERIMENTS = {
    "curvature-along-paths": Entry(
        "curvature_along_paths",
        "Trace, largest eigenvalue and scores along paths between several pairs of networks.",
        CONFINEMENT,
        "five CPU minutes",
        archive=True,
    ),
    "relaxation": Entry(
        "relaxation",
        "Projected SGD on a path: starts, batches, rates, optimizers, and a path made level.",
        CONFINEMENT,
        "five CPU minutes",
        archive=True,
    ),
    "entropic-barriers": Entry(
        "entropic_barriers",
        "Barriers of loss, error and curvature between branches, over the branching epoch.",
        CONFINEMENT,
        "two CPU minutes",
        archive=True,
    ),
    "curves": Entry(
        "curves",
        "Training and test accuracy along curves between two networks on CIFAR-10.",
        SURFACES,
        "two CPU minutes",
        archive=True,
    ),
    "fast-ensembling": Entry(
        "fast_ensembling",
        "Fast geometric ensembles against a single network of the same budget, on CIFAR-10.",
        SURFACES,
        "three CPU minutes",
        archive=True,
    ),
    "rochetnet-path": Entry(
        "rochetnet_path",
        "Revenue along the piecewise linear path between two learned auctions.",
        AUCTIONS,
        "one CPU minute",
    ),
    "entropy-histograms": Entry(
        "entropy_histograms",
        "Entropy of minima of SGD, Langevin and gradient descent, and test error (figures 1, 2).",
        ENERGY_ENTROPY,
        "four CPU minutes",
        archive=True,
    ),
    "entropy-generalisation": Entry(
        "entropy_generalisation",
        "Entropy of SGD's minima against test error, at the published length (figure 2).",
        ENERGY_ENTROPY,
        "five to ten CPU minutes",
        archive=True,
    ),
    "deep-linear": Entry(
        "deep_linear",
        "Entropy, trace, norm and error of deep linear networks (figures 3 to 5).",
        ENERGY_ENTROPY,
        "five CPU seconds",
    ),
}


def entry(name: str) -> Entry:
    """The entry of that name.

    Raises click.UsageError where there is none.
    """
    import click

    if name not in EXPERIMENTS:
        there = ", ".join(EXPERIMENTS) or "none"
        msg = f"there is no experiment {name!r}; there are: {there}."
        raise click.UsageError(msg)
    return EXPERIMENTS[name]
