"""The engine's kernels as the plain Python they are written in, in small blocks."""

from pathlib import Path

import pytest

from entropic.sims import blocks, lane_random, observation, passage, workshop

NOTHING_COMPILED = (
    "import numpy as np\ndef njit(**options):\n    return lambda function: function\n"
)


def uncompile(patch: pytest.MonkeyPatch, folder: Path, segment: int = 32, lanes: int = 2) -> None:
    """From now on kernels are not compiled: hundreds of them then cost no more than their steps."""
    patch.setenv("ENTROPIC_CACHE_DIR", str(folder))
    patch.setattr(workshop, "HEAD", NOTHING_COMPILED)
    patch.setattr(workshop, "_MADE", {})
    patch.setattr(workshop, "_ASKED", {})
    patch.setattr(observation, "LANES", lanes)
    patch.setattr(passage, "_LANES", (lanes, lanes))
    for module in (blocks, lane_random):
        patch.setattr(module, "SEGMENT", segment)
