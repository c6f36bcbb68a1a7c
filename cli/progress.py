"""A bar on stderr while work takes its time; only a terminal shows it."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Progress = Callable[[str, float], None]
"""What is being done, and the fraction that is done."""


def is_shown() -> bool:
    """Whether stderr is a terminal that can redraw a line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def bar(name: str) -> Iterator[Progress]:
    """A bar that is moved by calling what is yielded; gone when the block ends."""
    if not is_shown():
        yield lambda label, fraction: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.fields[work]}: {task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Bars(*columns, console=console, transient=True, refresh_per_second=4) as bars:
        task = bars.add_task("", total=1.0, work=name)

        def progress(label: str, fraction: float) -> None:
            said = label.removeprefix(f"{name}: ")
            bars.update(task, description=said, completed=min(max(fraction, 0.0), 1.0))

        yield progress


def tracked(items: Sequence[Item], name: str, label: Callable[[Item], str]) -> Iterator[Item]:
    """The items one by one, with a bar that says which is at work."""
    with bar(name) as progress:
        for i, item in enumerate(items):
            progress(label(item), i / len(items))
            yield item
