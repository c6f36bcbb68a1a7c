"""``entropic theory entropy``: how wide a minimum is, from the eigenvalues of its Hessian."""

from pathlib import Path
from typing import Any

import click

from ..options import output_options
from .hessian_files import FILE_OPTIONS, WRITTEN, hessian_file_options, minima_in_files
from .linear_minima import LINEAR_OPTIONS, linear_minima, linear_options

UNITS = {
    **{"entropy": "nats/weight", "logdet": "nats", "logdet_of_eigenvalues": "nats"},
    **{"alpha": "patterns/weight", "free_energy": "nats/pattern"},
}


@click.command()
@hessian_file_options
@click.option("--patterns", type=click.IntRange(1, 10**9), metavar="P", help="Number of patterns.")
@click.option(
    "--deep-linear", is_flag=True, help="Minima of a linear network of two layers, closed form."
)
@linear_options
@output_options
def entropy(
    patterns: int | None,
    deep_linear: bool,
    style: str,
    out: Path | None,
    picture: Path | None,
    **given: Any,
) -> None:
    """Entropy of a minimum: log-determinant of its Hessian, with what was left out.

    s = -(1/2N) sum ln lambda over the eigenvalues that the rule keeps of the Hessian of
    u + h/alpha, with u the mean of r^2/(2 sigma^2) and h = (lambda/N)|theta|^2/2.  A file that
    holds the Hessian of another loss is converted: say --reduction, --factor and
    --noise-variance (the defaults change nothing, and fit a mean cross-entropy).  All numbers
    printed are those of the converted Hessian.  With --patterns and --loss also the free energy
    F = u + (h - s)/alpha, alpha = P/N.

    --deep-linear takes no file: patterns of a teacher (x of variance 1/N_I), and at each balance
    the global minimum of f = W2 W1 x with one active hidden unit; the loss is the mean of r^2/2.
    """
    from ..pictures.entropy import SpectraRecord
    from ..record import deliver

    files = {name: given[name] for name in FILE_OPTIONS}
    linear = {name: given[name] for name in LINEAR_OPTIONS}
    if deep_linear:
        _refuse_any(files, "--deep-linear")
        record = SpectraRecord("entropy", *linear_minima(patterns, linear), UNITS)
    elif files["spectra"] or files["matrices"]:
        _refuse_any(linear, "a file")
        parameters, rows, spectra = minima_in_files(patterns, files)
        record = SpectraRecord("entropy", parameters, rows, UNITS, spectra)
    else:
        msg = "one of --spectrum FILE, --matrix FILE and --deep-linear is needed."
        raise click.UsageError(msg)
    deliver(record, style, out, picture)


def _refuse_any(options: dict[str, Any], beside: str) -> None:
    """Refuse the first of ``options`` that was given; the files among them are tuples."""
    for name, value in options.items():
        if value not in (None, ()):
            msg = f"--{WRITTEN.get(name, name).replace('_', '-')} does not go with {beside}."
            raise click.UsageError(msg)
