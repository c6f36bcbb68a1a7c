"""The run folder: everything that was found, and everything needed to find it again.

    config.toml            command, seed, settings of every rung, versions, machine
    results.nc             a group per rung (its curves) and a group ``rows``
    summary.json           the rows, the verdict
    <rung>.safetensors     weights, where a rung has some
    figures/*.png *.svg
    report.html            tables and figures on one self-contained page

It appears whole or not at all.
"""

import math
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from .atomic import writing_folder
from .kept import write_weights

if TYPE_CHECKING:
    import xarray

    from .comparison import Comparison

MATTERS = ("entropic", "numpy", "scipy", "numba", "torch", "scikit-learn", "xarray")


def versions() -> dict[str, str]:
    """Of Python and of every package whose change could change a number."""
    found = {"python": platform.python_version()}
    for name in MATTERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def machine() -> dict[str, str | int]:
    """The kind of machine and how many cores this process may use."""
    share = getattr(os, "sched_getaffinity", None)
    cores = len(share(0)) if share else os.cpu_count() or 1
    return {"platform": platform.platform(), "processor": platform.machine(), "cores": cores}


def configuration(comparison: "Comparison") -> dict[str, Any]:
    """What ``config.toml`` holds: all that is needed to repeat the run."""
    return {
        "command": comparison.command,
        "scale": comparison.scale,
        "seed": comparison.seed,
        "rungs": [rung.name for rung in comparison.rungs],
        "seconds": {name: round(taken, 2) for name, taken in comparison.seconds.items()},
        "versions": versions(),
        "machine": machine(),
        "settings": {rung.name: toml_value(rung.settings) for rung in comparison.rungs},
    }


def toml_value(value: Any) -> Any:
    """The same in what TOML can say; nothing is said as ``"none"``."""
    if isinstance(value, Mapping):
        return {str(key): toml_value(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return toml_value(value.tolist())
    if isinstance(value, (list, tuple)):
        return [toml_value(item) for item in value]
    if value is None:
        return "none"
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def rows_dataset(comparison: "Comparison") -> "xarray.Dataset":
    """The rows as columns; a further number that a row does not have is NaN."""
    import xarray

    rows = [row.as_dict() for row in comparison.rows]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: ("row", [row.get(name, math.nan) for row in rows]) for name in names}
    return xarray.Dataset(columns)


def write_run(comparison: "Comparison", out: Path) -> None:
    """Write the run folder ``out``, whole.

    Raises click.UsageError if ``out`` is not free or cannot be written.
    """
    from .compare_figures import draw
    from .report import page

    with writing_folder(out) as temporary:
        (temporary / "summary.json").write_text(comparison.summary_text(), "utf-8")
        configured = configuration(comparison)
        (temporary / "config.toml").write_text(tomli_w.dumps(configured), "utf-8")
        _write_results(comparison, temporary / "results.nc")
        for rung in comparison.rungs:
            write_weights(rung.weights, temporary / f"{rung.name}.safetensors")
        figures = draw(comparison.rungs, temporary / "figures")
        report = page(comparison, figures, configured)
        (temporary / "report.html").write_text(report, "utf-8")


def _write_results(comparison: "Comparison", path: Path) -> None:
    data = rows_dataset(comparison)
    data.attrs = {"command": comparison.command, "verdict": comparison.verdict}
    data.to_netcdf(path, group="rows", engine="h5netcdf")
    for rung in comparison.rungs:
        rung.data.to_netcdf(path, mode="a", group=rung.name, engine="h5netcdf")
