import numpy as np
import pytest
import sympy as sp

from entropic.theory import DomainError, Surface, laplace_expansion, marginal_potential, surface

Y = np.linspace(-1, 1, 5)
CURVED = "x**4/4 + (2 + y)*x**2/2 + y*x**3/9 + y**2"


@pytest.mark.parametrize("text", [CURVED, "cosh(x - sin(y))*(1 + y**2)", "exp(x) - x*(2 + y)"])
def test_the_error_is_what_is_missing_and_vanishes_as_a_power_of_the_temperature(text):
    gaps, wrong = [], []
    for heat in (0.02, 0.01):
        exact, found = (
            ask(surface(text), heat, Y) for ask in (marginal_potential, laplace_expansion)
        )
        gap = found.potential.value - exact.potential.value
        assert np.all(np.abs(gap) <= 1.2 * found.potential.error + 1e-14)
        push = found.force.value - exact.force.value
        assert np.all(np.abs(push) <= 1.3 * found.force.error + 1e-13)
        gaps.append(np.abs(gap).max())
        wrong.append(np.abs(push).max())
    power = 4 if "exp" in text else 3  # Stirling's series has no term of this order
    assert np.log2(gaps[0] / gaps[1]) == pytest.approx(power, abs=0.15)
    assert np.log2(wrong[0] / wrong[1]) == pytest.approx(power, abs=0.15)


def test_the_term_left_out_is_the_next_one():
    """The gap to the exact potential, extrapolated to no temperature."""
    ratios = []
    for heat in (4e-3, 2e-3):
        exact, found = (
            ask(surface(CURVED), heat, Y) for ask in (marginal_potential, laplace_expansion)
        )
        ratios.append((exact.potential.value - found.potential.value) / found.orders[3])
    np.testing.assert_allclose(2 * ratios[1] - ratios[0], 1, atol=1e-3)


def test_the_orders_are_those_of_computer_algebra():
    """ln of the average of exp(−√T …) over a Gaussian, expanded with symbols for λ₃ to λ₆."""
    root, z = sp.symbols("s z")
    lam = sp.symbols("l3:7")
    anharmonic = sum(
        c * z**n * root ** (n - 2) / sp.factorial(n) for n, c in zip(range(3, 7), lam, strict=True)
    )
    average = sp.S(1)
    for m in range(1, 5):
        power = sp.expand((-anharmonic) ** m / sp.factorial(m))
        average += sum(
            c * root**k * sp.factorial2(n - 1)
            for (n, k), c in sp.Poly(power, z, root).terms()
            if n % 2 == 0 and k <= 4
        )
    series = sp.expand(sp.series(sp.log(average), root, 0, 5).removeO())
    values = dict(zip(lam, (0.7, 1.3, -0.4, 2.1), strict=True))
    # a V with these λ: stiffness 1 at 0, heat 0.01
    text = " + ".join(
        [
            "x**2/2",
            *(f"({v})*x**{n}/{sp.factorial(n)}" for n, v in enumerate(values.values(), 3)),
        ]
    )
    found = laplace_expansion(surface(f"{text} + 0*y"), 0.01, [0.0])
    for i, power in ((2, 2), (3, 4)):
        expected = -0.01 * float(series.coeff(root, power).subs(values)) * 0.01 ** (power // 2)
        assert found.orders[i, 0] == pytest.approx(expected, rel=1e-12)


def test_the_floor_is_where_the_slope_in_x_vanishes():
    v = surface("cosh(x - sin(3*y))*(1 + y**2)")
    found = laplace_expansion(v, 0.05, Y)
    np.testing.assert_allclose(found.place, np.sin(3 * Y), atol=1e-13)
    np.testing.assert_allclose(found.stiffness, 1 + Y**2, rtol=1e-12)
    np.testing.assert_allclose(found.orders[0], 1 + Y**2, rtol=1e-13)


def test_a_valley_has_nothing_beyond_the_logarithm():
    found = laplace_expansion(surface("y**2 + (2 + y)*x**2/2"), 0.3, Y)
    np.testing.assert_allclose(found.potential.value, Y**2 + 0.15 * np.log(2 + Y), atol=1e-14)
    np.testing.assert_allclose(found.force.value, -2 * Y - 0.15 / (2 + Y), atol=1e-13)
    assert not found.potential.error.any()


def test_towards_a_flat_floor_the_expansion_says_that_it_fails():
    v, y = surface("x**4/4 + y*x**2/2"), np.array([1.0, 0.1])
    found, exact = laplace_expansion(v, 0.02, y), marginal_potential(v, 0.02, y)
    gap = np.abs(found.potential.value - exact.potential.value)
    assert np.all(gap < 1.2 * found.potential.error)
    assert found.potential.error[0] < 2e-3 * 0.02 < 0.02 < found.potential.error[1]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("(x**2 - 1)**2 + y", "one well at every y; at y = .* 10 temperatures part two of them"),
        ("x**4 + y**2", "must have a positive second derivative in x; at y = -1 it is 0"),
        ("abs(x) + y", "must have a positive second derivative in x"),
        ("x*y", "must rise by 40 temperatures on both sides in x; at y = -1 it does not"),
    ],
)
def test_a_floor_that_cannot_be_expanded_around_is_refused(text, match):
    with pytest.raises(DomainError, match=match):
        laplace_expansion(surface(text), 0.1, Y)


def test_an_expansion_needs_a_formula():
    v = surface("x**2")
    handmade = Surface(v.value, v.slope_x, v.slope_y, v.params, "mine")
    assert marginal_potential(handmade, 0.1, [0.0]).barrier[0] == 0
    with pytest.raises(DomainError, match="'mine' was not read from a formula"):
        laplace_expansion(handmade, 0.1, [0.0])
    with pytest.raises(DomainError, match="temperature must be a positive number"):
        laplace_expansion(v, -1.0, [0.0])
