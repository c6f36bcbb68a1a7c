"""The engine's normal numbers, 10⁹ of them, against the normal law and against one another.

    python benchmarks/random_normals.py [--number 1e9] [--double] [--spoil scaled|mixed|twelve]

The numbers come from the kernels' own templates (``fill_normals32`` or ``64`` of
``sims.lane_random``), block by block of neighbouring trajectories, step by step.  Each line is a
statistic, what is expected and the p-value:

    moments 1 … 8          <zᵐ> − (m−1)!! in standard errors √((2m−1)!! − ((m−1)!!)²)/√n
    tails beyond t         the number of |z| > t against a Poisson law
    Kolmogorov–Smirnov     sup |F − Φ| over 2²⁰ edges
    the angle, the radius  χ² of atan2(z₁, z₂) and of exp(−(z₁² + z₂²)/2) in 256 equal bins
    products               <f(z) f(z')> for f = z and f = (z² − 1)/√2; z' the other of the pair, or
                           the lane 1 … 8 further, or the step 1 … 4 later

A p-value below 10⁻⁶ is a rejection, and so the exit code is 1; with some seventy lines one
below 10⁻² is expected.  ``--spoil`` spoils the numbers on purpose, by 2·10⁻⁴ of their width, by
10⁻³ of the next lane's, or by adding twelve uniform numbers: each must be rejected.
"""

import argparse
import sys
from math import sqrt

import numpy as np
from numba import njit
from scipy import special, stats

from entropic.sims import lane_random, workshop

LANES, SEGMENT = lane_random.LANES, lane_random.SEGMENT
STEPS = 256  # of a batch
EDGE, FINE = 8.0, 1 << 20  # the histogram: from −8 to 8
BINS, LAGS, LATER = 256, 8, 4
TAILS = (3.0, 4.0, 5.0, 5.5, 6.0)
REJECTED = 1e-6


def deal(s, n, bits, out):  # type: ignore[no-untyped-def]
    """The normal numbers of the next steps in out (steps, 2, lanes); a template for the kernels."""
    for step in range(out.shape[0]):
        fill_normals(s, n, bits)  # noqa: F821
        for i in range(LANES):
            out[step, 0, i] = n[0, i]
            out[step, 1, i] = n[1, i]


def opened(s, seed, first, segment):  # type: ignore[no-untyped-def]
    """All lanes at the start of a segment; a template."""
    for i in range(LANES):
        open_stream(s, i, seed, first + i, segment, 0)  # noqa: F821


def dealer(double):  # type: ignore[no-untyped-def]
    """The engine's own kernel for this precision."""
    fill = lane_random.fill_normals64 if double else lane_random.fill_normals32
    bound = {"fill_normals": fill, "open_stream": lane_random.open_stream, "LANES": LANES}
    return workshop.kernel((deal, opened), bound)


@njit(cache=True)
def count(z, powers, tails, fine, angles, radii, products):  # type: ignore[no-untyped-def]
    """Add a batch z (steps, 2, lanes) to the sums."""
    steps, _, lanes = z.shape
    root = 1 / np.sqrt(2.0)
    for t in range(steps):
        for i in range(lanes):
            a, b = np.float64(z[t, 0, i]), np.float64(z[t, 1, i])
            for v in (a, b):
                power = 1.0
                for m in range(8):
                    power *= v
                    powers[m] += power
                for k in range(len(TAILS)):
                    tails[k] += abs(v) > TAILS[k]
                at = int(np.floor((v + EDGE) * (FINE / (2 * EDGE))))
                fine[min(max(at, 0), FINE - 1)] += 1
            turn = np.arctan2(a, b) / (2 * np.pi) + 0.5
            angles[min(int(turn * BINS), BINS - 1)] += 1
            radii[min(int(np.exp(-0.5 * (a * a + b * b)) * BINS), BINS - 1)] += 1
            products[0, 0] += a * b
            products[0, 1] += (a * a - 1) * root * (b * b - 1) * root
            for lag in range(1, LAGS + LATER + 1):
                later, aside = (0, lag) if lag <= LAGS else (lag - LAGS, 0)
                if t + later < steps and i + aside < lanes:
                    c = np.float64(z[t + later, 0, i + aside])
                    products[lag, 0] += a * c
                    products[lag, 1] += (a * a - 1) * root * (c * c - 1) * root
                    products[lag, 2] += 1
            products[0, 2] += 1


def odd_factorial(m):  # type: ignore[no-untyped-def]
    """(m − 1)!! for even m, the moment <zᵐ>; 0 for odd m."""
    return 0.0 if m % 2 else float(special.factorial2(m - 1)) if m else 1.0


def lines(number, powers, tails, fine, angles, radii, products):  # type: ignore[no-untyped-def]
    """(name, found, expected, p-value) of every statistic."""
    for m in range(1, 9):
        mean, wanted = powers[m - 1] / number, odd_factorial(m)
        error = sqrt((odd_factorial(2 * m) - wanted**2) / number)
        yield f"moment {m}", mean, wanted, 2 * stats.norm.sf(abs(mean - wanted) / error)
    for k, t in enumerate(TAILS):
        wanted = number * 2 * special.ndtr(-t)
        both = (stats.poisson.cdf(tails[k], wanted), stats.poisson.sf(tails[k] - 1, wanted))
        yield f"beyond {t}", tails[k], wanted, min(1.0, 2 * min(both))
    edges = -EDGE + 2 * EDGE / FINE * np.arange(1, FINE + 1)
    gap = np.abs(np.cumsum(fine) / number - special.ndtr(edges)).max()
    yield "Kolmogorov-Smirnov", gap, 0.87 / sqrt(number), stats.kstwobign.sf(gap * sqrt(number))
    for name, bins in (("angle", angles), ("radius", radii)):
        chi, p = stats.chisquare(bins)
        yield f"chi square of the {name}", chi, BINS - 1.0, p
    for lag, (plain, square, pairs) in enumerate(products):
        name = "pair" if lag == 0 else f"lane + {lag}" if lag <= LAGS else f"step + {lag - LAGS}"
        for what, total in (("z", plain), ("z²", square)):
            mean = total / pairs
            yield f"{what} z' of {name}", mean, 0.0, 2 * stats.norm.sf(abs(mean) * sqrt(pairs))


def measure(number, double, spoil, seed):  # type: ignore[no-untyped-def]
    """All statistics of at least ``number`` normal numbers."""
    kernel = dealer(double)
    dtype = np.float64 if double else np.float32
    s, bits = np.zeros((4, LANES), np.uint32), np.zeros((4, LANES), np.uint32)
    n, z = np.zeros((2, LANES), dtype), np.zeros((STEPS, 2, LANES), dtype)
    sums = (
        np.zeros(8),
        np.zeros(len(TAILS), np.int64),
        np.zeros(FINE, np.int64),
        np.zeros(BINS, np.int64),
        np.zeros(BINS, np.int64),
        np.zeros((1 + LAGS + LATER, 3)),
    )
    done, first, rng = 0, 0, np.random.default_rng(seed)
    while done < number:
        kernel.opened(s, np.uint64(seed), first, first // LANES % 7)
        for _ in range(SEGMENT // STEPS):
            kernel.deal(s, n, bits, z)
            if spoil == "scaled":
                z *= dtype(1.0002)
            elif spoil == "mixed":
                z[:, :, :-1] += dtype(1e-3) * z[:, :, 1:]
            elif spoil == "twelve":
                z[:] = rng.random((12, *z.shape), dtype).sum(axis=0) - 6
            count(z, *sums)
            done += z.size
        first += LANES
    return lines(done, *sums)


def main() -> int:
    """Print every statistic; 1 if one is rejected."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--number", type=float, default=1e9)
    parser.add_argument("--double", action="store_true")
    parser.add_argument("--spoil", choices=("scaled", "mixed", "twelve"))
    parser.add_argument("--seed", type=int, default=20261124)
    asked = parser.parse_args()
    least = 1.0
    for name, found, wanted, p in measure(asked.number, asked.double, asked.spoil, asked.seed):
        mark = "  REJECTED" if p < REJECTED else ""
        print(f"{name:24}{found:18.8g}{wanted:18.8g}   p = {p:.2g}{mark}", flush=True)
        least = min(least, p)
    return int(least < REJECTED)


if __name__ == "__main__":
    sys.exit(main())
