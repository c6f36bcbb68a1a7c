"""What an experiment found: rows of numbers, and beside each statement of its paper a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    import numpy as np
    import xarray
    from matplotlib.figure import Figure

Verdict = Literal["agrees", "disagrees", "partly", "not tested"]


@dataclass(frozen=True)
class Claim:
    """A statement of the paper (with its section or figure) beside one sentence of what was found.

    verdict: computed from the numbers of the sentence, by :func:`judged` or the experiment's rule.
    """

    statement: str
    found: str
    verdict: Verdict

    def __post_init__(self) -> None:
        assert self.verdict in get_args(Verdict)

    def as_dict(self) -> dict[str, str]:
        """As scripts read it."""
        return {"statement": self.statement, "found": self.found, "verdict": self.verdict}


def judged(*held: bool | None) -> Verdict:
    """All parts of a statement held, none, or some; None for a part that the numbers leave open.

    >>> judged(True, True), judged(False), judged(True, False), judged(None), judged(True, None)
    ('agrees', 'disagrees', 'partly', 'not tested', 'partly')
    """
    if all(part is None for part in held):
        return "not tested"
    if all(held):
        return "agrees"
    return "partly" if any(held) else "disagrees"


@dataclass(frozen=True)
class Findings:
    """All that was found.

    rows: one mapping each, in the order of its fields; a row may lack a field that others have.
    data: curves and samples, from which the figures are drawn.  settings: everything that decided
    the numbers.  size: in a few words, how large this run was beside the published one.
    """

    name: str
    paper: str
    rows: Sequence[Mapping[str, Any]]
    claims: Sequence[Claim]
    data: "xarray.Dataset"
    settings: Mapping[str, Any]
    size: str
    weights: "Mapping[str, np.ndarray]" = field(default_factory=dict)

    @property
    def fields(self) -> list[str]:
        """Every field of any row, in order of appearance."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    @property
    def full_rows(self) -> list[dict[str, Any]]:
        """The rows, each with every field; None where it has none."""
        return [{name: row.get(name) for name in self.fields} for row in self.rows]


@dataclass(frozen=True)
class Drawing:
    """A figure, the name of its files, and what it shows."""

    name: str
    caption: str
    figure: "Figure"
