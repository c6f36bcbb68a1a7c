"""One step of all lanes of a block: noise, the move of :mod:`.moves`, mirrors.

Three ways to hold the fast directions, as arrays x and u of (rows, lanes):

    sweep_valley    one row, the only direction
    sweep_radius    one row, the radius |x|: exact in law for noise alike in all directions, since
                    |x + Ax + Cξ|² = ((1 + A)|x| + Cξ₁)² + C²χ² with k − 1 degrees of freedom
    sweep_rows      k rows, each with a noise of its own width

and ``sweep_surface`` for a potential that is no valley.  ``worst`` (lanes) holds the largest
pattern of the stable step met; ends = (low, high, floor, ceiling).  Where lanes leave, one that is
not between low and high stands still, for the potential need not have a meaning there; ``taken``
(lanes) counts the steps of the others.  Templates: see :mod:`.workshop`.
"""

import numpy as np

from .lane_random import LANES, fill_chi_square
from .lane_random import fill_normals32 as fill_normals
from .moves import BITS, ONE, STATE, TWO, ZERO, pattern
from .moves import euler as move
from .surface_moves import euler as surface_move

EDGE = np.uint64(0x4000000000000000)  # the pattern of 2: stable is what lies below
MEMORY = MIRRORS = MIXED = LEAVING = False  # what the integrator and the ends need


def mirrored(y, v, ends):
    """Y turned back at floor and ceiling, and with it what it remembers: a velocity, or a noise.

    A walk on the mirror's image of the potential, folded back, turns both.
    """
    if MIRRORS:
        over, under = y > ends[3], y < ends[2]
        y = TWO * ends[3] - y if over else y
        y = TWO * ends[2] - y if under else y
        if MEMORY:
            v = -v if over | under else v
    return y, v


def arrive(i, after, z, y, worst, taken, ends):
    """Put y of a lane where a step leads, unless it has left already, and watch its stability."""
    if LEAVING:
        inside = (y[i] > ends[0]) & (y[i] < ends[1])
        y[i] = after if inside else y[i]
        worst[i] |= pattern(z) if inside else BITS(0)
        taken[i] += BITS(inside)
    else:
        y[i] = after
        worst[i] |= pattern(z)


def blame(y, worst, c, p):
    """Which lanes met the edge of stability: those beyond it still, else the one nearest to it."""
    nearest, most, none = 0, BITS(0), True
    for i in range(LANES):
        step = move(y[i], ZERO, ZERO, ZERO, ZERO, ZERO, c, p)
        z = pattern(step[8])
        none = none and z < EDGE
        if z >= EDGE:
            worst[i] |= z
        if z > most:
            nearest, most = i, z
    if none:
        worst[nearest] |= EDGE


def sweep_valley(steps, s, n, chi, bits, x, y, u, v, square, worst, taken, ends, c, p, spread):
    """One fast direction."""
    m = BITS(0)  # the pattern of all lanes: an array of them costs a tenth of the step
    for _ in range(steps):
        fill_normals(s, n, bits)
        for i in range(LANES):
            a, q, w = STATE(n[1, i]), x[0, i], ZERO
            if MEMORY:
                w = v[i]
            yi, w, ca, cb, cc, cd, ce, cf, z = move(
                y[i], w, STATE(n[0, i]), q * q, q * a, a * a, c, p
            )
            yi, w = mirrored(yi, w, ends)
            if MEMORY:
                r = u[0, i]
                x[0, i] = cc * a + (cb * r + (q + ca * q))
                u[0, i] = cd * q + ce * r + cf * a
                v[i] = w
            else:
                x[0, i] = cc * a + (q + ca * q)
            if LEAVING:
                arrive(i, yi, z, y, worst, taken, ends)
            else:
                y[i] = yi
                m |= pattern(z)
    if not (LEAVING or m < EDGE):
        blame(y, worst, c, p)


def sweep_radius(steps, s, n, chi, bits, x, y, u, v, square, worst, taken, ends, c, p, spread):
    """All k fast directions as their radius: for the moves without a memory."""
    for _ in range(steps):
        fill_normals(s, n, bits)
        fill_chi_square(s, n[2], chi, len(spread) - 1)
        for i in range(LANES):
            a, q, around = STATE(n[1, i]), x[0, i], STATE(chi[i])
            yi, w, ca, cb, cc, cd, ce, cf, z = move(
                y[i], ZERO, STATE(n[0, i]), q * q, q * a, a * a + around, c, p
            )
            yi, w = mirrored(yi, w, ends)
            along = cc * a + (q + ca * q)
            x[0, i] = np.sqrt(along * along + cc * cc * around)
            arrive(i, yi, z, y, worst, taken, ends)


def sweep_rows(steps, s, n, chi, bits, x, y, u, v, square, worst, taken, ends, c, p, spread):
    """All k fast directions, one by one; the coefficients of each lane serve all its rows."""
    k, f = x.shape[0], np.zeros((8, LANES), STATE)  # f: A … F, then x·ξ and |ξ|²
    for _ in range(steps):
        fill_normals(s, n, bits)
        if MIXED:
            f[6:] = ZERO
            for j in range(k):
                add_products(x[j], n[j + 1], spread[j], f)
        for i in range(LANES):
            w = ZERO
            if MEMORY:
                w = v[i]
            yi, w, f[0, i], f[1, i], f[2, i], f[3, i], f[4, i], f[5, i], z = move(
                y[i], w, STATE(n[0, i]), square[i], f[6, i], f[7, i], c, p
            )
            yi, w = mirrored(yi, w, ends)
            if MEMORY:
                v[i] = w
            arrive(i, yi, z, y, worst, taken, ends)
        square[:] = ZERO
        for j in range(k):
            move_row(x[j], u[j], n[j + 1], spread[j], square, f)


def add_products(x, n, width, f):
    """Add those of a row to x·ξ and |ξ|²."""
    for i in range(LANES):
        a = STATE(n[i]) * width
        f[6, i] += x[i] * a
        f[7, i] += a * a


def move_row(x, u, n, width, square, f):
    """One fast direction of all lanes, and its part of |x|²."""
    for i in range(LANES):
        a, q = STATE(n[i]) * width, x[i]
        if MEMORY:
            r = u[i]
            u[i] = f[3, i] * q + f[4, i] * r + f[5, i] * a
            q += f[0, i] * q + f[1, i] * r + f[2, i] * a
        else:
            q += f[0, i] * q + f[2, i] * a
        x[i] = q
        square[i] += q * q


def sweep_surface(steps, s, n, chi, bits, x, y, u, v, square, worst, taken, ends, c, p, spread):
    """One fast direction on a surface of any form; nothing is known of its edge of stability."""
    for _ in range(steps):
        fill_normals(s, n, bits)
        for i in range(LANES):
            r, w = ZERO, ZERO
            if MEMORY:
                r, w = u[0, i], v[i]
            dx, yi, r, w = surface_move(x[0, i], y[i], r, w, STATE(n[1, i]), STATE(n[0, i]), c, p)
            yi, w = mirrored(yi, w, ends)
            if MEMORY:
                u[0, i], v[i] = r, w
            x[0, i] += dx
            arrive(i, yi, ONE, y, worst, taken, ends)
