"""Local entropies and the thresholds of the landscape, each beside a second route."""

from collections.abc import Iterator

import naive_franz_parisi as naive
import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import log_ndtr
from second_route import Check

from entropic.theory.perceptron.local_entropy import local_entropy
from entropic.theory.perceptron.max_margin import max_margin
from entropic.theory.perceptron.saddle import critical_capacity, saddle_point
from entropic.theory.perceptron.thresholds import algorithmic_thresholds, landscape_thresholds

# α, κ, κ̃, d
BINARY = [
    *((0.1, 0.0, 0.0, 0.1), (0.4, 0.0, 0.2, 0.2), (0.6, 0.1, 0.1, 0.4), (0.3, 0.3, 0.0, 0.3)),
    *((0.3, 0.0, 0.0, 0.7), (0.7, 0.0, 0.1, 0.1), (0.5, 0.0, 0.3, 0.05), (2.0, -1.0, -0.8, 0.3)),
    *((0.2, 0.5, 0.5, 0.15), (0.8, 0.0, 0.0, 0.2), (0.5, -0.2, 0.0, 0.55), (0.1, 1.0, 1.2, 0.3)),
]
SPHERICAL = [
    *((0.1, 0.0, 0.0, 0.1), (0.8, 0.0, 0.3, 0.2), (0.5, -0.4, 0.0, 0.6), (1.0, 0.0, 0.0, 0.3)),
    *((1.0, 0.0, 0.0, 0.08), (0.3, 0.5, 0.5, 0.2), (0.2, 0.5, 0.8, 0.4), (1.2, -0.3, 0.0, 0.3)),
    *((2.0, -0.8, -0.5, 0.4), (0.6, 0.2, 0.0, 0.25), (0.05, 1.0, 1.0, 0.5), (0.9, 0.0, 0.2, 0.15)),
]
SLOPES = [(0.5, 0.0, 0.0), (0.5, 0.0, 0.3), (0.2, 0.5, 0.5)]
LOADS = [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7]


def checks() -> Iterator[Check]:
    """All of them, in under a minute."""
    for model, points in (("binary", BINARY), ("spherical", SPHERICAL)):
        yield from functionals(model, points)
        yield from slopes(model)
        yield from sum_rules(model)
        yield from first_orders(model)
    yield from experiments()
    yield from landscapes()
    yield from loads()


def named(model, alpha, kappa, margin, d):
    return {"model": model, "alpha": alpha, "kappa": kappa, "reference_margin": margin, "d": d}


def functionals(model, points):
    for alpha, kappa, margin, d in points:
        found = local_entropy(d, alpha, kappa, margin, model)
        reference = saddle_point(alpha, margin, model)
        names = ("q", "t", "q_hat", "t_hat", "p_hat")[: 5 if model == "binary" else 2]
        point = [float(getattr(found, name)) for name in names]
        functional = naive.binary_functional if model == "binary" else naive.spherical_functional
        second = functional(reference, alpha, kappa, 1 - 2 * d, *point)
        yield Check(
            "local entropy",
            named(model, alpha, kappa, margin, d),
            float(found.local_entropy),
            float(found.error),
            float(second),
            1e-7 if model == "binary" else 1e-6,
            "nested sums over every field" + ("" if model == "binary" else ", determinants"),
        )


def slopes(model):
    for alpha, kappa, margin in SLOPES:
        d = np.array([0.02, 0.05, 0.15, 0.3])
        step = 1e-4 * d
        found = local_entropy(d, alpha, kappa, margin, model)
        up, down = (
            local_entropy(d + s * step, alpha, kappa, margin, model).local_entropy for s in (1, -1)
        )
        for i, distance in enumerate(d):
            yield Check(
                "slope of the local entropy",
                named(model, alpha, kappa, margin, float(distance)),
                float(found.slope[i]),
                float(np.abs(found.slope[i]) * found.residual[i] + found.error[i]),
                float((up - down)[i] / (2 * step[i])),
                1e-7 * (1 + abs(float(found.slope[i]))),
                "difference of neighbours",
            )


def sum_rules(model):
    for alpha, kappa, margin in SLOPES:
        d = np.linspace(0.15, 0.45, 31)
        found = local_entropy(d, alpha, kappa, margin, model)
        best = d[np.nanargmax(found.local_entropy)]
        around = np.linspace(best - 0.01, best + 0.01, 7)
        near = local_entropy(around, alpha, kappa, margin, model)
        fit = np.polynomial.Polynomial.fit(around, near.local_entropy, 5)
        yield Check(
            "largest local entropy",
            named(model, alpha, kappa, margin, "all"),
            float(fit(np.linspace(around[0], around[-1], 20001)).max()),
            float(near.error.max()),
            float(saddle_point(alpha, kappa, model).entropy),
            1e-12,
            "entropy of all solutions",
        )


def first_orders(model):
    for margin, kappa, d in ((0.0, 0.0, 0.2), (0.5, 0.3, 0.05), (-1.0, -1.0, 0.8)):
        step = 1e-6
        found = local_entropy(d, step, kappa, margin, model)
        p, width = 1 - 2 * d, 2 * np.sqrt(d * (1 - d))

        def pattern(h, p=p, width=width, kappa=kappa, margin=margin):
            density = np.exp(-0.5 * h * h - log_ndtr(-margin)) / np.sqrt(2 * np.pi)
            return density * log_ndtr((p * h - kappa) / width)

        yield Check(
            "local entropy per pattern, few patterns",
            named(model, "1e-6", kappa, margin, d),
            float(found.local_entropy - found.upper_bound) / step,
            1e-9,
            quad(pattern, margin, margin + 12, limit=200)[0],
            1e-5,
            "one pattern alone, quadrature",
        )


def experiments():
    excess, errors = [], []
    for n, samples, seed in ((12, 3000, 1), (18, 400, 2)):
        mean, error = naive.enumerate_around(
            n, n // 6, 0.0, 6, samples, np.random.default_rng(seed)
        )
        excess.append(mean[n // 3] / n)
        errors.append(error[n // 3] / n)
    found = local_entropy(1 / 3, 1 / 6)
    yield Check(
        "local entropy less upper bound",
        named("binary", 1 / 6, 0.0, 0.0, 1 / 3),
        float(found.local_entropy - found.upper_bound),
        float(found.error),
        float(3 * excess[1] - 2 * excess[0]),
        float(np.hypot(3 * errors[1], 2 * errors[0])),
        "all weights tried, N = 12 and 18 to 1/N = 0",
    )
    for kappa, margin, d, seed in ((0.0, 0.3, 0.2, 3), (0.0, 0.0, 0.4, 4)):
        mean, error = naive.sample_sphere_around(
            60, 6, kappa, margin, 1 - 2 * d, 3000, 200, np.random.default_rng(seed)
        )
        found = local_entropy(d, 0.1, kappa, margin, "spherical")
        yield Check(
            "local entropy less upper bound",
            named("spherical", 0.1, kappa, margin, d),
            float(found.local_entropy - found.upper_bound),
            float(found.error),
            float(mean / 60),
            float(error / 60),
            "sphere sampled, N = 60",
        )


def touching(quantity, references, s, near, far):
    """Where the lowest φ or φ' crosses zero: a line through two dense curves around ``s``."""
    step = 2e-4 * s
    lows = []
    for value in (s - step, s + step):
        alpha, margin = references(value)
        d = np.geomspace(near, far, 50)
        values = getattr(local_entropy(d, alpha, 0.0, margin), quantity)
        valleys = np.flatnonzero((values[1:-1] < values[:-2]) & (values[1:-1] < values[2:])) + 1
        i = valleys[np.argmin(values[valleys])]
        around = np.linspace(d[i - 1], d[i + 1], 9)
        values = getattr(local_entropy(around, alpha, 0.0, margin), quantity)
        fit = np.polynomial.Polynomial.fit(around, values, 4)
        lows.append(fit(np.linspace(around[0], around[-1], 2001)).min())
    return s - step + 2 * step * lows[0] / (lows[0] - lows[1])


def landscapes():
    found = landscape_thresholds(LOADS)
    for i, alpha in enumerate(LOADS):

        def check(name, second, route, accuracy=1e-7, i=i, alpha=alpha):
            estimate = getattr(found, name)
            value, error = float(estimate.value[i]), float(estimate.error[i])
            return Check(name, {"alpha": alpha}, value, error, second, accuracy, route)

        d_min = float(found.d_min.value[i])
        root = brentq(
            lambda d, a=alpha: float(local_entropy(d, a).local_entropy), 0.7 * d_min, 1.4 * d_min
        )
        yield check("d_min", root, "bisection of φ(d)")
        for name, quantity in (("kappa_min", "local_entropy"), ("kappa_u", "slope")):
            kappa = float(getattr(found, name).value[i])
            second = touching(quantity, lambda m, a=alpha: (a, m), kappa, 0.3 * kappa**2, 0.15)
            yield check(name, second, "dense curves around it")
        inverse = brentq(
            lambda k, a=alpha: float(critical_capacity(k, "binary")) - a, -1, 3, xtol=1e-13
        )
        yield check("kappa_max", inverse, "bisection of α_c(κ)", 1e-12)


def loads():
    found = algorithmic_thresholds()
    for name, quantity in (("alpha_ogp", "local_entropy"), ("alpha_le", "slope")):
        estimate = getattr(found, name)
        second = touching(
            quantity,
            lambda a: (a, float(max_margin(a, "binary").kappa_max)),
            float(estimate.value),
            2e-3,
            0.12,
        )
        value, error = float(estimate.value), float(estimate.error)
        yield Check(name, {}, value, error, second, 3e-7, "dense curves around it")
    capacity = brentq(lambda a: float(saddle_point(a, 0.0, "binary").entropy), 0.5, 1.2, xtol=1e-13)
    value, error = float(found.alpha_c.value), float(found.alpha_c.error)
    yield Check("alpha_c", {}, value, error, capacity, 1e-12, "zero of the entropy")
