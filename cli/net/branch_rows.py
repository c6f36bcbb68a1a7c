"""Branchings as rows, as means over the seeds, and as a folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..atomic import writing_folder
from ..record import Record, write
from .folders import write_told
from .weights import write_tensors

if TYPE_CHECKING:
    import xarray

    from ...nets.branching import Branching
    from ...nets.problem import Problem

CURVATURE = "loss/length^2"
UNITS = {
    **{
        "branch_epoch": "epochs",
        "loss_barrier": "loss",
        "loss_barrier_stderr": "loss",
    },
    **{"error_barrier": "1", "error_barrier_stderr": "1"},
    **{"lambda_max_barrier": CURVATURE, "lambda_max_barrier_stderr": CURVATURE},
    **{"lambda_max_ratio": "1", "trace_barrier": CURVATURE, "trace_barrier_stderr": CURVATURE},
    **{"trace_ratio": "1", "distance": "length", "loss_end": "loss", "error_end": "1"},
    **{"lambda_max_end": CURVATURE, "trace_end": CURVATURE},
}
AVERAGED = (
    *("loss_barrier", "error_barrier", "lambda_max_barrier", "lambda_max_ratio"),
    *("trace_barrier", "trace_ratio", "distance"),
)
ALONG = {
    **{"loss": "loss", "error": "1", "lambda_max": CURVATURE, "lambda_max_residual": CURVATURE},
    **{"trace": CURVATURE, "trace_stderr": CURVATURE},
}


def branch_record(found: "Sequence[Branching]", parameters: Mapping[str, Any]) -> Record:
    """One row for every epoch and seed; _end: mean of both ends."""
    rows = [_row(done, i) for done in found for i in range(len(done.seeds))]
    units = {name: UNITS[name] for name in rows[0] if name in UNITS}
    return Record("branch", parameters, rows, units)


def _row(done: "Branching", i: int) -> dict[str, Any]:
    line = done.lines[i]
    row: dict[str, Any] = {"branch_epoch": done.epoch, "seed": done.seeds[i]}
    for name in ("loss", "error", "lambda_max", "trace"):
        barrier = getattr(line, f"{name}_barrier")
        row[f"{name}_barrier"] = barrier.value.item()
        row[f"{name}_barrier_stderr"] = barrier.error.item()
        if name in ("lambda_max", "trace"):
            row[f"{name}_ratio"] = getattr(line, f"{name}_ratio")
    row["distance"] = line.length
    for name in ("loss", "error", "lambda_max", "trace"):
        values = getattr(line, name)
        row[f"{name}_end"] = float(values[0] + values[-1]) / 2
    return row | {"reached": bool(done.reached[i].all())}


def mean_record(record: Record) -> Record:
    """Means over the seeds of every epoch, with standard errors; NaN for those of a single seed."""
    import numpy as np

    rows = []
    for epoch in dict.fromkeys(record.column("branch_epoch")):
        group = [row for row in record.rows if row["branch_epoch"] == epoch]
        mean: dict[str, Any] = {"branch_epoch": epoch, "seeds": len(group)}
        for name in AVERAGED:
            values = np.array([row[name] for row in group], float)
            spread = values.std(ddof=1) if len(group) > 1 else np.nan
            mean[name] = float(values.mean())
            mean[f"{name}_stderr"] = float(spread / len(group) ** 0.5)
        rows.append(mean)
    whole = UNITS | {f"{name}_stderr": UNITS[name] for name in AVERAGED} | {"seeds": "1"}
    return Record("branch", record.parameters, rows, {name: whole[name] for name in rows[0]})


def branch_dataset(record: Record, found: "Sequence[Branching]") -> "xarray.Dataset":
    """Everything along every line: epoch × seed × place."""
    import numpy as np
    import xarray

    dims = ("branch_epoch", "seed", "place")
    columns: dict[str, Any] = {
        name: (
            dims,
            np.array([[getattr(line, name) for line in done.lines] for done in found]),
            {"units": unit},
        )
        for name, unit in ALONG.items()
    }
    lengths = np.array([[line.length for line in done.lines] for done in found])
    columns["distance"] = (dims[:2], lengths, {"units": "length"})
    places: dict[str, Any] = {
        "branch_epoch": [done.epoch for done in found],
        "seed": list(found[0].seeds),
    }
    places["fraction"] = ("place", found[0].lines[0].fraction, {"units": "1"})
    return xarray.Dataset(columns, places, record.attributes)


def write_branchings(
    out: Path, problem: "Problem", found: "Sequence[Branching]", config: Mapping[str, Any]
) -> Record:
    """Write the folder ``out``, whole, and return its rows."""
    record = branch_record(found, config)
    with writing_folder(out) as temporary:
        write_told(temporary, config, list(map(dict, record.rows)))
        write(mean_record(record), temporary / "means.json")
        branch_dataset(record, found).to_netcdf(temporary / "results.nc", engine="h5netcdf")
        for done in found:
            ends = {str(seed): pair for seed, pair in zip(done.seeds, done.ends, strict=True)}
            write_tensors(ends, temporary / f"ends_{done.epoch}.safetensors")
    return record
