"""What the commands of ``entropic net`` hand on: a folder of minima, and a folder of a path.

    minima/  config.toml    [problem] reference, settings, data; how they were found; versions
             minimum_<name>.safetensors   parameters by name, as in the model's state_dict
             summary.json   a row for every minimum
    path/    config.toml    the same
             path.safetensors             "points" (n, P): flat vectors of all parameters
             summary.json   a row for every pivot

A folder of the user's own needs only the safetensors; ``--problem`` then says what they belong to.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..record import finite
from ..run_folder import machine, toml_value, versions
from .source import Source, source_of
from .weights import PICKLES, check_finite, flat, read_tensors, write_tensors

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ...nets.problem import Problem

CONFIG, SUMMARY, POINTS = "config.toml", "summary.json", "path.safetensors"
PREFIX = "minimum_"


@dataclass(frozen=True)
class Opened:
    """A folder that was read: its problem, where that came from, and its config."""

    problem: "Problem"
    source: Source
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Minima(Opened):
    """points: a flat vector (P,) by the name of each minimum, on the problem's device."""

    points: "Mapping[str, Tensor]"


@dataclass(frozen=True)
class PathFolder(Opened):
    """points (n, P): the pivots of a path, on the problem's device."""

    points: "Tensor"


def read_minima(folder: Path, given: Source | None, device: str = "cpu") -> Minima:
    """The minima in ``folder``; click.UsageError where they cannot be read or do not fit."""
    config = read_config(folder)
    if (folder / POINTS).exists():
        msg = f"{str(folder)!r} holds a path; a folder of minima is wanted."
        raise click.UsageError(msg)
    files = sorted(folder.glob("*.safetensors"), key=_natural)
    if not files:
        pickles = sorted(path for path in folder.iterdir() if path.suffix in PICKLES)
        if pickles:
            read_tensors(pickles[0])  # says why not
        msg = f"{str(folder)!r} holds no minima (*.safetensors)."
        raise click.UsageError(msg)
    source = source_of(config, given, str(folder))
    problem = source.problem(device)
    points = {}
    for path in files:
        tensors = read_tensors(path)
        theta = flat(tensors, problem.layout, _buffers(problem), path)
        _check_fixed(tensors, problem, path)
        points[path.stem.removeprefix(PREFIX)] = problem.tensor(theta)
    return Minima(problem, source, config, points)


def write_minima(
    folder: Path,
    problem: "Problem",
    points: "Mapping[str, Tensor]",
    config: Mapping[str, Any],
    rows: list[dict[str, Any]],
) -> None:
    """Fill ``folder``, which the caller made and renames; config without versions and machine."""
    for name, theta in points.items():
        named = problem.layout.unflatten(theta)
        write_tensors(named, folder / f"{PREFIX}{name}.safetensors")
    write_told(folder, config, rows)


def read_path(folder: Path, given: Source | None, device: str = "cpu") -> PathFolder:
    """The path in ``folder``; click.UsageError where it cannot be read or does not fit."""
    config = read_config(folder)
    path = folder / POINTS
    if not path.is_file():
        msg = f"{str(folder)!r} holds no path ({POINTS})."
        raise click.UsageError(msg)
    source = source_of(config, given, str(folder))
    problem = source.problem(device)
    points = read_tensors(path).get("points")
    if points is None or points.ndim != 2 or len(points) < 2:
        msg = f"{str(path)!r} must hold 'points' (n >= 2, P)."
        raise click.UsageError(msg)
    if points.shape[1] != problem.layout.size:
        msg = (
            f"the points in {str(path)!r} have {points.shape[1]} numbers; the model of "
            f"{source.reference!r} has {problem.layout.size} parameters."
        )
        raise click.UsageError(msg)
    check_finite(points, path)
    return PathFolder(problem, source, config, problem.tensor(points))


def write_path(
    folder: Path,
    problem: "Problem",
    points: "Tensor",
    config: Mapping[str, Any],
    rows: list[dict[str, Any]],
) -> None:
    """Fill ``folder``, which the caller made and renames; points (n, P)."""
    layout = dict(
        zip(problem.layout.names, [list(shape) for shape in problem.layout.shapes], strict=True)
    )
    write_tensors({"points": points}, folder / POINTS, {"layout": json.dumps(layout)})
    write_told(folder, config, rows)


def write_told(folder: Path, config: Mapping[str, Any], rows: list[dict[str, Any]]) -> None:
    """config.toml with versions and machine added, and summary.json."""
    import tomli_w

    whole = {**config, "versions": versions(), "machine": machine()}
    (folder / CONFIG).write_text(tomli_w.dumps(toml_value(whole)), "utf-8")
    plain = finite({"rows": rows})
    text = json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False, default=float)
    (folder / SUMMARY).write_text(text + "\n", "utf-8")


def read_config(folder: Path) -> dict[str, Any]:
    """What config.toml says, empty where there is none; click.UsageError for a bad one."""
    if not folder.is_dir():
        msg = f"there is no folder {str(folder)!r}."
        raise click.UsageError(msg)
    path = folder / CONFIG
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        msg = f"cannot read {str(path)!r}: {error}"
        raise click.UsageError(msg) from None


def _buffers(problem: "Problem") -> set[str]:
    """Names in a state_dict that are no trainable parameters; batch norm's may be there."""
    from ...nets.normalisation import batch_norms

    norms = set(batch_norms(problem.model))
    kept = ("running_mean", "running_var", "num_batches_tracked")
    ours = {name for name in problem.model.state_dict() if name not in problem.layout.names}
    modules = problem.model.named_modules()
    return ours | {f"{name}.{tail}" for name, layer in modules if layer in norms for tail in kept}


def _check_fixed(tensors: "Mapping[str, np.ndarray]", problem: "Problem", path: Path) -> None:
    """Refuse a file that has frozen weights or running statistics other than the problem's."""
    import numpy as np

    for name, values in problem.model.state_dict(keep_vars=True).items():
        own, found = values.detach().cpu(), tensors.get(name)
        if found is None or values.requires_grad or not own.is_floating_point():
            continue
        if found.shape != tuple(own.shape) or not np.allclose(found, own.numpy(), 1e-3, 1e-6):
            msg = (
                f"{name!r} in {str(path)!r} is not that of the problem's model, which does not "
                "train it; load it into the model of the problem."
            )
            raise click.UsageError(msg)


def _natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    """minimum_2 before minimum_10."""
    digits = re.findall(r"\d+|\D+", path.stem)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in digits], path.stem
