import naive_clones as naive
import numpy as np
import pytest
import second_route_overlap_gap
from scipy.optimize import minimize_scalar

from entropic.theory import DomainError, critical_capacity, overlap_gap


@pytest.fixture(scope="module")
def storage():
    return overlap_gap([2, 3, 4, 5])


# what others have found


@pytest.mark.parametrize(("m", "published"), [(2, 1.7001), (3, 1.6664), (4, 1.6578), (5, 1.6593)])
def test_the_symmetric_thresholds_are_the_published_ones(m, published):
    assert overlap_gap(m, model="symmetric").alpha_ogp == pytest.approx(published, abs=5e-5)


def test_four_clones_that_store_end_at_0_784(storage):
    assert storage.alpha_ogp[2] == pytest.approx(0.784, abs=5e-4)
    assert storage.alpha_ogp[2] == pytest.approx(0.784382213617, abs=1e-11)  # ours, to notice


def test_four_clones_have_the_lowest_threshold_in_both_models(storage):
    assert np.argmin(storage.alpha_ogp) == 2
    symmetric = overlap_gap([2, 3, 4, 5, 8], model="symmetric").alpha_ogp
    assert np.argmin(symmetric) == 2


# second routes


@pytest.mark.parametrize(("m", "kappa"), [(2, 1.0), (2, 0.3), (3, 2.0)])
def test_the_symmetric_threshold_is_where_counting_tuples_has_its_minimum(m, kappa):
    found = overlap_gap(m, kappa, "symmetric")
    lowest = minimize_scalar(
        naive.window_threshold, bounds=(0.8, 0.995), args=(m, kappa), options={"xatol": 1e-7}
    )
    assert found.alpha_ogp == pytest.approx(lowest.fun, rel=1e-9)
    assert found.q1 == pytest.approx(lowest.x, abs=1e-5)


@pytest.mark.parametrize(("m", "kappa"), [(4, 0.0), (2, -1.0), (7, 1.0)])
def test_in_storage_the_entropy_of_groups_vanishes_and_is_stationary(m, kappa):
    found = overlap_gap(m, kappa)
    place = np.array([found.q0, found.q1, found.q0_hat, found.q1_hat]).astype(float)

    def entropy(place):
        return naive.storage_entropy(*place, m, float(found.alpha_ogp), kappa)

    assert abs(entropy(place)) < 1e-9
    for i, step in enumerate(np.array([1e-4, 1e-5, 1e-4, 1e-4])):
        moved = [place + s * step * np.eye(4)[i] for s in (1, -1)]
        slope = (entropy(moved[0]) - entropy(moved[1])) / (2 * step)
        assert abs(slope) < 1e-5 * m**2


def test_towards_one_clone_the_threshold_is_the_capacity(storage):
    """s_m → (m − 1) times a local entropy, whose minimum touches zero where s₁ vanishes."""
    near = overlap_gap([1.01, 1.02], 0.5)
    extrapolated = 2 * near.alpha_ogp[0] - near.alpha_ogp[1]
    assert extrapolated == pytest.approx(critical_capacity(0.5, "binary"), rel=1e-4)
    symmetric = overlap_gap([1.01, 1.02], model="symmetric").alpha_ogp
    annealed = np.log(2) / -np.log(0.6826894921370859)
    assert 2 * symmetric[0] - symmetric[1] == pytest.approx(annealed, rel=1e-4)


def test_no_threshold_is_above_the_capacity(storage):
    assert (storage.alpha_ogp < critical_capacity(0.0, "binary")).all()
    assert (storage.q0 > 0).all()
    assert ((storage.q0 < storage.q1) & (storage.q1 < 1)).all()


def test_a_gap_opens_above_the_threshold_and_not_below():
    q = np.linspace(0.9, 0.99, 91)
    threshold = float(overlap_gap(2, model="symmetric").alpha_ogp)
    count = np.array([naive.tuple_count(x, 2) for x in q])
    cost = np.log([naive.window_probability(x, 2, 1.0) for x in q])
    assert (count + 0.999 * threshold * cost > 0).all()
    assert (count + 1.001 * threshold * cost < 0).any()


@pytest.mark.parametrize(
    ("m", "kappa", "model"),
    [
        (1.5, -2.5, "binary"),
        (30, 0.0, "binary"),
        (100, 5.0, "binary"),
        (100, 0.01, "symmetric"),
        (100, 5.0, "symmetric"),
    ],
)
def test_the_corners_of_the_domain_converge(m, kappa, model):
    found = overlap_gap(m, kappa, model)
    assert found.converged
    assert found.reason == ""
    assert found.residual < 1e-9
    assert found.error < 1e-9 * found.alpha_ogp


def test_the_second_routes_agree():
    for check in second_route_overlap_gap.checks():
        assert abs(check.value - check.second) < check.error + check.second_error, check


def test_clones_and_margins_broadcast():
    found = overlap_gap([[2], [3]], [0.9, 1.1], "symmetric")
    assert found.alpha_ogp.shape == found.reason.shape == (2, 2)
    assert found.alpha_ogp[1, 0] == overlap_gap(3, 0.9, "symmetric").alpha_ogp
    assert not found.alpha_ogp.flags.writeable


def test_a_threshold_that_is_not_found_is_no_number_and_says_why(monkeypatch):
    monkeypatch.setattr(
        "entropic.theory.perceptron.overlap_gap.damped_newton", lambda *_, **__: None
    )
    lost = overlap_gap(2, model="symmetric")
    assert np.isnan(lost.alpha_ogp)
    assert not lost.converged
    assert lost.reason == "no load was found at which the entropy of groups touches zero"


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((1,), "clones must be from 1.01 to 100; it is 1"),
        ((101,), "clones must be from 1.01 to 100; it is 101"),
        ((np.nan,), "it is nan"),
        ((2, -3), "kappa of binary patterns must be from -2.5 to 5; it is -3"),
        ((2, 0, "symmetric"), "kappa of symmetric patterns must be from 0.01 to 5; it is 0"),
        ((2, 0, "spherical"), "model must be 'binary' or 'symmetric'; it is 'spherical'"),
        (([2, 3], [0, 1, 2]), r"must fit together; their shapes are \(2,\) and \(3,\)"),
    ],
)
def test_what_cannot_be_is_refused(arguments, match):
    with pytest.raises(DomainError, match=match):
        overlap_gap(*arguments)
