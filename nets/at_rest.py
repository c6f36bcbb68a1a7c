"""One point of a path under one algorithm: what its fast directions, at rest, push along the path.

Formulas and conventions are those of :mod:`.adiabatic`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..theory.estimate import Array
from .across import AcrossPoint, NoiseAcross
from .pair_response import cycle_mean_response, rest_response, stability_edge, update_of
from .sgd import ProjectedSGD

Kind = Literal["white", "sgd"]


@dataclass(frozen=True)
class AtRest:
    """``point`` under ``sgd``, whose noise has the factor ``c``."""

    point: AcrossPoint
    sgd: ProjectedSGD
    c: float

    @property
    def mobility(self) -> float:
        """M of the slow coordinate."""
        return update_of(self.sgd).mobility

    @property
    def clock(self) -> float:
        """K η M: drift per cycle over force."""
        return self.sgd.cycle * self.sgd.step * self.mobility

    @property
    def noise(self) -> NoiseAcross:
        """What shakes the steps, before the factor c."""
        return self.point.noises[self.sgd.noise]

    @property
    def temperature(self) -> float:
        """T = η c tr C/(2P)."""
        return 0.5 * self.sgd.step * self.c * self.noise.mean

    def diffusion(self, kind: Kind) -> float:
        """Half the variance per cycle along the path, after many cycles."""
        along = 0.5 * self.sgd.step * self.c * self.noise.along
        return self.clock * self.mobility * (self.temperature if kind == "white" else along)

    def covariance(self, kind: Kind, count: int) -> Array:
        """Σ (count, count) at rest of the ``count`` stiffest directions."""
        stiffness = self.point.kept[:count]
        if kind == "white":
            return np.diag(self.mobility * self.temperature / stiffness)
        return self._shaken(kind, count) * rest_response(self.sgd, stiffness)

    def begun(self, kind: Kind, count: int) -> Array:
        """What of it a cycle reaches on its average, having begun on the path."""
        return self._shaken(kind, count) * cycle_mean_response(self.sgd, self.point.kept[:count])

    def _shaken(self, kind: Kind, count: int) -> Array:
        """D of theory: half the covariance of a step's noise, over η."""
        if kind == "white":
            return self.temperature * np.eye(count)
        return 0.5 * self.sgd.step * self.c * self.noise.across[:count, :count]

    def forces(self, covariance: Array) -> Array:
        """−½ (H⊥' Σ)_ii: the share of each direction in the entropic force."""
        count = len(covariance)
        return np.asarray(-0.5 * (self.point.slope[:count, :count] * covariance).sum(axis=1))

    def count(self, floor: float) -> int:
        """Directions stiffer than ``floor``."""
        return int(np.sum(self.point.kept > floor))

    def drift(self, kind: Kind, floor: float) -> float:
        """Entropic drift per cycle; NaN where not all stiffer directions are known."""
        if floor < self.point.reach:
            return np.nan
        return self.clock * float(self.forces(self.covariance(kind, self.count(floor))).sum())

    def adiabaticity(self, drift: float, diffusion: float, floor: float) -> float:
        """Relative change of H⊥ per cycle where it is largest, over the slowest relaxation."""
        stiffness = self.point.kept[: self.count(floor)]
        if not len(stiffness):
            return 0.0
        slope = self.point.slope[: len(stiffness), : len(stiffness)]
        change = float(np.linalg.norm(slope / np.sqrt(stiffness[:, None] * stiffness), 2))
        softest = float(update_of(self.sgd).rate(stiffness[-1]))
        rate = change * abs(drift) + change**2 * diffusion
        return rate / (self.sgd.cycle * self.sgd.step * softest)

    def validity(self, floor: float, slow: float) -> dict[str, float]:
        """The figures of :class:`.adiabatic.Adiabatic`; ``slow``: stiffness of a cycle."""
        values, count = self.point.eigenvalues, self.count(floor)
        top = float(values[0])
        found = {
            "kept": float(count),
            "negative": float(np.sum(values < 0)),
            "lowest": min(0.0, float(values[-1])) / abs(top),
            "edge": self.sgd.step * top / stability_edge(self.sgd),
        }
        kinds: tuple[Kind, Kind] = ("white", "sgd")
        for kind in kinds:
            found |= {f"{name}_{kind}": v for name, v in self._shares(kind, count, slow).items()}
        return found

    def _shares(self, kind: Kind, count: int, slow: float) -> dict[str, float]:
        at_rest = self.covariance(kind, count)
        force = float(self.forces(at_rest).sum())
        every = np.abs(self.forces(self.covariance(kind, len(self.point.kept))))
        turned = float(self.point.bend[:count] @ at_rest @ self.point.pull[:count])
        aside = self.point.tilt[:count] / self.point.kept[:count]
        return {
            "built": _over(float(self.forces(self.begun(kind, count)).sum()), force),
            "slow": _over(float(every[self.point.kept < slow].sum()), float(every.sum())),
            "turning": _over(turned, force),
            "off_floor": _over(float(np.linalg.norm(aside)), float(np.trace(at_rest)) ** 0.5),
        }


def _over(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
