from dataclasses import replace

import naive_jamming as naive
import numpy as np
import pytest

from entropic.theory.perceptron import replica_breaking
from entropic.theory.perceptron.jamming import load_at_jamming
from entropic.theory.perceptron.jamming_exponents import jamming_exponents
from entropic.theory.perceptron.replica_breaking import full_breaking, least_staircase
from entropic.theory.perceptron.spherical import critical_capacity

MARGINS = [-2.0, -1.0, -0.3]


@pytest.mark.parametrize("kappa", [-2.0, -0.3])
def test_one_step_is_the_least_that_a_search_without_slopes_finds(kappa):
    found = least_staircase(kappa, 1)
    gap, height = found.gap[0], found.height[0]
    guess = [np.log((1 - gap) / gap) + 0.3, np.log(height) - 0.3]
    assert found.alpha == pytest.approx(naive.one_step_capacity(kappa, guess), rel=1e-10)


@pytest.mark.parametrize("kappa", MARGINS)
def test_the_coarse_net_misses_no_deeper_minimum(kappa):
    gaps, heights = np.logspace(-3, -0.01, 30), np.logspace(-1, 4, 30)
    net = [
        load_at_jamming(np.array([g]), np.array([h]), kappa, 10).alpha
        for g in gaps
        for h in heights
    ]
    assert min(net) >= least_staircase(kappa, 1).alpha


@pytest.mark.parametrize("kappa", [*MARGINS, -0.03])
def test_every_step_lowers_the_capacity_and_full_breaking_lies_below_all(kappa):
    alpha = [least_staircase(kappa, k).alpha for k in range(1, 6)]
    full, uncertainty, _ = full_breaking(kappa)
    assert critical_capacity(kappa) > alpha[0]
    assert (np.diff(alpha) < 0).all()
    assert full < alpha[-1] - 10 * uncertainty
    assert uncertainty < 1e-6 * full


@pytest.mark.parametrize("kappa", MARGINS)
@pytest.mark.parametrize("steps", [1, 3])
def test_the_least_staircase_is_stationary_in_all_overlaps_and_heights(kappa, steps):
    found = least_staircase(kappa, steps)
    load = load_at_jamming(found.gap, found.height, kappa)
    assert found.converged
    assert np.abs(load.by_gap * found.gap).max() < 1e-6
    assert np.abs(load.by_height * found.height).max() < 1e-6
    assert (np.diff(found.gap) < 0).all()
    assert (np.diff(found.height) > 0).all()


def test_what_a_step_gains_is_well_above_the_uncertainty():
    found = [least_staircase(-1.0, k) for k in (1, 2, 3, 4)]
    for more, fewer in zip(found[1:], found, strict=False):
        assert fewer.alpha - more.alpha > 1e6 * (fewer.uncertainty + more.uncertainty)


def test_a_search_that_does_not_come_to_rest_says_so(monkeypatch):
    monkeypatch.setattr(replica_breaking, "TOLERANCE", 0.0)
    found = replica_breaking._descend(replica_breaking._start(-1.0), -1.0)
    assert not found.converged
    assert found.alpha == pytest.approx(least_staircase(-1.0, 1).alpha, rel=1e-12)


def test_one_staircase_lost_is_the_limit_lost(monkeypatch):
    stairs = [least_staircase(-1.0, k) for k in range(1, 7)]
    stairs[3] = replace(stairs[3], converged=False)
    monkeypatch.setattr(replica_breaking, "_staircases", lambda *_: tuple(stairs))
    assert not full_breaking(-1.0)[2].converged


def test_the_limit_of_a_sequence_that_falls_with_the_fourth_power_is_found():
    steps = np.arange(1, 6)
    sequence = (3 + 2.5 / (steps + 0.7) ** 4).tolist()
    assert replica_breaking._limit(sequence) == pytest.approx(3.0, rel=1e-12)


@pytest.mark.parametrize("kappa", [-1.4])
def test_more_steps_move_the_limit_by_less_than_its_uncertainty(kappa, monkeypatch):
    limit, uncertainty, _ = full_breaking(kappa)
    monkeypatch.setattr(replica_breaking, "FULL", 8)
    assert full_breaking(kappa)[0] == pytest.approx(limit, abs=uncertainty)


def test_towards_zero_margin_breaking_matters_less_and_less():
    kappa = np.array([-0.3, -0.1, -0.03, -0.01])
    off = [1 - least_staircase(k, 1).alpha / float(critical_capacity(k)) for k in kappa]
    powers = np.diff(np.log(off)) / np.diff(np.log(-kappa))
    assert (powers > 2.5).all()
    full, uncertainty, _ = full_breaking(-1e-4)
    assert full == pytest.approx(critical_capacity(-1e-4), rel=1e-9)
    assert uncertainty < 1e-9


def even_staircase(kappa, count, end, rounds):
    """The least of ``count`` steps of even length in t = −ln(1 − q), up to t = ``end``."""
    stairs = full_breaking(kappa)[2]
    known = -np.log(stairs.gap)
    between = np.append(0.5 * (known[1:] + known[:-1]), known[-1] + 1)
    first = known[0]
    t = first + (end - first) * np.arange(count) / count
    width = (end - first) / count
    middle = t + 0.5 * width
    heights = np.log(stairs.height)
    unknowns = np.interp(middle, between, heights)
    unknowns += 0.7 * np.maximum(middle - between[-1], 0) - 0.4 * np.maximum(between[0] - middle, 0)
    gap = np.exp(-t)

    def slopes(unknowns):
        load = load_at_jamming(gap, np.exp(unknowns), kappa)
        return np.log(load.alpha), load.by_height * np.exp(unknowns)

    value, slope = slopes(unknowns)
    for _ in range(rounds):
        turned = [(slopes(unknowns + 1e-4 * e)[1] - slope) / 1e-4 for e in np.eye(count)]
        curve, direction = np.linalg.eigh(0.5 * (np.array(turned) + np.transpose(turned)))
        move = -direction @ ((direction.T @ slope) / np.maximum(np.abs(curve), 1e-10))
        share = min(1.0, 1 / np.abs(move).max())
        tried, left = slopes(unknowns + share * move)
        while tried > value and share > 1e-3:
            share *= 0.5
            tried, left = slopes(unknowns + share * move)
        unknowns, value, slope = unknowns + share * move, tried, left
    return np.exp(value), middle, unknowns


def test_steps_spaced_otherwise_come_close_to_full_breaking_from_above():
    full, uncertainty, _ = full_breaking(-1.0)
    alpha, _, _ = even_staircase(-1.0, 12, 9.0, rounds=6)
    assert full + uncertainty < alpha < full * (1 + 1e-5)


@pytest.mark.slow
def test_c_becomes_the_power_law_of_jamming():
    """The local power of c(q) approaches 1/κ exponentially in −ln(1 − q): extrapolated."""
    alpha, middle, heights = even_staircase(-1.0, 24, 12.0, rounds=40)
    full, uncertainty, _ = full_breaking(-1.0)
    assert full + uncertainty < alpha < full * (1 + 2e-6)
    t, power = 0.5 * (middle[1:] + middle[:-1]), np.diff(heights) / np.diff(middle)
    found = []
    for low, high in ((3.0, 7.0), (3.5, 7.5), (4.0, 8.0)):
        inside = (t > low) & (t < high)
        decays = np.linspace(0.15, 0.6, 91)
        fits = [
            np.linalg.lstsq(
                np.stack((np.ones(inside.sum()), np.exp(-d * t[inside])), axis=1), power[inside]
            )
            for d in decays
        ]
        found.append(fits[int(np.argmin([fit[1][0] for fit in fits]))][0][0])
    measured, spread = np.mean(found), np.ptp(found)
    assert measured == pytest.approx(1 / jamming_exponents().overlap, abs=0.01)
    assert spread < 0.01
