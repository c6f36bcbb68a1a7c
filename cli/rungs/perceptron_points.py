"""Where the perceptron rung samples: points of load, margin and temperature, and geodesics.

All stand off the transitions (capacity of binary weights 0.83, their teacher's 1.24), where
corrections in N are others and no sampler comes to rest, and where every sample has solutions: at
β = ∞ spherical patterns are no more than weights and margins not positive.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Point:
    """Weights, patterns and energy of a ladder of inverse temperatures."""

    model: str
    setting: str
    energy: str
    alpha: float
    kappa: float
    betas: tuple[float, ...]

    @property
    def label(self) -> str:
        """How tables name it."""
        where = f"α={self.alpha:g}, κ={self.kappa:g}"
        return f"{self.model} {self.setting}, {self.energy}, {where}"


@dataclass(frozen=True)
class Path:
    """Geodesics between solutions of margins ``margins``, asked for the margin ``kappa``."""

    alpha: float
    kappa: float
    margins: tuple[float, float]

    @property
    def label(self) -> str:
        """How tables name it."""
        one, other = self.margins
        return (
            f"geodesic, α={self.alpha:g}, κ={self.kappa:g}, between margins {one:g} and {other:g}"
        )


@dataclass(frozen=True)
class Settings:
    """Every number of the experiment.  Sizes make every alpha · N a whole number.

    weights: samples · N, the same at every size, since the spread of a sample is like 1/√N.
    """

    points: tuple[Point, ...] = (
        Point("binary", "storage", "count", 0.4, 0.0, (1.5, 4.0)),
        Point("binary", "storage", "count", 0.3, 0.0, (2.0, np.inf)),
        Point("binary", "storage", "hinge", 0.5, 0.5, (1.0, 4.0)),
        Point("binary", "teacher", "count", 0.4, 0.0, (2.0, np.inf)),
        Point("binary", "teacher", "quadratic", 0.6, 0.2, (1.0, 5.0)),
        Point("spherical", "storage", "count", 0.5, 0.0, (2.0, np.inf)),
        Point("spherical", "storage", "hinge", 1.0, 0.5, (1.0, 4.0)),
        Point("spherical", "storage", "count", 0.8, -0.3, (np.inf,)),
        Point("spherical", "teacher", "count", 1.0, 0.0, (2.0, np.inf)),
        Point("spherical", "teacher", "quadratic", 0.8, 0.3, (1.0, 5.0)),
    )
    paths: tuple[Path, ...] = (
        Path(1.0, -1.0, (-1.0, -1.0)),
        Path(1.0, -1.0, (-1.0, -0.8)),
        Path(0.8, 0.0, (-0.3, 0.0)),
    )
    sizes: tuple[int, ...] = (20, 40, 80)
    weights: int = 6000
    path_weights: int = 4000
    gammas: int = 9
    binary_replicas: int = 2
    binary_sweeps: int = 250
    binary_burn_in: int = 300
    binary_points: int = 10
    spherical_replicas: int = 4
    spherical_sweeps: int = 12
    spherical_burn_in: int = 30
    spherical_points: int = 8


SCALES = {
    "quick": Settings(),
    "full": Settings(
        sizes=(40, 60, 80, 120),
        weights=40_000,
        path_weights=40_000,
        gammas=17,
        binary_burn_in=600,
        binary_points=12,
        spherical_sweeps=20,
        spherical_burn_in=50,
    ),
}
