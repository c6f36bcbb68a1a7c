"""Rows of several sizes and the row that they tend to."""

import math
from collections.abc import Sequence
from typing import Any

from ..options import warn

FEWEST = 3  # sizes: through two every line goes


def with_limits(
    rows: Sequence[dict[str, Any]], names: Sequence[str], asked: Sequence[float]
) -> list[dict[str, Any]]:
    """The rows, then one of size inf for each load that was ``asked`` for, margin and temperature.

    names: of the quantities that are extrapolated in 1/N, each with its <name>_stderr.  ``p_value``
    becomes a field of every row: the least chance, over its quantities, that sizes which lie on a
    line scatter as far from it.  Rows that did not come, after an interruption, leave no limit.
    """
    sizes = len({row["size"] for row in rows})
    groups: dict[tuple[float, ...], list[dict[str, Any]]] = {}
    for row in rows:
        load = min(asked, key=lambda alpha: abs(alpha - row["alpha"]))
        groups.setdefault((load, row["kappa"], row["beta"]), []).append(row)
    limits = [
        _limit(load, group, names) for (load, *_), group in groups.items() if len(group) == sizes
    ]
    if any(row["alpha"] != load for (load, *_), group in groups.items() for row in group):
        warn("round(alpha N) is not alpha N at every size: the limit mixes loads; take other sizes")
    return [row | {"p_value": math.nan} for row in rows] + limits


def _limit(load: float, group: list[dict[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """One row for N = ∞; what belongs to a single size is NaN."""
    from ...sims.perceptron.finite_size import extrapolated
    from ...theory.estimate import Estimate

    sizes, first = [row["size"] for row in group], group[0]
    found: dict[str, Any] = dict.fromkeys(first, math.nan)
    found |= {"alpha": load, "kappa": first["kappa"], "beta": first["beta"], "size": math.inf}
    chances, lines = [], True
    for name in names:
        values = [Estimate(row[name], row[f"{name}_stderr"], "sim") for row in group]
        if all(each.error == 0 for each in values):  # exact at every size, such as no energy
            found |= {name: first[name], f"{name}_stderr": 0.0}
        elif all(each.error > 0 for each in values):
            fit = extrapolated(sizes, values)
            found |= {name: float(fit.limit.value), f"{name}_stderr": float(fit.limit.error)}
            chances.append(fit.p_value)
            lines = lines and fit.is_line
    found |= {"samples": sum(row["samples"] for row in group), "replicas": first["replicas"]}
    found["converged"] = lines and all(row["converged"] for row in group)
    return found | {"p_value": min(chances, default=math.nan)}
