"""A comparison on a network so small that all of it takes seconds."""

from entropic.cli.rungs.net_settings import Condition, Settings

TINY = Settings(
    problem="digits-mlp",
    options={"samples": 64, "width": 4},
    recipe={"epochs": 30, "gradient_norm": 0.05},
    search={"pivots": 5, "cycles": 1, "steps": 20, "batch": 64, "rate": 0.05, "last_rate": 0.05},
    beads=61,
    cycle=3,
    starts=(0.3, 0.6),
    conditions=(
        Condition(0.05, 8),
        Condition(0.05, 16),
        Condition(0.05, 16, noise="none", starts=(0.6,)),
    ),
    positions=3,
    fine=61,
    profile=5,
    probes=4,
    drift_replicas=32,
    replicas=16,
    horizon=30,
)
