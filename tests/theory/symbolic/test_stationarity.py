import pytest
from symbolic_numbers import CASES, OFF, derivation, number

from entropic.theory.symbolic.symbols import R, R_hat, q, q_hat


@pytest.mark.parametrize(("model", "setting"), CASES)
def test_the_equations_are_the_gradient_of_the_free_entropy_also_off_the_saddle(model, setting):
    found = derivation(model, setting)
    values = OFF if setting == "teacher" else OFF | {R_hat: 0}
    overlaps = [q, R] if setting == "teacher" else [q]
    hats = {q: q_hat, R: R_hat}
    factors = {q: (0.5, 0.5), R: (-1, -1)}  # of lhs − rhs, for the overlap and its conjugate
    along = [(x, factors[x][0]) for x in overlaps]
    if model == "binary":
        along += [(hats[x], factors[x][1]) for x in overlaps]
    else:  # multiplied up to be free of fractions
        gap = 1 - values[q]
        along = [(x, factor / gap) for x, factor in zip(overlaps, (0.5, -1.0), strict=False)]
    for equation, (x, factor) in zip(found.equations, along, strict=True):
        step = 1e-5
        rises = [
            number(found.free_entropy, values | {x: values[x] + way * step}) for way in (1, -1)
        ]
        slope = (rises[0] - rises[1]) / (2 * step)
        missing = number(equation.lhs - equation.rhs, values)
        assert slope == pytest.approx(factor * missing, rel=1e-6, abs=1e-9)
