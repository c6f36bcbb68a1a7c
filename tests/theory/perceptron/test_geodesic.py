import naive_geodesic as naive
import numpy as np
import pytest

from entropic.theory.errors import DomainError
from entropic.theory.perceptron import cross_overlap as pairs
from entropic.theory.perceptron.critical_margins import critical_margins
from entropic.theory.perceptron.geodesic import barrier_peak, geodesic_barrier
from entropic.theory.perceptron.max_margin import max_margin
from entropic.theory.perceptron.saddle import saddle_point

CASES = [  # γ, α, κ, κ₁, κ₂
    (0.5, 1.0, -0.5, -0.5, -0.5),
    (0.2, 1.0, -0.5, -0.5, -0.5),
    (0.65, 1.0, -0.5, -0.5, -0.4),
    (0.4, 0.5, -1.0, -1.0, -0.9),
    (0.6, 2.0, -0.5, -0.5, -0.48),
    (0.3, 3.0, -0.5, -0.5, -0.5),
    (0.5, 1.0, -2.0, -1.9, -2.0),
    (0.5, 1.0, 0.3, 0.0, 0.2),  # ends that are no solutions
    (0.7, 0.2, 0.5, -1.0, 0.6),
]


def answer(gamma, alpha, kappa, first, second):
    found = geodesic_barrier(gamma, alpha, kappa, (first, second))
    pair = found.pair
    return found, (float(pair.q_1), first, float(pair.q_2), second, float(pair.overlap))


# slow, obvious versions


@pytest.mark.parametrize("case", CASES)
def test_the_error_rate_is_the_integral_over_the_triangle_of_fields(case):
    found, pair = answer(*case)
    slow = naive.error_rate(case[0], case[2], *pair)
    assert found.error_rate == pytest.approx(slow, rel=1e-9, abs=1e-13)
    assert found.uncertainty < 1e-12


@pytest.mark.parametrize("case", [CASES[0], CASES[2], CASES[3], CASES[7]])
def test_drawn_fields_err_as_often(case):
    found, pair = answer(*case)
    count = 3_000_000 if found.error_rate < 0.1 else 300_000
    mean, error = naive.drawn_error_rate(
        np.random.default_rng(5), case[0], case[2], *pair, count=count
    )
    assert error < 0.02 * mean
    assert abs(found.error_rate - mean) < 4 * error
    # the rival: solutions that share no patterns
    alone = geodesic_barrier(case[0], 0.0, case[2], case[3:]).error_rate
    assert abs(alone - mean) > 5 * error


@pytest.mark.slow
def test_solutions_drawn_on_the_sphere_have_the_overlap_and_the_barrier():
    """Hit and run in 80 dimensions, 100 sets of patterns; what is of order 1/N is not resolved."""
    n, samples, alpha, kappa, margins = 80, 100, 1.2, -1.0, (-1.0, -0.9, -1.0)
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((samples, int(alpha * n), n))
    errors, overlaps = [], []
    for w in naive.drawn_solutions(rng, patterns, margins, steps=4000, keep_every=50):
        pairs_of = [(w[:, 0], w[:, 1]), (w[:, 0], w[:, 2])]
        overlaps.append([(a * b).sum(axis=-1) / n for a, b in pairs_of])
        half = [np.einsum("spn,sn->sp", patterns, (a + b) / 2) / np.sqrt(n) for a, b in pairs_of]
        limits = [kappa * naive.norm_of(0.5, p)[:, None] for p in overlaps[-1]]
        errors.append([(h < c).mean(axis=1) for h, c in zip(half, limits, strict=True)])
    found = geodesic_barrier(0.5, alpha, kappa, (kappa, np.array([-0.9, -1.0])))
    for measured, predicted, share in (
        (errors, found.error_rate, 0.04),
        (overlaps, found.pair.overlap, 0.06),
    ):
        each = np.mean(measured, axis=0)  # of every set of patterns
        mean, error = each.mean(axis=1), each.std(axis=1, ddof=1) / np.sqrt(samples)
        assert (error < share * mean).all()
        assert (np.abs(mean - predicted) < 4 * error).all()
        # the rival: solutions that share no patterns have no overlap
        assert measured is errors or (mean > 5 * error).all()


# limits and symmetries


@pytest.mark.parametrize("margins", [(-0.5, -0.5), (-0.5, -0.3), (-0.45, -0.48)])
def test_at_the_ends_solutions_do_not_err(margins):
    assert (geodesic_barrier([0.0, 1.0], 1.0, -0.5, margins).error_rate == 0).all()


def test_ends_below_the_margin_err_as_one_solution_alone_does():
    found = geodesic_barrier([0.0, 1.0], 1.0, 0.3, (-0.2, 0.1))
    for kappa, rate in ((0.1, found.error_rate[0]), (-0.2, found.error_rate[1])):
        q = float(saddle_point(1.0, kappa).q)
        h, _ = naive.drawn_fields(np.random.default_rng(2), q, kappa, q, kappa, q, 200_000)
        error = np.sqrt(rate * (1 - rate) / 200_000)
        assert abs((h < 0.3).mean() - rate) < 4 * error


@pytest.mark.parametrize("margins", [(-0.5, -0.5), (-0.5, -0.4)])
def test_exchanging_the_solutions_turns_the_path_round(margins):
    gamma = np.array([0.2, 0.5, 0.7])
    there = geodesic_barrier(gamma, 1.0, -0.5, margins).error_rate
    back = geodesic_barrier(1 - gamma, 1.0, -0.5, margins[::-1]).error_rate
    assert there == pytest.approx(back, rel=1e-12)


def test_a_convex_problem_has_no_barrier():
    for kappa, margins in ((0.0, (0.0, 0.0)), (0.2, (0.2, 0.4)), (0.0, (0.3, 0.1))):
        gamma = np.linspace(0, 1, 7)
        assert (geodesic_barrier(gamma, 1.0, kappa, margins).error_rate == 0).all()
        assert barrier_peak(1.0, kappa, margins).connected


@pytest.mark.parametrize("alpha", [0.3, 1.0, 2.5])
def test_just_below_the_critical_margin_few_patterns_err_and_above_it_none(alpha):
    star = float(critical_margins(alpha, -0.5).kappa_star)
    below = star - np.array([1e-2, 1e-3, 0.0])
    rates = geodesic_barrier(0.5, alpha, -0.5, (below, below)).error_rate
    # the triangle's area falls with the square of what is missing
    assert rates[1] / rates[0] == pytest.approx(0.01, rel=0.15)
    assert rates[2] == pytest.approx(0, abs=1e-20)
    assert geodesic_barrier(0.5, alpha, -0.5, (star + 1e-9,) * 2).error_rate == 0


def test_close_to_an_end_the_error_of_a_typical_solution_grows_in_proportion():
    # a share of the patterns lies within γ(1 − p)κ of the margin
    rates = geodesic_barrier([1e-3, 1e-4, 1e-5], 1.0, -0.5).error_rate
    assert rates[1] / rates[0] == pytest.approx(0.1, rel=0.02)
    assert rates[2] / rates[1] == pytest.approx(0.1, rel=0.002)


def test_extreme_pairs_say_what_they_do_not_know():
    top = float(max_margin(3.0).kappa_max)
    found = geodesic_barrier([0.3, 0.7], 3.0, -0.5, (-0.5, top - 1e-4))
    assert np.isfinite(found.error_rate).all()
    assert (found.uncertainty < 1e-8).all()


# the peak and the connection


@pytest.mark.parametrize(
    ("alpha", "kappa", "margins"),
    [(1.0, -0.5, (-0.5, -0.5)), (1.0, -0.5, (-0.5, -0.4)), (2.0, -0.5, (-0.45, -0.5))],
)
def test_the_peak_is_the_highest_point_of_the_path(alpha, kappa, margins):
    top = barrier_peak(alpha, kappa, margins)
    rates = geodesic_barrier(np.linspace(0, 1, 51), alpha, kappa, margins).error_rate
    assert rates.max() <= top.error_rate < rates.max() * 1.01
    at = geodesic_barrier(top.gamma, alpha, kappa, margins)
    assert at.error_rate == top.error_rate
    assert not top.connected


def test_a_narrow_peak_is_not_missed():
    kernel = float(critical_margins(1.0, -0.5).kappa_kernel)
    for short in (1e-3, 1e-7):
        top = barrier_peak(1.0, -0.5, (-0.5, kernel - short))
        assert not top.connected
        assert 0 < top.error_rate < short**2
        assert 0 < 1 - top.gamma < 10 * short


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 3.0])
def test_at_the_critical_margin_itself_rounding_leaves_no_peak_to_speak_of(alpha):
    star = critical_margins(alpha, -0.5).kappa_star
    for near in (star, np.nextafter(star, -1), np.nextafter(star, 1)):
        assert barrier_peak(alpha, -0.5, (near, near)).error_rate == pytest.approx(0, abs=1e-20)


@pytest.mark.parametrize("first", [-0.5, -0.45, -0.3, 0.1])
def test_solutions_are_connected_where_the_angles_say_so_and_only_there(first):
    gamma = np.linspace(0, 1, 401)
    for second in np.linspace(-0.5, 0.3, 9):
        top = barrier_peak(1.0, -0.5, (first, second))
        room = -0.5 * naive.norm_of(gamma, float(top.pair.overlap))
        room -= gamma * first + (1 - gamma) * second
        assert top.connected == (room.max() <= 1e-12)
        assert (top.error_rate > 0) != top.connected


def test_arguments_broadcast_and_results_are_read_only():
    found = geodesic_barrier([0.2, 0.5], [[0.5], [1.0], [2.0]], -0.5, (-0.5, -0.45))
    assert found.error_rate.shape == found.pair.overlap.shape == (3, 2)
    one = geodesic_barrier(0.5, 1.0, -0.5, (-0.5, -0.45))
    assert found.error_rate[1, 1] == one.error_rate
    assert found.converged.all()
    with pytest.raises(ValueError, match="read-only"):
        found.error_rate[0, 0] = 1


def test_a_saddle_point_that_does_not_converge_leaves_no_error_rate(monkeypatch):
    monkeypatch.setattr(pairs, "_solve", lambda *_: (np.nan, np.nan))
    found, top = geodesic_barrier(0.5, 1.0, -0.5), barrier_peak(1.0, -0.5)
    assert np.isnan([found.error_rate, top.error_rate]).all()
    assert not found.converged
    assert not top.connected


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((1.5, 1.0, -0.5), "gamma must lie between 0 and 1; it is 1.5"),
        (([0.5, -0.1], 1.0, -0.5), "gamma must lie between 0 and 1; it is -0.1"),
        ((np.nan, 1.0, -0.5), "gamma must lie between 0 and 1; it is nan"),
        ((0.5, 1.0, np.inf, (0.0, 0.0)), "kappa must be finite; it is inf"),
        ((0.5, 1.0, 0.0, (0.0, 1.0)), "margins must stay below 0.4706"),
        ((0.5, -1.0, 0.0), "alpha must be finite and at least 0"),
    ],
)
def test_a_path_that_cannot_be_is_refused(arguments, match):
    with pytest.raises(DomainError, match=match):
        geodesic_barrier(*arguments)


def test_a_peak_between_what_is_no_solution_is_refused():
    with pytest.raises(DomainError, match="margins must be at least kappa = -0.5"):
        barrier_peak(1.0, -0.5, (-0.6, 0.0))
    with pytest.raises(DomainError, match="kappa must be finite"):
        barrier_peak(1.0, np.nan, (0.0, 0.0))
