import naive_franz_parisi as naive
import numpy as np
import pytest
from scipy.special import log_ndtr

from entropic.theory.perceptron.gaussian import Pattern
from entropic.theory.perceptron.pair_pattern import Overlaps, PairPattern, Reference
from entropic.theory.perceptron.stretched import COARSE, FINE

# q̃, κ̃, κ, p, c², e
MILD = [
    (0.5, 0.2, 0.0, 0.6, 0.08, 0.15),
    (0.3, -0.5, -0.5, 0.2, 0.3, 0.2),
    (0.6, 0.4, 0.1, -0.3, 0.3, -0.1),
    (0.2, 0.0, 0.5, 0.5, 0.2, 0.05),
]
SHARP = [
    (0.9, 0.0, 0.0, 0.96, 0.01, 0.02),
    (0.99, 0.0, 0.0, 0.994, 0.003, 0.002),
    (0.97, 0.0, 0.0, 0.88, 0.08, 1.8),
    (0.5, 0.0, 0.0, 0.998, 1e-4, 2e-3),
    (0.5, 0.5, 0.0, 0.998, 1e-6, 2e-4),
    (0.1, -2.0, -2.0, 0.6, 0.006, 0.02),
    (0.85, 3.0, 3.0, 0.7, 0.01, 0.1),
    (0.61, 3.0, 3.0, 0.4, 0.045, 0.864),
]


def pair(case, step=FINE):
    q_ref, margin, kappa, *rest = case
    ref = Reference("binary", 1.0, kappa, margin, q_ref, 1 - q_ref, 1.0)
    p, c2, e = (np.array([value]) for value in rest)
    gap = 1 - p**2 - c2 - (1 - q_ref) / q_ref * e**2
    return PairPattern(ref, Overlaps(p, gap, c2, e), step)


def at_overlaps(case, p, q, t, step=FINE):
    q_ref, margin, kappa, *_ = case
    e = (t - q_ref * p) / (1 - q_ref)
    return pair((q_ref, margin, kappa, p, q - p * p - (1 - q_ref) / q_ref * e * e, e), step)


def overlaps(case):
    q_ref, _, _, p, c2, e = case
    return p, p * p + c2 + (1 - q_ref) / q_ref * e * e, q_ref * p + (1 - q_ref) * e


def log_fraction(pattern):
    return float((pattern.entropy() - 0.5 * pattern.force() * pattern.at.gap)[0])


@pytest.mark.parametrize("case", MILD)
def test_the_mean_log_fraction_is_the_nested_sum_over_every_field(case):
    p, q, t = overlaps(case)
    exact = naive.pattern_part(*case[:3], p, q, t)
    assert log_fraction(pair(case)) == pytest.approx(exact, rel=1e-7)


@pytest.mark.parametrize("case", MILD + SHARP)
def test_the_tilted_measure_is_normalised(case):
    assert pair(case).flat.sum() == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("case", MILD)
@pytest.mark.parametrize("share", [0.0, 0.7, -2.0])
def test_what_force_the_reference_does_not_share_is_a_square_written_out(case, share):
    pattern = pair(case)
    q_ref, margin, *_ = case
    z, weight = np.polynomial.hermite_e.hermegauss(200)
    u = (margin - np.sqrt(q_ref) * z) / np.sqrt(1 - q_ref)
    log_pull = -0.5 * u * u - log_ndtr(-u)
    of_reference = weight @ np.exp(2 * log_pull) / np.sqrt(2 * np.pi) ** 3 / (1 - q_ref)
    written_out = pattern.force() - 2 * share * pattern.common_force() + share**2 * of_reference
    assert pattern.own_force(np.array([share])) == pytest.approx(written_out, rel=1e-6)


@pytest.mark.parametrize("case", MILD + SHARP)
def test_a_third_of_the_step_changes_no_digit_that_counts(case):
    def numbers(step):
        pattern = pair(case, step)
        forces = pattern.force(), pattern.common_force(), pattern.edge_force()
        return np.concatenate((pattern.entropy(), *forces, *pattern.growth()))

    exact = numbers(FINE / 2)
    np.testing.assert_allclose(numbers(FINE), exact, rtol=2e-10)
    np.testing.assert_allclose(numbers(COARSE), exact, rtol=2e-6)


@pytest.mark.parametrize("case", MILD)
def test_the_forces_are_slopes_of_the_mean_log_fraction(case):
    p, q, t = overlaps(case)
    step = 1e-5

    def slope(*direction):
        up, down = (
            log_fraction(
                at_overlaps(case, *(v + s * x for v, x in zip((p, q, t), direction, strict=True)))
            )
            for s in (step, -step)
        )
        return (up - down) / (2 * step)

    pattern = pair(case)
    assert slope(1, 0, 0) == pytest.approx(pattern.edge_force()[0], rel=1e-6)
    assert slope(0, 1, 0) == pytest.approx(-0.5 * pattern.force()[0], rel=1e-6)
    assert slope(0, 0, 1) == pytest.approx(-pattern.common_force()[0], rel=1e-6)


@pytest.mark.parametrize("case", MILD)
def test_the_growth_is_the_slope_of_the_forces(case):
    p, q, t = overlaps(case)
    by_q, by_t_half, by_t = pair(case).growth()
    step = 1e-5

    def slopes(dq, dt):
        up = at_overlaps(case, p, q + dq, t + dt)
        down = at_overlaps(case, p, q - dq, t - dt)
        force, common = up.force() - down.force(), up.common_force() - down.common_force()
        return np.concatenate((force, common)) / (2 * step)

    np.testing.assert_allclose(slopes(step, 0), [by_q[0], by_t_half[0]], rtol=1e-6)
    np.testing.assert_allclose(slopes(0, step), [2 * by_t_half[0], by_t[0]], rtol=1e-6)


@pytest.mark.parametrize("kappa", [-1.0, 0.0, 0.7])
def test_weights_drawn_without_regard_to_the_reference_feel_their_own_patterns_alone(kappa):
    # p = t: the tilt integrates out
    q_ref, margin, q, t = 0.4, 0.3, 0.5, 0.35
    case = (q_ref, margin, kappa, t, 0.0, t)
    found = at_overlaps(case, t, q, t)
    alone = Pattern(np.array([q]), np.array([1 - q]), np.array([kappa]))
    assert log_fraction(found) == pytest.approx(float(alone.log_fraction()[0]), rel=1e-11)
    assert found.force() * (1 - q) == pytest.approx(alone.force(), rel=1e-11)


def test_another_reference_has_the_field_of_references():
    # c = 0, p = t = q = q̃: w is one more reference
    q, margin = 0.55, 0.2
    ref = Reference("binary", 1.0, margin, margin, q, 1 - q, 1.0)
    one = np.array([q])
    found = PairPattern(ref, Overlaps(one, 1 - one, np.zeros(1), one), FINE)
    alone = Pattern(one, 1 - one, np.array([margin]))
    assert found.force() * (1 - q) == pytest.approx(alone.force(), rel=1e-10)
    assert found.common_force() == pytest.approx(found.force(), rel=1e-10)


def test_a_reference_without_patterns_to_keep_leaves_a_plain_normal_field():
    # κ̃ = −10 and tiny q̃: h̃ is a standard normal, and so is the mean of ln H over ω
    p, c2 = 0.5, 0.2
    ref = Reference("binary", 1.0, 0.3, -10.0, 1e-40, 1.0, 1.0)
    found = PairPattern(ref, Overlaps(*(np.array([v]) for v in (p, 1 - p * p - c2, c2, 0.0))), FINE)
    z, weight = np.polynomial.hermite_e.hermegauss(100)
    u = (0.3 - np.sqrt(p * p + c2) * z) / np.sqrt(1 - p * p - c2)
    plain = weight @ log_ndtr(-u) / np.sqrt(2 * np.pi)
    assert log_fraction(found) == pytest.approx(plain, rel=1e-8)


def test_points_are_independent():
    cases = np.array([MILD[0], (*MILD[0][:3], 0.5, 0.1, 0.2), (*MILD[0][:3], 0.99, 1e-3, 0.01)])
    q_ref, margin, kappa = MILD[0][:3]
    ref = Reference("binary", 1.0, kappa, margin, q_ref, 1 - q_ref, 1.0)
    p, c2, e = cases[:, 3:].T
    gap = 1 - p**2 - c2 - (1 - q_ref) / q_ref * e**2
    together = PairPattern(ref, Overlaps(p, gap, c2, e), FINE).common_force()
    alone = [pair(tuple(case)).common_force()[0] for case in cases]
    np.testing.assert_allclose(together, alone, rtol=1e-11)
