"""Overlaps, stability and generalization beside equations that are iterated as they stand."""

from collections.abc import Iterator

import naive_perceptron as naive
import numpy as np
from scipy.special import ndtr
from second_route import Check

from entropic.theory import saddle_limit, saddle_point

SHARES = (0.05, 0.2, 0.4, 0.6, 0.75, 0.85)  # of the load at which the saddle point ends
MARGINS = (-1.0, 0.5, 0.0, 1.0, -0.3, 0.2)
TAUGHT = {"spherical": (0.2, 0.5, 1.0, 2.0, 4.0, 8.0), "binary": (0.1, 0.3, 0.5, 0.8, 1.0, 1.2)}


def checks() -> Iterator[Check]:
    """A dozen points of every quantity."""
    for model in ("spherical", "binary"):
        for share, kappa in zip(SHARES, MARGINS, strict=True):
            yield from _typical(model, share * float(saddle_limit(kappa, model)), kappa)
        for alpha in TAUGHT[model]:
            yield from _taught(model, alpha)


def _typical(model: str, alpha: float, kappa: float) -> Iterator[Check]:
    found = saddle_point(alpha, kappa, model)
    q, q_hat = float(found.q), float(found.q_hat)
    at = {"model": model, "alpha": alpha, "kappa": kappa}
    error = float(found.residual) * q + 1e-15
    second, _ = naive.iterate(alpha, kappa, model)
    yield Check("overlap", at, q, error, second, 1e-9, "quad, iterated from 1/2")
    split = 1e-4 * (1 - q) ** 2
    growth = [naive.split_growth(q, q_hat, alpha, kappa, model, s) for s in (split, split / 4)]
    grown = (4 * growth[1] - growth[0]) / 3  # what a split of no size grows by
    value, spread = float(found.at_eigenvalue), abs(growth[1] - growth[0]) / 3 + 1e-6 * grown
    yield Check("AT eigenvalue", at, value, error, grown, spread, "a split, followed once around")


def _taught(model: str, alpha: float) -> Iterator[Check]:
    """Students that know the prior: one overlap, that of students and of the teacher alike."""
    found = saddle_point(alpha, 0.0, model, setting="teacher")
    q = _iterate(model, alpha)
    at = {"model": model, "alpha": alpha}
    gibbs, bayes = (np.arccos(c) / np.pi for c in (q, np.sqrt(q)))
    route = "Bayes-optimal equation, quad, iterated"
    error = float(found.residual) + 1e-15
    for name, value, second in (
        ("generalization error, Gibbs", found.generalization_error, gibbs),
        ("generalization error, Bayes", found.generalization_error_bayes, bayes),
    ):
        yield Check(name, at, float(value), error, float(second), 1e-9, route)


def _iterate(model: str, alpha: float) -> float:
    q = 0.2
    for _ in range(2000):
        ratio = np.sqrt(q / (1 - q))
        q_hat = 2 * alpha / (1 - q) * naive.over_patterns(_taught_pull(ratio), q, 0.0)
        if model == "spherical":
            new = q_hat / (1 + q_hat)
        else:
            root = np.sqrt(q_hat)
            new = naive.over_normal(lambda z, r=root: np.tanh(r * r + r * z), -root, 1 / root)
        if abs(new - q) < 1e-12:
            break
        q = new
    return new


def _taught_pull(ratio: float):
    """H(−γz) G² at u = −γz: the chance of the label times the square of the pull."""
    return lambda u: ndtr(-u) * naive.G(u) ** 2
