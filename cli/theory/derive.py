"""``entropic theory derive``: free entropy and saddle equations, step by step."""

from pathlib import Path

import click

from ..options import document_file


@click.command()
@click.option(
    "--model",
    type=click.Choice(["spherical", "binary"]),
    default="spherical",
    show_default=True,
    help="Weights on a sphere, or of +1 and -1.",
)
@click.option(
    "--setting",
    type=click.Choice(["storage", "teacher"]),
    default="storage",
    show_default=True,
    help="Random labels, or those of a teacher of the same kind.",
)
@click.option(
    *("--format", "style"),
    type=click.Choice(["text", "latex", "json"]),
    default="text",
    show_default=True,
    help="What is printed; latex is a whole document.",
)
@click.option(
    *("--out", "out"),
    type=document_file,
    metavar="FILE",
    help="Write it as well: .txt, .tex (a whole document) or .json.",
)
def derive(model: str, setting: str, style: str, out: Path | None) -> None:
    """Free entropy and saddle equations of the perceptron, derived (replica symmetry).

    A computer algebra starts from the action of n replicas, takes n to 0, differentiates and
    integrates by parts; every step is printed.  JSON has a row for every equation: the step, its
    name, the equation in LaTeX and as text, and what is done.
    """
    from ...theory.symbolic.derivation import derivation
    from ..atomic import writing_file
    from ..record import Record, json_text

    found = derivation(model, setting)

    def dressed(coat: str) -> str:
        if coat == "json":
            return json_text(Record("derive", {"model": model, "setting": setting}, found.rows()))
        return found.latex() if coat == "latex" else found.text()

    if out is not None:
        coat = {".txt": "text", ".tex": "latex", ".json": "json"}[out.suffix]
        with writing_file(out) as temporary:
            temporary.write_text(dressed(coat), "utf-8")
        click.echo(f"wrote {out}", err=True)
    click.echo(dressed(style), nl=False)
