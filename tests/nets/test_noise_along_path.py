import numpy as np
import pytest
import torch
from landscapes import small_problem

from entropic.nets import (
    NoiseSampling,
    Problem,
    measure_noise,
    minima_noise,
    noise_at,
    path_noise,
)
from entropic.nets.losses import half_square
from entropic.nets.noise_along_path import QUANTITIES
from entropic.nets.parameters import flat_parameters
from entropic.nets.polyline import Polyline
from entropic.theory import DomainError


@pytest.fixture(scope="module")
def line():
    problem = small_problem(samples=120)
    first = flat_parameters(problem.model)
    last = first + 0.5 * torch.arange(31).double().cos()
    return problem, Polyline(torch.stack([first, 0.5 * (first + last), last]))


def test_every_pivot_has_every_quantity_as_measured_there(line):
    problem, path = line
    found = path_noise(problem, path, sampling=NoiseSampling(probes=8, pairs=6))
    assert tuple(found.estimates) == QUANTITIES
    assert found.normalisation == "none"
    noise = measure_noise(problem, path.points[1])
    assert found.estimates["noise_trace"].value[1] == noise.trace().value
    along = noise.along(path.points[2] - path.points[0])
    assert found.estimates["t_C_t"].value[1] == pytest.approx(float(along.value))
    for estimate in found.estimates.values():
        assert estimate.value.shape == (3,)
        assert np.isfinite(estimate.value).all()


def test_positions_may_lie_between_pivots(line):
    problem, path = line
    where = np.array([0.2, 0.7]) * path.length
    found = path_noise(problem, path, where, NoiseSampling(probes=0, pairs=0))
    between = measure_noise(problem, path.at(where[1]))
    assert found.estimates["noise_trace"].value[1] == between.trace().value


def test_a_path_that_was_cut_goes_on_to_the_same_bits(line):
    problem, path = line
    sampling, states = NoiseSampling(probes=4, pairs=4), []
    whole = path_noise(problem, path, sampling=sampling, keep=states.append)
    marks = []
    again = path_noise(problem, path, sampling=sampling, state=states[0], progress=marks.append)
    assert marks == pytest.approx([2 / 3, 1])
    for name in QUANTITIES:
        assert np.array_equal(again.estimates[name].value, whole.estimates[name].value)
        assert np.array_equal(again.estimates[name].error, whole.estimates[name].error)


def test_without_probes_pairs_tangent_or_rows_there_is_no_number_instead_of_a_wrong_one():
    problem = small_problem()
    theta = flat_parameters(problem.model)
    found = noise_at(problem, theta, None, NoiseSampling(probes=0, pairs=0))
    missing = {name for name, estimate in found.items() if np.isnan(estimate.value)}
    rest = {"alignment", "gain", "noise_stiffness", "noise_exponent", "tail_index"}
    assert missing == {*rest, "t_C_t", "kurtosis"}


def test_minima_are_single_points_without_a_tangent(line):
    problem, path = line
    points = {"a": path.points[0], "b": path.points[2]}
    found = minima_noise(problem, points, NoiseSampling(probes=0, pairs=0)).estimates
    assert np.isnan(found["t_C_t"].value).all()
    assert found["noise_trace"].value[1] == measure_noise(problem, points["b"]).trace().value


def test_gradients_that_are_not_finite_are_named_by_their_pivot():
    inputs = 1e10 * torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
    problem = Problem(torch.nn.Linear(2, 1, bias=False), half_square, inputs, torch.ones(6, 1))
    path = Polyline(torch.tensor([[0.0, 0.0], [1e30, 0.0]]))  # single precision overflows
    with pytest.raises(DomainError, match=r"at s = 1e\+30 of 1e\+30: the gradients must be finite"):
        path_noise(problem, path, sampling=NoiseSampling(probes=0, pairs=0))


def test_a_landscape_without_noise_has_none_to_measure():
    model = torch.nn.Linear(2, 1, dtype=torch.float64)
    inputs = torch.ones(6, 2, dtype=torch.float64)
    problem = Problem(model, half_square, inputs, torch.ones(6, 1, dtype=torch.float64))
    nowhere = torch.zeros(3, dtype=torch.float64)  # where every gradient is -1, and exactly so
    with pytest.raises(DomainError, match="all gradients are alike"):
        noise_at(problem, nowhere, None, NoiseSampling())


def test_too_few_probes_are_refused_before_anything_is_measured(line):
    with pytest.raises(DomainError, match="at least 4 each, or 0 .*; they are 2 and 10"):
        NoiseSampling(probes=2)
    with pytest.raises(DomainError, match="^the subset must have 2 to 120 samples; it has 500"):
        path_noise(*line, None, NoiseSampling(samples=500))
    with pytest.raises(DomainError, match="31 numbers; those of the path have 2"):
        path_noise(line[0], Polyline(torch.eye(2)))
