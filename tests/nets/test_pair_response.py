import numpy as np
import pytest
import torch

from entropic.nets import ProjectedSGD
from entropic.nets.optimizers import Optimizer
from entropic.nets.pair_response import (
    cycle_mean_response,
    rest_response,
    stability_edge,
    update_of,
)
from entropic.nets.recipe import Recipe
from entropic.theory import DomainError

STIFFNESS = np.array([0.3, 2.0, 7.0])
RULES = ["sgd", "heavy-ball", "nesterov"]


def answers(sgd: ProjectedSGD, steps: int) -> np.ndarray:
    """What one unit kick of the gradient makes of x after 1, 2, … steps (steps, r), by torch."""
    x = torch.zeros(1, len(STIFFNESS), dtype=torch.float64)
    beta = 0.0 if sgd.optimizer == "sgd" else sgd.momentum
    recipe = Recipe(momentum=beta, nesterov=sgd.optimizer == "nesterov", rate=sgd.step)
    optimizer, seen = Optimizer.at(recipe, x), []
    for step in range(steps):
        kick = 1.0 if step == 0 else 0.0
        optimizer.step(x, torch.tensor(STIFFNESS) * x + kick, sgd.step)
        seen.append(x[0].numpy().copy())
    return np.array(seen)


@pytest.mark.parametrize("rule", RULES)
def test_at_rest_covariances_sum_what_every_past_kick_left(rule):
    sgd = ProjectedSGD(0.1, 8, optimizer=rule, momentum=0.6)
    left = answers(sgd, 1500)
    expected = left.T @ left * 2 / sgd.step
    np.testing.assert_allclose(rest_response(sgd, STIFFNESS), expected, rtol=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_within_a_cycle_they_sum_the_kicks_since_it_began(rule):
    sgd = ProjectedSGD(0.1, 8, 7, optimizer=rule, momentum=0.6, buffers="reset")
    left = answers(sgd, 6)
    sums = [left[:j].T @ left[:j] for j in range(7)]  # after j steps
    expected = np.mean(sums, axis=0) * 2 / sgd.step
    np.testing.assert_allclose(cycle_mean_response(sgd, STIFFNESS), expected, rtol=1e-12)


def test_a_warm_buffer_shakes_the_first_steps_more():
    warm, reset = (
        cycle_mean_response(
            ProjectedSGD(0.1, 8, 7, optimizer="heavy-ball", momentum=0.6, buffers=buffers),
            STIFFNESS,
        )
        for buffers in ("warm", "reset")
    )
    assert np.all(np.diag(warm) > np.diag(reset))


@pytest.mark.parametrize("rule", RULES)
def test_fluctuations_grow_without_bound_towards_the_edge_and_are_refused_there(rule):
    sgd = ProjectedSGD(0.1, 8, optimizer=rule, momentum=0.6)
    edge = stability_edge(sgd) / sgd.step
    near = rest_response(sgd, np.array([0.999 * edge, 0.5 * edge]))
    assert near[0, 0] > 100 * near[1, 1]
    with pytest.raises(DomainError, match=r"must stay below .* the edge of stability"):
        rest_response(sgd, np.array([edge]))


def test_adam_has_no_single_mobility():
    with pytest.raises(DomainError, match="one mobility for all directions"):
        update_of(ProjectedSGD(0.1, 8, optimizer="adam"))
