"""Minima whose Hessian another program wrote down: the options that say how, and what follows."""

from typing import TYPE_CHECKING, Any

import click

from ..options import Command, number, numbers, warn

if TYPE_CHECKING:
    from ...theory.cleaning import CleaningRule
    from ...theory.spectrum import Spectrum

Rows = list[dict[str, Any]]
FILE_OPTIONS = (
    *("spectra", "matrices", "rule", "rank", "floor", "tolerance", "reduction", "factor"),
    *("noise_variance", "loss", "decay", "squared_norm", "add_decay"),
)
WRITTEN = {"spectra": "spectrum", "matrices": "matrix"}  # as options


def hessian_file_options(command: Command) -> Command:
    """The files, the cleaning rule, and the convention of the loss behind them."""
    for option in (
        click.option(
            "--add-decay",
            is_flag=True,
            default=None,
            help="The file has the Hessian of the data alone: add lambda/P to that of u.",
        ),
        click.option(
            "--squared-norm", type=numbers, metavar="LIST", help="|theta|^2 at each minimum."
        ),
        click.option(
            "--decay",
            type=number,
            metavar="LAMBDA",
            help="Prior exp(-lambda |theta|^2/2).  [default: 0]",
        ),
        click.option(
            "--loss", type=numbers, metavar="LIST", help="That loss at each minimum: gives F."
        ),
        click.option(
            "--noise-variance",
            type=number,
            metavar="S2",
            help="Variance sigma^2 of the data.  [default: 1]",
        ),
        click.option(
            "--factor",
            type=number,
            metavar="C",
            help="What stands before the squared residual in that loss.  [default: 0.5]",
        ),
        click.option(
            "--reduction",
            type=click.Choice(["mean", "sum"]),
            help="Whether the loss of the file is a mean or a sum over patterns.  [default: mean]",
        ),
        click.option(
            "--tolerance",
            type=number,
            metavar="TOL",
            help="Largest asymmetry of a --matrix that counts as rounding, relative to its largest "
            "element; single precision needs 1e-5.  [default: 1e-8]",
        ),
        click.option(
            "--floor", type=number, metavar="EPS", help="For --rule floor; units of the file."
        ),
        click.option("--rank", type=click.IntRange(1, 10**9), metavar="R", help="For --rule top."),
        click.option(
            "--rule",
            type=click.Choice(["negative", "top", "floor", "none"]),
            help="Keep the eigenvalues not below |most negative| (negative), the --rank largest "
            "(top), those from --floor on (floor), or all, which must be positive (none).  "
            "[default: negative]",
        ),
        click.option(
            *("--matrix", "matrices"),
            multiple=True,
            metavar="FILE",
            help="A symmetric Hessian: .npy, .csv or .txt.  May be given again.",
        ),
        click.option(
            *("--spectrum", "spectra"),
            multiple=True,
            metavar="FILE",
            help="All eigenvalues of a Hessian: .npy, .csv, .txt or .json.  May be given again.",
        ),
    ):
        command = option(command)
    return command


def minima_in_files(
    patterns: int | None, given: dict[str, Any]
) -> "tuple[dict[str, Any], Rows, list[Spectrum]]":
    """Parameters, a row for every file, and the cleaned and converted spectrum behind each."""
    from ...theory.free_energy import LossConvention

    _check(patterns, given)
    rule = _rule(given)
    convention = LossConvention(
        reduction=given["reduction"] or "mean",
        factor=0.5 if given["factor"] is None else given["factor"],
        noise_variance=1.0 if given["noise_variance"] is None else given["noise_variance"],
    )
    ratio, decay = convention.energy_per_loss(patterns or 1), given["decay"] or 0.0
    shift = decay / patterns / ratio if given["add_decay"] and patterns else 0.0
    tolerance = 1e-8 if given["tolerance"] is None else given["tolerance"]
    names = [*given["spectra"], *given["matrices"]]
    found = [
        _spectrum(name, i >= len(given["spectra"]), rule, shift, tolerance).scaled(ratio)
        for i, name in enumerate(names)
    ]
    rows = [{"file": name} | spectrum_numbers(at) for name, at in zip(names, found, strict=True)]
    if patterns and given["loss"] is not None:
        losses = [ratio * loss for loss in _each("--loss", given["loss"], len(names))]
        norms = _each("--squared-norm", given["squared_norm"] or [0.0], len(names))
        for row, spectrum, u, norm in zip(rows, found, losses, norms, strict=True):
            row |= _free_energy(spectrum, u, norm, decay, patterns)
    parameters = {
        **{WRITTEN.get(key, key): value for key, value in given.items() if value not in (None, ())},
        **{"patterns": patterns, "decay": decay, "tolerance": tolerance, "rule": rule.name},
        **vars(convention),
    }
    _warn_of(rows, found)
    return parameters, rows, found


def spectrum_numbers(spectrum: "Spectrum") -> dict[str, Any]:
    """What a row says of a cleaned spectrum."""
    from ...theory.free_energy import hessian_entropy

    return {
        "entropy": hessian_entropy(spectrum).value.item(),
        "logdet": spectrum.log_det.value.item(),
        "kept": spectrum.kept,
        "discarded": spectrum.dim - spectrum.kept,
        "dim": spectrum.dim,
        "trace": spectrum.trace(),
        "floor": spectrum.floor,
        "largest": spectrum.eigenvalues[0].item(),
        "smallest_kept": spectrum.eigenvalues[-1].item(),
        "negative": int((spectrum.discarded < 0).sum()),
    }


def _free_energy(
    spectrum: "Spectrum", u: float, squared_norm: float, decay: float, patterns: int
) -> dict[str, float]:
    from ...theory.estimate import Estimate
    from ...theory.free_energy import FreeEnergy, decay_energy, hessian_entropy

    h = decay_energy(squared_norm, decay, spectrum.dim)
    load = patterns / spectrum.dim
    free = FreeEnergy(Estimate(u, 0.0, "loss"), h, hessian_entropy(spectrum), load)
    return {
        "alpha": load,
        "internal_energy": u,
        "decay_energy": h.value.item(),
        "free_energy": free.total.value.item(),
    }


def _rule(given: dict[str, Any]) -> "CleaningRule":
    from ...theory.cleaning import AboveFloor, AboveMostNegative, TopRank, WholeSpectrum

    name = given["rule"] or "negative"
    for option, owner in (("rank", "top"), ("floor", "floor")):
        if (given[option] is not None) is not (name == owner):
            msg = f"--{option} and --rule {owner} go together; the rule is {name}."
            raise click.UsageError(msg)
    if name == "top":
        return TopRank(given["rank"])
    if name == "floor":
        return AboveFloor(given["floor"])
    return AboveMostNegative() if name == "negative" else WholeSpectrum()


def _check(patterns: int | None, given: dict[str, Any]) -> None:
    for name in ("loss", "add_decay", "reduction"):
        if patterns is None and given[name] not in (None, "mean"):
            said = {"loss": "--loss", "add_decay": "--add-decay", "reduction": "--reduction sum"}
            msg = f"{said[name]} needs the number of --patterns."
            raise click.UsageError(msg)
    if given["loss"] is not None and given["decay"] and given["squared_norm"] is None:
        msg = "--loss with --decay needs the --squared-norm of the weights."
        raise click.UsageError(msg)
    if given["loss"] is None and given["squared_norm"] is not None:
        msg = "--squared-norm is part of the free energy, which needs the --loss."
        raise click.UsageError(msg)
    if (given["decay"] or 0.0) < 0:
        msg = f"--decay must not be negative; it is {given['decay']:g}."
        raise click.UsageError(msg)


def _each(name: str, values: list[float], count: int) -> list[float]:
    """One number for every file; a single one is meant for all."""
    if len(values) not in (1, count):
        msg = (
            f"{name} must have one number, or one for each of {count} files; it has {len(values)}."
        )
        raise click.UsageError(msg)
    return values * (count // len(values))


def _spectrum(
    name: str, is_matrix: bool, rule: "CleaningRule", shift: float, tolerance: float
) -> "Spectrum":
    """The cleaned spectrum in a file, its eigenvalues moved by ``shift``; errors name the file."""
    import numpy as np

    from ...theory.errors import DomainError
    from ...theory.spectrum import clean_eigenvalues, matrix_spectrum
    from ..spectrum_files import read_matrix, read_spectrum

    try:
        if not is_matrix:
            return clean_eigenvalues(read_spectrum(name) + shift, rule)
        matrix = read_matrix(name)
        return matrix_spectrum(matrix + shift * np.eye(len(matrix)), rule, tolerance)
    except DomainError as error:
        msg = f"{name!r}: {error}"
        raise DomainError(msg) from None


def _warn_of(rows: Rows, spectra: "list[Spectrum]") -> None:
    """What makes an entropy doubtful, or two of them hard to compare."""
    for row, spectrum in zip(rows, spectra, strict=True):
        rounding = 2.3e-16 * spectrum.dim * spectrum.eigenvalues[0]
        doubtful = int((spectrum.eigenvalues < rounding).sum())
        if doubtful:
            warn(
                f"{row['file']}: {doubtful} kept eigenvalues are below {rounding:.2g}, where "
                "double precision makes them up; --rule top or floor leaves them out"
            )
    kept = [spectrum.kept for spectrum in spectra]
    if len(set(kept)) > 1:
        warn(
            f"the minima keep from {min(kept)} to {max(kept)} directions; differences of their "
            f"entropies depend on the units of the loss: compare with --rule top --rank {min(kept)}"
        )
