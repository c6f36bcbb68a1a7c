import numpy as np
import pytest
from naive_whole import panels, whole_chain_exit

from entropic.theory import (
    CurvatureAligned,
    DomainError,
    Thermal,
    Valley,
    corrected_dynamics,
    late_exit,
    mean_exit_time,
    monitoring_shift,
    moved_ends,
    shape,
    slow_dynamics,
    valley_exit_time,
)
from entropic.theory.chain import Chain
from entropic.theory.end_shifts import ZETA, outward_shift
from entropic.theory.slow import SlowDynamics

HEAT = 0.5


@pytest.mark.parametrize("absorb", ["both", "right", "left"])
@pytest.mark.parametrize("energy", ["y**2/2", "2*y", "y**3 - y", "sin(2*y)"])
def test_watched_once_a_step_and_folded_at_mirrors_it_is_of_second_order_in_the_step(
    energy, absorb
):
    """Against the chain of kicks, whose own error is that of its quadrature, 1e-8."""
    valley, noise, heat, gaps = Valley(shape(energy), shape("1")), Thermal(HEAT), 0.4, []
    ends = {"both": ([-1, 1],), "right": ([1], [-1]), "left": ([-1], [1])}[absorb]
    for step in (0.04, 0.02, 0.01):
        exact = folded_chain_exit(valley, heat, step, 0.2, absorb)
        found = valley_exit_time(
            *(valley, noise, [0.2], *ends), step=step, slow_temperature=heat,
            monitoring="discrete", correction="first",
        )  # fmt: skip
        gaps.append(found.relaxation.time.value[0] / exact - 1)
    gaps = np.abs(gaps)
    assert gaps[2] < 3e-3
    if gaps[2] > 1e-6:  # a constant force between absorbing ends has no error at this order
        assert np.log2(gaps[1] / gaps[2]) == pytest.approx(2, abs=0.2)


def folded_chain_exit(valley, heat, step, start, absorb):
    """Mean exit time of Euler's steps of y alone, folded back at a mirror."""
    kick = np.sqrt(2 * heat * step)
    y, w = panels(-1, 1, kick)
    away = {"both": [], "right": [-2], "left": [2]}[absorb]  # twice the place of the mirror

    def kernel(at):
        ahead = (at - step * valley.energy.derivative(at))[:, None]
        images = [y, *(double - y for double in away)]
        bells = sum(np.exp(-0.5 * ((image - ahead) / kick) ** 2) for image in images)
        return bells / (np.sqrt(2 * np.pi) * kick) * w

    inside = np.linalg.solve(np.eye(len(y)) - kernel(y), np.ones(len(y)))
    return step * (1 + kernel(np.array([start])) @ inside)[0]


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


def test_the_constants_are_those_of_the_zeta_function():
    import mpmath

    assert pytest.approx(float(mpmath.zeta(-0.5) / mpmath.sqrt(2 * mpmath.pi))) == ZETA


def test_a_force_onto_a_mirror_moves_it_inwards_by_half_a_step_of_it():
    sloping = Valley(shape("3*y"), shape("1"))
    low, high = moved_ends(sloping, Thermal(HEAT), (-1, 1), "right", 0.01)
    kicks = 0.03 / np.sqrt(2 * HEAT * 0.01)
    more = -4 * ZETA * kicks**2 * np.sqrt(2 * HEAT * 0.01)
    assert low == pytest.approx(-1 + 0.015 + more)
    assert high == 1
    low, high = moved_ends(sloping, Thermal(HEAT), (-1, 1), "left", 0.01, monitored=True)
    assert high == pytest.approx(1 + 0.015 - more)


def test_where_the_stiffness_does_not_change_only_looks_move_an_end():
    flat = Valley(shape("y**2"), shape("3"), 7)
    assert moved_ends(flat, Thermal(HEAT), (-1, 1)) == (-1, 1)
    assert moved_ends(flat, Thermal(HEAT), (-1, 1), step=0.1) == (-1, 1)
    shift = monitoring_shift(HEAT, 1e-6)
    ends = moved_ends(flat, Thermal(HEAT), (-1, 1), step=1e-6, monitored=True)
    assert ends == pytest.approx((-1 - shift, 1 + shift), abs=1e-8)


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
    assert gaps[2] < 3e-3
    assert gaps[2] < gaps[1] < gaps[0]


def test_a_step_too_small_for_floats_moves_ends_as_no_step_does():
    valley = Valley(shape("y**2/2"), shape("5*(1 + y**2)"), 3)
    for absorb in ("both", "right"):
        still = moved_ends(valley, Thermal(0.5), (-1, 1), absorb)
        for step in (1e-300, 1e-18, 1e-13):
            found = moved_ends(valley, Thermal(0.5), (-1, 1), absorb, step, monitored=True)
            np.testing.assert_allclose(found, still, atol=1e-6)


def test_unknown_ends_a_reversed_interval_and_no_step_are_refused():
    flat = Valley(shape("0"), shape("1"))
    with pytest.raises(DomainError, match="ends must be one of left, right, both; it is 'up'"):
        moved_ends(flat, Thermal(0.5), (-1, 1), "up")
    with pytest.raises(DomainError, match="interval must run from low to high"):
        moved_ends(flat, Thermal(0.5), (1, -1))
    with pytest.raises(DomainError, match="needs a step above 0; it is 0"):
        late_exit(flat, Thermal(0.5), 1.0, 1, 0.0)
