import numpy as np
import pytest

from entropic.theory import DomainError, large_deviation_entropy, saddle_point

MODELS = pytest.mark.parametrize("model", ["binary", "spherical"])
ENTROPY = large_deviation_entropy


def free_entropy(found):
    return found.external_entropy + found.y * found.local_entropy


# relations that define it


@MODELS
@pytest.mark.parametrize(
    ("kappa", "margin", "y"),
    [
        (0.0, None, 3.0),
        (0.2, 0.5, 0.7),
        pytest.param(0.0, 0.0, 1.0, marks=pytest.mark.slow),
    ],
)
def test_the_local_entropy_is_the_slope_of_the_free_entropy_by_y(model, kappa, margin, y):
    """Only where Φ is stationary in every overlap and conjugate."""
    step = 0.02 * y
    found = ENTROPY(0.15, 0.3, kappa, margin, [y - step, y, y + step], model)
    assert found.converged.all()
    phi = free_entropy(found)
    local = found.local_entropy
    # fourth order: the slopes at both ends are known as well
    simpson = step / 3 * (local[0] + 4 * local[1] + local[2])
    assert phi[2] - phi[0] == pytest.approx(simpson, abs=2e-8)
    assert local[0] < local[1] < local[2]
    assert (np.diff(found.external_entropy) < 0).all()


@MODELS
def test_the_slope_is_that_of_the_curve(model):
    d = np.array([0.1, 0.1002, 0.1004])
    found = ENTROPY(d, 0.4, 0.0, None, 4.0, model)
    measured = (found.local_entropy[2] - found.local_entropy[0]) / 0.0004
    assert found.slope[1] == pytest.approx(measured, rel=1e-4)


def test_the_slope_around_the_best_reference_is_that_of_the_curve():
    d, step = 0.15, 3e-4
    found = ENTROPY([d - step, d, d + step], 0.4, y=np.inf)
    measured = (found.local_entropy[2] - found.local_entropy[0]) / (2 * step)
    assert found.slope[1] == pytest.approx(measured, rel=1e-5)


# limits


@MODELS
@pytest.mark.parametrize("margin", [None, 0.3])
@pytest.mark.parametrize("y", [2.0])
def test_few_patterns_leave_the_upper_bound(model, margin, y):
    found = ENTROPY(0.2, 1e-4, 0.0, margin, y, model)
    assert found.converged
    assert found.local_entropy == pytest.approx(found.upper_bound, abs=3e-4)
    assert found.local_entropy < found.upper_bound


@MODELS
def test_a_flat_reference_sees_all_solutions_at_the_typical_distance(model):
    """Franz and Parisi: the local entropy is largest there, and the entropy of solutions."""
    typical = saddle_point(0.4, 0.0, model)
    found = ENTROPY(typical.distance, 0.4, 0.0, 0.0, 0.0, model)
    assert found.local_entropy == pytest.approx(typical.entropy, abs=1e-8)
    assert found.external_entropy == pytest.approx(typical.entropy, abs=1e-8)
    assert found.q == pytest.approx(typical.q, abs=1e-7)
    assert found.q_ref == pytest.approx(typical.q, abs=1e-7)
    assert abs(found.slope) < 1e-4


@MODELS
def test_one_clone_around_any_reference_is_any_solution(model):
    d, typical = np.array([0.05, 0.3]), saddle_point(0.4, 0.1, model)
    found = ENTROPY(d, 0.4, 0.1, None, 1.0, model)
    assert free_entropy(found) == pytest.approx(typical.entropy + found.upper_bound, abs=1e-9)
    assert found.q0 == pytest.approx([float(typical.q)] * 2, abs=1e-8)
    assert found.t == pytest.approx(found.overlap * typical.q, abs=1e-8)


@pytest.mark.slow
@MODELS
def test_one_clone_and_its_reference_may_change_places(model):
    there = ENTROPY(0.1, 0.3, 0.0, 0.4, 1.0, model)
    back = ENTROPY(0.1, 0.3, 0.4, 0.0, 1.0, model)
    assert free_entropy(there) == pytest.approx(free_entropy(back), abs=1e-8)
    assert there.q_ref == pytest.approx(back.q0, abs=1e-7)
    alike = ENTROPY(0.1, 0.3, 0.2, 0.2, 1.0, model)
    assert alike.converged
    assert [alike.q_ref, alike.t] == pytest.approx([float(alike.q0)] * 2, abs=1e-6)


def test_the_more_clones_the_more_a_margin_of_the_reference_is_forgotten():
    free = ENTROPY(0.05, 0.4, 0.0, None, 30.0)
    held = ENTROPY(0.05, 0.4, 0.0, 0.0, 30.0)
    assert held.local_entropy == pytest.approx(free.local_entropy, abs=1e-5)


def test_infinitely_many_clones_are_above_all():
    found = ENTROPY(0.1, 0.4, y=[1.0, 10.0, 100.0, np.inf])
    assert found.converged.all()
    assert (np.diff(found.local_entropy) > 0).all()
    assert found.external_entropy[3] < 0
    assert (found.local_entropy < found.upper_bound).all()
    assert ENTROPY(0.1, 0.4, y=np.inf, model="spherical").external_entropy == -np.inf


@pytest.mark.parametrize(
    ("margin", "alpha"), [(None, 0.4), pytest.param(0.4, 0.3, marks=pytest.mark.slow)]
)
def test_where_no_reference_is_left_the_external_entropy_vanishes(margin, alpha):
    found = ENTROPY(0.1, alpha, 0.0, margin, "zero")
    assert found.converged
    assert abs(found.external_entropy) < 1e-9
    again = ENTROPY(0.1, alpha, 0.0, margin, float(found.y))
    assert again.local_entropy == pytest.approx(found.local_entropy, abs=1e-8)


def test_where_references_are_always_left_the_best_are_taken():
    found = ENTROPY(0.35, 0.3, y="zero")
    assert found.y == np.inf
    assert found.external_entropy > 0


@MODELS
def test_the_best_reference_of_a_margin_is_no_better_than_the_best_of_all(model):
    found = ENTROPY(0.15, 0.4, 0.0, [-3.0, 0.0, 0.3, 0.5], np.inf, model)
    free = ENTROPY(0.15, 0.4, 0.0, None, np.inf, model)
    assert found.converged.all()
    assert found.local_entropy[0] == pytest.approx(free.local_entropy, abs=1e-9)
    assert (np.diff(found.local_entropy) < 1e-12).all()
    assert found.slope[0] == pytest.approx(free.slope, rel=1e-4)
    assert found.external_entropy[0] == free.external_entropy
    assert (found.external_entropy[1:] == -np.inf).all()
    assert (found.error < 1e-9).all()


@pytest.mark.slow
def test_a_reference_of_a_margin_is_found_by_ever_more_clones():
    """φ(y) rises to its limit, and y² dφ/dy does not vanish as for a reference of any margin."""
    held = ENTROPY(0.1, 1.0, 0.0, 0.3, [100.0, 200.0, 400.0, np.inf], "spherical")
    short = held.local_entropy[3] - held.local_entropy[:3]
    assert (short > 0).all()
    assert (np.diff(short) < 0).all()
    # the next orders are 1/y and 1/y to the 3/2
    x = 1 / np.array([100.0, 200.0, 400.0])
    powers = np.stack([np.ones(3), x, x**1.5])
    limit = np.linalg.solve(powers.T, held.local_entropy[:3])[0]
    assert limit == pytest.approx(held.local_entropy[3], abs=1e-4)


@MODELS
def test_many_references_of_a_margin_have_all_solutions_around_them(model):
    """As many as solutions of that margin, at the distance of two that are independent."""
    typical = saddle_point(0.4, 0.0, model)
    found = ENTROPY([typical.distance, 0.3], 0.4, 0.0, 0.0, np.inf, model)
    assert found.converged.all()
    assert found.external_entropy[0] == pytest.approx(typical.entropy, abs=1e-8)
    assert found.external_entropy[1] < typical.entropy
    assert found.local_entropy == pytest.approx([float(typical.entropy)] * 2, abs=1e-12)
    assert found.slope == pytest.approx([0.0, 0.0], abs=0)
    assert found.t == pytest.approx(found.overlap)


def test_references_of_a_margin_may_be_left_for_any_strength():
    found = ENTROPY(0.3, 0.4, 0.0, 0.0, "zero")
    assert found.y == np.inf
    assert found.external_entropy > 0
    assert found.local_entropy == pytest.approx(float(saddle_point(0.4, 0.0, "binary").entropy))


# answers


def test_what_does_not_exist_is_no_number_and_says_why():
    beyond = ENTROPY(0.49, 0.4, 0.0, 0.3, np.inf)  # farther than references of the margin are
    assert np.isnan(beyond.local_entropy)
    assert not beyond.converged
    assert beyond.reason == "no saddle point of infinitely many clones was found"
    near = ENTROPY(0.02, 0.7, 0.0, None, 0.0)  # around any weights: no solution so near
    assert not near.converged
    assert np.isnan(near.local_entropy)
    assert near.reason == "no replica-symmetric saddle point was found at this distance"
    assert near.upper_bound > 0
    volumes = ENTROPY(0.1, 0.5, y="zero", model="spherical")
    assert "negative" in str(volumes.reason)


def test_arguments_broadcast_and_results_are_frozen():
    found = ENTROPY([[0.1], [0.2]], [0.2, 0.3, 0.4], y=2.0)
    assert found.local_entropy.shape == found.reason.shape == (2, 3)
    assert found.local_entropy[1, 0] == pytest.approx(
        ENTROPY(0.2, 0.2, y=2.0).local_entropy.item(), abs=1e-9
    )
    assert not found.local_entropy.flags.writeable


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"distance": 0.0}, "distance must be above 0 and below 0.5; it is 0"),
        ({"distance": 0.5}, "distance must be above 0 and below 0.5; it is 0.5"),
        ({"alpha": 0.0}, "alpha must be finite and above 0; it is 0"),
        ({"kappa": 6.0}, "kappa must be from -3 to 5; it is 6"),
        ({"reference_margin": np.inf}, "reference margin must be from -3 to 5, or -inf; it is inf"),
        ({"y": -1.0}, "y must be from 0 to 10000, or inf; it is -1"),
        ({"y": "none"}, "y must be a number, inf or 'zero'; it is 'none'"),
        ({"model": "ternary"}, "model must be 'binary' or 'spherical'; it is 'ternary'"),
        ({"alpha": 1.4, "reference_margin": 0.0}, "alpha must stay below 1.27323"),
        ({"distance": [0.1, 0.2], "alpha": [0.1, 0.2, 0.3]}, "must fit together"),
    ],
)
def test_what_cannot_be_is_refused(arguments, match):
    with pytest.raises(DomainError, match=match):
        ENTROPY(**{"distance": 0.1, "alpha": 0.4, "y": 1.0} | arguments)


@pytest.mark.parametrize(("distance", "alpha", "kappa"), [(0.0558, 1.06, 0.878), (0.04, 0.7, 0.0)])
def test_where_the_iteration_runs_off_the_point_is_lost_and_nothing_raised(distance, alpha, kappa):
    found = large_deviation_entropy(distance, alpha, kappa, None, 0.0)
    assert bool(found.converged) or (np.isnan(found.local_entropy) and str(found.reason))
