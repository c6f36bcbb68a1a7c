import dataclasses
import subprocess
import sys

import naive_perceptron as naive
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import log_ndtr

from entropic.theory.errors import DomainError
from entropic.theory.perceptron import saddle
from entropic.theory.perceptron.saddle import (
    SaddlePoint,
    critical_capacity,
    saddle_limit,
    saddle_point,
)

MODELS = pytest.mark.parametrize("model", ["spherical", "binary"])
RESULTS = ["q", "q_hat", "entropy", "distance", "at_eigenvalue", "residual"]
# shares of the limit, margins
CASES = [(0.1, -1.0), (0.4, 0.0), (0.5, 2.0), (0.8, 0.5), (0.95, -0.3), (0.98, 0.0)]


def at(model, share, kappa):
    return saddle_point(share * saddle_limit(kappa, model), kappa, model)


def arrays_of(found):
    return [name for name, value in vars(found).items() if not isinstance(value, str)]


# what others have found


def test_binary_solutions_run_out_at_0_833():
    """W. Krauth and M. Mézard, J. Physique 50, 3057 (1989): α_c ≈ 0.833 at zero margin."""
    ends = brentq(lambda alpha: saddle_point(alpha, 0.0, "binary").entropy, 0.5, 1.2)
    assert ends == pytest.approx(0.833, abs=5e-4)
    assert ends == pytest.approx(critical_capacity(0.0, "binary"), rel=1e-10)


def test_the_capacities_are_covers_2_and_the_binary_0_833():
    assert critical_capacity() == 2.0
    assert critical_capacity(model="binary") == pytest.approx(0.833, abs=5e-4)
    assert saddle_limit(0.0, "spherical") == 2.0
    assert saddle_limit(0.0, "binary") == pytest.approx(4 / np.pi)


@pytest.mark.parametrize("kappa", [0.0, 0.7, 2.0])
def test_spherical_replica_symmetry_is_stable_up_to_capacity_for_margins_from_zero(kappa):
    """E. Gardner, J. Phys. A 21, 257 (1988)."""
    assert at("spherical", np.append(np.linspace(0, 0.999, 50), 1 - 1e-8), kappa).at_stable.all()


def test_at_zero_margin_it_is_marginal_at_capacity():
    # λ_AT → α_c Φ(κ) = 2 × ½, short of it by the kink's width, √(1 − q)
    short = 1 - at("spherical", 1 - np.array([1e-8, 1e-10]), 0.0).at_eigenvalue
    assert 0 < short[1] < short[0] < 2e-4
    assert short[1] / short[0] == pytest.approx(0.1, rel=1e-2)


@pytest.mark.parametrize("kappa", [-0.1, -1.0, -2.0])
def test_negative_margins_break_replica_symmetry_before_capacity(kappa):
    stable = at("spherical", np.array([0.01, 1 - 1e-6]), kappa).at_stable
    assert stable.tolist() == [True, False]


def test_binary_replica_symmetry_is_stable_as_long_as_there_are_solutions():
    """W. Krauth and M. Mézard, J. Physique 50, 3057 (1989)."""
    alpha = np.linspace(0, critical_capacity(0.0, "binary"), 20)
    assert saddle_point(alpha, 0.0, "binary").at_stable.all()
    assert not at("binary", 0.99, 0.0).at_stable


# slow, obvious versions


@MODELS
@pytest.mark.parametrize(("share", "kappa"), CASES[:4])
def test_iterating_the_equations_by_adaptive_quadrature_comes_to_rest_there(model, share, kappa):
    found = at(model, share, kappa)
    q, q_hat = naive.iterate(float(found.alpha), kappa, model)
    assert found.q == pytest.approx(q, rel=1e-9)
    assert found.q_hat == pytest.approx(q_hat, rel=1e-8)


@pytest.mark.parametrize(("share", "kappa"), CASES)
def test_the_spherical_entropy_is_the_functional_and_stationary(share, kappa):
    found = at("spherical", share, kappa)
    alpha, q = float(found.alpha), float(found.q)
    assert found.entropy == pytest.approx(naive.spherical_functional(q, alpha, kappa), rel=1e-8)
    step = 1e-4 * (1 - q)
    rises = [naive.spherical_functional(q + s, alpha, kappa) for s in (step, -step)]
    scale = 0.5 * q / (1 - q) ** 2  # of each of the two slopes that cancel
    assert abs(rises[0] - rises[1]) / (2 * step) < 1e-5 * scale


@pytest.mark.parametrize(("share", "kappa"), CASES)
def test_the_binary_entropy_is_the_functional_and_stationary_in_both_overlaps(share, kappa):
    found = at("binary", share, kappa)
    alpha, q, q_hat = float(found.alpha), float(found.q), float(found.q_hat)
    entropy = naive.binary_functional(q, q_hat, alpha, kappa)
    assert found.entropy == pytest.approx(entropy, rel=1e-8, abs=1e-9)
    step, step_hat = 1e-4 * (1 - q), 1e-4 * q_hat
    along_q = [naive.binary_functional(q + s, q_hat, alpha, kappa) for s in (step, -step)]
    assert abs(along_q[0] - along_q[1]) / (2 * step) < 1e-5 * 0.5 * q_hat
    along = [naive.binary_functional(q, q_hat + s, alpha, kappa) for s in (step_hat, -step_hat)]
    assert abs(along[0] - along[1]) / (2 * step_hat) < 1e-5 * 0.5 * (1 - q)


@MODELS
@pytest.mark.parametrize(("share", "kappa"), CASES)
def test_one_more_pattern_costs_the_mean_log_fraction(model, share, kappa):
    alpha, step = share * saddle_limit(kappa, model), 1e-4 * (1 - share)
    up, down = saddle_point(alpha * np.array([1 + step, 1 - step]), kappa, model).entropy
    q = float(saddle_point(alpha, kappa, model).q)
    slope = (up - down) / (2 * step * alpha)
    assert slope == pytest.approx(naive.log_fraction(q, kappa), rel=1e-6)


@MODELS
@pytest.mark.parametrize(("share", "kappa"), CASES)
def test_a_split_between_replicas_is_multiplied_by_the_at_eigenvalue(model, share, kappa):
    found = at(model, share, kappa)
    q, q_hat, alpha = float(found.q), float(found.q_hat), float(found.alpha)
    growth = naive.split_growth(q, q_hat, alpha, kappa, model, split=1e-4 * (1 - q) ** 2)
    assert found.at_eigenvalue == pytest.approx(growth, rel=1e-3)


# the residual


@MODELS
def test_the_equations_hold_to_1e_12_wherever_there_is_a_solution(model):
    share = np.array([1e-200, 1e-12, 1e-4, 0.3, 0.8, 0.99, 0.9999, 1 - 1e-6, 1 - 1e-8, 1 - 1e-12])
    kappa = np.array([-6, -4, -3, -2, -1, -1e-3, 0, 1e-9, 0.5, 1, 2, 3, 5, 10, 100])
    found = at(model, share[:, None], kappa)
    assert found.converged.all()
    assert found.residual.max() < 1e-12
    assert all(np.isfinite(getattr(found, name)).all() for name in RESULTS)


@MODELS
def test_the_residual_is_that_of_the_returned_numbers(model):
    found = at(model, 0.7, 0.4)
    q, q_hat, alpha = float(found.q), float(found.q_hat), float(found.alpha)
    pull = naive.over_patterns(lambda u: naive.G(u) ** 2, q, 0.4)
    assert q_hat * (1 - q) == pytest.approx(alpha * pull, rel=1e-11)
    spins = naive.over_normal(lambda z: np.tanh(np.sqrt(q_hat) * z) ** 2)
    overlap = spins if model == "binary" else q_hat * (1 - q) ** 2
    assert q == pytest.approx(overlap, rel=1e-11)


def test_a_point_that_does_not_solve_is_nan_and_says_so(monkeypatch):
    solve = saddle.solve
    monkeypatch.setattr(saddle, "solve", lambda *args: solve(*args) + [0.0, 1e-9])
    found = saddle_point([0.5, 1.0])
    assert found.converged.tolist() == [True, False]
    assert not found.at_stable[1]
    for name in RESULTS:
        assert np.isnan(getattr(found, name)).tolist() == [False, True]


# limits


@MODELS
def test_without_patterns_nothing_orders_the_weights(model):
    found = saddle_point(0.0, [-3.0, 0.0, 5.0], model)
    for name in ("q", "q_hat", "at_eigenvalue", "residual"):
        assert (getattr(found, name) == 0).all()
    assert (found.distance == 0.5).all()
    assert found.entropy == pytest.approx(np.log(2) if model == "binary" else 0.0, rel=1e-15)
    assert found.converged.all()
    assert found.at_stable.all()


@MODELS
@pytest.mark.parametrize("kappa", [-1.5, 0.0, 2.0])
def test_a_few_patterns_act_alone_and_then_in_pairs(model, kappa):
    # s − s₀ = α ln H(κ) − ¼ α² G(κ)⁴ + O(α³), with q = α G(κ)², for both kinds of weights
    alpha = 1e-3 * saddle_limit(kappa, model) * np.array([1.0, 0.5])
    found = saddle_point(alpha, kappa, model)
    first, pull = log_ndtr(-kappa), naive.G(kappa) ** 2
    start = saddle_point(0.0, kappa, model).entropy
    second = (found.entropy - start - alpha * first) / alpha**2
    assert 2 * second[1] - second[0] == pytest.approx(-(pull**2) / 4, rel=1e-4)
    assert saddle_point(1e-12 * alpha, kappa, model).q == pytest.approx(1e-12 * alpha * pull)


@MODELS
@pytest.mark.parametrize("kappa", [-2.0, 0.0, 1.0])
def test_more_patterns_leave_less_and_closer_solutions(model, kappa):
    found = at(model, np.linspace(0, 0.999, 60), kappa)
    assert (np.diff(found.entropy) < 0).all()
    assert (np.diff(found.distance) < 0).all()


def test_the_distance_keeps_the_digits_that_the_overlap_loses():
    found = at("spherical", 1 - 1e-12, 0.0)
    # 1 − α/2 → 2 (1 − q) as q → 1
    assert found.distance == pytest.approx(1e-12 / 4, rel=1e-3)


def test_negative_counts_are_pointed_out_for_binary_weights_alone():
    alpha = np.array([0.8, 0.84, 1.2])
    assert saddle_point(alpha, 0.0, "binary").without_solutions().tolist() == [False, True, True]
    assert not saddle_point(alpha).without_solutions().any()


# shapes


@MODELS
def test_loads_and_margins_broadcast(model):
    alpha, kappa = np.array([[0.0], [0.1], [0.2]]), np.array([-3.0, 0.0, 0.5, 1.0])
    found = saddle_point(alpha, kappa, model)
    assert {getattr(found, name).shape for name in arrays_of(found)} == {(3, 4)}
    one = saddle_point(0.2, 0.5, model)
    assert one.q.shape == ()
    for name in RESULTS[:-1]:
        assert getattr(found, name)[2, 2] == pytest.approx(getattr(one, name), rel=1e-13)


def test_many_points_are_solved_in_blocks_that_do_not_show():
    alpha = np.linspace(0, 1.9, saddle.BLOCK + 50)
    found = saddle_point(alpha)
    assert found.converged.all()
    assert (np.diff(found.q) > 0).all()


def test_no_loads_give_no_points():
    assert saddle_point([]).q.shape == (0,)


def test_what_was_found_cannot_be_changed():
    found = saddle_point([0.5, 1.0])
    assert isinstance(found, SaddlePoint)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.model = "binary"
    for name in arrays_of(found):
        assert not getattr(found, name).flags.writeable


def test_the_arguments_stay_writeable_and_their_own():
    alpha = np.array([0.5, 1.0])
    found = saddle_point(alpha)
    alpha[0] = 7.0
    assert found.alpha.tolist() == [0.5, 1.0]


# refusals


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            (2.5,),
            "alpha must stay below the critical capacity 2 of spherical weights at kappa = 0;"
            " it is 2.5: no solutions exist",
        ),
        (([0.5, 2.0],), "below the critical capacity 2 of spherical .* it is 2: no solutions"),
        (
            ([1.0, 1.5], 0.0, "binary"),
            "alpha must stay below 1.273239545, where the replica-symmetric saddle of binary"
            " weights ends at kappa = 0; it is 1.5: no solutions exist",
        ),
        ((0.6, [0.0, 1.0]), "capacity 0.519.* of spherical weights at kappa = 1; it is 0.6"),
        ((-0.1,), "alpha must be finite and at least 0; it is -0.1"),
        (([0.1, np.nan],), "alpha must be finite and at least 0; it is nan"),
        ((np.inf,), "alpha must be finite and at least 0; it is inf"),
        ((0.5, np.nan), "kappa must be finite and at least -25; it is nan"),
        ((0.5, -np.inf), "kappa must be finite and at least -25; it is -inf"),
        ((0.5, -26), "kappa must be finite and at least -25; it is -26"),
        (
            (0.5, 0.0, "ising"),
            "model must be 'spherical', 'binary' or 'symmetric'; it is 'ising'",
        ),
        (([1, 2, 3], [1, 2]), r"alpha and kappa must fit .* shapes are \(3,\) and \(2,\)"),
    ],
)
def test_a_question_without_an_answer_is_refused_in_one_line(args, message):
    with pytest.raises(DomainError, match=message) as refusal:
        saddle_point(*args)
    assert "\n" not in str(refusal.value)


def test_the_capacities_refuse_an_unknown_model_too():
    for question in (saddle_limit, critical_capacity):
        with pytest.raises(DomainError, match="model must be 'spherical', 'binary'"):
            question(0.0, "potts")


def test_solving_wakes_nothing_slow():
    code = (
        "import sys; from entropic.theory.perceptron.saddle import saddle_point; saddle_point(1.0);"
        "print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    slow = {"scipy.optimize", "scipy.integrate", "scipy.stats", "scipy.linalg", "sympy", "numba"}
    assert not slow & set(out.stdout.split())
