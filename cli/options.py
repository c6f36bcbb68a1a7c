"""What a user may type: lists, formulas, names of files; read here, refused here in one line."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..theory.expression import Shape, Surface

Command = TypeVar("Command", bound=Callable[..., Any])
RESULTS = (".json", ".csv", ".nc")
DOCUMENTS = (".txt", ".tex", ".json")
PICTURES = (".png", ".svg", ".pdf")
MOST = 1_000_000  # numbers in one list


def number(text: str) -> float:
    """A finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = f"{text!r} is not a finite number."
        raise click.BadParameter(msg)
    return value


def numbers(text: str) -> list[float]:
    """``1,2,3``, ``start:stop:num`` (both ends included, rising) or one number.

    >>> numbers("0:1:5")
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    if ":" not in text:
        return [number(part) for part in text.split(",")]
    parts = text.split(":")
    if len(parts) != 3:
        msg = f"{text!r} is neither a list 1,2,3 nor a range start:stop:num."
        raise click.BadParameter(msg)
    start, stop = number(parts[0]), number(parts[1])
    try:
        count = int(parts[2])
    except ValueError:
        count = 0
    if not 1 <= count <= MOST:
        msg = f"num in start:stop:num must be a whole number from 1 to {MOST}; it is {parts[2]!r}."
        raise click.BadParameter(msg)
    if start > stop or (start == stop) != (count == 1):
        msg = f"start:stop:num must rise from start to stop in 2 or more points; it is {text!r}."
        raise click.BadParameter(msg)
    width = stop - start
    if not math.isfinite(width * count):
        msg = f"{text!r} is wider than a float can hold."
        raise click.BadParameter(msg)
    inner = [start + i * width / (count - 1) for i in range(count - 1)]
    return [*inner, stop]


def covariance(text: str) -> list[list[float]]:
    """Eigenvalues ``1,2,0.5``, which stand on the diagonal, or rows ``1,0.2;0.2,1``.

    >>> covariance("1,2"), covariance("1,0.2;0.2,1")
    ([[1.0, 0.0], [0.0, 2.0]], [[1.0, 0.2], [0.2, 1.0]])
    """
    rows = [[number(part) for part in row.split(",")] for row in text.split(";")]
    if len(rows) == 1:
        size = len(rows[0])
        return [[rows[0][i] if i == j else 0.0 for j in range(size)] for i in range(size)]
    if any(len(row) != len(rows) for row in rows):
        msg = f"{text!r} has {len(rows)} rows, and each must have as many numbers."
        raise click.BadParameter(msg)
    return rows


def formula(text: str) -> "Shape":
    """A function of y, through the whitelist."""
    from ..theory.errors import DomainError
    from ..theory.expression import shape

    try:
        return shape(text)
    except DomainError as error:
        raise click.BadParameter(str(error)) from None


def formula_of_both(text: str) -> "Surface":
    """A function of x and y, through the whitelist."""
    from ..theory.errors import DomainError
    from ..theory.expression import surface

    try:
        return surface(text)
    except DomainError as error:
        raise click.BadParameter(str(error)) from None


def _file(text: str, suffixes: tuple[str, ...]) -> Path:
    path = Path(text)
    if path.suffix not in suffixes:
        msg = f"{text!r} must end in {', '.join(suffixes[:-1])} or {suffixes[-1]}."
        raise click.BadParameter(msg)
    if not os.path.isdir(path.parent):  # never raises, unlike Path.is_dir
        msg = f"the folder {str(path.parent)!r} does not exist."
        raise click.BadParameter(msg)
    if not os.access(path.parent, os.W_OK):
        msg = f"the folder {str(path.parent)!r} is not writable."
        raise click.BadParameter(msg)
    if os.path.isdir(path):
        msg = f"{text!r} is a folder."
        raise click.BadParameter(msg)
    return path


def result_file(text: str) -> Path:
    """Where numbers can be written: the suffix is the format."""
    return _file(text, RESULTS)


def document_file(text: str) -> Path:
    """Where text with formulas can be written: the suffix is the format."""
    return _file(text, DOCUMENTS)


def picture_file(text: str) -> Path:
    """Where a figure can be written: the suffix is the format."""
    return _file(text, PICTURES)


def loads_option(command: Command) -> Command:
    """``--alpha``, a list of loads that must be given."""
    return click.option(
        "--alpha",
        type=numbers,
        required=True,
        metavar="LIST",
        help="Patterns per weight, at least 0.",
    )(command)


def margins_option(command: Command) -> Command:
    """``--kappa``, a list of margins, 0 if not given."""
    return click.option(
        "--kappa",
        type=numbers,
        default="0",
        show_default=True,
        metavar="LIST",
        help="Margin that every pattern keeps.",
    )(command)


_PRINTED = click.option(
    *("--format", "style"),
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="What is printed.",
)
_WRITTEN = click.option(
    *("--out", "out"),
    type=result_file,
    metavar="FILE",
    help="Write the result as well: .json, .csv or .nc (NetCDF), in full precision.",
)
_DRAWN = click.option(
    *("--plot", "picture"),
    type=picture_file,
    metavar="FILE",
    help="Draw the result as well: .png, .svg or .pdf.",
)


def output_options(command: Command) -> Command:
    """``--format``, ``--out`` and ``--plot``, as every command has them that ends in a record."""
    return _PRINTED(file_options(command))


def print_option(command: Command) -> Command:
    """``--format``, for a command that writes a folder."""
    return _PRINTED(command)


def shown_options(command: Command) -> Command:
    """``--format`` and ``--plot``, for a command that writes a folder and has a picture."""
    return _PRINTED(_DRAWN(command))


def file_options(command: Command) -> Command:
    """``--out`` and ``--plot``."""
    return _WRITTEN(_DRAWN(command))


def table_options(command: Command) -> Command:
    """``--format`` and ``--out``, for a record of which there is no picture."""
    return _PRINTED(_WRITTEN(command))


def warn(message: str) -> None:
    """One line on stderr that is no error."""
    click.echo(f"warning: {message}", err=True)
