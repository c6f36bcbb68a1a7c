"""One step of the derivation, prose and equations, as it reads on a screen and in LaTeX."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import fill
from typing import Any

import sympy as sp

from .symbols import A, Delta, E, E_hat, G, H, R, R_hat, W, h, kappa, n, q, q_hat, s, u, v, z

SYMBOLS = {str(symbol): symbol for symbol in (n, s, q, R, kappa, Delta, z, u, v, h)} | {
    "A": A,
    "W": W,
    "E": E,
    "q_hat": q_hat,
    "R_hat": R_hat,
    "E_hat": E_hat,
    "differences": E_hat + q_hat,
    "G": G(u),
    "H": H(u),
    "H_v": H(v),
    "pi": sp.pi,
}
PRINTED = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "eta": "η",
    "mu": "μ",
    "xi": "ξ",
    "kappa": "κ",
    "Delta": "Δ",
    "phi": "φ",
    "pi": "π",
    "qhat": "q̂",
    "Rhat": "R̂",
    "Ehat": "Ê",
    "sqrt": "√",
    "log": "ln",
    "atan": "arctan",
    "Abs": "abs",
    "trC": "tr C",
}


@dataclass(frozen=True)
class Step:
    """One step: its name, what is done, and the equations that come out."""

    name: str
    prose: str
    """With the names of symbols in braces."""
    equations: tuple[Any, ...]
    names: Mapping[str, Any] = field(default_factory=lambda: SYMBOLS)

    @property
    def result(self) -> Any:
        """The last equation, which the next steps start from."""
        return self.equations[-1]

    def said(self) -> str:
        """What is done, with the symbols as text."""
        return self.prose.format(**{name: text(symbol) for name, symbol in self.names.items()})

    def text(self) -> str:
        """What is done in lines, then an equation a line."""
        equations = [f"    {text(equation)}" for equation in self.equations]
        return "\n".join([fill(self.said(), 92), "", *equations])

    def latex(self) -> str:
        """LaTeX, for a document with amsmath."""
        symbols = {name: f"${sp.latex(symbol)}$" for name, symbol in self.names.items()}
        lines = [f"\\[ {sp.latex(equation)} \\]" for equation in self.equations]
        return "\n".join([self.prose.format(**symbols), *lines])


def text(expression: Any) -> str:
    """One line: ⟨G(u)²⟩ for a mean, Greek letters, √ for sqrt."""
    line = str(expression)
    if isinstance(expression, sp.Equality):
        line = f"{expression.lhs} = {expression.rhs}"
    line = re.sub(r"\(-([^\s()]+) \+ ([^\s()]+)\)", r"(\2 - \1)", line)
    line = re.sub(r"\(-([^\s()]+\([^()]*\(?[^()]*\)?[^()]*\)) \+ 1\)", r"(1 - \1)", line)
    line = re.sub(r"[A-Za-z]+", lambda word: PRINTED.get(word[0], word[0]), line)
    line = re.sub(r"\*\*([234n])\b", lambda power: "²³⁴ⁿ"["234n".index(power[1])], line)
    line = re.sub(r"√\((\w\u0302?)\)", r"√\1", line)
    line = line.replace("x_t", "x\u0303").replace("_0", "₀")
    return line.replace("**", "^").replace("*", " ").replace("-", "−")
