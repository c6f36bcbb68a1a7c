"""One step of each integrator in a valley V = U(y) + ½ g(y)|x|², for one lane.

The fast directions obey a linear map whose coefficients y sets, whatever their number:

    x ← x + A x + B u + C ξ      u ← D x + E u + F ξ      u: a velocity, or the last ξ

so that one function serves k = 1, a loop over k rows and the radius |x| alone.  Every function
takes ``y, v`` (the slow coordinate and its own u), its noise ``b``, the sums ``square`` = |x|²,
``mixed`` = x·ξ and ``kicks`` = |ξ|², the constants ``c`` and the parameters ``p``; it returns the
change of y, v, A, B, C, D, E, F and how near the step is to an edge of stability, which is at 1.

    c = (η, plain, aligned, momentum, √(plain·scale), √(T_y·scale), scale, decay, …)

D(g) = plain + aligned·g; scale is 2η, and 1 − decay² with decay = e^{−γη} for BAOAB.  These are
templates: ``pull`` = U', ``stiffness`` = g, ``slope`` = g' and ``shake`` are bound by
:mod:`.workshop`, and so is the type of the numbers.
"""

import numpy as np

from .lane_math import expm1

ZERO, HALF, ONE, TWO, INF = 0.0, 0.5, 1.0, 2.0, np.inf


def pull(y, p):
    """U'(y) of no potential."""
    return ZERO


def stiffness(y, p):
    """The stiffness 1."""
    return ONE


def slope(y, p):
    """Slope of a constant stiffness."""
    return ZERO


def shake_plain(g, c):
    """√(D·scale) of a noise that does not know the stiffness."""
    return c[4]


def shake_aligned(g, c):
    """√(D(g)·scale)."""
    return np.sqrt((c[1] + c[2] * g) * c[6])


shake = shake_plain


def near(z):
    """How far z is from the middle of its stable interval (0, 2); 1 at both edges."""
    return abs(z - ONE)


def euler(y, v, b, square, mixed, kicks, c, p):
    """Euler and Maruyama: both forces at the old point."""
    g = stiffness(y, p)
    z = c[0] * g
    change = c[5] * b - c[0] * (pull(y, p) + HALF * slope(y, p) * square)
    return change, v, -z, ZERO, shake(g, c), ZERO, ZERO, ZERO, near(z)


def leimkuhler_matthews(y, v, b, square, mixed, kicks, c, p):
    """As Euler, the noise the mean of this step's and the last one's.

    Averages at rest have a bias of order η², none in a harmonic well.  Leimkuhler & Matthews, Appl.
    Math. Res. Express 2013, 34.
    """
    g = stiffness(y, p)
    z, half = c[0] * g, HALF * shake(g, c)
    change = HALF * c[5] * (v + b) - c[0] * (pull(y, p) + HALF * slope(y, p) * square)
    return change, b, -z, half, half, ZERO, ZERO, ONE, near(z)


def heun(y, v, b, square, mixed, kicks, c, p):
    """Predictor and corrector: the mean of the forces at both ends of an Euler step."""
    g, kick = stiffness(y, p), shake(stiffness(y, p), c)
    z = c[0] * g
    force = pull(y, p) + HALF * slope(y, p) * square
    there = y - c[0] * force + c[5] * b
    keep = ONE - z
    ahead = keep * keep * square + TWO * keep * kick * mixed + kick * kick * kicks
    w = c[0] * stiffness(there, p)
    force = force + pull(there, p) + HALF * slope(there, p) * ahead
    change = c[5] * b - HALF * c[0] * force
    gain = -HALF * (z + w * keep)
    return change, v, gain, ZERO, kick * (ONE - HALF * w), ZERO, ZERO, ZERO, max(near(z), near(w))


def ornstein_uhlenbeck(y, v, b, square, mixed, kicks, c, p):
    """Exact in x at fixed y, however stiff; Euler in y."""
    g = stiffness(y, p)
    gain = expm1(-c[0] * g)
    width = np.sqrt((c[1] + c[2] * g) / g * -gain * (TWO + gain))
    change = c[5] * b - c[0] * (pull(y, p) + HALF * slope(y, p) * square)
    return change, v, gain, ZERO, width, ZERO, ZERO, ZERO, ZERO if g > ZERO else INF


def heavy_ball(y, v, b, square, mixed, kicks, c, p):
    """Stochastic gradient descent with momentum: v ← βv − η∇V + √(2Dη) ξ, then a step of v."""
    g = stiffness(y, p)
    z, kick = c[0] * g, shake(g, c)
    v = c[3] * v - c[0] * (pull(y, p) + HALF * slope(y, p) * square) + c[5] * b
    edge = near(z / (ONE + c[3]))
    return v, v, -z, c[3], kick, -z, c[3], kick, edge


def baoab(y, v, b, square, mixed, kicks, c, p):
    """Underdamped, unit mass, by splitting: kick, drift, friction and noise, drift, kick.

    Leimkuhler & Matthews (2013).  The kicks at the two sides of a step's end are one, so that v is
    the velocity before it.
    """
    g = stiffness(y, p)
    h, z, kick, keep = HALF * c[0], c[0] * g, shake(g, c), c[7]
    v = v - c[0] * (pull(y, p) + HALF * slope(y, p) * square)
    w = keep * v + c[5] * b
    both = h * (ONE + keep)
    edge = near(h * z)
    return h * (v + w), w, -both * z, both, h * kick, -keep * z, keep, kick, edge
