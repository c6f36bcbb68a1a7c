"""``entropic net presets``: the problems that have a name, for --problem."""

import inspect
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import table_options

if TYPE_CHECKING:
    from ...nets.presets import Preset


@click.command()
@click.argument("name", required=False)
@table_options
def presets(name: str | None, style: str, out: Path | None) -> None:
    """The problems that have a name, and with a NAME what can be set and how it is trained.

    Of each: the parameters of its network, its training samples, the archive of images that it
    reads (`entropic data download` fetches it; --data says where it is), and a summary.  A setting
    is changed by --set SETTING=VALUE.
    """
    from ...nets.presets import PRESETS, preset
    from ..record import Record, deliver

    if name is None:
        record = Record("presets", {}, [_summary(it) for it in PRESETS.values()])
    else:
        it = preset(name)
        record = Record("preset", _summary(it), list(_details(it)))
    deliver(record, style, out)


def _summary(it: "Preset") -> dict[str, Any]:
    return {
        "name": it.name,
        "parameters": it.parameters,
        "samples": it.samples,
        "archive": it.archive or "",
        "summary": it.summary,
    }


def _details(it: "Preset") -> Iterator[dict[str, Any]]:
    for setting in inspect.signature(it.make).parameters.values():
        if setting.name != "data":
            yield {"kind": "setting", "name": setting.name, "value": str(setting.default)}
    for name, value in asdict(it.recipe).items():
        yield {"kind": "training", "name": name, "value": str(value)}
