import dataclasses

import naive_geodesic as naive
import naive_perceptron as slow
import numpy as np
import pytest

from entropic.theory.errors import DomainError
from entropic.theory.perceptron import cross_overlap as here
from entropic.theory.perceptron.cross_overlap import cross_overlap
from entropic.theory.perceptron.max_margin import max_margin
from entropic.theory.perceptron.saddle import saddle_point

CASES = [(0.5, -1.0, -0.4), (1.0, -0.5, 0.2), (1.5, -0.2, 0.1), (1.0, -2.0, 0.4), (2.5, -0.5, -0.4)]


@pytest.mark.parametrize(("alpha", "one", "two"), CASES)
def test_the_equation_of_the_overlap_holds_on_a_plain_grid(alpha, one, two):
    found = cross_overlap(alpha, one, two)
    q_1, q_2, p = (float(x) for x in (found.q_1, found.q_2, found.overlap))
    pull = naive.common_pull(q_1, one, q_2, two, p, points=600)
    assert p == pytest.approx(alpha * np.sqrt((1 - q_1) * (1 - q_2)) * pull, rel=1e-10)


@pytest.mark.parametrize(("alpha", "one", "two"), CASES)
def test_the_error_covers_what_a_finer_rule_says_and_is_tiny(alpha, one, two):
    found, turned = cross_overlap(alpha, one, two), cross_overlap(alpha, two, one)
    assert abs(found.overlap - turned.overlap) <= found.error + turned.error
    assert found.error < 1e-12
    assert found.converged


@pytest.mark.parametrize("alpha", [0.1, 1.0, 3.0])
def test_as_the_margins_meet_it_becomes_the_overlap_of_their_own_kind(alpha):
    q = saddle_point(alpha, -0.5).q
    assert cross_overlap(alpha, -0.5, -0.5).overlap == q
    assert cross_overlap(alpha, -0.5, -0.5 + 1e-7).overlap == pytest.approx(q, rel=1e-6)


def test_where_replica_symmetry_is_unstable_it_does_not_and_the_flag_says_so():
    # p as κ₂ → κ₁ falls short of q = p at κ₂ = κ₁: what the docstring calls a contradiction
    found = cross_overlap(4.0, -0.5, [-0.5, -0.5 + 1e-9])
    assert not found.at_stable.any()
    assert found.overlap[1] < 0.97 * found.overlap[0]
    assert cross_overlap(3.0, -0.5, -0.5 + 1e-9).at_stable


def test_few_patterns_pull_alone():
    alpha, one, two = 1e-7, -0.7, 1.2
    found = cross_overlap(alpha, one, two)
    assert found.overlap == pytest.approx(alpha * slow.G(one) * slow.G(two), rel=1e-6)


def test_without_patterns_solutions_have_nothing_in_common():
    assert cross_overlap(0.0, -1.0, 2.0).overlap == 0


@pytest.mark.parametrize(("alpha", "one", "two"), CASES)
def test_it_stays_below_what_two_lengths_allow(alpha, one, two):
    found = cross_overlap(alpha, one, two)
    assert 0 < found.overlap < np.sqrt(found.q_1 * found.q_2)


def test_near_the_largest_margin_it_runs_into_a_limit():
    top = float(max_margin(1.0).kappa_max)
    p = cross_overlap(1.0, -0.5, top - np.array([1e-4, 1e-5, 1e-6, 1e-7])).overlap
    shrink = np.diff(p)[1:] / np.diff(p)[:-1]
    assert ((shrink > 0.09) & (shrink < 0.2)).all()


def test_the_arguments_broadcast():
    found = cross_overlap([[0.5], [1.0]], -0.5, [-0.5, -0.3, 0.0])
    assert {np.shape(getattr(found, f.name)) for f in dataclasses.fields(found)} == {(2, 3)}
    assert found.overlap[1, 2] == cross_overlap(1.0, -0.5, 0.0).overlap
    assert found.stretched((4, 2, 3)).overlap.shape == (4, 2, 3)
    with pytest.raises(ValueError, match="read-only"):
        found.overlap[0, 0] = 0


def test_a_saddle_point_that_does_not_converge_leaves_no_overlap(monkeypatch):
    found = saddle_point(1.0, -0.5)
    lost = dataclasses.replace(found, q=np.nan, distance=np.nan, converged=np.array(False))
    monkeypatch.setattr(here, "saddle_point", lambda *_: lost)
    p = cross_overlap(1.0, -0.5, 0.0)
    assert np.isnan(p.overlap)
    assert not p.converged


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((1.0, 0.0, 0.5), "margins must stay below 0.4706.*largest at alpha = 1; one is 0.5"),
        ((1.0, [0.1, 0.9], 0.0), "one is 0.9: no solutions keep it"),
        ((-1.0, 0.0, 0.0), "alpha must be finite and at least 0; it is -1"),
        ((np.nan, 0.0, 0.0), "alpha must be finite"),
        ((1.0, np.nan, 0.0), "kappa must be finite and at least -25; it is nan"),
        ((1.0, -30.0, 0.0), "at least -25; it is -30"),
        (([1.0, 2.0], [0.0, 0.0, 0.0], 0.0), r"must fit together; their shapes are \(2,\), \(3,\)"),
    ],
)
def test_what_has_no_solutions_is_refused(arguments, match):
    with pytest.raises(DomainError, match=match):
        cross_overlap(*arguments)
