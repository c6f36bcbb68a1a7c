import dataclasses

import naive_franz_parisi as naive
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr

from entropic.theory.errors import DomainError
from entropic.theory.perceptron.entropy_curve import upper_bound
from entropic.theory.perceptron.local_entropy import LocalEntropy, local_entropy
from entropic.theory.perceptron.saddle import critical_capacity, saddle_point

MODELS = pytest.mark.parametrize("model", ["binary", "spherical"])
# model, α, κ, κ̃
CURVES = [
    ("binary", 0.5, 0.0, 0.0),
    ("binary", 0.7, 0.0, 0.1),
    ("binary", 0.2, 0.5, 0.5),
    ("binary", 5.0, -2.0, -1.5),
    ("binary", 0.05, 3.0, 3.0),
    ("spherical", 1.0, 0.0, 0.0),
    ("spherical", 1.2, -0.2, 0.2),
    ("spherical", 0.1, 1.5, 2.0),
]
CURVE = pytest.mark.parametrize(("model", "alpha", "kappa", "margin"), CURVES)
NUMBERS = ("local_entropy", "slope", "q", "t", "q_hat", "t_hat", "p_hat", "error", "residual")


# sum rules and derivative identities


@CURVE
def test_the_largest_local_entropy_is_the_entropy_of_all_solutions(model, alpha, kappa, margin):
    d = np.linspace(0.02, 0.6, 30)
    found = local_entropy(d, alpha, kappa, margin, model)
    best = d[np.nanargmax(found.local_entropy)]
    near = local_entropy(best + np.linspace(-0.012, 0.012, 7), alpha, kappa, margin, model)
    # the parabola's error is of fourth order, and the slope vanishes in between
    bend = np.polynomial.Polynomial.fit(near.distance, near.local_entropy, 5)
    place = next(
        root.real
        for root in bend.deriv().roots()
        if abs(root.imag) < 1e-9 and near.distance[0] < root.real < near.distance[-1]
    )
    entropy = float(saddle_point(alpha, kappa, model).entropy)
    assert bend(place) == pytest.approx(entropy, abs=1e-8)
    assert np.nanmax(found.local_entropy) <= entropy + 1e-12


@CURVE
def test_the_slope_is_the_derivative_by_distance(model, alpha, kappa, margin):
    d = np.array([0.01, 0.05, 0.15, 0.3])
    step = 1e-4 * d
    up, down = (
        local_entropy(d + s * step, alpha, kappa, margin, model).local_entropy for s in (1, -1)
    )
    slope = local_entropy(d, alpha, kappa, margin, model).slope
    ok = np.isfinite(slope)
    assert ok.sum() >= 3
    np.testing.assert_allclose(((up - down) / (2 * step))[ok], slope[ok], rtol=1e-6, atol=1e-7)


@CURVE
def test_it_never_exceeds_what_there_is_without_patterns(model, alpha, kappa, margin):
    d = 1 / (1 + np.exp(-np.linspace(-9, 6, 24)))
    found = local_entropy(d, alpha, kappa, margin, model)
    ok = found.converged
    assert ok.sum() > 8
    assert (found.local_entropy[ok] <= found.upper_bound[ok] + 1e-13).all()
    assert (found.error[ok] < 1e-6).all()
    # a gap of the counted weights cannot be larger than one of free weights there
    assert (found.q[ok] >= found.overlap[ok] ** 2 - 1e-13).all()


def test_a_small_change_of_the_load_costs_the_mean_log_fraction():
    # dφ/dα at fixed κ̃ is not ⟨ln H⟩ alone, since the reference changes: but it is at α → 0
    d, step = np.array([0.05, 0.2, 0.7]), 1e-6
    for model in ("binary", "spherical"):
        slope = (
            local_entropy(d, step, 0.3, 0.5, model).local_entropy - upper_bound(d, model)
        ) / step
        for i, distance in enumerate(d):
            p, width = 1 - 2 * distance, 2 * np.sqrt(distance * (1 - distance))

            def pattern(h, p=p, width=width):
                density = np.exp(-0.5 * h * h - log_ndtr(-0.5)) / np.sqrt(2 * np.pi)
                return density * log_ndtr((p * h - 0.3) / width)

            assert slope[i] == pytest.approx(quad(pattern, 0.5, 10)[0], rel=1e-4)


# slow, obvious versions


@pytest.mark.parametrize(
    ("alpha", "kappa", "margin", "d"),
    [(0.4, 0.0, 0.2, 0.2), (0.6, 0.1, 0.1, 0.4), (0.3, 0.3, 0.0, 0.3), (0.3, 0.0, 0.0, 0.7)],
)
def test_the_binary_value_is_the_nested_sum_and_stationary(alpha, kappa, margin, d):
    found = local_entropy(d, alpha, kappa, margin)
    reference = saddle_point(alpha, margin, "binary")
    point = np.array(
        [float(getattr(found, name)) for name in ("q", "t", "q_hat", "t_hat", "p_hat")]
    )

    def at(values):
        return naive.binary_functional(reference, alpha, kappa, 1 - 2 * d, *values)

    assert found.local_entropy == pytest.approx(at(point), abs=1e-7)
    for move in 1e-4 * np.eye(5):
        assert abs(at(point + move) - at(point - move)) < 1e-8


@pytest.mark.parametrize(
    ("alpha", "kappa", "margin", "d"), [(0.8, 0.0, 0.3, 0.2), (0.5, -0.4, 0.0, 0.6)]
)
def test_the_spherical_value_is_the_one_of_the_replica_determinant(alpha, kappa, margin, d):
    found = local_entropy(d, alpha, kappa, margin, "spherical")
    reference = saddle_point(alpha, margin, "spherical")
    point = np.array([float(found.q), float(found.t)])

    def at(values):
        return naive.spherical_functional(reference, alpha, kappa, 1 - 2 * d, *values)

    assert found.local_entropy == pytest.approx(at(point), abs=1e-6)
    for move in 1e-3 * np.eye(2):
        assert abs(at(point + move) - at(point - move)) < 1e-6


def test_trying_all_weights_of_a_small_perceptron_gives_it_with_a_correction_of_order_one_over_n():
    theory = local_entropy(1 / 3, 1 / 3)
    excess, errors = [], []
    for n, samples, seed in ((12, 800, 1), (18, 150, 2)):
        rng = np.random.default_rng(seed)
        mean, error = naive.enumerate_around(n, n // 3, 0.0, 6, samples, rng)
        excess.append(mean[n // 3] / n)
        errors.append(error[n // 3] / n)
    limit, error = 3 * excess[1] - 2 * excess[0], np.hypot(3 * errors[1], 2 * errors[0])
    expected = float(theory.local_entropy - theory.upper_bound)
    assert error < 0.07 * abs(expected)
    assert abs(limit - expected) < 3 * error
    # half of all weights obey each pattern: what they would leave if they did not overlap
    assert abs(limit - np.log(0.5) / 3) > 3 * error


def test_throwing_weights_at_a_sphere_gives_it():
    rng = np.random.default_rng(3)
    mean, error = naive.sample_sphere_around(60, 6, 0.0, 0.3, 0.6, 2000, 120, rng)
    found = local_entropy(0.2, 0.1, 0.0, 0.3, "spherical")
    expected = float(found.local_entropy - found.upper_bound)
    assert error / 60 < 0.03 * abs(expected)
    assert abs(mean / 60 - expected) < 4 * error / 60


# limits


@MODELS
def test_without_patterns_all_weights_are_counted(model):
    d = np.array([1e-3, 0.1, 0.5, 0.9])
    found = local_entropy(d, 0.0, [[0.0], [2.0]], 0.3, model)
    exact = upper_bound(d, model)
    assert (found.local_entropy == exact).all()
    np.testing.assert_allclose(found.q, [(1 - 2 * d) ** 2] * 2)
    assert (found.t == 0).all()
    step = 1e-5
    slope = (upper_bound(d + step * d, model) - upper_bound(d - step * d, model)) / (2 * step * d)
    np.testing.assert_allclose(found.slope[0], slope, rtol=1e-6, atol=1e-6)
    assert (found.error == 0).all()
    assert found.converged.all()


@MODELS
@pytest.mark.parametrize("margin", [-5.0, -7.0, -15.0])
def test_margins_that_nothing_violates_leave_the_upper_bound(model, margin):
    found = local_entropy([0.01, 0.1, 0.5, 0.8], 0.5, margin, margin, model)
    np.testing.assert_allclose(found.local_entropy, found.upper_bound, rtol=0, atol=1e-6)
    assert found.converged.all()


@MODELS
def test_the_reference_keeps_the_margin_of_the_counted_if_not_told(model):
    one = local_entropy(0.2, 0.2, 0.1, None, model)
    two = local_entropy(0.2, 0.2, 0.1, 0.1, model)
    close = local_entropy(0.2, 0.2, 0.1, 0.1 + 1e-7, model)
    assert one.local_entropy == two.local_entropy
    assert one.reference_margin == 0.1
    assert close.local_entropy == pytest.approx(float(one.local_entropy), abs=1e-7)


@MODELS
def test_at_the_typical_distance_everything_is_that_of_typical_solutions(model):
    saddle = saddle_point(0.5, 0.0, model)
    found = local_entropy(
        float(saddle.distance) * (1 + np.array([0, 1e-9, -1e-6])), 0.5, 0, 0, model
    )
    assert found.converged.all()
    np.testing.assert_allclose(found.local_entropy, saddle.entropy, atol=1e-10)
    np.testing.assert_allclose(found.q, saddle.q, atol=1e-5)
    np.testing.assert_allclose(found.t, saddle.q, atol=1e-5)
    np.testing.assert_allclose(found.slope, 0, atol=2e-5)


@MODELS
def test_around_a_robust_reference_hardly_anything_is_lost_at_small_distances(model):
    d = np.geomspace(1e-6, 1e-2, 9)
    found = local_entropy(d, 0.4, 0.0, 0.3, model)
    assert found.converged.all()
    lost = found.upper_bound - found.local_entropy
    assert (np.diff(lost) >= -1e-15).all()
    assert abs(lost[0]) < 1e-15 < lost[-1] < 0.02
    # one curve, across the change from first order to the full saddle point
    fine = np.geomspace(8e-4, 2e-3, 30)
    many = local_entropy(fine, 0.4, 0.0, 0.3, model)
    bends = np.diff(np.log(many.upper_bound - many.local_entropy), 3)
    assert np.abs(bends[3:]).max() < 0.05


def test_around_typical_binary_solutions_there_are_none_for_a_while():
    """H. Huang and Y. Kabashima's isolation, as the review tells it in section 3.1."""
    found = local_entropy([0.002, 0.005, 0.02], 0.5)
    assert found.local_entropy[0] < 0
    assert found.local_entropy[1] < 0 < found.local_entropy[2]


def test_the_binary_branch_ends_where_the_overlap_reaches_one_and_says_so():
    found = local_entropy([1e-3, 0.2, 0.7], 0.8)
    assert found.converged.tolist() == [False, True, False]
    assert found.ended.tolist() == [True, False, True]
    assert "no replica-symmetric solutions below about d = 0.004" in str(found.reason[0])
    assert "no replica-symmetric solutions above about d = 0.6" in str(found.reason[2])
    assert found.reason[1] == ""
    for name in NUMBERS:
        assert np.isnan(getattr(found, name)).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("alpha", "end"), [(0.3, 8.2974e-5), (0.5, 4.5448e-4), (0.7, 1.92106e-3), (0.8, 4.01809e-3)]
)
def test_the_distance_at_which_the_branch_ends_is_that_of_the_equations_at_q_one(alpha, end):
    # there tanh is a sign and ln H a parabola: three equations for d, t and p̂, solved apart
    found = local_entropy([end * 0.95, end * 1.12], alpha)
    assert found.ended.tolist() == [True, False]
    stated = float(str(found.reason[0]).split("d = ")[1].split(",")[0])
    assert stated == pytest.approx(end, rel=0.02)
    assert found.converged[1]


def test_just_before_the_branch_ends_it_is_lost_and_not_said_to_have_ended():
    found = local_entropy(4.65e-4, 0.5)
    assert not found.ended
    assert "could not be followed below d = 0.0004" in str(found.reason)
    assert "none is left below about d = 0.00045" in str(found.reason)


@pytest.mark.parametrize("kappa", [0.0, 0.5, 1.0])
def test_close_to_the_capacity_rounding_does_not_stop_it(kappa):
    alpha = 0.999 * float(critical_capacity(kappa))
    typical = saddle_point(alpha, kappa)
    d = float(typical.distance) * np.array([0.5, 1.0, 2.0])
    found = local_entropy(d, alpha, kappa, model="spherical")
    assert found.converged.all()
    assert found.local_entropy[1] == pytest.approx(float(typical.entropy), abs=1e-7)
    assert (found.error < 1e-6).all()
    step = 1e-3
    up, down = (local_entropy(d * (1 + s), alpha, kappa, model="spherical") for s in (step, -step))
    rise = (up.local_entropy - down.local_entropy) / (2 * step)
    assert rise == pytest.approx(found.slope * d, abs=2e-4)


@pytest.mark.parametrize("alpha", [1e-9, 1e-10, 1e-13])
def test_the_fewest_patterns_cost_their_share_each(alpha):
    def log_left(h):
        return 2 * np.exp(-0.5 * h * h) / np.sqrt(2 * np.pi) * log_ndtr(0.8 * h / 0.6)

    found = local_entropy([1e-320, 0.1], alpha, model="spherical")
    lost = (found.local_entropy[1] - found.upper_bound[1]) / alpha
    assert lost == pytest.approx(quad(log_left, 0, 12)[0], abs=1e-14 / alpha + 1e-6)


def test_unstable_replica_symmetry_is_pointed_out():
    assert not local_entropy(0.3, 8.0, -1.0, -1.0, "spherical").at_stable
    assert local_entropy(0.3, 0.5, 0.0, 0.0, "spherical").at_stable


# shapes


@MODELS
def test_all_arguments_broadcast(model):
    d, alpha = np.array([0.1, 0.3]), np.array([[0.1], [0.2], [0.0]])
    margin = np.array([0.1, 0.4])[:, None, None]
    found = local_entropy(d, alpha, 0.0, margin, model)
    shapes = {getattr(found, field.name).shape for field in dataclasses.fields(found)[1:]}
    assert shapes == {(2, 3, 2)}
    one = local_entropy(0.3, 0.2, 0.0, 0.4, model)
    assert one.q.shape == ()
    for name in ("local_entropy", "slope", "q", "t"):
        assert getattr(found, name)[1, 1, 1] == pytest.approx(float(getattr(one, name)), rel=1e-7)


def test_no_distances_give_no_points():
    assert local_entropy([], 0.5).local_entropy.shape == (0,)


def test_what_was_found_cannot_be_changed():
    found = local_entropy([0.1, 0.2], 0.3)
    assert isinstance(found, LocalEntropy)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.model = "spherical"
    for field in dataclasses.fields(found)[1:]:
        assert not getattr(found, field.name).flags.writeable


# refusals


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((0.0, 0.5), "distance must lie between 0 and 1, both excluded; it is 0"),
        (([0.1, 1.0], 0.5), "distance must lie between 0 and 1, both excluded; it is 1"),
        ((np.nan, 0.5), "distance must lie between 0 and 1, both excluded; it is nan"),
        ((0.1, -0.5), "alpha must be finite and at least 0; it is -0.5"),
        ((0.1, 0.5, np.inf), "kappa must be finite and at least -25; it is inf"),
        ((0.1, 0.5, 0.0, np.nan), "reference_margin must be finite and at least -25; it is nan"),
        (
            (0.1, 0.5, 0.0, 0.5),
            "reference_margin must be at most 0.41806249.*, the largest margin that binary weights"
            " keep at alpha = 0.5; it is 0.5: no such reference exists",
        ),
        (
            (0.1, 1.0, 0.0, 0.5, "spherical"),
            "no reference of reference_margin = 0.5 exists at alpha = 1: alpha must stay below"
            " 0.961.* there",
        ),
        ((0.1, 2.5, 0.0, -1.0, "spherical"), "alpha must stay below the critical capacity 2 "),
        ((0.1, 0.5, 0.0, 0.0, "ising"), "model must be 'spherical' or 'binary'; it is 'ising'"),
        (([0.1, 0.2], [0.1, 0.2, 0.3]), r"must fit together; their shapes are \(2,\), \(3,\)"),
    ],
)
def test_a_question_without_an_answer_is_refused_in_one_line(args, message):
    with pytest.raises(DomainError, match=message) as refusal:
        local_entropy(*args)
    assert "\n" not in str(refusal.value)


def test_references_exist_up_to_the_largest_margin():
    most = 0.418062498796
    assert critical_capacity(most, "binary") == pytest.approx(0.5, rel=1e-9)
    assert local_entropy(0.1, 0.5, 0.0, most - 1e-9).converged
    with pytest.raises(DomainError, match="at most 0.4180624988"):
        local_entropy(0.1, 0.5, 0.0, most + 1e-7)
