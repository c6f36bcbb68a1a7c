"""Capacities, the stability line and the largest margin beside second routes."""

import warnings
from collections.abc import Iterator

import mpmath as mp
import naive_jamming
import naive_perceptron as naive
import numpy as np
from scipy.integrate import IntegrationWarning
from scipy.optimize import brentq, minimize
from second_route import Check

from entropic.theory import (
    capacity,
    jamming_exponents,
    max_margin,
    saddle_limit,
    saddle_point,
    stability_line,
)
from entropic.theory.perceptron.jamming import load_at_jamming
from entropic.theory.perceptron.replica_breaking import least_staircase

NEGATIVE = (-2.0, -1.8, -1.6, -1.4, -1.2, -1.0, -0.8, -0.6, -0.5, -0.4, -0.3, -0.2)
MARGINS = (-2.0, -1.5, -1.0, -0.5, -0.2, 0.0, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0)


def checks() -> Iterator[Check]:
    """A dozen points and more for each quantity."""
    yield from _symmetric_capacities()
    yield from _broken_capacities()
    yield from _lines()
    yield from _margins()
    yield from _exponents()


def _symmetric_capacities() -> Iterator[Check]:
    for kappa in MARGINS:
        found = capacity(kappa)
        with mp.workdps(30):
            start = -mp.mpf(kappa)
            exact = 1 / mp.quad(
                lambda z, s=start: (z - s) ** 2 * mp.npdf(z), [start, start + 2, start + 6, 20]
            )
        yield _check("spherical capacity, RS", kappa, found, float(exact), 0, "mpmath, 30 digits")
    for kappa in MARGINS:
        found = capacity(kappa, "binary")
        near = float(found.alpha)
        at = saddle_point(near, kappa, "binary")
        q, q_hat = float(at.q), float(at.q_hat)
        # dS/dα = ⟨ln H⟩
        root = near - naive.binary_functional(q, q_hat, near, kappa) / naive.log_fraction(q, kappa)
        yield _check("binary capacity", kappa, found, root, 1e-9 * root, "adaptive quadrature")
    for kappa in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 2.0, 2.5, 3.0):
        with mp.workdps(30):
            exact = -mp.log(2) / mp.log(mp.quad(mp.npdf, [-kappa, kappa]))
        found = capacity(kappa, "symmetric")
        yield _check("symmetric capacity", kappa, found, float(exact), 0, "mpmath, 30 digits")


def _broken_capacities() -> Iterator[Check]:
    for kappa in NEGATIVE:
        found = capacity(kappa, ansatz="1rsb")
        gap, height = found.gap.item(), found.height.item()
        guess = [np.log((1 - gap) / gap) + 0.1, np.log(height) - 0.1]
        least = naive_jamming.one_step_capacity(kappa, guess)
        route = "double quadrature, search without slopes"
        yield _check("spherical capacity, 1RSB", kappa, found, least, 1e-9 * least, route)
    for kappa in NEGATIVE:
        stairs = least_staircase(kappa, 2)
        load = naive_jamming.staircase_load(stairs.gap, stairs.height, kappa, 0.0125)
        found = capacity(kappa, ansatz="2rsb")
        route = "plain sums over a dense grid"
        yield _check("spherical capacity, 2RSB", kappa, found, load, 3e-4 * load, route)
    for kappa in NEGATIVE:
        found = capacity(kappa, ansatz="frsb")
        bound = _smooth_bound(kappa, float(found.gap[0]))
        route = "30 even steps along a smooth c(q) of 4 parameters: a bound from above"
        yield _check("spherical capacity, full RSB", kappa, found, bound, 3e-5 * bound, route)


def _smooth_bound(kappa: float, first: float) -> float:
    """The least load of a rising c(q) near a power of 1 − q, cut into even steps of −ln(1 − q)."""
    count, end = 30, 10 - np.log(first)
    t = np.linspace(-np.log(first), end, count, endpoint=False)
    s = t - t[0] + 0.5 * (t[1] - t[0])
    shapes = np.stack((np.ones(count), 1 - np.exp(-0.4 * s), 1 - np.exp(-s), np.exp(-3 * s)))

    def load(v: np.ndarray) -> tuple[float, np.ndarray]:
        logs = 0.7063 * s + v @ shapes
        highest = np.maximum.accumulate(np.where(logs >= np.maximum.accumulate(logs), range(30), 0))
        height = np.exp(logs[highest])
        found = load_at_jamming(np.exp(-t), height, kappa, 10)
        return float(np.log(found.alpha)), shapes[:, highest] @ (found.by_height * height)

    start = np.array([3 - np.log(first), -1.0, -0.5, 0.0])
    best = minimize(load, start, jac=True, method="BFGS", options={"gtol": 1e-8, "maxiter": 60})
    return float(np.exp(best.fun))


def _lines() -> Iterator[Check]:
    """A small split of the replicas is followed once around: it must come back as it was."""
    for model, margins in (("spherical", NEGATIVE), ("binary", MARGINS)):
        for kappa in margins:
            line = stability_line(kappa, model)
            alpha = float(line.alpha_at)

            def growth(alpha: float, kappa: float = kappa, model: str = model) -> float:
                at = saddle_point(alpha, kappa, model)
                q, q_hat = float(at.q), float(at.q_hat)
                split = 1e-7 * (1 - q) ** 2
                with warnings.catch_warnings():  # quad is asked for all that rounding leaves
                    warnings.simplefilter("ignore", IntegrationWarning)
                    return naive.split_growth(q, q_hat, alpha, kappa, model, split) - 1

            room = float(saddle_limit(kappa, model)) - alpha
            ends = alpha - 3e-3 * room, alpha + 3e-3 * room
            low, high = growth(ends[0]), growth(ends[1])
            by_growth = (ends[1] - ends[0]) / (high - low)
            second = ends[0] - low * by_growth
            yield Check(
                f"{model} stability line",
                {"kappa": kappa},
                alpha,
                float(line.uncertainty),
                second,
                3e-7 * by_growth + 1e-5 * room,
                "growth of a finite split of replicas",
            )


def _margins() -> Iterator[Check]:
    for alpha in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 3.0, 6.0):

        def excess(k: mp.mpf, alpha: float = alpha) -> mp.mpf:
            return 1 / ((1 + k**2) * mp.ncdf(k) + k * mp.npdf(k)) - alpha

        with mp.workdps(30):
            exact = float(mp.findroot(excess, (-2, 6), solver="anderson", tol=1e-24))
        found = max_margin(alpha)
        yield Check(
            "spherical largest margin",
            {"alpha": alpha},
            float(found.kappa_max),
            float(found.uncertainty),
            exact,
            0.0,
            "mpmath, 30 digits",
        )
    for alpha in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 2.0, 5.0):
        found = max_margin(alpha, "binary")
        near = float(found.kappa_max)

        def entropy(kappa: float, alpha: float = alpha) -> float:
            return float(saddle_point(alpha, kappa, "binary").entropy)

        root = brentq(entropy, near - 0.1, near + 0.02, xtol=1e-13)
        yield Check(
            "binary largest margin",
            {"alpha": alpha},
            near,
            float(found.uncertainty),
            root,
            1e-11,
            "root of the entropy at that load",
        )


def _exponents() -> Iterator[Check]:
    found = jamming_exponents()
    for name, published in (("overlap", 1.41574), ("gap", 0.41269), ("force", 0.42311)):
        yield Check(
            f"jamming exponent, {name}",
            {},
            getattr(found, name),
            found.uncertainty,
            published,
            5e-6,
            "published (Charbonneau et al. 2014)",
        )


def _check(
    quantity: str, kappa: float, found: object, second: float, error: float, route: str
) -> Check:
    value, uncertainty = float(found.alpha), float(found.uncertainty)  # type: ignore[attr-defined]
    return Check(quantity, {"kappa": kappa}, value, uncertainty, second, error, route)
