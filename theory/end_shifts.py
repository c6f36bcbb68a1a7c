r"""Where the ends are that the slow coordinate alone feels, and how late they let go.

Three things move an end outwards, each by a length small against the interval:

    looks      an absorbing end watched once a step moves by  σ [ρ(1 − m₁/2) + (b/6)(m₀² + m₁)]
               with σ = √(2T_y η) a kick, ρ = 0.5826, b = ζ(−½)/√(2π), m₀ the mean way inwards in
               a step, in kicks, and m₁ = ηf'; a walker at the moved end still needs
               η (¼ + ⅔ b m₀), so that what is left is of order η²
    layer      near an end x is not in its local law: the first Laguerre mode of r = |x|² dies out
               within √(T_y/2g), and moves an absorbing end by (k g's²/T_y + 2k s') a √(T_y/2g),
               a reflecting one by as much with a single k s'; of order ε^{3/2}
    mirror     a step that is folded back at a reflecting end sees the force change its sign there,
               which moves it by  σ (½ m₀ + 4b m₀²)

(f, s, a as in :mod:`.beyond_adiabatic`).  Of looks and mirror, what is left is of order η².  Where
a kick is as long as the layer is wide, the layer is one of kicks: its moments are those of
:mod:`.half_line`, as ρ is.
"""

from typing import NamedTuple

import numpy as np

from .beyond_adiabatic import fast_directions, grid_slope
from .errors import DomainError
from .half_line import absorbing_layer, reflected_moments
from .noise import Noise
from .relaxation import OVERSHOOT, Ends, check_ends
from .slow import checked_interval, mean_forces, slow_heat
from .valley import Valley

SHORT = 1e-12  # of step * stiffness: below, kicks are shorter than 1e-6 of the layer
ZETA = -0.08293460465651111  # b = ζ(−1/2)/√(2π)


def moved_ends(
    valley: Valley,
    noise: Noise,
    interval: tuple[float, float],
    absorb: Ends = "both",
    step: float = 0.0,
    slow_temperature: float | None = None,
    monitored: bool = False,
) -> tuple[float, float]:
    """The interval on which :func:`.beyond_adiabatic.corrected_dynamics` is to be solved.

    absorb: which ends absorb; the other reflects.  monitored: the absorbing ends are looked at
    once a step.  Raises DomainError for unknown ends, a reversed interval, an inadmissible g, U,
    T or step.

    >>> from .expression import shape
    >>> from .noise import Thermal
    >>> flat = Valley(shape("0"), shape("1"))
    >>> moved_ends(flat, Thermal(0.5), (-1.0, 1.0))
    (-1.0, 1.0)
    >>> low, high = moved_ends(flat, Thermal(0.5), (-1.0, 1.0), "right", 0.01, monitored=True)
    >>> low, round(high, 10)
    (-1.0, 1.0582597158)
    """
    check_ends(absorb)
    low, high = checked_interval(interval)
    rest = (step, slow_temperature, monitored)
    return (
        low - outward_shift(valley, noise, low, -1, absorb != "right", *rest),
        high + outward_shift(valley, noise, high, 1, absorb != "left", *rest),
    )


def outward_shift(
    valley: Valley,
    noise: Noise,
    end: float,
    outwards: int,
    absorbing: bool,
    step: float = 0.0,
    slow_temperature: float | None = None,
    monitored: bool = False,
) -> float:
    """How far one end moves; outwards: the sign, −1 at a left end and 1 at a right one."""
    heat, k = slow_heat(noise, slow_temperature), valley.fast_dims
    at = _at(valley, noise, end, step)
    shaken = at.slope * at.square / heat
    smooth = shaken + (2 if absorbing else 1) * at.widening
    layer_of_time = k * smooth * at.answer * np.sqrt(heat / (2 * at.stiffness))
    if step == 0 or (absorbing and not monitored):
        return float(layer_of_time)
    if step * at.stiffness < SHORT:
        return float(layer_of_time + (OVERSHOOT * np.sqrt(2 * heat * step) if absorbing else 0.0))
    keep, kick = 1 - step * at.stiffness, np.sqrt(2 * heat * step)
    inwards = -outwards * at.force * step / kick
    if absorbing:
        layer = absorbing_layer(keep**2)
        shift = k * (keep**2 * shaken + 2 * at.widening) * at.answer * layer.forgetting
        shift += 0.25 * step * k * at.slope * shaken * layer.bending
        bend = step * at.bend
        looks = OVERSHOOT * (1 - 0.5 * bend) + ZETA / 6 * (inwards**2 + bend)
        return float(kick * (shift + looks))
    first, third = reflected_moments(keep**2)
    layer_of_kicks = k * at.answer * (keep**2 * shaken * first + at.widening * third)
    return float(kick * (layer_of_kicks + 0.5 * inwards + 4 * ZETA * inwards**2))


def late_exit(
    valley: Valley,
    noise: Noise,
    end: float,
    outwards: int,
    step: float,
    slow_temperature: float | None = None,
) -> float:
    """Time that a walker at a moved absorbing end, watched once a step > 0, still needs.

    >>> from .expression import shape
    >>> from .noise import Thermal
    >>> late_exit(Valley(shape("0"), shape("1")), Thermal(0.5), 1.0, 1, 0.01)
    0.0025
    """
    if not (np.isfinite(step) and step > 0):
        msg = f"watching once a step needs a step above 0; it is {step:g}"
        raise DomainError(msg)
    kick = np.sqrt(2 * slow_heat(noise, slow_temperature) * step)
    inwards = -outwards * _at(valley, noise, end, step).force * step / kick
    return float(step * (0.25 + 2 / 3 * ZETA * inwards))


class _At(NamedTuple):
    """What there is at an end: g, g', s, ⟨x²⟩², a, s', f, f'."""

    stiffness: float
    slope: float
    spread: float
    square: float
    answer: float
    widening: float
    force: float
    bend: float


def _at(valley: Valley, noise: Noise, end: float, step: float) -> _At:
    width = 1e-3 * float(noise.variance(valley.stiffness_at(np.array(end)), step)) ** 0.5
    y = end + width * np.arange(-4.0, 5.0)
    fast = fast_directions(valley, noise, y, step)
    force = np.sum(mean_forces(valley, noise, y, step), axis=0)
    slopes = (grid_slope(y, fast.spread), force, grid_slope(y, force))
    return _At(*(float(v[4]) for v in (*fast, *slopes)))
