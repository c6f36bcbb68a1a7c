"""A search's state as tensors, kept in one safetensors file beside the result."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..stamp import KEEP_EVERY, STAMP, Stamp

if TYPE_CHECKING:
    from torch import Tensor

TOOLS = ("entropic", "numpy", "torch")


@dataclass
class KeptTensors:
    """The tensors kept in ``path`` of a run of ``command`` with these ``parameters``."""

    path: Path
    command: str
    parameters: Mapping[str, Any]
    _latest: "Mapping[str, Tensor] | None" = None
    _written: float = field(default_factory=time.monotonic)

    @property
    def _stamp(self) -> Stamp:
        return Stamp(self.path, self.command, self.parameters, TOOLS)

    def begin(self, resume: bool) -> "dict[str, Tensor] | None":
        """The state to go on from, None for a run from the start.

        Raises click.UsageError if a state is there and nobody asked to go on, if it is asked for
        and not there, or is that of another run.
        """
        self._stamp.check_begin(resume)
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
        with self._stamp.writing() as temporary:
            write_tensors(self._latest, temporary, {STAMP: self._stamp.text})
        self._latest, self._written = None, time.monotonic()

    def remove(self) -> None:
        """Take it away: the result is written, or there is nothing worth keeping."""
        self._stamp.remove()

    def _read(self) -> "dict[str, Tensor]":
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, "pt") as file:
                self._stamp.check(file.metadata()[STAMP])
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            self._stamp.refuse()
