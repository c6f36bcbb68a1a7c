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


def command_line(names: Sequence[str], scale: Scale, seed: int, out: object = None) -> str:
    """What to type to have this comparison again.

    >>> command_line(["toy"], "full", 3, "my runs/a")
    "entropic compare toy --full --seed 3 --out 'my runs/a'"
    """
    where = [] if out is None else ["--out", str(out)]
    return shlex.join(["entropic", "compare", *names, f"--{scale}", "--seed", str(seed), *where])


@dataclass(frozen=True)
class Comparison:
    """All that was found, in the order climbed; seconds: how long each rung took, by its name."""

    rungs: "tuple[Rung, ...]"
    scale: Scale
    seed: int
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def rows(self) -> "list[Row]":
        """The rows of every rung."""
        return [row for rung in self.rungs for row in rung.rows]

    @property
    def command(self) -> str:
        """The command line that repeats it (without the folder it wrote to)."""
        return command_line([rung.name for rung in self.rungs], self.scale, self.seed)

    @property
    def verdict(self) -> str:
        """One sentence about all rows."""
        return verdict(self.rows)

    def summary_text(self) -> str:
        """``{"rows", "verdict", "scale", "seed", "command"}``; what is no finite number is null.

        Nothing in it depends on the clock or the folder: one seed, the same bytes.
        """
        whole = {
            "rows": [_finite(row.as_dict()) for row in self.rows],
            "verdict": self.verdict,
            "scale": self.scale,
            "seed": self.seed,
            "command": self.command,
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
