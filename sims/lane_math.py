"""Elementary functions that a compiler can run on many lanes at once: no branch, no table, no call.

A call into the C library inside a loop over lanes keeps the loop scalar, at a tenth of the speed.
These are polynomials on a reduced argument, good to a few units in the last place (the tests say
how many), for double precision.  They are templates: :mod:`.workshop` copies the ones that a
formula needs into the kernel it compiles.  An argument without a real value gives NaN.
"""

import numpy as np

LOG2E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10
PI_2 = 1.5707963267948966
# π/2 in three pieces of 33 bits: their multiples by numbers below 2²⁰ are exact
PI_2_HIGH, PI_2_MIDDLE, PI_2_LOW = (
    1.57079632673412561417e00,
    6.07710050630396597660e-11,
    2.02226624879595063154e-21,
)
FARTHEST_ANGLE = 1.6e6  # beyond it the reduction forgets digits: NaN is better than a guess
MAGIC = 6755399441055744.0  # 1.5·2⁵²: added, a whole number below 2⁵¹ stands in the low bits
BIAS = np.int64(1023)
MANTISSA_BITS = np.int64(52)
MANTISSA = np.int64(0x000FFFFFFFFFFFFF)
ROOT_HALF_BITS = np.int64(0x3FE6A09E667F3BCD)
TINY, TWO_54 = 2.2250738585072014e-308, 18014398509481984.0


def exp(x):
    """eˣ; inf above 709.78, 0 below −708.39."""
    x = np.float64(x)
    inside = min(max(x, -708.3), 709.7)
    n = np.floor(inside * LOG2E + 0.5)
    r = (inside - n * LN2_HIGH) - n * LN2_LOW
    p = 1.6059043836821613e-10 * r + 2.08767569878681e-9
    p = p * r + 2.505210838544172e-8
    p = p * r + 2.755731922398589e-7
    p = p * r + 2.7557319223985893e-6
    p = p * r + 2.48015873015873e-5
    p = p * r + 1.984126984126984e-4
    p = p * r + 1.3888888888888889e-3
    p = p * r + 8.333333333333333e-3
    p = p * r + 4.1666666666666664e-2
    p = p * r + 1.6666666666666666e-1
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    power = np.int64(np.float64(n - 1.0 + MAGIC).view(np.int64) + BIAS) << MANTISSA_BITS
    value = 2.0 * (p * np.int64(power).view(np.float64))  # 2ⁿ/2, so that n = 1024 has its room
    value = np.inf if x > 709.7827128933841 else value
    value = 0.0 if x < -708.39 else value
    return value if x == x else x


def _plain_log(x, bits_removed):
    """Ln x − bits_removed·ln 2 of a normal positive number."""
    bits = np.int64(np.float64(x).view(np.int64) - ROOT_HALF_BITS)
    e = np.float64(np.int64(bits >> MANTISSA_BITS)) - bits_removed
    m = np.int64(np.int64(bits & MANTISSA) + ROOT_HALF_BITS).view(np.float64)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    # atanh series beyond its first term, as a minimax polynomial
    w = z * 1.479819860511658591e-01 + 1.531383769920937332e-01
    w = w * z + 1.818357216161805012e-01
    w = w * z + 2.222219843214978396e-01
    w = w * z + 2.857142874366239149e-01
    w = w * z + 3.999999999940941908e-01
    w = w * z + 6.666666666666735130e-01
    half = 0.5 * f * f
    return e * LN2_HIGH - ((half - (s * (half + w * z) + e * LN2_LOW)) - f)


def log(x):
    """Natural logarithm; −inf at 0, NaN below."""
    x = np.float64(x)
    small = x < TINY
    value = _plain_log(x * TWO_54 if small else x, 54.0 if small else 0.0)
    value = -np.inf if x == 0.0 else value
    value = np.nan if x < 0.0 else value
    return value if x < np.inf else x


def log1p(x):
    """ln(1 + x) without loss for small x (Kahan's correction of the rounded sum)."""
    x = np.float64(x)
    u = 1.0 + x
    gap = u - 1.0
    safe = gap if gap != 0.0 else 1.0
    value = log(u) * (x / safe)
    value = x if gap == 0.0 else value
    return value if u < np.inf else u


def expm1(x):
    """eˣ − 1 without loss for small x: eʳ − 1 by its series, then scaled."""
    x = np.float64(x)
    inside = min(max(x, -60.0), 709.7)
    n = np.floor(inside * LOG2E + 0.5)
    r = (inside - n * LN2_HIGH) - n * LN2_LOW
    p = 1.6059043836821613e-10 * r + 2.08767569878681e-9
    p = p * r + 2.505210838544172e-8
    p = p * r + 2.755731922398589e-7
    p = p * r + 2.7557319223985893e-6
    p = p * r + 2.48015873015873e-5
    p = p * r + 1.984126984126984e-4
    p = p * r + 1.3888888888888889e-3
    p = p * r + 8.333333333333333e-3
    p = p * r + 4.1666666666666664e-2
    p = p * r + 1.6666666666666666e-1
    p = p * r + 0.5
    p = (p * r) * r + r
    power = np.int64(np.float64(n - 1.0 + MAGIC).view(np.int64) + BIAS) << MANTISSA_BITS
    half = np.int64(power).view(np.float64)
    value = 2.0 * (half * p + (half - 0.5))
    value = np.inf if x > 709.7827128933841 else value
    return value if x == x else x


def _turned(x):
    """Angle within ±π/4 and the whole number of quarter turns taken away."""
    x = np.float64(x)
    n = np.floor(x * (2.0 / np.pi) + 0.5)
    r = ((x - n * PI_2_HIGH) - n * PI_2_MIDDLE) - n * PI_2_LOW
    quarter = np.int64(np.float64(n + MAGIC).view(np.int64))
    return r, quarter


def _sine(r):
    z = r * r
    p = 1.58969099521155010221e-10 * z - 2.50507602534068634195e-08
    p = p * z + 2.75573137070700676789e-06
    p = p * z - 1.98412698298579493134e-04
    p = p * z + 8.33333333332248946124e-03
    p = p * z - 1.66666666666666324348e-01
    return r + r * (z * p)


def _cosine(r):
    z = r * r
    p = -1.13596475577881948265e-11 * z + 2.08757232129817482790e-09
    p = p * z - 2.75573143513906633035e-07
    p = p * z + 2.48015872894767294178e-05
    p = p * z - 1.38888888888741095749e-03
    p = p * z + 4.16666666666666019037e-02
    half = 0.5 * z
    w = 1.0 - half
    return w + (((1.0 - w) - half) + z * (z * p))


def sin(x):
    """Sine; NaN beyond |x| = 1.6e6."""
    r, quarter = _turned(x)
    value = _cosine(r) if quarter & np.int64(1) else _sine(r)
    value = -value if quarter & np.int64(2) else value
    return value if abs(x) < FARTHEST_ANGLE else np.nan


def cos(x):
    """Cosine; NaN beyond |x| = 1.6e6."""
    r, quarter = _turned(x)
    value = _sine(r) if quarter & np.int64(1) else _cosine(r)
    value = -value if np.int64(quarter + np.int64(1)) & np.int64(2) else value
    return value if abs(x) < FARTHEST_ANGLE else np.nan


def tan(x):
    """Tangent; NaN beyond |x| = 1.6e6."""
    r, quarter = _turned(x)
    s, c = _sine(r), _cosine(r)
    value = -c / s if quarter & np.int64(1) else s / c
    return value if abs(x) < FARTHEST_ANGLE else np.nan


def sinh(x):
    """Hyperbolic sine; infinite from |x| = 709 on."""
    size = abs(x)
    e = expm1(min(size, 709.0))
    value = 0.5 * (e + e / (e + 1.0))
    value = np.inf if size > 709.0 else value
    value = -value if x < 0.0 else value
    return value if x == x else x


def cosh(x):
    """Hyperbolic cosine."""
    top = exp(0.5 * abs(x))
    square = top * top
    value = 0.5 * square + 0.5 / square
    return value if x == x else x


def tanh(x):
    """Hyperbolic tangent."""
    e = expm1(min(2.0 * abs(x), 50.0))
    value = e / (e + 2.0)
    value = -value if x < 0.0 else value
    return value if x == x else x


def arctan(x):
    """Inverse tangent, within ±π/2."""
    size = abs(x)
    far, middle = size > 2.414213562373095, size > 0.66
    inner = (size - 1.0) / (size + 1.0) if middle else size
    inner = -1.0 / size if far else inner
    whole = 0.5 * PI_2 if middle else 0.0
    whole = PI_2 if far else whole
    z = inner * inner
    p = -8.750608600031904122785e-01 * z - 1.615753718733365076637e01
    p = p * z - 7.500855792314704667340e01
    p = p * z - 1.228866684490136173410e02
    p = p * z - 6.485021904942025371773e01
    q = z + 2.485846490142306297962e01
    q = q * z + 1.650270098316988542046e02
    q = q * z + 4.328810604912902668951e02
    q = q * z + 4.853903996359136964868e02
    q = q * z + 1.945506571482613964425e02
    value = whole + (inner + inner * (z * (p / q)))
    value = -value if x < 0.0 else value
    return value if x == x else x


def arcsin(x):
    """Inverse sine, within ±π/2; NaN beyond |x| = 1."""
    return arctan(x / np.sqrt((1.0 - x) * (1.0 + x)))


def arccos(x):
    """Inverse cosine, from 0 to π; NaN beyond |x| = 1."""
    return 2.0 * arctan(np.sqrt((1.0 - x) / (1.0 + x)))


def sqrt(x):
    """Square root; NaN below 0."""
    return np.sqrt(x)


def sign(x):
    """−1, 0 or 1."""
    value = 1.0 if x > 0.0 else -1.0
    value = 0.0 if x == 0.0 else value
    return value if x == x else x


def power(a, b):
    """Real power aᵇ; of a negative a for whole b, else NaN.  Good to about (1 + |b ln a|) ulp."""
    value = exp(b * log(abs(a)))
    half = 0.5 * b
    value = -value if (a < 0.0) & (np.floor(half) != half) else value
    value = np.nan if (a < 0.0) & (np.floor(b) != b) else value
    return 1.0 if b == 0.0 else value
