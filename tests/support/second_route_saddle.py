"""Saddle points beside integrals of the Boltzmann factor as it stands, and beside what is known."""

from collections.abc import Iterator

import naive_temperature as naive
import numpy as np
from scipy.optimize import brentq, minimize_scalar
from second_route import Check

from entropic.theory import (
    critical_capacity,
    saddle_point,
    teacher_limit,
    teacher_spinodal,
    teacher_transition,
)

COLD = np.inf
STORAGE = (  # model, α, κ, energy, β
    *(("spherical", 0.5, 0.0, "count", 1.0), ("spherical", 1.5, 0.5, "count", 6.0)),
    *(("spherical", 1.0, 0.0, "hinge", 3.0), ("spherical", 3.0, 0.3, "hinge", 20.0)),
    *(("spherical", 1.0, -1.0, "quadratic", 5.0), ("spherical", 2.0, 1.0, "quadratic", 10.0)),
    *(("binary", 0.5, 0.0, "count", 2.0), ("binary", 1.0, 0.5, "count", 1.0)),
    *(("binary", 0.8, 0.0, "hinge", 4.0), ("binary", 1.2, 1.0, "hinge", 1.0)),
    *(("binary", 0.6, -0.5, "quadratic", 8.0), ("binary", 1.0, 0.7, "quadratic", 3.0)),
)
TAUGHT = (
    *(("spherical", 0.5, 0.0, "count", COLD), ("spherical", 5.0, 0.0, "count", COLD)),
    *(("spherical", 1.2, 0.5, "count", COLD), ("spherical", 3.0, -0.7, "count", COLD)),
    *(("spherical", 2.5, 0.5, "hinge", 4.0), ("spherical", 2.5, 0.3, "quadratic", 20.0)),
    *(("binary", 0.6, 0.0, "count", COLD), ("binary", 1.1, 0.0, "count", COLD)),
    *(("binary", 0.6, 0.4, "count", COLD), ("binary", 1.4, -0.3, "count", 3.0)),
    *(("binary", 1.3, 0.0, "hinge", 4.0), ("binary", 1.4, 0.5, "quadratic", 6.0)),
)
WARM = tuple(
    (model, alpha, kappa, energy, beta)
    for model in ("spherical", "binary")
    for energy in ("count", "hinge", "quadratic")
    for alpha, kappa, beta in ((0.8, 0.0, 3.0), (1.6, 0.4, 2.0))
)
PANELS = "Boltzmann factor integrated on panels"


def checks() -> Iterator[Check]:
    """At least a dozen points of every quantity."""
    yield from _functionals("storage", STORAGE)
    yield from _functionals("teacher", TAUGHT)
    yield from _slopes()
    yield from _ground_states()
    yield from _symmetric()
    yield from _thresholds()


def _functionals(setting: str, cases: tuple[tuple[str, float, float, str, float], ...]):
    for model, alpha, kappa, energy, beta in cases:
        found = saddle_point(alpha, kappa, model, setting=setting, energy=energy, beta=beta)
        q, q_hat = float(found.q), float(found.q_hat)
        R = float(found.teacher_overlap) if setting == "teacher" else 0.0
        rest = alpha, kappa, beta, energy
        if model == "spherical":
            second = naive.spherical_functional(q, R, *rest)
        else:
            second = naive.binary_functional(q, R, q_hat, naive.teacher_field(q_hat, R), *rest)
        at = {"model": model, "alpha": alpha, "kappa": kappa, "energy": energy, "beta": beta}
        value = float(found.free_entropy)
        error = float(found.residual) * abs(value) + 1e-15
        yield Check(f"free entropy, {setting}", at, value, error, second, 1e-11, PANELS)


def _slopes() -> Iterator[Check]:
    step = 1e-4
    for setting, cases in (("storage", STORAGE), ("teacher", WARM)):
        for model, alpha, kappa, energy, beta in cases:
            near = beta * (1 + step * np.array([0, 1, -1, 2, -2]))
            found = saddle_point(alpha, kappa, model, setting=setting, energy=energy, beta=near)
            f = found.free_entropy
            second = -(8 * (f[1] - f[2]) - (f[3] - f[4])) / (12 * step * beta)
            at = {"model": model, "alpha": alpha, "kappa": kappa, "energy": energy, "beta": beta}
            error = float(found.residual[0]) + 1e-15
            route = "slope of the free entropy in beta"
            value = float(found.energy[0])
            yield Check(f"energy, {setting}", at, value, error, float(second), 1e-10, route)


def _ground_states() -> Iterator[Check]:
    for kappa in (-0.5, 0.0, 1.0, 2.0):
        for share in (1.2, 2.0, 5.0):
            alpha = share * float(critical_capacity(kappa))
            found = saddle_point(alpha, kappa, energy="quadratic", beta=1e9)
            known = 0.5 * (np.sqrt(share) - 1) ** 2
            at = {"alpha": alpha, "kappa": kappa, "beta": 1e9}
            route = "(sqrt(alpha/alpha_c) - 1)^2/2 at beta = inf"
            yield Check("ground state", at, float(found.energy), 1e-12, known, 2e-9, route)


def _symmetric() -> Iterator[Check]:
    t, w = naive.panels(np.linspace(-12, 12, 49))  # edges at every half
    normal = w * np.exp(-t * t / 2) / np.sqrt(2 * np.pi)
    for kappa in (0.5, 1.0, 1.5, 2.0):
        for alpha in (0.1, 0.4, 1.0):
            value = float(saddle_point(alpha, kappa, "symmetric").entropy)
            second = np.log(2) + alpha * np.log(normal @ (np.abs(t) <= kappa))
            at = {"alpha": alpha, "kappa": kappa}
            yield Check("entropy, symmetric", at, value, 1e-15, float(second), 1e-12, PANELS)


def _thresholds() -> Iterator[Check]:
    q_hat = brentq(lambda h: naive.nishimori_curve(h)[1], 1.3, 1.9, xtol=1e-13)
    top = minimize_scalar(lambda h: -naive.nishimori_curve(h)[0], bracket=(2.5, 3.3, 4.5))
    for name, found, second in (
        ("teacher transition", teacher_transition(), naive.nishimori_curve(q_hat)[0]),
        ("teacher spinodal", teacher_spinodal(), -top.fun),
    ):
        value, error = float(found.value), float(found.error)
        yield Check(name, {"kappa": 0.0}, value, error, float(second), 1e-12, "plain panels, scipy")
    for model in ("spherical", "binary"):
        for kappa in (0.1, 0.2, 0.5, 1.0, 2.0, 3.0):
            value, at = float(teacher_limit(kappa, model)), {"model": model, "kappa": kappa}
            second = naive.teacher_limit(kappa, model)
            yield Check("teacher limit", at, value, 1e-13 * value, second, 1e-10, "quad, brentq")
