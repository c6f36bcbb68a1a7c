import math

import numpy as np
import pytest
import torch
from landscapes import small_problem
from valleys import mueller_brown, potential_problem, ring, saddled_ring, stationary_point

from entropic.nets import flat_parameters
from entropic.nets.band import band_step, dense_losses, refined, tangents
from entropic.nets.beads import respaced, segment_lengths, straight_beads
from entropic.nets.many_points import ManyPoints
from entropic.nets.path_methods import path_settings
from entropic.nets.paths import find_path
from entropic.theory import DomainError, Path
from entropic.theory.band import nudged_elastic_band
from entropic.theory.band import tangents as tangents_in_numpy


def on_circle(angle: float) -> torch.Tensor:
    return torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)


def arc_of_beads(angle: float, count: int, radius: float = 1.0) -> torch.Tensor:
    return radius * torch.stack([on_circle(angle * i / (count - 1)) for i in range(count)])


@pytest.mark.parametrize("seed", range(5))
def test_the_tangents_are_those_of_the_small_band(seed):
    rng = np.random.default_rng(seed)
    points, losses = rng.normal(size=(9, 4)), rng.normal(size=9)
    losses[3:6] = losses[3]  # a flat stretch
    found = tangents(torch.tensor(points), torch.tensor(losses))
    np.testing.assert_allclose(found.numpy(), tangents_in_numpy(points, losses), atol=1e-14)


def test_a_band_that_turns_back_on_itself_has_a_tangent():
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    assert tangents(points, torch.zeros(3)).tolist() == [[-1.0, 0.0]]


def test_a_step_moves_a_bead_across_the_band_only():
    landscape = ManyPoints(potential_problem(ring))
    points = torch.tensor([[0.5, 0.5], [0.6, 0.5], [0.7, 0.5]], dtype=torch.float64)
    zero, spacing = torch.zeros(1, 2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    moved, velocity, losses = band_step(landscape, points, zero, spacing, None, 0.1, 0.9)
    slope = 4 * (0.6**2 + 0.5**2 - 1) * 0.5  # ∂V/∂y at the bead; the band lies along x
    assert velocity[0].tolist() == pytest.approx([0.0, slope], abs=1e-12)
    assert losses.tolist() == pytest.approx([(r2 - 1) ** 2 for r2 in (0.5, 0.61, 0.74)])
    assert moved[1].tolist() == pytest.approx([0.6, 0.5 - 0.1 * slope], abs=1e-3)


def test_one_step_is_that_of_the_small_band():
    """The same field, written in NumPy, through the other room's code."""

    def field(points):
        r2 = np.sum(points**2, axis=1)
        return (r2 - 1) ** 2, 4 * (r2 - 1)[:, None] * points

    start = straight_beads(on_circle(0.0), on_circle(2.0), 7)
    expected = nudged_elastic_band(field, Path(start.numpy()), 20, 0.02, 0.5).points
    points, velocity = start, torch.zeros_like(start[1:-1])
    landscape = ManyPoints(potential_problem(ring))
    for _ in range(20):
        points, velocity, _ = band_step(
            landscape, points, velocity, torch.ones(6, dtype=torch.float64), None, 0.02, 0.5
        )
    np.testing.assert_allclose(points.numpy(), expected, atol=1e-12)


def test_the_valley_of_a_ring_is_the_arc_without_a_barrier():
    settings = path_settings("neb", pivots=41, cycles=2, steps=130, rate=0.05, last_rate=0.05)
    found = find_path(
        potential_problem(ring), on_circle(0.0), on_circle(2.0), "neb", settings, seed=0
    )
    radius = found.points.norm(dim=1)
    assert float((radius - 1).abs().max()) < 1e-6
    gap = 2.0 / 40
    assert found.length == pytest.approx(80 * math.sin(gap / 2), rel=1e-7)  # 40 chords
    sagging = (1 - math.cos(gap / 2) ** 2) ** 2  # of a chord's middle below the circle
    assert found.barrier == pytest.approx(sagging, rel=1e-3)
    assert found.distance == pytest.approx(2 * math.sin(1.0))


def test_the_barrier_of_a_saddled_ring_is_that_of_its_saddle():
    """The valley bends round the hill of 1 in the middle.

    A tangent towards the higher neighbour is turned by half an angle between beads, 2 pi/64, and
    takes as much of the slope 0.2 sin(2 phi) along the valley for a force across it, against a
    stiffness of 8: on average the beads stand 0.2/32/8 inside the circle.
    """
    settings = path_settings("neb", pivots=33, cycles=1, steps=250, rate=0.03)
    problem = potential_problem(saddled_ring)
    ends = on_circle(0.0), on_circle(math.pi)
    start = arc_of_beads(math.pi, 33, 0.7)
    start[0], start[-1] = ends
    state = {
        "points": start,
        "velocity": torch.zeros_like(start[1:-1]),
        "spacing": torch.ones(32, dtype=torch.float64),
        "at": torch.tensor([0, 0, 64]),
        "history": torch.zeros(0, 4),
        "generator": torch.Generator().get_state(),
    }
    found = find_path(problem, *ends, "neb", settings, state=state)
    assert found.barrier == pytest.approx(0.2, abs=1e-6)
    chords = 64 * math.sin(math.pi / 64)
    assert found.length == pytest.approx(chords * (1 - 0.2 / 32 / 8), rel=2e-5)
    assert found.length == pytest.approx(math.pi, rel=2e-3)
    top = found.points[found.losses[found.pivots].argmax()]
    assert abs(float(top[0])) < 1e-3


def test_the_highest_pass_of_mueller_and_browns_surface_is_found():
    """Between its two deepest minima the way leads over -40.665 (their paper, 1979)."""
    first, last = (
        stationary_point(mueller_brown, place) for place in ((-0.558, 1.442), (0.623, 0.028))
    )
    saddle = stationary_point(mueller_brown, (-0.822, 0.624))
    height = float(mueller_brown(*saddle))
    assert height == pytest.approx(-40.665, abs=5e-4)
    settings = path_settings("autoneb", pivots=7, steps=120, rate=2e-4, last_rate=1e-4, excess=0.01)
    found = find_path(potential_problem(mueller_brown), first, last, "autoneb", settings)
    assert len(found.points) > 10
    assert float(found.losses.max()) == pytest.approx(height, abs=0.1)
    nearest = (found.points - saddle).norm(dim=1).min()
    assert float(nearest) < found.length / len(found.points)
    low = stationary_point(mueller_brown, (-0.05, 0.467))  # the minimum between the two passes
    assert float((found.points - low).norm(dim=1).min()) < 0.05


def test_from_the_other_end_it_is_the_same_band():
    problem = small_problem()
    first = flat_parameters(problem.model)
    last = first + torch.randn(31, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    settings = path_settings("neb", pivots=7, cycles=1, steps=30, batch=8, last_rate=0.1)
    there = find_path(problem, first, last, "neb", settings, seed=5)
    back = find_path(problem, last, first, "neb", settings, seed=5)
    np.testing.assert_allclose(there.points.numpy(), back.points.flip(0).numpy(), atol=1e-9)


def test_beads_stand_at_the_distances_that_are_asked_for():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    lengths = segment_lengths(points)
    np.testing.assert_allclose(respaced(points, lengths).numpy(), points.numpy(), atol=1e-12)
    line = straight_beads(points[0], points[1], 4)
    moved = respaced(line, torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64))
    expected = [float(lengths[0]) * part for part in (0.25, 0.5, 0.25)]
    assert segment_lengths(moved).tolist() == pytest.approx(expected)
    assert torch.equal(moved[[0, -1]], line[[0, -1]])


def test_a_pivot_is_put_where_a_gap_exceeds_the_line_most_and_stays_there():
    points = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    spacing = torch.tensor([1.0, 1.0, 2.0], dtype=torch.float64)
    # three points per gap; ranges from 0 to 10, so that 1 above the line is too much
    losses = torch.tensor(
        [0.0, 0.9, 2.0, 3.0, 4.0, 6.0, 9.0, 7.0, 6.0, 10.0, 5.0, 4.0, 0.0], dtype=torch.float64
    )
    beads, shares = refined(points, spacing, losses, 3, 0.1)
    assert beads.flatten().tolist() == [0.0, 1.0, 1.5, 2.0, 2.25, 3.0]
    assert shares.tolist() == [1.0, 0.5, 0.5, 0.5, 1.5]


def test_a_level_profile_gets_no_pivot():
    points, spacing = torch.tensor([[0.0], [1.0]]), torch.ones(1, dtype=torch.float64)
    beads, _ = refined(points, spacing, torch.ones(3, dtype=torch.float64), 1, 0.1)
    assert torch.equal(beads, points)


def test_the_dense_profile_is_the_loss_at_every_point():
    landscape = ManyPoints(potential_problem(ring))
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    found = dense_losses(landscape, points, 1)
    assert found.tolist() == pytest.approx([1.0, 0.75**2, 0.0, 0.25**2, 1.0])


def test_a_loss_that_is_no_number_is_named_with_its_pivot():
    def torn(x, y):
        return torch.where(x > 0.3, torch.nan * y, x)

    landscape = ManyPoints(potential_problem(torn))
    points = straight_beads(on_circle(math.pi), on_circle(0.0), 5)
    zero, spacing = torch.zeros(3, 2, dtype=torch.float64), torch.ones(4, dtype=torch.float64)
    with pytest.raises(DomainError, match="the loss at pivot 3 is nan"):
        band_step(landscape, points, zero, spacing, None, 0.1, 0.9)
