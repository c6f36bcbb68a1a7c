"""RochetNet: revenue along the path of three straight pieces, beside a Bézier curve and lines.

The path and what it promises are those of :mod:`entropic.nets.auction_path`. Pairs of auctions that
share none, each learned from a seed of its own; revenue is a mean over buyers kept aside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...theory.estimate import mean_estimate
from ..figures import BLUE, GREEN, ORANGE, PURPLE, VERMILION, blank, house_style
from .asked import Asked
from .findings import Claim, Drawing, Findings, judged
from .ground import Ground, Networks
from .registry import AUCTIONS

if TYPE_CHECKING:
    from ...nets.menu import Menu

NAME = "rochetnet-path"
BEST = (12 + 2 * 2**0.5) / 27  # what the best menu for two items worth U[0, 1] earns
PIECES = 3
WAYS = {
    "line-weights": ("straight, in weights", ORANGE, "-."),
    "line-menu": ("straight, in the menu", VERMILION, "--"),
    "bezier": ("Bézier curve, in weights", PURPLE, ":"),
    "pieces": ("three pieces, in the menu", BLUE, "-"),
}
ROUNDING = 1e-9


@dataclass(frozen=True)
class Size:
    """networks; places at which every way is looked at."""

    networks: Networks
    places: int = 121


SIZES = {
    "default": Size(Networks("rochetnet", 8, {"entries": 48}, search={"pivots": 121, "dense": 0})),
    "paper": Size(Networks("rochetnet", 8, {"entries": 1000}, search={"pivots": 121, "dense": 0})),
}


def run(asked: Asked) -> Findings:
    """Learn auctions, connect them two by two in four ways."""
    size = SIZES[asked.preset]
    ground = Ground(size.networks, asked)
    pairs = range(len(ground.pairs))
    for i in pairs:
        ground.path(i, "bezier")  # a stage of its own
    found = [
        asked.stage(f"revenue-{i}", lambda i=i: _along(ground, i, size.places))  # type: ignore[misc]
        for i in pairs
    ]
    data = xr.concat(found, "pair").assign_coords(pair=list(pairs))
    rows = [_row(data.sel(pair=i)) for i in pairs]
    settings = size.networks.told | {"places": size.places}
    told = f"{len(pairs)} pairs of menus of {size.networks.settings['entries']} entries, two items "
    told += "(published: a theorem for all sizes)"
    return Findings(NAME, AUCTIONS, rows, _claims(rows), data, settings, told)


def _along(ground: Ground, pair: int, places: int) -> xr.Dataset:
    """Revenue (way, place) of buyers kept aside, and what is promised."""
    from ...nets.auction_path import menu_path
    from ...nets.menu import menu_of

    problem, ends = ground.problem, ground.pairs[pair]
    assert problem.test is not None
    buyers = problem.test[0].cpu().numpy()
    first, second = (menu_of(problem, theta) for theta in ends)
    found = menu_path(first, second, buyers)
    bezier = problem.tensor(ground.path(pair, "bezier")["points"].values)
    parts = np.linspace(0.0, 1.0, places)
    ways: dict[str, list[Menu]] = {
        "line-weights": [menu_of(problem, ends[0].lerp(ends[1], float(t))) for t in parts],
        "line-menu": [first.towards(second, t) for t in parts],
        "bezier": [menu_of(problem, theta) for theta in bezier],
        "pieces": [found.at(PIECES * t) for t in parts],
    }
    revenue = np.array([[menu.revenue(buyers) for menu in way] for way in ways.values()])
    used = [int((menu.shares(buyers) > 0).sum()) for menu in (first, second)]
    return xr.Dataset(
        {
            "revenue": (("way", "place"), revenue, {"units": "value of an item"}),
            "promised": ((), found.promised),
            "used": ("end", used),
            "kept": ("end", [len(kept) for kept in found.kept]),
        },
        {"way": list(ways), "place": parts},
    )


def _row(one: xr.Dataset) -> dict[str, Any]:
    revenue = one["revenue"]
    ends = revenue.sel(way="pieces").values[[0, -1]]
    row: dict[str, Any] = {"pair": int(one["pair"]), "first_end": ends[0], "second_end": ends[1]}
    row |= {"promised": float(one["promised"])}
    row |= {f"lowest_{way}": float(revenue.sel(way=way).min()) for way in WAYS}
    row |= {f"lost_{way}": float(min(ends) - row[f"lowest_{way}"]) for way in WAYS}
    row |= {"used_first": int(one["used"][0]), "used_second": int(one["used"][1])}
    return row | {"kept_first": int(one["kept"][0]), "kept_second": int(one["kept"][1])}


def _claims(rows: list[dict[str, Any]]) -> list[Claim]:
    kept = sum(row["lowest_pieces"] >= row["promised"] - ROUNDING for row in rows)
    lost = [max(row["lost_pieces"], 0.0) for row in rows]
    bound = [min(row["first_end"], row["second_end"]) - row["promised"] for row in rows]
    others = {way: [row[f"lost_{way}"] for row in rows] for way in WAYS if way != "pieces"}
    ends = [min(row["first_end"], row["second_end"]) for row in rows]
    return [
        Claim(
            "Locally optimal auctions are connected by a simple, piecewise linear path on which "
            "every solution is almost as good as one of the two",
            f"on {PIECES} pieces at most {max(lost):.2g} of the revenue of the lower end "
            f"({min(ends):.4f} or more) is lost, {_told(lost)} in the mean of {len(rows)} pairs",
            judged(*(bool(a <= 0.01 * end) for a, end in zip(lost, ends, strict=True))),
        ),
        Claim(
            "What is lost is bounded (here: by what dropped entries earn)",
            f"the bound, {max(bound):.2g} at most, holds at all places of {kept} of {len(rows)} "
            "paths",
            judged(kept == len(rows)),
        ),
        Claim(
            "The path is needed: simpler ways lose revenue (this toolkit's own question)",
            ", ".join(f"{WAYS[way][0]}: {_told(found)}" for way, found in others.items()),
            judged(*(bool(np.all(np.array(found) > np.array(lost))) for found in others.values())),
        ),
    ]


def _told(values: list[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.2g}"
    found = mean_estimate(values, "pairs")
    return f"{found.value:.2g} ± {found.error:.1g}"


def figures(findings: Findings) -> Sequence[Drawing]:
    """Revenue along all ways of the first pair, and the same near the top."""
    one = findings.data.isel(pair=0)
    picture, panels = blank(1, 2, size=(8.4, 3.6))
    promised, low = float(one["promised"]), float(one["revenue"].sel(way="pieces").min())
    with house_style():
        for axes in panels:
            for way, (label, colour, dash) in WAYS.items():
                values = one["revenue"].sel(way=way)
                axes.plot(one["place"], values, color=colour, ls=dash, label=label)
            axes.axhline(promised, color=GREEN, ls=(0, (1, 3)), label="promised for three pieces")
            axes.set_xlabel("position on the way (fraction)")
        panels[0].set_ylabel("revenue (per buyer)")
        panels[1].legend(loc="center", bbox_to_anchor=(0.5, 0.62), fontsize=8)
        margin = max(BEST - low, 1e-4) / 4
        panels[1].set_ylim(min(low, promised) - margin, BEST + margin)
        panels[1].axhline(BEST, color="black", lw=0.8)
        panels[1].set_title("near the top; black: the best menu", fontsize=9)
    caption = "Revenue on four ways between two learned auctions (the first pair)."
    return [Drawing("rochetnet_path", caption, picture)]
