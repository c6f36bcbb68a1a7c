import math
from dataclasses import replace

import numpy as np
import pytest
from naive import nested_exit_time
from naive_whole import whole_chain_exit

from entropic.theory import (
    Chain,
    CurvatureAligned,
    DomainError,
    NotConverged,
    SlowDynamics,
    Thermal,
    Update,
    Valley,
    constant,
    corrected_dynamics,
    late_exit,
    leaves_right,
    mean_exit_time,
    monitoring_shift,
    moved_ends,
    shape,
    slow_dynamics,
    valley_exit_time,
    valley_spectrum,
)

VALLEY = Valley(shape("y**2/4"), shape("1 + y**2"))
NOISE = Thermal(0.3)
STARTS = [-0.4, 0.0, 0.3]


def times(*ends, **more):
    return valley_exit_time(VALLEY, NOISE, STARTS, *ends, **more).relaxation.time.value


@pytest.mark.parametrize(
    ("ends", "absorb"),
    [(([-1, 1],), "both"), (([1], [-1]), "right"), (([-1], [1]), "left")],
)
def test_between_two_ends_it_is_the_mean_exit_time(ends, absorb):
    slow = slow_dynamics(VALLEY, NOISE, (-1, 1), 0.1)
    expected = mean_exit_time(slow, STARTS, absorb).time.value
    np.testing.assert_array_equal(times(*ends, step=0.1), expected)


@pytest.mark.parametrize("heat", [0.1, 0.3])
def test_an_open_side_against_one_quadrature_inside_another_to_infinity(heat):
    def height(y):
        return y**2 / 4 + 0.15 * math.log1p(y**2)

    for end, absorb, interval in ((0.8, "right", (-30, 0.8)), (-0.8, "left", (-0.8, 30))):
        found = valley_exit_time(VALLEY, NOISE, 0.2, end, slow_temperature=heat)
        expected = nested_exit_time(height, heat, interval, 0.2, absorb)
        assert found.relaxation.time.value[0] == pytest.approx(expected, rel=1e-8)


def test_an_open_side_is_the_limit_of_a_far_mirror_and_its_mirror_image_is_the_same():
    right = times([0.8])
    np.testing.assert_allclose(right, times([0.8], [-6]), rtol=1e-9)
    left = valley_exit_time(VALLEY, NOISE, [0.4, 0, -0.3], -0.8).relaxation.time.value
    np.testing.assert_allclose(right, left, rtol=1e-9)


def test_an_open_side_ends_where_the_potential_has_risen_by_what_a_float_forgets():
    flat = Valley(shape("y"), constant(1.0))
    found = valley_exit_time(flat, Thermal(0.5), 1.0, 0.0)
    assert found.interval[0] == 0
    assert found.interval[1] == pytest.approx(18.5)
    assert math.exp(-found.interval[1] / 0.5) < 1e-16
    assert found.relaxation.time.value[0] == pytest.approx(1, rel=1e-9)  # way over drift


def test_a_deeper_well_behind_a_high_barrier_is_found():
    """A barrier of 50 T hides it; with it, the time is longer by e^40."""
    two = Valley(shape("50*exp(-(y + 3)**2*4) - 40*exp(-(y + 5)**2) + y**4/1000"), constant(1.0))
    found = valley_exit_time(two, Thermal(1.0), 0.0, 1.0)
    assert found.interval[0] < -6
    assert found.relaxation.time.value[0] > 1e12


def test_watching_once_a_step_moves_the_absorbing_ends_and_leaves_the_mirror():
    shift = monitoring_shift(0.3, 0.01)
    for ends, moved in (
        (([-1, 1],), ([-1 - shift, 1 + shift],)),
        (([1], [-1]), ([1 + shift], [-1])),
        (([-1], [1]), ([-1 - shift], [1])),
        (([0.8],), ([0.8 + shift],)),
    ):
        discrete = times(*ends, step=0.01, monitoring="discrete")
        np.testing.assert_allclose(discrete, times(*moved, step=0.01), rtol=1e-9)
        assert np.all(discrete > times(*ends, step=0.01))


def test_adiabaticity_is_the_largest_where_the_walker_goes():
    inside = valley_exit_time(VALLEY, NOISE, 0.0, [-1, 1])
    slow = slow_dynamics(VALLEY, NOISE, (-1, 1))
    assert inside.adiabaticity == slow.adiabaticity.max()
    steep = Valley(shape("y**2/4"), shape("exp(y)"))
    opened = valley_exit_time(steep, NOISE, 0.0, 1.0)
    cut = slow_dynamics(steep, NOISE, opened.interval, points=4001)
    assert opened.adiabaticity < 0.1 * cut.adiabaticity.max()  # what is never visited is left out
    assert opened.adiabaticity >= cut.adiabaticity[cut.y > -1].max()
    assert valley_exit_time(Valley(shape("y"), constant(1.0)), NOISE, 1, 0).adiabaticity == 0


def test_a_start_on_an_absorbing_end_has_left():
    found = valley_exit_time(VALLEY, NOISE, [1.0], [-1, 1]).relaxation.time.value
    assert abs(found[0]) < 1e-12
    assert abs(valley_exit_time(VALLEY, NOISE, 1.0, 1.0).relaxation.time.value[0]) < 1e-9


@pytest.mark.parametrize(
    ("start", "ends", "more", "match"),
    [
        (0.0, ([],), {}, "there are 0 absorbing"),
        (0.0, ([-1, 0, 1],), {}, "there are 3 absorbing"),
        (0.0, ([-1, 1], [2]), {}, "2 absorbing and 1 reflecting"),
        ([], ([1],), {}, "1 absorbing and 0 reflecting"),
        (0.0, ([1, 1],), {}, "must differ; both are 1"),
        (0.0, ([1], [1]), {}, "must differ; both are 1"),
        (0.0, ([1, -1],), {}, "must rise from low to high; they are 1, -1"),
        (2.0, ([-1, 1],), {}, "from -1 to 1; 2 does not"),
        ([-2.0, 2.0], ([1],), {}, "from -inf to 1; 2 does not"),
        (np.nan, ([1],), {}, "every start must be a finite number"),
        (0.0, ([np.inf],), {}, "every absorbing end must be a finite number"),
        (0.0, ([1], [np.nan]), {}, "every reflecting end must be a finite number"),
        (0.0, ([1],), {"slow_temperature": -1.0}, "slow temperature must be a positive"),
        (0.0, ([-1, 1],), {"monitoring": "discrete"}, "needs a step above 0; it is 0"),
    ],
)
def test_ends_and_starts_that_do_not_fit_are_refused(start, ends, more, match):
    with pytest.raises(DomainError, match=match):
        valley_exit_time(VALLEY, NOISE, start, *ends, **more)


@pytest.mark.parametrize(
    ("energy", "end", "match"),
    [
        ("0", 1.0, "does not confine on the left .*give --reflect"),
        ("0", -1.0, "does not confine on the right .*give --reflect"),
        ("y", 1.0, "does not confine on the left"),
        ("-y", -1.0, "does not confine on the right"),
        ("0.2*log(1 + y**2)", 1.0, "does not confine on the left"),  # rises too slowly to follow
        ("y**2/2 + 5*y**3", 1.0, "does not confine on the left"),
        ("-log(2 + y)", 1.0, "must be finite .* reflecting end"),
    ],
)
def test_a_potential_that_lets_the_walker_go_is_refused(energy, end, match):
    with pytest.raises(DomainError, match=match):
        valley_exit_time(Valley(shape(energy), constant(1.0)), NOISE, 0.0, end)


def test_the_edge_of_stability_is_no_confinement():
    with pytest.raises(DomainError, match="edge of stability.* reflecting end"):
        valley_exit_time(
            Valley(constant(0.0), shape("1 + y**2")), CurvatureAligned(0.3), 0.0, 1.0, step=0.3
        )


def test_a_kink_in_the_energy_costs_digits_and_says_how_many():
    kinked = Valley(shape("abs(y - 0.1)"), constant(1.0))
    time = valley_exit_time(kinked, Thermal(1.0), 0.0, [-1, 1]).relaxation.time
    exact = nested_exit_time(lambda y: abs(y - 0.1), 1.0, (-1, 1), 0.0, "both")
    assert abs(time.value[0] - exact) <= max(2 * time.error[0], 1e-6)
    assert time.error[0] < 1e-3


def test_a_quadrature_that_is_too_rough_says_so_and_hands_over_what_it_has():
    rough = Valley(shape("0.5*sin(40000*y)"), constant(1.0))
    with pytest.raises(
        NotConverged, match="64001 points on .* give the exit time to no better"
    ) as stopped:
        valley_exit_time(rough, NOISE, 0.0, [-1, 1])
    assert stopped.value.found.time.value.shape == (1,)


COMMON = {"step": 0.01, "slow_temperature": 0.4, "monitoring": "discrete"}


def test_the_first_correction_solves_the_corrected_dynamics_between_the_moved_ends():
    found = valley_exit_time(VALLEY, NOISE, STARTS, [-1, 1], correction="first", **COMMON)
    ends = moved_ends(VALLEY, NOISE, (-1, 1), "both", 0.01, 0.4, monitored=True)
    slow = corrected_dynamics(VALLEY, NOISE, ends, 0.01, 0.4)
    right = leaves_right(slow, STARTS)
    low, high = (
        late_exit(VALLEY, NOISE, end, sign, 0.01, 0.4) for end, sign in ((-1.0, -1), (1.0, 1))
    )
    expected = mean_exit_time(slow, STARTS).time.value + (1 - right) * low + right * high
    np.testing.assert_allclose(found.relaxation.time.value, expected, rtol=1e-10)
    assert found.interval == ends
    assert found.correction == "first"
    assert found.relaxation.start.tolist() == STARTS
    assert "lag" in found.slow.parts
    assert 0 < found.adiabaticity < 2


@pytest.mark.parametrize("ends", [([-1, 1],), ([1], [-1]), ([-1], [1]), ([1],)])
def test_corrections_stand_in_order_beside_the_exact_time(ends):
    """The stiffer the closer: none at first order, first at second."""
    gaps = []
    for scale in (30, 60):
        valley = Valley(shape("y**2/4"), shape(f"{scale}*(1.2 + y**2 + y/2)"), 3)
        none, first, exact = (
            valley_exit_time(
                *(valley, NOISE, STARTS, *ends), slow_temperature=0.4, correction=correction
            ).relaxation.time.value
            for correction in ("none", "first", "exact")
        )
        gaps.append([abs(none / exact - 1).max(), abs(first / exact - 1).max()])
    assert gaps[1][0] == pytest.approx(gaps[0][0] / 2, rel=0.15)
    assert gaps[1][1] < 0.08 * gaps[1][0]
    assert gaps[1][1] < 0.5 * gaps[0][1]


def test_an_exact_time_with_a_step_is_close_to_the_whole_chain_where_the_first_order_is_not():
    valley, noise = Valley(shape("y**2/2"), shape("8*(1 + y**2/2)")), CurvatureAligned(0.5, 8.0)
    step, heat = 0.03, 0.4
    chain = whole_chain_exit(valley, noise, heat, step, (-1, 1), 0.2)
    gaps = [
        valley_exit_time(
            *(valley, noise, [0.2], [-1, 1], (), step, heat, "discrete"), correction=correction
        ).relaxation.time.value[0]
        / chain
        - 1
        for correction in ("none", "first", "exact")
    ]
    gaps = np.abs(gaps)
    assert gaps[0] > 10 * gaps[1] > 10 * gaps[2]
    assert gaps[2] < 2e-3


def test_a_start_at_an_end_that_moved_inwards_is_at_the_end():
    found = valley_exit_time(VALLEY, NOISE, [1.0, 0.0], [-1, 1], correction="first")
    assert found.interval[1] < 1
    assert found.relaxation.time.value[0] == pytest.approx(0, abs=1e-12)
    assert valley_exit_time(
        VALLEY, NOISE, [1.0], [-1, 1], (), 0.01, correction="exact"
    ).relaxation.time.value[0] == pytest.approx(0, abs=1e-12)


def test_the_passage_of_a_watched_walker_against_the_chain_of_kicks():
    step = 0.01
    valley, noise = Valley(shape("y**2/2"), shape("1")), Thermal(0.5)
    found = valley_exit_time(
        *(valley, noise, [0.2, -0.6], [-1, 1], (), step, None, "discrete"), correction="first"
    )
    plain = slow_dynamics(valley, noise, (-1, 1))
    kicks = SlowDynamics(plain.y, plain.drift * step, plain.diffusion * step)
    curves = Chain(kicks, -1, 1).survival([0.2, -0.6], 300)
    clock = step * np.array([0, 30, 100, 300])
    passage = found.first_passage(clock)
    np.testing.assert_allclose(passage.survival.value, curves[:, [0, 30, 100, 300]], atol=3e-4)
    # without the quarter of a step it is off by as much as the density times it
    assert found.late == step / 4
    early = replace(found, late=0.0).first_passage(clock).survival.value
    gaps = [np.abs(s - curves[:, [0, 30, 100, 300]]).max() for s in (passage.survival.value, early)]
    assert gaps[0] < 0.3 * gaps[1]


def test_nothing_but_times_is_known_exactly():
    found = valley_exit_time(VALLEY, NOISE, [0.0], [-1, 1], correction="exact")
    with pytest.raises(DomainError, match="the survival is known of the slow coordinate alone"):
        found.first_passage([1.0])
    with pytest.raises(DomainError, match="the spectrum is known of the slow coordinate alone"):
        found.spectrum(2)
    with pytest.raises(DomainError, match="the spectrum is known of the slow coordinate alone"):
        valley_spectrum(VALLEY, NOISE, 2, (-1.0, 1.0), correction="exact")


@pytest.mark.parametrize("correction", ["none", "first"])
def test_the_modes_of_an_exit_add_up_to_its_mean_time(correction):
    found = valley_exit_time(VALLEY, NOISE, STARTS, [1], [-1], correction=correction)
    times = found.spectrum(150).mean_exit(STARTS)
    np.testing.assert_allclose(times, found.relaxation.time.value, rtol=2e-5)


def test_between_mirrors_the_slowest_rate_follows_the_mobility():
    """Stiffness that changes in the middle alone: friction there, and slower mixing."""
    valley = Valley(shape("0"), shape("3 + 2*tanh(4*y)"), 6)
    rates = [
        valley_spectrum(valley, NOISE, 1, (-1.0, 1.0), correction=c)[0].rates.value[0]
        for c in ("none", "first")
    ]
    assert rates[1] < 0.9 * rates[0]


def test_where_the_first_correction_has_no_interval_left_the_exact_time_stands():
    """Far beyond the adiabatic limit the layers are wider than the interval."""
    valley = Valley(shape("0"), shape("0.02*(1 + y**2)"), 2)
    with pytest.raises(DomainError, match="layers at the ends are wider .*exact does"):
        valley_exit_time(valley, NOISE, [0.0], [-1, 1], correction="first")
    found = valley_exit_time(valley, NOISE, [0.0], [-1, 1], correction="exact")
    assert 1 / (2 * NOISE.temperature) < found.relaxation.time.value[0] < 3
    assert found.adiabaticity > 10


def test_the_change_is_what_the_correction_does_to_the_times():
    ways = ("none", "first")
    none, first = (valley_exit_time(VALLEY, NOISE, STARTS, [-1, 1], correction=way) for way in ways)
    logs = np.log(first.relaxation.time.value / none.relaxation.time.value)
    assert first.change == pytest.approx(np.abs(logs).max())
    assert none.change == 0


def test_a_heavy_ball_leaves_as_its_mobility_its_heat_and_its_watched_ends_say():
    """Both coordinates with momentum, step by step; without the shift of β it is 6 % off."""
    momentum, step, heat, walkers = 0.8, 4e-4, 0.4, 8000
    valley, noise = Valley(shape("y**2/2"), shape("60*(1 + y**2)"), 2), Thermal(0.3)
    rest = (valley, noise, [0.0], [-1, 1], (), step, heat)
    found = valley_exit_time(*rest, "discrete", momentum=momentum).relaxation.time.value[0]
    rng = np.random.default_rng(11)
    spread = np.sqrt(noise.variance(np.array(60.0), Update(step, momentum)))
    x, y = spread * rng.normal(size=(2, walkers)), np.zeros(walkers)
    speed = np.sqrt(2 * heat * step / (1 - momentum**2)) * rng.normal(size=walkers)
    ahead, taken, gone = np.zeros((2, walkers)), 0, []
    while len(y):
        g, slope = 60 * (1 + y**2), 120 * y
        kicks = rng.normal(size=(3, len(y))) * np.sqrt(2 * step)
        push = -y - 0.5 * slope * (x**2).sum(axis=0)
        ahead = momentum * ahead - step * g * x + np.sqrt(0.3) * kicks[:2]
        speed = momentum * speed + step * push + np.sqrt(heat) * kicks[2]
        x, y, taken = x + ahead, y + speed, taken + 1
        inside = np.abs(y) < 1
        gone += [taken * step] * int((~inside).sum())
        x, ahead, y, speed = x[:, inside], ahead[:, inside], y[inside], speed[inside]
    mean, error = np.mean(gone), np.std(gone) / np.sqrt(walkers)
    assert error < 0.012 * mean
    assert abs(found - mean) < 4 * error, (found, mean, error)
    still = valley_exit_time(*rest, momentum=momentum).relaxation.time.value[0]
    assert abs(still - mean) > 5 * error


def test_a_correction_and_momentum_do_not_go_together():
    for correction in ("first", "exact"):
        with pytest.raises(DomainError, match=f"the correction {correction} is known without mom"):
            valley_exit_time(
                VALLEY, NOISE, [0.0], [-1, 1], (), 0.1, correction=correction, momentum=0.5
            )
    with pytest.raises(DomainError, match="first is known without momentum"):
        valley_spectrum(VALLEY, NOISE, 1, (-1.0, 1.0), correction="first", momentum=0.5)
    with pytest.raises(DomainError, match="momentum must be from 0 to below 1"):
        valley_exit_time(VALLEY, NOISE, [0.0], [-1, 1], momentum=1.0)


def test_momentum_speeds_up_the_clock_and_heats_the_bath_of_a_spectrum():
    """In a stiff valley without an entropic force: rate of the free walk over (1 − β)²."""
    flat = Valley(shape("0"), shape("3"))
    slow, fast = (
        valley_spectrum(flat, NOISE, 1, (-1.0, 1.0), momentum=b)[0].rates.value[0] for b in (0, 0.5)
    )
    assert fast == pytest.approx(4 * slow)


def test_the_velocity_that_y_remembers_counts_as_a_fast_direction():
    """A flat valley has nothing else: η/(1 − β) against way²/D, or against 1/|drift'|."""
    flat = Valley(shape("y**2/2"), shape("1"))
    found = valley_exit_time(flat, Thermal(0.5), 0, [-1, 2], step=1e-3, momentum=0.9)
    assert found.adiabaticity == pytest.approx(1e-2 * 50 / 4)
    steep = Valley(shape("100*y**2"), shape("1"))
    found = valley_exit_time(steep, Thermal(20.0), 0, [-1, 1], step=1e-4, momentum=0.5)
    assert found.adiabaticity == pytest.approx(2e-4 * 400)
    _, between = valley_spectrum(flat, Thermal(0.5), 2, (-1, 1), step=1e-3, momentum=0.9)
    assert between == pytest.approx(1e-2 * 50)


def test_unknown_ways_to_watch_and_to_correct_are_refused():
    flat = Valley(shape("0"), shape("1"))
    with pytest.raises(DomainError, match="monitoring must be one of continuous, discrete; it is"):
        valley_exit_time(flat, NOISE, 0, [-1, 1], step=0.1, monitoring="often")
    for ask in (
        lambda: valley_exit_time(flat, NOISE, 0, [-1, 1], correction="second"),
        lambda: valley_spectrum(flat, NOISE, 1, (-1, 1), correction="second"),
    ):
        with pytest.raises(DomainError, match="correction must be one of none, first, exact; it"):
            ask()
