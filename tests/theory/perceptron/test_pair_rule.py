import mpmath as mp
import naive_geodesic as naive
import numpy as np
import pytest

from entropic.theory.perceptron.gaussian import Pattern
from entropic.theory.perceptron.pair_rule import (
    CHECK_ORDER,
    ORDER,
    PairRule,
    Side,
    density_beyond,
    fraction_below,
)

PAIRS = [  # q₁, κ₁, q₂, κ₂, correlation
    (0.3, -0.5, 0.3, -0.5, 1.0),
    (0.3, -0.5, 0.45, -0.1, 0.99),
    (0.1, -1.0, 0.8, 0.3, 0.6),
    (0.02, -2.0, 0.6, 0.0, 0.0),
    (0.7, -0.2, 0.9, 0.1, 0.97),
]


def sides(q_1, kappa_1, q_2, kappa_2):
    return Side(q_1, 1 - q_1, kappa_1), Side(q_2, 1 - q_2, kappa_2)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_common_pull_is_that_of_a_plain_grid(pair):
    *four, rho = pair
    p = rho * np.sqrt(four[0] * four[2])
    found = PairRule(*sides(*four), rho).pull()[0]
    assert found == pytest.approx(naive.common_pull(*four, p, points=400), rel=1e-12)


@pytest.mark.parametrize("pair", PAIRS)
def test_its_growth_is_its_slope_in_the_overlap(pair):
    *four, rho = pair
    reach = np.sqrt(four[0] * four[2])
    rho, step = min(rho, 0.995), 1e-4  # a step to either side must be a correlation
    up, down = (PairRule(*sides(*four), rho + s).pull()[0] for s in (step, -step))
    slope = (up - down) / (2 * step * reach)
    spread = np.sqrt((1 - four[0]) * (1 - four[2]))
    growth = PairRule(*sides(*four), rho).pull()[1]
    assert growth / spread == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize(("q", "gap"), [(0.2, 0.8), (1 - 1e-6, 1e-6), (1e-12, 1.0)])
@pytest.mark.parametrize("kappa", [-2.5, 0.0, 1.5])
def test_of_one_kind_of_solutions_it_is_the_force_and_the_replicon(q, gap, kappa):
    side = Side(q, gap, kappa)
    alone = Pattern(np.array([q]), np.array([gap]), np.array([kappa]))
    found = PairRule(side, side, 1.0).pull()
    assert found == pytest.approx((alone.force().item(), alone.replicon().item()), rel=1e-10)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.9, 0.999, 1 - 1e-9])
@pytest.mark.parametrize("gap", [0.5, 1e-2, 1e-4, 1e-6])
def test_the_order_of_the_two_does_not_matter_nor_does_a_finer_rule(rho, gap):
    one, two = Side(0.3, 0.7, -0.5), Side(1 - gap, gap, 0.2)
    found = PairRule(one, two, rho).pull()
    assert found == pytest.approx(PairRule(two, one, rho).pull(), rel=1e-9)
    assert found == pytest.approx(PairRule(one, two, rho, CHECK_ORDER).pull(), rel=1e-9)


def test_the_weights_are_those_of_two_normals():
    rule = PairRule(Side(0.9, 0.1, 0.3), Side(0.5, 0.5, -0.7), 0.4, ORDER)
    assert rule.weight.sum() == pytest.approx(1, rel=1e-13)
    assert rule.inner.sum(axis=1) == pytest.approx(1, rel=1e-13)
    # ⟨v⟩ and the correlation of u and v
    assert rule.weight @ (rule.inner * rule.v).sum(axis=1) == pytest.approx(-0.7 / np.sqrt(0.5))
    u = (rule.u - 0.3 / np.sqrt(0.1)) / 3
    v = rule.v + 0.7 / np.sqrt(0.5)
    assert rule.weight @ (u * (rule.inner * v).sum(axis=1)) == pytest.approx(0.4, rel=1e-12)


@pytest.mark.parametrize("u", [-30.0, -2.0, 0.0, 1e-9, 3.0, 1e4])
@pytest.mark.parametrize("share", [1e-6, 0.3, 5.0])
def test_what_lies_between_two_tails_has_many_digits(u, share):
    step = share / max(1.0, u) + max(0.0, -u)
    with mp.workdps(60):
        tail = [mp.erfc(mp.mpf(x) / mp.sqrt(2)) for x in (u, mp.mpf(u) + mp.mpf(step))]
        below = float(1 - tail[1] / tail[0])
        density = float(2 * mp.npdf(mp.mpf(u) + mp.mpf(step)) / tail[0])
    arguments = np.array([u]), np.array([step])
    assert fraction_below(*arguments) == pytest.approx(below, rel=1e-9, abs=5e-15)
    assert density_beyond(*arguments) == pytest.approx(density, rel=1e-11)
