import numpy as np
import pytest

from entropic.theory import (
    CurvatureAligned,
    DomainError,
    NotConverged,
    Thermal,
    Valley,
    exact_exit_time,
    mean_exit_time,
    shape,
    slow_dynamics,
)

STARTS = [-0.4, 0.3]


@pytest.mark.parametrize("absorb", ["left", "right", "both"])
def test_where_the_stiffness_does_not_change_it_is_the_quadrature(absorb):
    valley = Valley(shape("y**4 - y/3"), shape("2"), 3)
    slow = slow_dynamics(valley, Thermal(0.3), (-1, 1))
    expected = mean_exit_time(slow, STARTS, absorb).time.value
    found = exact_exit_time(valley, Thermal(0.3), STARTS, (-1, 1), absorb).time
    np.testing.assert_allclose(found.value, expected, rtol=1e-9)


def test_fast_directions_that_do_not_move_at_all_average_over_what_they_are():
    """Stiffness a·g with a → 0 at fixed force: x is frozen, and each has its own exit time."""
    scale = 1e-5
    valley = Valley(shape("0"), shape(f"{scale}*(1 + y)", **{}), 2)
    noise = CurvatureAligned(0.5, scale)  # |x|²/2 exponential with mean 1/2·2T g/g... = T/g₀
    found = exact_exit_time(valley, noise, 0.2, (-0.5, 0.5), "both", 0.7).time.value[0]
    # force −½ scale r, r = 2 s z, s = T/g₀: −0.5 z, z exponential
    z, w = np.polynomial.laguerre.laggauss(40)
    c = -0.5 * z
    up = np.expm1(-c * 0.7 / 0.7) / np.expm1(-c / 0.7)
    expected = w @ ((up - 0.7) / c)
    assert found == pytest.approx(expected, rel=2e-4)


def test_both_coordinates_on_a_grid_of_their_own():
    """Finite differences in (|x|, y), Richardson's extrapolation; noise ∝ stiffness, a mirror."""
    valley, noise, heat = Valley(shape("y"), shape("2*exp(y)")), CurvatureAligned(0.5, 2.0), 0.4
    exact = exact_exit_time(valley, noise, 0.0, (-1, 1), "right", heat).time
    assert exact.error[0] < 1e-6 * exact.value[0]
    coarse, fine = (_on_a_grid(n, heat) for n in (32, 64))
    assert (4 * fine - coarse) / 3 == pytest.approx(exact.value[0], rel=1e-3)


def _on_a_grid(n, heat):
    from scipy.sparse import diags_array, eye_array, kron
    from scipy.sparse.linalg import spsolve

    h, top = 2 / n, 3.0
    y = -1 + h * (np.arange(n) + 0.5)
    m = 3 * n // 2
    dx = top / m
    x = dx * (np.arange(m) + 0.5)
    g = 2 * np.exp(y)

    def second(size, width, left, right):
        main = np.full(size, -2.0)
        main[0] += left
        main[-1] += right
        return diags_array([np.ones(size - 1), main, np.ones(size - 1)], offsets=(-1, 0, 1)) / (
            width**2
        )

    def first(size, width, left, right):
        main = np.zeros(size)
        main[0], main[-1] = -left, right
        return diags_array([-np.ones(size - 1), main, np.ones(size - 1)], offsets=(-1, 0, 1)) / (
            2 * width
        )

    across, spread = first(m, dx, 1, 1), second(m, dx, 1, 1)  # mirrors at |x| = 0 and far out
    along, smear = first(n, h, 1, -1), second(n, h, 1, -1)  # mirror left, absorbing right
    ix, iy = eye_array(m), eye_array(n)
    force = -1 - 0.5 * g[:, None] * x[None, :] ** 2  # −U' − ½g'x², g' = g
    operator = -kron(diags_array(g), diags_array(x) @ across)
    operator += kron(diags_array(0.5 * g / 2), spread)
    operator += diags_array(force.ravel()) @ kron(along, ix) + heat * kron(smear, ix)
    u = spsolve((operator + 0 * kron(iy, ix)).tocsc(), -np.ones(n * m)).reshape(n, m)
    weight = np.exp(-(x**2) / (2 * 0.25))  # ⟨x²⟩ = T/g₀
    means = u @ weight / weight.sum()
    return np.interp(0.0, y, means)


def test_the_mirror_image_leaves_through_the_other_end():
    one = Valley(shape("y/2"), shape("2*exp(y)"), 3)
    other = Valley(shape("-y/2"), shape("2*exp(-y)"), 3)
    a = exact_exit_time(one, Thermal(0.4), [0.3], (-1, 0.8), "left").time.value
    b = exact_exit_time(other, Thermal(0.4), [-0.3], (-0.8, 1), "right").time.value
    np.testing.assert_allclose(a, b, rtol=1e-7)


def test_what_cannot_be_is_refused():
    valley = Valley(shape("0"), shape("1 + y**2"))
    with pytest.raises(DomainError, match=r"a start must lie within \[-1, 1\]"):
        exact_exit_time(valley, Thermal(0.5), 2.0, (-1, 1))
    with pytest.raises(DomainError, match="from low to high; it is 1 to -1"):
        exact_exit_time(valley, Thermal(0.5), 0.0, (1, -1))
    with pytest.raises(DomainError, match="stiffness 'y' must be positive"):
        exact_exit_time(Valley(shape("0"), shape("y")), Thermal(0.5), 0.0, (-1, 1))


def test_a_series_that_does_not_settle_says_so_and_hands_over_what_it_has(monkeypatch):
    monkeypatch.setattr("entropic.theory.laguerre.SIZES", ((8, 2), (9, 3)))
    rough = Valley(shape("0"), shape("1.1 + sin(9*y)"), 4)
    with pytest.raises(NotConverged, match="9 points and 3 Laguerre functions") as caught:
        exact_exit_time(rough, Thermal(0.5), 0.0, (-1, 1))
    assert caught.value.found.time.value.shape == (1,)
