"""Which barrier lasts longer as branches part later: of the loss, of the error, of curvature.

Branches of one training that part at epoch k and see other minibatches from there on; barriers on
the straight line between their ends (:mod:`entropic.nets.barriers`), means over trunks of other
seeds. Two measures of how long a barrier lasts: the first k at which its mean is within two
standard errors of zero; and the first k at which it is below half of what it is at the first k.
The rate drops by five at 0.3 of the training (the paper's schedule), which bounds both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..record import Record
from .asked import Asked
from .findings import Claim, Drawing, Findings, Verdict, judged
from .ground import Ground, Networks
from .registry import CONFINEMENT

if TYPE_CHECKING:
    from ...nets.branching import Branching

NAME = "entropic-barriers"
KINDS = {
    "loss_barrier": "loss",
    "error_barrier": "test error",
    "lambda_max_barrier": "λ_max",
    "trace_barrier": "tr H",
}
ENERGETIC, ENTROPIC = ("loss_barrier", "error_barrier"), ("lambda_max_barrier", "trace_barrier")
FEW = 2.0  # standard errors


@dataclass(frozen=True)
class Size:
    """networks (a trunk each), the epochs at which branches part, places of a line."""

    networks: Networks
    epochs: tuple[int, ...]
    places: int = 11
    probes: int = 16


SIZES = {
    "default": Size(
        Networks(
            "digits-mlp",
            5,
            {"width": 32, "decay": 1e-4},
            {"batch": 16, "rate": 0.1, "gradient_norm": None},
        ),
        (0, 10, 20, 30, 40, 50, 55, 60, 80, 100),
    ),
    "paper": Size(Networks("cifar10-wrn16-4", 3), (0, 1, 2, 5, 10, 20, 40, 60, 80, 100), 31),
}


def run(asked: Asked) -> Findings:
    """Branch at every epoch; a stage for each."""
    size = SIZES[asked.preset]
    ground = Ground(size.networks, asked)
    branches = _Branches(ground, size)
    found = [
        asked.stage(f"epoch-{k:04}", lambda k=k: branches.at(k))  # type: ignore[misc]
        for k in size.epochs
    ]
    data = xr.concat(found, "branch_epoch")
    means = mean_rows(data)
    lasting = [_lasting(means, name) for name in KINDS]
    settings = size.networks.told | {
        "branch_epochs": size.epochs,
        "places": size.places,
        "probes": size.probes,
    }
    told = f"{size.networks.count} trunks of {ground.problem.name}, "
    told += f"{ground.problem.layout.size} weights (published: CIFAR-10 networks)"
    rows = [*lasting, *means]
    return Findings(NAME, CONFINEMENT, rows, _claims(means, lasting), data, settings, told)


@dataclass
class _Branches:
    """Branchings one after the other; the trunk goes on where it was."""

    ground: Ground
    size: Size
    last: "Branching | None" = None

    def at(self, epoch: int) -> xr.Dataset:
        """Rows of ``entropic net branch`` as columns (seed), and everything along the lines."""
        from ...nets.branching import LineSettings, branchings
        from ..net.branch_rows import branch_dataset, branch_record

        line = LineSettings(self.size.places, self.size.probes, seed=self.ground.asked.seed)
        (done,) = branchings(
            *(self.ground.problem, self.size.networks.recipe, [epoch], self.ground.seeds, line),
            trunk=self.last.trunk if self.last else None,
            progress=self.ground.asked.progress,
        )
        self.last = done
        record = branch_record([done], {})
        along = branch_dataset(record, [done]).isel(branch_epoch=0)
        names = [name for name in record.names if name not in ("branch_epoch", "seed")]
        columns = {name: ("seed", np.array(record.column(name), float)) for name in names}
        return xr.Dataset(columns).assign(along.drop_vars("distance")).assign_attrs({})


def record_of(data: xr.Dataset, parameters: dict[str, Any]) -> Record:
    """The rows of ``entropic net branch`` again."""
    names = [name for name in data.data_vars if data[name].dims == ("branch_epoch", "seed")]
    rows = [
        {"branch_epoch": int(k), "seed": int(seed)}
        | {str(name): float(data[name].sel(branch_epoch=k, seed=seed)) for name in names}
        for k in data["branch_epoch"].values
        for seed in data["seed"].values
    ]
    return Record("branch", parameters, rows)


def mean_rows(data: xr.Dataset) -> list[dict[str, Any]]:
    """Means over the seeds at every epoch, as ``entropic net branch --mean`` has them."""
    from ..net.branch_rows import mean_record

    return [{"barrier": "", **row} for row in mean_record(record_of(data, {})).rows]


def gone(means: list[dict[str, Any]], name: str) -> int | None:
    """The first k at which the barrier is within two standard errors of zero; None for never."""
    for row in means:
        if row[name] <= FEW * row[f"{name}_stderr"]:
            return int(row["branch_epoch"])
    return None


def halved(means: list[dict[str, Any]], name: str) -> int | None:
    """The first k from which on the barrier is below half its first value; None for never."""
    above = [i for i, row in enumerate(means) if row[name] >= means[0][name] / 2]
    after = above[-1] + 1 if above else 0
    return int(means[after]["branch_epoch"]) if after < len(means) else None


def _lasting(means: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return {
        "barrier": KINDS[name],
        "gone_from": gone(means, name),
        "halved_by": halved(means, name),
    }


def _claims(means: list[dict[str, Any]], lasting: list[dict[str, Any]]) -> list[Claim]:
    there = [row for row in means if row["loss_barrier"] > FEW * row["loss_barrier_stderr"]]
    last = there[-1] if there else means[0]
    falls = {
        name: last[name] / means[0][name] if means[0][name] else np.nan
        for name in ("loss_barrier", *ENTROPIC)
    }
    by_name = dict(zip(KINDS, lasting, strict=True))
    return [
        Claim(
            "Entropic barriers persist to later branching epochs than energetic ones",
            _told(by_name, "gone_from", "within two standard errors of zero from"),
            _verdict(by_name, "gone_from"),
        ),
        Claim(
            "As the branching epoch grows, loss instability disappears first, curvature "
            "instability persists longer",
            _told(by_name, "halved_by", "below half of its first value from"),
            _verdict(by_name, "halved_by"),
        ),
        Claim(
            "Entropic barriers fade more slowly than energetic ones",
            f"at k = {last['branch_epoch']}, the last at which there is a loss barrier, the loss "
            f"barrier is {falls['loss_barrier']:.2g} of its first value, that of λ_max "
            f"{falls['lambda_max_barrier']:.2g}, of tr H {falls['trace_barrier']:.2g}",
            judged(*(bool(falls[name] > falls["loss_barrier"]) for name in ENTROPIC)),
        ),
    ]


def _told(lasting: dict[str, dict[str, Any]], measure: str, words: str) -> str:
    parts = [
        f"{row['barrier']} {'at no k' if row[measure] is None else f'k = {row[measure]}'}"
        for row in lasting.values()
    ]
    return f"{words}: " + ", ".join(parts)


def _verdict(lasting: dict[str, dict[str, Any]], measure: str) -> Verdict:
    """Every entropic barrier against every energetic one; later is persistent, None latest."""

    def when(name: str) -> float:
        found = lasting[name][measure]
        return np.inf if found is None else found

    pairs = [(when(a), when(b)) for a in ENTROPIC for b in ENERGETIC]
    return judged(*(bool(a > b) if np.isfinite(b) else None for a, b in pairs))


def figures(findings: Findings) -> Sequence[Drawing]:
    """The figure of ``entropic net branch``."""
    from ..pictures.branch import figure

    told = {"problem": {"reference": findings.settings["problem"]}}
    caption = "Barriers on the line between two branches, over the epoch at which they part."
    return [Drawing("entropic_barriers", caption, figure(record_of(findings.data, told)))]
