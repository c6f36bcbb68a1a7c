import naive_temperature as naive
import pytest
from scipy.optimize import brentq, minimize_scalar

from entropic.theory.perceptron.saddle import saddle_point
from entropic.theory.perceptron.teacher_transition import teacher_spinodal, teacher_transition


def test_the_entropy_vanishes_at_1_245():
    """G. Györgyi, Phys. Rev. A 41, 7097 (1990), abstract: 1.245."""
    found = teacher_transition()
    assert found.value == pytest.approx(1.245, abs=5e-4)
    assert found.error < 1e-10
    at = saddle_point(float(found.value) - 1e-9, 0.0, "binary", setting="teacher")
    assert abs(at.entropy) < 1e-8


def test_1_249_which_is_in_print_is_not_what_the_equations_give():
    assert abs(teacher_transition().value - 1.249) > 4e-3


def test_plain_panels_and_scipys_root_finder_agree_on_the_transition():
    q_hat = brentq(lambda h: naive.nishimori_curve(h)[1], 1.3, 1.9, xtol=1e-13)
    wanted = naive.nishimori_curve(q_hat)[0]
    assert teacher_transition().value == pytest.approx(wanted, rel=1e-11)


def test_plain_panels_and_scipys_minimizer_agree_on_the_spinodal():
    """About 1.49 in print."""
    top = minimize_scalar(lambda h: -naive.nishimori_curve(h)[0], bracket=(2.5, 3.3, 4.5))
    assert teacher_spinodal().value == pytest.approx(-top.fun, rel=1e-11)
    assert teacher_spinodal().value == pytest.approx(1.49, abs=5e-3)
