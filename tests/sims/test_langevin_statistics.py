"""The reduction of a valley to y alone, held against the full dynamics of x and y.

Every prediction is made before the run: nothing is fitted and nothing is stopped early.  Ends are
moved outwards by the monitoring shift; g is large and η small beside U'', so that what the theory
leaves out (order ηV'' and k times the adiabaticity) stays below the standard errors.
"""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from entropic.sims import Langevin, exit_time, observe, stationary
from entropic.theory import (
    CurvatureAligned,
    Estimate,
    Noise,
    Relaxation,
    SlowDynamics,
    Thermal,
    Valley,
    mean_exit_time,
    monitoring_shift,
    shape,
    slow_dynamics,
    stationary_density,
    survival,
)

pytestmark = pytest.mark.slow

STEP, HEAT, STIFFNESS = 0.0005, 0.5, 1000.0  # ηg₀ = 0.5: the finite step is not small
LINE = 1.0 + monitoring_shift(HEAT, STEP)
STARTS = np.array([0.0, 0.5])
NOISES = (Thermal(HEAT), CurvatureAligned(HEAT, STIFFNESS))


def valley(k: int) -> Valley:
    widening = {1: 1.0, 4: 0.5}[k]
    return Valley(shape("0.5*y**2"), shape("g*(1 + c*y**2)", g=STIFFNESS, c=widening), k)


def reduced(k: int, noise: Noise, low: float, high: float, step: float = STEP) -> SlowDynamics:
    return slow_dynamics(valley(k), noise, (low, high), step)


def rivals(noise: Noise) -> list[tuple[Noise, float]]:
    """The other measure of curvature at the same step, and the same without the step."""
    other = NOISES[1] if noise is NOISES[0] else NOISES[0]
    return [(other, STEP), (noise, 0.0)]


def agrees(measured: Estimate, predicted: Estimate) -> None:
    assert np.all(np.abs(measured.sigmas_from(predicted)) < 4)
    assert np.all(measured.error < 0.02 * measured.value)


def contradicts(measured: Estimate, rival: Estimate) -> None:
    assert np.all(np.abs(measured.sigmas_from(rival)) > 5)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("k", [1, 4])
def test_exit_times_are_those_of_the_effective_potential(k: int, noise: Noise) -> None:
    slow = reduced(k, noise, -LINE, LINE)
    assert slow.adiabaticity.max() < 0.05
    settings = {"step": STEP, "walkers": 16000, "seed": 11 + k}
    measured = exit_time(valley(k), noise, STARTS, (-1.0, 1.0), **settings)
    agrees(measured.time, mean_exit_time(slow, STARTS).time)
    for rival, step in rivals(noise):
        wrong = mean_exit_time(reduced(k, rival, -LINE, LINE, step), STARTS)
        contradicts(measured.time, wrong.time)


@pytest.mark.parametrize("noise", NOISES)
def test_a_mirror_sends_the_walker_back(noise: Noise) -> None:
    settings = {"step": STEP, "walkers": 16000, "seed": 21, "reflect": 0.0}
    measured = exit_time(valley(1), noise, STARTS, 1.0, **settings)
    agrees(measured.time, mean_exit_time(reduced(1, noise, 0.0, LINE), STARTS, "right").time)


@pytest.mark.parametrize("integrator", ["leimkuhler-matthews", "heavy-ball", "baoab"])
def test_a_mirror_turns_what_a_walk_remembers(integrator: str) -> None:
    """A flat box folds the whole line: it is filled evenly up to the walls."""
    flat = Valley(shape("0"), shape("1"), 1)
    walk = Langevin(flat, Thermal(0.5), 0.02, integrator)
    settings = {"steps": 5000, "burn_in": 500, "edges": np.linspace(-1, 1, 11)}
    run = observe(walk, trajectories=1024, seed=5, reflect=(-1.0, 1.0), **settings)
    assert np.abs(run.histogram.sigmas_from(Estimate(np.full(10, 0.1), 0.0, "theory"))).max() < 4
    assert run.histogram.error.max() < 0.0015


@pytest.mark.parametrize("noise", NOISES)
def test_the_whole_survival_curve_is_predicted(noise: Noise) -> None:
    """Each point within 4 binomial errors; the curve without the step is more than 5 away."""
    clock, walkers = np.linspace(0, 6, 13), 16000
    settings = {"step": STEP, "walkers": walkers, "seed": 31, "clock": clock}
    measured: Relaxation = exit_time(valley(1), noise, 0.0, (-1.0, 1.0), **settings)

    def z(step: float) -> np.ndarray:
        slow = reduced(1, noise, -LINE, LINE, step)
        p = np.clip(survival(slow, 0.0, clock)[0, 1:], 0, 1)
        return (measured.survival[0, 1:] - p) / np.sqrt(p * (1 - p) / walkers)

    assert np.all(np.abs(z(STEP)) < 4)
    assert np.abs(z(0.0)).max() > 5


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("k", [1, 4])
def test_the_walkers_rest_in_the_effective_potential(k: int, noise: Noise) -> None:
    """The histogram between two mirrors against exp(−V_eff/T), and <y²>, bin by bin."""
    edges = np.linspace(-1, 1, 11)
    settings = {"edges": edges, "steps": 500_000, "burn_in": 10_000, "reflect": (-1.0, 1.0)}
    run = stationary(valley(k), noise, step=STEP, walkers=128, seed=41, **settings)

    def predicted(noise: Noise, step: float) -> tuple[Estimate, Estimate]:
        slow = reduced(k, noise, -1.0, 1.0, step)
        density = stationary_density(slow)
        share = np.diff(CubicSpline(slow.y, density).antiderivative()(edges))
        square = CubicSpline(slow.y, density * slow.y**2).integrate(-1.0, 1.0)
        return Estimate(share, 0.0, "theory"), Estimate(square, 0.0, "theory")

    share, square = predicted(noise, STEP)
    agrees(run.histogram, share)
    agrees(run.position_squared, square)
    for rival, step in rivals(noise):
        wrong_share, wrong_square = predicted(rival, step)
        assert np.abs(run.histogram.sigmas_from(wrong_share)).max() > 5
        contradicts(run.position_squared, wrong_square)
