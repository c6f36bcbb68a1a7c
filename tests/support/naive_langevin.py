"""The walk as the formulas say, one trajectory and one step after the other, in plain Python.

It shares the random bits with the engine, through the same templates run uncompiled, and nothing
else: every integrator is written here as its authors do, with true velocities and half kicks.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from entropic.sims import Langevin
from entropic.sims import lane_random as lr
from entropic.theory import Surface


class Stream:
    """The numbers of one segment of a trajectory's stream, one after the other."""

    def __init__(self, seed: int, trajectory: int, segment: int, use: int, double: bool = False):
        s = np.zeros((4, 1), np.uint32)
        with np.errstate(over="ignore"):
            lr.open_stream(s, 0, seed, trajectory, segment, use)
        self.state, self.double = tuple(s[:, 0]), double

    def bits(self) -> np.uint32:
        with np.errstate(over="ignore"):
            *state, bits = lr.next_bits(*self.state)
        self.state = tuple(state)
        return bits

    def pair(self) -> tuple[float, float]:
        """Two normal numbers."""
        if self.double:
            a, b, c, d = (int(self.bits()) for _ in range(4))
            radius = math.sqrt(-math.log((((a << 32 | b) >> 11) + 0.5) * 2.0**-53))
            psi = ((((c << 32 | d) >> 11) + 0.5) * 2.0**-53 - 0.5) * math.pi / 2
            cos, sin = math.cos(psi), math.sin(psi)
            return (-1) ** (d & 1) * radius * (cos + sin), (-1) ** (d >> 1 & 1) * radius * (
                cos - sin
            )
        with np.errstate(over="ignore"):
            *state, first, second = lr.pair32(*self.state)
        self.state = tuple(state)
        return float(first), float(second)

    def normals(self, count: int) -> list[float]:
        found: list[float] = []
        while len(found) < count:
            found += self.pair()
        return found[:count]

    def chi_square(self, normal: float, freedom: int) -> float:
        """Marsaglia and Tsang's sampler, its first normal number given."""
        d = np.float32(0.5 * freedom - 1.0 / 3.0)
        c = np.float32(1) / np.sqrt(np.float32(9) * d)
        single = Stream.__new__(Stream)
        single.state, single.double = self.state, False
        with np.errstate(over="ignore"):
            value = lr.chi_square_or_refused(np.float32(normal), single.bits(), c, d)
            while value < 0:
                normal, _ = single.pair()
                value = lr.chi_square_or_refused(np.float32(normal), single.bits(), c, d)
        self.state = single.state
        return float(value)


def start(seed: int, trajectory: int, dims: int) -> np.ndarray:
    """The normal numbers (dims,) of the initial law: the first of each pair."""
    return np.array(Stream(seed, trajectory, 0, lr.INITIAL).normals(2 * dims)[::2])


def in_rows(pairs: list[float]) -> list[float]:
    """The first numbers of all pairs, then the second ones."""
    return pairs[::2] + pairs[1::2]


def noise(
    seed: int, trajectory: int, dims: int, double: bool = False
) -> Iterator[tuple[float, np.ndarray]]:
    """Step after step the noise of y and that (dims,) of x, segment after segment."""
    segment = 0
    while True:
        stream = Stream(seed, trajectory, segment, lr.NOISE, double)
        for _ in range(lr.SEGMENT):
            row = in_rows(stream.normals(dims + 1 + (dims + 1) % 2))
            yield row[0], np.array(row[1 : dims + 1])
        segment += 1


def radial_noise(
    seed: int, trajectory: int, dims: int, double: bool = False
) -> Iterator[tuple[float, np.ndarray]]:
    """As ``noise``, that of x as its part along x and the length of the rest."""
    segment = 0
    while True:
        stream = Stream(seed, trajectory, segment, lr.NOISE, double)
        for _ in range(lr.SEGMENT):
            b, along, normal, _ = in_rows(stream.normals(4))
            yield b, np.array([along, math.sqrt(stream.chi_square(normal, dims - 1))])
        segment += 1


def walk(
    langevin: Langevin,
    seed: int,
    trajectory: int,
    start_y: float,
    fast_start: float = 0.0,
    equilibrate: bool = True,
    mirrors: tuple[float, float] = (-math.inf, math.inf),
) -> Iterator[tuple[np.ndarray, float]]:
    """x (k,) (where the radius is walked: (|x|,)) and y after each step."""
    step, k = langevin.step, langevin.fast_dims
    surface = isinstance(langevin.landscape, Surface)
    mine = force(langevin)
    widths = np.broadcast_to(langevin.widths, (k,))
    drawn = Stream(seed, trajectory, 0, lr.INITIAL).normals(2 * k + 2)
    xi, other, slow = np.array(drawn[:-2:2]), np.array(drawn[1:-2:2]), drawn[-1]
    y, settled = start_y, equilibrate and not surface
    width, lean, rest, _ = (float(n) for n in langevin.law_at_start(y, settled))
    x = fast_start + width * widths * xi
    u, v = widths * (lean * xi + rest * other), 0.0  # the memory as the engine has it
    if langevin.integrator == "leimkuhler-matthews":
        v = slow
    if langevin.integrator == "baoab":
        v = math.sqrt(langevin.heat) * slow
        if settled:  # the true velocity, before the half kick that the engine adds
            u = u - 0.5 * step * mine(x - fast_start, y)[0]
    radial = langevin.walks_radius
    if radial:
        x = np.array([math.sqrt(x @ x), 0.0])
        widths = np.ones(2)
    draws = (radial_noise if radial else noise)(seed, trajectory, k, langevin.precision == "double")
    for b, a in draws:
        x, y, u, v = advance(langevin, mine, x, y, u, v, widths * a, b, mirrors)
        if radial:
            x = np.array([math.sqrt(x @ x), 0.0])
        yield x[:1] if radial else x, y


def force(langevin: Langevin) -> Any:
    """The gradient of V as a function of x and y."""
    landscape = langevin.landscape
    if isinstance(landscape, Surface):
        of_x, of_y = landscape.derivative(of_x=1), landscape.derivative(of_y=1)
        return lambda x, y: (np.array([of_x(x[0], y)]), of_y(x[0], y))
    g, energy = landscape.stiffness, landscape.energy
    return lambda x, y: (g(y) * x, energy.derivative(y) + 0.5 * g.derivative(y) * x @ x)


def advance(
    langevin: Langevin, gradient: Any, x: Any, y: Any, u: Any, v: Any, a: Any, b: Any, mirrors: Any
) -> tuple[Any, ...]:
    step, heat, integrator = langevin.step, langevin.heat, langevin.integrator
    g = 1.0 if isinstance(langevin.landscape, Surface) else langevin.landscape.stiffness(y)
    strength = float(langevin.noise.strength(np.array(g)))
    kick_x, kick_y = np.sqrt(2 * strength * step) * a, np.sqrt(2 * heat * step) * b
    fx, fy = gradient(x, y)
    match integrator:
        case "euler":
            x, y = x - step * fx + kick_x, y - step * fy + kick_y
        case "leimkuhler-matthews":
            x = x - step * fx + np.sqrt(2 * strength * step) * 0.5 * (u + a)
            y = y - step * fy + np.sqrt(2 * heat * step) * 0.5 * (v + b)
            u, v = a, b
        case "heun":
            gx, gy = gradient(x - step * fx + kick_x, y - step * fy + kick_y)
            x, y = x - 0.5 * step * (fx + gx) + kick_x, y - 0.5 * step * (fy + gy) + kick_y
        case "ornstein-uhlenbeck":
            keep = math.exp(-g * step)
            x = keep * x + math.sqrt(strength / g * (1 - keep**2)) * a
            y = y - step * fy + kick_y
        case "heavy-ball":
            u = langevin.momentum * u - step * fx + kick_x
            v = langevin.momentum * v - step * fy + kick_y
            x, y = x + u, y + v
        case "baoab":
            keep = math.exp(-langevin.friction * step)
            u, v = u - 0.5 * step * fx, v - 0.5 * step * fy
            x, y = x + 0.5 * step * u, y + 0.5 * step * v
            u = keep * u + math.sqrt(strength * (1 - keep**2)) * a
            v = keep * v + math.sqrt(heat * (1 - keep**2)) * b
            x, y = x + 0.5 * step * u, y + 0.5 * step * v
    y, turned = mirror(y, mirrors)
    if turned and integrator in ("leimkuhler-matthews", "heavy-ball", "baoab"):
        v = -v
    if integrator == "baoab":
        fx, fy = gradient(x, y)
        u, v = u - 0.5 * step * fx, v - 0.5 * step * fy
    return x, y, u, v


def mirror(y: float, mirrors: tuple[float, float]) -> tuple[float, bool]:
    """Y turned back, and whether it was."""
    floor, ceiling = mirrors
    if y > ceiling:
        return 2 * ceiling - y, True
    return (2 * floor - y, True) if y < floor else (y, False)
