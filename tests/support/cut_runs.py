"""Runs that are cut, and their states on disk."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entropic.sims import crew


def saved(state: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Through a file and back, without pickle."""
    np.savez(path, **state)
    with np.load(path, allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}


def cut(command: Callable[..., Any], after: int, **changes: Any) -> dict[str, Any]:
    """The state kept by an interruption at the ``after``-th look."""
    states: list[Mapping[str, Any]] = []
    looks = [0]

    def progress(_: float) -> None:
        looks[0] += 1
        if looks[0] == after:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "_LOOK_EVERY", 0.02)
        with pytest.raises(KeyboardInterrupt):
            command(progress=progress, keep=states.append, **changes)
    return dict(states[-1])
