"""A training that is cut goes on where it was: its state is kept beside the minima to be.

    <out>.partial/config.toml          what was asked for, and by which versions
                  state.safetensors    the last state: arrays, and its facts in the metadata

The state is written whole under another name and renamed, so that it is complete whenever the
machine stops.  A training that was asked otherwise does not touch it.
"""

import json
import os
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..atomic import writing_folder
from ..kept import partial
from ..run_folder import toml_value, versions

if TYPE_CHECKING:
    from ...nets.training_state import TrainingState

CONFIG, STATE = "config.toml", "state.safetensors"
TOOLS = ("entropic", "torch", "numpy", "python")


@dataclass(frozen=True)
class KeptTraining:
    """The state kept for the folder ``out`` of a training that was ``asked`` for so."""

    out: Path
    asked: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Where it is."""
        return partial(self.out)

    @property
    def has_state(self) -> bool:
        """Whether anything is kept by now."""
        return (self.folder / STATE).exists()

    def begin(self, resume: bool) -> "TrainingState | None":
        """The state to go on from, None for a training from the start.

        Raises click.UsageError if ``out`` is not free, if a state is there and nobody asked to go
        on, if it is asked for and not there, or is that of another training.
        """
        if os.path.lexists(self.out) and not _is_empty(self.out):
            msg = f"{str(self.out)!r} exists already; name a new folder or an empty one."
            raise click.UsageError(msg)
        there = os.path.lexists(self.folder)
        if resume and not there:
            msg = f"there is no {str(self.folder)!r} to resume from; run without --resume."
            raise click.UsageError(msg)
        if there and not resume:
            msg = (
                f"{str(self.folder)!r} keeps a training that was cut: go on with --resume, or "
                "remove it."
            )
            raise click.UsageError(msg)
        if resume:
            self._check_asked()
            return self._read() if self.has_state else None
        import tomli_w

        with writing_folder(self.folder) as temporary:
            (temporary / CONFIG).write_text(tomli_w.dumps(self._stamp), "utf-8")
        return None

    def keep(self, state: "TrainingState") -> None:
        """Write the state, whole or not at all."""
        from safetensors.numpy import save

        temporary = self.folder / f".{STATE}"
        try:
            with temporary.open("wb") as file:
                file.write(save(dict(state.arrays), {"facts": json.dumps(dict(state.facts))}))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.folder / STATE)
        except OSError:
            temporary.unlink(missing_ok=True)  # it may be what fills the disk
            raise

    def remove(self) -> None:
        """Take it away: the minima are written, or there is nothing worth keeping."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _stamp(self) -> dict[str, Any]:
        found = versions()
        tools = {name: found[name] for name in TOOLS}
        stamp: dict[str, Any] = toml_value({**self.asked, "versions": tools})
        return stamp

    def _check_asked(self) -> None:
        """Refuse a state of another training."""
        path = self.folder / CONFIG
        try:
            found = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            msg = f"cannot read {str(path)!r}: {error}"
            raise click.UsageError(msg) from None
        one, other = _leaves(found), _leaves(self._stamp)
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name):
                made = name.startswith("versions.")
                how = "was made by" if made else "was cut in a training with"
                found_and_asked = f"{name} = {one.get(name)}; here it is {other.get(name)}"
                msg = f"{str(self.folder)!r} {how} {found_and_asked}."
                raise click.UsageError(msg)

    def _read(self) -> "TrainingState":
        from safetensors import SafetensorError, safe_open

        from ...nets.training_state import TrainingState

        path = self.folder / STATE
        try:
            with safe_open(path, "numpy") as file:
                facts = json.loads(file.metadata()["facts"])
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            state = TrainingState(facts, arrays)
            state.check()
        except (OSError, SafetensorError, ValueError, TypeError, KeyError):
            msg = f"{str(path)!r} is damaged or no state of entropic net train; remove it."
            raise click.UsageError(msg) from None
        return state


def _leaves(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every value by its dotted name."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            found |= _leaves(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def _is_empty(path: Path) -> bool:
    try:
        return not os.listdir(path)
    except OSError:
        return False
