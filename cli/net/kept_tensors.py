"""A search that is cut goes on where it was: its tensors are kept beside the result, in a file.

One safetensors file, written whole under another name and then renamed, so that a file of that name
is complete whenever the machine stops.  Its stamp says what was asked for and by which versions; a
run with another stamp does not touch it.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from torch import Tensor

KEEP_EVERY = 10.0  # seconds
STAMP = "stamp"
TOOLS = ("entropic", "numpy", "torch")


@dataclass
class KeptTensors:
    """The tensors kept in ``path`` of a run of ``command`` with these ``parameters``."""

    path: Path
    command: str
    parameters: Mapping[str, Any]
    _latest: "Mapping[str, Tensor] | None" = None
    _written: float = field(default_factory=time.monotonic)

    def begin(self, resume: bool) -> "dict[str, Tensor] | None":
        """The state to go on from, None for a run from the start.

        Raises click.UsageError if a state is there and nobody asked to go on, if it is asked for
        and not there, or is that of another run.
        """
        there = os.path.lexists(self.path)
        if resume and not there:
            msg = f"there is no {str(self.path)!r} to resume from; run without --resume."
            raise click.UsageError(msg)
        if there and not resume:
            msg = f"{str(self.path)!r} keeps a run that was cut: go on with --resume, or remove it."
            raise click.UsageError(msg)
        return self._read() if resume else None

    def keep(self, state: "Mapping[str, Tensor]") -> None:
        """Remember the state, and write it every few seconds."""
        self._latest = state
        if time.monotonic() - self._written > KEEP_EVERY:
            self.flush()

    def flush(self) -> None:
        """Write what was remembered last, whole or not at all."""
        from .weights import write_tensors

        if self._latest is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_tensors(self._latest, self._temporary, {STAMP: json.dumps(self._stamp)})
        with self._temporary.open("rb+") as file:
            os.fsync(file.fileno())
        self._temporary.replace(self.path)
        self._latest, self._written = None, time.monotonic()

    def remove(self) -> None:
        """Take it away: the result is written, or there is nothing worth keeping."""
        self.path.unlink(missing_ok=True)
        self._temporary.unlink(missing_ok=True)

    @property
    def _temporary(self) -> Path:
        return self.path.with_name(f".{self.path.name}")

    @property
    def _stamp(self) -> dict[str, Any]:
        from importlib.metadata import version

        versions = {name: version(name) for name in TOOLS}
        versions["python"] = ".".join(map(str, sys.version_info[:2]))
        asked = json.loads(json.dumps(self.parameters))
        return {"command": self.command, "parameters": asked, "versions": versions}

    def _read(self) -> "dict[str, Tensor]":
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, "pt") as file:
                found = json.loads(file.metadata()[STAMP])
                state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            same = found["command"] == self.command
            parameters, versions = dict(found["parameters"]), dict(found["versions"])
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            same = False
        if not same:
            msg = f"{str(self.path)!r} is damaged or no state of {self.command}; remove it."
            raise click.UsageError(msg)
        self._refuse_other(parameters, self._stamp["parameters"], "was cut in a run with")
        self._refuse_other(versions, self._stamp["versions"], "was made by")
        return state

    def _refuse_other(self, found: Mapping[str, Any], asked: Mapping[str, Any], how: str) -> None:
        for name in sorted(found.keys() | asked.keys()):
            one, other = found.get(name, "none"), asked.get(name, "none")
            if one != other:
                msg = f"{str(self.path)!r} {how} {name} = {one}; here it is {other}."
                raise click.UsageError(msg)
