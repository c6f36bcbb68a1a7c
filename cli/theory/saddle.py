"""``entropic theory saddle``: typical solutions of the perceptron."""

from pathlib import Path

import click

from ..options import numbers, output_options, warn

UNITS = {
    "alpha": "patterns/weight",
    "entropy": "nats/weight",
    "distance": "fraction",
}
FIELDS = (
    *("alpha", "kappa", "q", "q_hat", "entropy", "distance"),
    *("at_eigenvalue", "at_stable", "residual", "converged"),
)


@click.command()
@click.option(
    "--model",
    type=click.Choice(["spherical", "binary"]),
    default="spherical",
    show_default=True,
    help="Weights on a sphere, or of +1 and -1.",
)
@click.option(
    "--alpha", type=numbers, required=True, metavar="LIST", help="Patterns per weight, at least 0."
)
@click.option(
    "--kappa",
    type=numbers,
    default="0",
    show_default=True,
    metavar="LIST",
    help="Margin that every pattern keeps.",
)
@output_options
def saddle(
    model: str,
    alpha: list[float],
    kappa: list[float],
    style: str,
    out: Path | None,
    picture: Path | None,
) -> None:
    """Typical solutions of the perceptron (replica symmetry).

    One row for every margin and load.  q is the overlap of two solutions, distance (1 - q)/2,
    entropy in nats per weight (spherical: from the uniform measure on the sphere; binary: of the
    number of solutions); at_stable where the de Almeida-Thouless eigenvalue is below 1.
    """
    import numpy as np

    from ...theory.errors import NotConverged
    from ...theory.perceptron.saddle import saddle_point
    from ..record import Record, deliver

    found = saddle_point(np.array(alpha)[None, :], np.array(kappa)[:, None], model)
    columns = [np.asarray(getattr(found, name)).ravel().tolist() for name in FIELDS]
    rows = [dict(zip(FIELDS, row, strict=True)) for row in zip(*columns, strict=True)]
    parameters = {"model": model, "alpha": alpha, "kappa": kappa}
    record = Record("saddle", parameters, rows, UNITS)
    beyond = found.without_solutions().ravel()
    if beyond.any():
        row = rows[int(np.argmax(beyond))]
        warn(
            f"the entropy is negative at alpha = {row['alpha']:g}, kappa = {row['kappa']:g}: "
            "beyond the zero-entropy point typical solutions do not exist"
        )
    deliver(record, style, out, picture)
    lost = int(np.sum(~found.converged))
    if lost:
        msg = f"{lost} of {len(rows)} saddle points did not converge; their rows hold no numbers"
        raise NotConverged(msg, found)
