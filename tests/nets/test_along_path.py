import numpy as np
import pytest
import torch
from landscapes import hessian, small_problem

from entropic.nets import cycle_response, landscape_profiles, path_response
from entropic.nets.parameters import flat_parameters
from entropic.nets.problem import array
from entropic.theory import DomainError, Path


@pytest.fixture(scope="module")
def place():
    problem = small_problem()
    theta = array(flat_parameters(problem.model))
    rng = np.random.default_rng(3)
    corners = theta + np.concatenate([[0 * theta], rng.normal(size=(4, len(theta)))])
    return problem, Path(corners).smoothed(61)


@pytest.fixture(scope="module")
def response(place):
    problem, path = place
    fine = path.middles(np.linspace(0, 1, 25))
    return path_response(problem, path, 0.1, fine[[3, 9, 14, 20]], fine, cycle=4)


def test_profiles_are_those_of_the_dense_hessian_and_of_gradients_taken_one_by_one(place):
    problem, path = place
    s = path.middles([0.1, 0.8])
    profiles = landscape_profiles(problem, path, s, probes=400)
    assert sorted(profiles) == ["lambda_max", "loss", "noise_trace", "trace"]
    for i, theta in enumerate(problem.tensor(path.at(s))):
        dense = hessian(problem, theta)
        found = {name: float(profile.estimate.value[i]) for name, profile in profiles.items()}
        error = float(profiles["trace"].estimate.error[i])
        assert abs(found["trace"] - float(dense.trace())) < 4 * error
        # random signs leave twice the squares off the diagonal (Hutchinson 1989)
        spread = 2 * (dense.square().sum() - dense.diagonal().square().sum())
        assert error == pytest.approx(float(spread / 400) ** 0.5, rel=0.15)
        assert found["lambda_max"] == pytest.approx(float(torch.linalg.eigvalsh(dense)[-1]), 1e-6)
        assert found["loss"] == pytest.approx(float(problem.full(theta)), rel=1e-12)
        each = []
        for x, y in zip(problem.inputs, problem.targets, strict=True):
            free = theta.clone().requires_grad_()
            loss = problem.sample_losses(free, x[None], y[None])[0]
            each.append(array(torch.autograd.grad(loss, free)[0]))
        assert found["noise_trace"] == pytest.approx(np.cov(np.array(each).T).trace(), rel=1e-9)
    for name, profile in profiles.items():
        assert profile.s.tolist() == s.tolist()
        assert profile.quantity == name
    assert np.all(profiles["loss"].estimate.error == 0)


def test_profiles_follow_from_the_seed(place):
    problem, path = place
    first, again, other = (
        landscape_profiles(problem, path, path.middles([0.3]), 8, seed)["trace"].estimate
        for seed in (1, 1, 2)
    )
    assert first.value == again.value
    assert first.value != other.value


def test_at_the_responses_drift_and_diffusion_are_those_of_the_displacement(response):
    dynamics = response.dynamics(3)
    for point in response.displacements(3):
        (i,) = np.nonzero(dynamics.y == point.s)[0]
        assert dynamics.drift[i] == pytest.approx(float(point.drift.value), rel=1e-12)
        assert dynamics.diffusion[i] == pytest.approx(float(point.variance.value) / 2, rel=1e-12)
        assert dynamics.parts["bending"][i] == pytest.approx(point.bending, rel=1e-12)
        assert dynamics.parts["entropic"][i] == pytest.approx(float(point.entropic.value))


def test_the_parts_add_up_to_the_drift(response):
    dynamics = response.dynamics(5)
    assert sorted(dynamics.parts) == ["bending", "energetic", "entropic"]
    np.testing.assert_allclose(sum(dynamics.parts.values()), dynamics.drift, rtol=1e-12)


def test_the_grid_ends_at_the_outermost_responses(response):
    dynamics = response.dynamics(4)
    assert dynamics.y[0] == response.responses[0].s
    assert dynamics.y[-1] == response.responses[-1].s
    assert np.all(np.isin(dynamics.y, response.s))


def test_the_noise_parts_grow_as_the_noise_factor_and_the_energetic_part_not_at_all(response):
    few, many = response.dynamics(2), response.dynamics(6)
    ratio = (1 / 2 - 1 / 12) / (1 / 6 - 1 / 12)
    np.testing.assert_array_equal(few.parts["energetic"], many.parts["energetic"])
    np.testing.assert_allclose(few.parts["entropic"], ratio * many.parts["entropic"], rtol=1e-9)
    np.testing.assert_allclose(few.parts["bending"], ratio * many.parts["bending"], rtol=1e-9)


def test_every_response_is_the_one_of_its_point_alone(place, response):
    problem, path = place
    together = response.responses[1]
    alone = cycle_response(problem, path, together.s, 0.1, 4)
    first, second = alone.with_batch(3), together.with_batch(3)
    for name in ("energetic", "bending", "kurtosis"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), rel=1e-9)
    for name in ("drift", "entropic", "variance"):
        found, expected = getattr(first, name), getattr(second, name)
        assert float(found.value) == pytest.approx(float(expected.value), rel=1e-9)
        assert float(found.error) == pytest.approx(float(expected.error), rel=1e-6)
    where = int(np.searchsorted(response.s, alone.s))
    assert response.energetic[where] == pytest.approx(alone.energetic, rel=1e-9)


def test_progress_counts_to_one(place):
    problem, path = place
    seen = []
    path_response(
        problem, path, 0.1, path.middles([0.2, 0.7]), path.middles([0.5]), 1, progress=seen.append
    )
    landscape_profiles(problem, path, path.middles([0.2, 0.7]), 2, progress=seen.append)
    assert seen == [0.5, 1.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("positions", "fine"), [([0.5], [0.1, 0.2]), ([0.5, 0.5], [0.1]), ([0.1, 0.5], [0.2, 0.1])]
)
def test_positions_that_do_not_increase_are_refused(place, positions, fine):
    problem, path = place
    with pytest.raises(DomainError, match="must increase and be at least 2"):
        path_response(problem, path, 0.1, np.array(positions), np.array(fine))


def test_positions_off_the_path_are_refused(place):
    problem, path = place
    with pytest.raises(DomainError, match="a position on the path must lie within"):
        path_response(problem, path, 0.1, np.array([0.1, 1e3]), np.array([0.1, 0.2]))
    with pytest.raises(DomainError, match="a position on the path must lie within"):
        landscape_profiles(problem, path, np.array([-1.0]))


def test_a_path_of_another_model_is_refused(place):
    with pytest.raises(DomainError, match="a point of this model has 31 numbers; it has"):
        landscape_profiles(place[0], Path([[0.0, 0.0], [1.0, 1.0]]), np.array([0.5]))


def test_a_full_batch_has_no_diffusion_and_says_so(response):
    with pytest.raises(DomainError, match="batches of 12 samples make no noise"):
        response.dynamics(12)
    with pytest.raises(DomainError, match="batch must have 1 to 12 samples"):
        response.dynamics(13)
