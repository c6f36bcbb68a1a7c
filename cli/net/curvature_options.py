"""The options of ``entropic net curvature`` that say what is measured, and how finely."""

from typing import TYPE_CHECKING, Any

import click

from ..options import Command, number

if TYPE_CHECKING:
    from ...nets.curvature_settings import CurvatureSettings
    from ...theory.cleaning import CleaningRule

QUANTITIES = (
    *("loss", "metric", "trace", "lambda_max", "lambda_min", "logdet", "density"),
    *("scores", "gauss_newton", "along", "logdet_across"),
)
USUAL = "loss,metric,trace,lambda_max,logdet,scores"


def quantities(text: str) -> tuple[str, ...]:
    """A list of names of quantities, or ``all``."""
    if text == "all":
        return QUANTITIES
    names = tuple(part.strip() for part in text.split(","))
    for name in names:
        if name not in QUANTITIES:
            msg = f"there is no quantity {name!r}; there are {', '.join(QUANTITIES)}, or all."
            raise click.BadParameter(msg)
    return names


def curvature_options(command: Command) -> Command:
    """All of them; see :func:`settings_of`."""
    for option in reversed((*_what(), *_how(), *_cleaning(), *_scores())):
        command = option(command)
    return command


def _what() -> tuple[Any, ...]:
    return (
        click.option(
            "--quantities",
            type=quantities,
            default=USUAL,
            show_default=True,
            metavar="LIST",
            help="What is measured: also lambda_min, density and gauss_newton, and of a path along "
            "(t·Ht, t its tangent) and logdet_across (the log-det of H orthogonal to t); or all.",
        ),
        click.option(
            "--kind",
            type=click.Choice(["hessian", "gauss-newton"]),
            default="hessian",
            show_default=True,
            help="Of which matrix trace, eigenvalues, log-det and density are.",
        ),
        click.option(
            "--only",
            multiple=True,
            metavar="PATTERN",
            help="Of some parameters alone, by name or pattern, such as 'layer1.*'.  May be given "
            "again.",
        ),
        click.option(
            "--statistics",
            type=click.Choice(["batch", "running"]),
            help="Whose statistics normalise batches, other than the problem says: another "
            "landscape.",
        ),
    )


def _how() -> tuple[Any, ...]:
    return (
        click.option(
            "--trace-method",
            type=click.Choice(["hutchinson", "hutch++", "xtrace"]),
            default="hutchinson",
            show_default=True,
        ),
        click.option(
            "--probes",
            type=click.IntRange(2, 100_000),
            default=16,
            show_default=True,
            help="Random vectors behind traces, log-det and density.",
        ),
        click.option(
            "--tolerance",
            type=number,
            default=1e-3,
            show_default=True,
            help="Residual of an eigenvalue over the eigenvalue.",
        ),
        click.option(
            "--lambda-method",
            type=click.Choice(["lanczos", "power"]),
            default="lanczos",
            show_default=True,
            help="Of lambda_max; power iteration finds the largest in magnitude, in more products.",
        ),
        click.option(
            "--eigenvalues",
            type=click.IntRange(1, 1000),
            default=1,
            show_default=True,
            help="How many of the largest.",
        ),
        click.option(
            "--steps",
            type=click.IntRange(2, 10_000),
            default=64,
            show_default=True,
            help="Products that each probe of log-det and density gets.",
        ),
        click.option(
            "--dense",
            type=click.IntRange(0, 30_000),
            default=3000,
            show_default=True,
            metavar="P",
            help="Up to so many parameters the matrix is diagonalised where its log-det or density "
            "is asked for: then trace and eigenvalues are exact too.",
        ),
    )


def _cleaning() -> tuple[Any, ...]:
    return (
        click.option(
            "--rule",
            type=click.Choice(["shared", "negative", "top", "floor"]),
            default="shared",
            show_default=True,
            help="Of the log-det: keep the eigenvalues not below the largest |most negative| of "
            "all positions (shared), or |most negative| of each by itself (negative), the --keep "
            "largest (top), or those from --floor on (floor).",
        ),
        click.option("--floor", type=number, metavar="EPS", help="For --rule floor."),
        click.option("--keep", type=click.IntRange(1), metavar="R", help="For --rule top."),
    )


def _scores() -> tuple[Any, ...]:
    return (
        click.option(
            "--score-samples",
            type=click.IntRange(2),
            default=256,
            show_default=True,
            metavar="N",
            help="Training samples, chosen by the seed, whose gradients are the score matrix; at "
            "most all.",
        ),
        click.option(
            "--rank",
            type=click.IntRange(1, 10_000),
            default=10,
            show_default=True,
            help="How many of its singular values.",
        ),
        click.option(
            "--score-labels",
            type=click.Choice(["data", "model", "drawn"]),
            help="Labels of the data, or the model's own: each with its probability, or one draw.  "
            "Only with the model's own is the Fisher matrix that of Gauss and Newton; that of the "
            "data vanishes where the data are fitted.  [default: model where the loss is a softmax "
            "cross-entropy without batch statistics, for which it takes a backward pass per "
            "class; else data]",
        ),
        click.option(
            "--score-statistics",
            type=click.Choice(["following", "reestimated"]),
            default="following",
            show_default=True,
            help="With batch normalisation: gradients of the landscape, whose statistics follow "
            "the weights; or of the evaluated network, whose statistics are fixed (much quicker).",
        ),
    )


def settings_of(asked: dict[str, Any]) -> "CurvatureSettings":
    """What the options say, together with ``seed``; click.UsageError where they do not fit."""
    from ...nets.curvature_settings import CurvatureSettings

    given = dict(asked)
    rule = _rule(given.pop("rule"), given.pop("floor"), given.pop("keep"))
    if not 0 < given["tolerance"] < 1:
        msg = f"--tolerance must lie between 0 and 1; it is {given['tolerance']:g}."
        raise click.UsageError(msg)
    if given["only"] and given["quantities"] == QUANTITIES:  # all: of these there are fewer
        given["quantities"] = tuple(n for n in QUANTITIES if n not in ("along", "logdet_across"))
    return CurvatureSettings(
        rule=rule,
        only=given.pop("only") or None,
        score_rank=given.pop("rank"),
        **given,
    )


def _rule(name: str, floor: float | None, keep: int | None) -> "CleaningRule | None":
    from ...theory.cleaning import AboveFloor, AboveMostNegative, TopRank

    for option, value, owner in (("floor", floor, "floor"), ("keep", keep, "top")):
        if (value is not None) is not (name == owner):
            msg = f"--{option} and --rule {owner} go together; the rule is {name}."
            raise click.UsageError(msg)
    if floor is not None:
        return AboveFloor(floor)
    if keep is not None:
        return TopRank(keep)
    return AboveMostNegative() if name == "negative" else None
