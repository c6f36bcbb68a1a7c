import numpy as np
import pytest
from naive_whole import whole_chain_exit

from entropic.theory import (
    CurvatureAligned,
    DomainError,
    SlowDynamics,
    Thermal,
    Valley,
    corrected_dynamics,
    effective_potential,
    exact_exit_time,
    mean_exit_time,
    moved_ends,
    shape,
    slow_dynamics,
    stationary_density,
    valley_exit_time,
)

HEAT = 0.5


def valley_at(scale, stiffness="3*exp(y)", fast_dims=2):
    """The same valley with fast directions ``scale`` times as stiff, and so much faster."""
    return Valley(shape("y**2/2"), shape(f"{scale!r}*({stiffness})"), fast_dims)


CASES = [
    (noise, heat, absorb)
    for noise in (lambda g0: Thermal(HEAT), lambda g0: CurvatureAligned(HEAT, g0))
    for heat, absorb in ((HEAT, "both"), (0.8, "right"), (0.8, "left"))
]


@pytest.mark.parametrize(("make", "heat", "absorb"), CASES)
def test_the_corrected_exit_time_is_of_second_order_and_the_adiabatic_one_of_first(
    make, heat, absorb
):
    """Against both coordinates solved together, as the fast one becomes faster."""
    gaps = []
    for scale in (16.0, 32.0, 64.0):
        valley, noise = valley_at(scale), make(3 * scale)
        exact = exact_exit_time(valley, noise, 0.2, (-1, 1), absorb, heat).time
        assert exact.error[0] < 2e-6 * exact.value[0]
        plain = slow_dynamics(valley, noise, (-1, 1), 0, heat)
        unmoved = corrected_dynamics(valley, noise, (-1, 1), 0, heat)
        better = corrected_dynamics(
            valley, noise, moved_ends(valley, noise, (-1, 1), absorb, 0, heat), 0, heat
        )
        gaps.append(
            [
                mean_exit_time(slow, 0.2, absorb).time.value[0] / exact.value[0] - 1
                for slow in (plain, unmoved, better)
            ]
        )
    gaps = np.abs(gaps)
    orders = np.log2(gaps[1] / gaps[2])
    assert orders[0] == pytest.approx(1, abs=0.25)
    assert gaps[-1, 2] < 0.1 * gaps[-1, 0]
    assert gaps[-1, 2] < gaps[-1, 1]  # the layer at the ends belongs to it
    assert gaps[-1, 2] < 4e-4


def test_the_order_of_the_corrected_exit_time_is_two_and_without_the_layer_three_halves():
    heat, gaps = 0.3, []
    for scale in (32.0, 64.0, 128.0, 256.0):
        valley, noise = valley_at(scale), Thermal(HEAT)
        exact = exact_exit_time(valley, noise, 0.2, (-1, 1), "both", heat).time.value[0]
        ends = ((-1, 1), moved_ends(valley, noise, (-1, 1), "both", 0, heat))
        slows = [corrected_dynamics(valley, noise, end, 0, heat) for end in ends]
        gaps.append([mean_exit_time(slow, 0.2).time.value[0] / exact - 1 for slow in slows])
    orders = np.log2(np.abs(gaps[-2]) / np.abs(gaps[-1]))
    assert orders[1] > 1.75, orders
    assert 1.2 < orders[0] < 1.7, orders


@pytest.mark.parametrize("heat", [0.3, 0.5])
@pytest.mark.parametrize("noise", [Thermal(HEAT), CurvatureAligned(HEAT, 50.0)], ids=str)
def test_a_coarse_step_watched_once_against_the_whole_chain(noise, heat):
    """Step * stiffness from 0.5 to 1, where the adiabatic time is up to 7 % off."""
    valley = Valley(shape("y**2/2"), shape("50*(1 + y**2)"))
    step = 0.01
    exact = whole_chain_exit(valley, noise, heat, step, (-1, 1), 0.2)
    times = [
        valley_exit_time(
            *(valley, noise, [0.2], [-1, 1], (), step, heat, "discrete"), correction=correction
        ).relaxation.time.value[0]
        for correction in ("none", "first")
    ]
    rival, first = np.abs(np.array(times) / exact - 1)
    assert first < 1.5e-3
    assert first < 0.06 * rival


def test_in_a_bath_of_one_temperature_the_stationary_law_does_not_change():
    valley, noise = Valley(shape("y**4"), shape("2 + sin(2*y)"), 5), Thermal(0.4)
    slow = corrected_dynamics(valley, noise, (-1, 1))
    weight = np.exp(-effective_potential(valley, noise, slow.y) / 0.4)
    found = stationary_density(slow)
    np.testing.assert_allclose(found / found[0], weight / weight[0], rtol=2e-6)
    mobility = slow.diffusion / 0.4
    g, slope = 2 + np.sin(2 * slow.y), 2 * np.cos(2 * slow.y)
    np.testing.assert_allclose(mobility, 1 / (1 + 5 * 0.4 * slope**2 / (4 * g**3)), rtol=1e-6)


def test_with_nothing_to_follow_it_is_the_adiabatic_dynamics():
    valley = Valley(shape("y**2"), shape("3"), 4)
    plain = slow_dynamics(valley, Thermal(0.2), (-1, 1))
    found = corrected_dynamics(valley, Thermal(0.2), (-1, 1))
    np.testing.assert_allclose(found.drift, plain.drift, atol=1e-10)
    np.testing.assert_allclose(found.diffusion, 0.2, rtol=1e-12)


def test_the_step_of_y_changes_a_linear_force_as_the_exact_chain_of_ornstein_and_uhlenbeck():
    """y ← (1 − ηa)y + kick: rate −ln(1 − ηa)/η, variance T/[a(1 − ½ηa)]; both to first order."""
    step, gaps = 0.02, []
    for eta in (step, step / 2):
        slow = corrected_dynamics(Valley(shape("y**2"), shape("1")), Thermal(0.1), (-2, 2), eta)
        rate, middle = -slow.drift[-1] / 2, slow.diffusion[2000]
        exact = -np.log(1 - 2 * eta) / eta
        variance = 0.1 / (2 * (1 - eta))
        gaps.append([rate / exact - 1, middle / (variance * exact) - 1])
    np.testing.assert_allclose(np.abs(gaps[0]) / np.abs(gaps[1]), 4, rtol=0.1)


def test_the_parts_add_up_to_the_drift():
    slow = corrected_dynamics(valley_at(4.0), Thermal(HEAT), (-1, 1), 0.01)
    assert set(slow.parts) == {"energetic", "entropic", "lag"}
    np.testing.assert_allclose(sum(slow.parts.values()), slow.drift, atol=1e-12)
    assert isinstance(slow, SlowDynamics)
    np.testing.assert_array_equal(
        slow.adiabaticity, slow_dynamics(valley_at(4.0), Thermal(HEAT), (-1, 1), 0.01).adiabaticity
    )


def test_what_the_expansion_cannot_hold_is_refused():
    steep = Valley(shape("0"), shape("1 + 20*y**2"), 400)
    with pytest.raises(DomainError, match="the slope of the slow force must stay far below 1"):
        corrected_dynamics(Valley(shape("-60*y**2"), shape("1")), Thermal(0.5), (-1, 1), 0.01)
    with pytest.raises(DomainError, match="must follow faster than y moves"):
        corrected_dynamics(steep, Growing(), (-1, 1))


class Growing(CurvatureAligned):
    """Noise whose spread grows so fast with the stiffness that friction would change its sign."""

    def __init__(self):
        super().__init__(0.5)

    def variance(self, stiffness, step=0.0):
        return np.asarray(stiffness) ** 2


class Uneven(Thermal):
    """Thermal noise of a covariance among the directions, of which the temperature is the mean."""

    covariance = np.diag([0.9, 0.3, 0.3])


def test_directions_shaken_unevenly_make_the_force_noisier():
    """N goes with Σ T_i², of three independent directions; the lag with their mean."""
    valley = Valley(shape("0"), shape("10 + y"), 3)
    slow = corrected_dynamics(valley, Uneven(0.5), (-1, 1))
    late = 3 * 0.5 / (4 * 10**3)
    noise = (0.81 + 0.09 + 0.09) / (4 * 10**3)
    assert slow.diffusion[2000] == pytest.approx((0.5 + noise) / (1 + late) ** 2, rel=1e-8)
    with pytest.raises(DomainError, match="directions that are alike; these are shaken unevenly"):
        exact_exit_time(valley, Uneven(0.5), 0.0, (-1, 1))
