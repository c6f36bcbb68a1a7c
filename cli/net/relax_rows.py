"""Relaxation along a path as a record: a row for every start; curves by cycle in a NetCDF file."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..record import Record

if TYPE_CHECKING:
    import xarray

    from ...nets.path_run import PathRun
    from ...theory.path import Path as Polygon

QUANTILES = (0.1, 0.5, 0.9)
LEVEL = 0.95  # of the bootstrap intervals
SHOWN = (
    *("start", "mean_time", "mean_time_stderr", "left", "right", "censored", "final_s"),
    *("final_s_stderr", "start_loss", "final_loss"),
)
UNITS = {
    **{"start": "1", "s0": "length", "mean_time": "cycles", "horizon": "cycles", "left": "1"},
    **{"right": "1", "censored": "1", "final_s": "length", "start_loss": "loss"},
    **{"final_loss": "loss", "shaken_loss": "loss"},
}


@dataclass(frozen=True)
class RelaxRecord(Record):
    """Rows, and the run that they are of."""

    run: "PathRun | None" = None

    def shown(self) -> Record:
        """What a table shows; files and the other formats have all."""
        return self.part(SHOWN)

    def dataset(self) -> "xarray.Dataset":
        """Start × cycle, replica × cycle, and the rows along start."""
        assert self.run is not None
        run, both = self.run, ("start", "cycle")
        data = super().dataset().swap_dims(row="start")
        data = data.assign_coords(
            cycle=("cycle", run.clock, {"units": "cycles"}), quantile=list(QUANTILES)
        )
        length, loss = {"units": "length"}, {"units": "loss"}
        for name, what, unit in (
            ("mean_s", "s", length),
            ("loss", "loss", loss),
            ("shaken_loss", "shaken_loss", loss),
        ):
            curve = run.mean(what)
            where = f"{name}_along" if name == "shaken_loss" else name
            data[where] = (both, curve.value, unit)
            data[f"{where}_stderr"] = (both, curve.error, unit)
        data["s_quantile"] = (("quantile", *both), run.quantiles(QUANTILES), length)
        data["survival"] = (both, run.survival(run.clock).value)
        band = run.survival_band(run.clock, LEVEL)
        for name, values in zip(("low", "high"), band, strict=True):
            data[f"survival_{name}"] = (both, values, {"level": LEVEL})
        data["s"] = (("replica", "cycle"), run.s, length)
        data["s_start"] = ("replica", run.start, length)
        data["passage"] = ("replica", run.passage, {"units": "cycles"})
        data["side"] = ("replica", run.side)
        return data


def relax_record(run: "PathRun", path: "Polygon", asked: dict[str, Any]) -> RelaxRecord:
    """The record of ``entropic net relax``."""
    time, shares = run.mean_time(), {side: run.share(side) for side in (-1, 0, 1)}
    place, loss, shaken = (run.mean(what) for what in ("s", "loss", "shaken_loss"))
    rows = []
    for i, s in enumerate(run.starts.tolist()):
        rows.append(
            {
                "start": round(s / path.length, 12),
                "s0": s,
                "replicas": int(run.replicas[i]),
                "mean_time": time.value[i],
                "mean_time_stderr": time.error[i],
                "horizon": run.horizon,
                "left": shares[-1].value[i],
                "left_stderr": shares[-1].error[i],
                "right": shares[1].value[i],
                "right_stderr": shares[1].error[i],
                "censored": shares[0].value[i],
                "censored_stderr": shares[0].error[i],
                "final_s": place.value[i, -1],
                "final_s_stderr": place.error[i, -1],
                "start_loss": loss.value[i, 0],
                "final_loss": loss.value[i, -1],
                "final_loss_stderr": loss.error[i, -1],
                "shaken_loss": shaken.value[i, -1],
                "shaken_loss_stderr": shaken.error[i, -1],
            }
        )
    units = {name: UNITS[name.removesuffix("_stderr")] for name in rows[0] if _has_unit(name)}
    told = {"way": run.way, "loss_error": run.loss_error, "survival_level": LEVEL}
    return RelaxRecord("relax", {**asked, **told}, rows, units, run)


def _has_unit(name: str) -> bool:
    return name.removesuffix("_stderr") in UNITS
