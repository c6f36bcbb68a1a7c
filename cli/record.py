"""One result as rows of named numbers, and the four coats it wears: JSON, CSV, NetCDF, a table.

The JSON names are a contract that other people's scripts rely on: fields are added, never renamed.
"""

import csv
import io
import json
import math
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .atomic import writing_file

if TYPE_CHECKING:
    import xarray

Plain = float | int | bool | str | None
RECORDED = ("entropic", "numpy", "scipy", "numba", "torch", "scikit-learn")


@dataclass(frozen=True)
class Record:
    """What was asked for and what came out.

    quantity: its name; parameters: everything needed to repeat it; rows: one mapping per row, all
    with the same names; units: by name, where a number has one.
    """

    quantity: str
    parameters: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", _plain(self.parameters))
        object.__setattr__(self, "rows", [_plain(row) for row in self.rows])

    @property
    def names(self) -> list[str]:
        """The columns, in order."""
        return list(self.rows[0]) if self.rows else []

    def part(self, names: Collection[str]) -> "Record":
        """The columns of these names, where there are some."""
        rows = [{name: row[name] for name in row if name in names} for row in self.rows]
        units = {name: said for name, said in self.units.items() if name in names}
        return Record(self.quantity, self.parameters, rows, units)

    def column(self, name: str) -> list[Any]:
        """One number of every row."""
        return [row[name] for row in self.rows]

    def dataset(self) -> "xarray.Dataset":
        """The rows as columns along ``row``, the parameters as attributes: what NetCDF holds."""
        import xarray

        def column(name: str) -> Any:
            unit = {"units": self.units[name]} if name in self.units else {}
            return ("row", self.column(name), unit)

        columns = {name: column(name) for name in self.names}
        return xarray.Dataset(columns, attrs=self.attributes)

    @property
    def attributes(self) -> dict[str, Any]:
        """Quantity and parameters as NetCDF can say them."""
        return {"quantity": self.quantity} | {
            # HDF5 has no truth of its own, and bool is an int to Python
            name: value if type(value) in (int, float, str) else json.dumps(value)
            for name, value in self.parameters.items()
        }


def _plain(value: Any) -> Any:
    """The same with NumPy's scalars and arrays, tuples and paths as what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def versions() -> dict[str, str]:
    """Versions of what took part in this process."""
    from importlib.metadata import version

    loaded = {"scikit-learn": "sklearn"}
    return {name: version(name) for name in RECORDED if loaded.get(name, name) in sys.modules}


def json_text(record: Record) -> str:
    """``{"quantity", "parameters", "rows", "units", "versions"}``; what is no number is null."""
    whole = {
        "quantity": record.quantity,
        "parameters": record.parameters,
        "rows": record.rows,
        "units": dict(record.units),
        "versions": versions(),
    }
    return json.dumps(finite(whole), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def finite(value: Any) -> Any:
    """The same with None, JSON's null, for what is no finite number."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def csv_text(record: Record) -> str:
    """A line of names, then a line per row; truth as ``true`` and ``false``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(record.names)
    writer.writerows([[_csv_cell(value) for value in row.values()] for row in record.rows])
    return text.getvalue()


def _csv_cell(value: Plain) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def write(record: Record, path: Path) -> None:
    """Write the record whole; the suffix .json, .csv or .nc is the format."""
    with writing_file(path) as temporary:
        if path.suffix == ".nc":
            _write_netcdf(record, temporary)
        else:
            text = {".json": json_text, ".csv": csv_text}[path.suffix](record)
            temporary.write_text(text, "utf-8")


def _write_netcdf(record: Record, path: Path) -> None:
    record.dataset().to_netcdf(path, engine="h5netcdf")


def print_table(record: Record) -> None:
    """A table for the eye, six digits a number; a single row stands upright.

    Plain text: a table library takes longer over a few hundred rows than the theory does.
    """
    if len(record.rows) == 1:
        head = ["name", "value", "unit"]
        body = [
            [name, _table_cell(value), record.units.get(name, "")]
            for name, value in record.rows[0].items()
        ]
        _print_aligned(record.quantity, [head], body, flush_left=(0, 2))
    else:
        units = [record.units.get(name, "") for name in record.names]
        head_lines = [record.names, units] if any(units) else [record.names]
        body = [[_table_cell(value) for value in row.values()] for row in record.rows]
        _print_aligned(record.quantity, head_lines, body)


def _print_aligned(
    title: str, head: list[list[str]], body: list[list[str]], flush_left: tuple[int, ...] = ()
) -> None:
    widths = [max(map(len, column)) for column in zip(*head, *body, strict=True)]

    def line(cells: list[str]) -> str:
        pairs = enumerate(zip(cells, widths, strict=True))
        return "  ".join(c.ljust(w) if i in flush_left else c.rjust(w) for i, (c, w) in pairs)

    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [title, "", *map(line, head), rule, *map(line, body)]
    click.echo("\n".join(text.rstrip() for text in lines))


def _table_cell(value: Plain) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "–"
    if not isinstance(value, float):
        return str(value)
    short = f"{value:.6g}"
    # 1.999999 is not 2 where 2 is a capacity
    rounded = math.isfinite(value) and value != round(value) == float(short)
    return f"{value:.10g}" if rounded else short


def deliver(
    record: Record,
    style: str | None,
    out: Path | None = None,
    picture: Path | None = None,
) -> None:
    """Write the files asked for, each whole; then print in the style ``table``, ``json``, ``csv``.

    style: None prints nothing.
    picture: where to draw the record, as ``cli/pictures/<quantity>.py`` does.
    """
    if out is not None:
        write(record, out)
        click.echo(f"wrote {out}", err=True)
    if picture is not None:
        from .figures import save

        drawing = import_module(f".pictures.{record.quantity.replace('-', '_')}", __package__)
        save(drawing.figure(record), picture)
        click.echo(f"drew {picture}", err=True)
    if style == "table":
        print_table(record)
    elif style is not None:
        click.echo({"json": json_text, "csv": csv_text}[style](record), nl=False)
