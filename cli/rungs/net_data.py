"""The curves of ``entropic compare net`` as one labelled dataset, from which figures are drawn."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from ...theory.estimate import Array
from ...theory.path import Profile
from ..score import DRIFT, RELAXATION
from .net_prediction import KINDS, Predicted
from .net_rows import Found

PER_CYCLE = "parameter distance per cycle"
WORDS = ("predicted", "measured", "stderr")


def blank(
    profiles: Mapping[str, Profile], labels: Sequence[str], starts: Array, fine: Array, horizon: int
) -> xr.Dataset:
    """Loss and curvature along the path, and NaN wherever something is going to be filled in."""
    place = next(iter(profiles.values())).s
    length = {"units": "parameter distance"}
    data = xr.Dataset(
        {
            "s": ("position", place, length),
            "drift_s": ("fine", fine, length),
            "start_s": ("start", starts, length),
            "clock": ("cycle", np.arange(horizon + 1), {"units": "cycles"}),
        },
        coords={"condition": list(labels)},
    )
    for name, profile in profiles.items():
        data[name] = ("position", profile.estimate.value)
        if np.any(profile.estimate.error > 0):
            data[f"{name}_stderr"] = ("position", profile.estimate.error)
    sizes = {
        **{"condition": len(labels), "start": len(starts)},
        **{"fine": len(fine), "cycle": horizon + 1},
    }

    def empty(name: str, *more: str, units: str) -> None:
        axes = ("condition", *more)
        data[name] = (axes, np.full([sizes[axis] for axis in axes], np.nan), {"units": units})

    for part in ("energetic", "entropic", "bending", "total", *KINDS[1:]):
        empty(f"drift_{part}", "fine", units=PER_CYCLE)
    for word in ("measured", "stderr"):
        empty(f"drift_{word}", "start", units=PER_CYCLE)
    for word in WORDS:
        empty(f"mean_{word}", "start", "cycle", units="parameter distance")
        empty(f"survival_{word}", "start", "cycle", units="1")
    for name in (*KINDS, "error", "measured", "stderr"):
        empty(f"time_{name}", "start", units="cycles")
    for name in ("counted", "valid", "control"):
        empty(f"time_{name}", "start", units="1")
    return data


def fill_drift(data: xr.Dataset, index: int, predicted: Predicted) -> None:
    """The parts of a predicted drift along the path, and the adiabatic drifts."""
    fine, finite = data["drift_s"].values, predicted.finite_k
    where = [at.s for at in finite.displacements]
    inside = (fine >= where[0]) & (fine <= where[-1])
    total = np.zeros(int(inside.sum()))
    for name, values in finite.parts().items():
        data[f"drift_{name}"][index, inside] = values
        total = total + values
    data["drift_total"][index, inside] = total
    for kind in KINDS[1:]:
        slow = predicted.slow(kind)
        if slow is not None:
            covered = (fine >= slow.y[0]) & (fine <= slow.y[-1])
            values = np.interp(fine[covered], slow.y, slow.drift)
            data[f"drift_{kind}"][index, covered] = values


def fill_start(data: xr.Dataset, at: tuple[int, int], found: Found) -> None:
    """What was found from one start; at: numbers of condition and start."""
    rows = {row.quantity: row for row in found.rows}
    if DRIFT in rows:
        drift = rows[DRIFT]
        data["drift_measured"][at], data["drift_stderr"][at] = drift.measured, drift.stderr
    for name, curves in (("mean", found.course.mean), ("survival", found.course.survival)):
        for word, values in zip(WORDS, curves, strict=True):
            data[f"{name}_{word}"][at] = values
    for kind, value in found.course.times.items():
        data[f"time_{kind}"][at] = value
    time = rows[RELAXATION]
    data["time_error"][at] = time.predicted_error
    data["time_measured"][at], data["time_stderr"][at] = time.measured, time.stderr
    data["time_valid"][at] = float(time.valid)
    for name in ("counted", "control"):
        data[f"time_{name}"][at] = time.extra[name]
