import math

import numpy as np
import pytest
import torch
from convolving import convolving_problem
from landscapes import small_problem
from valleys import potential_problem, ring

from entropic.nets import PathSettings, evaluate, find_path, flat_parameters, path_settings, preset
from entropic.nets.paths import barrier
from entropic.theory import DomainError, Path

QUICK = {
    "autoneb": {"pivots": 4, "cycles": 2, "steps": 5, "batch": 8, "dense": 3},
    "neb": {"pivots": 5, "cycles": 2, "steps": 5, "batch": 8, "dense": 2},
    "bezier": {"pivots": 6, "cycles": 2, "steps": 10, "batch": 8, "dense": 1},
    "polygon": {"pivots": 5, "cycles": 2, "steps": 10, "batch": 8, "dense": 1},
    "line": {"pivots": 5},
}


def ends_of(problem, scale=1.0):
    first = flat_parameters(problem.model)
    noise = torch.randn(len(first), generator=torch.Generator().manual_seed(1), dtype=first.dtype)
    return first, first + scale * noise


@pytest.mark.parametrize("method", QUICK)
def test_the_ends_never_move(method):
    problem = small_problem()
    first, last = ends_of(problem)
    found = find_path(problem, first, last, method, path_settings(method, **QUICK[method]))
    assert torch.equal(found.points[0], first)
    assert torch.equal(found.points[-1], last)
    assert found.points.dtype == problem.dtype


@pytest.mark.parametrize("method", QUICK)
@pytest.mark.parametrize("make", [small_problem, convolving_problem])
def test_the_profile_is_the_landscape_along_the_polygon(method, make):
    problem = make()
    ends = ends_of(problem)
    found = find_path(problem, *ends, method, path_settings(method, **QUICK[method]))
    path = Path(found.points.numpy())
    np.testing.assert_allclose(found.s[found.pivots].numpy(), path.arc, rtol=1e-12)
    assert found.length == pytest.approx(path.length)
    assert found.distance == pytest.approx(np.linalg.norm(path.points[-1] - path.points[0]))
    for i in (1, len(found.s) // 2):
        point = torch.tensor(path.at(float(found.s[i])))
        assert float(found.losses[i]) == pytest.approx(float(problem.full(point)), rel=1e-9)


def test_a_barrier_is_measured_from_the_higher_end_or_from_the_line_between_both():
    def slope(x, y):
        return x + (1 - x * x) + 0 * y

    ends = torch.tensor([[-1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    found = find_path(potential_problem(slope), *ends, "line", path_settings("line", dense=9))
    assert found.barrier == pytest.approx(0.25, abs=1e-12)  # 1 + x - x^2 at 1/2, above 1
    assert found.barrier_above_line == pytest.approx(1.0, abs=1e-12)  # at 0
    assert barrier(torch.tensor([3.0, 1.0, 2.0])) == 0


@pytest.mark.parametrize("method", ["autoneb", "neb", "bezier", "polygon"])
@pytest.mark.parametrize("cut", [3, 7, 11])
def test_a_search_that_was_cut_goes_on_to_the_same_bits(method, cut):
    problem, settings = small_problem(), path_settings(method, **QUICK[method])
    ends = ends_of(problem)
    whole = find_path(problem, *ends, method, settings, seed=4)
    states = []
    find_path(problem, *ends, method, settings, seed=4, keep=states.append)
    state = {name: values.clone() for name, values in states[cut - 1].items()}
    again = find_path(problem, *ends, method, settings, seed=4, state=state)
    assert torch.equal(again.points, whole.points)
    assert torch.equal(again.losses, whole.losses)
    assert again.history == whole.history


def test_a_state_that_was_kept_does_not_change_afterwards():
    problem, settings = small_problem(), path_settings("neb", **QUICK["neb"])
    states, copies = [], []

    def keep(state):
        states.append(state)
        copies.append({name: values.clone() for name, values in state.items()})

    find_path(problem, *ends_of(problem), "neb", settings, keep=keep)
    for state, copy in zip(states, copies, strict=True):
        assert all(torch.equal(state[name], copy[name]) for name in copy)


def test_the_seed_decides_and_nothing_else():
    problem, settings = small_problem(), path_settings("neb", **QUICK["neb"])
    ends, torch_state = ends_of(problem), torch.get_rng_state()
    one, same, other = (
        find_path(problem, *ends, "neb", settings, seed=seed).points for seed in (0, 0, 1)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), torch_state)


def test_the_minibatch_of_all_samples_needs_no_seed():
    problem = small_problem()
    settings = path_settings("neb", **{**QUICK["neb"], "batch": 12})
    ends = ends_of(problem)
    one, other = (find_path(problem, *ends, "neb", settings, seed=seed) for seed in (0, 1))
    assert torch.equal(one.points, other.points)


def test_autoneb_adds_pivots_and_a_plain_band_does_not():
    """A hill that stands between two pivots of the straight line is found by looking densely."""

    def hill(x, y):
        return torch.exp(-30 * x * x) + y * y

    ends = torch.tensor([[-1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    problem = potential_problem(hill)
    settings = {name: path_settings(name, **QUICK["autoneb"]) for name in ("autoneb", "neb")}
    auto, plain = (find_path(problem, *ends, name, settings[name]) for name in ("autoneb", "neb"))
    assert [stage.pivots for stage in plain.history] == [4, 4]
    assert [stage.pivots for stage in auto.history] == [4, 5]
    assert [stage.rate for stage in auto.history] == pytest.approx([0.1, 1e-3])
    assert auto.history[1].loss == float(auto.losses.max())
    assert auto.points[2].tolist() == pytest.approx([0.0, 0.0], abs=1e-12)
    assert auto.barrier == pytest.approx(1.0, abs=1e-9)


def test_progress_rises_to_the_end():
    problem, seen = small_problem(), []
    find_path(
        problem,
        *ends_of(problem),
        "autoneb",
        path_settings("autoneb", **QUICK["autoneb"]),
        progress=lambda label, fraction: seen.append((label, fraction)),
    )
    fractions = [fraction for _, fraction in seen]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0 and fractions[-1] < 1  # noqa: PT018
    assert "cycle 2 of 2" in seen[-1][0]


def test_a_path_between_two_networks_of_the_digits_has_a_low_barrier():
    """Short of convergence, from two unfinished minima, in a few seconds."""
    problem = preset("digits-mlp").make(samples=256, width=8)
    from entropic.nets import initial_parameters, train_minimum

    ends = [
        problem.tensor(
            train_minimum(problem, initial_parameters(problem, s), s, steps=600, gradient_norm=0.1)
        )
        for s in (0, 1)
    ]
    line = find_path(problem, *ends, "line")
    settings = path_settings("autoneb", pivots=7, cycles=3, steps=120, batch=128, dense=4)
    found = find_path(problem, *ends, "autoneb", settings)
    assert line.barrier > 0.5
    assert found.barrier < 0.2 * line.barrier
    assert found.length > line.length
    middle = found.points[len(found.points) // 2]
    on_line = line.points[len(line.points) // 2]
    assert evaluate(problem, middle).metric > evaluate(problem, on_line).metric + 0.1


def test_a_path_of_a_network_with_batch_normalisation_lowers_the_loss_too():
    problem = convolving_problem()
    ends = ends_of(problem)
    settings = path_settings("neb", pivots=5, cycles=2, steps=30, batch=8, rate=0.05)
    found, line = (find_path(problem, *ends, m, s) for m, s in (("neb", settings), ("line", None)))
    assert float(found.losses.mean()) < 0.8 * float(line.losses.mean())


def test_ends_of_another_shape_or_the_same_point_are_refused():
    problem = small_problem()
    first, last = ends_of(problem)
    with pytest.raises(DomainError, match=r"an end has 31 numbers, .*; the last has \(30,\)"):
        find_path(problem, first, last[:30])
    with pytest.raises(DomainError, match="two ends must differ; they are the same point"):
        find_path(problem, first, first.clone())
    with pytest.raises(DomainError, match="ends must be finite numbers; the first is not"):
        find_path(problem, first * math.nan, last)


def test_a_band_that_leaves_the_finite_world_says_where():
    settings = path_settings("neb", steps=60, rate=5.0)
    ends = torch.tensor([[1.0, 0.0], [-0.9, 0.3]], dtype=torch.float64)
    match = r"at pivot \d+ is (nan|inf) in step \d+ of cycle 1, at a rate of 5; a lower one may"
    with pytest.raises(DomainError, match=match):
        find_path(potential_problem(ring), *ends, "neb", settings)


def test_a_curve_that_leaves_the_finite_world_says_where():
    ends = torch.tensor([[1.0, 0.0], [-0.9, 0.3]], dtype=torch.float64)
    settings = path_settings("bezier", steps=60, rate=50.0)
    match = r"not finite at t = 0\.\d+ of the curve in step \d+, at a rate of 50; a lower"
    with pytest.raises(DomainError, match=match):
        find_path(potential_problem(ring), *ends, "bezier", settings)


def test_a_state_of_another_search_is_refused():
    problem, settings = small_problem(), path_settings("neb", **QUICK["neb"])
    first, last = ends_of(problem)
    states = []
    find_path(problem, first, last, "neb", settings, keep=states.append)
    with pytest.raises(DomainError, match="this is no state of a search: .*spacing"):
        find_path(problem, first, last, "bezier", state=states[0])
    with pytest.raises(DomainError, match="this state is of a search between other ends"):
        find_path(problem, last, first, "neb", settings, state=states[0])
    with pytest.raises(DomainError, match="this is no state of a search: KeyError"):
        find_path(problem, first, last, "neb", settings, state={})


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"pivots": 2}, "at least 3 pivots, its ends included; there are 2"),
        ({"cycles": 0}, "cycles must be at least 1; it is 0"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"bends": 0}, "bends must be at least 1"),
        ({"dense": -1}, "there cannot be -1 points between two pivots"),
        ({"rate": 1e-4}, "must be positive and not rise; they go from 0.0001 to 0.001"),
        ({"momentum": 1.0}, "momentum must be from 0 to below 1; it is 1"),
        ({"excess": -0.1}, "excess must be zero or positive; it is -0.1"),
    ],
)
def test_settings_that_make_no_search_are_refused(wrong, match):
    with pytest.raises(DomainError, match=match):
        PathSettings(**wrong)


def test_another_method_is_refused():
    problem = small_problem()
    with pytest.raises(DomainError, match="must be one of autoneb, neb, .*; it is 'string'"):
        find_path(problem, *ends_of(problem), "string")
