"""One honest sentence about a whole comparison: how much agrees, by which measure, and the worst.

A row agrees if predicted / measured is within 10 % or |z| ≤ 3.  Either door alone is weak (a wide
error bar opens one, a coarse eye the other), so the sentence counts who came through one door only.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .ladder import FEW, NEAR

if TYPE_CHECKING:
    from .ladder import Row


def deviation(row: "Row") -> float:
    """How far a row is from agreeing: at most 1 where it agrees, inf where a number is missing."""
    doors = (abs(row.z) / FEW, abs(row.ratio - 1) / NEAR)
    return min((door for door in doors if not math.isnan(door)), default=math.inf)


def verdict(rows: Sequence["Row"]) -> str:
    """The sentence; rows outside their validity are counted apart and never as a success."""
    if not rows:
        return "Nothing was compared."
    valid = [row for row in rows if row.valid]
    outside = [row for row in rows if not row.valid]
    parts = (_within(valid), _beyond(outside), _missing(rows), _worst(valid))
    sentence = "; ".join(part for part in parts if part) + "."
    return sentence[0].upper() + sentence[1:]


def _within(valid: Sequence["Row"]) -> str:
    if not valid:
        return "no prediction lies within its validity, so nothing here is confirmed"
    agreeing = sum(row.agrees for row in valid)
    if len(valid) == 1:
        count = f"the one prediction within its validity {'agrees' if agreeing else 'disagrees'}"
    elif agreeing == len(valid):
        count = f"all {len(valid)} predictions within their validity agree"
    else:
        verb = "agrees" if agreeing == 1 else "agree"
        count = f"{agreeing} of {len(valid)} predictions within their validity {verb}"
    return f"{count} (ratio within 10 % or |z| ≤ 3{_one_door(valid)})"


def _one_door(valid: Sequence["Row"]) -> str:
    agreeing = [row for row in valid if row.agrees]
    by_z = sum(not abs(row.ratio - 1) <= NEAR for row in agreeing)
    by_ratio = sum(not abs(row.z) <= FEW for row in agreeing)
    counts = ((by_z, "|z|"), (by_ratio, "ratio"))
    told = [f"{number} by {door} alone" for number, door in counts if number]
    return "; " + ", ".join(told) if told else ""


def _beyond(outside: Sequence["Row"]) -> str:
    if not outside:
        return ""
    # there the theory's own error is wide, and a small |z| says nothing
    near = sum(abs(row.ratio - 1) <= NEAR for row in outside)
    if len(outside) == 1:
        return f"1 row lies outside it, {'within' if near else 'not within'} 10 %"
    return f"{len(outside)} rows lie outside it, of which {near or 'none'} within 10 %"


def _missing(rows: Sequence["Row"]) -> str:
    number = sum(math.isinf(deviation(row)) for row in rows)
    if not number:
        return ""
    verb = "row has" if number == 1 else "rows have"
    return f"{number} {verb} no finite ratio or z and cannot agree"


def _worst(valid: Sequence["Row"]) -> str:
    if not valid:
        return ""
    worst = max(valid, key=deviation)
    name = "largest deviation" if worst.agrees else "largest disagreement"
    where = f"{worst.rung}, {worst.condition}, {worst.quantity}"
    return f"{name}: {where} (ratio {worst.ratio:.3g}, z {worst.z:+.2g})"
