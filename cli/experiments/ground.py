"""What experiments stand on: networks trained from several seeds, and low paths between pairs.

Pairs share no network, so that they are independent and a mean over them has an honest error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..ladder import part
from ..net.source import Source, Value
from .asked import Asked

if TYPE_CHECKING:
    from torch import Tensor

    from ...nets.path_methods import Method
    from ...nets.problem import Problem
    from ...nets.recipe import Recipe


@dataclass(frozen=True)
class Networks:
    """Which problem (a preset's name and settings), how it is trained, how many networks.

    training: what is other than the preset's recipe.  search: of a band or curve, other than usual.
    """

    reference: str
    count: int
    settings: Mapping[str, Value] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    search: Mapping[str, Any] = field(default_factory=dict)

    @property
    def recipe(self) -> "Recipe":
        """The preset's, with what is changed."""
        from ...nets.presets import preset

        return replace(preset(self.reference).recipe, **self.training)

    @property
    def told(self) -> dict[str, Any]:
        """All of it, for ``config.toml``."""
        recipe = vars(self.recipe)
        told = {"problem": self.reference, "networks": self.count, **self.settings}
        return told | {"training": dict(recipe), "search": dict(self.search)}


@dataclass(frozen=True)
class Ground:
    """Networks, as they are asked for; what is found is kept in stages.

    No stage is made within another, whose time it would be counted in.
    """

    networks: Networks
    asked: Asked

    @cached_property
    def problem(self) -> "Problem":
        """The problem, on the device that was asked for."""
        made = Source(self.networks.reference, self.networks.settings, self.asked.data)
        return made.problem(self.asked.device)

    @property
    def seeds(self) -> list[int]:
        """Of the networks; no two experiments with different seeds share one."""
        first = self.asked.seed * self.networks.count
        return list(range(first, first + self.networks.count))

    @cached_property
    def minima(self) -> "Tensor":
        """The trained networks (count, P)."""
        return self.problem.tensor(self.asked.stage("minima", self._train)["points"].values)

    @property
    def pairs(self) -> "list[tuple[Tensor, Tensor]]":
        """The networks two by two, each in one pair."""
        minima = self.minima
        return [(minima[i], minima[i + 1]) for i in range(0, len(minima) - 1, 2)]

    def path(self, pair: int, method: "Method" = "autoneb") -> xr.Dataset:
        """Points (pivot, P), and the dense profile: s, loss (along)."""
        ends = self.pairs[pair]
        return self.asked.stage(f"{method}-{pair}", lambda: self._find(ends, pair, method))

    def _train(self) -> xr.Dataset:
        from ...nets.training import train
        from ...nets.training_run import Moment, Watch

        def moment(now: Moment) -> None:
            share = now.epoch / max(now.epochs, 1)
            self.asked.progress(f"training, epoch {now.epoch} of {now.epochs}", share)

        found = train(self.problem, self.networks.recipe, self.seeds, watch=Watch(moment=moment))
        return xr.Dataset(
            {
                "points": (("network", "parameter"), found.points),
                "loss": ("network", found.loss, {"units": "loss"}),
                "gradient_norm": ("network", found.gradient_norm),
            },
            {"network": self.seeds},
        )

    def _find(self, ends: "tuple[Tensor, Tensor]", pair: int, method: "Method") -> xr.Dataset:
        from ...nets.path_methods import path_settings
        from ...nets.paths import find_path

        settings = path_settings(method, **self.networks.search)
        tick = part(self.asked.progress, f"{method} of pair {pair + 1}", 0.0, 1.0)
        found = find_path(
            *(self.problem, *ends, method, settings),
            seed=self.asked.seed,
            progress=lambda words, share: tick(share),
        )
        points = found.points.double().cpu().numpy()
        return xr.Dataset(
            {
                "points": (("pivot", "parameter"), points),
                "s": ("along", np.asarray(found.s), {"units": "length"}),
                "loss": ("along", np.asarray(found.losses), {"units": "loss"}),
            },
            attrs={"barrier": found.barrier, "distance": found.distance},
        )
