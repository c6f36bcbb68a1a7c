"""``entropic theory figure``: the figures of the review on the perceptron, redrawn."""

from importlib import import_module
from pathlib import Path

import click

from ..options import file_options, picture_file, result_file

FIGURES = ("2", "3", "4", "5", "6", "7", "8")


@click.command()
@click.argument("number", type=click.Choice(FIGURES), metavar="N")
@file_options
def figure(number: str, out: Path | None, picture: Path | None) -> None:
    """Redraw figure N of the review, and write the data behind it.

    \b
    2  distance of typical solutions against the load
    3  binary weights: entropy against the load, capacity against the margin
    4  spherical weights: the same
    5  local entropy around typical binary solutions, and how isolated they are
    6  the same around references of larger margin
    7  local entropy and its slope around references of the largest margin
    8  errors on the geodesic between two spherical solutions of margin -0.5

    The review is E. M. Malatesta, "High-dimensional manifold of solutions in neural networks"
    (2025).  Without --plot the picture is figure-N.png in this folder, and without --out the data
    are figure-N.csv.  Curves are dotted where they do not count solutions.
    """  # noqa: D301 (the backspace keeps the list a list)
    from ..record import deliver

    out = out or result_file(f"figure-{number}.csv")
    picture = picture or picture_file(f"figure-{number}.png")
    record = import_module(f"...pictures.figure_{number}", __name__).record()
    deliver(record, None, out, picture)
