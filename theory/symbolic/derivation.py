"""The derivation from end to end, as a text, a LaTeX document or rows."""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from ..errors import DomainError
from .limits import bayes_line, gardner_capacity
from .patterns import one_pattern
from .replicas import no_replicas, replicated_action
from .stationarity import conjugate_overlaps, saddle_equations
from .step import Step, text
from .symbols import LEGEND
from .weights import gaussian_weights, spins

MODELS = ("spherical", "binary")
SETTINGS = ("storage", "teacher")


@dataclass(frozen=True)
class Derivation:
    """Free entropy and saddle equations, with the steps that lead there.

    The expressions are SymPy's, over the symbols and functions of symbols.py.
    """

    model: str
    setting: str
    steps: tuple[Step, ...]
    free_entropy: Any
    """To be stationary in every overlap that is left, in nats per weight."""
    equations: tuple[Any, ...]
    """The saddle equations, as SymPy's Eq."""

    @property
    def title(self) -> str:
        """What is derived."""
        return f"Replica-symmetric perceptron: {self.model} weights, {self.setting}"

    def text(self) -> str:
        """Numbered steps and a legend, for a screen."""
        parts = [self.title, "=" * len(self.title), ""]
        for number, step in enumerate(self.steps, 1):
            parts += [f"{number}. {step.name}", "", step.text(), ""]
        parts += ["symbols", ""]
        for symbol, meaning in self.legend():
            name = text(symbol)
            width = 6 + name.count("\u0302")  # a combining hat takes no room
            parts.append(f"    {name:{width}} {meaning}")
        return "\n".join(parts) + "\n"

    def latex(self) -> str:
        """The same as a whole document, which needs amsmath alone."""
        parts = [
            r"\documentclass{article}",
            r"\usepackage{amsmath}",
            rf"\title{{{self.title}}}",
            r"\date{}",
            r"\begin{document}",
            r"\maketitle",
        ]
        for step in self.steps:
            parts += [rf"\section{{{step.name.capitalize()}}}", step.latex()]
        parts += [r"\section*{Symbols}", r"\begin{description}"]
        parts += [rf"\item[${sp.latex(symbol)}$] {meaning}" for symbol, meaning in self.legend()]
        return "\n".join([*parts, r"\end{description}", r"\end{document}"]) + "\n"

    def rows(self) -> list[dict[str, Any]]:
        """Every equation: the step's number and name, latex, text, and what is done."""
        return [
            {
                "step": number,
                "name": step.name,
                "latex": sp.latex(equation),
                "text": text(equation),
                "prose": step.said(),
            }
            for number, step in enumerate(self.steps, 1)
            for equation in step.equations
        ]

    def legend(self) -> list[tuple[Any, str]]:
        """What the symbols mean, as far as they occur."""
        kinds = (sp.Symbol, sp.Function)
        used = set().union(*(e.atoms(*kinds) for step in self.steps for e in step.equations))
        return [(symbol, meaning) for symbol, meaning in LEGEND if symbol in used]


def derivation(model: str = "spherical", setting: str = "storage") -> Derivation:
    """Replica-symmetric free entropy and saddle equations of the perceptron, from its action.

    ``model`` is "spherical" or "binary", ``setting`` "storage" or "teacher"; the margin κ is any.

    Raises DomainError if either is unknown.

    >>> [text(equation) for equation in derivation("binary").equations]
    ['q̂ = α ⟨G(u)²⟩/(1 − q)', 'q = ⟨tanh(h)²⟩']
    """
    for name, value, known in (("model", model, MODELS), ("setting", setting, SETTINGS)):
        if value not in known:
            msg = f"{name} must be {' or '.join(map(repr, known))}; it is {value!r}"
            raise DomainError(msg)
    teacher = setting == "teacher"
    action = replicated_action(model, teacher)
    weights = gaussian_weights(teacher) if model == "spherical" else spins(teacher)
    patterns = one_pattern(teacher)
    steps = [action, weights, patterns, no_replicas(action, weights, patterns)]
    if model == "spherical":
        steps.append(conjugate_overlaps(steps[-1].result.rhs, teacher))
    entropy = steps[-1].result.rhs
    saddles = saddle_equations(model, entropy, teacher)
    steps.append(saddles)
    if teacher:
        steps.append(bayes_line(saddles.equations))
    elif model == "spherical":
        steps.append(gardner_capacity(saddles.result))
    return Derivation(model, setting, tuple(steps), entropy, saddles.equations)
