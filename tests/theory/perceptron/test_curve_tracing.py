import numpy as np
import pytest

from entropic.theory import saddle_point
from entropic.theory.perceptron.curve_tracing import FINE, beginning, polish, sheet, trace
from entropic.theory.perceptron.field_saddle import FieldSaddle
from entropic.theory.perceptron.taught_pattern import Constraint
from entropic.theory.perceptron.teacher_transition import teacher_spinodal
from entropic.theory.perceptron.weights_in_field import Sphere, Spins


def constraint(kappa, beta=np.inf, cost="hard"):
    return Constraint(np.array([kappa]), np.array([beta]), cost)


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("kind", [Sphere, Spins])
@pytest.mark.parametrize("kappa", [-1.0, 0.0])
def test_the_cubic_between_points_lies_on_the_curve(kind, kappa):
    curve = trace(kind, constraint(kappa), np.array([1.4]))[0]
    there = slice(0, int(min(curve.fold(), len(curve.x))))
    o = np.ones_like(curve.x[there])
    saddle = FieldSaddle(
        kind, curve.x[there], np.exp(curve.log_rho[there]), Constraint(kappa * o, o, "hard")
    )
    assert np.abs(saddle.mismatch()).max() < 2e-3
    assert np.log(saddle.load()) == pytest.approx(curve.log_load[there], abs=5e-3)


def test_the_curve_of_spins_folds_at_the_spinodal_and_nowhere_for_the_sphere():
    folded = trace(Spins, constraint(0.0), np.array([100.0]))[0]
    top = np.exp(folded.log_load.max())
    assert top == pytest.approx(float(teacher_spinodal().value), rel=1e-3)
    assert np.argmax(folded.log_load) < folded.fold()
    assert (np.diff(folded.log_load[int(folded.fold()) :]) < 0).all()
    assert trace(Sphere, constraint(0.0), np.array([100.0]))[0].fold() == np.inf


def test_a_load_is_passed_once_on_each_rising_part():
    curve = trace(Spins, constraint(0.0, 10.0, "hinge"), np.array([100.0]))[0]
    assert [first for _, _, first in curve.rising(np.log(1.4))] == [True, False]
    assert [first for _, _, first in curve.rising(np.log(0.5))] == [True]
    assert [first for _, _, first in curve.rising(np.log(3.0))] == [False]
    assert curve.reaches_teacher()


@pytest.mark.parametrize("kind", [Sphere, Spins])
def test_the_beginning_is_where_the_curve_tends_as_loads_vanish(kind):
    alpha = np.array([1e-3, 1e-4])
    rest = Constraint(np.full(2, 0.4), np.full(2, 3.0), "quadratic")
    start = np.array(beginning(kind, alpha, rest))
    end = polish(kind, start, np.log(alpha), rest)
    off = np.abs(end - start).max(axis=0)
    assert off[0] < 5e-3
    assert off[1] == pytest.approx(off[0] / 10, rel=0.1)


def test_newton_ends_on_the_curve_at_the_load():
    rest = constraint(0.2, 5.0, "hinge")
    point = polish(Sphere, np.array([[0.5], [0.2]]), np.log([2.0]), rest)
    mismatch, log_load = sheet(Sphere, point, rest)
    assert abs(mismatch[0, 0]) < 1e-14
    assert log_load[0, 0] == pytest.approx(np.log(2.0), abs=1e-14)


def test_curves_are_traced_side_by_side_as_if_alone():
    both = Constraint(np.array([0.0, 0.5]), np.array([3.0, 8.0]), "hinge")
    together = trace(Sphere, both, np.array([2.0, 2.0]))
    for i, curve in enumerate(together):
        alone = trace(Sphere, both[np.array([i])], np.array([2.0]))[0]
        x = [c.rising(np.log(1.7))[0][0] for c in (curve, alone)]
        assert x[0] == pytest.approx(x[1], abs=1e-2)


def test_a_curve_that_nearly_touches_a_ring_of_saddle_points_does_not_go_round_in_it():
    curve = trace(Spins, constraint(0.0, 1e4, "hinge"), np.array([100.0]))[0]
    assert curve.reaches_teacher()
    assert len(curve.x) < 100 * FINE
    # on the ring, α = 2 has solutions of free entropy −8.6; the teacher costs nothing
    found = saddle_point(
        [1.3, 2.0, 2.7], 0.0, "binary", setting="teacher", energy="hinge", beta=1e4
    )
    assert found.branch.tolist() == ["perfect"] * 3


@pytest.mark.parametrize("beta", [22.823499021613735, np.inf])
def test_a_curve_goes_on_straight_where_another_crosses_it_or_all_but_does(beta):
    """At β = 23 the two miss each other by e^−23; at β = ∞ the line q = R is one of them."""
    curve = trace(Spins, constraint(0.0, beta, "count"), np.array([100.0]))[0]
    assert curve.reaches_teacher()
