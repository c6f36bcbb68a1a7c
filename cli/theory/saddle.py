"""``entropic theory saddle``: typical solutions of the perceptron."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import loads_option, margins_option, number, numbers, output_options, warn

if TYPE_CHECKING:
    from ...theory.perceptron.saddle_result import SaddlePoint

UNITS = {
    "alpha": "patterns/weight",
    "entropy": "nats/weight",
    "distance": "fraction",
    "beta": "1/energy",
    "free_entropy": "nats/weight",
    "energy": "energy/weight",
    "error_rate": "fraction",
    "generalization_error": "fraction",
    "generalization_error_bayes": "fraction",
}
FIELDS = (
    *("alpha", "kappa", "q", "q_hat", "entropy", "distance"),
    *("at_eigenvalue", "at_stable", "residual", "converged"),
)
WARM = ("beta", "energy", "free_entropy", "error_rate")
TAUGHT = ("teacher_overlap", "generalization_error", "generalization_error_bayes")


def inverse_temperatures(text: str) -> list[float]:
    """A list of numbers, among which ``inf`` is the hard constraint."""
    if ":" in text:
        return numbers(text)
    return [float("inf") if part == "inf" else _finite(part) for part in text.split(",")]


def _finite(text: str) -> float:
    try:
        return number(text)
    except click.BadParameter:
        msg = f"{text!r} is neither a finite number nor inf."
        raise click.BadParameter(msg) from None


@click.command()
@click.option(
    "--model",
    type=click.Choice(["spherical", "binary", "symmetric"]),
    default="spherical",
    show_default=True,
    help="Weights on a sphere, of +1 and -1, or of +1 and -1 that keep |stability| <= kappa.",
)
@loads_option
@margins_option
@click.option(
    "--setting",
    type=click.Choice(["storage", "teacher"]),
    default="storage",
    show_default=True,
    help="Random labels, or those of a teacher with weights of the same kind.",
)
@click.option(
    "--energy",
    type=click.Choice(["count", "hinge", "quadratic"]),
    default="count",
    show_default=True,
    help="What a pattern of stability D < kappa costs: 1, kappa - D, or (kappa - D)**2/2.",
)
@click.option(
    "--beta",
    type=inverse_temperatures,
    default="inf",
    show_default=True,
    metavar="LIST",
    help="Inverse temperature of the energy, in exp(-beta * energy); inf allows no misses.",
)
@output_options
def saddle(
    model: str,
    alpha: list[float],
    kappa: list[float],
    setting: str,
    energy: str,
    beta: list[float],
    style: str,
    out: Path | None,
    picture: Path | None,
) -> None:
    """Typical solutions of the perceptron (replica symmetry).

    One row for every inverse temperature, margin and load, and with a teacher for every branch of
    saddle points that exists there; dominant marks the one of highest free entropy.  q is the
    overlap of two solutions, distance (1 - q)/2, entropy in nats per weight (spherical: from the
    uniform measure on the sphere; binary: of the number of solutions); at_stable where the de
    Almeida-Thouless eigenvalue is below 1.  A finite beta adds the mean energy per weight and
    free_entropy = entropy - beta * energy; a teacher adds its overlap and how often one solution,
    or the vote of all (bayes), misses its label.  A beta of inf is null in JSON.
    """
    import numpy as np

    from ...theory.errors import NotConverged
    from ...theory.perceptron.saddle import saddle_branches, saddle_point
    from ..record import Record, deliver

    points = np.array(alpha), np.array(kappa)[:, None], model
    more: dict[str, Any] = {"energy": energy, "beta": np.array(beta)[:, None, None]}
    if setting == "teacher":
        found = saddle_branches(*points, setting=setting, **more)
    else:
        found = (saddle_point(*points, setting=setting, **more),)
    rows = _rows(found, setting == "teacher", any(value < float("inf") for value in beta))
    parameters = {"model": model, "alpha": alpha, "kappa": kappa, "setting": setting}
    inverse = [value if value < float("inf") else "inf" for value in beta]
    parameters |= {"energy": energy, "beta": inverse}
    _warn_of_negative_entropy(found)
    deliver(Record("saddle", parameters, rows, UNITS), style, out, picture)
    lost = sum(not row["converged"] for row in rows)
    if lost:
        msg = f"{lost} of {len(rows)} saddle points did not converge; their rows hold no numbers"
        raise NotConverged(msg, found)


def _rows(found: "tuple[SaddlePoint, ...]", with_teacher: bool, warm: bool) -> list[dict[str, Any]]:
    """One row a point, or one a branch that exists there; the reason where there is none."""
    import numpy as np

    names = [*FIELDS, *(WARM if warm else ())]
    names += [*TAUGHT, "branch", "dominant"] if with_teacher else []
    exists = np.sum([branch.converged for branch in found], axis=0)
    if not exists.all():
        names.append("reason")
    columns = [[getattr(branch, name).ravel().tolist() for name in names] for branch in found]
    rows = []
    for i, count in enumerate(exists.ravel()):
        here = [j for j, branch in enumerate(found) if branch.converged.flat[i]]
        for j in here if count else [len(found) - 1]:
            rows.append(dict(zip(names, (column[i] for column in columns[j]), strict=True)))
    return rows


def _warn_of_negative_entropy(found: "tuple[SaddlePoint, ...]") -> None:
    for branch in found:
        beyond = branch.without_solutions() & branch.dominant
        if beyond.any():
            i = int(beyond.argmax())
            alpha, kappa, beta = (x.flat[i] for x in (branch.alpha, branch.kappa, branch.beta))
            where = f"the entropy is negative at alpha = {alpha:g}, kappa = {kappa:g}"
            if beta < float("inf"):
                warn(f"{where}, beta = {beta:g}: replica symmetry counts no weights of that energy")
            else:
                warn(f"{where}: beyond the zero-entropy point typical solutions do not exist")
