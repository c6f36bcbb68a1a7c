import sympy as sp

from entropic.theory.symbolic.averages import Mean
from entropic.theory.symbolic.step import text
from entropic.theory.symbolic.symbols import G, R, alpha, q, u


def test_lines_of_text_are_short_and_greek():
    assert text(sp.Eq(q, alpha * sp.sqrt(q) * Mean(G(u) ** 2))) == "q = α √q ⟨G(u)²⟩"
    assert text(sp.sqrt(q - R**2) / (1 - q)) == "√(q − R²)/(1 − q)"
