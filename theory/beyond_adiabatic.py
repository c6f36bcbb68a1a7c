r"""What the fast directions leave behind when they do not follow at once: the first correction.

With r = |x|² at y, s = ⟨x²⟩ per fast direction, f = −U' − ½g'k s the adiabatic force and
a = g'/(4g(1 − ηg/2)), averaging to second order in ε (the mean exit time expanded as
u(y) − (r − k s) a u'(y) + …, its solvability condition at the next order) leaves

    lag           m = −k a s'              the spread answers late to a moving y: friction 1 + m
    fluctuation   N = ½ k g' s² a (1 + λ²)   the force −½g'r is a noise itself, λ = 1 − ηg
    diffusion     (T_y + N)/(1 + m)² − η T_y f'
    drift         f/(1 + m) + [λ² k g's² a' + T_y (2 k s'a' + k s''a)] − ½η(f f' + T_y f'')

written so that every power of ε beyond the first keeps the diffusion positive; at rest in a bath of
one temperature m = N/T = kTg'²/4g³, the stationary law stays exp(−V_eff/T) and 1/(1 + m) is the
mobility.  The terms in η are those of Euler's step for y (backward error analysis).

Near an end x is not in its local law, which moves the end: :mod:`.end_shifts`.
docs/relaxation.md derives all this; the tests hold it against both dynamics solved whole.
"""

from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

from .errors import DomainError
from .estimate import Array
from .noise import Noise
from .slow import SlowDynamics, slow_dynamics, slow_heat
from .valley import Valley


def corrected_dynamics(
    valley: Valley,
    noise: Noise,
    interval: tuple[float, float],
    step: float = 0.0,
    slow_temperature: float | None = None,
    points: int = 4001,
) -> SlowDynamics:
    """Integrate the fast directions out to first order in ε: drift and diffusion of y, Itô.

    The arguments of :func:`.slow.slow_dynamics`; where the interval must end,
    :func:`.end_shifts.moved_ends` tells.
    parts: energetic, entropic, and the lag: all of the drift that the adiabatic one lacks.
    Raises DomainError as that does, and where a step of y is too coarse for its force.

    >>> from .expression import shape
    >>> from .noise import Thermal
    >>> valley = Valley(shape("0"), shape("exp(y)"), fast_dims=4)
    >>> slow = corrected_dynamics(valley, Thermal(0.5), (-1.0, 1.0))
    >>> round(float(0.5 / slow.diffusion[2000]), 6)      # 1 + kTg'²/4g³ at y = 0
    1.5
    """
    plain = slow_dynamics(valley, noise, interval, step, slow_temperature, points)
    heat, k = slow_heat(noise, slow_temperature), valley.fast_dims
    fast, f = fast_directions(valley, noise, plain.y, step), plain.drift
    s, a, keep = fast.spread, fast.answer, 1 - step * fast.stiffness
    ds, d2s, da = grid_slope(plain.y, s), grid_slope(plain.y, s, 2), grid_slope(plain.y, a)
    df, d2f = grid_slope(plain.y, f), grid_slope(plain.y, f, 2)
    late = -k * a * ds  # m
    shaken = 0.5 * k * fast.slope * fast.square * a * (1 + keep**2)  # N
    with np.errstate(all="ignore"):
        slower = 1 / (1 + late)
        diffusion = (heat + shaken) * slower**2 - step * heat * df
        bend = keep**2 * k * fast.slope * fast.square * da + heat * k * (2 * ds * da + d2s * a)
        drift = f * slower + bend * slower**2 - 0.5 * step * (f * df + heat * d2f)
    if not np.all(late > -1):
        worst = int(np.argmin(late))
        msg = (
            "the fast directions must follow faster than y moves; at "
            f"y = {plain.y[worst]:.6g} the lag turns the friction to {1 + late[worst]:.3g}"
        )
        raise DomainError(msg)
    if not np.all(diffusion > 0):
        worst = int(np.argmin(diffusion))
        msg = (
            "step * the slope of the slow force must stay far below 1; at "
            f"y = {plain.y[worst]:.6g} it is {step * df[worst]:.3g}"
        )
        raise DomainError(msg)
    parts = {**plain.parts, "lag": drift - f}
    return SlowDynamics(plain.y, drift, diffusion, parts, plain.adiabaticity)


class Fast(NamedTuple):
    """What the fast directions do at each y."""

    stiffness: Array  # g
    slope: Array  # g'
    spread: Array  # s, ⟨x²⟩, the mean over them
    square: Array  # ⟨x²⟩², the mean over them: s² where they are alike
    answer: Array  # a: r − ks of the exit time u is −a u'


def fast_directions(valley: Valley, noise: Noise, y: Array, step: float) -> Fast:
    """At the places y (n,)."""
    g = valley.stiffness_at(y)
    slope = np.asarray(valley.stiffness.derivative(y), float)
    spread = noise.variance(g, step)
    answer = slope / (4 * g * (1 - 0.5 * step * g))
    return Fast(g, slope, spread, unevenness(noise) * spread**2, answer)


def unevenness(noise: Noise) -> float:
    """K tr C²/(tr C)² of noise given by its covariance C, 1 where all directions are alike."""
    covariance = getattr(noise, "covariance", None)
    if covariance is None:
        return 1.0
    c = np.asarray(covariance, float)
    return float(len(c) * np.sum(c**2) / np.trace(c) ** 2)


def grid_slope(y: Array, values: Array, order: int = 1) -> Array:
    """Derivative along the grid, by cubic splines."""
    return np.asarray(CubicSpline(y, values)(y, order))
