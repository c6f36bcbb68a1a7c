"""Projected SGD set down inside a low path: does it relax to the ends, how fast, and what moves it.

k = 15 steps, then back onto the path (:mod:`entropic.nets.relaxing`); the path is the cubic spline
through AutoNEB's pivots. Starts at depths d (fractions of the length) from either end; displacement
counts towards the nearer end, and both sides are taken together. Beside plain SGD stands the same
without noise (gradients of all samples): what is left between the two is the noise's doing. A
replica within ``reach`` of its nearer end has arrived; one that has not until the horizon is
censored there.

One η for plain SGD and for momentum β is no comparison of like with like: momentum multiplies the
mean step by 1/(1 − β). So both are compared at one η/(1 − β) as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...theory.estimate import Array, Estimate, mean_estimate
from ...theory.path import Path
from ..figures import COLOURS, DASHES, blank, house_style
from ..ladder import part
from .asked import Asked
from .findings import Drawing, Findings
from .ground import Ground, Networks
from .registry import CONFINEMENT
from .relaxation_claims import claims

if TYPE_CHECKING:
    from ...nets.path_methods import Method
    from ...nets.path_run import PathRun
    from ...nets.sgd import ProjectedSGD

NAME = "relaxation"
BETA = 0.9
Algorithm = Mapping[str, Any]
"""Fields of ``nets.ProjectedSGD``."""

BASE: dict[str, Any] = {"step": 0.02, "batch": 16}
ALGORITHMS: dict[str, Algorithm] = {
    "baseline": BASE,
    "no noise": BASE | {"noise": "none"},
    "level": BASE | {"level": True},
    "B=256": BASE | {"batch": 256},
    "η=0.01": BASE | {"step": 0.01},
    "η=0.05": BASE | {"step": 0.05},
    "Nesterov": BASE | {"optimizer": "nesterov", "momentum": BETA},
    "Nesterov, same η/(1-β)": BASE | {"step": 0.002, "optimizer": "nesterov", "momentum": BETA},
    "Adam, η=0.001": BASE | {"step": 0.001, "optimizer": "adam"},
    "Adam, η=0.0001": BASE | {"step": 0.0001, "optimizer": "adam"},
}
HOT: dict[str, Algorithm] = {
    "hot": {"step": 0.2, "batch": 4},
    "hot, no noise": {"step": 0.2, "batch": 4, "noise": "none"},
    "hot, level": {"step": 0.2, "batch": 4, "level": True},
}


@dataclass(frozen=True)
class Size:
    """networks and path; algorithms by name; replicas of a start (one without noise); cycles."""

    networks: Networks
    algorithms: Mapping[str, Algorithm] = field(default_factory=lambda: ALGORITHMS)
    depths: tuple[float, ...] = (0.05, 0.1, 0.2, 0.35)
    replicas: int = 6
    horizon: int = 200
    every: int = 10
    reach: float = 0.02
    beads: int = 401
    method: "Method" = "autoneb"


SIZES = {
    "default": Size(
        Networks(
            "digits-mlp",
            2,
            {"width": 32, "decay": 1e-4},
            {"batch": 16, "rate": 0.1, "gradient_norm": None},
        ),
        ALGORITHMS | HOT,
    ),
    "paper": Size(Networks("cifar10-wrn16-4", 2), horizon=2000, replicas=8),
}


def run(asked: Asked) -> Findings:
    """Train, connect, relax by every algorithm."""
    size = SIZES[asked.preset]
    watch = Watch(Ground(size.networks, asked), size)
    path = watch.path  # stages of its own
    found = [
        asked.stage(f"relax-{i:02}", lambda i=i, name=name: watch.relaxed(name, i))  # type: ignore[misc]
        for i, name in enumerate(size.algorithms)
    ]
    data = xr.concat(found, "algorithm").assign_coords(algorithm=list(size.algorithms))
    data.attrs = {"length": path.length}
    data["path_loss"] = ("bead", watch.profile, {"units": "loss"})
    rows = [row for name in size.algorithms for row in _rows(data.sel(algorithm=name), size)]
    settings = size.networks.told | {
        **{"depths": size.depths, "replicas": size.replicas, "horizon": size.horizon},
        **{"reach": size.reach, "beads": size.beads, "method": size.method, "cycle": 15},
        "algorithms": {name: dict(one) for name, one in size.algorithms.items()},
    }
    problem = watch.ground.problem
    told = f"one path of {problem.name}, {problem.layout.size} weights, {size.replicas} replicas a "
    told += f"start, {size.horizon} cycles (published: CIFAR networks)"
    return Findings(NAME, CONFINEMENT, rows, claims(rows), data, settings, told)


@dataclass(frozen=True)
class Watch:
    """Replicas on one path."""

    ground: Ground
    size: Size

    @cached_property
    def path(self) -> Path:
        """The smooth one."""
        found = self.ground.path(0, self.size.method)
        return Path(found["points"].values).smoothed(self.size.beads)

    @property
    def profile(self) -> Array:
        """The landscape's loss at the beads."""
        return self._profile["loss"].values

    @cached_property
    def _profile(self) -> xr.Dataset:
        return self.ground.asked.stage("profile", self._losses)

    def _losses(self) -> xr.Dataset:
        from ...nets.many_points import ManyPoints

        problem = self.ground.problem
        points = problem.tensor(self.path.points)
        losses = np.asarray(ManyPoints(problem).losses(points).cpu(), float)
        return xr.Dataset({"loss": ("bead", losses, {"units": "loss"})})

    def algorithm(self, name: str) -> "ProjectedSGD":
        """As it is run."""
        from ...nets.sgd import ProjectedSGD

        return ProjectedSGD(**self.size.algorithms[name])

    def relaxed(self, name: str, number: int) -> xr.Dataset:
        """Towards the nearer end, fraction of the length (depth, replica, clock); arrivals."""
        from ...nets.relaxing import relax

        size, path, sgd = self.size, self.path, self.algorithm(name)
        copies = 1 if sgd.noise == "none" else size.replicas
        depths = np.repeat(size.depths, 2 * copies)
        far = np.tile(np.repeat([False, True], copies), len(size.depths))
        start = path.length * np.where(far, 1 - depths, depths)
        reach = size.reach * path.length
        tick = part(self.ground.asked.progress, f"relaxation, {name}", 0.0, 1.0)
        found = relax(
            *(self.ground.problem, path, start, sgd, size.horizon),
            seed=1000 * self.ground.asked.seed + number,
            inside=(reach, path.length - reach),
            every=size.every,
            progress=tick,
        )
        return self._told(found, far, copies)

    def _told(self, found: "PathRun", far: Array, copies: int) -> xr.Dataset:
        moved = (found.s - found.s[:, :1]) / self.path.length
        toward = np.where(far[:, None], moved, -moved)
        arrived = np.where(found.side == np.where(far, 1, -1), found.passage, np.inf)
        shape = (len(self.size.depths), 2 * copies)
        spare = 2 * (self.size.replicas - copies)

        def padded(values: Array) -> Array:
            """As many replicas as others have; NaN where there is none."""
            values = values.reshape(*shape, *values.shape[1:])
            width = [(0, 0), (0, spare)] + [(0, 0)] * (values.ndim - 2)
            return np.pad(values, width, constant_values=np.nan)

        return xr.Dataset(
            {
                "toward": (("depth", "replica", "clock"), padded(toward)),
                "arrived": (("depth", "replica"), padded(arrived), {"units": "cycles"}),
                "loss": (("depth", "replica", "clock"), padded(found.loss), {"units": "loss"}),
            },
            {"depth": list(self.size.depths), "clock": ("clock", found.clock)},
        )


def _rows(one: xr.Dataset, size: Size) -> list[dict[str, Any]]:
    name = str(one["algorithm"].values)
    sgd = size.algorithms[name]
    beta = sgd.get("momentum", 0.0) if sgd.get("optimizer", "sgd") != "sgd" else 0.0
    adam = sgd.get("optimizer") == "adam"
    rows = []
    for depth in size.depths:
        at = one.sel(depth=depth)
        toward, climbed = _last(at["toward"]), _last(at["loss"] - at["loss"].isel(clock=0))
        arrived = at["arrived"].values[~np.isnan(at["arrived"].values)]
        waited = _mean(np.minimum(arrived, size.horizon))
        rows.append(
            {
                "algorithm": name,
                "step": sgd["step"],
                "step_over_1_minus_beta": None if adam else sgd["step"] / (1 - beta),
                "batch": sgd["batch"],
                "depth": depth,
                "toward_end": float(toward.value),
                "toward_end_stderr": float(toward.error),
                "loss_change": float(climbed.value),
                "loss_change_stderr": float(climbed.error),
                "arrived": float(np.isfinite(arrived).mean()),
                "mean_time": float(waited.value),
                "mean_time_stderr": float(waited.error),
                "horizon": size.horizon,
            }
        )
    return rows


def _last(values: xr.DataArray) -> Estimate:
    """Mean over the replicas at the horizon; the two sides as strata."""
    at_end = values.isel(clock=-1).values
    known = at_end[~np.isnan(at_end)]
    half = len(known) // 2
    if half < 2:
        return Estimate(known.mean(), 0.0, "sgd")  # without noise
    sides = [mean_estimate(side, "sgd") for side in (known[:half], known[half:])]
    value = (sides[0].value + sides[1].value) / 2
    return Estimate(value, np.hypot(sides[0].error, sides[1].error) / 2, "sgd")


def _mean(values: Array) -> Estimate:
    if len(values) < 3:
        return Estimate(values.mean(), 0.0, "sgd")
    return mean_estimate(values, "sgd")


def figures(findings: Findings) -> Sequence[Drawing]:
    """The loss along the path and displacements by algorithm; then both over the cycles."""
    data = findings.data
    first, panels = blank(1, 2, (10.0, 4.6))
    beads = data["path_loss"].values
    with house_style():
        panels[0].plot(np.linspace(0, 1, len(beads)), beads, color=COLOURS[0])
        panels[0].set(xlabel="position (fraction of length)", ylabel="loss on the path")
        for depth in data["depth"].values:
            for s in (depth, 1 - depth):
                panels[0].axvline(s, color="#999999", lw=0.8, ls=":")
        _towards(panels[1], findings)
        first.legend(loc="outside lower center", fontsize=8, ncols=5, handlelength=4)
    some = bool(np.isfinite(data["arrived"].isel(depth=0)).any())
    second, axes = blank(1, 1 + some, (10.0, 4.6) if some else (6.4, 4.6))
    with house_style():
        _in_time(np.atleast_1d(axes), data.isel(depth=0), findings.settings["horizon"])
        second.legend(loc="outside lower center", fontsize=8, ncols=5 if some else 3)
    depth, reach = float(data["depth"][0]), findings.settings["reach"]
    told = f"From a depth of {depth:g} L: mean displacement"
    told += f"; fraction not yet within {reach:g} L of its end." if some else "; none arrived."
    return [
        Drawing("relaxation", "Loss along the path; displacement towards the nearer end.", first),
        Drawing("relaxation_in_time", told, second),
    ]


def _in_time(panels: Any, start: xr.Dataset, horizon: int) -> None:
    """Mean displacement over the cycles; survival, where any replica arrived."""
    clock = np.linspace(0, horizon, 200)
    for i, name in enumerate(start["algorithm"].values):
        one = start.sel(algorithm=name)
        panels[0].plot(one["clock"], one["toward"].mean("replica"), label=name, **_look(i))
        arrived = one["arrived"].values[~np.isnan(one["arrived"].values)]
        if len(panels) > 1:
            panels[1].step(clock, [np.mean(arrived > t) for t in clock], where="post", **_look(i))
    panels[0].axhline(0, color="black", lw=0.8)
    panels[0].set_yscale("symlog", linthresh=1e-4)
    panels[0].set(xlabel="cycles", ylabel="towards the nearer end (fraction of length)")
    for axes in panels[1:]:
        axes.set(xlabel="cycles", ylabel="fraction that has not arrived", ylim=(-0.02, 1.05))


def _look(i: int) -> dict[str, Any]:
    return {"color": COLOURS[i % len(COLOURS)], "ls": DASHES[(i // len(COLOURS)) % len(DASHES)]}


def _towards(axes: Any, findings: Findings) -> None:
    """Towards the end over depth, by algorithm, with bars of two standard errors."""
    for i, name in enumerate(findings.data["algorithm"].values):
        rows = [row for row in findings.rows if row["algorithm"] == name]
        depths = [row["depth"] for row in rows]
        values = [row["toward_end"] for row in rows]
        bars = [2 * row["toward_end_stderr"] for row in rows]
        axes.errorbar(depths, values, yerr=bars, marker="o", capsize=2, label=name, **_look(i))
    axes.axhline(0, color="black", lw=0.8)
    axes.set_yscale("symlog", linthresh=1e-3)
    cycles = findings.settings["horizon"]
    axes.set(xlabel="depth of the start (fraction of length)")
    axes.set_ylabel(f"towards the end in {cycles} cycles (fraction)")
