"""The loss along a path, interpolated, against evaluations one by one."""

import numpy as np
import pytest
import torch
from landscapes import small_problem

from entropic.nets import initial_parameters, loss_along
from entropic.nets.path_loss import TOLERANCE
from entropic.nets.problem import array
from entropic.theory import Path


@pytest.fixture(scope="module")
def place():
    problem = small_problem()
    corners = [array(initial_parameters(problem, seed)) for seed in range(4)]
    return problem, Path(2 * np.array(corners))


def direct(problem, path, s):
    return np.array([problem.full(torch.tensor(path.at(x))).item() for x in s.ravel()])


def test_few_places_are_evaluated_each(place):
    problem, path = place
    s = np.array([[0.1, 0.5], [0.1, 0.9]]) * path.length
    losses, error = loss_along(problem, path, s)
    assert error == 0
    np.testing.assert_allclose(losses.ravel(), direct(problem, path, s), rtol=1e-14)


def test_many_are_interpolated_within_the_error_that_is_told(place, monkeypatch):
    problem, path = place
    s = np.random.default_rng(0).uniform(0, path.length, (40, 30))
    exact = direct(problem, path, s).reshape(s.shape)
    counted = []
    plain = type(problem).full
    monkeypatch.setattr(type(problem), "full", lambda p, t: counted.append(0) or plain(p, t))
    losses, error = loss_along(problem, path, s)
    assert 0 < error <= 1.01 * TOLERANCE * np.ptp(exact)
    assert abs(losses - exact).max() <= error + 1e-3 * np.ptp(exact)
    assert len(counted) < 600  # of 1200


def test_kinks_at_the_pivots_are_found(place):
    problem, path = place
    s = np.sort(np.concatenate([path.arc, np.linspace(0, path.length, 300)]))
    losses, _ = loss_along(problem, path, s)
    np.testing.assert_allclose(losses, direct(problem, path, s), atol=2e-3 * np.ptp(losses))
