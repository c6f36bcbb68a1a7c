import numpy as np
import pytest
from naive_whole import whole_chain_exit

from entropic.theory import (
    CurvatureAligned,
    Thermal,
    Valley,
    corrected_dynamics,
    mean_exit_time,
    monitoring_shift,
    moved_ends,
    shape,
    slow_dynamics,
)
from entropic.theory.chain import Chain
from entropic.theory.end_shifts import outward_shift
from entropic.theory.slow import SlowDynamics

HEAT = 0.5


@pytest.mark.parametrize("energy", ["y**2/2", "2*y", "y**3 - y"])
def test_watched_once_a_step_what_remains_is_of_order_three_halves_in_the_step(energy):
    """Against the chain of kicks; without the step of y and the quarter of one it is order 1."""
    valley, gaps = Valley(shape(energy), shape("1")), []
    for step in (0.01, 0.005, 0.0025):
        plain = slow_dynamics(valley, Thermal(HEAT), (-1, 1))
        kicks = SlowDynamics(plain.y, plain.drift * step, plain.diffusion * step)
        exact = Chain(kicks, -1, 1).mean_exit([0.2])[0] * step
        ends = moved_ends(valley, Thermal(HEAT), (-1, 1), "both", step, monitored=True)
        better = corrected_dynamics(valley, Thermal(HEAT), ends, step)
        rival = slow_dynamics(valley, Thermal(HEAT), ends)
        times = [mean_exit_time(slow, 0.2).time.value[0] for slow in (better, rival)]
        gaps.append([times[0] + step / 4 - exact, times[1] - exact])
    orders = np.log2(np.abs(gaps[1]) / np.abs(gaps[2]))
    assert orders[0] == pytest.approx(1.5, abs=0.12)
    assert orders[1] == pytest.approx(1.0, abs=0.06)
    assert abs(gaps[2][0] / exact) < 6e-4


def test_a_free_walk_watched_once_a_step_leaves_as_the_moved_ends_and_a_quarter_of_a_step_say():
    """To all orders in the step: ⟨y²⟩ grows by 2T a unit of time, and the overshoot ends it."""
    for step in (0.02, 0.08):
        free = Valley(shape("0"), shape("1"))
        plain = slow_dynamics(free, Thermal(HEAT), (-1, 1))
        kicks = SlowDynamics(plain.y, plain.drift, plain.diffusion * step)
        exact = Chain(kicks, -1, 1).mean_exit([0.2])[0] * step
        ends = moved_ends(free, Thermal(HEAT), (-1, 1), "both", step, monitored=True)
        slow = corrected_dynamics(free, Thermal(HEAT), ends, step)
        assert mean_exit_time(slow, 0.2).time.value[0] + step / 4 == pytest.approx(exact, rel=3e-5)


@pytest.mark.parametrize("noise", [Thermal(HEAT), CurvatureAligned(HEAT, 25.0)], ids=str)
def test_a_mirror_moves_as_the_whole_chain_says(noise):
    valley, heat, step = Valley(shape("0"), shape("25*exp(y/2)")), 0.35, 0.02
    exact = whole_chain_exit(valley, noise, heat, step, (-1, 1), 0.2, "right")
    low, high = moved_ends(valley, noise, (-1, 1), "left", step, heat, monitored=True)
    gaps = []
    for ends in ((low, high), (low, 1)):
        slow = corrected_dynamics(valley, noise, ends, step, heat)
        time = mean_exit_time(slow, 0.2, "left").time.value[0] + step / 4
        gaps.append(abs(time / exact - 1))
    assert gaps[0] < 5e-5
    assert gaps[0] < 0.1 * gaps[1]


def test_a_force_onto_a_mirror_moves_it_inwards_by_half_a_step_of_it():
    sloping = Valley(shape("3*y"), shape("1"))
    low, high = moved_ends(sloping, Thermal(HEAT), (-1, 1), "right", 0.01)
    assert low == pytest.approx(-1 + 0.015)
    assert high == 1
    low, high = moved_ends(sloping, Thermal(HEAT), (-1, 1), "left", 0.01, monitored=True)
    assert high == pytest.approx(1 + 0.015)
    assert low == pytest.approx(-1 - monitoring_shift(HEAT, 0.01))


def test_where_the_stiffness_does_not_change_only_looks_move_an_end():
    flat = Valley(shape("y**2"), shape("3"), 7)
    assert moved_ends(flat, Thermal(HEAT), (-1, 1)) == (-1, 1)
    assert moved_ends(flat, Thermal(HEAT), (-1, 1), step=0.1) == (-1, 1)
    shift = monitoring_shift(HEAT, 0.1)
    ends = moved_ends(flat, Thermal(HEAT), (-1, 1), step=0.1, monitored=True)
    assert ends == pytest.approx((-1 - shift, 1 + shift))


def test_in_a_bath_of_one_temperature_a_mirror_has_no_layer():
    """Its stationary law is exact for x and y together, so that nothing can move it."""
    valley = Valley(shape("0"), shape("exp(y)"), 3)
    assert outward_shift(valley, Thermal(HEAT), 1.0, 1, False) == pytest.approx(0, abs=1e-8)
    # absorbing: −k T g'²/4g³ √(T/2g), inwards
    expected = -3 * HEAT / (4 * np.e) * np.sqrt(HEAT / (2 * np.e))
    assert outward_shift(valley, Thermal(HEAT), 1.0, 1, True) == pytest.approx(expected, rel=1e-6)
    assert outward_shift(valley, Thermal(HEAT), 1.0, -1, True) == pytest.approx(expected, rel=1e-6)


def test_the_layer_of_kicks_becomes_the_layer_of_continuous_time():
    valley, noise = Valley(shape("0"), shape("24*exp(y)"), 2), CurvatureAligned(HEAT, 24.0)
    smooth = outward_shift(valley, noise, 1.0, 1, True, 0.0, 0.3)
    gaps = []
    for step in (1e-3, 1e-4, 1e-5):
        kicks = outward_shift(valley, noise, 1.0, 1, True, step, 0.3, monitored=True)
        gaps.append(abs((kicks - monitoring_shift(0.3, step)) / smooth - 1))
    assert gaps[2] < 2e-3
    assert gaps[2] < gaps[1] < gaps[0]
