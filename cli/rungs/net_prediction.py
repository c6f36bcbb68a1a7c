"""What theory says of every algorithm on the path, kept as plain arrays and read back.

Three predictions of one motion stand side by side: finite_k, the expansion of k steps of the
algorithm (:mod:`entropic.nets.displacement`), and the two adiabatic ones, in which the fast
directions are at rest at every point of the path, shaken by white noise or by that of SGD.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from ...nets.displacement import Displacement
from ...nets.path_prediction import PathPrediction, path_predictions
from ...nets.problem import Problem
from ...nets.sgd import ProjectedSGD
from ...theory.estimate import Array, Estimate
from ...theory.path import Path
from ...theory.slow import SlowDynamics
from ..ladder import part
from ..progress import Progress
from ..stages import Stages
from .net_adiabatic import ADIABATIC, adiabatic

KINDS = ("finite_k", *ADIABATIC)


@dataclass(frozen=True)
class Predicted:
    """One algorithm: its finite-k prediction and, where there are any, the adiabatic ones.

    places, figures: where, and which, are the validity figures of the adiabatic ones.
    """

    finite_k: PathPrediction
    adiabatic: Mapping[str, SlowDynamics]
    places: Array
    figures: Mapping[str, Array]

    @property
    def is_still(self) -> bool:
        """Whether nothing shakes it along the path."""
        return any(float(at.variance.value) <= 0 for at in self.finite_k.displacements)

    def slow(self, kind: str, sigmas: float = 0.0) -> SlowDynamics | None:
        """Drift and diffusion per cycle; None where that prediction is not made."""
        if kind != "finite_k":
            return self.adiabatic.get(kind)
        return None if self.is_still else self.finite_k.dynamics(sigmas)

    def at(self, s: float) -> Displacement:
        """The displacement predicted at one of the positions."""
        return next(at for at in self.finite_k.displacements if at.s == s)

    def adiabatic_drifts(self, s: float) -> dict[str, float]:
        """The adiabatic drifts at ``s``, by kind."""
        return {
            kind: float(np.interp(s, slow.y, slow.drift)) for kind, slow in self.adiabatic.items()
        }

    def adiabatic_figures(self, s: float) -> dict[str, float]:
        """Their validity figures at the position ``s``."""
        found = self.figures.items()
        return {name: float(np.interp(s, self.places, values)) for name, values in found}


def predict(
    problem: Problem,
    path: Path,
    sgds: Sequence[ProjectedSGD],
    where: tuple[Array, Sequence[Array], Array, int],
    stages: Stages,
    progress: Progress,
) -> list[Predicted]:
    """The predictions of all algorithms; those with one step size, optimizer and path share a pass.

    where: positions of the full prediction for all, the starts of each, fine places, seed.
    """
    spread, starts, fine, seed = where
    groups: dict[tuple[object, ...], list[int]] = {}
    for i, sgd in enumerate(sgds):
        key = (sgd.step, sgd.optimizer, sgd.momentum, sgd.noise, sgd.buffers, sgd.level)
        groups.setdefault(key, []).append(i)
    found: dict[int, Predicted] = {}
    everywhere = np.unique(np.concatenate([spread, *starts]))
    at_rest = adiabatic(problem, path, sgds, (everywhere, seed), stages, progress)
    for number, members in enumerate(groups.values()):
        own = [sgds[i] for i in members]
        positions = np.unique(np.concatenate([spread, *(starts[i] for i in members)]))
        window = (0.25 + 0.25 * number / len(groups), 0.25 / len(groups))
        tick = part(progress, f"net: predicting {own[0].label}", *window)

        def make() -> dict[str, Array]:
            made = path_predictions(
                *(problem, path, own, positions, fine, seed, tick),  # noqa: B023
            )
            arrays: dict[str, Array] = {}
            for at, one in enumerate(made):
                arrays |= {f"{at}.{name}": values for name, values in plain(one).items()}
            return arrays

        arrays = stages.take(f"4-predicted-{number:02}", make)
        for at, i in enumerate(members):
            one = {
                name.partition(".")[2]: values
                for name, values in arrays.items()
                if name.startswith(f"{at}.")
            }
            found[i] = Predicted(
                restored(one, path, sgds[i]), at_rest[i][0], everywhere, at_rest[i][1]
            )
    return [found[i] for i in range(len(sgds))]


def plain(prediction: PathPrediction) -> dict[str, Array]:
    """A finite-k prediction as arrays by name; the error of an Estimate is ``<name>.error``."""
    arrays = {"s": prediction.s, "energetic": prediction.energetic}
    for field in fields(Displacement):
        values = [getattr(at, field.name) for at in prediction.displacements]
        if isinstance(values[0], Estimate):
            arrays[f"at.{field.name}"] = np.array([float(value.value) for value in values])
            arrays[f"at.{field.name}.error"] = np.array([float(value.error) for value in values])
        else:
            arrays[f"at.{field.name}"] = np.array(values, float)
    return arrays


def restored(arrays: Mapping[str, Array], path: Path, sgd: ProjectedSGD) -> PathPrediction:
    """The finite-k prediction that :func:`plain` took apart."""
    displacements = []
    for i in range(len(arrays["at.s"])):
        given: dict[str, float | Estimate] = {}
        for field in fields(Displacement):
            value, error = arrays[f"at.{field.name}"], arrays.get(f"at.{field.name}.error")
            given[field.name] = (
                float(value[i]) if error is None else Estimate(value[i], error[i], "theory")
            )
        displacements.append(Displacement(**given))  # type: ignore[arg-type]
    return PathPrediction(path, sgd, arrays["s"], arrays["energetic"], tuple(displacements))
