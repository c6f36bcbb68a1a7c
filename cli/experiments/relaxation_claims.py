"""The paper's statements on projected SGD, judged by the rows of the experiment.

Speed of an algorithm: the distance covered until the horizon, whichever way, summed over the depths
of the starts. Ratios of speeds stand for inverse ratios of times; with arrivals censored they are
what can be measured. Two standard errors decide.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...theory.estimate import Estimate
from .findings import Claim, judged

FEW = 2.0  # standard errors
TENFOLD = (5.0, 20.0)  # what passes for about ten times
Row = Mapping[str, Any]


def claims(rows: Sequence[Row]) -> list[Claim]:
    """In the order of the paper; the last are controls of this toolkit."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row["algorithm"], []).append(row)
    found = [
        _pushed(by_name["baseline"]),
        _uphill(by_name["baseline"]),
        _slower_inside(by_name["baseline"]),
        _batches(by_name),
        _rates(by_name),
        _faster(by_name, "Nesterov", "SGD with Nesterov momentum relaxes faster than plain SGD"),
        _like_with_like(by_name),
    ]
    for name in by_name:
        if name.startswith("Adam"):
            found.append(_faster(by_name, name, "Adam relaxes faster than plain SGD"))
    for level in ("level", "hot, level"):
        if level in by_name:
            whole = by_name["baseline" if level == "level" else "hot"]
            found.append(_noise_alone(by_name[level], whole))
    return found


def toward(row: Row) -> Estimate:
    """Displacement towards the nearer end."""
    return Estimate(row["toward_end"], row["toward_end_stderr"], "sgd")


def sign(found: Estimate) -> int:
    """+1 or −1 where it is two standard errors from zero, else 0."""
    return int(np.sign(found.value)) if abs(found.value) > FEW * found.error else 0


def speed(rows: Sequence[Row]) -> Estimate:
    """Distance covered, whichever way, summed over the starts."""
    whole = [toward(row) for row in rows]
    error = np.sqrt(sum(float(one.error) ** 2 for one in whole))
    return Estimate(sum(abs(float(one.value)) for one in whole), error, "sgd")


def quotient(a: Estimate, b: Estimate) -> Estimate:
    """Value of a / b, errors in quadrature to first order."""
    value = float(a.value / b.value)
    return Estimate(value, abs(value) * np.hypot(a.error / a.value, b.error / b.value), "sgd")


def _told(found: Estimate) -> str:
    return f"{float(found.value):.3g} ± {float(found.error):.1g}"


def _by_depth(rows: Sequence[Row]) -> str:
    parts = [f"{row['depth']:g} L: {_told(toward(row))}" for row in rows]
    return "from depth " + ", ".join(parts)


def _pushed(rows: Sequence[Row]) -> Claim:
    signs = [sign(toward(row)) for row in rows]
    return Claim(
        "Models set down inside the path are systematically pushed towards the endpoints",
        f"towards the nearer end, in lengths of the path after {rows[0]['horizon']} cycles: "
        + _by_depth(rows),
        judged(*(None if one == 0 else one > 0 for one in signs)),
    )


def _uphill(rows: Sequence[Row]) -> Claim:
    changes = [Estimate(row["loss_change"], row["loss_change_stderr"], "sgd") for row in rows]
    parts = [f"{row['depth']:g} L: {_told(one)}" for row, one in zip(rows, changes, strict=True)]
    held = [sign(one) > 0 if sign(one) else None for one in changes]
    return Claim(
        "Entropic forces drive models against the gradient: to higher loss",
        "the loss on the path changes, from depth " + ", ".join(parts),
        judged(*held),
    )


def _slower_inside(rows: Sequence[Row]) -> Claim:
    first, last = rows[0], rows[-1]
    told = f"arrived within the horizon: {first['arrived']:.0%} from {first['depth']:g} L, "
    told += f"{last['arrived']:.0%} from {last['depth']:g} L"
    speeds = [toward(row) for row in rows]
    held: bool | None = None
    if all(sign(one) > 0 for one in speeds):
        gap = float(speeds[0].value - speeds[-1].value)
        held = gap > FEW * float(np.hypot(speeds[0].error, speeds[-1].error))
        told += f"; displacements {_told(speeds[0])} and {_told(speeds[-1])}"
    else:
        told += "; not all starts relax towards their end, so that there is no such time"
    return Claim(
        "Relaxation to the endpoint is slower from starts deeper inside the path",
        told,
        judged(held),
    )


def _batches(by_name: Mapping[str, Sequence[Row]]) -> Claim:
    small, large = by_name["baseline"], by_name["B=256"]
    found = quotient(speed(small), speed(large))
    told = f"B = 16 is {_told(found)} times as fast as B = 256"
    if "no noise" in by_name:
        still = by_name["no noise"]
        parts = [_without(rows, still) for rows in (small, large)]
        told += f"; speed from noise alone (less that of the full gradient) {_told(parts[0])} and "
        told += f"{_told(parts[1])}, of {_told(speed(small))}"
    low, high = (float(found.value + side * FEW * found.error) for side in (-1, 1))
    return Claim(
        "Relaxation times at B = 16 and B = 256 differ about tenfold",
        told,
        judged(high >= TENFOLD[0] and low <= TENFOLD[1]),
    )


def _without(rows: Sequence[Row], still: Sequence[Row]) -> Estimate:
    """Speed of what the noise adds at every start."""
    less = [
        {**row, "toward_end": row["toward_end"] - other["toward_end"]}
        for row, other in zip(rows, still, strict=True)
    ]
    return speed(less)


def _rates(by_name: Mapping[str, Sequence[Row]]) -> Claim:
    slow, fast = by_name["η=0.01"], by_name["η=0.05"]
    found = quotient(speed(fast), speed(slow))
    times = fast[0]["step"] / slow[0]["step"]
    return Claim(
        "A larger learning rate relaxes faster: η = 0.05 against η = 0.01",
        f"{_told(found)} times as fast; a force that does not depend on η makes it {times:g}",
        judged(sign(Estimate(found.value - 1, found.error, "sgd")) > 0),
    )


def _faster(by_name: Mapping[str, Sequence[Row]], name: str, statement: str) -> Claim:
    rows, base = by_name[name], by_name["baseline"]
    found = quotient(speed(rows), speed(base))
    told = f"at η = {rows[0]['step']:g} {_told(found)} times as fast as plain SGD at η = "
    told += f"{base[0]['step']:g}"
    return Claim(statement, told, judged(sign(Estimate(found.value - 1, found.error, "sgd")) > 0))


def _like_with_like(by_name: Mapping[str, Sequence[Row]]) -> Claim:
    rows, base = by_name["Nesterov, same η/(1-β)"], by_name["baseline"]
    found = quotient(speed(rows), speed(base))
    return Claim(
        "Momentum amplifies entropic forces, not only the mean step (this toolkit's control: both "
        "at one η/(1 − β))",
        f"at η/(1 − β) = {base[0]['step']:g} Nesterov is {_told(found)} times as fast as plain SGD",
        judged(sign(Estimate(found.value - 1, found.error, "sgd")) > 0),
    )


def _noise_alone(level: Sequence[Row], whole: Sequence[Row]) -> Claim:
    share = quotient(speed(level), speed(whole))
    signs = [sign(toward(row)) for row in level]
    step, batch = level[0]["step"], level[0]["batch"]
    return Claim(
        f"Noise alone, on the path made level, pushes towards the ends (this toolkit's control; "
        f"η = {step:g}, B = {batch})",
        f"{_by_depth(level)}; {_told(share)} of the speed on the path as it is",
        judged(*(None if one == 0 else one > 0 for one in signs)),
    )
