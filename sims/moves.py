"""One step of each integrator in a valley V = U(y) + ½ g(y)|x|², for one lane.

The fast directions obey a linear map whose coefficients y sets, whatever their number:

    x ← x + A x + B u + C ξ      u ← D x + E u + F ξ      u: a velocity, or the last ξ

so that one function serves k = 1, a loop over k rows and the radius |x| alone.  Every function
takes ``y, v`` (the slow coordinate and its own u), its noise ``b``, the sums ``square`` = |x|²,
``mixed`` = x·ξ and ``kicks`` = |ξ|², the constants ``c`` and the parameters ``p``; it returns the
change of y, v, A, B, C, D, E, F and the step in units in which it is stable between 0 and 2.

    c = (η, plain, aligned, momentum, √(plain·scale), √(T_y·scale), scale, decay)

D(g) = plain + aligned·g; scale is 2η, and 1 − decay² with decay = e^{−γη} for BAOAB.  These are
templates: ``pull`` = U', ``stiffness`` = g, ``half_slope`` = ½g' and ``shake`` are bound by
:mod:`.workshop`, and so is the type of the numbers and BITS, the whole numbers of that size.
"""

import numpy as np

from .lane_math import expm1

ZERO, HALF, ONE, TWO = 0.0, 0.5, 1.0, 2.0
STATE, BITS = np.float64, np.uint64


def pull(y, p):
    """U'(y) of no potential."""
    return ZERO


def stiffness(y, p):
    """The stiffness 1."""
    return ONE


def half_slope(y, p):
    """½g' of a constant stiffness."""
    return ZERO


def shake_plain(g, c):
    """√(D·scale) of a noise that does not know the stiffness."""
    return c[4]


def shake_aligned(g, c):
    """√(D(g)·scale)."""
    return np.sqrt((c[1] + c[2] * g) * c[6])


shake = shake_plain


def pattern(z):
    """The bits of z: of those below the two highest all may be set while z is within [0, 2).

    The sign is the highest bit, and the next one belongs to 2 and beyond, to ∞ and NaN: patterns
    joined by "or" tell whether z ever left the interval, at one cheap instruction a step.
    """
    return STATE(z).view(BITS)


def worse(z, w):
    """A number with both patterns in one."""
    return BITS(pattern(z) | pattern(w)).view(STATE)


def euler(y, v, b, square, mixed, kicks, c, p):
    """Euler and Maruyama: both forces at the old point."""
    g = stiffness(y, p)
    z = c[0] * g
    y = c[5] * b + (y - c[0] * (pull(y, p) + half_slope(y, p) * square))
    return y, v, -z, ZERO, shake(g, c), ZERO, ZERO, ZERO, z


def leimkuhler_matthews(y, v, b, square, mixed, kicks, c, p):
    """As Euler, the noise the mean of this step's and the last one's.

    Averages at rest have a bias of order η², none in a harmonic well.  Leimkuhler & Matthews, Appl.
    Math. Res. Express 2013, 34.
    """
    g = stiffness(y, p)
    z, half = c[0] * g, HALF * shake(g, c)
    y = HALF * c[5] * (v + b) + (y - c[0] * (pull(y, p) + half_slope(y, p) * square))
    return y, b, -z, half, half, ZERO, ZERO, ONE, z


def heun(y, v, b, square, mixed, kicks, c, p):
    """Predictor and corrector: the mean of the forces at both ends of an Euler step."""
    g, kick = stiffness(y, p), shake(stiffness(y, p), c)
    z = c[0] * g
    force = pull(y, p) + half_slope(y, p) * square
    there = y - c[0] * force + c[5] * b
    keep = ONE - z
    ahead = keep * keep * square + TWO * keep * kick * mixed + kick * kick * kicks
    w = c[0] * stiffness(there, p)
    force = force + pull(there, p) + half_slope(there, p) * ahead
    y = y + c[5] * b - HALF * c[0] * force
    gain = -HALF * (z + w * keep)
    return y, v, gain, ZERO, kick * (ONE - HALF * w), ZERO, ZERO, ZERO, worse(z, w)


def ornstein_uhlenbeck(y, v, b, square, mixed, kicks, c, p):
    """Exact in x at fixed y, however stiff; Euler in y."""
    g = stiffness(y, p)
    gain = expm1(-c[0] * g)
    width = np.sqrt((c[1] + c[2] * g) / g * -gain * (TWO + gain))
    y = c[5] * b + (y - c[0] * (pull(y, p) + half_slope(y, p) * square))
    return y, v, gain, ZERO, width, ZERO, ZERO, ZERO, ONE if g > ZERO else -ONE


def heavy_ball(y, v, b, square, mixed, kicks, c, p):
    """Stochastic gradient descent with momentum: v ← βv − η∇V + √(2Dη) ξ, then a step of v."""
    g = stiffness(y, p)
    z, kick = c[0] * g, shake(g, c)
    v = c[3] * v - c[0] * (pull(y, p) + half_slope(y, p) * square) + c[5] * b
    return y + v, v, -z, c[3], kick, -z, c[3], kick, z / (ONE + c[3])


def baoab(y, v, b, square, mixed, kicks, c, p):
    """Underdamped, unit mass, by splitting: kick, drift, friction and noise, drift, kick.

    Leimkuhler & Matthews (2013).  The kicks at the two sides of a step's end are one, so that v is
    the velocity before it.
    """
    g = stiffness(y, p)
    h, z, kick, keep = HALF * c[0], c[0] * g, shake(g, c), c[7]
    v = v - c[0] * (pull(y, p) + half_slope(y, p) * square)
    w = keep * v + c[5] * b
    both = h * (ONE + keep)
    return y + h * (v + w), w, -both * z, both, h * kick, -keep * z, keep, kick, h * z
