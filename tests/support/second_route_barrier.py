"""Barriers and critical margins beside plain grids, drawn fields and iterated quadrature."""

from collections.abc import Iterator

import naive_geodesic as naive
import naive_perceptron as slow
import numpy as np
from second_route import Check

from entropic.theory import barrier_peak, critical_margins, cross_overlap, geodesic_barrier

PATHS = [  # γ, α, κ, κ₁, κ₂
    (0.5, 0.2, -0.5, -0.5, -0.5),
    (0.5, 1.0, -0.5, -0.5, -0.5),
    (0.2, 1.0, -0.5, -0.5, -0.5),
    (0.65, 1.0, -0.5, -0.5, -0.4),
    (0.4, 0.5, -1.0, -1.0, -0.9),
    (0.5, 2.0, -1.0, -1.0, -1.0),
    (0.6, 2.0, -0.5, -0.5, -0.48),
    (0.3, 3.0, -0.5, -0.5, -0.5),
    (0.5, 3.0, -0.5, -0.48, -0.5),
    (0.5, 1.0, -2.0, -1.9, -2.0),
    (0.4, 1.5, -0.2, -0.2, -0.2),
    (0.5, 1.0, 0.3, 0.0, 0.2),
]
LOADS = [(a, k) for k in (-0.3, -0.5, -1.0) for a in (0.25, 0.5, 1.0, 2.0)]


def checks() -> Iterator[Check]:
    rng = np.random.default_rng(11)
    for gamma, alpha, kappa, first, second in PATHS:
        found = geodesic_barrier(gamma, alpha, kappa, (first, second))
        at = {"gamma": gamma, "alpha": alpha, "kappa": kappa, "margins": f"{first:g}, {second:g}"}
        rate, error = float(found.error_rate), float(found.uncertainty)
        overlaps = found.pair
        pair = (float(overlaps.q_1), first, float(overlaps.q_2), second, float(overlaps.overlap))
        grid = naive.error_rate(gamma, kappa, *pair)
        yield Check("error rate", at, rate, error, grid, 1e-12, "plain 4-D grid")
        drawn, spread = naive.drawn_error_rate(rng, gamma, kappa, *pair, count=2_000_000)
        yield Check("error rate", at, rate, error, drawn, spread, "2e6 drawn fields")
    for _, alpha, _, first, second in PATHS:
        found = cross_overlap(alpha, first, second)
        q_1, q_2 = (slow.iterate(alpha, k, "spherical", 4000)[0] for k in (first, second))
        p = np.sqrt(q_1 * q_2)
        for _ in range(400):
            before, spread = p, np.sqrt((1 - q_1) * (1 - q_2))
            p = alpha * spread * naive.common_pull(q_1, first, q_2, second, p)
            if abs(p - before) < 1e-13:
                break
        at = {"alpha": alpha, "margins": f"{first:g}, {second:g}"}
        value, error = float(found.overlap), float(found.error)
        yield Check("overlap of two margins", at, value, error, p, 1e-8, "iterated quadrature")
    for alpha, kappa in LOADS:
        found = critical_margins(alpha, kappa)
        at = {"alpha": alpha, "kappa": kappa}
        for name, value, error, ends in (
            ("critical margin", found.kappa_star, found.kappa_star_uncertainty, _equal),
            ("margin of the kernel", found.kappa_kernel, found.kappa_kernel_uncertainty, _typical),
        ):
            low, high = kappa, 0.0
            while high - low > 1e-7:  # bisect on whether the path itself errs anywhere
                middle = 0.5 * (low + high)
                errs = float(barrier_peak(alpha, kappa, ends(kappa, middle)).error_rate) > 0
                low, high = (middle, high) if errs else (low, middle)
            second, width = 0.5 * (low + high), 0.5 * (high - low)
            yield Check(name, at, float(value), float(error), second, width, "bisected barrier")


def _equal(_: float, margin: float) -> tuple[float, float]:
    return margin, margin


def _typical(kappa: float, margin: float) -> tuple[float, float]:
    return kappa, margin
