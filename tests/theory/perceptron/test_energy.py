import mpmath as mp
import numpy as np
import pytest

from entropic.theory.perceptron.energy import COSTS

CASES = [  # cost, b, u
    *[("count", b, u) for b, u in ((0.1, 0.4), (3.0, -2.0), (3.0, 2.0))],
    *[("hinge", b, u) for b, u in ((0.1, -2.0), (0.1, 40.0), (3.0, 0.4), (3.0, 2.9))],
    *[("hinge", b, u) for b, u in ((1e6, 0.4),)],
    *[("quadratic", b, u) for b, u in ((0.1, 0.4), (3.0, -2.0), (3.0, 7.0), (1e6, 900.0))],
]


def boltzmann(cost, u, b):
    """∫Dt e^{−βv} in units of σ, as it stands."""
    v = {"count": lambda s: 1, "hinge": lambda s: s, "quadratic": lambda s: s * s / 2}[cost]
    peak = {"count": 0, "hinge": min(b, u), "quadratic": u * b / (1 + b)}[cost]
    width = 1 / mp.sqrt(1 + b) if cost == "quadratic" else 1
    far = [peak + width * k for k in range(-14, 15, 2)]
    steep = [u - mp.mpf(k) / (b + abs(u)) for k in (0, 4, 8, 16, 32, 64, 128)]
    edges = sorted({e for e in (*far, *steep, u - 1, u - 12) if e < u}) + [u]
    missed = mp.quad(lambda t: mp.npdf(t) * mp.exp(-b * v(u - t)), edges, method="gauss-legendre")
    return mp.erfc(u / mp.sqrt(2)) / 2 + missed


@pytest.mark.parametrize(("cost", "b", "u"), CASES)
def test_closed_forms_are_boltzmanns_integral_and_its_derivatives(cost, b, u):
    found = COSTS[cost].answer(np.array([u]), np.array([b]))
    with mp.workdps(45):
        u, b, d = mp.mpf(u), mp.mpf(b), mp.mpf(10) ** -9
        up, here, down = (mp.log(boltzmann(cost, u + s, b)) for s in (d, 0, -d))
        pull = -(up - down) / (2 * d)
        stiffness = -(up - 2 * here + down) / d**2
        e = b * d
        heat = [mp.log(boltzmann(cost, u, b + s)) for s in (e, -e)]
        spent = -b * (heat[0] - heat[1]) / (2 * e)
        wanted = [pull, stiffness, here + pull**2 / 2 + spent, spent]
    close = pytest.approx([float(each) for each in wanted], rel=1e-9, abs=1e-14)
    assert [float(each[0]) for each in found[:4]] == close


def in_many_digits(cost, u, b):
    """f in the textbook's form, which cancels in floats."""
    H = mp.erfc(u / mp.sqrt(2)) / 2
    if cost == "count":
        return mp.exp(-b) + (1 - mp.exp(-b)) * H
    if cost == "hinge":
        return H + mp.exp(-b * u + b * b / 2) * mp.ncdf(u - b)
    return H + mp.exp(-b * u * u / 2 / (1 + b)) / mp.sqrt(1 + b) * mp.ncdf(u / mp.sqrt(1 + b))


@pytest.mark.parametrize("cost", ["count", "hinge", "quadratic"])
@pytest.mark.parametrize("b", [1.0, 1e3, 1e6, 1e10])
def test_no_digits_are_lost_where_the_textbooks_form_loses_all(cost, b):
    for u in (-5.0, 0.5, 30.0, 1e3, 1e5, 1e7):
        if (cost, b) == ("count", 1e10):
            continue  # ln f = −β there: the float of β itself is not exact enough
        found = COSTS[cost].answer(np.array([u]), np.array([b]))
        with mp.workdps(80):
            d, e = mp.mpf(10) ** -18 / max(1, abs(u)), mp.mpf(b) * mp.mpf(10) ** -20
            up, here, down = (
                mp.log(in_many_digits(cost, mp.mpf(u) + s, mp.mpf(b))) for s in (d, 0, -d)
            )
            heat = [mp.log(in_many_digits(cost, mp.mpf(u), mp.mpf(b) + s)) for s in (e, -e)]
            pull, spent = -(up - down) / (2 * d), -b * (heat[0] - heat[1]) / (2 * e)
            stiffness = -(up - 2 * here + down) / d**2
            wanted = [pull, stiffness, here + pull**2 / 2 + spent, spent]
        values = [float(each[0]) for each in found[:4]]
        assert values == pytest.approx([float(w) for w in wanted], rel=1e-11, abs=1e-16)


def test_a_hinge_pulls_at_most_with_beta_and_a_parabola_in_proportion():
    u = np.array([1e4])
    assert COSTS["hinge"].answer(u, np.array([7.0])).pull == pytest.approx(7.0, rel=1e-14)
    # ½β(κ − Δ)² beside ½t²: a spring of β and a spring of 1
    assert COSTS["quadratic"].answer(u, np.array([3.0])).pull == pytest.approx(0.75e4, rel=1e-14)


@pytest.mark.parametrize("cost", ["count", "hinge", "quadratic"])
def test_without_temperature_all_energies_are_the_hard_constraint(cost):
    u = np.linspace(-4, 6, 41)
    hard = COSTS["hard"].answer(u, u)
    cold = COSTS[cost].answer(u, np.full_like(u, 1e24))
    for name in ("pull", "stiffness", "entropy"):
        assert getattr(cold, name) == pytest.approx(getattr(hard, name), rel=1e-10, abs=1e-11)
    assert cold.violated.max() < 1e-11


def test_the_count_gives_way_where_an_error_costs_more_than_it_saves():
    # H(u*) = e^{−β}
    step, width = COSTS["count"].bend(np.array([1e6]))
    found = COSTS["count"].answer(step + width * np.array([-20, 0, 20]), np.full(3, 1e6))
    assert found.violated == pytest.approx([0, 0.5, 1], abs=1e-6)


@pytest.mark.parametrize("cost", COSTS)
def test_the_pull_alone_is_that_of_the_whole_answer(cost):
    u, b = np.meshgrid(np.linspace(-9, 60, 70), [1e-6, 0.3, 7.0, 1e6])
    whole = COSTS[cost].answer(u, b).pull
    assert COSTS[cost].pull(u, b) == pytest.approx(whole, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("cost", ["hinge", "quadratic"])
def test_convex_energies_stiffen_and_never_give_way(cost):
    u = np.linspace(-8, 60, 400)
    for b in (0.01, 1.0, 50.0, 1e8):
        found = COSTS[cost].answer(u, np.full_like(u, b))
        assert (found.stiffness >= 0).all()
        assert (np.diff(found.pull) >= -1e-12).all()
        assert ((found.violated >= 0) & (found.violated <= 1)).all()
