"""A finished comparison: the rungs climbed, what repeats them, the summary scripts read."""

import csv
import io
import json
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .verdict import verdict

if TYPE_CHECKING:
    from .ladder import Row, Rung

Scale = Literal["quick", "full"]


def command_line(
    names: Sequence[str], scale: Scale, seed: int, out: object = None, more: Sequence[str] = ()
) -> str:
    """What to type to have this comparison again; more: options of a rung, as words.

    >>> command_line(["toy"], "full", 3, "my runs/a")
    "entropic compare toy --full --seed 3 --out 'my runs/a'"
    """
    where = [] if out is None else ["--out", str(out)]
    words = ["entropic", "compare", *names, *more, f"--{scale}", "--seed", str(seed), *where]
    return shlex.join(words)


@dataclass(frozen=True)
class Comparison:
    """All that was found, in the order climbed.

    seconds: how long each rung took, by its name.  more: options of a rung, as words.
    """

    rungs: "tuple[Rung, ...]"
    scale: Scale
    seed: int
    seconds: Mapping[str, float] = field(default_factory=dict)
    more: Sequence[str] = ()

    @property
    def rows(self) -> "list[Row]":
        """The rows of every rung."""
        return [row for rung in self.rungs for row in rung.rows]

    @property
    def command(self) -> str:
        """The command line that repeats it (without the folder it wrote to)."""
        names = [rung.name for rung in self.rungs]
        return command_line(names, self.scale, self.seed, more=self.more)

    @property
    def verdict(self) -> str:
        """One sentence about all rows."""
        return verdict(self.rows)

    @property
    def score(self) -> Mapping[str, Any]:
        """That of the rung that has one; empty without."""
        return next((rung.score for rung in self.rungs if rung.score), {})

    def summary_text(self) -> str:
        """``{"rows", "verdict", "scale", "seed", "command"}``, and ``score`` where there is one.

        What is no finite number is null.

        Nothing in it depends on the clock or the folder: one seed, the same bytes.
        """
        whole = {
            "rows": [_finite(row.as_dict()) for row in self.rows],
            "verdict": self.verdict,
            "scale": self.scale,
            "seed": self.seed,
            "command": self.command,
            **({"score": dict(self.score)} if self.score else {}),
        }
        return json.dumps(whole, indent=1, allow_nan=False, ensure_ascii=False) + "\n"

    def csv_text(self) -> str:
        """The rows, one line each; a further number that a row does not have is left empty."""
        rows = [row.as_dict() for row in self.rows]
        names = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "valid": str(row["valid"]).lower()} for row in rows)
        return text.getvalue()


def _finite(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
