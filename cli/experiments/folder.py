"""The run folder of an experiment: what was found, and everything needed to find it again.

    config.toml   command, preset, size, seed, settings, CPU seconds, versions, machine
    results.nc    the dataset the figures are drawn from
    summary.json  rows, and the paper's statements beside what was found
    figures/      *.png *.svg
    report.html   all of it on one self-contained page

It appears whole or not at all.
"""

import csv
import io
import json
import shlex
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import tomli_w

from ..atomic import writing_folder
from ..compare_figures import Drawn
from ..figures import save
from ..kept import write_weights
from ..record import Record, finite
from ..report import document, figure, settings
from ..run_folder import machine, toml_value, versions
from .asked import Asked
from .findings import Drawing, Findings


def command_line(name: str, asked: Asked) -> str:
    """What to type to have this experiment again."""
    words = ["entropic", "net", "experiment", name, "--preset", asked.preset]
    words += ["--seed", str(asked.seed), *(["--data", asked.data] if asked.data else [])]
    words += ["--device", asked.device] if asked.device != "cpu" else []
    return shlex.join(words)


def summary_text(findings: Findings, asked: Asked) -> str:
    """``{"experiment", "preset", "rows", "claims", "seed", "command", ...}``.

    What is no finite number is null; nothing in it depends on the clock.
    """
    rows = Record(findings.name, {}, findings.full_rows).rows
    whole = {
        "experiment": findings.name,
        "preset": asked.preset,
        "size": findings.size,
        "paper": findings.paper,
        "rows": [dict(row) for row in rows],
        "claims": [claim.as_dict() for claim in findings.claims],
        "seed": asked.seed,
        "command": command_line(findings.name, asked),
    }
    return json.dumps(finite(whole), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def csv_text(findings: Findings) -> str:
    """The rows, one line each; a field that a row does not have is left empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, findings.fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(dict(row) for row in findings.rows)
    return text.getvalue()


def configuration(findings: Findings, asked: Asked, seconds: Mapping[str, float]) -> dict[str, Any]:
    """What ``config.toml`` holds; seconds: of CPU, by stage."""
    return {
        "command": command_line(findings.name, asked),
        "experiment": findings.name,
        "paper": findings.paper,
        "preset": f"{asked.preset}: {findings.size}",
        "seed": asked.seed,
        "cpu_seconds": {name: round(taken, 1) for name, taken in seconds.items()},
        "settings": toml_value(findings.settings),
        "versions": versions(),
        "machine": machine(),
    }


def write_findings(
    findings: Findings,
    drawings: Sequence[Drawing],
    asked: Asked,
    seconds: Mapping[str, float],
    out: Path,
) -> None:
    """Write the run folder ``out``, whole.

    Raises click.UsageError if ``out`` is not free or cannot be written.
    """
    configured = configuration(findings, asked, seconds)
    with writing_folder(out) as temporary:
        (temporary / "summary.json").write_text(summary_text(findings, asked), "utf-8")
        (temporary / "config.toml").write_text(tomli_w.dumps(configured), "utf-8")
        findings.data.to_netcdf(temporary / "results.nc", engine="h5netcdf")
        write_weights(findings.weights, temporary / "weights.safetensors")
        (temporary / "figures").mkdir()
        drawn = [_written(drawing, temporary / "figures") for drawing in drawings]
        text = page(findings, drawn, configured)
        (temporary / "report.html").write_text(text, "utf-8")


def _written(drawing: Drawing, folder: Path) -> Drawn:
    for suffix in (".png", ".svg"):
        save(drawing.figure, folder / f"{drawing.name}{suffix}")
    svg = (folder / f"{drawing.name}.svg").read_bytes()
    return Drawn(drawing.name, "", drawing.caption, svg)


def page(findings: Findings, drawn: Sequence[Drawn], configured: Mapping[str, Any]) -> str:
    """``report.html``."""
    claims = [claim.as_dict() for claim in findings.claims]
    parts = [
        f"<h1>{escape(findings.name)}</h1>",
        f"<p>{escape(findings.paper)}</p>",
        f'<p class="verdict">{escape(configured["preset"])}</p>',
        f"<p><code>{escape(configured['command'])}</code></p>",
        "<h2>The paper's statements beside what was found</h2>",
        _table(["statement", "found", "verdict"], claims),
        *map(figure, drawn),
        "<h2>Numbers</h2>",
        _table(findings.fields, findings.full_rows),
        settings(configured),
    ]
    return document(f"Experiment {findings.name}", "\n".join(parts))


def _table(fields: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in fields)
    lines = ("".join(f"<td>{escape(_cell(row[name]))}</td>" for name in fields) for row in rows)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return (
        f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
