"""The volume from the pressure, against volumes that are counted or known."""

import threading

import numpy as np
import pytest
from scipy.special import betainc

from entropic.sims.perceptron.patterns import Instance, draw
from entropic.sims.perceptron.starts import starts
from entropic.sims.perceptron.tangent import uniform
from entropic.sims.perceptron.volume import volume_entropy, volume_points
from entropic.theory import saddle_point


def entropy(instance, kappa, sweeps=300, replicas=8, seed=0):
    rng = np.random.default_rng(seed)
    weights = starts(rng, instance, replicas, kappa, np.inf)
    return volume_entropy(rng, instance, weights, kappa, sweeps, 10, threading.Event())


def test_the_rule_integrates_the_slope_of_the_saddle_points_entropy():
    for alpha, kappa, most in ((1.0, 0.0, 1e-5), (1.7, 0.0, 3e-4), (0.5, 0.5, 1e-5)):
        margins, weights = volume_points(kappa)
        s = [saddle_point(alpha, margins + h).entropy for h in (-0.002, -0.001, 0.001, 0.002)]
        slope = (s[0] - 8 * s[1] + 8 * s[2] - s[3]) / 0.012
        whole = float(saddle_point(alpha, kappa).entropy - saddle_point(alpha, -5.0).entropy)
        assert weights @ slope == pytest.approx(whole, abs=most)


def test_margins_fall_and_cover_the_way():
    margins, weights = volume_points(0.5)
    assert (np.diff(margins) < 0).all()
    assert weights.sum() == pytest.approx(5.5)
    assert weights @ margins == pytest.approx((0.5**2 - 25) / 2)
    assert volume_points(-4.0)[0].min() > -6


def test_a_cap_has_its_volume():
    """One pattern; repeats are independent, and their spread is the error."""
    size, kappa = 10, 0.7
    instance = Instance(np.eye(size)[:1] * np.sqrt(size))
    found = [entropy(instance, kappa, 200, seed=seed) for seed in range(8)]
    truth = np.log(0.5 - 0.5 * betainc(0.5, (size - 1) / 2, kappa**2 / size)) / size
    error = np.std(found, ddof=1) / np.sqrt(8)
    assert abs(np.mean(found) - truth) < 4 * error < 0.03 * abs(truth)


@pytest.mark.parametrize("kappa", [0.0, -0.5])
def test_a_volume_is_the_share_of_random_weights_that_fall_into_it(kappa):
    instance = draw(8, 0.8, seed=1)
    rng = np.random.default_rng(1)
    hits = [(instance.stabilities(uniform(rng, 50_000, 8)).min(axis=1) >= kappa).mean()]
    hits += [(instance.stabilities(uniform(rng, 50_000, 8)).min(axis=1) >= kappa).mean()]
    share = np.mean(hits)
    counted, blur = np.log(share) / 8, np.sqrt((1 - share) / share / 100_000) / 8
    found = [entropy(instance, kappa, seed=seed, sweeps=150) for seed in range(6)]
    error = np.hypot(np.std(found, ddof=1) / np.sqrt(6), blur)
    assert abs(np.mean(found) - counted) < 4 * error < 0.04 * abs(counted)


def test_adding_patterns_one_by_one_leaves_the_same_volume():
    """Another road: the product, over patterns, of the share of weights that keep the next one.

    It shares the billiard, but neither its pressure nor margins below kappa.
    """
    from entropic.sims.perceptron.billiard import Billiard

    instance = draw(15, 0.8, seed=3)
    rng = np.random.default_rng(9)
    weights, logs = uniform(rng, 32, 15), []
    for many in range(len(instance.patterns)):
        part, kept, repeats = Instance(instance.patterns[:many]), [], []
        walk = Billiard(part, weights, 0.0, np.inf, "count", rng)
        for n in range(60):
            walk.sweep()
            stability = instance.patterns[many] @ walk.weights.T / np.sqrt(15)
            kept += [w for w in walk.weights[stability >= 0]] if n > 5 else []
            repeats.append((stability >= 0).mean())
        logs.append(
            (np.log(np.mean(repeats[5:])), np.var(repeats[5:]) / 55 / np.mean(repeats) ** 2)
        )
        weights = np.array(kept)[rng.integers(len(kept), size=32)]
    nested, error = sum(log for log, _ in logs) / 15, np.sqrt(sum(v for _, v in logs)) / 15
    pressed = [entropy(instance, 0.0, seed=seed, sweeps=150) for seed in range(4)]
    error = np.hypot(error, np.std(pressed, ddof=1) / 2)
    assert abs(np.mean(pressed) - nested) < 4 * error < 0.08 * abs(nested)


def test_a_stop_leaves_no_number():
    instance, stop = draw(10, 0.5, seed=1), threading.Event()
    stop.set()
    rng = np.random.default_rng(0)
    weights = starts(rng, instance, 2, 0.0, np.inf)
    assert np.isnan(volume_entropy(rng, instance, weights, 0.0, 5, 1, stop))
    assert np.isnan(volume_entropy(rng, instance, weights, 0.0, 5, 0, stop))
