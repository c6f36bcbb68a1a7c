"""What ``entropic net volume`` has to do: the points of a folder, one after the other."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..progress import bar
from ..sim.kept_state import KeptState
from .folders import POINTS, Opened, read_minima, read_path
from .source import Source
from .volume_rows import VolumeRecord, record, row_of

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ...nets.problem import Problem

    Point = tuple[dict[str, Any], Tensor, Tensor | None]

AGREED = 1.1  # R-hat beyond which chains have not seen the same law
HALF = 0.5  # of the variance


@dataclass
class VolumeWork:
    """``points``: what to call each, where it is, and the normal across which nothing moves."""

    problem: "Problem"
    points: "list[Point]"
    parameters: dict[str, Any]
    rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of_folder(
        cls, folder: Path, source: Source, device: str, asked: Mapping[str, Any]
    ) -> "VolumeWork":
        """A folder with a path is one; any other, one of minima."""
        from ...nets.gradient_noise import minibatch_factor
        from ...nets.learning_coefficient import usual_weight

        opened: Opened
        if (folder / POINTS).exists():
            opened = found = read_path(folder, source, device)
            points = _along(found.points, asked["at"] or [0.0, 1.0], bool(asked["along"]))
        else:
            if asked["at"] is not None or asked["along"]:
                msg = "--at and --along are for a path; this folder holds minima."
                raise click.UsageError(msg)
            opened = single = read_minima(folder, source, device)
            points = [({"minimum": name}, theta, None) for name, theta in single.points.items()]
        problem = opened.problem
        if asked["sampler"] == "sgld":
            minibatch_factor(asked["batch"], problem.samples)  # refuses what is no part of them
        weight = usual_weight(problem.samples)
        if asked["beta"] is not None:
            weight = problem.samples * asked["beta"]
        if asked["temperature"] is not None:
            weight = 1 / asked["temperature"]
        told = {
            "folder": str(folder),
            "problem": opened.source.as_table(),
            "samples": problem.samples,
            "directions": problem.layout.size,
            "decay": problem.decay,
            "normalisation": problem.normalisation,
            "weight": weight,
            "beta": weight / problem.samples,
            "floor": asked["localisation"] / weight,
            "device": device,
        }
        settings = {k: v for k, v in asked.items() if k not in ("beta", "temperature")}
        return cls(problem, points, settings | told)

    @property
    def stamp(self) -> dict[str, Any]:
        """What a kept state belongs to: all parameters, and the weights."""
        whole = hashlib.sha256()
        for _, theta, _ in self.points:
            whole.update(theta.cpu().numpy().tobytes())
        return self.parameters | {"weights": whole.hexdigest()}

    def measure(
        self, kept: KeptState | None, state: "Mapping[str, np.ndarray] | None"
    ) -> list[dict[str, Any]]:
        """A row for every point; kept after each."""
        import numpy as np

        if state is not None:
            self.rows = json.loads(bytes(state["rows"]).decode())
        with bar("volume") as progress:
            for i, (head, theta, normal) in list(enumerate(self.points))[len(self.rows) :]:
                label = f"point {i + 1} of {len(self.points)}"

                def tick(part: float, label: str = label, i: int = i) -> None:
                    progress(label, (i + part) / len(self.points))

                tick(0.0)
                self.rows.append(head | row_of(self.problem, theta, normal, self.parameters, tick))
                if kept is not None:
                    text = json.dumps(self.rows).encode()
                    kept.keep({"rows": np.frombuffer(text, np.uint8)})
        return self.rows

    def doubts(self) -> list[str]:
        """Warnings about the rows."""
        return _doubts(self.rows)

    def record(self, rows: list[dict[str, Any]] | None = None) -> VolumeRecord:
        """The rows, with what was asked."""
        return record(self.rows if rows is None else rows, self.parameters)


def _doubts(rows: list[dict[str, Any]]) -> list[str]:
    """What makes the numbers less than they seem, a line each."""
    found = []
    worst = max(row["r_hat"] for row in rows)
    if worst > AGREED:
        found.append(
            f"chains have not met: R-hat up to {worst:.3g}; raise --steps or --localisation"
        )
    steep = [row for row in rows if (row["slope_entropy"] or 0) > row["volume_entropy_stderr"]]
    if steep:
        row = max(steep, key=lambda row: float(row["slope_entropy"]))
        found.append(
            f"the gradient left by training gives up to {row['slope_entropy']:.3g} nats "
            f"({len(steep)} of {len(rows)} points), more than the error "
            f"{row['volume_entropy_stderr']:.2g}; train on or raise the temperature"
        )
    coarse = [row["volume_entropy_quadrature"] / row["volume_entropy_stderr"] for row in rows]
    if max(coarse) ** 2 > HALF:
        found.append("the error is more that of the intervals than of the draws; raise --intervals")
    return found


def _along(points: "Tensor", shares: list[float], along: bool) -> "list[Point]":
    from ...nets.polyline import Polyline

    path = Polyline(points)
    found: list[Point] = []
    for share in shares:
        if not 0 <= share <= 1:
            msg = f"--at takes shares of the path's length, from 0 to 1; one is {share:g}."
            raise click.UsageError(msg)
        s = share * path.length
        normal = None if along else path.tangent(s)
        found.append(({"s": s, "fraction": share}, path.at(s), normal))
    return found
