"""Finished rungs are kept beside the run folder to be, so that a cut run loses one rung at most.

    <out>.partial/stamp.json             what was asked for, and by which versions
    <out>.partial/<rung>/rung.json       rows, settings, seconds
                        /data.nc         curves
                        /weights.safetensors
                 /<rung>.stages/         what a long rung has finished of itself (:mod:`.stages`)

A later run picks a rung up only if the stamp is the same.  What is kept is read back even by the
run that kept it: a run in one go and one in two cannot differ.
"""

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .atomic import writing_folder
from .ladder import Row, Rung
from .stages import Stages

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Kept:
    """The rungs kept for the run folder ``out``."""

    out: Path

    @property
    def folder(self) -> Path:
        """Where they are."""
        return partial(self.out)

    @property
    def names(self) -> list[str]:
        """The rungs kept so far."""
        return sorted(found.parent.name for found in self.folder.glob("[!.]*/rung.json"))

    def stages(self, name: str) -> Stages:
        """Where the rung ``name`` keeps what it has finished of itself."""
        return Stages(self.folder / f"{name}.stages")

    @property
    def unfinished(self) -> list[str]:
        """What is kept of rungs that are not finished."""
        return [
            f"{len(names)} stages of {folder.stem}"
            for folder in sorted(self.folder.glob("[!.]*.stages"))
            if (names := Stages(folder).names) and folder.stem not in self.names
        ]

    def keep(self, rung: Rung, seconds: float) -> None:
        """Write a finished rung, whole or not at all."""
        rows = [{**vars(row), "extra": dict(row.extra)} for row in rung.rows]
        told: dict[str, Any] = {"rows": rows, "settings": dict(rung.settings)}
        told |= {"seconds": seconds, "score": dict(rung.score)}
        with writing_folder(self.folder / rung.name) as temporary:
            text = json.dumps(told, indent=1, default=_plain, ensure_ascii=False)
            (temporary / "rung.json").write_text(text, "utf-8")
            rung.data.to_netcdf(temporary / "data.nc", engine="h5netcdf")
            write_weights(rung.weights, temporary / "weights.safetensors")

    def rung(self, name: str) -> tuple[Rung, float]:
        """A kept rung and the seconds it took."""
        import xarray
        from safetensors.numpy import load_file

        home = self.folder / name
        told = json.loads((home / "rung.json").read_text("utf-8"))
        rows = tuple(Row(**row) for row in told["rows"])
        data = xarray.load_dataset(home / "data.nc", engine="h5netcdf")
        path = home / "weights.safetensors"
        weights = load_file(path) if path.exists() else {}
        return Rung(name, rows, data, told["settings"], weights, told["score"]), told["seconds"]

    def remove(self) -> None:
        """Take everything away: the run folder holds it now, or there is nothing worth keeping."""
        shutil.rmtree(self.folder, ignore_errors=True)


def partial(out: Path) -> Path:
    """``<out>.partial``."""
    return out.with_name(f"{out.name}.partial")


def write_weights(weights: "Mapping[str, np.ndarray]", path: Path) -> None:
    """Write arrays as safetensors, if there are any."""
    import numpy as np
    from safetensors.numpy import save

    if weights:
        plain = {name: np.ascontiguousarray(values) for name, values in weights.items()}
        path.write_bytes(save(plain))


def begin(out: Path, stamp: Mapping[str, Any]) -> Kept:
    """Claim the run folder ``out``: find out now, not after the work, whether it can be written.

    Raises click.UsageError if ``out`` is not free, cannot be written, or if what is kept for it was
    made by another command or by other versions.
    """
    if os.path.lexists(out) and not _is_empty_folder(out):
        msg = f"{str(out)!r} exists already; name a new folder or an empty one."
        raise click.UsageError(msg)
    kept = Kept(out)
    if os.path.lexists(kept.folder):
        _check_stamp(kept.folder, stamp)
        return kept
    with writing_folder(kept.folder) as temporary:
        (temporary / "stamp.json").write_text(json.dumps(stamp, indent=1), "utf-8")
    return kept


def unclaimed(label: str) -> Path:
    """A run folder that nobody has, ``runs/<time>-<label>``."""
    out = first = Path("runs") / time.strftime(f"%Y%m%d-%H%M%S-{label}")
    number = 1
    while os.path.lexists(out) or os.path.lexists(partial(out)):
        number += 1
        out = first.with_name(f"{first.name}-{number}")
    return out


def _is_empty_folder(path: Path) -> bool:
    try:
        return not os.listdir(path)
    except OSError:
        return False


def _check_stamp(folder: Path, stamp: Mapping[str, Any]) -> None:
    try:
        found = json.loads((folder / "stamp.json").read_text("utf-8"))
        asked = found["command"]
    except (OSError, ValueError, KeyError, TypeError):
        msg = f"{str(folder)!r} exists already and keeps no run; name another folder with --out."
        raise click.UsageError(msg) from None
    if asked != stamp["command"]:
        msg = f"{str(folder)!r} keeps what is finished of {asked!r}; "
        msg += "give that command, or another --out."
        raise click.UsageError(msg)
    if found != stamp:
        msg = f"{str(folder)!r} was made by other versions; name another --out, or remove it."
        raise click.UsageError(msg)


def _plain(value: Any) -> Any:
    """What JSON does not know: NumPy's scalars and arrays, paths."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
