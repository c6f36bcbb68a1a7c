"""What ``entropic net curvature`` has to do: the points of a folder, and their measurement."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..progress import bar
from ..sim.kept_state import KEEP_EVERY, KeptState
from .curvature_rows import CurvatureRecord, record
from .folders import POINTS, Opened, read_minima, read_path
from .source import Source

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ...nets.curvature_profile import CurvatureTable
    from ...nets.curvature_settings import CurvatureSettings
    from ...nets.polyline import Polyline
    from ...nets.problem import Problem

State = Mapping[str, Any]


@dataclass
class CurvatureWork:
    """A path with ``positions`` (m,) on it, or ``minima`` by name; ``parameters`` say all of it."""

    problem: "Problem"
    settings: "CurvatureSettings"
    parameters: dict[str, Any]
    path: "Polyline | None"
    positions: "np.ndarray"
    minima: "Mapping[str, Tensor]"
    _state: State = field(default_factory=dict)

    @classmethod
    def of_folder(
        cls,
        folder: Path,
        source: Source,
        device: str,
        statistics: Any,
        positions: int | None,
        settings: "CurvatureSettings",
    ) -> "CurvatureWork":
        """A folder with a path is one; any other, one of minima."""
        import numpy as np

        from ...nets.polyline import Polyline
        from ...nets.score_rows import usual_labels

        path, where = None, np.empty(0)
        minima: Mapping[str, Tensor] = {}
        opened: Opened
        if (folder / POINTS).exists():
            opened = found = read_path(folder, source, device)
            path = Polyline(found.points)
            where = path.arc if positions is None else np.linspace(0, path.length, positions)
        else:
            opened = single = read_minima(folder, source, device)
            minima = single.points
        problem = opened.problem
        if statistics is not None:
            problem = replace(problem, statistics=statistics)
        if settings.score_labels is None:
            settings = replace(settings, score_labels=usual_labels(problem))
        told = {
            "folder": str(folder),
            "problem": opened.source.as_table(),
            "metric_name": problem.metric_name,
            "normalisation": problem.normalisation,
            "block": problem.block,
            "decay": problem.decay,
            "samples": problem.samples,
            "directions": problem.layout.size,
            "device": device,
            "type": str(problem.dtype).removeprefix("torch."),
        }
        if path is not None:
            told |= {"length": path.length, "positions": where.tolist()}
        return cls(problem, settings, told | _told(settings), path, where, minima)

    @property
    def count(self) -> int:
        """Number of points."""
        return len(self.minima) if self.path is None else len(self.positions)

    @property
    def done(self) -> int:
        """Points that are finished."""
        return len(self.table_so_far())

    @property
    def stamp(self) -> dict[str, Any]:
        """What a kept state belongs to: all parameters, and the weights."""
        points = self.minima.values() if self.path is None else self.path.points
        whole = hashlib.sha256()
        for point in points:
            whole.update(point.cpu().numpy().tobytes())
        return self.parameters | {"weights": whole.hexdigest()}

    def measure(self, kept: KeptState | None, state: State | None) -> "CurvatureTable":
        """The whole table; the state is kept now and then, and when something ends it early."""
        from ...nets.curvature_profile import minima_curvature, path_curvature

        self._state = state or {}
        last = time.monotonic()

        def keep(state: State) -> None:
            nonlocal last
            self._state = state
            if kept is not None and time.monotonic() - last > KEEP_EVERY:
                kept.keep(state)
                last = time.monotonic()

        with bar("curvature") as progress:

            def tick(fraction: float) -> None:
                progress(f"point {round(fraction * self.count)} of {self.count}", fraction)

            tick(self.done / self.count)
            how: dict[str, Any] = {"state": state, "keep": keep, "progress": tick}
            try:
                if self.path is None:
                    return minima_curvature(self.problem, self.minima, self.settings, **how)
                return path_curvature(self.problem, self.path, self.positions, self.settings, **how)
            except BaseException:
                if kept is not None and self._state:
                    kept.keep(self._state)
                raise

    def table_so_far(self) -> "CurvatureTable":
        """What is finished."""
        from ...nets.curvature_profile import table_so_far

        return table_so_far(self.problem, self.settings, self._state)

    def record(self, table: "CurvatureTable", *, interrupted: bool = False) -> CurvatureRecord:
        """The table as rows."""
        flag = {"interrupted": True, "done": len(table)} if interrupted else {}
        if self.path is None:
            heads: list[dict[str, Any]] = [{"minimum": name} for name in self.minima]
        else:
            heads = [
                {"s": float(s), "fraction": float(s) / self.path.length} for s in self.positions
            ]
        return record(table, heads, self.parameters | flag)


def _told(settings: "CurvatureSettings") -> dict[str, Any]:
    """The settings as JSON can say them."""
    told = asdict(replace(settings, rule=None))
    rule = settings.rule
    told["rule"] = "shared" if rule is None else rule.name
    for name in ("rank", "epsilon"):
        if hasattr(rule, name):
            told[f"rule_{name}"] = getattr(rule, name)
    return told
