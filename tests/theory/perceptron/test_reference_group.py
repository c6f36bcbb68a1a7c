from math import comb

import naive_clones as naive
import numpy as np
import pytest
from scipy.special import log_ndtr, logsumexp

from entropic.theory.perceptron.clones import threshold_group
from entropic.theory.perceptron.reference_group import (
    Conjugates,
    Overlaps,
    pattern_responses,
    spin_responses,
)


def overlaps(ref=0.5, t=0.42, p=0.7, q0=0.45, q1=0.62):
    spread = q1 - q0
    return Overlaps(ref, t, p, q0, spread, 1 - q1, 1 - ref - (p - t) ** 2 / spread)


HATS = {"ref": 1.8, "t": 1.2, "pi": 0.9, "q0": 1.4, "spread": 0.7}


@pytest.mark.parametrize("y", [0.0, 1.0, 6.0])
@pytest.mark.parametrize("kappa_ref", [-0.5, 0.4])
def test_patterns_are_the_trapezoidal_sum_over_three_fields(y, kappa_ref):
    o, kappa = overlaps(), 0.2
    x, log_x = naive.trapezoid(7, 0.25)
    z, log_z = naive.trapezoid(9, 0.1)
    X = np.sqrt(o.ref) * x[:, None]
    Z = o.t / np.sqrt(o.ref) * x[:, None] + np.sqrt(o.q0 - o.t**2 / o.ref) * x
    a, c = np.sqrt(o.spread), (o.p - o.t) / np.sqrt(o.spread)
    ref = log_ndtr((X[..., None] + c * z - kappa_ref) / np.sqrt(o.own))
    clone = log_ndtr((Z[..., None] + a * z - kappa) / np.sqrt(o.gap))
    group = logsumexp(ref + y * clone + log_z, axis=-1)
    weight = np.exp(log_x[:, None] + log_x)
    found = pattern_responses(o, kappa, kappa_ref, y, 10)
    assert found.log == pytest.approx((weight * group).sum(), abs=1e-8)
    single = (np.exp(ref + y * clone + log_z - group[..., None]) * clone).sum(axis=-1)
    assert found.single == pytest.approx((weight * single).sum(), abs=1e-8)


@pytest.mark.parametrize("y", [0.5, 6.0])
def test_pulls_are_the_slopes_by_the_overlaps(y):
    step = 1e-4

    def slope(**change):
        sides = []
        for sign in (1, -1):
            moved = {name: value + sign * step for name, value in change.items()}
            sides.append(pattern_responses(overlaps(**moved), 0.2, 0.3, y, 8).log)
        return (sides[0] - sides[1]) / (2 * step)

    found = pattern_responses(overlaps(), 0.2, 0.3, y, 8)
    assert slope(ref=0.5) == pytest.approx(-0.5 * found.ref, rel=1e-5)
    assert slope(t=0.42) == pytest.approx(-y * found.cross, rel=1e-5)
    assert slope(p=0.7) == pytest.approx(y * found.both, rel=1e-5)
    assert slope(q0=0.45) == pytest.approx(-0.5 * y**2 * found.once, rel=1e-5)
    assert slope(q1=0.62) == pytest.approx(0.5 * y * (y - 1) * found.twice, rel=1e-5)


def test_a_reference_of_any_margin_leaves_plain_groups():
    o = overlaps()
    free = pattern_responses(o, 0.2, None, 4.0, 16)
    plain = threshold_group(o.q0, o.spread, o.gap, 0.2, 4.0)
    assert free.log == pytest.approx(plain.log, abs=1e-10)
    assert free.twice == pytest.approx(plain.square, rel=1e-9)
    assert free.once == pytest.approx(plain.mean_square, rel=1e-9)
    low = pattern_responses(o, 0.2, -9.0, 4.0, 12)
    assert low.log == pytest.approx(plain.log, abs=1e-9)


@pytest.mark.parametrize("m", [1, 5])
def test_weights_are_the_sum_over_reference_and_clones(m):
    hats = Conjugates(**HATS)
    x, log_x = naive.trapezoid(8, 0.05)
    B = np.sqrt(hats.q0) * x[:, None]
    A = hats.t / np.sqrt(hats.q0) * x[:, None] + np.sqrt(hats.ref - hats.t**2 / hats.q0) * x
    total = m - 2 * np.arange(m + 1)
    ways = np.log([comb(m, k) for k in range(m + 1)]) + 0.5 * hats.spread * total**2
    terms = [
        sign * A[..., None] + (B[..., None] + sign * hats.pi) * total + ways for sign in (1, -1)
    ]
    log = logsumexp(np.concatenate(terms, axis=-1), axis=-1)
    wanted = (np.exp(log_x[:, None] + log_x) * log).sum()
    assert spin_responses(hats, m, 14).log == pytest.approx(wanted, abs=1e-10)


@pytest.mark.parametrize("y", [0.5, 6.0])
def test_overlaps_are_the_slopes_by_their_conjugates(y):
    step = 1e-4

    def slope(name):
        up, down = (
            spin_responses(Conjugates(**HATS | {name: HATS[name] + s}), y, 14).log
            for s in (step, -step)
        )
        return (up - down) / (2 * step)

    found = spin_responses(Conjugates(**HATS), y, 14)
    q1 = 1 - found.gap
    assert found.twice == pytest.approx(q1, rel=1e-11)
    assert slope("ref") == pytest.approx(0.5 * (1 - found.ref), rel=1e-6)
    assert slope("pi") == pytest.approx(y * found.both, rel=1e-6)
    assert slope("t") == pytest.approx(y * (found.both - found.cross), rel=1e-6)
    assert slope("spread") == pytest.approx(0.5 * y + 0.5 * y * (y - 1) * q1, rel=1e-6)
    spread = q1 - found.once
    own = 1 - found.ref - (found.both - found.cross) ** 2 / spread
    assert found.own == pytest.approx(own, rel=1e-9)
