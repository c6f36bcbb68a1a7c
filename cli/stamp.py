"""A run that is cut goes on where it was: what its state, kept in a file, must agree with.

The state is written whole under another name and then renamed, so that a file of that name is
complete whenever the machine stops.  Its stamp says what was asked for and by which versions; a run
with another stamp does not touch it.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

KEEP_EVERY = 10.0  # seconds
STAMP = "stamp"  # its name in the file


@dataclass(frozen=True)
class Stamp:
    """Of the state kept in ``path`` by a run of ``command`` with these ``parameters``.

    tools: packages whose version the state depends on.
    """

    path: Path
    command: str
    parameters: Mapping[str, Any]
    tools: tuple[str, ...]

    def check_begin(self, resume: bool) -> None:
        """Refuse to overwrite a state, and to go on from none."""
        there = os.path.lexists(self.path)
        if resume and not there:
            msg = f"there is no {str(self.path)!r} to resume from; run without --resume."
            raise click.UsageError(msg)
        if there and not resume:
            msg = f"{str(self.path)!r} keeps a run that was cut: go on with --resume, or remove it."
            raise click.UsageError(msg)

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Yield another name; what is written there becomes the state, or nothing is left of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield self._temporary
            with self._temporary.open("rb+") as file:
                os.fsync(file.fileno())
            self._temporary.replace(self.path)
        except OSError as error:
            self._temporary.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror, str(self.path)) from None

    def remove(self) -> None:
        """Take the state away: the result is written, or there is nothing worth keeping."""
        self.path.unlink(missing_ok=True)
        self._temporary.unlink(missing_ok=True)

    @property
    def text(self) -> str:
        """What stands in the file."""
        return json.dumps(self._told)

    def check(self, text: str | bytes) -> None:
        """Refuse that of another run; ValueError, KeyError or TypeError for what is no stamp."""
        found, own = json.loads(text), self._told
        parameters, versions = dict(found["parameters"]), dict(found["versions"])
        if found["command"] != self.command:
            self.refuse()
        self._refuse_other(parameters, own["parameters"], "was cut in a run with")
        self._refuse_other(versions, own["versions"], "was made by")

    def refuse(self) -> NoReturn:
        """Say that the file is no such state."""
        msg = f"{str(self.path)!r} is damaged or no state of {self.command}; remove it."
        raise click.UsageError(msg)

    @property
    def _temporary(self) -> Path:
        return self.path.with_name(f".{self.path.name}")

    @property
    def _told(self) -> dict[str, Any]:
        from importlib.metadata import version

        versions = {name: version(name) for name in self.tools}
        versions["python"] = ".".join(map(str, sys.version_info[:2]))
        asked = json.loads(json.dumps(self.parameters))
        return {"command": self.command, "parameters": asked, "versions": versions}

    def _refuse_other(self, found: Mapping[str, Any], asked: Mapping[str, Any], how: str) -> None:
        for name in sorted(found.keys() | asked.keys()):
            one, other = found.get(name, "none"), asked.get(name, "none")
            if one != other:
                msg = f"{str(self.path)!r} {how} {name} = {one}; here it is {other}."
                raise click.UsageError(msg)
