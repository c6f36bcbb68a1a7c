"""The saddle point of a reference and its clones: weights and patterns answer each other.

Overlaps go to the patterns, their pulls go back to the weights, and Anderson's mixing finds where
neither moves.
"""

from dataclasses import dataclass, replace

import numpy as np

from .anderson import fixed_point
from .reference_group import Responses
from .replicated_reference import (
    Answer,
    Pulls,
    Setting,
    Weights,
    binary_weights,
    patterns,
    pulls_of,
    spherical_weights,
)

MODELS: dict[str, Answer] = {"binary": binary_weights, "spherical": spherical_weights}
FEEBLEST = -600.0  # ln of the pull of all patterns: below, it is none a float can hold
RULES = {True: (10, 14, 18), False: (6, 9, 11)}  # for any reference, for one of a margin


@dataclass(frozen=True)
class Solved:
    """A reference and its clones; ``move`` is how far the pulls still moved."""

    setting: Setting
    pulls: Pulls
    weights: Weights
    pattern: Responses
    move: float

    @property
    def local(self) -> float:
        """dΦ/dy, the local entropy."""
        return self.weights.local + self.setting.alpha * self.pattern.single

    @property
    def free_entropy(self) -> float:
        """Φ, nats per weight."""
        return self.weights.free_entropy + self.setting.alpha * self.pattern.log

    @property
    def external(self) -> float:
        """Φ − y dΦ/dy, of references."""
        return self.free_entropy - self.setting.y * self.local


def iterate(
    setting: Setting,
    model: str,
    start: tuple[Pulls, Weights],
    order: int,
    tolerance: float,
    rounds: int,
    farthest: float = np.inf,
) -> Solved:
    """Weights answer to pulls and patterns to overlaps, until neither moves."""
    answer = MODELS[model]
    state = [start[1]]
    seen: list[Responses] = []

    def step(pulls: Pulls) -> Pulls:
        if not pulls[0] > FEEBLEST:
            return np.full_like(pulls, np.nan)
        weights = answer(pulls, setting, order, state[0])
        if not np.isfinite(weights.local):
            return np.full_like(pulls, np.nan)
        state[0] = weights
        seen[:] = [patterns(weights, setting, order)]
        return pulls_of(seen[0], setting)

    pulls, move = fixed_point(step, start[0], tolerance, rounds, farthest)
    if not seen:
        silent = Responses(*[np.nan] * 10)
        return Solved(setting, np.full_like(pulls, np.nan), state[0], silent, np.inf)
    return Solved(setting, pulls, state[0], seen[0], move)


def tried(
    setting: Setting,
    model: str,
    start: tuple[Pulls, Weights],
    rounds: int = 40,
    farthest: float = 10.0,
) -> Solved | None:
    """The saddle point near the start; None where there is none or it makes no sense."""
    order = RULES[setting.kappa_ref is None][0]
    found = iterate(setting, model, start, order, 1e-6, rounds, farthest)
    overlaps = found.weights.overlaps
    sound = overlaps.spread > 0 and overlaps.gap > 1e-9 and overlaps.own > 0
    return found if found.move <= 1e-6 and sound else None


def replace_overlap(weights: Weights, p: float) -> Weights:
    """The same with another overlap of reference and clones, as a guess."""
    return replace(weights, overlaps=replace(weights.overlaps, p=p))
