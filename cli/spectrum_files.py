"""Eigenvalues and matrices from files of other programs: read strictly, refused in one line.

.npy (no pickle is ever read), .csv and .txt (numbers; # begins a comment), .json (a list, or an
object with the list ``eigenvalues``). Nothing is repaired: what is not a finite number is refused.
"""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPECTRA = (".npy", ".csv", ".txt", ".json")
MATRICES = (".npy", ".csv", ".txt")


def read_spectrum(name: str) -> "NDArray[Any]":
    """All eigenvalues (N,) that the file holds, in any order."""
    import numpy as np

    path = _known(name, SPECTRA)
    if path.suffix == ".npy":
        values = _read_npy(path)
    elif path.suffix == ".json":
        values = np.array(_json_list(path))
    else:
        values = np.array([number for row in _rows(path) for number in row])
    if values.ndim != 1 or len(values) == 0:
        _refuse(path, f"must hold a list of eigenvalues; its shape is {values.shape}")
    return _finite(path, values)


def read_matrix(name: str) -> "NDArray[Any]":
    """The square matrix that the file holds; its symmetry is checked where it is used."""
    import numpy as np

    path = _known(name, MATRICES)
    if path.suffix == ".npy":
        values = _read_npy(path)
    else:
        rows = _rows(path)
        widths = {len(row) for row in rows}
        if len(widths) > 1:
            _refuse(path, f"must have rows of one length; they are {min(widths)} to {max(widths)}")
        values = np.array(rows)
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        _refuse(path, f"must hold a square matrix; its shape is {values.shape}")
    return _finite(path, values)


def _refuse(path: Path, why: str) -> NoReturn:
    msg = f"{str(path)!r} {why}."
    raise click.UsageError(msg)


def _known(name: str, suffixes: tuple[str, ...]) -> Path:
    path = Path(name)
    if path.suffix not in suffixes:
        _refuse(path, f"must end in {', '.join(suffixes[:-1])} or {suffixes[-1]}")
    try:
        with path.open("rb"):
            return path
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        _refuse(path, f"cannot be read: {reason}")


def _finite(path: Path, values: "NDArray[Any]") -> "NDArray[Any]":
    import numpy as np

    if values.dtype.kind not in "fiu":
        _refuse(path, f"must hold real numbers; it holds {values.dtype}")
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        place = ", ".join(str(i) for i in bad[0])
        _refuse(path, f"must hold finite numbers; that at index {place} is {values[tuple(bad[0])]}")
    return values.astype(np.float64)


def _read_npy(path: Path) -> "NDArray[Any]":
    from numpy.lib import format as npy

    headers: dict[tuple[int, int], Any] = {
        (1, 0): npy.read_array_header_1_0,
        (2, 0): npy.read_array_header_2_0,
    }
    with path.open("rb") as file:
        try:
            shape, _, kind = headers[npy.read_magic(file)](file)
        except Exception:  # a forged header can raise nearly anything
            _refuse(path, "is not a .npy file of numbers")
        if kind.hasobject:
            _refuse(path, "holds pickled Python objects, which are never read")
        needed = math.prod(shape) * kind.itemsize
        found = path.stat().st_size - file.tell()
        if min(shape, default=1) < 0 or found < needed:
            _refuse(path, f"is cut short: {needed} bytes of numbers should follow, {found} do")
        file.seek(0)
        values: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    return values


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        _refuse(path, "is not a text of numbers")


def _rows(path: Path) -> list[list[float]]:
    rows = []
    for at, line in enumerate(_text(path).splitlines(), start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        try:
            numbers = [float(word) for word in words]
        except ValueError:
            said = line.strip()[:40]
            _refuse(path, f"must hold numbers only; line {at} is {said!r}")
        if numbers:
            rows.append(numbers)
    return rows


def _json_list(path: Path) -> list[float]:
    try:
        found = json.loads(_text(path))
    except (ValueError, RecursionError):
        _refuse(path, "is not JSON")
    if isinstance(found, dict):
        found = found.get("eigenvalues")
    if not isinstance(found, list) or not all(type(item) in (int, float) for item in found):
        _refuse(path, "must be a list of numbers, or an object with such a list as 'eigenvalues'")
    try:
        return [float(item) for item in found]
    except OverflowError:
        _refuse(path, "holds a number beyond the range of floats")
