"""The kernels: a block of lanes walked through time, watched or sent out of an interval.

``watch`` takes a block a number of steps further and adds up what it sees; ``leave`` keeps a
block of lanes busy with one trajectory after another, each until it is seen beyond an end.  Both go
on from wherever their arrays stand, so that a run can be cut anywhere between two calls.
Templates: see :mod:`.workshop`.
"""

import numpy as np

from .lane_random import (
    INITIAL,
    LANES,
    NOISE,
    SEGMENT,
    fill_chi_square,
    open_stream,
    pair32,
)
from .lane_random import fill_normals32 as fill_normals
from .moves import BITS, HALF, STATE, ZERO, half_slope, pull, stiffness
from .surface_moves import slope_x, slope_y
from .sweeps import EDGE, MIRRORS
from .sweeps import sweep_valley as sweep

RADIUS = SURFACE = SPLIT = False  # SPLIT: baoab, whose kicks are halves of two
ROUND = 16  # steps between two looks at which lanes have left
NOISE_TYPE = np.float32


def begin(s, i, seed, trajectory, x, y, u, v, square, at, law, c, p, spread):
    """Put a lane at the start of its trajectory, and its stream after what that took.

    at = (x₀, y₀); law = (a, b, c, d): the fast directions start at x₀ + a·ξ with the memory
    b·ξ + c·ξ', both times ``spread``, and y with the memory d·ξ'.
    """
    open_stream(s, i, seed, trajectory, 0, INITIAL)
    y[i], square[i] = at[1], ZERO
    k = len(spread)
    for j in range(k):
        s0, s1, s2, s3, a, b = pair32(s[0, i], s[1, i], s[2, i], s[3, i])
        s[0, i], s[1, i], s[2, i], s[3, i] = s0, s1, s2, s3
        place = at[0] + law[0] * spread[j] * STATE(a)
        square[i] += place * place
        if not RADIUS:
            x[j, i] = place
            u[j, i] = (law[1] * STATE(a) + law[2] * STATE(b)) * spread[j]
    if RADIUS:
        x[0, i] = np.sqrt(square[i])
    _, _, _, _, _, b = pair32(s[0, i], s[1, i], s[2, i], s[3, i])
    v[i] = law[3] * STATE(b)
    if SPLIT:  # half of the first kick, which is whole, taken back; law knows that of a·ξ
        h = HALF * c[0]
        if SURFACE:
            u[0, i] += h * slope_x(x[0, i], y[i], p)
            v[i] += h * slope_y(x[0, i], y[i], p)
        else:
            v[i] += h * (pull(y[i], p) + half_slope(y[i], p) * square[i])
            for j in range(k):
                u[j, i] += h * stiffness(y[i], p) * at[0]
    open_stream(s, i, seed, trajectory, 0, NOISE)


def begin_block(seed, first, used, x, y, u, v, square, at, law, c, p, spread):
    """Start the trajectories first, first + 1, …; lanes that are not used repeat the last one."""
    s = np.zeros((4, LANES), np.uint32)
    for i in range(LANES):
        begin(s, i, seed, first + min(i, used - 1), x, y, u, v, square, at, law, c, p, spread)


def watch(
    seed, first, used, step, stop, clock, x, y, u, v, square,
    sums, counts, edges, ring, lagged, window, course, trail, found, ends, c, p, spread,
):  # fmt: skip
    """Take a block from ``step`` to ``stop``; see :func:`observe` for what is added on the way.

    used: the lanes whose fate counts.  clock = (burn_in, every, looks per bin of time, looks per
    point of a trail).  Returns the step reached: before ``stop`` only if a lane is lost.
    """
    s, bits = np.zeros((4, LANES), np.uint32), np.zeros((4, LANES), np.uint32)
    n, chi = np.zeros((noise_rows(len(spread)), LANES), NOISE_TYPE), np.zeros(LANES, NOISE_TYPE)
    worst, taken = np.zeros(LANES, BITS), np.zeros(0, BITS)
    open_block(s, seed, first, used, step // SEGMENT)
    for _ in range(step % SEGMENT):
        pass_over(s, n, chi, bits, len(spread))
    look = max(step - clock[0], 0) // clock[1]
    next_look = clock[0] + (look + 1) * clock[1]
    next_segment = (step // SEGMENT + 1) * SEGMENT
    while step < stop:
        until = min(stop, next_look, next_segment)
        sweep(
            until - step,
            *(s, n, chi, bits, x, y, u, v, square, worst, taken, ends, c, p, spread),
        )
        step = until
        if step == next_segment:
            open_block(s, seed, first, used, step // SEGMENT)
            next_segment += SEGMENT
        if lost(used, x, y, worst, ends, found, step):
            return step
        if step == next_look:
            observe(
                look, clock, used, x, y, square,
                sums, counts, edges, ring, lagged, window, course, trail,
            )  # fmt: skip
            look += 1
            next_look += clock[1]
    return step


def open_block(s, seed, first, used, segment):
    """Put all lanes at the start of a segment."""
    for i in range(LANES):
        open_stream(s, i, seed, first + min(i, used - 1), segment, NOISE)


def lost(used, x, y, worst, ends, found, step):
    """Note the lanes that broke a rule; whether there are any."""
    for i in range(used):
        finite = np.isfinite(y[i]) and np.isfinite(x[0, i])
        beyond = MIRRORS and not (y[i] >= ends[2] and y[i] <= ends[3])
        if beyond or not (finite and worst[i] < EDGE):
            note(found, worst[i], finite, step, y[i])
    return found[0] + found[1] + found[2] > 0


def note(found, worst, finite, step, y):
    """Add a lost trajectory to found.

    found = [beyond the edge of stability, at no number, beyond a mirror, step and y of the first].
    """
    if found[0] + found[1] + found[2] == 0:
        found[3], found[4] = step, y
    if not worst < EDGE:
        found[0] += 1
    elif not finite:
        found[1] += 1
    else:
        found[2] += 1


def noise_rows(k):
    """Rows of normal numbers that a step takes: a whole number of pairs."""
    return 4 if RADIUS else k + 1 + (k + 1) % 2


def pass_over(s, n, chi, bits, k):
    """Draw the noise of one step and let it go: back to a step within a segment."""
    fill_normals(s, n, bits)
    if RADIUS:
        fill_chi_square(s, n[2], chi, k - 1)


def observe(
    look, clock, used, x, y, square, sums, counts, edges, ring, lagged, window, course, trail
):
    """Add one look at a block; an array without a place for it is left alone.

    sums: (3, lanes) of y, y², |x|².  counts: (lanes, bins) visits to [edges[j], edges[j + 1]).
    ring: (lags, lanes) the last y; lagged: the same shape, Σ y(t) y(t − lag).  window: (3, lanes)
    of the running bin of time; course: (bins of time, 3, 2) sum and sum of squares over the used
    lanes of its means.  trail: (lanes in a row, points, 2) of x₀ and y.
    """
    for i in range(LANES):
        sums[0, i] += y[i]
        sums[1, i] += y[i] * y[i]
        sums[2, i] += fast_square(x, square, i)
    if counts.shape[1] > 0:
        tally(counts, edges, y)
    if ring.shape[0] > 0:
        correlate(look, y, ring, lagged)
    if look // clock[2] < course.shape[0]:
        for i in range(LANES):
            window[0, i] += y[i]
            window[1, i] += y[i] * y[i]
            window[2, i] += fast_square(x, square, i)
        if (look + 1) % clock[2] == 0:
            close_window(window, course[look // clock[2]], clock[2], used)
    if look % clock[3] == 0 and look // clock[3] < trail.shape[1]:
        for i in range(trail.shape[0]):
            trail[i, look // clock[3], 0] = x[0, i]
            trail[i, look // clock[3], 1] = y[i]


def fast_square(x, square, i):
    """|x|² of a lane."""
    if x.shape[0] == 1:
        return x[0, i] * x[0, i]
    return square[i]


def tally(counts, edges, y):
    """Count the bin of every y: a guess as if the bins were equal, then bin by bin to the place."""
    bins = counts.shape[1]
    low, high = edges[0], edges[bins]
    scale = bins / (high - low)
    for i in range(LANES):
        a = np.float64(y[i])
        if low <= a < high:
            j = min(np.int64((a - low) * scale), bins - 1)
            while a < edges[j]:
                j -= 1
            while a >= edges[j + 1]:
                j += 1
            counts[i, j] += np.int32(1)


def correlate(look, y, ring, lagged):
    """Add y times each of its last values, its own included."""
    lags = ring.shape[0]
    for i in range(LANES):
        ring[look % lags, i] = y[i]
    for lag in range(min(lags, look + 1)):
        for i in range(LANES):
            lagged[lag, i] += y[i] * ring[(look - lag) % lags, i]


def close_window(window, course, looks, used):
    """Fold the means of a finished bin of time over the used lanes."""
    for q in range(3):
        for i in range(used):
            mean = window[q, i] / looks
            course[q, 0] += mean
            course[q, 1] += mean * mean
        window[q, :] = 0.0


def leave(
    seed, base, todo, queue, rounds, most, id_, age, s, x, y, u, v, square, worst,
    steps, place, found, at, law, ends, c, p, spread,
):  # fmt: skip
    """Keep the lanes busy for ``rounds`` rounds, one trajectory after another.

    todo: the trajectories to begin, those of todo[queue[0]:queue[1]] by this call, which comes back
    for more if queue[2]; base: what their numbers are counted from.  A lane without one has id −1.
    most: steps after which one is given up.  steps, place: (trajectories,) the steps taken and y
    when it was seen outside; −1 and the last y of one given up.
    """
    bits, chi = np.zeros((4, LANES), np.uint32), np.zeros(LANES, NOISE_TYPE)
    n = np.zeros((noise_rows(len(spread)), LANES), NOISE_TYPE)
    taken = np.zeros(LANES, BITS)
    for _ in range(rounds):
        busy = 0
        for i in range(LANES):
            taken[i] = 0
            if id_[i] < 0 and queue[0] < queue[1]:
                id_[i], age[i], worst[i] = todo[queue[0]], 0, 0
                queue[0] += 1
                begin(s, i, seed, base + id_[i], x, y, u, v, square, at, law, c, p, spread)
            elif id_[i] >= 0 and age[i] % SEGMENT == 0:
                open_stream(s, i, seed, base + id_[i], age[i] // SEGMENT, NOISE)
            busy += id_[i] >= 0
        if busy == 0 or (busy < LANES and queue[2] > 0):
            return
        sweep(
            ROUND,
            *(s, n, chi, bits, x, y, u, v, square, worst, taken, ends, c, p, spread),
        )
        for i in range(LANES):
            inside = (y[i] > ends[0]) & (y[i] < ends[1]) & np.isfinite(x[0, i])
            if inside & (worst[i] < EDGE) & (age[i] + ROUND < most):
                age[i] += ROUND
            elif id_[i] >= 0:
                settle(i, most, id_, age, x, y, worst, taken, steps, place, found, ends)
        if found[0] + found[1] > 0:
            return


def settle(i, most, id_, age, x, y, worst, taken, steps, place, found, ends):
    """What became of a trajectory in this round: it was lost, left, or is given up.

    One that is lost keeps its lane: it is in no average, and found again if the run is taken up.
    """
    after = age[i] + np.int64(taken[i])
    left = (y[i] <= ends[0]) | (y[i] >= ends[1])
    fine = worst[i] < EDGE and np.isfinite(y[i]) and (left or np.isfinite(x[0, i]))
    if not fine:
        note(found, worst[i], False, after, y[i])
        return
    steps[id_[i]], place[id_[i]] = after if left and after <= most else -1, y[i]
    id_[i] = -1
