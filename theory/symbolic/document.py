"""A derivation on paper: numbered steps and a legend, on a screen, in LaTeX or as rows."""

from abc import ABC, abstractmethod
from typing import Any

import sympy as sp

from .step import Step, text


class Document(ABC):
    """What has steps, a title and a legend of all symbols that may occur in it."""

    steps: tuple[Step, ...]
    meanings: tuple[tuple[Any, str], ...]

    @property
    @abstractmethod
    def title(self) -> str:
        """What is derived."""

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
        return [(symbol, meaning) for symbol, meaning in self.meanings if symbol in used]
