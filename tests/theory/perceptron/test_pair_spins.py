import naive_franz_parisi as naive
import numpy as np
import pytest

from entropic.theory.perceptron.binary import Binary
from entropic.theory.perceptron.pair_pattern import Reference
from entropic.theory.perceptron.pair_spins import PairSpins
from entropic.theory.perceptron.stretched import COARSE, FINE

# ln q̂̃, q̂, t̂, p̂
CASES = [(0.5, 1.2, 0.8, 1.5), (-1.0, 2.0, 0.3, -0.7), (1.2, 0.9, 1.1, 0.2), (0.0, 30.0, 1.0, 12.0)]


def reference(x):
    saddle = Binary(np.array([x]), np.zeros(1))
    q, gap, q_hat = (float(part[0]) for part in (saddle.q, saddle.gap, saddle.q_hat))
    return Reference("binary", 1.0, 0.0, 0.0, q, gap, q_hat)


def spins(case, step=FINE):
    x, *fields = case
    return PairSpins(reference(x), *(np.array([field]) for field in fields), step)


def numbers(found):
    return np.array([found.missing(), *found.sides(), found.lean(), found.spread()])[:, 0]


@pytest.mark.parametrize("case", CASES[:3])
def test_the_overlaps_are_slopes_of_the_free_entropy(case):
    # G = ⟨ln 2cosh h⟩: ½(1 − q), p and −t are its slopes by q̂, p̂ and t̂
    ref, found = reference(case[0]), spins(case)
    step = 1e-5

    def slope(which):
        fields = np.array(case[1:])
        move = step * np.eye(3)[which]
        up, down = (naive.spin_part(ref.q_hat, *(fields + s * move)) for s in (1, -1))
        return (up - down) / (2 * step)

    up, down = found.sides()
    p = 0.5 * (up - down)[0]
    t = ref.q * p + ref.gap * found.lean()[0]
    assert slope(0) == pytest.approx(0.5 * found.missing()[0], rel=1e-6)
    assert slope(1) == pytest.approx(-t, rel=1e-6)
    assert slope(2) == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize("case", CASES[:3])
def test_the_entropy_is_the_free_entropy_less_the_fields_on_the_overlaps(case):
    ref, found = reference(case[0]), spins(case)
    _, q_hat, t_hat, p_hat = case
    up, down = found.sides()
    p = 0.5 * (up - down)[0]
    t = ref.q * p + ref.gap * found.lean()[0]
    energy = p_hat * p - t_hat * t + q_hat * found.missing()[0]
    free = naive.spin_part(ref.q_hat, q_hat, t_hat, p_hat)
    assert found.entropy()[0] == pytest.approx(free - energy, rel=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_the_growth_is_the_slope_of_the_overlaps(case):
    step, fields = 1e-5, np.array(case[1:])
    growth = np.array(spins(case).growth())[..., 0]
    for which in range(3):
        move = step * np.eye(3)[which]
        up, down = (numbers(spins((case[0], *(fields + s * move)))) for s in (1, -1))
        slopes = (up - down) / (2 * step)
        of_q, of_p, of_e = growth[:, which]
        np.testing.assert_allclose(
            slopes[[0, 1, 3]], [-of_q, of_p, of_e], rtol=1e-6, atol=1e-9, err_msg=str(which)
        )


@pytest.mark.parametrize("case", CASES)
def test_the_coarse_rule_has_seven_digits(case):
    np.testing.assert_allclose(numbers(spins(case, COARSE)), numbers(spins(case)), rtol=1e-6)
    np.testing.assert_allclose(numbers(spins(case)), numbers(spins(case, FINE / 2)), rtol=1e-10)


@pytest.mark.parametrize("size", [1e-3, 1e-8, 1e-30])
def test_the_smallest_fields_leave_an_exact_response(size):
    # the variance of m is q̂ (1 − m²)² for a small field, however small
    found = spins((0.5, size, 0.0, 1.3))
    response = size / np.cosh(1.3) ** 4
    assert found.spread()[0] == pytest.approx(response, rel=max(1e-10, 20 * size))


def test_a_spin_that_is_one_more_reference_has_its_overlap():
    ref = reference(0.5)
    found = spins((0.5, ref.q_hat, ref.q_hat, ref.q_hat))
    up, down = found.sides()
    assert found.missing()[0] == pytest.approx(ref.gap, rel=1e-10)
    assert 0.5 * (up - down)[0] == pytest.approx(ref.q, rel=1e-10)
    assert found.lean()[0] == pytest.approx(ref.q, rel=1e-9)
