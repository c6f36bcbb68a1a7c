import numpy as np
import pytest

from entropic.theory import (
    DomainError,
    SlowDynamics,
    kramers_rate,
    langer_rate,
    mean_exit_time,
)


def slope(y):
    """Of −y²/2 + y⁴/4 + 0.3(y³/3): an asymmetric double well with its top at 0."""
    return y**3 - y + 0.3 * y**2


WELL = (-0.3 - np.sqrt(0.09 + 4)) / 2


def exact_rate(heat):
    """From the bottom to far beyond the top, by quadrature."""
    y = np.linspace(-2.6, 0.75, 16001)
    flow = SlowDynamics(y, -slope(y), np.full_like(y, heat))
    return 1 / mean_exit_time(flow, WELL, "right").time.value[0]


def test_the_rate_of_kramers_is_approached_at_second_order_in_the_temperature():
    gaps, leading = [], []
    for heat in (0.03, 0.015):
        found, exact = kramers_rate(slope, heat, WELL, 0.0), exact_rate(heat)
        gaps.append(found.value / exact - 1)
        assert abs(found.value - exact) < 5 * found.error
        second = [3 * WELL**2 - 1 + 0.6 * WELL, -1.0]
        rise = -(-(WELL**2) / 2 + WELL**4 / 4 + 0.1 * WELL**3)
        plain = np.sqrt(-second[0] * second[1]) / (2 * np.pi) * np.exp(-rise / heat)
        leading.append(plain / exact - 1)
    assert leading[0] / leading[1] == pytest.approx(2, abs=0.25)
    assert gaps[0] / gaps[1] == pytest.approx(4, abs=0.8)
    assert abs(gaps[1]) < 0.1 * abs(leading[1])


def test_the_mobility_that_counts_is_that_at_the_top():
    y = np.linspace(-2.1, 0.75, 16001)
    mobility = 1 + 0.5 * np.tanh(3 * y)
    heat = 0.01
    drift = -mobility * slope(y) + heat * np.gradient(mobility, y, edge_order=2)
    flow = SlowDynamics(y, drift, heat * mobility)
    exact = 1 / mean_exit_time(flow, WELL, "right").time.value[0]
    assert kramers_rate(slope, heat, WELL, 0.0).value == pytest.approx(exact, rel=0.02)
    assert kramers_rate(slope, heat, WELL, 0.0, mobility=0.5).value < 0.6 * exact


def test_langer_in_one_dimension_is_kramers_and_idle_directions_drop_out():
    one = langer_rate([[2.0]], [[-1.0]], 0.25, 0.05)
    assert one == pytest.approx(np.sqrt(2) / (2 * np.pi) * np.exp(-5))
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    many = langer_rate(
        turn @ np.diag([2.0, 7.0, 3.0]) @ turn.T, np.diag([7.0, -1.0, 3.0]), 0.25, 0.05
    )
    assert many == pytest.approx(one)


def test_langer_of_a_valley_is_kramers_of_its_effective_potential():
    """To leading order: √(det H⊥) at minimum and saddle is the entropic part (k T/2) ln g."""
    heat, k, stiff = 0.004, 3, lambda y: 2 + y
    whole = langer_rate(
        np.diag([2.0] + [stiff(-1.0)] * k), np.diag([-1.0] + [stiff(0.0)] * k), 0.25, heat
    )

    def force(y):
        return y**3 - y + 0.5 * k * heat / stiff(y)

    roots = np.roots([1, 2, -1, -2, 0.5 * k * heat]).real  # (y³ − y)(2 + y) + kT/2
    low, top = (roots[np.argmin(np.abs(roots - at))] for at in (-1, 0))
    assert kramers_rate(force, heat, low, top).value == pytest.approx(whole, rel=0.03)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: kramers_rate(slope, 0.0, WELL, 0.0), "temperature must be a positive number"),
        (lambda: kramers_rate(slope, 1.0, 0.0, WELL), "V'' must be positive at the minimum"),
        (lambda: kramers_rate(slope, 1.0, WELL, 0.0, -1), "mobility must be a positive number"),
        (lambda: langer_rate(np.diag([1, -1]), np.eye(2), 1, 1), "minimum must be positive, 2 by"),
        (lambda: langer_rate([[1.0]], np.diag([1, -1]), 1, 1), "eigenvalue of 1 is 1"),
        (lambda: langer_rate(np.eye(2), np.eye(2), 1, 1), "one negative eigenvalue; it has 0"),
        (lambda: langer_rate(np.eye(2), -np.eye(2), 1, 1), "one negative eigenvalue; it has 2"),
    ],
)
def test_what_is_no_barrier_is_refused(call, match):
    with pytest.raises(DomainError, match=match):
        call()


def test_places_and_hessians_that_are_none_are_refused():
    for minimum in (0.0, np.nan, np.inf):
        with pytest.raises(DomainError, match="minimum and maximum must be two places"):
            kramers_rate(lambda y: y**3 - y, 0.1, minimum, 0.0)
    with pytest.raises(DomainError, match="the rise must be a finite number; it is nan"):
        langer_rate(np.eye(2), np.diag([-1.0, 1.0]), np.nan, 1.0)
    with pytest.raises(DomainError, match="a Hessian must be symmetric"):
        langer_rate([[1.0, 5.0], [0.0, 1.0]], np.diag([-1.0, 1.0]), 1.0, 1.0)
    with pytest.raises(DomainError, match="a Hessian must be a square matrix"):
        langer_rate(np.ones((2, 3)), np.diag([-1.0, 1.0]), 1.0, 1.0)
