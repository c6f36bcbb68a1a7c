"""Hit and run on one circle, where every law can be counted."""

import numpy as np
import pytest
from scipy.special import betainc

from entropic.sims.perceptron.billiard import Billiard
from entropic.sims.perceptron.hit_and_run import HitAndRun, _angle
from entropic.sims.perceptron.patterns import Instance, draw
from entropic.sims.perceptron.starts import keeping
from entropic.sims.perceptron.tangent import uniform


@pytest.mark.parametrize(
    ("kappa", "beta"), [(0.0, np.inf), (0.4, np.inf), (-0.7, np.inf), (0.2, 0.8), (-0.7, 3.0)]
)
def test_the_angle_has_the_law_of_a_fine_circle(kappa, beta):
    rng = np.random.default_rng(4)
    for _ in range(20):
        c, d = rng.standard_normal((2, 5))
        if beta == np.inf:
            c = kappa + abs(c)
        angle = 2 * np.pi * (np.arange(100_000) + 0.5) / 100_000
        missed = (c * np.cos(angle)[:, None] + d * np.sin(angle)[:, None] < kappa).sum(axis=1)
        weight = np.where(missed == 0, 1.0, 0.0) if beta == np.inf else np.exp(-beta * missed)
        share = np.cumsum(weight) / weight.sum()
        for where in (0.1, 0.37, 0.5, 0.92):
            found = _angle(c, d, kappa, beta, where)
            assert np.interp(found, angle, share) == pytest.approx(where, abs=1e-3)


def test_it_steps_over_gaps():
    """Two patterns leave two islands of the circle: the billiard stays on its own."""
    instance = Instance(np.array([[1.0, 0.0], [-1.0, 0.0]]))
    start = np.array([[0.0, np.sqrt(2)]] * 8)
    sides = {}
    for kind in (HitAndRun, Billiard):
        walk = kind(instance, start, -0.5, np.inf, "count", np.random.default_rng(1))
        seen = []
        for _ in range(60):
            walk.sweep()
            seen.append(walk.weights[:, 1] > 0)
        sides[kind] = np.mean(seen)
    assert abs(sides[HitAndRun] - 0.5) < 4 * 0.5 / np.sqrt(8 * 60)
    assert sides[Billiard] == 1


def test_weights_are_uniform_on_a_cap():
    size, kappa = 6, 0.3
    instance = Instance(np.eye(size)[:1] * np.sqrt(size))
    rng = np.random.default_rng(2)
    weights = keeping(instance, uniform(rng, 16, size), kappa)
    walk = HitAndRun(instance, weights, kappa, np.inf, "count", rng)
    seen = []
    for _ in range(200):
        walk.sweep()
        seen.append(walk.stabilities[:, 0] > 1.0)
    tail = [0.5 - 0.5 * betainc(0.5, (size - 1) / 2, t * t / size) for t in (1.0, kappa)]
    found = np.mean(seen, axis=0)
    error = found.std(ddof=1) / 4
    assert abs(found.mean() - tail[0] / tail[1]) < 4 * error < 0.06


def test_billiard_and_hit_and_run_have_one_law():
    """At a finite temperature of the count and under a constraint, by a stability's mean."""
    instance = draw(12, 1.0, "teacher", seed=6)
    for beta in (1.5, np.inf):
        means = []
        for kind, sweeps in ((Billiard, 400), (HitAndRun, 100)):
            start = np.tile(instance.teacher, (16, 1))
            walk = kind(instance, start, 0.0, beta, "count", np.random.default_rng(3))
            seen = [walk.sweep() and walk.stabilities.mean(axis=1).copy() for _ in range(sweeps)]
            means.append(np.mean(seen[10:], axis=0))
        one, other = means
        gap = one.mean() - other.mean()
        error = np.hypot(one.std(ddof=1), other.std(ddof=1)) / 4
        assert abs(gap) < 4 * error < 0.1
