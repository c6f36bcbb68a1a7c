import pytest
import sympy as sp
from symbolic_numbers import OFF, number

from entropic.theory.symbolic.averages import Mean, by_parts
from entropic.theory.symbolic.symbols import G, H, R, alpha, h, kappa, phi, q, u, v, z


@pytest.mark.parametrize(
    "integrand",
    [z * G(u), z * G(u) * H(v), z * phi(v) * sp.log(H(u)), z * sp.tanh(h), z * u * G(u)],
)
def test_by_parts_leaves_the_average_as_it_is(integrand):
    average = Mean(integrand)
    assert not any(mean.args[0].has(z) for mean in by_parts(average).atoms(Mean))
    assert number(by_parts(average), OFF) == pytest.approx(number(average, OFF), rel=1e-9)


def test_means_are_linear_and_know_what_they_depend_on():
    assert Mean(sp.Integer(3)) == 3
    assert Mean(2 * alpha * G(u) + q) == 2 * alpha * Mean(G(u)) + q
    assert Mean(G(u)).free_symbols == {kappa, q}
    assert Mean(H(v)).free_symbols == {q, R}
    assert Mean(G(u)).diff(R) == 0
    step = 1e-6
    slope = number(Mean(G(u)).diff(q), OFF)
    rises = [number(Mean(G(u)), OFF | {q: OFF[q] + way * step}) for way in (1, -1)]
    assert slope == pytest.approx((rises[0] - rises[1]) / (2 * step), rel=1e-6)
