"""``entropic sim perceptron``: what perceptrons of finite size do."""

import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import loads_option, margins_option, numbers, output_options, warn
from ..progress import bar
from ..theory.saddle import inverse_temperatures

if TYPE_CHECKING:
    from ...sims.perceptron.measured import PerceptronMeasurement

QUANTITIES = ("overlap", "energy", "entropy", "barrier")
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


def sizes(text: str) -> list[int]:
    """A list of whole numbers of weights."""
    found = numbers(text)
    for value in found:
        if value != int(value):
            msg = f"sizes must be whole numbers; one is {value:g}."
            raise click.BadParameter(msg)
    return [int(value) for value in found]


def quantities(text: str) -> list[str]:
    """Names of what is measured, in the order of QUANTITIES."""
    asked = text.split(",")
    for name in asked:
        if name not in QUANTITIES:
            msg = f"{name!r} is none of {', '.join(QUANTITIES)}."
            raise click.BadParameter(msg)
    return [name for name in QUANTITIES if name in asked]


@click.command()
@click.option(
    "--model",
    type=click.Choice(["spherical", "binary"]),
    default="spherical",
    show_default=True,
    help="Weights on the sphere |w|^2 = N, or of +1 and -1.",
)
@click.option(
    "--setting",
    type=click.Choice(["storage", "teacher"]),
    default="storage",
    show_default=True,
    help="Random labels, or those of a teacher with weights of the same kind.",
)
@loads_option
@margins_option
@click.option(
    "--energy",
    type=click.Choice(["constraint", "count", "hinge", "quadratic"]),
    default="constraint",
    show_default=True,
    help="What a pattern of stability D < kappa costs: 1, kappa - D, or (kappa - D)**2/2; the "
    "constraint allows none.",
)
@click.option(
    "--beta",
    type=inverse_temperatures,
    metavar="LIST",
    help="Inverse temperatures of the energy; inf is the constraint.",
)
@click.option(
    "--size",
    type=sizes,
    default="100",
    show_default=True,
    metavar="LIST",
    help="Number of weights N.",
)
@click.option(
    "--samples",
    type=click.IntRange(2),
    default=20,
    show_default=True,
    help="Independent sets of patterns, from whose spread errors come.",
)
@click.option("--replicas", type=click.IntRange(2), help="Of each sample.  [default: 8; binary 2]")
@click.option(
    "--sweeps", type=click.IntRange(10), help="Of each replica.  [default: 50; binary 400]"
)
@click.option(
    "--burn-in", type=click.IntRange(0), help="Sweeps before these.  [default: 20; binary 400]"
)
@click.option(
    "--measure",
    type=quantities,
    default="overlap,energy,entropy",
    show_default=True,
    metavar="NAMES",
    help="Of overlap, energy, entropy, barrier: entropy takes the integral of the energy or of the "
    "pressure; barrier the error rate half-way between two solutions (spherical, constraint).",
)
@click.option(
    "--sampler",
    type=click.Choice(["billiard", "hit-and-run", "hamiltonian", "langevin"]),
    default="billiard",
    show_default=True,
    help="How spherical weights move; all sample the same law, the first forgets fastest.",
)
@click.option(
    "--precision",
    type=click.Choice(["double", "single"]),
    default="double",
    show_default=True,
    help="Of the matrix products in hamiltonian and langevin.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True)
@click.option(
    "--threads", type=click.IntRange(1), help="No trace in the result.  [default: all cores]"
)
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
    from ...theory.errors import EntropicError, NotConverged
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
        parameters = {name: value for name, value in asked.items() if name != "threads"}
        parameters["beta"] = [beta if beta < math.inf else "inf" for beta in betas]
        deliver(Record("perceptron", parameters, rows, UNITS), style, out, picture)
        _warn_of_starts(rows)
    if isinstance(stopped, KeyboardInterrupt):
        msg = f"interrupted after {len(rows)} of {len(points) * len(betas)} rows"
        raise Interrupted(msg) from None
    if stopped is not None:
        raise stopped
    lost = sum(not row["converged"] for row in rows)
    if lost:
        msg = (
            f"in {lost} of {len(rows)} rows replicas remember their start: raise --burn-in and"
            " --sweeps"
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
    law: dict[str, Any] = {"betas": betas, "energy": energy}
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
    if any(math.isnan(row["hot_cold"]) for row in rows):
        warn("replicas had one kind of start: hot_cold says nothing")
