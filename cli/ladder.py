"""What a rung of ``entropic compare`` hands over: rows, curves and weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .progress import Progress

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from ..theory.estimate import Estimate

NEAR = 0.1  # |predicted / measured − 1| of a row that agrees ...
FEW = 3.0  # ... or its |z|


def part(progress: Progress, label: str, low: float, width: float) -> Callable[[float], None]:
    """A callback for a fraction in [0, 1] that fills the slice [low, low + width] of the whole."""

    def tick(fraction: float) -> None:
        progress(label, low + width * fraction)

    return tick


@dataclass(frozen=True)
class Row:
    """One predicted number beside one measured number.

    stderr: standard error of the measured one; predicted_error: what the theory states as its own.
    ratio: predicted / measured.  z: (predicted − measured) over both errors in quadrature.
    valid: whether the theory vouches for the prediction here; note: why not, or what else a reader
    should know.  extra: further numbers of this row for ``summary.json`` (parts of the prediction,
    validity figures).
    """

    rung: str
    condition: str
    quantity: str
    predicted: float
    measured: float
    stderr: float
    ratio: float
    z: float
    valid: bool
    note: str = ""
    extra: Mapping[str, float] = field(default_factory=dict)
    predicted_error: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The row of ``summary.json``: the contract's nine fields, then note and extras."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "extra"}
        return {**named, **self.extra}

    @property
    def agrees(self) -> bool:
        """Within 10 % or within 3 standard errors."""
        return abs(self.z) <= FEW or abs(self.ratio - 1) <= NEAR


def objection(figures: Mapping[str, float], limits: Mapping[str, float]) -> str:
    """What speaks against a prediction: the figures beyond their limits; empty if none is."""
    over = [f"{k} {v:.2g} > {limits[k]:g}" for k, v in figures.items() if not v <= limits[k]]
    return "outside validity: " + ", ".join(over) if over else ""


def row(
    rung: str,
    condition: str,
    quantity: str,
    predicted: "Estimate",
    measured: "Estimate",
    valid: bool = True,
    note: str = "",
    extra: Mapping[str, float] | None = None,
) -> Row:
    """Put a prediction beside a measurement (both scalar)."""
    z = float(predicted.sigmas_from(measured))
    return Row(
        rung,
        condition,
        quantity,
        float(predicted.value),
        float(measured.value),
        float(measured.error),
        float(predicted.ratio(measured)),
        z,
        bool(valid),
        note,
        {name: float(value) for name, value in (extra or {}).items()},
        float(predicted.error),
    )


@dataclass(frozen=True)
class Rung:
    """All that one rung found.

    data: curves and profiles as a labelled dataset (named dimensions, units in attributes), from
    which every figure of this rung is drawn.  weights: arrays to be stored as safetensors.
    settings: every number needed to repeat the run (goes into ``config.toml``).
    score: of all its rows, where the rung has one (:mod:`.score`).
    """

    name: str
    rows: tuple[Row, ...]
    data: "xr.Dataset"
    settings: Mapping[str, Any]
    weights: "Mapping[str, np.ndarray]" = field(default_factory=dict)
    score: Mapping[str, Any] = field(default_factory=dict)
