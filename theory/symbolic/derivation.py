"""The derivation of the perceptron from end to end."""

from dataclasses import dataclass
from typing import Any

from ..errors import DomainError
from .document import Document
from .limits import bayes_line, gardner_capacity
from .patterns import one_pattern
from .replicas import no_replicas, replicated_action
from .stationarity import conjugate_overlaps, saddle_equations
from .step import Step
from .symbols import LEGEND
from .weights import gaussian_weights, spins

MODELS = ("spherical", "binary")
SETTINGS = ("storage", "teacher")


@dataclass(frozen=True)
class Derivation(Document):
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
    meanings: tuple[tuple[Any, str], ...] = LEGEND

    @property
    def title(self) -> str:
        """What is derived."""
        return f"Replica-symmetric perceptron: {self.model} weights, {self.setting}"


def derivation(model: str = "spherical", setting: str = "storage") -> Derivation:
    """Replica-symmetric free entropy and saddle equations of the perceptron, from its action.

    ``model`` is "spherical" or "binary", ``setting`` "storage" or "teacher"; the margin κ is any.

    Raises DomainError if either is unknown.

    >>> from .step import text
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
