"""Write docs/results/perceptron.md: every perceptron quantity beside a second route to it.

    python docs/perceptron_table.py [--topic NAME ...]

The second routes are the slow, obvious versions of tests/support/second_route_*.py, none of which
shares a formula with the house.  Takes minutes.
"""

import argparse
import importlib
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUPPORT = ROOT / "tests" / "support"
TARGET = ROOT / "docs" / "results" / "perceptron.md"
PATTERN = "second_route_*.py"
WITHIN = 4  # errors of both, and ROUNDING of the value
ROUNDING = 1e-9
sys.path.insert(0, str(SUPPORT))

from second_route import Check  # noqa: E402


def main() -> None:
    """Run the second routes and write the page; the exit code says whether all agree."""
    topics = sorted(
        path.stem.removeprefix("second_route_") for path in SUPPORT.glob("*_route_*.py")
    )
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--topic", choices=topics, action="append", help="print only these")
    chosen = parser.parse_args().topic
    checks: list[Check] = []
    for topic in chosen or topics:
        print(f"{topic} ...", file=sys.stderr, flush=True)
        checks += importlib.import_module(f"second_route_{topic}").checks()
    text = page(checks)
    if chosen:
        print(text)
    else:
        TARGET.write_text(text, "utf-8")
        print(f"wrote {TARGET.relative_to(ROOT)}", file=sys.stderr)
    sys.exit(not all(map(agrees, checks)))


def agrees(check: Check) -> bool:
    """Whether both routes meet within their errors."""
    spread = (check.error**2 + check.second_error**2) ** 0.5
    return abs(check.value - check.second) <= WITHIN * spread + ROUNDING * abs(check.value) + 1e-14


def page(checks: list[Check]) -> str:
    """The whole page, in Markdown."""
    good = sum(map(agrees, checks))
    head = [
        "# The perceptron, every number by two routes",
        "",
        "Written by `python docs/perceptron_table.py`; do not edit.  *value* is the house's, with",
        "its own error estimate; *second* is the same number by the route named, which shares no",
        f"formula with it.  {good} of {len(checks)} pairs agree, within {WITHIN} errors of both",
        f"and a relative {ROUNDING:g}; the others are marked.",
        "",
    ]
    ordered = sorted(checks, key=lambda check: check.quantity)
    for quantity, group in groupby(ordered, key=lambda check: check.quantity):
        head += [f"## {quantity}", "", *table(group), ""]
    return "\n".join(head)


def table(checks: Iterable[Check]) -> list[str]:
    """One quantity's rows."""
    lines = [
        "| at | value | error | second | error | gap | route |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    for check in checks:
        at = ", ".join(
            f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
            for name, value in check.at.items()
        )
        gap = f"{check.value - check.second:.1e}" + ("" if agrees(check) else " **no**")
        numbers = f"{check.value:.12g} | {check.error:.1e} | {check.second:.12g}"
        lines.append(f"| {at} | {numbers} | {check.second_error:.1e} | {gap} | {check.route} |")
    return lines


if __name__ == "__main__":
    main()
