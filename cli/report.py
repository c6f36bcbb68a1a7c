"""``report.html``: a run on one page that needs nothing else, on screen, in the dark or on paper.

Tables and figures stand in the file itself; nothing is fetched, nothing is run.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from .compare_table import HEAD, cells, parts_cells, parts_head, remarks
from .relaxation_table import HEAD as RELAXATION_HEAD
from .relaxation_table import relaxation_cells, relaxations
from .score import told

if TYPE_CHECKING:
    from .compare_figures import Drawn
    from .comparison import Comparison
    from .ladder import Rung

QUESTION = (
    "Noise in the fast directions of a loss landscape pushes a network along its flat valleys "
    "towards places of lower curvature, as if temperature times entropy were part of the loss. "
    "This page puts what theory predicts for that motion, with nothing fitted, beside what was "
    "measured: in a toy valley, in a deep linear network, and between two trained networks."
)
RUNGS = {
    "toy": "A particle in the valley V = U(y) + ½ g(y)|x|², where quadrature gives every number.",
    "linear": "A deep linear network under minibatch SGD on its manifold of global minima: "
    "what moves the balance |W₂|² − |W₁|² is noise and the finite step alone.",
    "digits": "A network trained on 8×8 digits: projected SGD along a low-loss path between "
    "two independently trained minima.",
    "net": "Several algorithms on one path between two minima of a network: learning rates, batch "
    "sizes, optimizers and starts, and controls whose noise or path is not the algorithm's own.",
    "perceptron": "Weights that store random patterns, or learn from a teacher: sampled at several "
    "sizes N, extrapolated in 1/N, and put beside the replica-symmetric saddle point of N = ∞.",
}
RELAXING = ("toy", "linear", "digits", "net")  # whose question that is
READING = (
    "stderr is the standard error of the measured number; ratio is predicted / measured; z is "
    "predicted − measured over the errors of both. A row agrees if its ratio is within "
    "10 % or |z| ≤ 3; a row that is not valid lies where the theory does not vouch for itself."
)
STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1a1a1a; --rule: #ccc; --soft: #666;
  --warn: #a33c00; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --ink: #e6e6e6; --rule: #444;
  --soft: #a0a0a0; --warn: #ffab6b; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
.verdict { border-left: 4px solid currentColor; padding: .3rem 1rem; font-size: 1.1rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .7rem; border-bottom: 1px solid var(--rule);
  vertical-align: top; }
th { border-bottom-width: 2px; } .number { text-align: right; white-space: nowrap; }
.invalid td { color: var(--soft); font-style: italic; }
.disagrees .ratio, .disagrees .z { color: var(--warn); font-weight: bold; }
ol.remarks, figcaption, .small { font-size: .9rem; color: var(--soft); }
figure { margin: 1.5rem 0; } img { max-width: 100%; background: #fff; border-radius: 4px; }
code, pre { font-size: .9em; overflow-wrap: anywhere; white-space: pre-wrap; }
@media print { :root { --paper: #fff; --ink: #000; --rule: #999; --soft: #333; --warn: #802f00; }
  body { max-width: none; margin: 0; font-size: 10pt; } h2, tr { break-inside: avoid; }
  h2 { break-after: avoid; } figure { break-inside: avoid; } .table { overflow: visible; } }
"""


def page(
    comparison: "Comparison", figures: "Sequence[Drawn]", configured: Mapping[str, Any]
) -> str:
    """The whole page; configured: what ``config.toml`` holds."""
    relaxing = any(rung.name in RELAXING for rung in comparison.rungs)
    title = f"Predicted beside measured{' relaxation' if relaxing else ''}"
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="verdict">{escape(comparison.verdict)}</p>',
        f'<p class="verdict">{escape(told(comparison.score))}</p>' if comparison.score else "",
        f"<p>{escape(QUESTION)}</p>" if relaxing else "",
        _what_was_run(comparison, configured),
        f'<p class="small">{escape(READING)}</p>',
    ]
    for rung in comparison.rungs:
        parts += [_section(rung), *(figure(drawn) for drawn in figures if drawn.rung == rung.name)]
    if of_all := [figure(drawn) for drawn in figures if not drawn.rung]:
        parts += ["<h2>All rows at a glance</h2>", *of_all]
    parts.append(settings(configured))
    body = "\n".join(parts)
    return document(title, body)


def document(title: str, body: str) -> str:
    """A self-contained page in the house style."""
    title = escape(title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _what_was_run(comparison: "Comparison", configured: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in configured["versions"].items())
    machine = configured["machine"]
    where = f"{machine['platform']}, {machine['cores']} cores"
    took = ", ".join(f"{name} {taken:.0f} s" for name, taken in comparison.seconds.items())
    lines = [f"<code>{escape(comparison.command)}</code>", escape(versions), escape(where)]
    if took:
        lines.append(escape(took))
    return f"<p>{'<br>'.join(lines)}</p>"


def _section(rung: "Rung") -> str:
    told = RUNGS.get(rung.name, "")
    said = remarks(rung.rows)
    head = "".join(f"<th{_kind(name)}>{escape(name)}</th>" for name in HEAD)
    lines = []
    for row in rung.rows:
        state = "invalid" if not row.valid else "" if row.agrees else "disagrees"
        texts = zip(HEAD, cells(row, said), strict=True)
        inner = "".join(f"<td{_kind(name)}>{escape(text)}</td>" for name, text in texts)
        lines.append(f'<tr class="{state}">{inner}</tr>')
    table = (
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{chr(10).join(lines)}\n</tbody></table>"
    )
    items = "".join(f"<li>{escape(remark)}</li>" for remark in said)
    notes = f'<ol class="remarks">{items}</ol>' if said else ""
    return (
        f"<h2>{escape(rung.name)}</h2>\n<p>{escape(told)}</p>\n"
        f'<div class="table">{table}</div>\n{notes}{_parts(rung)}{_relaxations(rung)}'
    )


def _parts(rung: "Rung") -> str:
    """The drifts taken apart, where the rung has any."""
    split = [cells for row in rung.rows if (cells := parts_cells(row))]
    if not split:
        return ""
    head = "".join(f"<th{_kind(name)}>{escape(name)}</th>" for name in parts_head())
    lines = [
        "".join(
            f"<td{_kind(name)}>{escape(text)}</td>"
            for name, text in zip(parts_head(), line, strict=True)
        )
        for line in split
    ]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return (
        "<p>What the predicted drifts are made of, and the figures that say how far the expansion "
        "behind them can be trusted:</p>\n"
        f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>\n"
    )


def _relaxations(rung: "Rung") -> str:
    """Relaxation times beside three predictions, where the rung has such."""
    lines = [relaxation_cells(row) for row in relaxations(rung.rows)]
    if not lines:
        return ""
    head = "".join(f'<th class="number">{escape(name)}</th>' for name in RELAXATION_HEAD)
    rows = ["".join(f'<td class="number">{escape(text)}</td>' for text in line) for line in lines]
    body = "\n".join(f"<tr>{line}</tr>" for line in rows)
    return (
        "<p>Relaxation times in cycles, means of min(time, horizon), beside three predictions:</p>"
        f'\n<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>\n"
    )


def _kind(name: str) -> str:
    if name in ("condition", "quantity", "valid"):
        return ""
    return f' class="number {name}"' if name in ("ratio", "z") else ' class="number"'


def figure(drawn: "Drawn") -> str:
    """A figure that stands in the page itself, with its caption."""
    source = b64encode(drawn.svg).decode("ascii")
    caption = escape(drawn.caption)
    return (
        f'<figure><img alt="{caption}" src="data:image/svg+xml;base64,{source}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def settings(configured: Mapping[str, Any]) -> str:
    """All of ``config.toml``."""
    import tomli_w

    text = escape(tomli_w.dumps(dict(configured)))
    return f"<h2>Everything needed to repeat it</h2>\n<pre>{text}</pre>"
