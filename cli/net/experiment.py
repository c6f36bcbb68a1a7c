"""``entropic net experiment``: a source paper's experiment, and its statements beside the outcome.

Finished stages are kept beside the run folder: after Ctrl-C the same command goes on.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..experiments.registry import EXPERIMENTS, entry
from ..options import print_option
from ..progress import bar

if TYPE_CHECKING:
    from ..experiments.asked import Asked
    from ..experiments.findings import Findings
    from ..kept import Kept

NAMES = "\b\n" + "\n".join(f"{name:<24} {it.line}" for name, it in EXPERIMENTS.items())


class Interrupted(click.ClickException):
    """Ctrl-C, with a word on what was kept."""

    exit_code = 130


@click.command(epilog=NAMES)
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="Name the experiments, and do none.")
@click.option(
    "--preset",
    type=click.Choice(["default", "paper"]),
    default="default",
    show_default=True,
    help="Minutes on two cores, or the published size.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@click.option("--data", type=click.Path(), metavar="DIR", help="Folder or archive of the images.")
@click.option("--device", default="cpu", show_default=True, metavar="NAME", help="cpu, cuda, mps.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The run folder, new or empty; the default is runs/<time>-NAME.",
)
@print_option
def experiment(name: str | None, listed: bool, out: Path | None, style: str, **asked: Any) -> None:
    """Repeat the experiment NAME of a source paper; without NAME, list them.

    Writes a run folder: numbers, figures, and each statement of the paper beside what was found,
    also where they disagree.  Finished stages are kept: after Ctrl-C the same command with the same
    --out goes on.
    """
    if listed or name is None:
        _list(style)
        return
    found = entry(name)
    if asked["data"] is not None and not found.archive:
        msg = f"{name!r} reads no archive; leave --data out."
        raise click.UsageError(msg)
    kept, given = _begin(name, out, asked)
    try:
        findings = _done(name, given, kept)
    except KeyboardInterrupt:
        msg = f"interrupted; {_what_is_kept(given, kept)}"
        raise Interrupted(msg) from None
    except BaseException:
        click.echo(_what_is_kept(given, kept), err=True)
        raise
    kept.remove()
    click.echo(f"wrote {kept.out}", err=True)
    _show(findings, given, style)


def _list(style: str) -> None:
    from ..record import Record, deliver

    rows = [
        {"name": name, "paper": it.paper.split(",")[0], "cost": it.cost, "line": it.line}
        for name, it in EXPERIMENTS.items()
    ]
    deliver(Record("experiments", {}, rows), style)


def _begin(name: str, out: Path | None, asked: dict[str, Any]) -> "tuple[Kept, Asked]":
    """Claim a run folder before any work."""
    from ..experiments.asked import Asked
    from ..experiments.folder import command_line
    from ..kept import begin, partial, unclaimed
    from ..run_folder import versions

    if out is None:
        out = unclaimed(name)
        click.echo(f"run folder {out}; if cut short, continue with --out {out}", err=True)
    out = out.resolve()
    given = Asked(folder=partial(out), **asked)
    stamp = {"command": command_line(name, given), "versions": versions()}
    return begin(out, stamp), given


def _done(name: str, asked: "Asked", kept: "Kept") -> "Findings":
    """Do it, and write the run folder."""
    from dataclasses import replace

    from ..experiments.folder import write_findings

    module = entry(name).experiment()
    began, before = time.process_time(), asked.finished
    with bar(name) as progress:
        findings = module.run(replace(asked, progress=progress))
    stages = asked.finished
    now = sum(taken for stage, taken in stages.items() if stage not in before)
    rest = time.process_time() - began - now
    seconds = {**stages, "rest": rest, "all": sum(stages.values()) + rest}
    write_findings(findings, module.figures(findings), asked, seconds, kept.out)
    return findings


def _what_is_kept(asked: "Asked", kept: "Kept") -> str:
    if not (names := list(asked.finished)):
        kept.remove()
        return "no stage was finished, nothing is kept"
    return (
        f"kept in {kept.folder}: {', '.join(names)}; the same command with the same --out goes on"
    )


def _show(findings: "Findings", asked: "Asked", style: str) -> None:
    from ..experiments.folder import csv_text, summary_text
    from ..record import Record, print_table

    if style == "table":
        print_table(Record(findings.name, {}, findings.full_rows))
        for claim in findings.claims:
            click.echo(f"\n{claim.verdict}: {claim.statement}\n  found: {claim.found}")
    else:
        text = summary_text(findings, asked) if style == "json" else csv_text(findings)
        click.echo(text, nl=False)
