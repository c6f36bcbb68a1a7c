"""Fast geometric ensembling against a single network that is trained for as many epochs.

Both begin at the same network, before its training has come to rest; the walk's rate rises and
falls (:mod:`entropic.nets.fast_ensemble`), the single network's falls once from the highest rate to
the lowest. Several starts: the two are compared start by start.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from ...theory.estimate import Estimate, mean_estimate
from ..figures import BLUE, ORANGE, VERMILION, blank, house_style
from .asked import Asked
from .findings import Claim, Drawing, Findings, judged
from .ground import Ground, Networks
from .registry import SURFACES

NAME = "fast-ensembling"
KEPT = ("test_metric", "test_loss", "ensemble_test_metric", "ensemble_test_loss", "distance")


@dataclass(frozen=True)
class Size:
    """networks (a start each), members of a walk, its rates and epochs of a cycle, batch."""

    networks: Networks
    members: int
    high: float = 0.05
    low: float = 0.005
    cycle: int = 4
    batch: int = 100


SIZES = {
    "default": Size(
        Networks("cifar10-resnet20-small", 5, {}, {"epochs": 10, "drops": (0.7,), "factor": 2.0}),
        6,
    ),
    "paper": Size(
        Networks("cifar10-wrn16-4", 5, {}, {"epochs": 160, "drops": (0.5,), "factor": 2.0}),
        10,
        batch=128,
    ),
}


def run(asked: Asked) -> Findings:
    """Train starts; from each, walk, and train one network as long."""
    size = SIZES[asked.preset]
    ground = Ground(size.networks, asked)
    starts = range(len(ground.minima))
    found = [
        asked.stage(f"walk-{i}", lambda i=i: _walked(ground, i, size))  # type: ignore[misc]
        for i in starts
    ]
    data = xr.concat(found, "start").assign_coords(start=ground.seeds)
    rows = _rows(data)
    settings = size.networks.told | {
        name: getattr(size, name) for name in ("members", "high", "low", "cycle", "batch")
    }
    told = f"{len(starts)} starts of {ground.problem.name}, {ground.problem.layout.size} weights, "
    told += f"{ground.problem.samples} images (published: all of CIFAR-10, CIFAR-100, ImageNet)"
    return Findings(NAME, SURFACES, rows, _claims(data), data, settings, told)


def _walked(ground: Ground, start: int, size: Size) -> xr.Dataset:
    """What ``entropic net ensemble`` reports, by network: the start, the members, the single."""
    from ...nets.fast_ensemble import Cycle
    from ..net.ensemble_rows import ensemble_record
    from ..net.ensemble_work import walked

    members = walked(
        *(ground.problem, ground.minima[start], size.members),
        Cycle(size.high, size.low, size.cycle),
        momentum=ground.networks.recipe.momentum,
        batch=size.batch,
        seed=ground.seeds[start],
        single=True,
        progress=ground.asked.progress,
    )
    record = ensemble_record(ground.problem, members, {})
    columns = {name: ("network", np.array(record.column(name), float)) for name in KEPT}
    number = {"member": ("network", record.column("member"))}
    number["epochs"] = ("network", record.column("epochs"))
    return xr.Dataset(columns | number, {"network": [m.kind for m in members]})


def _last(data: xr.Dataset) -> xr.Dataset:
    """The whole ensemble."""
    return data.isel(network=data["network"].values == "member").isel(network=-1)


def _compared(data: xr.Dataset, what: str = "test_metric") -> dict[str, xr.DataArray]:
    """Test accuracies, or losses, by start."""
    members = data.isel(network=data["network"].values == "member")
    single = data.isel(network=data["network"].values == "single").isel(network=0)
    return {
        "start": data.isel(network=0)[what],
        "single network, same budget": single[what],
        "members alone, mean": members[what].mean("network"),
        "members together": members.isel(network=-1)[f"ensemble_{what}"],
    }


def _rows(data: xr.Dataset) -> list[dict[str, Any]]:
    accuracies, losses = _compared(data), _compared(data, "test_loss")
    single = accuracies["single network, same budget"].values
    rows = []
    for name, values in accuracies.items():
        row: dict[str, Any] = {"networks": name}
        for key, found in (
            ("test_accuracy", _mean(values.values)),
            ("above_single", _mean(values.values - single)),
            ("test_loss", _mean(losses[name].values)),
        ):
            row |= {key: float(found.value), f"{key}_stderr": float(found.error)}
        rows.append(row)
    return rows


def _mean(values: Any) -> Estimate:
    if len(values) < 2:
        return Estimate(values[0], np.nan, "starts")
    return mean_estimate(values, "starts")


def _claims(data: xr.Dataset) -> list[Claim]:
    compared = _compared(data)
    single = compared["single network, same budget"].values
    together, alone = compared["members together"].values, compared["members alone, mean"].values
    gain, lift = _mean(together - single), _mean(together - alone)
    losses = _compared(data, "test_loss")
    less = _mean((losses["single network, same budget"] - losses["members together"]).values)
    return [
        Claim(
            "Fast geometric ensembling trains high-performing ensembles in the time required to "
            "train a single model",
            f"after the same {int(_last(data)['epochs'][0])} epochs from the same start the "
            f"ensemble is right in {100 * together.mean():.2f} % of the test images, a single "
            f"network in {100 * single.mean():.2f} %: {_percent(gain)} over {len(single)} starts",
            judged(_positive(gain)),
        ),
        Claim(
            "The networks met on the walk gain by answering together",
            f"together {_percent(lift)} above their mean alone",
            judged(_positive(lift)),
        ),
        Claim(
            "The ensemble's probabilities are better than a single network's (by the test loss; "
            "this toolkit's question)",
            f"the test loss is {less.value:.3f} ± {less.error:.3f} lower than that of the single "
            "network",
            judged(_positive(less)),
        ),
        Claim(
            "It improves on snapshot ensembles",
            "snapshot ensembles are not trained here",
            "not tested",
        ),
    ]


def _positive(found: Estimate) -> bool | None:
    """Whether there is a gain; None within two standard errors of none."""
    resolved = np.isfinite(found.error) and abs(found.value) > 2 * found.error
    return bool(found.value > 0) if resolved else None


def _percent(found: Estimate) -> str:
    return f"{100 * found.value:+.2f} ± {100 * found.error:.2f} points"


def figures(findings: Findings) -> Sequence[Drawing]:
    """Accuracy and loss over the number of members, means of the starts with standard errors."""
    figure, panels = blank(1, 2, (9.0, 3.8))
    names = (("test_metric", "test accuracy"), ("test_loss", "test loss"))
    with house_style():
        for axes, (name, label) in zip(panels, names, strict=True):
            _panel(axes, findings.data, name)
            axes.set(xlabel="members", ylabel=label)
            axes.xaxis.get_major_locator().set_params(integer=True)
        handles, labels = panels[1].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
    caption = "Test accuracy and loss over the number of members."
    return [Drawing("fast_ensembling", caption, figure)]


def _panel(axes: Any, data: xr.Dataset, name: str) -> None:
    members = data.isel(network=data["network"].values == "member")
    numbers, count = members["member"].values[0], np.sqrt(data.sizes["start"])
    looks = ((name, ORANGE, "one alone", "o", ""), (f"ensemble_{name}", BLUE, "together", "s", "-"))
    for column, colour, label, marker, dash in looks:
        mean, error = members[column].mean("start"), members[column].std("start", ddof=1) / count
        look: dict[str, Any] = {"color": colour, "marker": marker, "ls": dash, "capsize": 2}
        axes.errorbar(numbers, mean, yerr=error, label=label, **look)
    single = _compared(data, name)["single network, same budget"]
    height, half = float(single.mean()), float(single.std(ddof=1) / count)
    axes.axhline(height, color=VERMILION, ls="--", label="single network, same budget")
    axes.axhspan(height - half, height + half, color=VERMILION, alpha=0.15, lw=0)
