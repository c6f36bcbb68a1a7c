import numpy as np
import pytest

from entropic.theory import DomainError, Estimate, Path, Profile, straight


def polygon(points: int, size: int, seed: int = 0) -> Path:
    return Path(np.random.default_rng(seed).normal(size=(points, size)))


def circle(beads: int, turn: float = 1.5, radius: float = 2.0) -> Path:
    angle = np.linspace(0, turn, beads)
    return Path(radius * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def walked(path: Path, s: float) -> np.ndarray:
    """The point at arc length s, found by walking bead to bead."""
    for first, last in zip(path.points[:-1], path.points[1:], strict=True):
        way = np.linalg.norm(last - first)
        if s <= way:
            return first + s / way * (last - first)
        s -= way
    return path.points[-1]


def distances(path: Path, s: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(path.at(s) - points, axis=1)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40])
def test_projection_finds_the_nearest_of_densely_sampled_points_of_the_polygon(size):
    path = polygon(6, size, seed=size)
    points = 1.5 * np.random.default_rng(1).normal(size=(30, size))
    found = distances(path, path.project(points), points)
    dense = np.linspace(0, path.length, 8001)
    gaps = np.linalg.norm(path.at(dense)[:, None] - points, axis=2).min(axis=0)
    # never farther than any sample, and no nearer than the sampling allows
    assert np.all(found <= gaps + 1e-12)
    assert np.all(found >= gaps - path.length / 8000)


def test_projection_in_a_hundred_thousand_dimensions_finds_what_was_displaced_across():
    path = polygon(4, 100_000)
    s = np.array([0.1, 0.45, 0.9]) * path.length
    across = np.random.default_rng(2).normal(size=(3, 100_000))
    tangent = path.tangent(s)
    across -= np.sum(across * tangent, axis=1)[:, None] * tangent
    np.testing.assert_allclose(path.project(path.at(s) + 0.1 * across), s, rtol=1e-10)


def test_projection_far_from_the_origin_keeps_its_digits():
    path = polygon(5, 3)
    away = Path(path.points + 1e6)
    points = np.random.default_rng(3).normal(size=(20, 3))
    np.testing.assert_allclose(away.project(points + 1e6), path.project(points), atol=1e-8)


def test_a_point_on_the_path_projects_onto_itself():
    path = polygon(6, 4)
    s = np.linspace(0, path.length, 57)
    np.testing.assert_allclose(path.project(path.at(s)), s, atol=1e-12)


def test_what_lies_beyond_an_end_projects_onto_the_end():
    path = Path([[0.0, 0.0], [1.0, 0.0], [2.0, 1.0]])
    outside = np.array([[-3.0, 0.5], [5.0, 4.0]])
    assert path.project(outside).tolist() == [0.0, path.length]


def test_outside_a_corner_a_whole_wedge_projects_onto_the_bead():
    path = Path([[-1.0, 0.0], [0.0, 0.0], [0.0, -1.0]])
    wedge = np.array([[0.5, 0.5], [2.0, 0.1], [1e-3, 3.0]])
    assert path.project(wedge).tolist() == [1.0, 1.0, 1.0]


def test_a_point_equally_far_from_two_segments_goes_to_one_of_them():
    hairpin = Path([[0.0, 1.0], [2.0, 1.0], [2.0, -1.0], [0.0, -1.0]])
    s = hairpin.project(np.array([[0.5, 0.0]]))
    assert s[0] in (0.5, 5.5)
    assert distances(hairpin, s, np.array([[0.5, 0.0]])) == pytest.approx(1)


def test_the_point_at_an_arc_length_is_where_one_arrives_walking():
    path = polygon(7, 3)
    s = np.linspace(0, path.length, 43)
    np.testing.assert_allclose(path.at(s), [walked(path, x) for x in s], atol=1e-12)
    np.testing.assert_allclose(path.at(path.arc), path.points, atol=1e-12)
    assert path.at(s.reshape(-1, 1)).shape == (43, 1, 3)
    assert path.at(0.3).shape == (3,)


def test_the_arc_length_goes_over_to_its_ends_and_does_not_change_under_rotation():
    path = polygon(9, 5)
    turn, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(5, 5)))
    np.testing.assert_allclose(Path(path.points @ turn + 3).arc, path.arc, rtol=1e-12)
    assert path.arc[0] == 0
    assert path.arc[-1] == path.length


def test_the_tangent_is_the_derivative_of_the_point_and_has_length_one():
    path = polygon(6, 4)
    s = path.middles(np.linspace(0, 1, 9))
    slope = (path.at(s + 1e-6) - path.at(s - 1e-6)) / 2e-6
    np.testing.assert_allclose(path.tangent(s), slope, atol=1e-8)
    np.testing.assert_allclose(np.linalg.norm(path.tangent(s), axis=1), 1, rtol=1e-12)


def circle_errors(beads: int) -> np.ndarray:
    """Length, point, tangent and bending of a polygon on the circle against the circle."""
    path, radius = circle(beads), 2.0
    quarter = path.arc[1] / 4
    s = float(path.middles([0.37])[0])
    angle = 1.5 * s / path.length
    outward = np.array([np.cos(angle), np.sin(angle)])
    along = np.array([-np.sin(angle), np.cos(angle)])
    return np.array(
        [
            abs(path.length - 1.5 * radius),
            np.linalg.norm(path.at(s) - radius * outward),
            np.linalg.norm(path.bending(s) + outward / radius),
            np.linalg.norm(path.tangent(s) - along),
            np.linalg.norm(path.tangent(s) - path.tangent(s + 3 * quarter)),
        ]
    )


def test_length_point_and_bending_of_a_circle_converge_with_order_two_and_tangents_with_one():
    errors = np.array([circle_errors(beads) for beads in (21, 41, 81, 161)])
    orders = np.log2(errors[:-1, [0, 1, 2, 4]] / errors[1:, [0, 1, 2, 4]])
    np.testing.assert_allclose(orders, np.tile([2, 2, 2, 1], (3, 1)), atol=0.1)
    assert errors[:, 3].max() < 1e-12  # in the middle of a chord its direction is exact


def test_the_bending_at_an_end_is_one_sided_and_still_that_of_the_circle():
    path = circle(401)
    for s in (0.0, path.length):
        assert np.linalg.norm(path.bending(s)) == pytest.approx(0.5, rel=1e-3)


def test_a_straight_line_does_not_bend():
    line = straight([0, 0, 0], [1, 2, 2], 5)
    assert line.length == pytest.approx(3)
    np.testing.assert_allclose(line.bending(1.3), 0, atol=1e-12)
    assert straight([0.0], [1.0]).bending(0.5).tolist() == [0.0]
    np.testing.assert_allclose(np.diff(line.arc), 0.75)


@pytest.mark.parametrize("make", ["smoothed", "respaced"])
def test_the_ends_are_kept_to_the_last_bit(make):
    for seed in range(20):
        path = polygon(7, 3, seed)
        made = getattr(path, make)(12)
        assert np.array_equal(made.points[[0, -1]], path.points[[0, -1]])
        assert made.points.shape == (12, 3)


def test_respaced_beads_are_equidistant_along_the_polygon_and_lie_on_it():
    path = polygon(5, 3)
    beads = path.respaced(23)
    on = path.project(beads.points)
    np.testing.assert_allclose(np.diff(on), path.length / 22, rtol=1e-9)
    np.testing.assert_allclose(path.at(on), beads.points, atol=1e-12)


def test_smoothed_beads_are_equidistant_and_the_curve_runs_through_the_pivots():
    path = polygon(6, 3)
    fine = path.smoothed(801)
    steps = np.diff(fine.arc)
    assert steps.std() < 1e-3 * steps.mean()
    assert np.all(distances(fine, fine.project(path.points), path.points) < 1e-3)
    assert fine.length > path.length


def test_smoothing_a_coarse_circle_comes_nearer_to_it_with_order_four():
    gaps = []
    for beads in (9, 17, 33):
        radius = np.linalg.norm(circle(beads).smoothed(2000).points, axis=1)
        gaps.append(abs(radius - 2).max())
    orders = np.log2(np.array(gaps[:-1]) / gaps[1:])
    assert np.all((orders > 3.5) & (orders < 4.5)), orders


def test_two_points_have_no_spline_and_smooth_into_their_line():
    assert straight([0.0, 0.0], [4.0, 0.0]).smoothed(5).points[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_middles_are_those_of_the_segments_nearest_to_the_fractions():
    path = Path([[0.0], [1.0], [3.0], [4.0]])
    assert path.middles([0.0, 0.4, 0.5, 1.0]).tolist() == [0.5, 2.0, 2.0, 3.5]
    assert np.all(np.isin(path.middles(np.linspace(0, 1, 50)), [0.5, 2.0, 3.5]))


@pytest.mark.parametrize(
    ("points", "match"),
    [
        ([1.0, 2.0], r"shape \(n >= 2, P\); they have \(2,\)"),
        ([[1.0, 2.0]], r"they have \(1, 2\)"),
        ([[0.0], [np.nan]], "must be finite"),
        ([[0.0], [np.inf]], "must be finite"),
        ([[0.0], [1.0], [1.0]], "neighbouring points of a path must differ"),
    ],
)
def test_points_that_make_no_path_are_refused(points, match):
    with pytest.raises(DomainError, match=match):
        Path(points)


@pytest.mark.parametrize("s", [-0.01, 2.01, np.nan, [0.5, 3.0]])
def test_a_position_off_the_path_is_refused(s):
    with pytest.raises(DomainError, match=r"must lie within \[0, 2\]"):
        straight([0.0], [2.0]).at(s)


def test_too_few_beads_are_refused():
    with pytest.raises(DomainError, match="n >= 2"):
        polygon(4, 2).respaced(1)
    with pytest.raises(DomainError, match="neighbouring points of a path must differ"):
        straight([1.0], [1.0])


def test_a_profile_has_one_value_at_every_position():
    profile = Profile([0.0, 1.0], Estimate([2.0, 3.0], 0.1, "by hand"), "loss")
    assert profile.s.tolist() == [0.0, 1.0]
    with pytest.raises(DomainError, match=r"\(3,\) positions do not fit \(2,\) values"):
        Profile([0.0, 1.0, 2.0], Estimate([2.0, 3.0], 0.1, "by hand"), "loss")


def test_points_handed_in_are_copied_and_cannot_be_changed():
    points = np.array([[0.0], [1.0]])
    path = Path(points)
    points[1] = 5
    assert path.length == 1
    with pytest.raises(ValueError, match="read-only"):
        path.points[0] = 1
