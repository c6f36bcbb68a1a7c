r"""Random numbers for many lanes at once, each addressed by (seed, trajectory, absolute step).

A trajectory's steps come in segments of ``SEGMENT``.  At the start of each, Philox4x32-10 with the
seed as its key turns (trajectory, segment) into the 128 bits of state of an xoshiro128++, which
deals out the noise of that segment: the address of a number is its place in the ensemble and in
time, whatever threads, chunks and interruptions there were.  Philox: Salmon, Moraes, Dror & Shaw,
SC'11 (2011); xoshiro128++: Blackman & Vigna, ACM Trans. Math. Softw. 47, 36 (2021).

Normal numbers come in pairs, by Box and Muller's polar form from one radius and one angle: with
ψ uniform on ±π/4, (cos ψ ± sin ψ)/√2 and two random signs are the sine and cosine of an angle
uniform on the circle; no quadrant has to be looked up.  The polynomials are least-squares fits on
Chebyshev nodes, their relative errors beside them.  A radius from 32 bits ends at 6.66 standard
deviations, beyond which a normal number lies once in 4·10¹⁰; the double-precision pair takes 53
bits and ends at 8.6.

All here are templates: :mod:`.workshop` copies them into the kernels it compiles.
"""

import numpy as np

from .lane_math import _cosine, _plain_log, _sine

u32, u64, i32, i64, f32 = np.uint32, np.uint64, np.int32, np.int64, np.float32

SEGMENT = 1024  # steps
LANES = 64  # of a block; a whole number of the widest vectors
NOISE, INITIAL = 0, 1  # what a stream is for
_M0, _M1 = u64(0xD2511F53), u64(0xCD9E8D57)
_W0, _W1 = u32(0x9E3779B9), u32(0xBB67AE85)
_LOW = u64(0xFFFFFFFF)
_32 = u64(32)


def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: the counter's four words through ten rounds under the key's two."""
    for _ in range(10):
        high = u64(c0) * _M0
        low = u64(c2) * _M1
        c0, c1, c2, c3 = (
            u32(u32(low >> _32) ^ u32(c1 ^ k0)),
            u32(low & _LOW),
            u32(u32(high >> _32) ^ u32(c3 ^ k1)),
            u32(high & _LOW),
        )
        k0, k1 = u32(k0 + _W0), u32(k1 + _W1)
    return c0, c1, c2, c3


def open_stream(s, lane, seed, trajectory, segment, use):
    """Put the lane at the start of a segment: s (4, lanes) uint32; segment below 2⁶³.

    use: NOISE or INITIAL, kept apart by the top bit of the segment's second word.
    """
    word = u64(segment) | (u64(use) << u64(63))
    s0, s1, s2, s3 = philox(
        u32(u64(trajectory) & _LOW),
        u32(u64(trajectory) >> _32),
        u32(word & _LOW),
        u32(word >> _32),
        u32(u64(seed) & _LOW),
        u32(u64(seed) >> _32),
    )
    s[0, lane], s[1, lane], s[2, lane] = s0, s1, s2
    s[3, lane] = s3 if (s0 | s1 | s2 | s3) != u32(0) else u32(1)  # all zeros would stay so


def turned(x, left):
    """The 32 bits of x rotated left."""
    return u32(u32(x << u32(left)) | u32(x >> u32(32 - left)))


def next_bits(s0, s1, s2, s3):
    """One step of xoshiro128++: the new state and 32 random bits."""
    bits = u32(turned(u32(s0 + s3), 7) + s0)
    t = u32(s1 << u32(9))
    s2 = u32(s2 ^ s0)
    s3 = u32(s3 ^ s1)
    s1 = u32(s1 ^ s2)
    s0 = u32(s0 ^ s3)
    return s0, s1, u32(s2 ^ t), turned(s3, 11), bits


def minus_log32(u, unit):
    """−ln(u/unit) of positive single-precision numbers, unit a power of 2 as its bits; to 6e-7.

    The bits of a float are, but for a smooth function of its fraction, its logarithm.  That
    function of f, the fraction less ½, is the polynomial; its constant is 4e-7 too small in log₂,
    so that u ≤ unit never gives a negative number.
    """
    bits = f32(u).view(i32)
    e = f32(i32(bits - i32(unit)))
    f = i32(i32(bits & i32(0x007FFFFF)) | i32(0x3F800000)).view(f32) - f32(1.5)
    p = f32(-1.048396660e-02)
    p = p * f + f32(1.741419881e-02)
    p = p * f - f32(2.586227190e-02)
    p = p * f + f32(4.892898876e-02)
    p = p * f - f32(9.880488156e-02)
    p = p * f + f32(2.222453945e-01)
    p = p * f + f32(2.648142569e-02)
    p = p * f - f32(5.889142229e-02)
    return e * f32(-8.262958295e-08) + p


ONE_BITS, ALL_BITS = 0x3F800000, 0x4F800000  # 1 and 2³² as floats


def log_of_uniform32(bits):
    """−ln of a uniform number (bits | 1)/2³²."""
    return minus_log32(f32(u32(bits | u32(1))), ALL_BITS)


def signed32(x, bits):
    """The number x, its sign turned where the top bit is set."""
    return f32(u32(f32(x).view(u32) ^ u32(bits & u32(0x80000000))).view(f32))


def pair32(s0, s1, s2, s3):
    """The new state and two independent normal numbers in single precision."""
    s0, s1, s2, s3, a = next_bits(s0, s1, s2, s3)
    s0, s1, s2, s3, b = next_bits(s0, s1, s2, s3)
    radius = np.sqrt(log_of_uniform32(a))  # over √2, which the sums below bring
    v = f32(u32(b).view(i32)) * f32(4.656612873077393e-10)  # ψ in units of π/4
    w = v * v
    sine = w * f32(-3.595439926e-05) + f32(2.490006964e-03)  # to 3.6e-8
    sine = v * (w * (w * sine + f32(-8.074543477e-02)) + f32(7.853981610e-01))
    cosine = w * f32(-3.188789917e-04) + f32(1.584991298e-02)  # to 6.1e-8
    cosine = w * (w * cosine + f32(-3.084242527e-01)) + f32(9.999999724e-01)
    # the signs are the lowest bits, which single precision leaves out of the angle
    first = signed32(radius * (cosine + sine), u32(b << u32(31)))
    second = signed32(radius * (cosine - sine), u32(b << u32(30)))
    return s0, s1, s2, s3, first, second


def uniform64(high, low):
    """53 of the 64 bits as a number in (0, 1)."""
    whole = i64((u64(high) << u64(21)) | (u64(low) >> u64(11)))
    return (np.float64(whole) + 0.5) * 1.1102230246251565e-16


def fill_normals32(s, n, bits):
    """Fill the rows of n (an even number, lanes), single precision; moves the state s on.

    The first numbers of all pairs, then the second ones: rows that alternate look to the compiler
    as if they might overlap, and it would keep the loop scalar.
    """
    half = n.shape[0] // 2
    for j in range(half):
        for lane in range(LANES):
            s0, s1, s2, s3, first, second = pair32(s[0, lane], s[1, lane], s[2, lane], s[3, lane])
            s[0, lane], s[1, lane], s[2, lane], s[3, lane] = s0, s1, s2, s3
            n[j, lane], n[half + j, lane] = first, second


def fill_normals64(s, n, bits):
    """Fill the rows of n (an even number, lanes), double precision; moves the state s on.

    bits: (4, lanes) uint32 to work in; a loop of one word size each is what vectorises.  Rows in
    the order of :func:`fill_normals32`.
    """
    half = n.shape[0] // 2
    for j in range(half):
        for lane in range(LANES):
            s0, s1, s2, s3 = s[0, lane], s[1, lane], s[2, lane], s[3, lane]
            s0, s1, s2, s3, bits[0, lane] = next_bits(s0, s1, s2, s3)
            s0, s1, s2, s3, bits[1, lane] = next_bits(s0, s1, s2, s3)
            s0, s1, s2, s3, bits[2, lane] = next_bits(s0, s1, s2, s3)
            s0, s1, s2, s3, bits[3, lane] = next_bits(s0, s1, s2, s3)
            s[0, lane], s[1, lane], s[2, lane], s[3, lane] = s0, s1, s2, s3
        for lane in range(LANES):
            radius = np.sqrt(-_plain_log(uniform64(bits[0, lane], bits[1, lane]), 0.0))
            psi = (uniform64(bits[2, lane], bits[3, lane]) - 0.5) * (0.5 * np.pi)
            sine, cosine, low = _sine(psi), _cosine(psi), bits[3, lane]
            one = 1.0 - 2.0 * np.float64(low & u32(1))
            other = 1.0 - 2.0 * np.float64((low >> u32(1)) & u32(1))
            n[j, lane] = one * (radius * (cosine + sine))
            n[half + j, lane] = other * (radius * (cosine - sine))


def fill_chi_square(s, n, out, freedom):
    """χ² numbers of ``freedom`` ≥ 2 degrees in out (lanes), from the normal numbers n (lanes).

    Marsaglia and Tsang, ACM Trans. Math. Softw. 26, 363 (2000).  A lane refused, one in hundreds
    at many degrees, draws again by itself.
    """
    d = f32(0.5 * freedom - 1.0 / 3.0)
    c = f32(1) / np.sqrt(f32(9) * d)
    for lane in range(LANES):
        s0, s1, s2, s3, a = next_bits(s[0, lane], s[1, lane], s[2, lane], s[3, lane])
        s[0, lane], s[1, lane], s[2, lane], s[3, lane] = s0, s1, s2, s3
        out[lane] = chi_square_or_refused(f32(n[lane]), a, c, d)
    for lane in range(LANES):
        while out[lane] < 0:
            s0, s1, s2, s3, normal, _ = pair32(s[0, lane], s[1, lane], s[2, lane], s[3, lane])
            s0, s1, s2, s3, a = next_bits(s0, s1, s2, s3)
            s[0, lane], s[1, lane], s[2, lane], s[3, lane] = s0, s1, s2, s3
            out[lane] = chi_square_or_refused(normal, a, c, d)


def chi_square_or_refused(normal, bits, c, d):
    """One try: 2 d (1 + c·normal)³, or −1."""
    t = f32(1) + c * normal
    v = t * t * t
    log_v = -minus_log32(v if v > f32(0) else f32(1), ONE_BITS)
    bound = f32(0.5) * normal * normal + d * (f32(1) - v + log_v)
    fine = (v > f32(0)) & (-log_of_uniform32(bits) < bound)
    return f32(2) * d * v if fine else f32(-1)
