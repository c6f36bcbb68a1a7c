"""How well relaxation on a network is predicted, in a few numbers and in a sentence or two.

Counted are relaxation times that the theory vouches for (``valid``) and expects of most replicas
within the horizon (``counted``: a mean of min(τ, horizon) of which most is the horizon agrees with
anything).  Controls, in which noise or path are not the algorithm's own, are scored apart.  Over
the counted rows

    median_abs_log_ratio   median of |ln(predicted / measured)|
    coverage               share with |predicted − measured| ≤ 2 errors, those of both in quadrature
    entropic_share         Σ|entropic| / Σ(|energetic| + |entropic| + |bending|), the sums over the
                           drifts per cycle at the starts of all conditions that are vouched for

and the same median for the adiabatic predictions of the same rows.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import NormalDist, median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ladder import Row

RELAXATION, DRIFT = "relaxation time", "drift per cycle"
KINDS = ("finite_k", "adiabatic_white", "adiabatic_sgd")
PARTS = ("energetic", "entropic", "bending")
WITHIN, SIGMAS, NEAR = 2.0, 3.0, 0.05  # errors of a covered time; of a drift that agrees, or 5 %


def score(rows: "Sequence[Row]") -> dict[str, Any]:
    """The ``score`` object of ``summary.json``; None stands for a number of no rows."""
    own = [row for row in rows if not row.extra.get("control")]
    controls = [row for row in rows if row.extra.get("control")]
    times = [row for row in own if row.quantity == RELAXATION]
    valid, drifts = _counted(times), _valid_drifts(own)
    return {
        "median_abs_log_ratio": _median(valid, "finite_k"),
        "coverage": _coverage(valid),
        "entropic_share": _entropic_share(drifts),
        "conditions": len({row.condition for row in valid}),
        "nominal_coverage": round(2 * NormalDist().cdf(WITHIN) - 1, 4),
        "algorithms": len({algorithm(row) for row in valid}),
        "predictions": {kind: _median(valid, kind) for kind in KINDS},
        "outside_validity": sum(not row.valid for row in times),
        "not_counted": sum(row.valid and not row.extra["counted"] for row in times),
        "drifts": _agreement(drifts),
        "entropic_share_by_algorithm": _shares(drifts),
        "controls": _controls(controls),
    }


def algorithm(row: "Row") -> str:
    """The condition without its start."""
    return row.condition.rpartition(", s=")[0]


def _counted(rows: "Iterable[Row]") -> "list[Row]":
    return [
        row
        for row in rows
        if row.quantity == RELAXATION and row.valid and row.extra["counted"] and row.measured > 0
    ]


def _valid_drifts(rows: "Iterable[Row]") -> "list[Row]":
    return [row for row in rows if row.quantity == DRIFT and row.valid]


def _time(row: "Row", kind: str) -> float:
    return row.predicted if kind == "finite_k" else row.extra.get(kind, math.nan)


def _median(rows: "Sequence[Row]", kind: str) -> float | None:
    times = [(_time(row, kind), row.measured) for row in rows]
    known = [abs(math.log(time / measured)) for time, measured in times if time > 0]
    return median(known) if known else None


def _coverage(rows: "Sequence[Row]") -> float | None:
    return sum(abs(row.z) <= WITHIN for row in rows) / len(rows) if rows else None


def _entropic_share(drifts: "Sequence[Row]") -> float | None:
    whole = sum(abs(row.extra[name]) for row in drifts for name in PARTS)
    return sum(abs(row.extra["entropic"]) for row in drifts) / whole if whole else None


def _shares(drifts: "Sequence[Row]") -> dict[str, float | None]:
    names = dict.fromkeys(algorithm(row) for row in drifts)
    return {
        name: _entropic_share([row for row in drifts if algorithm(row) == name]) for name in names
    }


def drift_agrees(row: "Row") -> bool:
    """Within 3 standard errors or 5 %."""
    return abs(row.z) <= SIGMAS or abs(row.ratio - 1) <= NEAR


def _agreement(drifts: "Sequence[Row]") -> dict[str, Any]:
    agreeing = sum(map(drift_agrees, drifts))
    return {
        "conditions": len(drifts),
        "agreeing": agreeing,
        "share": agreeing / len(drifts) if drifts else None,
    }


def _controls(rows: "Sequence[Row]") -> dict[str, Any]:
    times, drifts = _counted(rows), _valid_drifts(rows)
    return {
        "conditions": len({row.condition for row in times}),
        "median_abs_log_ratio": _median(times, "finite_k"),
        "drifts": _agreement(drifts),
    }


def told(score: Mapping[str, Any]) -> str:
    """The score as one would say it."""
    number, typical = score["conditions"], score["median_abs_log_ratio"]
    lost = (
        f"{score['outside_validity']} lie outside validity, {score['not_counted']} would stay too "
        "long to count"
    )
    if not number:
        return f"No relaxation time can be scored: {lost}."
    algorithms = _counted_of(score["algorithms"], "algorithm")
    first = (
        f"Relaxation times under {_counted_of(number, 'condition')} of {algorithms} are predicted, "
        f"with nothing fitted, to a median of {_percent(typical)}; {score['coverage']:.0%} lie "
        f"within two errors ({score['nominal_coverage']:.0%} would by chance alone); {lost}."
    )
    return " ".join([first, *_adiabatic(score), _drifts(score)])


def _adiabatic(score: Mapping[str, Any]) -> list[str]:
    medians = score["predictions"]
    kinds = (("adiabatic_white", "white noise"), ("adiabatic_sgd", "SGD's noise"))
    known = [
        f"{_percent(medians[kind])} with {name}"
        for kind, name in kinds
        if medians[kind] is not None
    ]
    return [f"Adiabatic theory is off by {' and '.join(known)}."] if known else []


def _drifts(score: Mapping[str, Any]) -> str:
    drifts, share = score["drifts"], score["entropic_share"]
    if share is None:
        return "No drift is vouched for."
    return (
        f"Of {drifts['conditions']} drifts per cycle {drifts['agreeing']} agree within 3 errors or "
        f"5 %; {share:.0%} of the drift is entropic."
    )


def _counted_of(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"


def _percent(log_ratio: float) -> str:
    """A factor as people say it: 3.2 %, or a factor 2.7.

    >>> _percent(0.0315), _percent(1.0)
    ('3.2 %', 'a factor 2.7')
    """
    ratio = math.exp(log_ratio)
    return f"{100 * (ratio - 1):.1f} %" if ratio < 2 else f"a factor {ratio:.2g}"
