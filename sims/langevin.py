"""What is walked: a landscape, the noise on it, the step, the integrator.

Overdamped, unit mobility, k_B = 1: dθ = −∇V dt + √(2D) dW with D = D(g) on the fast directions and
T_y on y.  The momentum of the heavy ball is that of stochastic gradient descent, v ← βv − η∇V +
√(2Dη) ξ, so that it is hotter by 1/(1 − β); BAOAB is underdamped with friction γ and unit mass.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np

from ..theory.errors import DomainError
from ..theory.estimate import Array
from ..theory.expression import Shape, Surface, derivative
from ..theory.noise import Noise
from ..theory.slow import slow_heat
from ..theory.valley import Valley
from . import lane_random, moves, surface_moves, sweeps, workshop
from .formula import halved, lane_source

INTEGRATORS = ("euler", "leimkuhler-matthews", "heun", "ornstein-uhlenbeck", "heavy-ball", "baoab")
PRECISIONS = ("mixed", "double", "single")
RADIUS_FROM = 6  # fast directions from which the radius alone is cheaper to walk (measured)
MEMORIES = ("leimkuhler-matthews", "heavy-ball", "baoab")  # remember a noise or a velocity
HARMONIC = "ornstein-uhlenbeck"  # exact in x, whatever the stiffness
NEEDS_CONSTANT_NOISE = ("leimkuhler-matthews",)
_STATE = {"mixed": np.float64, "double": np.float64, "single": np.float32}
_NOISE = {"mixed": np.float32, "double": np.float64, "single": np.float32}


@dataclass(frozen=True)
class Langevin:
    """Everything that decides where a walk goes, but for where it starts and ends.

    landscape: a Valley, or a Surface V(x, y) of any form (one fast direction).  noise: isotropic,
    aligned with the curvature, or of a covariance of its own.  step: η.  integrator: one of
    INTEGRATORS; momentum: β of heavy-ball; friction: γ of BAOAB.  slow_temperature: T_y (default:
    the noise's).  precision: of state and noise: ``mixed`` (double, single), ``double``,
    ``single``.  radius: walk |x| in place of x, exact in law (default: where it is allowed and
    pays).

    Raises DomainError for a combination without a meaning.
    """

    landscape: Valley | Surface
    noise: Noise
    step: float
    integrator: str = "euler"
    momentum: float = 0.0
    friction: float = 1.0
    slow_temperature: float | None = None
    precision: str = "mixed"
    radius: bool | None = None

    def __post_init__(self) -> None:
        _positive("step", self.step)
        slow_heat(self.noise, self.slow_temperature)
        _one_of("integrator", self.integrator, INTEGRATORS)
        _one_of("precision", self.precision, PRECISIONS)
        if self.integrator == "heavy-ball" and not 0 <= self.momentum < 1:
            msg = f"the momentum must be at least 0 and below 1; it is {self.momentum:g}"
            raise DomainError(msg)
        if self.integrator != "heavy-ball" and self.momentum != 0:
            msg = f"momentum belongs to the heavy-ball integrator, not to {self.integrator}"
            raise DomainError(msg)
        _positive("friction", self.friction)
        self._check_noise()
        if self.radius and not self._radius_allowed:
            msg = (
                "the radius stands for 3 or more fast directions of a valley, with one noise for "
                "all and an integrator without a memory"
            )
            raise DomainError(msg)

    def _check_noise(self) -> None:
        plain, aligned = self.strength
        if aligned and self.integrator in NEEDS_CONSTANT_NOISE:
            msg = f"{self.integrator} needs a noise that is the same everywhere; take euler"
            raise DomainError(msg)
        if isinstance(self.landscape, Surface):
            if aligned:
                msg = "on a surface V(x, y) the noise must be isotropic"
                raise DomainError(msg)
            if self.integrator == HARMONIC:
                msg = "ornstein-uhlenbeck needs a valley, whose fast directions are harmonic"
                raise DomainError(msg)
        elif len(self.widths) not in (1, self.fast_dims):
            msg = f"the covariance has {len(self.widths)} directions, the valley {self.fast_dims}"
            raise DomainError(msg)

    @property
    def fast_dims(self) -> int:
        """Number k of fast directions."""
        return 1 if isinstance(self.landscape, Surface) else self.landscape.fast_dims

    @property
    def heat(self) -> float:
        """The temperature T_y of the noise on y."""
        return slow_heat(self.noise, self.slow_temperature)

    @cached_property
    def strength(self) -> tuple[float, float]:
        """D(g) = plain + aligned · g, of a direction of width 1."""
        d1, d2, d5 = (float(d) for d in self.noise.strength(np.array([1.0, 2.0, 5.0])))
        plain, aligned = 2 * d1 - d2, d2 - d1
        if not np.isclose(d5, plain + 5 * aligned, rtol=1e-9):
            msg = (
                f"the walk knows noises of strength a + b * stiffness; {self.noise.name!r} is none"
            )
            raise DomainError(msg)
        return plain, aligned

    @cached_property
    def widths(self) -> Array:
        """√ of the strength of each fast direction over ``strength``; one for all if alike."""
        covariance = getattr(self.noise, "covariance", None)
        if covariance is None:
            return np.ones(1)
        values = np.linalg.eigvalsh(np.atleast_2d(np.asarray(covariance, float)))
        return np.sqrt(np.maximum(values, 0.0) / self.strength[0])

    @property
    def spread(self) -> Array:
        """``widths`` of every direction (k,)."""
        return np.broadcast_to(self.widths, (self.fast_dims,))

    @property
    def _radius_allowed(self) -> bool:
        alike = bool(np.all(self.widths == self.widths[0]))
        plain = isinstance(self.landscape, Valley) and self.integrator not in MEMORIES
        return alike and plain and self.fast_dims >= 3

    @property
    def walks_radius(self) -> bool:
        """Whether |x| is walked in place of x."""
        if self.radius is None:
            return self._radius_allowed and self.fast_dims >= RADIUS_FROM
        return self.radius

    @property
    def rows(self) -> int:
        """Rows of the array that holds the fast directions."""
        return 1 if self.walks_radius else self.fast_dims

    @property
    def state(self) -> Any:
        """The type of positions."""
        return _STATE[self.precision]

    @property
    def bits(self) -> Any:
        """The type of whole numbers as long as a position."""
        return np.uint32 if self.precision == "single" else np.uint64

    @cached_property
    def fingerprint(self) -> str:
        """A name of everything that decides where a walk goes; a function of one's own by its text.

        A kept state carries it, so that no run goes on from that of another.
        """
        shapes = [(type(s).__name__, s.text, s.params.tolist()) for s in self._shapes]
        numbers = (self.step, *self.strength, self.heat, self.momentum, self.friction)
        kind = (self.integrator, self.precision, self.walks_radius, self.fast_dims)
        text = repr((shapes, [float(n) for n in numbers], kind, self.widths.tolist()))
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    @property
    def edge(self) -> float:
        """What step * stiffness must stay below."""
        edges = {"heavy-ball": 2 * (1 + self.momentum), "baoab": 4 / self.step}
        return edges.get(self.integrator, np.inf if self.integrator == HARMONIC else 2.0)

    def constants(self) -> tuple[Any, ...]:
        """The numbers c of :mod:`.moves`."""
        plain, aligned = self.strength
        decay, scale = 1.0, 2 * self.step
        if self.integrator == "baoab":
            decay = float(np.exp(-self.friction * self.step))
            scale = -float(np.expm1(-2 * self.friction * self.step))
        numbers = (
            *(self.step, plain, aligned, self.momentum),
            *(np.sqrt(plain * scale), np.sqrt(self.heat * scale), scale, decay),
        )
        return tuple(self.state(number) for number in numbers)

    def stiffness_at(self, y: float) -> float:
        """The stiffness g at y, refused where it is not positive; 1 on a surface."""
        if isinstance(self.landscape, Surface):
            return 1.0
        return float(self.landscape.stiffness_at(np.array(y)))

    def law_at_start(self, y: float, equilibrate: bool) -> tuple[Any, ...]:
        """The numbers ``law`` of :func:`.blocks.begin` at y.

        equilibrate: that of x and its memory at rest; else, and on a surface, x stands still, with
        the memory of the heavy ball: none, of Leimkuhler and Matthews: a noise, of baoab: a thermal
        velocity.
        """
        plain, aligned = self.strength
        free = {"leimkuhler-matthews": 1.0, "baoab": np.sqrt(self.heat)}.get(self.integrator, 0.0)
        if equilibrate and isinstance(self.landscape, Valley):
            fast = self._law_at_rest(y)
        else:
            heat = plain + aligned * self.stiffness_at(y) if aligned else plain
            fast = (0.0, 0.0, np.sqrt(heat) if self.integrator == "baoab" else free)
        return tuple(self.state(number) for number in (*fast, free))

    def _law_at_rest(self, y: float) -> tuple[float, float, float]:
        """The stationary law of a direction of width 1 at y: x = a ξ, its memory b ξ + c ξ'."""
        width, z = self.width_at_rest(y), self.step * self.stiffness_at(y)
        match self.integrator:
            case "leimkuhler-matthews":  # the last noise is half in x
                return width, np.sqrt(0.5 * z), np.sqrt(1 - 0.5 * z)
            case "heavy-ball":  # u is the last step of x: 2⟨xu⟩ = ⟨u²⟩
                beta, heat = self.momentum, width**2 * z / self._excess(z)
                square = (z**2 * width**2 + 2 * heat) / (1 - beta**2 + beta * z)
                lean = 0.5 * square / width
                return width, lean, np.sqrt(square - lean**2)
            case "baoab":  # x and the velocity at the end of a step are independent
                half = 0.5 * self.step
                root = width * np.sqrt(self.stiffness_at(y))
                return width, half * root**2 / width, root * np.sqrt(1 - 0.5 * half * z)
        return width, 0.0, 0.0

    def _excess(self, z: float) -> float:
        """How much hotter x is than D/g, of Euler and the heavy ball."""
        return 1 / ((1 - self.momentum) * (1 - 0.5 * z / (1 + self.momentum)))

    def width_at_rest(self, y: float) -> float:
        """√⟨x²⟩ of a direction of width 1 in its stationary law at y."""
        assert isinstance(self.landscape, Valley)
        self.landscape.energy_at(np.array([y]))
        g = self.stiffness_at(y)
        z, (plain, aligned) = self.step * g, self.strength
        exact = (plain + aligned * g) / g
        if not z < self.edge:
            msg = (
                f"step * stiffness must stay below {self.edge:g}, the edge of stability; "
                f"it reaches {z:.4g}"
            )
            raise DomainError(msg)
        match self.integrator:
            case "heun":
                part = 2 * z * (1 - 0.5 * z) ** 2 / (1 - (1 - z + 0.5 * z**2) ** 2)
            case "heavy-ball" | "euler":
                part = self._excess(z)
            case _:
                part = 1.0
        return float(np.sqrt(exact * part))

    def parameters(self) -> tuple[Any, ...]:
        """The parameters p of the formulas, one after the other."""
        return tuple(self.state(value) for shape in self._shapes for value in shape.params)

    @property
    def _shapes(self) -> tuple[Shape | Surface, ...]:
        if isinstance(self.landscape, Surface):
            return (self.landscape,)
        return self.landscape.energy, self.landscape.stiffness

    def kernel(
        self, entries: tuple[Callable[..., Any], ...], *, lanes: int, mirrors: bool, leaving: bool
    ) -> ModuleType:
        """The compiled ``entries`` of :mod:`.blocks`, made for this dynamics."""
        double = self.precision == "double"
        surface = isinstance(self.landscape, Surface)
        name = self.integrator.replace("-", "_")
        bindings: dict[str, Any] = {
            **{n: self.state(getattr(moves, n)) for n in ("ZERO", "HALF", "ONE", "TWO")},
            "STATE": self.state,
            "BITS": self.bits,
            "EDGE": self.state(2).view(self.bits),
            "NOISE_TYPE": _NOISE[self.precision],
            "LANES": lanes,
            "MIRRORS": mirrors,
            "LEAVING": leaving,
            "RADIUS": self.walks_radius,
            "SURFACE": surface,
            "MEMORY": self.integrator in MEMORIES,
            "MIXED": self.integrator == "heun",
            "SPLIT": self.integrator == "baoab",
            "fill_normals": lane_random.fill_normals64 if double else lane_random.fill_normals32,
            "shake": moves.shake_aligned if self.strength[1] else moves.shake_plain,
            "sweep": self._sweep(),
        }
        if surface:
            bindings["surface_move"] = getattr(surface_moves, name)
        else:
            bindings["move"] = getattr(moves, name)
        formulas, given = self._formulas()
        return workshop.kernel(entries, bindings | formulas, given)

    def _sweep(self) -> Callable[..., Any]:
        if isinstance(self.landscape, Surface):
            return sweeps.sweep_surface
        if self.walks_radius:
            return sweeps.sweep_radius
        return sweeps.sweep_valley if self.fast_dims == 1 else sweeps.sweep_rows

    def _formulas(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Each function of the landscape as lane arithmetic, or as the user's own function."""
        formulas: dict[str, Any] = {}
        given: dict[str, Any] = {}
        single, offset = self.precision == "single", 0
        for shape, wanted in zip(self._shapes, self._wanted(), strict=True):
            last = offset + len(shape.params)
            for name, arguments, function, variable in wanted:
                if shape.tree is None:
                    given[f"own_{name}"] = function
                    text = f"STATE(own_{name}({arguments[:-1]}p[{offset}:{last}]))"
                else:
                    tree = derivative(shape.tree, variable) if variable else shape.tree
                    tree = halved(tree) if name == "half_slope" else tree
                    text = lane_source(tree, single, offset)
                formulas[name] = (arguments, text)
            offset = last
        return formulas, given

    def _wanted(self) -> tuple[tuple[tuple[str, str, Any, str], ...], ...]:
        """By shape: name in the kernel, arguments, function, and the variable to derive by."""
        if isinstance(self.landscape, Surface):
            v = self.landscape
            return (
                (
                    ("slope_x", "x, y, p", v.slope_x, "x"),
                    ("slope_y", "x, y, p", v.slope_y, "y"),
                ),
            )
        energy, stiffness = self.landscape.energy, self.landscape.stiffness
        return (
            (("pull", "y, p", energy.slope, "y"),),
            (
                ("stiffness", "y, p", stiffness.value, ""),
                ("half_slope", "y, p", stiffness.slope, "y"),
            ),
        )


def _positive(what: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0):
        msg = f"the {what} must be a positive number; it is {value:g}"
        raise DomainError(msg)


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        msg = f"the {what} must be one of {', '.join(known)}; it is {value!r}"
        raise DomainError(msg)
