"""The billiard against what its law must be: on a cap, on a plane of coordinates, in time."""

import numpy as np
import pytest
from scipy.special import betainc

from entropic.sims.perceptron import billiard as module
from entropic.sims.perceptron.billiard import TURN, Billiard, _next_wall, _trajectory
from entropic.sims.perceptron.patterns import Instance, draw
from entropic.sims.perceptron.starts import keeping
from entropic.sims.perceptron.tangent import on_the_sphere, uniform, velocities
from entropic.theory import DomainError


def begun(instance, kappa=0.0, beta=np.inf, replicas=16, energy="count", seed=0):
    rng = np.random.default_rng(seed)
    weights = uniform(rng, replicas, instance.size)
    if beta == np.inf:
        weights = keeping(instance, weights, kappa)
    return Billiard(instance, weights, kappa, beta, energy, rng)


def upper_tail(t, size):
    """Of a coordinate on the unit sphere of that many dimensions."""
    half = 0.5 * betainc(0.5, (size - 1) / 2, t * t)
    return np.where(t > 0, 0.5 - half, 0.5 + half)


@pytest.mark.parametrize("kappa", [0.4, 0.0, -0.6])
def test_weights_are_uniform_on_a_cap(kappa):
    """One pattern of length √N: the law of its stability is that of a coordinate."""
    size = 8
    instance = Instance(np.eye(size)[:1] * np.sqrt(size))
    walk = begun(instance, kappa)
    seen = []
    for _ in range(400):
        walk.sweep()
        seen.append(walk.stabilities[:, 0].copy())
    seen = np.array(seen)
    assert seen.min() >= kappa - 1e-9
    for t in kappa + np.array([0.2, 0.5, 1.0]):
        share = upper_tail(t / np.sqrt(size), size) / upper_tail(kappa / np.sqrt(size), size)
        found = (seen > t).mean(axis=0)  # a replica each
        error = found.std(ddof=1) / 4
        assert abs(found.mean() - share) < 4 * error < 0.05


def test_the_pressure_is_the_density_at_the_wall():
    size, kappa = 8, 0.3
    instance = Instance(np.eye(size)[:1] * np.sqrt(size))
    walk, found = begun(instance, kappa), []
    for _ in range(2000):
        walk.sweep()
        found.append(walk.pressure)
    t, step = kappa / np.sqrt(size), 1e-5
    volume = [np.log(upper_tail((kappa + s) / np.sqrt(size), size)) for s in (-step, step)]
    slope = -(volume[1] - volume[0]) / (2 * step)
    assert t > 0
    error = np.std(found, ddof=1) / np.sqrt(len(found))  # sweeps hardly remember each other
    assert abs(np.mean(found) - slope) < 4 * error < 0.05 * slope


def test_time_runs_back():
    """A trajectory with its velocity turned round retraces its bounces: that is reversible."""
    instance = draw(30, 1.0, seed=1)
    walk = begun(instance, replicas=1)
    w, c = walk.weights[0].copy(), walk.stabilities[0].copy()
    v = velocities(np.random.default_rng(5), w[None])[0]
    speed = np.linalg.norm(v)
    d, low = walk.rows @ v, np.zeros(len(c))
    start, first = w.copy(), c.copy()
    forth = _trajectory(w, v, c, d, low, walk.rows, walk.gram, TURN, 10_000)
    assert np.linalg.norm(w - start) > 1
    v, d = -v * speed / np.sqrt(30), -d * speed / np.sqrt(30)
    back = _trajectory(w, v, c, d, low, walk.rows, walk.gram, TURN, 10_000)
    assert w == pytest.approx(start, abs=1e-9)
    assert c == pytest.approx(first, abs=1e-9)
    assert back == pytest.approx(forth, rel=1e-9)
    assert walk.rows @ w == pytest.approx(c, abs=1e-9)


@pytest.mark.parametrize("kappa", [0.4, 0.0, -0.4, -1.2])
def test_the_next_wall_is_the_first_that_a_fine_walk_meets(kappa):
    rng = np.random.default_rng(3)
    for _ in range(50):
        c, d = kappa + rng.exponential(size=6), 2 * rng.standard_normal(6)
        low, when = np.full(6, kappa), np.empty(6)
        wall = _next_wall(c, d, low, when)
        angle = np.linspace(0, np.pi, 20_001)[:, None]
        below = c * np.cos(angle) + d * np.sin(angle) < kappa
        if not below[:-1].any():
            assert wall == -1 or 2 * np.arctan(when[wall]) > np.pi - 1e-3
            continue
        met = below.any(axis=1).argmax()
        assert 2 * np.arctan(when[wall]) == pytest.approx(angle[met, 0], abs=2e-4)
        assert below[met, wall]


def test_a_wall_just_met_is_left():
    for kappa, again in ((0.5, 2 * np.arctan(0.3 / 0.5)), (-0.5, None), (0.0, None)):
        when = np.empty(1)
        wall = _next_wall(np.array([kappa]), np.array([0.3]), np.array([kappa]), when)
        if again is None:
            assert wall == -1
        else:
            assert 2 * np.arctan(when[0]) == pytest.approx(again)


def test_a_corner_that_is_too_narrow_keeps_its_weights(monkeypatch):
    instance = draw(20, 1.0, seed=2)
    walk = begun(instance)
    before = walk.weights.copy()
    monkeypatch.setattr(module, "BOUNCES", 0)
    assert walk.sweep() == 0
    assert walk.weights == pytest.approx(before)
    assert np.isnan(walk.pressure)


def test_margins_are_kept_for_long():
    instance = draw(40, 1.2, seed=3)
    walk = begun(instance, 0.1)
    for _ in range(100):
        walk.sweep()
    assert walk.stabilities.min() > 0.1 - 1e-12
    assert walk.weights == pytest.approx(on_the_sphere(walk.weights))


def test_so_many_patterns_are_refused():
    instance = Instance(np.zeros((20_001, 2)))
    with pytest.raises(DomainError, match="at most 20000 patterns; there are 20001"):
        begun(instance, beta=1.0)
