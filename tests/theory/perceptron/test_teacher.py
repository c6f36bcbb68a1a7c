import naive_temperature as naive
import numpy as np
import pytest
from scipy.special import ndtr

from entropic.theory.errors import DomainError
from entropic.theory.perceptron.saddle import saddle_branches, saddle_point
from entropic.theory.perceptron.teacher_limit import teacher_limit
from entropic.theory.perceptron.teacher_transition import teacher_spinodal, teacher_transition

MODELS = pytest.mark.parametrize("model", ["spherical", "binary"])
CASES = [  # model, α, κ, energy, β
    ("spherical", 1.5, 0.0, "count", np.inf),
    ("spherical", 1.2, 0.5, "count", np.inf),
    ("spherical", 3.0, -0.7, "count", np.inf),
    ("spherical", 2.5, 0.5, "hinge", 4.0),
    ("spherical", 2.5, 0.3, "quadratic", 20.0),
    ("binary", 1.1, 0.0, "count", np.inf),
    ("binary", 0.6, 0.4, "count", np.inf),
    ("binary", 1.4, -0.3, "count", 3.0),
    ("binary", 1.4, 0.5, "quadratic", 6.0),
]


def taught(alpha, kappa=0.0, model="spherical", **more):
    return saddle_point(alpha, kappa, model, setting="teacher", **more)


@pytest.mark.parametrize(("model", "alpha", "kappa", "energy", "beta"), CASES)
def test_the_free_entropy_is_the_functional_and_stationary_in_every_overlap(
    model, alpha, kappa, energy, beta
):
    found = taught(alpha, kappa, model, energy=energy, beta=beta)
    q, R, q_hat = (float(getattr(found, n)) for n in ("q", "teacher_overlap", "q_hat"))
    rest, step = (alpha, kappa, beta, energy), 1e-4
    if model == "spherical":
        values = [
            naive.spherical_functional(q + a * step, R + b * step, *rest)
            for a, b in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
        ]
    else:
        R_hat = naive.teacher_field(q_hat, R)
        values = [
            naive.binary_functional(q + a * step, R + b * step, q_hat + c * step, R_hat, *rest)
            for a, b, c in (
                *((0, 0, 0), (1, 0, 0), (-1, 0, 0), (0, 1, 0)),
                *((0, -1, 0), (0, 0, 1), (0, 0, -1)),
            )
        ]
    assert found.free_entropy == pytest.approx(values[0], rel=1e-9, abs=1e-10)
    for up, down in zip(values[1::2], values[2::2], strict=True):
        assert abs(up - down) / (2 * step) < 1e-5


@MODELS
def test_without_margin_and_temperature_the_posterior_is_nishimoris(model):
    share = np.array([1e-6, 0.1, 0.7, 1.2, 1.45])
    found = taught(share, 0.0, model)
    typical = saddle_branches(share, 0.0, model)[0]
    assert typical.teacher_overlap == pytest.approx(typical.q, rel=1e-12)
    assert (typical.generalization_error_bayes < typical.generalization_error).all()
    assert found.converged.all()


@MODELS
@pytest.mark.parametrize(("kappa", "energy"), [(0.4, "hinge"), (-0.5, "count"), (0, "quadratic")])
def test_energy_is_the_slope_in_the_temperature(model, kappa, energy):
    beta, step = 3.0, 1e-4
    found = taught(0.9, kappa, model, energy=energy, beta=beta)
    near = taught(0.9, kappa, model, energy=energy, beta=beta * (1 + step * np.array([1, -1])))
    slope = -(near.free_entropy[0] - near.free_entropy[1]) / (2 * step * beta)
    assert found.energy == pytest.approx(slope, rel=1e-6)
    assert found.free_entropy == pytest.approx(found.entropy - beta * found.energy, abs=1e-13)


@pytest.mark.parametrize(("model", "alpha", "kappa", "energy", "beta"), CASES[3:5] + CASES[6:8])
def test_one_more_pattern_costs_its_mean_log_f(model, alpha, kappa, energy, beta):
    step = 1e-4
    found = taught(alpha + step * np.array([-1, 0, 1]), kappa, model, energy=energy, beta=beta)
    slope = (found.free_entropy[2] - found.free_entropy[0]) / (2 * step)
    q, R = float(found.q[1]), float(found.teacher_overlap[1])
    assert slope == pytest.approx(naive.log_fraction(q, R, kappa, beta, energy), rel=1e-6)


def test_many_examples_leave_errors_of_0_625_and_0_442_over_alpha():
    """The asymptotics in print of Gibbs learning and of the Bayes vote on the sphere."""
    alpha = np.array([1e3, 1e4])
    found = taught(alpha)
    assert alpha * found.generalization_error == pytest.approx(0.625, abs=1e-3)
    assert alpha * found.generalization_error_bayes == pytest.approx(0.442, abs=1e-3)


def test_few_examples_teach_each_on_its_own():
    # R = √(2/π) α G(κ), of one pattern
    alpha, kappa = np.array([1e-200, 1e-8]), 0.3
    pull = np.exp(-0.045) / np.sqrt(2 * np.pi) / ndtr(-kappa)
    for model in ("spherical", "binary"):
        found = taught(alpha, kappa, model)
        assert found.teacher_overlap == pytest.approx(np.sqrt(2 / np.pi) * alpha * pull, rel=1e-6)
        assert found.generalization_error == pytest.approx([0.5, 0.5], abs=1e-7)


def test_around_the_transition_both_branches_stand_and_exchange_dominance():
    transition, spinodal = (float(each().value) for each in (teacher_transition, teacher_spinodal))
    alpha = np.array([transition - 1e-6, transition + 1e-6, spinodal - 1e-3, spinodal + 1e-3])
    typical, perfect = saddle_branches(alpha, 0.0, "binary")
    assert typical.converged.tolist() == [True, True, True, False]
    assert perfect.converged.all()
    assert typical.dominant.tolist() == [True, False, False, False]
    assert (typical.dominant ^ perfect.dominant).all()
    assert typical.reason[3] == "the typical branch does not exist at this load"
    edge = saddle_branches(spinodal + np.array([-1e-8, 1e-8, 1e-4, 1e-2]), 0.0, "binary")[0]
    assert edge.converged.tolist() == [True, False, False, False]
    assert (edge.reason[1:] == "the typical branch does not exist at this load").all()
    best = taught(alpha, 0.0, "binary")
    assert best.branch.tolist() == ["typical", "perfect", "perfect", "perfect"]
    assert (best.teacher_overlap[1:] == 1).all()
    assert (best.entropy[1:] == 0).all()
    assert best.entropy[0] == pytest.approx(0.7e-6, rel=0.5)


def test_a_steep_hinge_keeps_two_branches_of_which_the_freer_dominates():
    alpha = np.array([1.0, 1.3, 1.5, 1.6, 1.7])
    typical, aligned = saddle_branches(alpha, 0.0, "binary", energy="hinge", beta=10.0)
    assert typical.converged.tolist() == [True, True, True, True, False]
    assert aligned.converged.tolist() == [False, True, True, True, True]
    both = slice(1, 4)
    assert (aligned.teacher_overlap[both] > typical.teacher_overlap[both] + 0.1).all()
    freer = aligned.free_entropy > typical.free_entropy
    assert (aligned.dominant[both] == freer[both]).all()
    assert 0 < freer[both].sum() < 3


def test_where_floats_cannot_tell_the_weights_from_the_teacher_the_branch_is_perfect():
    found = taught(20.0, 1.0, "binary", energy="hinge", beta=300.0)
    assert found.branch == "typical"
    found = taught(400.0, 1.0, "binary", energy="hinge", beta=300.0)
    assert found.branch == "perfect"
    # the teacher misses its own margin: 2∫₀¹Dz (1 − z) a pattern
    cost = 2 * (ndtr(1) - 0.5) - np.sqrt(2 / np.pi) * (1 - np.exp(-0.5))
    assert found.energy == pytest.approx(400 * cost, rel=1e-13)
    assert found.error_rate == pytest.approx(2 * (ndtr(1) - 0.5), rel=1e-13)


def test_a_cold_branch_that_floats_cannot_follow_is_nan_and_says_why():
    found = taught(50.0, 1.0, "binary", energy="hinge", beta=1e6)
    assert not found.converged
    assert np.isnan(found.q)
    assert found.reason == (
        "1 - q falls below 1e-13 before this load, where the curve of saddle points is lost"
    )


@MODELS
def test_the_equations_hold_to_1e_12_up_to_the_largest_load(model):
    kappa = np.array([-2.0, -0.5, 1e-3, 0.3, 3.0])
    limit = np.minimum(teacher_limit(kappa, model), 300.0)
    found = taught(np.array([1e-6, 0.3, 0.9, 0.999, 0.99999])[:, None] * limit, kappa, model)
    assert found.converged.all()
    assert found.residual.max() < 1e-12


@MODELS
def test_a_margin_below_zero_can_be_kept_on_any_number_of_patterns(model):
    found = taught([1.0, 100.0, 1000.0], -1.0, model)
    assert (np.diff(found.teacher_overlap) > 0).all()
    # the solutions surround the teacher: all that two of them share is the teacher
    assert found.q[2] == pytest.approx(found.teacher_overlap[2] ** 2, rel=1e-2)
    assert found.generalization_error_bayes[2] < 0.05 * found.generalization_error[2]


def test_refusals_name_the_range():
    for question, message in (
        (
            lambda: taught(0.72, 1.0),
            "0.710243548.*most that keeps a teacher's patterns at kappa = 1",
        ),
        (lambda: taught(0.5, -2.3), "kappa must be finite and at least -2.2 with a teacher"),
        (lambda: taught(0.5, beta=0.0), "beta must be from 1e-06 to 1e.12, or inf .*; it is 0"),
        (lambda: taught(0.5, energy="cube"), "energy must be 'count', 'hinge' or 'quadratic'"),
        (
            lambda: saddle_point(0.5, setting="school"),
            "setting must be 'storage' or 'teacher'; it is 'school'",
        ),
    ):
        with pytest.raises(DomainError, match=message):
            question()


@pytest.mark.slow
def test_counting_all_spins_that_agree_with_the_teacher_gives_the_entropy():
    """(1/N)⟨ln number of solutions⟩ at N = 8 to 16 and its line in 1/N."""
    rng, rows, alpha = np.random.default_rng(5), [], 0.5
    for n, samples in ((8, 20000), (10, 20000), (12, 10000), (14, 6000), (16, 3000)):
        w = 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1
        logs = []
        for _ in range(samples):
            kept = w
            for pattern in rng.normal(size=(round(alpha * n), n)):
                kept = kept[kept @ pattern * pattern.sum() > 0]  # the teacher is (1, ..., 1)
            logs.append(np.log(len(kept)) / n)
        rows.append((1 / n, np.mean(logs), np.std(logs) / np.sqrt(samples)))
    inverse, mean, error = np.array(rows).T
    fit, cov = np.polyfit(inverse, mean, 1, w=1 / error, cov="unscaled")
    sigma = np.sqrt(cov[1, 1])
    assert sigma < 0.02 * fit[1]
    assert abs(fit[1] - taught(alpha, 0.0, "binary").entropy) < 4 * sigma
    assert abs(fit[1] - saddle_point(alpha, 0.0, "binary").entropy) > 5 * sigma


def test_a_curve_that_is_lost_on_its_way_is_said_to_hide_branches(monkeypatch):
    monkeypatch.setattr("entropic.theory.perceptron.curve_tracing.STEPS", 12)
    with pytest.warns(RuntimeWarning, match="beta = inf could not be followed to the largest load"):
        saddle_branches([0.2, 1.3], model="binary")
