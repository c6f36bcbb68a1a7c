"""Which valleys the toy rung walks: noise, coarseness of the step, k, T, the shapes of U and g."""

from dataclasses import dataclass
from itertools import product
from typing import Literal

from ...theory.expression import shape
from ...theory.noise import CurvatureAligned, Noise, Thermal
from ...theory.valley import Valley

Kind = Literal["isotropic", "hessian"]
NAMES: tuple[Kind, ...] = ("isotropic", "hessian")


@dataclass(frozen=True)
class Condition:
    """One valley under one noise.

    coarse: η g(0), how coarse the step η is for the fast directions; the smaller, the slower these
    are.  stiffness: g in units of g₀ = g(0).  slow_temperature: T_y over T.  end: y is absorbed,
    and at rest turned back, at ±end.  curves: whether the survival curve is recorded.  rest:
    whether the stationary law is looked at as well.
    """

    noise: Kind = "isotropic"
    coarse: float = 0.1
    fast_dims: int = 1
    temperature: float = 0.5
    stiffness: str = "1 + y**2"
    energy: str = "y**2/2"
    slow_temperature: float = 1.0
    starts: tuple[float, ...] = (0.0, 0.5)
    curves: bool = False
    rest: bool = False
    step: float = 1e-3
    end: float = 1.0

    @property
    def label(self) -> str:
        """What is told apart by."""
        told = [f"{self.noise} noise", f"ηg₀={self.coarse:g}", f"k={self.fast_dims}"]
        told.append(f"T={self.temperature:g}")
        if self.step != 1e-3:
            told.append(f"η={self.step:g}")
        if self.slow_temperature != 1:
            told.append(f"T_y={self.slow_temperature * self.temperature:g}")
        if self.stiffness != "1 + y**2":
            told.append(f"g/g₀={self.stiffness}")
        if self.energy != "y**2/2":
            told.append(f"U={self.energy}")
        return ", ".join(told)

    @property
    def valley(self) -> Valley:
        """V = U(y) + ½ g(y)|x|²."""
        stiffness = shape(f"g0*({self.stiffness})", g0=self.coarse / self.step)
        return Valley(shape(self.energy), stiffness, self.fast_dims)

    def bath(self, other: bool = False) -> Noise:
        """The noise on the fast directions; other: the one that this is not."""
        if (self.noise == "isotropic") != other:
            return Thermal(self.temperature)
        return CurvatureAligned(self.temperature, self.coarse / self.step)

    @property
    def heat(self) -> float:
        """T_y."""
        return self.slow_temperature * self.temperature


def quick() -> tuple[Condition, ...]:
    """Both noises, a fine and a coarse step."""
    pairs = product((0.1, 0.5), NAMES)
    return tuple(Condition(noise, coarse, curves=True, rest=True) for coarse, noise in pairs)


def full() -> tuple[Condition, ...]:
    """Half a hundred valleys whose fast directions are fast, a dozen whose are not."""
    grid = [
        Condition(noise, coarse, k, heat)
        for noise, coarse, (k, heat) in product(
            NAMES, (0.2, 0.35, 0.6), ((1, 0.25), (1, 0.5), (4, 0.5))
        )
    ]
    # many directions push hard: walls that stiffen less, so that the valley is left within a run
    many = [
        Condition(noise, coarse, 16, stiffness="1 + y**2/4")
        for noise, coarse in product(NAMES, (0.3, 0.6))
    ]
    many += [Condition(noise, 0.6, 64, stiffness="1 + y**2/16") for noise in NAMES]
    hot = [Condition(noise, coarse, 1, 1.0) for noise, coarse in product(NAMES, (0.1, 0.5))]
    tilted = [
        Condition(noise, coarse, k, stiffness="exp(y)", energy="0")
        for noise, coarse, k in product(NAMES, (0.1, 0.4), (1, 8))
    ]
    wells = [
        Condition(noise, coarse, 2, energy="y**4 - y**2/2", stiffness="1 + y**2/2")
        for noise, coarse in product(NAMES, (0.1, 0.5))
    ]
    uneven = [
        Condition(noise, 0.4, 2, slow_temperature=ratio)
        for noise, ratio in product(NAMES, (0.5, 2.0))
    ]
    steps = [Condition(noise, 0.3, step=step) for noise, step in product(NAMES, (5e-4, 2e-3))]
    slow = [
        Condition(noise, coarse, k)
        for noise, coarse, k in product(NAMES, (0.005, 0.015, 0.03), (1, 4))
    ]
    return (*quick(), *grid, *many, *hot, *tilted, *wells, *uneven, *steps, *slow)
