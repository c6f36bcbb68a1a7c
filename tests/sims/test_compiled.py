import numpy as np
import pytest

from entropic.sims.compiled import compiled
from entropic.theory import Shape, shape


@pytest.mark.parametrize(
    "text", ["a*y**2 + b", "exp(-a*y) / (1 + y**2)", "tanh(b*y) + abs(y)", "3"]
)
def test_a_compiled_formula_gives_what_theory_evaluates(text: str) -> None:
    formula = shape(text, a=0.7, b=1.3)
    value, slope = compiled(formula)
    for y in (-1.2, 0.3, 2.0):
        assert value(y, formula.params) == pytest.approx(formula(y), rel=1e-14)
        assert slope(y, formula.params) == pytest.approx(formula.derivative(y), rel=1e-14)


def test_a_formula_is_compiled_once_whatever_its_parameters() -> None:
    assert compiled(shape("a*y", a=1.0)) == compiled(shape("a*y", a=2.0))


def test_the_order_of_parameters_is_part_of_a_formula() -> None:
    one, other = shape("a*y + b", a=2.0, b=1.0), shape("a*y + b", b=1.0, a=2.0)
    assert compiled(one) != compiled(other)
    assert compiled(one)[0](1.0, one.params) == compiled(other)[0](1.0, other.params) == 3.0


def test_shapes_that_close_over_their_own_data_are_not_confused() -> None:
    def steep(by: float) -> Shape:
        return Shape(lambda y, _: by * y, lambda _y, _p: by, np.zeros(1), "by*y")

    assert [compiled(steep(by))[0](1.0, np.zeros(1)) for by in (2.0, 5.0)] == [2.0, 5.0]


def test_division_by_zero_is_infinite_and_no_exception() -> None:
    formula = shape("1/y")
    assert compiled(formula)[0](0.0, formula.params) == np.inf
