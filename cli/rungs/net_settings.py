"""What ``entropic compare net`` compares: a table of settings by the name of a comparison.

A comparison is a problem, two of its minima, a path between them, and the algorithms that are put
back onto it.  To add one is to add an entry to ``PRESETS``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Scale = Literal["quick", "full"]


@dataclass(frozen=True)
class Condition:
    """An algorithm: the fields of ``nets.ProjectedSGD``, whose docstring says what they mean.

    starts: fractions of the path's length, where other than those of the comparison.
    """

    step: float
    batch: int
    optimizer: str = "sgd"
    momentum: float = 0.9
    noise: str = "minibatch"
    buffers: str = "warm"
    level: bool = False
    starts: tuple[float, ...] = ()

    @property
    def is_control(self) -> bool:
        """Whether the noise or the path is not that of the algorithm as people run it."""
        return self.noise != "minibatch" or self.level


@dataclass(frozen=True)
class Settings:
    """Every number of a comparison; lengths along the path are fractions of its length.

    problem, options: a preset of ``nets`` and its settings; recipe: what its training has other
    than usual; together: whether the two minima are trained as one batched program.  method,
    search: of the path; beads: of the smooth one.  cycle: steps between two projections.
    positions: places, spread evenly, with a full prediction (the starts are added); fine: places of
    the noiseless displacement; profile: places of loss and curvature, with ``probes`` vectors for
    the trace.  drift_replicas: single cycles from every start; replicas, horizon: relaxations and
    their cycles.  distance: from an end of the path, at which a replica has arrived there.
    """

    problem: str
    conditions: tuple[Condition, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    together: bool = True
    method: str = "neb"
    search: Mapping[str, Any] = field(default_factory=dict)
    beads: int = 401
    cycle: int = 15
    starts: tuple[float, ...] = (0.1, 0.2, 0.35, 0.8)
    positions: int = 5
    fine: int = 241
    profile: int = 41
    probes: int = 32
    drift_replicas: int = 4096
    replicas: int = 96
    horizon: int = 120
    distance: float = 0.02


DIGITS = Settings(
    problem="digits-mlp",
    search={
        **{"pivots": 17, "cycles": 2, "steps": 400, "batch": 512},
        **{"rate": 0.05, "last_rate": 0.01, "dense": 3},
    },
    conditions=(
        Condition(0.05, 16),
        Condition(0.05, 32),
        Condition(0.08, 32),
        Condition(0.005, 16, "nesterov"),
        Condition(0.0005, 32, "adam"),
        Condition(0.05, 16, noise="none", starts=(0.35, 0.8)),
        Condition(0.05, 16, noise="isotropic", starts=(0.35, 0.8)),
        Condition(0.05, 16, level=True, starts=(0.35, 0.8)),
    ),
)

NOISY = Settings(
    problem="digits-noisy",
    search={
        **{"pivots": 25, "cycles": 2, "steps": 250, "batch": 512},
        **{"rate": 0.05, "last_rate": 0.02, "dense": 3},
    },
    conditions=(
        Condition(0.1, 32),
        Condition(0.1, 64),
        Condition(0.05, 16),
    ),
    starts=(0.01, 0.02, 0.98, 0.99),  # where the loss is level and the noise is not
    distance=0.002,
)

CIFAR = Settings(
    problem="cifar10-cnn",
    search={
        **{"pivots": 15, "cycles": 2, "steps": 250, "batch": 500},
        **{"rate": 0.05, "last_rate": 0.02, "dense": 3},
    },
    starts=(0.15, 0.3, 0.75),
    conditions=(
        Condition(0.02, 16),
        Condition(0.02, 64),
        Condition(0.002, 16, "nesterov"),
    ),
    positions=2,  # a pass over one costs more than all the replicas
    fine=201,
    profile=21,
    probes=16,
    drift_replicas=512,
    replicas=32,
    horizon=60,
)

PRESETS: dict[str, dict[Scale, Settings]] = {
    "digits-mlp": {
        "quick": DIGITS,
        "full": replace(
            DIGITS,
            starts=(0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9),
            positions=13,
            fine=321,
            profile=81,
            probes=64,
            drift_replicas=32768,
            replicas=512,
            horizon=300,
        ),
    },
    "digits-noisy": {
        "quick": NOISY,
        "full": replace(
            NOISY,
            starts=(0.01, 0.02, 0.04, 0.07, 0.93, 0.96, 0.98, 0.99),
            positions=13,
            fine=321,
            profile=81,
            probes=64,
            drift_replicas=32768,
            replicas=512,
            horizon=300,
        ),
    },
    "cifar10-cnn": {
        "quick": CIFAR,
        "full": replace(
            CIFAR,
            starts=(0.1, 0.15, 0.3, 0.5, 0.75, 0.9),
            positions=9,
            fine=321,
            profile=41,
            drift_replicas=8192,
            replicas=256,
            horizon=200,
        ),
    },
}
