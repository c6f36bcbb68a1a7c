"""Rows that are already measured, kept in a file while the others are: a run that is cut goes on.

One JSON file, written whole under another name and then renamed.  Its stamp says what was asked for
and by which versions; a run with another stamp does not touch it.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

TOOLS = ("entropic", "numpy", "torch")


@dataclass(frozen=True)
class KeptRows:
    """Rows by name in the file ``path`` of a run of ``command`` with these ``parameters``."""

    path: Path
    command: str
    parameters: Mapping[str, Any]

    def begin(self, resume: bool) -> dict[str, Any]:
        """The rows to go on with, none for a run from the start.

        Raises click.UsageError if some are there and nobody asked to go on, if they are asked for
        and not there, or are those of another run.
        """
        there = os.path.lexists(self.path)
        if resume and not there:
            msg = f"there is no {str(self.path)!r} to resume from; run without --resume."
            raise click.UsageError(msg)
        if there and not resume:
            msg = f"{str(self.path)!r} keeps a run that was cut: go on with --resume, or remove it."
            raise click.UsageError(msg)
        return self._read() if resume else {}

    def keep(self, rows: Mapping[str, Any]) -> None:
        """Write them, whole or not at all; what is no finite number is kept as it is."""
        text = json.dumps({"stamp": self._stamp, "rows": dict(rows)}, indent=1)
        temporary = self.path.with_name(f".{self.path.name}")
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)

    def remove(self) -> None:
        """Take them away: the result is written."""
        self.path.unlink(missing_ok=True)

    @property
    def _stamp(self) -> dict[str, Any]:
        from importlib.metadata import version

        versions = {name: version(name) for name in TOOLS}
        versions["python"] = ".".join(map(str, sys.version_info[:2]))
        asked = json.loads(json.dumps(self.parameters))
        return {"command": self.command, "parameters": asked, "versions": versions}

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text("utf-8"))
            stamp, rows = found["stamp"], dict(found["rows"])
            same = stamp["command"] == self.command
            tables = [(dict(stamp[name]), self._stamp[name]) for name in ("parameters", "versions")]
        except (OSError, ValueError, KeyError, TypeError):
            same = False
        if not same:
            msg = f"{str(self.path)!r} is damaged or keeps no run of {self.command}; remove it."
            raise click.UsageError(msg)
        for (kept, asked), how in zip(
            tables, ("was cut in a run with", "was made by"), strict=True
        ):
            for name in sorted(kept.keys() | asked.keys()):
                one, other = kept.get(name, "none"), asked.get(name, "none")
                if one != other:
                    msg = f"{str(self.path)!r} {how} {name} = {one}; here it is {other}."
                    raise click.UsageError(msg)
        return rows
