import naive_geodesic as naive
import naive_perceptron as slow
import numpy as np
import pytest
from scipy.optimize import brentq

from entropic.theory.errors import DomainError
from entropic.theory.perceptron import critical_margins as here
from entropic.theory.perceptron.critical_margins import critical_margins
from entropic.theory.perceptron.geodesic import barrier_peak, geodesic_barrier
from entropic.theory.perceptron.max_margin import max_margin

CASES = [(0.1, -1.0), (1.0, -0.5), (1.9, -0.1), (3.0, -0.5), (1.0, -2.0)]


@pytest.mark.parametrize(("alpha", "kappa"), CASES)
def test_both_solve_their_equations_to_ten_digits(alpha, kappa):
    found = critical_margins(alpha, kappa)
    q, p = float(found.overlap_star), float(found.overlap_kernel)
    assert found.kappa_star == pytest.approx(kappa * np.sqrt((1 + q) / 2), rel=1e-12)
    assert found.kappa_kernel == pytest.approx(kappa * p, rel=1e-12)
    assert max(found.kappa_star_uncertainty, found.kappa_kernel_uncertainty) < 1e-11


def test_iterating_adaptive_quadrature_comes_to_the_same_critical_margin():
    def excess(margin):
        q, _ = slow.iterate(1.0, margin, "spherical")
        return margin + 0.5 * np.sqrt((1 + q) / 2)

    star = brentq(excess, -0.45, -0.35, xtol=1e-9)
    assert critical_margins(1.0, -0.5).kappa_star == pytest.approx(star, abs=1e-8)


def test_iterating_a_plain_grid_comes_to_the_same_kernel():
    q_1, _ = slow.iterate(1.0, -0.5, "spherical")
    kernel = p = 0.0
    for _ in range(60):
        q_2, _ = slow.iterate(1.0, kernel, "spherical", rounds=40)
        p_new = np.sqrt((1 - q_1) * (1 - q_2)) * naive.common_pull(q_1, -0.5, q_2, kernel, p)
        if abs(p_new - p) < 1e-11:
            break
        p, kernel = p_new, -0.5 * p_new
    assert critical_margins(1.0, -0.5).kappa_kernel == pytest.approx(kernel, abs=1e-8)


@pytest.mark.parametrize(("alpha", "kappa"), [(0.5, -0.5), (1.0, -1.0), (3.0, -0.5)])
def test_a_barrier_stands_just_below_them_and_not_just_above(alpha, kappa):
    found = critical_margins(alpha, kappa)
    star, kernel = float(found.kappa_star), float(found.kappa_kernel)
    for step, connected in ((-1e-6, False), (1e-6, True)):
        assert barrier_peak(alpha, kappa, (star + step,) * 2).connected == connected
        assert barrier_peak(alpha, kappa, (kappa, kernel + step)).connected == connected
        # the path itself, at the places where the docstring looks
        half = geodesic_barrier(0.5, alpha, kappa, (star + step,) * 2).error_rate
        near = geodesic_barrier(1 - 1e-7, alpha, kappa, (kappa, kernel + step)).error_rate
        assert (half == 0) == (near == 0) == connected


def test_the_kernel_needs_more_margin_than_two_equals_do():
    found = critical_margins(np.linspace(0, 3.5, 15), -0.5)
    assert (found.kappa_kernel > found.kappa_star).all()
    assert (found.kappa_star > -0.5).all()
    assert (np.diff(found.kappa_star) < 0).all()
    assert (np.diff(found.kappa_kernel) < 0).all()


def test_without_patterns_solutions_are_orthogonal():
    found = critical_margins([0.0, 1e-9], -0.8)
    assert found.kappa_star == pytest.approx(-0.8 / np.sqrt(2), abs=1e-8)
    # p = α G(κ) G(0) to first order
    assert found.kappa_kernel[0] == 0
    first = -0.8e-9 * slow.G(-0.8) * slow.G(0.0)
    assert found.kappa_kernel[1] == pytest.approx(first, rel=1e-5)


def test_a_convex_problem_asks_for_no_more_than_its_margin():
    found = critical_margins(1.0, [0.0, 0.3])
    assert found.kappa_star.tolist() == found.kappa_kernel.tolist() == [0.0, 0.3]
    # and the norm, convex with 1 at its ends, is why
    assert (naive.norm_of(np.linspace(0, 1, 50), 0.3) <= 1).all()


def test_at_high_load_there_is_no_kernel():
    found = critical_margins([3.5, 4.0], -0.5)
    assert found.has_kernel.tolist() == [True, False]
    assert np.isfinite(found.kappa_star).all()
    assert np.isnan(found.kappa_kernel).tolist() == [False, True]
    assert found.converged.all()
    # a solution close to the largest margin is not connected to typical ones
    top = float(max_margin(4.0).kappa_max)
    assert not barrier_peak(4.0, -0.5, (-0.5, top - 1e-3)).connected


def test_unstable_replica_symmetry_is_pointed_out():
    found = critical_margins([1.0, 4.0], -0.5)
    assert found.star_stable.tolist() == found.kernel_stable.tolist() == [True, False]


def test_arguments_broadcast_and_results_are_read_only():
    found = critical_margins([0.5, 1.0, 2.0], [[-0.5], [-1.0]])
    assert found.kappa_star.shape == found.has_kernel.shape == (2, 3)
    assert found.kappa_kernel[1, 2] == critical_margins(2.0, -1.0).kappa_kernel
    assert critical_margins([], -0.5).kappa_star.shape == (0,)
    with pytest.raises(ValueError, match="read-only"):
        found.kappa_star[0, 0] = 0


def test_a_root_that_is_not_found_is_nan_and_says_so(monkeypatch):
    monkeypatch.setattr(here, "_root", lambda *_: np.nan)
    found = critical_margins(1.0, -0.5)
    assert np.isnan([found.kappa_star, found.kappa_kernel]).all()
    assert not found.converged


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((6.0, -0.5), "margins must stay below -0.6192.*; one is -0.5"),
        ((-1.0, -0.5), "alpha must be finite and at least 0; it is -1"),
        ((1.0, np.nan), "kappa must be finite"),
        ((1.0, -26.0), "at least -25; it is -26"),
    ],
)
def test_what_has_no_solutions_is_refused(arguments, match):
    with pytest.raises(DomainError, match=match):
        critical_margins(*arguments)
