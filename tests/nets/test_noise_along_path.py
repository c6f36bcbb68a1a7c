import numpy as np
import pytest
import torch
from landscapes import small_problem

from entropic.nets import NoiseSampling, Problem, measure_noise, noise_at, path_noise
from entropic.nets.losses import half_square
from entropic.nets.noise_along_path import QUANTITIES, pivot_tangents
from entropic.nets.parameters import flat_parameters
from entropic.nets.problem import array
from entropic.theory import DomainError
from entropic.theory.path import Path, straight


@pytest.fixture(scope="module")
def line():
    problem = small_problem(samples=120)
    first = array(flat_parameters(problem.model))
    return problem, straight(first, first + 0.5 * np.cos(np.arange(31)), 3)


def test_every_pivot_has_every_quantity_as_measured_there(line):
    problem, path = line
    sampling = NoiseSampling(probes=8, pairs=6)
    rows = path_noise(problem, path, sampling)
    assert [tuple(row) for row in rows] == [QUANTITIES] * 3
    theta = problem.tensor(path.points[1])
    noise = measure_noise(problem, theta)
    assert rows[1]["noise_trace"].value == noise.trace().value
    along = noise.along(problem.tensor(path.points[2] - path.points[0]))
    assert rows[1]["t_C_t"].value == pytest.approx(float(along.value))
    assert all(np.isfinite(row[name].value) for row in rows for name in QUANTITIES)


def test_pivots_that_are_known_are_not_looked_at_again(line):
    problem, path = line
    sampling, kept = NoiseSampling(probes=0, pairs=0), {}
    whole = path_noise(problem, path, sampling, keep=kept.__setitem__)
    marks = []
    again = path_noise(
        *(problem, path, sampling),
        known={0: kept[0], 2: kept[2]},
        keep=lambda i, found: marks.append((i, found)),
        progress=lambda fraction: marks.append(fraction),
    )
    assert [m for m in marks if isinstance(m, float)] == pytest.approx([1 / 3, 2 / 3, 1])
    assert [m[0] for m in marks if isinstance(m, tuple)] == [1]
    for one, other in zip(whole, again, strict=True):
        assert [e.value.item() for e in one.values()] == pytest.approx(
            [e.value.item() for e in other.values()], nan_ok=True
        )


def test_without_probes_pairs_tangent_or_rows_there_is_no_number_instead_of_a_wrong_one():
    problem = small_problem()
    theta = flat_parameters(problem.model)
    found = noise_at(problem, theta, None, NoiseSampling(probes=0, pairs=0))
    missing = {name for name, estimate in found.items() if np.isnan(estimate.value)}
    rest = {"alignment", "gain", "noise_stiffness", "noise_exponent", "tail_index"}
    assert missing == {*rest, "t_C_t", "kurtosis"}


def test_tangents_at_pivots_halve_the_angle_of_their_segments():
    bent = Path(np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 1.0]]))
    half = 0.5**0.5
    assert pivot_tangents(bent) == pytest.approx(np.array([[1, 0], [half, half], [0, 1]]))
    with pytest.raises(DomainError, match="must not turn back on itself"):
        pivot_tangents(Path(np.array([[0.0], [1.0], [0.0]])))


def test_gradients_that_are_not_finite_are_named_by_their_pivot():
    inputs = 1e10 * torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
    problem = Problem(torch.nn.Linear(2, 1, bias=False), half_square, inputs, torch.ones(6, 1))
    path = Path(np.array([[0.0, 0.0], [1e30, 0.0], [1e30, 1.0]]))  # single precision overflows
    with pytest.raises(DomainError, match="at pivot 1: the gradients must be finite numbers"):
        path_noise(problem, path, NoiseSampling(probes=0, pairs=0))


def test_a_landscape_without_noise_has_none_to_measure():
    model = torch.nn.Linear(2, 1, dtype=torch.float64)
    inputs = torch.ones(6, 2, dtype=torch.float64)
    problem = Problem(model, half_square, inputs, torch.ones(6, 1, dtype=torch.float64))
    with pytest.raises(DomainError, match="all gradients are alike"):
        noise_at(problem, flat_parameters(problem.model), None, NoiseSampling())


def test_too_few_probes_are_refused_before_anything_is_measured(line):
    with pytest.raises(DomainError, match="at least 4 each, or 0 .*; they are 2 and 10"):
        NoiseSampling(probes=2)
    with pytest.raises(DomainError, match="^the subset must have 2 to 120 samples; it has 500"):
        path_noise(*line, NoiseSampling(samples=500))
