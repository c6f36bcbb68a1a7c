"""A run that is cut goes on where it was: its state is kept beside the result, in FILE.partial.

One .npz of plain arrays, written whole under another name and then renamed, so that a file of that
name is complete whenever the machine stops.  Its stamp says what was asked for and by which
versions; a run with another stamp does not touch it.
"""

import json
import os
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import numpy as np

KEEP_EVERY = 10.0  # seconds
STAMP = "stamp"
TOOLS = ("entropic", "numpy", "numba")
_UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True)
class KeptState:
    """The state kept for the result ``out`` of a run of ``command`` with these ``parameters``.

    tools: packages whose version the state depends on.
    """

    out: Path
    parameters: Mapping[str, Any]
    command: str = "entropic sim langevin"
    tools: tuple[str, ...] = TOOLS

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.out.with_name(f"{self.out.name}.partial")

    @property
    def _temporary(self) -> Path:
        return self.out.with_name(f".{self.out.name}.partial")

    def begin(self, resume: bool) -> "dict[str, np.ndarray] | None":
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

    def keep(self, state: "Mapping[str, np.ndarray]") -> None:
        """Write the state, whole or not at all."""
        import numpy as np

        stamp = np.frombuffer(json.dumps(self._stamp).encode(), np.uint8)
        arrays: dict[str, Any] = {STAMP: stamp, **state}
        with self._temporary.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        self._temporary.replace(self.path)

    def remove(self) -> None:
        """Take it away: the result is written, or there is nothing worth keeping."""
        self.path.unlink(missing_ok=True)
        self._temporary.unlink(missing_ok=True)

    @property
    def _stamp(self) -> dict[str, Any]:
        from importlib.metadata import version

        versions = {name: version(name) for name in self.tools}
        versions["python"] = ".".join(map(str, sys.version_info[:2]))
        asked = json.loads(json.dumps(self.parameters))
        return {"command": self.command, "parameters": asked, "versions": versions}

    def _read(self) -> "dict[str, np.ndarray]":
        import numpy as np

        try:
            with self.path.open("rb") as whole, np.load(whole, allow_pickle=False) as file:
                state = {name: file[name] for name in file.files}
            found = json.loads(state.pop(STAMP).tobytes())
            same = found["command"] == self._stamp["command"]
            parameters, versions = dict(found["parameters"]), dict(found["versions"])
        except _UNREADABLE:
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
