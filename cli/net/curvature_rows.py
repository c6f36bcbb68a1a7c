"""A table of curvatures as rows, and as a dataset that keeps what no row can hold.

In rows the leading eigenvalues and singular values are single numbers, ``eigenvalue_1`` and so on;
a NetCDF file has them, whole spectra and densities as variables of position × rank.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..record import Record

if TYPE_CHECKING:
    import xarray

    from ...nets.curvature_profile import CurvatureTable

CURVATURE, SLOPE = "loss/length^2", "loss/length"
WIDE = {"eigenvalues": "eigenvalue", "score_singular_values": "score"}  # to the names in rows
SPECTRA = ("spectrum", "lowest", "probed_diagonals", "probed_besides", "probed_masses")
HIDDEN = (  # what others are computed from, and what no row can hold
    *("directions", "density_nodes", "density_weights", "density_known"),
    *(
        f"{side}{name}"
        for side in ("", "across_")
        for name in (*SPECTRA, "probed_known", "probed_end")
    ),
)
COUNTS = ("kept", "negative", "kept_across", "negative_across")
SHOWN = (  # what a table for the eye has room for
    *("minimum", "s", "loss", "metric", "test_loss", "test_metric", "trace", "trace_stderr"),
    *("lambda_max", "lambda_min", "logdet", "logdet_excess", "logdet_excess_stderr", "kept"),
    *("fisher_trace", "gauss_newton_trace", "t_H_t", "logdet_across", "logdet_across_excess"),
    *("kept_across", "negative_across"),
)
UNITS = {
    "s": "length",
    "fraction": "1",
    "loss": "loss",
    "gradient_norm": SLOPE,
    "gradient_along": SLOPE,
    "train_loss": "loss",
    "test_loss": "loss",
    **dict.fromkeys(("trace", "lambda_max", "lambda_min", "floor", "fisher_max"), CURVATURE),
    **dict.fromkeys(("fisher_trace", "gauss_newton_trace"), CURVATURE),
    "logdet": "nats",
    "logdet_excess": "nats",
    "kept": "1",
    "negative": "1",
    "t_H_t": CURVATURE,
    "floor_across": CURVATURE,
    **dict.fromkeys(("logdet_across", "logdet_across_excess"), "nats"),
    **dict.fromkeys(("kept_across", "negative_across"), "1"),
}


def unit(name: str) -> str | None:
    """Of a column; of an error the unit of what it belongs to."""
    plain = name.removesuffix("_stderr").removesuffix("_residual").removesuffix("_bias")
    head = plain.rsplit("_", 1)[0]
    if head in ("eigenvalue", "score"):
        return CURVATURE if head == "eigenvalue" else SLOPE
    return UNITS.get(plain)


@dataclass(frozen=True)
class CurvatureRecord(Record):
    """Rows, and the ``table`` behind them."""

    table: "CurvatureTable | None" = field(default=None, repr=False)

    def shown(self) -> Record:
        """The columns that a terminal has room for."""
        return self.part(SHOWN)

    def dataset(self) -> "xarray.Dataset":
        """Position × quantity, with what has more numbers than one at a position."""
        import numpy as np
        import xarray

        along = "minimum" if "minimum" in self.names else "position"
        narrow = [name for name in self.names if name.rsplit("_", 1)[0] not in WIDE.values()]

        def said(name: str) -> dict[str, str]:
            units = unit(name)
            return {"units": units} if units else {}

        data = xarray.Dataset(attrs=self.attributes)
        for name in narrow:
            data[name] = (along, self.column(name), said(name))
        assert self.table is not None
        columns = self.table.columns
        for name, single, axis in (
            ("eigenvalues", "eigenvalue_1", "eigenvalue_rank"),
            ("score_singular_values", "score_1", "score_rank"),
            ("spectrum", "eigenvalue_1", "index"),
            ("across_spectrum", "eigenvalue_1", "index_across"),
        ):
            if name in columns:
                data[name] = ((along, axis), np.asarray(columns[name]), said(single))
        if self.table.density is not None:
            grid, density, error = self.table.density
            data = data.assign_coords(eigenvalue=("eigenvalue", grid, {"units": CURVATURE}))
            per = {"units": "length^2/loss"}
            data["density"] = ((along, "eigenvalue"), density, per)
            data["density_stderr"] = ((along, "eigenvalue"), error, per)
        return data.set_coords([name for name in ("s", "minimum") if name in data])


def record(
    table: "CurvatureTable", heads: list[dict[str, Any]], parameters: dict[str, Any]
) -> CurvatureRecord:
    """One row for every point of the table; ``heads`` say which it is."""
    rows = []
    for i in range(len(table)):
        row: dict[str, Any] = dict(heads[i])
        for name, values in table.columns.items():
            if name in WIDE:
                row |= {f"{WIDE[name]}_{k + 1}": float(v) for k, v in enumerate(values[i])}
            elif name not in HIDDEN:
                row[name] = _plain(name, float(values[i]))
        rows.append(row)
    names = rows[0] if rows else {}
    units = {name: said for name in names if (said := unit(name))}
    return CurvatureRecord("curvature", parameters, rows, units, table)


def _plain(name: str, value: float) -> bool | int | float:
    if name.endswith("_converged"):
        return bool(value)
    return int(value) if name in COUNTS and value.is_integer() else value
