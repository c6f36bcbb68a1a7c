"""Local entropies of the large-deviation measure beside what its own relations demand."""

from collections.abc import Iterator

import numpy as np
from second_route import Check

from entropic.theory import large_deviation_entropy, saddle_point


def checks() -> Iterator[Check]:
    """One clone, a flat reference, slopes by y, exchange, and y → ∞."""
    yield from _one_clone()
    yield from _flat()
    yield from _slopes()
    yield from _exchange()
    yield from _many()
    yield from _best_of_margin()


def _free(found):
    return found.external_entropy + found.y * found.local_entropy


def _one_clone() -> Iterator[Check]:
    for model, alpha, d in (
        ("binary", 0.4, 0.05),
        ("binary", 0.7, 0.2),
        ("spherical", 0.4, 0.05),
        ("spherical", 1.5, 0.3),
    ):
        found = large_deviation_entropy(d, alpha, 0.0, None, 1.0, model)
        yield Check(
            quantity="large deviation, Φ(1) of a free reference",
            at={"model": model, "alpha": alpha, "distance": d},
            value=float(_free(found)),
            error=float(found.error),
            second=float(saddle_point(alpha, 0.0, model).entropy + found.upper_bound),
            second_error=1e-10,
            route="all solutions, and all references at the distance of each",
        )


def _flat() -> Iterator[Check]:
    for model, alpha in (("binary", 0.4), ("spherical", 0.8)):
        typical = saddle_point(alpha, 0.0, model)
        found = large_deviation_entropy(typical.distance, alpha, 0.0, 0.0, 0.0, model)
        yield Check(
            quantity="large deviation, y = 0",
            at={"model": model, "alpha": alpha, "distance": float(typical.distance)},
            value=float(found.local_entropy),
            error=float(found.error),
            second=float(typical.entropy),
            second_error=1e-10,
            route="at the typical distance it is the entropy of solutions",
        )


def _slopes() -> Iterator[Check]:
    for model, y, margin in (
        ("binary", 3.0, None),
        ("binary", 20.0, None),
        ("spherical", 3.0, None),
        ("binary", 2.0, 0.3),
    ):
        step = 0.02 * y
        ys = y + step * np.arange(-2, 3)
        found = large_deviation_entropy(0.15, 0.3, 0.0, margin, ys, model)
        phi = _free(found)
        slope = (phi[0] - 8 * phi[1] + 8 * phi[3] - phi[4]) / (12 * step)
        yield Check(
            quantity="large deviation, local entropy",
            at={"model": model, "y": y, "reference_margin": "any" if margin is None else margin},
            value=float(found.local_entropy[2]),
            error=float(found.error[2]),
            second=float(slope),
            second_error=2e-7,
            route="slope of the free entropy by y, five points",
        )


def _exchange() -> Iterator[Check]:
    there = large_deviation_entropy(0.1, 0.3, 0.0, 0.4, 1.0)
    back = large_deviation_entropy(0.1, 0.3, 0.4, 0.0, 1.0)
    yield Check(
        quantity="large deviation, Φ(1) of a reference with a margin",
        at={"alpha": 0.3, "kappa": 0.0, "reference_margin": 0.4, "distance": 0.1},
        value=float(_free(there)),
        error=float(there.error),
        second=float(_free(back)),
        second_error=float(back.error) + 1e-9,
        route="reference and clone change places",
    )


def _many() -> Iterator[Check]:
    for alpha, d in ((0.4, 0.05), (0.4, 0.25), (0.7, 0.1)):
        best = large_deviation_entropy(d, alpha, y=np.inf)
        many = large_deviation_entropy(d, alpha, y=[1000.0, 2000.0]).local_entropy
        yield Check(
            quantity="large deviation, y = ∞",
            at={"model": "binary", "alpha": alpha, "distance": d},
            value=float(best.local_entropy),
            error=float(best.error),
            second=float((4 * many[1] - many[0]) / 3),
            second_error=1e-7,
            route="y = 1000 and 2000, extrapolated in 1/y²",
        )


def _best_of_margin() -> Iterator[Check]:
    typical = {m: saddle_point(0.4, 0.1, m) for m in ("binary", "spherical")}
    for model, d in (("binary", 0.1), ("spherical", 0.1), ("spherical", 0.2)):
        held = large_deviation_entropy(d, 0.4, 0.0, 0.0, np.inf, model)
        free = large_deviation_entropy(d, 0.4, 0.0, None, np.inf, model)
        yield Check(
            quantity="large deviation, y = ∞ for a margin",
            at={"model": model, "alpha": 0.4, "reference_margin": 0.0, "distance": d},
            value=float(held.local_entropy),
            error=float(held.error) + 1e-9,
            second=float(free.local_entropy),
            second_error=float(free.error) + 1e-9,
            route="a margin of hardly a hindrance: any reference, from equations of its own",
        )
    for model, flat in typical.items():
        found = large_deviation_entropy(flat.distance, 0.4, 0.1, 0.1, np.inf, model)
        yield Check(
            quantity="large deviation, references with all solutions around",
            at={"model": model, "alpha": 0.4, "reference_margin": 0.1},
            value=float(found.external_entropy),
            error=1e-8,
            second=float(flat.entropy),
            second_error=1e-10,
            route="at the typical distance they are all solutions of their margin",
        )
    for model, alpha, d, margin in (("binary", 0.4, 0.15, 0.5), ("spherical", 1.0, 0.1, 0.3)):
        step = 2e-3 * np.array([-2.0, -1.0, 0.0, 1.0, 2.0]) * d
        found = large_deviation_entropy(d + step, alpha, 0.0, margin, np.inf, model)
        phi = found.local_entropy
        yield Check(
            quantity="large deviation, slope of the best of a margin",
            at={"model": model, "alpha": alpha, "reference_margin": margin, "distance": d},
            value=float(found.slope[2]),
            error=1e-7,
            second=float((phi[0] - 8 * phi[1] + 8 * phi[3] - phi[4]) / (12 * step[3])),
            second_error=1e-6,
            route="differences of the curve, five points",
        )
