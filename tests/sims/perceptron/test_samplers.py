"""Samplers by name, and what each may be asked."""

import threading

import numpy as np
import pytest

from entropic.sims.perceptron.patterns import draw
from entropic.sims.perceptron.samplers import SAMPLERS, Plan, refuse
from entropic.sims.perceptron.sphere import Sphere
from entropic.sims.perceptron.starts import starts
from entropic.theory import DomainError


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_runs_and_leaves_its_start(sampler: str) -> None:
    energy = "count" if sampler == "hit-and-run" else "quadratic"
    instance, rng = draw(20, 1.0, seed=1), np.random.default_rng(1)
    weights = starts(rng, instance, 4, 0.2, 2.0)
    plan = Plan(0.2, energy, 10, 30, sampler)
    plan.wake(instance)
    seen, after = plan.run(rng, instance, weights, 2.0, threading.Event())
    assert seen.series.shape == (4, 10)
    assert (abs((weights * after).sum(axis=1)) < 19).all()
    assert (after * after).sum(axis=1) == pytest.approx(20)
    assert 0.3 < seen.acceptance <= 1


def test_langevin_takes_one_step_at_a_time() -> None:
    instance, rng = draw(10, 1.0, seed=1), np.random.default_rng(1)
    weights = starts(rng, instance, 2, 0.0, 1.0)
    one, many = (
        Plan(0.0, "hinge", 5, 0, name).begin(rng, instance, weights, 1.0)
        for name in ("langevin", "hamiltonian")
    )
    assert isinstance(one, Sphere)
    assert isinstance(many, Sphere)
    assert (one.single_step, many.single_step) == (True, False)


def test_what_a_sampler_cannot_do_is_refused() -> None:
    warm, cold = np.array([2.0]), np.array([2.0, np.inf])
    refuse(cold, "hinge", "billiard", "double")
    refuse(cold, "count", "hit-and-run", "double")
    refuse(warm, "hinge", "hamiltonian", "single")
    for asked, energy, sampler, precision, complaint in (
        (cold, "hinge", "hamiltonian", "double", "needs a force: .* finite betas; they are"),
        (warm, "count", "langevin", "double", "needs a force: .* take 'billiard'"),
        (warm, "quadratic", "hit-and-run", "double", "knows the energy 'count' alone"),
        (warm, "hinge", "billiard", "single", "single precision is for 'hamiltonian'"),
    ):
        with pytest.raises(DomainError, match=complaint):
            refuse(asked, energy, sampler, precision)
