"""The band on two potentials known by hand: Müller–Brown, and a valley along a quarter-circle."""

import numpy as np
import pytest

from entropic.theory import DomainError, NotConverged, Path, nudged_elastic_band, straight
from entropic.theory.band import tangents

# Müller & Brown, Theor. Chim. Acta 53, 75 (1979)
_HEIGHT = np.array([-200.0, -100.0, -170.0, 15.0])
_XX, _XY = np.array([-1.0, -1.0, -6.5, 0.7]), np.array([0.0, 0.0, 11.0, 0.6])
_YY = np.array([-10.0, -10.0, -6.5, 0.7])
_X0, _Y0 = np.array([1.0, 0.0, -0.5, -1.0]), np.array([0.0, 0.5, 1.5, 1.0])
REACTANT, MIDDLE = np.array([-0.558224, 1.441726]), np.array([-0.050011, 0.466694])
PRODUCT = np.array([0.623499, 0.028038])


def mueller_brown(points):
    x, y = points[:, :1] - _X0, points[:, 1:] - _Y0
    term = _HEIGHT * np.exp(_XX * x**2 + _XY * x * y + _YY * y**2)
    slopes = [term * (2 * _XX * x + _XY * y), term * (_XY * x + 2 * _YY * y)]
    return term.sum(axis=1), np.stack([slope.sum(axis=1) for slope in slopes], axis=1)


def ring(points):
    """½(r − 1)², stiff across the circle, with a gentle hill 0.1 sin² 2φ along it."""
    x, y = points.T
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    energy = 0.5 * (radius - 1) ** 2 + 0.1 * np.sin(2 * angle) ** 2
    outward = np.stack([x, y], axis=1) / radius[:, None]
    around = np.stack([-y, x], axis=1) / radius[:, None]
    turn = 0.2 * np.sin(4 * angle) / radius
    return energy, (radius - 1)[:, None] * outward + turn[:, None] * around


def slow_tangent(points, energies, i):
    """Henkelman & Jónsson, J. Chem. Phys. 113, 9978 (2000), eqs. 8-11, one bead at a time."""
    ahead, behind = points[i + 1] - points[i], points[i] - points[i - 1]
    if energies[i + 1] > energies[i] > energies[i - 1]:
        way = ahead
    elif energies[i + 1] < energies[i] < energies[i - 1]:
        way = behind
    else:
        gaps = [abs(energies[i + 1] - energies[i]), abs(energies[i - 1] - energies[i])]
        if energies[i + 1] > energies[i - 1]:
            way = ahead * max(gaps) + behind * min(gaps)
        else:
            way = ahead * min(gaps) + behind * max(gaps)
    return way / np.linalg.norm(way)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_tangents_follow_henkelman_and_jonsson(size):
    rng = np.random.default_rng(size)
    points, energies = rng.normal(size=(60, size)), rng.integers(6, size=60) + rng.normal(size=60)
    # of six levels, neighbours rise, fall, and stand at maxima and minima
    slow = [slow_tangent(points, energies, i) for i in range(1, 59)]
    np.testing.assert_allclose(tangents(points, energies), slow, atol=1e-12)
    np.testing.assert_allclose(tangents(points, 1e300 * energies), slow, atol=1e-12)


def test_a_flat_stretch_has_the_tangent_of_its_chord():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(tangents(points, np.full(3, 2.0)), [[0.5**0.5, 0.5**0.5]])


def test_a_hairpin_still_has_a_tangent():
    found = tangents(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]), np.array([0.0, 1.0, 0.0]))
    assert found.tolist() == [[-1.0, 0.0]]


def relaxed(first, last, beads=21, steps=300):
    return nudged_elastic_band(mueller_brown, straight(first, last, beads), steps, 1e-4, 0.9)


def top(path: Path) -> float:
    return mueller_brown(path.smoothed(2001).points)[0].max()


def test_the_band_crosses_the_mueller_brown_saddles_at_their_published_energies():
    """−40.665 between reactant and middle, −72.249 between middle and product."""
    assert top(relaxed(REACTANT, MIDDLE)) == pytest.approx(-40.665, abs=0.05)
    assert top(relaxed(MIDDLE, PRODUCT)) == pytest.approx(-72.249, abs=0.05)
    # the straight line has to climb far higher
    assert top(straight(REACTANT, MIDDLE, 21)) > -20


def test_the_whole_way_has_both_saddles_and_the_middle_minimum_between_them():
    path = relaxed(REACTANT, PRODUCT, beads=41, steps=500)
    energies = mueller_brown(path.smoothed(2001).points)[0]
    inner = energies[1:-1]
    peaks = inner[(inner > energies[:-2]) & (inner > energies[2:])]
    wells = inner[(inner < energies[:-2]) & (inner < energies[2:])]
    np.testing.assert_allclose(peaks, [-40.665, -72.249], atol=0.1)
    np.testing.assert_allclose(wells, [-80.768], atol=0.1)
    saddle = np.array([[-0.822002, 0.624313]])
    assert np.linalg.norm(path.at(path.project(saddle)) - saddle) < 5e-3


def test_the_saddle_energy_converges_with_order_two_or_better_in_the_beads():
    gaps = [abs(top(relaxed(REACTANT, MIDDLE, beads, 600)) + 40.66484) for beads in (9, 17, 33)]
    assert gaps[2] < 0.01
    assert gaps[1] < gaps[0] / 4


def test_the_ends_stay_and_the_beads_keep_their_distance():
    start = straight(REACTANT, MIDDLE, 15)
    path = nudged_elastic_band(mueller_brown, start, 200, 1e-4)
    assert np.array_equal(path.points[[0, -1]], start.points[[0, -1]])
    steps = np.diff(path.arc)
    assert steps.std() < 0.02 * steps.mean()


def test_a_band_in_a_ring_tends_to_its_quarter_circle_with_the_order_of_the_one_sided_tangent():
    gaps = []
    for beads in (9, 17, 33):
        bent = nudged_elastic_band(ring, straight([1.0, 0.0], [0.0, 1.0], beads), 800, 0.05)
        gaps.append(abs(np.hypot(*bent.points.T) - 1).max())
        angles = np.arctan2(bent.points[:, 1], bent.points[:, 0])
        np.testing.assert_allclose(angles, np.linspace(0, np.pi / 2, beads), atol=0.01)
        assert ring(bent.points)[0].max() == pytest.approx(0.1, abs=1e-4)
    assert gaps[-1] < 0.005
    np.testing.assert_allclose(np.log2(np.array(gaps[:-1]) / gaps[1:]), 1, atol=0.25)


def test_a_relaxed_band_feels_no_force_across_itself():
    bent = nudged_elastic_band(ring, straight([1.0, 0.0], [0.0, 1.0], 17), 800, 0.05)
    energies, gradients = ring(bent.points)
    along = tangents(bent.points, energies)
    across = gradients[1:-1] - np.sum(gradients[1:-1] * along, axis=1)[:, None] * along
    before = ring(straight([1.0, 0.0], [0.0, 1.0], 17).points)[1]
    assert np.linalg.norm(across, axis=1).max() < 0.03 * np.linalg.norm(before, axis=1).max()


def test_a_rotated_world_has_the_rotated_band():
    turn = np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])

    def rotated(points):
        energies, gradients = ring(points @ turn)
        return energies, gradients @ turn.T

    start = straight([1.0, 0.0], [0.0, 1.0], 9)
    plain = nudged_elastic_band(ring, start, 60, 0.05)
    turned = nudged_elastic_band(rotated, Path(start.points @ turn.T), 60, 0.05)
    np.testing.assert_allclose(turned.points, plain.points @ turn.T, atol=1e-10)


def test_no_steps_change_nothing_and_progress_counts_to_one():
    start, seen = straight([1.0, 0.0], [0.0, 1.0], 5), []
    assert nudged_elastic_band(ring, start, 0, 0.1) is start
    nudged_elastic_band(ring, start, 4, 0.1, progress=seen.append)
    assert seen == [0.25, 0.5, 0.75, 1.0]


def test_two_beads_make_no_band():
    with pytest.raises(DomainError, match="at least 3 beads; there are 2"):
        nudged_elastic_band(ring, straight([1.0, 0.0], [0.0, 1.0]), 1, 0.1)


@pytest.mark.parametrize("power", [2, 4])
def test_a_band_that_blows_up_says_when_and_hands_over_the_last_finite_path(power):
    def bowl(points):
        with np.errstate(over="ignore", invalid="ignore"):
            return (points**power).sum(axis=1), power * points ** (power - 1)

    start = straight([-1.0, 0.5], [1.0, 0.5], 7)
    with pytest.raises(NotConverged, match="after [0-9]+ steps of 50; lower the rate") as stopped:
        nudged_elastic_band(bowl, start, 2000, 50.0)
    found = stopped.value.found
    assert np.all(np.isfinite(found.points))
    assert np.array_equal(found.points[[0, -1]], start.points[[0, -1]])
    assert abs(found.points).max() > 1e20


def test_a_field_that_is_not_a_number_hands_the_start_back():
    start = straight([0.0, 0.0], [1.0, 0.0], 4)
    for energy, slope in ((np.nan, 1.0), (1.0, np.nan)):
        with pytest.raises(NotConverged, match="after 0 steps") as stopped:
            nudged_elastic_band(
                lambda p, e=energy, g=slope: (np.full(len(p), e), np.full_like(p, g)), start, 5, 0.1
            )
        assert stopped.value.found is start
