import numpy as np
import pytest

from entropic.theory.perceptron.damped_newton import damped_newton, slopes_of


def circle_and_line(v):
    return np.array([v[0] ** 2 + v[1] ** 2 - 25, v[0] - v[1] - 1])


def test_two_equations_meet_where_they_should():
    root, inverse = damped_newton(circle_and_line, np.array([10.0, 1.0]))
    assert root == pytest.approx([4, 3], abs=1e-12)
    assert inverse == pytest.approx(np.linalg.inv([[8, 6], [1, -1]]), rel=1e-8)


def test_a_step_that_makes_it_worse_is_shortened():
    # the slope of arctan far out sends the full step to and fro
    root, _ = damped_newton(lambda x: np.arctan(x), np.array([6.0]), longest=100.0)
    assert root == pytest.approx([0], abs=1e-11)


def test_what_is_no_number_is_a_wall():
    root, _ = damped_newton(
        lambda x: np.log(x) if x[0] > 0 else np.array([np.nan]), np.array([30.0]), longest=1e3
    )
    assert root == pytest.approx([1], abs=1e-11)


@pytest.mark.parametrize(
    "equations",
    [
        lambda x: x**2 + 1,
        lambda x: np.full_like(x, np.nan),
        lambda x: np.ones_like(x),
    ],
)
def test_where_there_is_no_root_none_is_given(equations):
    assert damped_newton(equations, np.array([0.7])) is None


def test_slopes_are_derivatives():
    assert slopes_of(circle_and_line, np.array([2.0, 3.0])) == pytest.approx(
        np.array([[4, 6], [1, -1]]), abs=1e-9
    )
