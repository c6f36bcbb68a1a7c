import numpy as np
import pytest

from entropic.sims.perceptron.tangent import on_the_sphere, tangent, uniform, velocities

RNG = np.random.default_rng


def test_tangent_vectors_stand_upright_on_their_weights() -> None:
    w = uniform(RNG(0), 5, 30)
    v = velocities(RNG(1), w)
    assert (w * w).sum(axis=1) == pytest.approx(30)
    assert (w * v).sum(axis=1) == pytest.approx(0, abs=1e-12)
    assert tangent(w, v) == pytest.approx(v)
    assert on_the_sphere(3 * w) == pytest.approx(w)


def test_velocities_are_normal_in_every_tangent_direction() -> None:
    w = np.zeros((20_000, 4))
    w[:, 0] = 2.0
    v = velocities(RNG(2), w)
    assert (v[:, 0] == 0).all()
    assert np.cov(v[:, 1:].T) == pytest.approx(np.eye(3), abs=4 * np.sqrt(2 / 20_000))


def test_single_precision_stays_single() -> None:
    w = uniform(RNG(0), 2, 10).astype(np.float32)
    assert velocities(RNG(0), w).dtype == on_the_sphere(w).dtype == np.float32
