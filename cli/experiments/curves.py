"""Loss and accuracy between two networks: along a Bézier curve, a polygon, the straight line.

Curves have one trained bend (:mod:`entropic.nets.curves`). Accuracies are of networks taken out of
the curve, batch statistics estimated again at every place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..figures import BLUE, GREEN, VERMILION, blank, curve, house_style
from .asked import Asked
from .findings import Claim, Drawing, Findings, judged
from .ground import Ground, Networks
from .registry import SURFACES

if TYPE_CHECKING:
    from ...nets.path_methods import Method

NAME = "curves"
WAYS: "tuple[Method, ...]" = ("line", "bezier", "polygon")
NEARLY = 0.02  # of accuracy below the worse end: nearly constant
LOOKS = {"line": (VERMILION, "--"), "bezier": (BLUE, "-"), "polygon": (GREEN, "-.")}


@dataclass(frozen=True)
class Size:
    """networks; what is other than usual in the search of a curve stands with them."""

    networks: Networks


SIZES = {
    "default": Size(
        Networks(
            "cifar10-resnet20-small",
            2,
            search={"pivots": 15, "dense": 1, "cycles": 1, "steps": 600, "batch": 100},
        )
    ),
    "paper": Size(
        Networks(
            "cifar10-wrn16-4",
            2,
            search={"pivots": 61, "dense": 0, "cycles": 1, "steps": 40_000, "batch": 128},
        )
    ),
}


def run(asked: Asked) -> Findings:
    """Train two networks; find, and look along, each way between them."""
    size = SIZES[asked.preset]
    ground = Ground(size.networks, asked)
    for way in WAYS:
        ground.path(0, way)  # a stage of its own
    found = [
        asked.stage(f"along-{way}", lambda way=way: _along(ground, way))  # type: ignore[misc]
        for way in WAYS
    ]
    data = xr.concat(found, "way").assign_coords(way=list(WAYS))
    rows = [_row(data.sel(way=way), ground.path(0, way)) for way in WAYS]
    told = f"two {ground.problem.name}, {ground.problem.layout.size} weights, "
    told += f"{ground.problem.samples} images (published: CIFAR networks on all images)"
    return Findings(NAME, SURFACES, rows, _claims(rows), data, size.networks.told, told)


def _along(ground: Ground, way: "Method") -> xr.Dataset:
    """By pivot: the landscape's loss, and loss and accuracy of the networks there."""
    from ...nets.path_evaluation import evaluate_path

    path, problem = ground.path(0, way), ground.problem

    def tick(share: float) -> None:
        ground.asked.progress(f"accuracy along the {way}", share)

    along = evaluate_path(problem, problem.tensor(path["points"].values), progress=tick)
    dense = (path.sizes["along"] - 1) // (path.sizes["pivot"] - 1)
    s = path["s"].values[::dense]
    tested = len(problem.test[1]) if problem.test is not None else 0
    return xr.Dataset(
        {
            "s": ("pivot", s, {"units": "length"}),
            "loss": ("pivot", path["loss"].values[::dense], {"units": "loss"}),
            "train_accuracy": ("pivot", along.metric),
            "test_loss": ("pivot", along.test_loss, {"units": "loss"}),
            "test_accuracy": ("pivot", along.test_metric),
        },
        attrs={"test_images": tested},
    )


def _row(one: xr.Dataset, path: xr.Dataset) -> dict[str, Any]:
    row: dict[str, Any] = {"way": str(one["way"].values), "length": float(one["s"][-1])}
    row["loss_barrier"] = path.attrs["barrier"]
    row["loss_highest"] = float(path["loss"].max())
    for name in ("train_accuracy", "test_accuracy"):
        values = one[name].values
        worse, images = min(values[0], values[-1]), one.attrs["test_images"]
        row |= {f"{name}_worse_end": worse, f"{name}_lowest": values.min()}
        row[f"{name}_drop"] = worse - values.min()
        if name == "test_accuracy":
            row[f"{name}_stderr"] = np.sqrt(worse * (1 - worse) / images)
    return {name: value if isinstance(value, str) else float(value) for name, value in row.items()}


def _claims(rows: list[dict[str, Any]]) -> list[Claim]:
    line, *curves = rows

    def told(name: str) -> str:
        parts = [f"{row['way']} {100 * row[f'{name}_drop']:.1f}" for row in rows]
        return "points lost below the worse end: " + ", ".join(parts)

    constant = {
        name: [bool(row[f"{name}_drop"] <= NEARLY) for row in curves]
        for name in ("train_accuracy", "test_accuracy")
    }
    error = 100 * rows[0]["test_accuracy_stderr"]
    return [
        Claim(
            "Optima are connected by simple curves over which training accuracy is nearly constant",
            f"{told('train_accuracy')} (nearly constant: at most {100 * NEARLY:g})",
            judged(*constant["train_accuracy"]),
        ),
        Claim(
            "Over these curves test accuracy is nearly constant as well",
            f"{told('test_accuracy')} (an accuracy is sure to ± {error:.1f}; nearly constant: at "
            f"most {100 * NEARLY:g})",
            judged(*constant["test_accuracy"]),
        ),
        Claim(
            "The optima are not connected by the straight line",
            f"on the line the loss rises to {line['loss_highest']:.3g}, "
            f"{line['loss_barrier']:.3g} above the higher end, and on the curves by "
            + " and ".join(f"{max(row['loss_barrier'], 0):.3g}" for row in curves),
            judged(*(bool(line["loss_barrier"] > 2 * row["loss_barrier"]) for row in curves)),
        ),
    ]


def figures(findings: Findings) -> Sequence[Drawing]:
    """Loss and accuracies over the position."""
    figure, panels = blank(1, 3, (10.0, 3.4))
    names = (
        ("loss", "training loss, with decay"),
        ("train_accuracy", "training accuracy"),
        ("test_accuracy", "test accuracy"),
    )
    for axes, (name, label) in zip(panels, names, strict=True):
        for way in WAYS:
            one, (colour, dash) = findings.data.sel(way=way), LOOKS[way]
            s = one["s"].values
            curve(axes, list(s / s[-1]), list(one[name].values), color=colour, ls=dash, label=way)
        axes.set(xlabel="position (fraction of length)", ylabel=label)
    with house_style():
        panels[0].legend()
    return [Drawing("curves", "Loss and accuracies along three ways.", figure)]
