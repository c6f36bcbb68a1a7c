"""Overlap-gap thresholds beside counting (symmetric) and the plain functional (storage)."""

from collections.abc import Iterator

import naive_clones as naive
from scipy.optimize import minimize_scalar
from second_route import Check

from entropic.theory import overlap_gap

SYMMETRIC = [(2, 0.5), (2, 1.0), (2, 2.0), (3, 0.5), (3, 1.0), (3, 2.0)]
STORAGE = [(2, 0.0), (4, 0.0), (6, 0.0), (2, -1.0), (4, -1.0), (2, 1.0), (4, 1.0)]


def checks() -> Iterator[Check]:
    """One row for each number of clones and margin."""
    for m, kappa in SYMMETRIC:
        found = overlap_gap(m, kappa, "symmetric")
        lowest = minimize_scalar(
            naive.window_threshold, bounds=(0.8, 0.995), args=(m, kappa), options={"xatol": 1e-7}
        )
        yield Check(
            quantity="overlap gap, symmetric",
            at={"clones": m, "kappa": kappa},
            value=float(found.alpha_ogp),
            error=float(found.error),
            second=float(lowest.fun),
            second_error=1e-10,
            route="counting tuples, their joint normal density in a box, lowest over q1",
        )
    for m, kappa in STORAGE:
        found = overlap_gap(m, kappa, "binary")
        overlaps = float(found.q0), float(found.q1)
        count = naive.without_patterns(*overlaps, float(found.q0_hat), float(found.q1_hat), m)
        yield Check(
            quantity="overlap gap, storage",
            at={"clones": m, "kappa": kappa},
            value=float(found.alpha_ogp),
            error=float(found.error),
            second=float(count / -naive.patterns(*overlaps, kappa, m)),
            second_error=1e-9,
            route="sum over spins and trapezoidal rule at the same saddle point",
        )
