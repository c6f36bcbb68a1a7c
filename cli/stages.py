"""Finished stages of a long rung: arrays by name, kept whole or not at all, and read back.

    <out>.partial/<rung>.stages/settings.json          what they were made with
                               /<stage>.safetensors    the arrays of a stage

What is kept is read back even by the run that kept it: a run in one go and one in two cannot
differ.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .atomic import writing_file

if TYPE_CHECKING:
    import numpy as np

    Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Stages:
    """The stages kept in ``folder``, which is made when the first is finished."""

    folder: Path

    @property
    def names(self) -> list[str]:
        """The stages kept so far."""
        return sorted(path.stem for path in self.folder.glob("[!.]*.safetensors"))

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Claim the folder for these settings; click.UsageError where others were kept."""
        path = self.folder / "settings.json"
        text = json.dumps(settings, indent=1, sort_keys=True, default=list)
        if path.exists():
            if path.read_text("utf-8") != text:
                msg = f"{str(self.folder)!r} was made with other settings; remove it."
                raise click.UsageError(msg)
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with writing_file(path) as temporary:
            temporary.write_text(text, "utf-8")

    def take(self, name: str, make: "Callable[[], Mapping[str, np.ndarray]]") -> "Arrays":
        """The arrays of a stage, made now if they are not kept yet."""
        import numpy as np
        from safetensors import SafetensorError
        from safetensors.numpy import load_file, save

        path = self.folder / f"{name}.safetensors"
        if not path.exists():
            made = {key: np.ascontiguousarray(values) for key, values in make().items()}
            with writing_file(path) as temporary:
                temporary.write_bytes(save(made))
        try:
            return load_file(path)
        except (OSError, SafetensorError) as error:
            msg = f"{str(path)!r} is damaged ({error}); remove it."
            raise click.UsageError(msg) from None
