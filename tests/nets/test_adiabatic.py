"""The adiabatic predictions against theory on valleys that are known, and against a long cycle."""

import dataclasses

import numpy as np
import pytest
import torch
from valley_problem import kick_covariance, valley_problem

from entropic.nets import (
    ProjectedSGD,
    adiabatic_dynamics,
    adiabatic_prediction,
    cycle_floor,
    cycle_response,
    landscape_across,
)
from entropic.theory import (
    CurvatureAligned,
    DomainError,
    Thermal,
    Valley,
    mean_forces,
    modes_forces,
    shape,
    straight,
)
from entropic.theory.modes import Modes
from entropic.theory.update import Update

PLACES = [0.1, 0.3, 0.5, 0.7, 0.9]


def turned_valley():
    problem = valley_problem(2, aligned=False)
    path = straight(np.array([-1.0, 0, 0]), np.array([1.0, 0, 0]), 42)
    return problem, path, path.middles(PLACES)


def modes(problem, covariance):
    model = problem.model

    def hessian(y):
        return model.hessian(torch.tensor(y, dtype=torch.float64)).detach().numpy()

    def slope(y):
        at = torch.tensor(y, dtype=torch.float64)
        return torch.autograd.functional.jacobian(model.hessian, at).numpy()

    return Modes(shape("0.3*sin(y)"), hessian, lambda y: covariance, slope)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_white_noise_pushes_as_theory_says_of_a_thermal_bath(momentum):
    problem, path, s = turned_valley()
    rule = "heavy-ball" if momentum else "sgd"
    sgd = ProjectedSGD(0.2, 3, 50, optimizer=rule, momentum=momentum)
    found = adiabatic_dynamics(problem, path, sgd, s, floor=1e-3)
    c = sgd.noise_factor(problem.samples)
    # T = η c tr C/(2P), at x = 0 the covariance of the inputs
    heat = 0.2 * c * np.trace(kick_covariance(problem)) / (2 * 3)
    y = s - 1
    calm = Update(0.0, momentum)
    energetic, entropic = modes_forces(modes(problem, heat * np.eye(2)), y, calm)
    at = np.searchsorted(found.white_noise.y, s)
    clock = 50 * 0.2 / (1 - momentum)
    parts = found.white_noise.parts
    np.testing.assert_allclose(parts["energetic"][at], clock * energetic, rtol=1e-9)
    np.testing.assert_allclose(parts["entropic"][at], clock * entropic, rtol=1e-9)
    np.testing.assert_allclose(found.white_noise.diffusion, clock * heat / (1 - momentum))


@pytest.mark.parametrize("noise", ["minibatch", "uncorrelated", "isotropic"])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_the_algorithms_own_noise_pushes_as_the_lyapunov_equation_of_theory_says(noise, momentum):
    problem, path, s = turned_valley()
    rule = "heavy-ball" if momentum else "sgd"
    sgd = ProjectedSGD(0.2, 3, 50, optimizer=rule, momentum=momentum, noise=noise)
    found = adiabatic_dynamics(problem, path, sgd, s, floor=1e-3)
    full = kick_covariance(problem)
    if noise != "minibatch":
        full = np.diag(np.diag(full))
    if noise == "isotropic":
        full = np.eye(3) * np.trace(full) / 3
    half = 0.5 * 0.2 * sgd.noise_factor(problem.samples)
    valley = modes(problem, half * full[1:, 1:])
    _, entropic = modes_forces(valley, s - 1, Update(0.2, momentum))
    at = np.searchsorted(found.sgd_noise.y, s)
    clock = 50 * 0.2 / (1 - momentum)
    np.testing.assert_allclose(found.sgd_noise.parts["entropic"][at], clock * entropic, rtol=1e-9)
    along = clock * half * full[0, 0] / (1 - momentum)
    np.testing.assert_allclose(found.sgd_noise.diffusion, along)


def test_noise_proportional_to_curvature_pushes_by_the_trace():
    problem = valley_problem(3, aligned=True)
    path = straight(np.array([-1.0, 0, 0, 0]), np.array([1.0, 0, 0, 0]), 42)
    s, sgd = path.middles(PLACES), ProjectedSGD(0.3, 3, 50)
    found = adiabatic_dynamics(problem, path, sgd, s, floor=1e-3)
    heat = 0.5 * 0.3 * sgd.noise_factor(problem.samples)  # covariance g times it
    valley = Valley(shape("0.3*sin(y)"), shape("exp(y)"), fast_dims=3)
    _, entropic = mean_forces(valley, CurvatureAligned(heat), s - 1, 0.3)
    at = np.searchsorted(found.sgd_noise.y, s)
    np.testing.assert_allclose(found.sgd_noise.parts["entropic"][at], 15 * entropic, rtol=1e-9)
    # the same strength in all directions pushes by the logarithm, and differently
    white = (1 + 3 * np.exp(s - 1)) / 4 * heat
    logs = [
        mean_forces(valley, Thermal(t), np.array([y]))[1][0]
        for t, y in zip(white, s - 1, strict=True)
    ]
    np.testing.assert_allclose(
        found.white_noise.parts["entropic"][at], 15 * np.array(logs), rtol=1e-9
    )


@pytest.mark.parametrize("cycle", [5, 15, 120])
def test_a_finite_cycle_moves_by_what_is_built_up_of_it(cycle):
    """On a level valley without a slope along it the finite-k drift is the mean over the cycle."""
    problem, path, s = turned_valley()
    sgd = ProjectedSGD(0.2, 3, cycle)
    found = adiabatic_dynamics(problem, path, sgd, s, floor=1e-3)
    middle = float(s[2])  # y = 0 is within a segment; its slope moves the noiseless path
    exact = valley_problem(2, aligned=False)
    exact.model.forward = _level(exact.model)
    finite = cycle_response(exact, path, middle, 0.2, cycle, leading=9, probes=2).with_batch(3)
    at_rest = found.by_floor["sgd"][1, 2]
    built = found.validity["built_sgd"][2]
    assert float(finite.entropic.value) == pytest.approx(built * at_rest, rel=1e-6)
    assert (built > 0.95) == (cycle == 120)


def _level(model):
    def forward(inputs):
        x = model.place[1:]
        matrix = model.hessian(model.place[0])
        return 0.5 * x @ matrix @ x + inputs[:, :1] * model.place[0] + inputs[:, 1:] @ x[:, None]

    return forward


def test_one_pass_over_the_path_serves_every_algorithm():
    problem, path, s = turned_valley()
    profile = landscape_across(problem, path, s)
    for sgd in (ProjectedSGD(0.2, 3, 50), ProjectedSGD(0.1, 2, 9, optimizer="nesterov")):
        once = adiabatic_prediction(profile, sgd, 0.05)
        again = adiabatic_dynamics(problem, path, sgd, s, floor=0.05)
        np.testing.assert_allclose(once.sgd_noise.drift, again.sgd_noise.drift, rtol=1e-10)
        assert once.predictions["white"] is once.white_noise
        assert once.floor == again.floor == 0.05


def test_directions_below_the_floor_do_not_count_and_what_the_floor_does_is_told():
    problem, path, s = turned_valley()
    profile = landscape_across(problem, path, s)
    stiff = np.array([point.eigenvalues[0] for point in profile.points])
    found = adiabatic_prediction(profile, ProjectedSGD(0.2, 3, 50), float(1.01 * stiff.max()))
    assert np.all(found.white_noise.parts["entropic"] == 0)
    assert np.all(found.validity["kept"] == 0)
    low = adiabatic_prediction(profile, ProjectedSGD(0.2, 3, 50), 3e-3)
    assert np.all(low.floor_error("sgd") == 0)
    assert np.all(found.floor_error("white")[stiff > 1.01 / 3 * stiff.max()] > 0)
    assert found.validity["slow_sgd"].max() == 0  # all relax within a cycle
    slower = adiabatic_prediction(profile, ProjectedSGD(0.2, 3, 1), 3e-3)
    assert cycle_floor(slower.sgd) > stiff.max()
    assert np.all(slower.validity["slow_white"] == 1)


def test_beyond_the_dense_size_one_higher_floor_cuts_the_whole_path():
    problem, path, s = turned_valley()
    sgd = ProjectedSGD(0.2, 3, 50)
    some = adiabatic_dynamics(problem, path, sgd, s, dense=0, pairs=1)
    stiff = [p.eigenvalues[0] for p in landscape_across(problem, path, s).points]
    assert some.floor == pytest.approx(max(stiff), rel=1e-6)
    assert np.all(np.isnan(some.validity["negative"]))
    assert np.all(some.white_noise.parts["entropic"] == 0)
    full, both = (
        adiabatic_dynamics(problem, path, sgd, s, floor=1.1, dense=d, pairs=2) for d in (9, 0)
    )
    with pytest.raises(DomainError, match="the floor must be positive and at least"):
        adiabatic_dynamics(problem, path, sgd, s, floor=0.1, dense=0, pairs=1)
    for one, other in zip(full.by_floor["sgd"][1], both.by_floor["sgd"][1], strict=True):
        assert other == pytest.approx(one, rel=1e-6)


def test_a_level_path_leaves_the_entropic_drift_alone():
    problem, path, s = turned_valley()
    profile = landscape_across(problem, path, s)
    sgd = ProjectedSGD(0.2, 3, 50)
    plain, level = (
        adiabatic_prediction(profile, some).sgd_noise
        for some in (sgd, dataclasses.replace(sgd, level=True))
    )
    assert np.all(level.drift == plain.parts["entropic"])
    assert np.all(level.diffusion == plain.diffusion)
    assert np.all(abs(plain.parts["energetic"]) > 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"optimizer": "adam"}, "one mobility for all directions"),
        ({"noise": "none"}, "without noise nothing diffuses"),
        ({"batch": 9}, "without noise nothing diffuses"),
        ({"step": 2.0}, "must stay below 2, the edge of stability; it reaches"),
        ({"batch": 10}, "the batch must have 1 to 9 samples"),
    ],
)
def test_what_has_no_adiabatic_prediction_is_refused(change, words):
    problem, path, s = turned_valley()
    profile = landscape_across(problem, path, s)
    with pytest.raises(DomainError, match=words):
        adiabatic_prediction(profile, ProjectedSGD(**({"step": 0.2, "batch": 3} | change)))


def test_a_floor_below_what_is_known_is_refused():
    problem, path, s = turned_valley()
    profile = landscape_across(problem, path, s, floor=0.2)
    with pytest.raises(DomainError, match=r"at least 0.2, above which all eigenvalues are known"):
        adiabatic_prediction(profile, ProjectedSGD(0.2, 3), 0.1)
