"""The entropic share of the drift of projected SGD along paths between two minima of real data.

On the usual digits problem a few per cent inside the domain of the prediction: the loss along the
path does most of the work.  Two ways to more (docs/entropic-share.md):

    noisy labels    60 % of the labels drawn anew, one hidden layer: the gradient noise is strong
                    at the minima, and near them, where the loss is level, the entropic force moves
                    SGD uphill, off the minimum
    linear          a factorised linear classifier without decay: minima of one loss with layers of
                    other sizes, joined by a level valley along which only the curvature changes;
                    noise drives the layers towards balance, against the slope that is left

    python benchmarks/nets/entropic_share.py [NAME ...] [--measure]     (three minutes of one core)

NAME: one of "as compared", "noisy labels", "linear"; without any, all of them.  --measure: single
cycles of 2048 replicas at every start, beside the prediction.
"""

# ruff: noqa: T201

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from entropic.nets import (
    Displacement,
    Problem,
    ProjectedSGD,
    flat_parameters,
    losses_and_gradients,
    path_response,
    preset,
)
from entropic.nets.minimum import train_minimum
from entropic.nets.projected import single_cycles
from entropic.theory import Path
from entropic.theory.band import nudged_elastic_band
from entropic.theory.path import straight

REPLICAS = 2048


@dataclass(frozen=True)
class Setting:
    """A problem, two minima of it, a band between them, and SGD from ``starts`` (fractions).

    stretch: factors on the initial weights of first and last layer, per minimum.
    """

    preset: str
    settings: Mapping[str, object] = field(default_factory=dict)
    stretch: tuple[float, float] = (1.0, 1.0)
    steps: int = 3000
    gradient_norm: float = 5e-3
    pivots: tuple[int, int] = (13, 17)
    band: int = 400
    starts: tuple[float, ...] = (0.1, 0.2, 0.35, 0.8)
    step: float = 0.05
    batches: tuple[int, ...] = (8, 16, 32)


SETTINGS = {
    "as compared": Setting("digits-mlp"),
    "noisy labels": Setting(
        "digits-noisy",
        steps=2000,
        gradient_norm=5e-4,
        pivots=(21, 25),
        band=250,
        starts=(0.01, 0.02, 0.98, 0.99),
        step=0.1,
        batches=(24, 32, 64),
    ),
    "linear": Setting(
        "digits-mlp",
        {"depth": 1, "activation": "identity", "samples": 1024, "decay": 0.0},
        stretch=(1.6, 0.625),
        steps=1500,
        gradient_norm=1.5e-3,
        pivots=(9, 9),
        band=120,
        starts=(0.1, 0.3, 0.6, 0.85),
        step=0.03,
        batches=(16, 32, 64),
    ),
}


def minima(problem: Problem, setting: Setting) -> list[np.ndarray]:
    """Two minima: from two seeds, or from one with the layers stretched in opposite ways."""
    found = []
    for i in range(2):
        seed = i if setting.stretch == (1.0, 1.0) else 0
        model = problem.fresh(seed)
        factors = setting.stretch if i == 0 else setting.stretch[::-1]
        weights = [w for w in model.parameters() if w.ndim == 2]
        with torch.no_grad():
            for weight, factor in zip((weights[0], weights[-1]), factors, strict=True):
                weight.mul_(factor)
        start = flat_parameters(model)
        norm = setting.gradient_norm
        found.append(
            train_minimum(
                problem, start, seed, steps=setting.steps, gradient_norm=norm, longest=60_000
            )
        )
    return found


def valley(problem: Problem, setting: Setting) -> Path:
    """The smooth path of a nudged elastic band between the two minima."""
    first, last = minima(problem, setting)
    few, many = setting.pivots

    def field_of(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return losses_and_gradients(problem, points)

    band = nudged_elastic_band(field_of, straight(first, last, few), setting.band, 0.05, 0.9)
    band = nudged_elastic_band(field_of, band.respaced(many), setting.band, 0.05, 0.5)
    return band.smoothed(401)


def shares(name: str, measure: bool) -> None:
    """Print, for each batch, the entropic share of the drift over all starts."""
    setting = SETTINGS[name]
    problem = preset(setting.preset).make(**setting.settings)
    path = valley(problem, setting)
    starts = path.middles(list(setting.starts))
    response = path_response(problem, path, setting.step, starts, starts)
    for batch in setting.batches:
        moves = response.displacements(batch)
        entropic = np.array([float(move.entropic.value) for move in moves])
        energetic = np.array([move.energetic for move in moves])
        bending = np.array([move.bending for move in moves])
        total = sum(abs(part).sum() for part in (entropic, energetic, bending))
        uphill = (entropic * energetic < 0) & (abs(entropic) > abs(energetic))
        said = next((move.objection for move in moves if move.objection), "inside validity")
        print(
            f"{name:13} η={setting.step:<5g} B={batch:<3} entropic share "
            f"{abs(entropic).sum() / total:4.0%}, against the energy at {uphill.sum()} "
            f"of {len(moves)} starts, {said}",
            flush=True,
        )
        if measure:
            sgd = ProjectedSGD(setting.step, batch)
            for response_at, move in zip(response.responses, moves, strict=True):
                kicks = response_at.kicks
                moved, linear = single_cycles(problem, path, move.s, sgd, kicks, REPLICAS, 5)
                report(move, moved, moved - linear, path.length)


def report(move: Displacement, moved: np.ndarray, quieter: np.ndarray, length: float) -> None:
    """One start: the parts of the drift, predicted and measured, in thousandths."""
    mean, error = 1e3 * quieter.mean(), 1e3 * quieter.std() / len(quieter) ** 0.5
    rest = mean - 1e3 * (move.energetic + move.bending)
    print(
        f"    {move.s / length:.3f} L: energetic {1e3 * move.energetic:.3f}, entropic "
        f"{1e3 * float(move.entropic.value):.3f} (measured {rest:.3f}), drift "
        f"{1e3 * float(move.drift.value):.3f} (measured {mean:.3f} ± {error:.3f}), s.d. "
        f"{1e3 * float(move.variance.value) ** 0.5:.3f} (measured {1e3 * moved.std():.3f})",
        flush=True,
    )


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--measure"]
    for wanted in words or SETTINGS:
        shares(wanted, "--measure" in sys.argv)
