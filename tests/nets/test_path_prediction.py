import numpy as np
import pytest
from landscapes import small_problem

from entropic.nets import ProjectedSGD, path_response
from entropic.nets.parameters import flat_parameters
from entropic.nets.path_prediction import path_predictions
from entropic.nets.problem import array
from entropic.theory import DomainError, Path

PLAIN = ProjectedSGD(0.1, 3, 4)
SGDS = (
    PLAIN,
    ProjectedSGD(0.1, 6, 4),
    ProjectedSGD(0.1, 3, 4, noise="none"),
    ProjectedSGD(0.02, 3, 4, "nesterov", 0.5, level=True),
    ProjectedSGD(0.01, 6, 4, "adam", 0.5),
)


@pytest.fixture(scope="module")
def place():
    problem = small_problem()
    theta = array(flat_parameters(problem.model))
    rng = np.random.default_rng(3)
    corners = theta + np.concatenate([[0 * theta], rng.normal(size=(4, len(theta)))])
    path = Path(corners).smoothed(61)
    fine = path.middles(np.linspace(0, 1, 25))
    return problem, path, fine[[3, 9, 14, 20]], fine


@pytest.fixture(scope="module")
def predictions(place):
    seen = []
    problem, path, positions, fine = place
    found = path_predictions(problem, path, SGDS, positions, fine, progress=seen.append)
    assert seen[-1] == 1.0
    assert len(seen) == 4 * len(positions)  # batches of plain SGD share a pass
    return found


def test_plain_sgd_is_predicted_as_by_its_path_response(place, predictions):
    problem, path, positions, fine = place
    response = path_response(problem, path, 0.1, positions, fine, 4)
    for prediction in predictions[:2]:
        expected = response.dynamics(prediction.sgd.batch)
        found = prediction.dynamics()
        np.testing.assert_allclose(found.drift, expected.drift, rtol=1e-12)
        np.testing.assert_allclose(found.diffusion, expected.diffusion, rtol=1e-12)


def test_the_parts_add_up_for_every_optimizer_and_meet_the_displacements(predictions):
    for prediction in (*predictions[:2], *predictions[3:]):
        dynamics = prediction.dynamics()
        np.testing.assert_allclose(sum(dynamics.parts.values()), dynamics.drift, rtol=1e-12)
        for point in prediction.displacements:
            (i,) = np.nonzero(dynamics.y == point.s)[0]
            # the fine grid's cycles are held until they change by 1e-5
            assert dynamics.drift[i] == pytest.approx(float(point.drift.value), rel=1e-4)


def test_without_noise_the_mean_goes_with_the_drift_and_nothing_diffuses(predictions):
    still = predictions[2]
    with pytest.raises(DomainError, match="without noise nothing diffuses"):
        still.dynamics()
    low, high = (still.displacements[i].s for i in (0, -1))
    inside = np.nonzero((still.s > low) & (still.s < high))[0]
    start = still.s[inside]
    way = still.mean_trajectory(start, 1, low, high)
    np.testing.assert_allclose(way[:, 1], (start + still.energetic[inside]).clip(low, high))
    held = still.mean_trajectory(start, 400, low, high)
    ends = np.isclose(held, low) | np.isclose(held, high)
    assert np.all(ends[:, 1:] >= ends[:, :-1])  # who has left stays where it left
    start = start[0]
    with pytest.raises(DomainError, match="a start must lie within"):
        still.mean_trajectory([low - 1], 5, low, high)
    with pytest.raises(DomainError, match="the interval must lie within"):
        still.mean_trajectory([start], 5, low - 5, high)


def test_the_mean_trajectory_begins_with_the_drift(predictions):
    prediction = predictions[4]
    point = prediction.displacements[1]
    kick = float(point.variance.value) ** 0.5
    way = prediction.mean_trajectory([point.s], 3, point.s - 40 * kick, point.s + 40 * kick)[0]
    assert way[1] - way[0] == pytest.approx(float(point.drift.value), rel=1e-3)


def test_the_first_objection_between_two_places_is_named(predictions):
    found = predictions[4].objection(0.0, 1e3)
    assert found.startswith("at s = ")
    assert "outside validity" in found
    assert predictions[4].objection(-2.0, -1.0) == ""


def test_an_algorithm_that_cannot_be_predicted_is_refused_before_any_work(place):
    problem, path, positions, fine = place
    bad = ProjectedSGD(0.01, 4, 4, "adam", buffers="reset")
    with pytest.raises(DomainError, match="Adam that forgets"):
        path_predictions(problem, path, (PLAIN, bad), positions, fine)
