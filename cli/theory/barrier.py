"""``entropic theory barrier``: errors on the shortest path between two solutions."""

import math
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import loads_option, numbers, output_options, warn
from ..progress import tracked

if TYPE_CHECKING:
    from ..record import Record

GAMMAS = "0:1:41"
UNITS = {
    "gamma": "share of solution 1",
    "error_rate": "fraction of patterns",
    "uncertainty": "fraction of patterns",
    "alpha": "patterns/weight",
    "peak_error_rate": "fraction of patterns",
}
CURVE = ("gamma", "error_rate", "uncertainty", "alpha", "kappa")
PEAK = ("peak_gamma", "peak_error_rate", "peak_uncertainty", "connected")
CRITICAL = (
    *("alpha", "kappa", "kappa_star", "kappa_kernel"),
    *("kappa_star_uncertainty", "kappa_kernel_uncertainty", "overlap_star", "overlap_kernel"),
    *("star_stable", "kernel_stable", "has_kernel", "converged"),
)


def pair(text: str) -> list[float]:
    """Two margins."""
    margins = numbers(text)
    if len(margins) != 2:
        msg = f"{text!r} must be two margins K1,K2; it is {len(margins)}."
        raise click.BadParameter(msg)
    return margins


@click.command()
@loads_option
@click.option(
    "--kappa",
    type=numbers,
    default="0",
    show_default=True,
    metavar="LIST",
    help="Margin below which a pattern is an error.",
)
@click.option(
    "--margins",
    type=pair,
    metavar="K1,K2",
    help="Margins of solution 1 (gamma = 1) and 2 (gamma = 0); both kappa if not given.",
)
@click.option(
    "--gamma",
    type=numbers,
    metavar="LIST",
    help=f"Share of solution 1 on the path, from 0 to 1; {GAMMAS} if not given.",
)
@click.option(
    "--critical",
    is_flag=True,
    help="Instead: the margins from which on solutions are connected without an error.",
)
@output_options
def barrier(
    alpha: list[float],
    kappa: list[float],
    margins: list[float] | None,
    gamma: list[float] | None,
    critical: bool,
    style: str,
    out: Path | None,
    picture: Path | None,
) -> None:
    """Errors on the shortest path between two solutions (spherical weights).

    Both solutions are typical of their margins, on the same patterns (replica symmetry).
    error_rate is the fraction of patterns below the margin kappa at (gamma w1 + (1 - gamma) w2),
    brought back to the sphere; overlap that of w1 and w2; connected where no error is met at any
    gamma.  With --critical: kappa_star, the least common margin of two connected solutions, and
    kappa_kernel, the least margin connected to typical solutions of margin kappa.
    """
    from ..record import deliver

    if critical and (margins is not None or gamma is not None):
        msg = "--critical finds the margins for all gamma: leave out --margins and --gamma"
        raise click.UsageError(msg)
    if critical:
        record, lost, found = _critical(alpha, kappa)
    else:
        record, lost, found = _curve(alpha, kappa, margins, gamma or numbers(GAMMAS))
    deliver(record, style, out, picture)
    if lost:
        from ...theory.errors import NotConverged

        msg = f"{lost} of {len(record.rows)} points did not converge; their rows hold no numbers"
        raise NotConverged(msg, found)


def _curve(
    alpha: list[float], kappa: list[float], margins: list[float] | None, gamma: list[float]
) -> "tuple[Record, int, Any]":
    """Error rates; a row for every margin, load and gamma."""
    from ...theory.perceptron.geodesic import barrier_peak, geodesic_barrier
    from ..record import Record

    rows, paths = [], []
    asked = list(product(kappa, alpha))
    for k, a in tracked(asked, "barrier", lambda one: f"kappa = {one[0]:g}, alpha = {one[1]:g}"):
        first, second = margins or (k, k)
        path = geodesic_barrier(gamma, a, k, (first, second))
        paths.append(path)
        peak: dict[str, Any] = dict.fromkeys(PEAK, math.nan) | {"connected": False}
        if min(first, second) >= k:  # else errors are a fact of the ends, not of the way
            top = barrier_peak(a, k, (first, second))
            numbers_of_it = map(float, (top.gamma, top.error_rate, top.uncertainty))
            peak = dict(zip(PEAK, (*numbers_of_it, bool(top.connected)), strict=True))
        for i, share in enumerate(gamma):
            values = (share, float(path.error_rate[i]), float(path.uncertainty[i]), a, k)
            rows.append(
                dict(zip(CURVE, values, strict=True))
                | {"margin_1": first, "margin_2": second, "overlap": float(path.pair.overlap[i])}
                | peak
                | {"at_stable": bool(path.pair.at_stable[i])}
                | {"converged": bool(path.pair.converged[i])}
            )
    _caution(rows)
    parameters = {"alpha": alpha, "kappa": kappa, "margins": margins, "gamma": gamma}
    lost = sum(not row["converged"] for row in rows)
    return Record("barrier", parameters, rows, UNITS), lost, paths


def _caution(rows: list[dict[str, Any]]) -> None:
    """Say once what holds for some row."""
    for row in rows:
        if min(row["margin_1"], row["margin_2"]) < row["kappa"]:
            warn(
                f"a margin below kappa = {row['kappa']:g} is no solution: that end has errors too,"
                " and no peak between solutions is given"
            )
            break
    for row in rows:
        if row["converged"] and not row["at_stable"]:
            warn(
                f"replica symmetry is unstable at alpha = {row['alpha']:g} for one of the margins"
                f" {row['margin_1']:g}, {row['margin_2']:g}: the error rates are approximate"
            )
            break
    if all(row["connected"] and row["kappa"] >= 0 for row in rows):
        warn("for kappa >= 0 solutions form a convex cone: no geodesic between two of them errs")


def _critical(alpha: list[float], kappa: list[float]) -> "tuple[Record, int, Any]":
    """Margins of connected solutions; a row for every margin and load."""
    import numpy as np

    from ...theory.perceptron.critical_margins import critical_margins
    from ..record import Record

    found = critical_margins(np.array(alpha)[None, :], np.array(kappa)[:, None])
    columns = [np.asarray(getattr(found, name)).ravel().tolist() for name in CRITICAL]
    rows = [dict(zip(CRITICAL, row, strict=True)) for row in zip(*columns, strict=True)]
    for row in rows:
        row["reason"] = "" if row["has_kernel"] else "the largest margin is below kappa_kernel"
    for row in rows:
        if not row["has_kernel"]:
            warn(
                f"no kernel at alpha = {row['alpha']:g}, kappa = {row['kappa']:g}: solutions of the"
                " largest margin are not connected to typical ones (replica symmetry)"
            )
            break
    for row in rows:
        shaky = not row["star_stable"] or (row["has_kernel"] and not row["kernel_stable"])
        if row["converged"] and shaky:
            warn(
                f"replica symmetry is unstable at alpha = {row['alpha']:g},"
                f" kappa = {row['kappa']:g}: the critical margins are approximate"
            )
            break
    if all(row["kappa"] >= 0 for row in rows):
        warn("for kappa >= 0 solutions form a convex cone: any two of them are connected")
    lost = int(np.sum(~found.converged))
    parameters = {"alpha": alpha, "kappa": kappa}
    return Record("barrier", parameters, rows, UNITS), lost, found
