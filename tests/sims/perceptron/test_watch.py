"""What is read off a run, by hand."""

import threading

import numpy as np
import pytest

from entropic.sims.perceptron.patterns import Instance
from entropic.sims.perceptron.watch import watch

INSTANCE = Instance(np.array([[2.0, 0.0], [0.0, 2.0]]), np.array([np.sqrt(2), 0.0]))


class Scripted:
    """Two replicas that go where they are told."""

    def __init__(self, script):
        self.script = iter(script)

    def sweep(self, learn=False):
        self.weights = np.array(next(self.script))
        self.stabilities = INSTANCE.stabilities(self.weights)
        return 0.5


def seen(beta=1.0, stop=None):
    a, b = [np.sqrt(2), 0.0], [0.0, np.sqrt(2)]
    walk = Scripted([[a, b], [a, b], [b, b], [b, a]])
    walk.weights = np.zeros((2, 2))
    return watch(walk, INSTANCE, 1.0, beta, "hinge", 4, stop or threading.Event())


def test_overlaps_are_those_of_mean_weights():
    run = seen()
    # means in both halves: (a, b), (b, (a + b)/2)
    assert run.halves[0] == pytest.approx(np.sqrt(2) * np.eye(2))
    assert run.halves[1] == pytest.approx(np.sqrt(2) * np.array([[0, 1], [0.5, 0.5]]))
    assert run.overlap == pytest.approx(np.dot([0.5, 0.5], [0.25, 0.75]))
    assert run.self_overlap == pytest.approx(0.5 * (0 + 0.5))
    assert run.teacher_overlap == pytest.approx([0.5, 0.25])
    assert run.acceptance == 0.5


def test_energies_are_per_weight_and_rates_per_pattern():
    run = seen()
    # at a or b one stability is 2 and one 0: short of 1 by 1, once
    assert run.energy == pytest.approx([0.5, 0.5])
    assert run.error_rate == pytest.approx([0.5, 0.5])
    assert run.hot_minus_cold == 0
    assert np.isnan(run.r_hat)


def test_the_constraint_costs_nothing_and_is_told_by_its_mean_stability():
    run = seen(beta=np.inf)
    assert run.energy == pytest.approx([0, 0])
    assert run.series == pytest.approx(np.ones((2, 4)))


def test_a_stop_is_heard():
    stop = threading.Event()
    stop.set()
    assert seen(stop=stop).acceptance == 0
