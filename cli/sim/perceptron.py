"""``entropic sim perceptron``: what perceptrons of finite size do."""

import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import output_options, warn
from ..progress import bar
from .extrapolation import FEWEST, with_limits
from .sampling import sampling_options

if TYPE_CHECKING:
    from ...sims.perceptron.measured import PerceptronMeasurement

STOCHASTIC = ("overlap", "teacher_overlap", "energy", "error_rate", "entropy")
COUNTS = ("samples", "replicas")
MIXING = ("acceptance", "autocorrelation_time", "r_hat", "hot_cold", "self_overlap")
UNITS = {
    "alpha": "patterns/weight",
    "beta": "1/energy",
    "size": "weights",
    "energy": "energy/weight",
    "energy_stderr": "energy/weight",
    "error_rate": "fraction",
    "error_rate_stderr": "fraction",
    "entropy": "nats/weight",
    "entropy_stderr": "nats/weight",
    "barrier": "fraction",
    "barrier_stderr": "fraction",
    "autocorrelation_time": "sweeps",
    "hot_cold": "stderr",
}


@click.command()
@sampling_options
@output_options
def perceptron(
    style: str,
    out: Path | None,
    picture: Path | None,
    **asked: Any,
) -> None:
    """Perceptrons of finite size: overlap, energy, entropy.

    One row for every size, margin, load and inverse temperature, averaged over samples of patterns;
    <name>_stderr is the standard error from the spread of the samples.  overlap is that of two
    replicas of one sample, energy the sum over patterns per weight, entropy in nats per weight
    (spherical: from the uniform measure on the sphere; binary: of the number of weights).  alpha is
    that of the round(alpha N) patterns there are.  Half of the replicas begin at random, half at
    the teacher or at low energy (binary weights of the storage setting all at random): converged
    where all tell the same (r_hat below 1.1, hot_cold within 4 standard errors).  `entropic theory
    saddle` has the limit of large N.  Ctrl-C keeps the rows that are finished.  A beta of inf is
    null in JSON.
    """
    from ...theory.errors import EntropicError
    from ..compare import Interrupted
    from ..record import Record, deliver

    betas = _betas(asked)
    points = list(product(asked["size"], asked["kappa"], asked["alpha"]))
    rows: list[dict[str, Any]] = []
    stopped: BaseException | None = None
    with bar("perceptron") as progress:
        for i, (size, kappa, alpha) in enumerate(points):
            where = f"alpha = {alpha:g}, kappa = {kappa:g}, N = {size}"

            def heard(fraction: float, i: int = i, where: str = where) -> None:
                progress(where, (i + fraction) / len(points))

            heard(0.0)
            try:
                found, lengths = _rows(asked, (alpha, kappa, size), betas, heard)
                rows += found
                asked |= lengths
            except (EntropicError, KeyboardInterrupt) as error:
                stopped = error
                break
    if rows:
        if asked["extrapolate"]:
            names = [name for name in (*STOCHASTIC, "barrier") if name in rows[0]]
            rows = with_limits(rows, names, asked["alpha"])
        parameters = {name: value for name, value in asked.items() if name != "threads"}
        parameters["beta"] = [beta if beta < math.inf else "inf" for beta in betas]
        deliver(Record("perceptron", parameters, rows, UNITS), style, out, picture)
        _warn_of_starts(rows)
    if isinstance(stopped, KeyboardInterrupt):
        finished = sum(row["size"] < math.inf for row in rows)
        msg = f"interrupted after {finished} of {len(points) * len(betas)} rows"
        raise Interrupted(msg) from None
    if stopped is not None:
        raise stopped
    _refuse_unconverged(rows)


def _refuse_unconverged(rows: list[dict[str, Any]]) -> None:
    from ...sims.perceptron.finite_size import UNLIKELY
    from ...theory.errors import NotConverged

    measured = [row for row in rows if row["size"] < math.inf]
    lost = sum(not row["converged"] for row in measured)
    if lost:
        msg = (
            f"in {lost} of {len(measured)} rows replicas remember their start: raise --burn-in and"
            " --sweeps"
        )
        raise NotConverged(msg, rows)
    if not all(row["converged"] for row in rows):
        msg = (
            f"sizes must lie on a line in 1/N, and some do not (p_value below {UNLIKELY:g}): raise"
            " them"
        )
        raise NotConverged(msg, rows)


def _betas(asked: dict[str, Any]) -> list[float]:
    """The inverse temperatures, once energy, sampler and quantities fit them."""
    energy, betas = asked["energy"], asked["beta"]
    if energy == "constraint":
        if betas not in (None, [math.inf]):
            msg = "the constraint has no temperature: --beta needs an --energy that can be missed."
            raise click.UsageError(msg)
        betas = [math.inf]
    if betas is None:
        msg = f"the {energy} energy needs a --beta."
        raise click.UsageError(msg)
    if asked["extrapolate"] and len(set(asked["size"])) < FEWEST:
        msg = f"--extrapolate needs {FEWEST} or more different sizes."
        raise click.UsageError(msg)
    binary, barrier = asked["model"] == "binary", "barrier" in asked["measure"]
    if barrier and (binary or betas != [math.inf]):
        msg = "--measure barrier is for spherical weights under the constraint (beta = inf)."
        raise click.UsageError(msg)
    if binary and (asked["sampler"], asked["precision"]) != ("billiard", "double"):
        msg = "--sampler and --precision are for spherical weights; binary ones flip spins."
        raise click.UsageError(msg)
    return list(betas)


def _rows(
    asked: dict[str, Any], point: tuple[float, float, int], betas: Sequence[float], heard: Any
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Of one load, margin and size: a row for every inverse temperature, and lengths of runs."""
    from ...sims.perceptron.flips import binary_measurements
    from ...sims.perceptron.geodesic import measured_barrier
    from ...sims.perceptron.spherical import spherical_measurements

    alpha, kappa, size = point
    rules: dict[str, Any] = {"size": size, "samples": asked["samples"], "seed": asked["seed"]}
    rules |= {"setting": asked["setting"], "threads": asked["threads"], "progress": heard}
    for name in ("replicas", "sweeps", "burn_in"):
        if asked[name] is not None:
            rules[name] = asked[name]
    energy = "count" if asked["energy"] == "constraint" else asked["energy"]
    law: dict[str, Any] = {"betas": betas, "energy": energy, "points": asked["points"]}
    if asked["model"] == "binary":
        law["start"] = "both" if asked["setting"] == "teacher" else "random"
        found = binary_measurements(alpha, kappa, **law, **rules)
    else:
        law |= {"sampler": asked["sampler"], "precision": asked["precision"]}
        law["entropy"] = "entropy" in asked["measure"]
        found = spherical_measurements(alpha, kappa, **law, **rules)
    rows = [_row(one, asked["setting"] == "teacher") for one in found]
    if "barrier" in asked["measure"]:
        path = measured_barrier(0.5, alpha, kappa, **rules)
        peak = {"barrier": path.error_rate.value[0], "barrier_stderr": path.error_rate.error[0]}
        rows = [row | peak for row in rows]
    return rows, {name: getattr(found[0], name) for name in ("replicas", "sweeps", "burn_in")}


def _row(one: "PerceptronMeasurement", taught: bool) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(one, name) for name in ("alpha", "kappa", "beta", "size")}
    for name in STOCHASTIC:
        if name != "teacher_overlap" or taught:
            estimate = getattr(one, name)
            row[name], row[f"{name}_stderr"] = float(estimate.value), float(estimate.error)
    row |= {name: getattr(one, name) for name in COUNTS}
    row |= {name: getattr(one.mixing, name) for name in MIXING}
    return row | {"converged": one.converged}


def _warn_of_starts(rows: list[dict[str, Any]]) -> None:
    if any(math.isnan(row["hot_cold"]) for row in rows if row["size"] < math.inf):
        warn("replicas had one kind of start: hot_cold says nothing")
