import numpy as np
import pytest
from landscapes import small_problem

from entropic.nets import landscape_across
from entropic.nets.parameters import flat_parameters
from entropic.nets.problem import array
from entropic.theory import DomainError, straight


@pytest.fixture(scope="module")
def place():
    problem = small_problem()
    theta = array(flat_parameters(problem.model))
    way = np.random.default_rng(3).normal(size=len(theta))
    return problem, straight(theta - 0.2 * way, theta + 0.2 * way, 400)


def test_the_slopes_are_those_of_the_log_det_above_one_floor(place):
    """By differences along the path, on which no eigenvalue crosses this floor."""
    problem, path = place
    s = path.middles([0.48, 0.5, 0.52])
    found = landscape_across(problem, path, s, floor=0.1)
    kept = [point.kept for point in found.points]
    assert len({len(values) for values in kept}) == 1
    floor = 0.5 * (0.1 + min(values[-1] for values in kept))
    logs = found.log_det(floor)
    point = found.points[1]
    slope = float((point.slope.diagonal() / point.kept).sum())
    assert slope == pytest.approx((logs[2] - logs[0]) / (s[2] - s[0]), rel=1e-2)


def test_a_floor_below_what_is_known_has_no_log_det(place):
    found = landscape_across(*place, place[1].middles([0.2, 0.6]), floor=0.1)
    with pytest.raises(DomainError, match=r"at least 0.1, above which all eigenvalues are known"):
        found.log_det(0.05)


@pytest.mark.parametrize(
    ("positions", "settings", "words"),
    [
        ([0.5], {}, "must increase and be at least 2"),
        ([0.5, 0.2], {}, "must increase and be at least 2"),
        ([0.5, 1e3], {}, "a position on the path must lie within"),
        ([0.2, 0.5], {"floor": -1.0}, "the floor of the eigenvalues must not be negative; it is"),
        ([0.2, 0.5], {"pairs": 0}, "at least one eigenpair must be found; 0 were asked for"),
    ],
)
def test_what_cannot_be_measured_is_refused(place, positions, settings, words):
    with pytest.raises(DomainError, match=words):
        landscape_across(*place, np.array(positions), **settings)
