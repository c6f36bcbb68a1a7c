"""A run's state as plain arrays, kept in one .npz beside the result, in FILE.partial."""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..stamp import KEEP_EVERY, STAMP, Stamp

if TYPE_CHECKING:
    import numpy as np

__all__ = ["KEEP_EVERY", "KeptState"]
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
    def _stamp(self) -> Stamp:
        return Stamp(self.path, self.command, self.parameters, self.tools)

    def begin(self, resume: bool) -> "dict[str, np.ndarray] | None":
        """The state to go on from, None for a run from the start.

        Raises click.UsageError if a state is there and nobody asked to go on, if it is asked for
        and not there, or is that of another run.
        """
        self._stamp.check_begin(resume)
        return self._read() if resume else None

    def keep(self, state: "Mapping[str, np.ndarray]") -> None:
        """Write the state, whole or not at all."""
        import numpy as np

        stamp = np.frombuffer(self._stamp.text.encode(), np.uint8)
        arrays: dict[str, Any] = {STAMP: stamp, **state}
        with self._stamp.writing() as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)

    def remove(self) -> None:
        """Take it away: the result is written, or there is nothing worth keeping."""
        self._stamp.remove()

    def _read(self) -> "dict[str, np.ndarray]":
        import numpy as np

        try:
            with self.path.open("rb") as whole, np.load(whole, allow_pickle=False) as file:
                state = {name: file[name] for name in file.files}
            self._stamp.check(state.pop(STAMP).tobytes())
        except _UNREADABLE:
            self._stamp.refuse()
        return state
