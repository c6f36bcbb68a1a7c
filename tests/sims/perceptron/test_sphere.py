"""Hamiltonian and Langevin moves: order, reversal, what is learnt."""

import numpy as np
import pytest

from entropic.sims.perceptron.cost import cost
from entropic.sims.perceptron.patterns import draw
from entropic.sims.perceptron.sphere import Sphere, turned
from entropic.sims.perceptron.tangent import tangent, uniform, velocities


def begun(beta=4.0, energy="quadratic", size=40, alpha=1.0, replicas=8, **rules):
    instance = draw(size, alpha, seed=1)
    rng = np.random.default_rng(2)
    return Sphere(instance, uniform(rng, replicas, size), 0.3, beta, energy, rng, **rules)


def test_great_circles_keep_speed_and_sphere() -> None:
    rng = np.random.default_rng(1)
    w = uniform(rng, 4, 12)
    v = velocities(rng, w)
    there, onward = turned(w, v, 0.7)
    assert (there * there).sum(axis=1) == pytest.approx(12)
    assert (there * onward).sum(axis=1) == pytest.approx(0, abs=1e-12)
    assert (onward * onward).sum(axis=1) == pytest.approx((v * v).sum(axis=1))
    back, homeward = turned(there, -onward, 0.7)
    assert back == pytest.approx(w)
    assert homeward == pytest.approx(-v)
    assert turned(w, 0 * v, 0.7)[0] == pytest.approx(w)
    single = turned(w.astype(np.float32), v.astype(np.float32), 0.7)
    assert single[0].dtype == single[1].dtype == np.float32


def test_the_force_is_the_slope_of_the_energy() -> None:
    walk = begun(energy="quadratic")
    rng = np.random.default_rng(3)
    v = velocities(rng, walk.weights)
    kick = walk._kicked(np.zeros_like(v), 1.0)
    up, down = (turned(walk.weights, s * v, 1e-5)[0] @ walk.rows.T for s in (1, -1))
    slope = (cost(up, 0.3, "quadratic") - cost(down, 0.3, "quadratic")).sum(axis=1) / 2e-5
    assert (kick * v).sum(axis=1) == pytest.approx(-4.0 * slope, rel=1e-6)
    assert tangent(walk.weights, kick) == pytest.approx(kick)


def test_the_energy_error_of_a_trajectory_is_of_second_order() -> None:
    """Halving the step quarters what a trajectory of fixed length gains or loses."""
    errors = []
    for step in (0.04, 0.02, 0.01):
        walk = begun(energy="quadratic", replicas=200)
        v = velocities(np.random.default_rng(5), walk.weights)
        level, w = walk._level(v), walk.weights
        for _ in range(round(0.8 / step)):
            v = walk._kicked(v, 0.5 * step)
            w, v = turned(w, v, step)
            walk.stabilities = w @ walk.rows.T
            walk._force = walk._force_at(w)
            v = walk._kicked(v, 0.5 * step)
        errors.append(abs(walk._level(v) - level).mean())
    ratios = np.divide(errors[:-1], errors[1:])
    assert ratios == pytest.approx(4, rel=0.1)


@pytest.mark.parametrize(("single", "aim"), [(False, 0.8), (True, 0.6)])
def test_the_step_is_learnt_for_the_acceptance_aimed_at(single: bool, aim: float) -> None:
    walk = begun(energy="hinge", single_step=single)
    for _ in range(150):
        walk.sweep(learn=True)
    walk.settle()
    step = walk.step
    made = [walk.sweep() for _ in range(150)]
    assert walk.step == step
    assert np.mean(made) == pytest.approx(aim, abs=0.1)


def test_a_rejected_trajectory_leaves_weights_and_stabilities_as_they_were() -> None:
    walk = begun(beta=1e6)
    walk.step = 1.0
    before, kept, pulled = walk.weights.copy(), walk.stabilities.copy(), walk._force.copy()
    assert walk.sweep() == 0
    assert walk.weights == pytest.approx(before)
    assert walk.stabilities == pytest.approx(kept)
    assert walk._force == pytest.approx(pulled)


def test_without_learning_the_step_stays() -> None:
    walk = begun()
    step = walk.step
    walk.sweep()
    walk.settle()
    assert walk.step == step
