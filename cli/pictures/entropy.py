"""Eigenvalues by rank with the cut of the cleaning rule; or entropy and trace over the balance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..figures import BLACK, BLUE, COLOURS, VERMILION, blank, curve, house_style, legend
from ..record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...theory.spectrum import Spectrum

LONGEST = 30  # letters of a file's name in the legend
MANY = 300  # eigenvalues from which on the marks are small


@dataclass(frozen=True)
class SpectraRecord(Record):
    """A record with the spectrum behind each row, for the eye alone: it is not written."""

    spectra: "Sequence[Spectrum]" = ()


def figure(record: SpectraRecord) -> "Figure":
    """One mark per eigenvalue, full where it counts; over the balance without files."""
    if not record.spectra:
        return _balance(record)
    picture, axes = blank()
    for i, spectrum in enumerate(record.spectra):
        _draw(axes, spectrum, COLOURS[i % len(COLOURS)], _caption(record.rows[i]))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="rank", ylabel="|eigenvalue| of the Hessian (loss/weight²)", yscale="log")
    with house_style():
        kinds = (
            ({"marker": "o", "markerfacecolor": "none"}, "left out, positive"),
            ({"marker": "v", "markerfacecolor": "none"}, "left out, negative"),
            ({"linestyle": "--", "linewidth": 1}, "cut"),
        )
        for look, said in kinds:
            axes.plot([], [], **{"color": BLACK, "linestyle": ""} | look, label=said)
        picture.legend(loc="outside lower center", ncols=2, frameon=False)
    return picture


def _caption(row: Mapping[str, Any]) -> str:
    name = str(row["file"]).replace("\\", "/").rsplit("/", 1)[-1]
    name = name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
    return f"{name}: {row['kept']} of {row['dim']} kept, s = {row['entropy']:.4g} nats per weight"


def _draw(axes: Any, spectrum: "Spectrum", colour: str, label: str) -> None:
    """Kept ones full, those left out hollow, by their size; zeros have no place on a log axis."""
    import numpy as np

    out = spectrum.discarded
    ranks = np.arange(1, spectrum.dim + 1)
    inner, outer = ranks[: spectrum.kept], ranks[spectrum.kept :]
    look = {"color": colour, "linestyle": "", "markersize": 4 if spectrum.dim < MANY else 2}
    hollow = look | {"markerfacecolor": "none", "markeredgewidth": 0.8}
    with house_style():
        axes.plot(inner, spectrum.eigenvalues, marker="o", label=label, **look)
        for marker, chosen in (("o", out > 0), ("v", out < 0)):
            axes.plot(outer[chosen], abs(out[chosen]), marker=marker, **hollow)
        if spectrum.floor > 0:
            axes.axhline(spectrum.floor, color=colour, linestyle="--", linewidth=1)


def _balance(record: Record) -> "Figure":
    picture, (above, below) = blank(2, 1, size=(6.4, 6.0))
    balance = record.column("balance")
    curve(
        above, balance, record.column("entropy"), color=BLUE, label="log-determinant: white noise"
    )
    curve(below, balance, record.column("trace"), color=VERMILION, label="trace: label noise")
    above.set(ylabel="entropy s (nats per weight)")
    below.set(xlabel="balance |W₂|² − |W₁|²", ylabel="tr H (mean loss, factor ½)")
    for axes in (above, below):
        legend(axes)
    return picture
