"""One point at rest: on a manifold of minima the drift is known in closed form."""

import numpy as np
import pytest
import torch
from landscapes import hessian

from entropic.nets import DeepLinear, Problem, ProjectedSGD, landscape_across
from entropic.nets.at_rest import AtRest
from entropic.nets.losses import half_square
from entropic.nets.parameters import flat_parameters
from entropic.nets.problem import array
from entropic.theory import LinearData, global_minimum, straight
from entropic.theory.label_noise import MinibatchSgd, tangent_move

SIGMA, PATTERNS = 0.2, 2


def _stepped(step: float) -> MinibatchSgd:
    return MinibatchSgd(step=step, batch=1, label_noise=SIGMA, replacement=True)


def on_the_manifold(seed: int = 0):
    """A deep linear network with two labels ±σ about each mean, and the way its trace falls."""
    rng = np.random.default_rng(seed)
    data = LinearData(rng.normal(size=(3, PATTERNS)), rng.normal(size=PATTERNS))
    network = global_minimum(data, 3, 2.0, seed)
    patterns = torch.tensor(np.tile(data.inputs, 2).T.copy())
    labels = torch.tensor(np.concatenate([data.targets + SIGMA, data.targets - SIGMA]))
    problem = Problem(DeepLinear(network), half_square, patterns, labels)
    theta = array(flat_parameters(problem.model))
    move = tangent_move(network, data, _stepped(1.0), np.eye(PATTERNS))
    way = np.concatenate([part.ravel() for part in move])
    way /= np.linalg.norm(way)
    path = straight(theta - 0.11 * way, theta + 0.11 * way, 12)  # θ is the middle of a segment
    return network, data, problem, path, way


@pytest.mark.parametrize("step", [1e-3, 0.2])
def test_on_a_manifold_of_minima_the_drift_is_the_closed_form_of_theory(step):
    """R' = (1 − ηG/P)R(1 − ηG/P) + η² s G², s the variance of a step's label noise by pattern."""
    network, data, problem, path, way = on_the_manifold()
    sgd = ProjectedSGD(step, 1, cycle=7)
    c = sgd.noise_factor(problem.samples)
    middle = 0.5 * path.length
    profile = landscape_across(problem, path, np.array([middle, middle + 0.02]))
    found = AtRest(profile.points[0], sgd, c).drift("sgd", 1e-6)
    share = c * 2 * SIGMA**2 / (2 * PATTERNS - 1)
    gram = network.gram(data)
    unit = np.eye(PATTERNS)
    response = share * step * PATTERNS * np.linalg.inv(2 * unit - step * gram / PATTERNS)
    first, second = tangent_move(network, data, _stepped(step), response)
    expected = 7 * np.concatenate([first.ravel(), second]) @ way
    assert found == pytest.approx(expected, rel=1e-8)
    assert abs(expected) > 0


def test_there_it_is_the_slope_of_the_trace_as_the_step_shrinks_and_white_noise_differs():
    """Label noise makes C ∝ H: −k η (η c s'/2) ½ d tr H/ds, with s' = 2σ²P/(2P − 1)."""
    _, _, problem, path, way = on_the_manifold()
    sgd = ProjectedSGD(1e-5, 1, cycle=1)
    c, middle = sgd.noise_factor(problem.samples), 0.5 * path.length
    at = AtRest(landscape_across(problem, path, np.array([0.01, middle])).points[1], sgd, c)
    traces = [
        float(hessian(problem, torch.tensor(path.at(middle) + h * way)).trace())
        for h in (1e-4, -1e-4)
    ]
    slope = (traces[0] - traces[1]) / 2e-4
    aligned = 2 * SIGMA**2 * PATTERNS / (2 * PATTERNS - 1)
    expected = -0.25 * 1e-10 * c * aligned * slope
    assert at.drift("sgd", 1e-6) == pytest.approx(expected, rel=1e-4)
    assert at.drift("white", 1e-6) != pytest.approx(expected, rel=0.2)
    assert at.diffusion("sgd") < 1e-20 < at.diffusion("white")  # nothing shakes the way itself


def test_what_lies_below_the_reach_has_no_drift():
    _, _, problem, path, _ = on_the_manifold()
    profile = landscape_across(problem, path, np.array([0.05, 0.15]), floor=0.1)
    at = AtRest(profile.points[0], ProjectedSGD(0.1, 1), 1.0)
    assert np.isnan(at.drift("sgd", 0.05))
    assert np.isfinite(at.drift("sgd", 0.1))
