r"""Where the ends are that the slow coordinate alone feels.

Three things move an end outwards, each in lengths small against the interval:

    looks      an absorbing end that is watched once a step: 0.5826 kicks (:mod:`.relaxation`)
    layer      near an end x is not in its local law: the first Laguerre mode of r = |x|² dies out
               within √(T_y/2g), and moves an absorbing end by (k g's²/T_y + 2k s') a √(T_y/2g),
               a reflecting one by as much with a single k s'; of order ε^{3/2}
    mirror     a step that is folded back at a reflecting end sees the force change its sign there:
               ½ η times the force away from the mirror

(s, a as in :mod:`.beyond_adiabatic`).  Where a kick is as long as the layer is wide, the layer is
one of kicks: its moments are those of :mod:`.half_line`.
"""

import numpy as np

from .beyond_adiabatic import fast_directions, grid_slope
from .half_line import absorbing_layer, reflected_moments
from .noise import Noise
from .relaxation import Ends, monitoring_shift
from .slow import mean_forces, slow_heat
from .valley import Valley


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
    once a step.  Raises DomainError for an inadmissible g, U, T or step.

    >>> from .expression import shape
    >>> from .noise import Thermal
    >>> flat = Valley(shape("0"), shape("1"))
    >>> moved_ends(flat, Thermal(0.5), (-1.0, 1.0))
    (-1.0, 1.0)
    >>> moved_ends(flat, Thermal(0.5), (-1.0, 1.0), "right", step=0.01, monitored=True)
    (-1.0, 1.0582597157939106)
    """
    low, high = interval
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
    g, slope, s, answer, widening = _at(valley, noise, end, step)
    shaken = slope * s**2 / heat
    if step == 0 or (absorbing and not monitored):
        pull = shaken + (2 if absorbing else 1) * widening
        return float(k * pull * answer * np.sqrt(heat / (2 * g)))
    keep, kick = 1 - step * g, np.sqrt(2 * heat * step)
    if absorbing:
        layer = absorbing_layer(keep**2)
        shift = (keep**2 * shaken + 2 * widening) * answer * layer.forgetting
        shift += 0.25 * step * slope * shaken * layer.bending
        return float(kick * k * shift) + monitoring_shift(heat, step)
    first, third = reflected_moments(keep**2)
    force = sum(float(part) for part in mean_forces(valley, noise, np.array(end), step))
    layer_of_kicks = kick * k * answer * (keep**2 * shaken * first + widening * third)
    return float(layer_of_kicks) - 0.5 * step * outwards * force


def _at(valley: Valley, noise: Noise, end: float, step: float) -> tuple[float, ...]:
    """g, g', s, a and s' at an end."""
    width = 1e-3 * float(noise.variance(valley.stiffness_at(np.array(end)), step)) ** 0.5
    y = end + width * np.arange(-4.0, 5.0)
    fast = fast_directions(valley, noise, y, step)
    return (*(float(v[4]) for v in fast), float(grid_slope(y, fast.spread)[4]))
