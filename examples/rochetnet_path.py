"""Two auctions found by descent, and a path between them on which revenue does not fall.

Two RochetNets learn to sell two items, worth U[0, 1] each, to one buyer; the best menu earns
(12 + 2√2)/27 = 0.5492.  Both come close, yet the straight line between them loses much of it: menu
entries in use at one end are not those in use at the other.  The path of three pieces first moves
entries that nobody takes, for free, so that every pair of used entries shares a slot; then revenue
passes linearly from one end to the other.  A Bézier curve, trained in the network's weights, comes
closer than the straight line, and not as close.

    python examples/rochetnet_path.py [figure.png]
"""

# ruff: noqa: T201

import sys
from pathlib import Path

import numpy as np
import torch

from entropic.cli.figures import BLUE, GREEN, ORANGE, PURPLE, VERMILION, blank, house_style, save
from entropic.nets import find_path, menu_of, menu_path, path_settings, preset, train

BEST = (12 + 2 * 2**0.5) / 27
ALONG = np.linspace(0, 3, 121)


def draw(ways: dict[str, np.ndarray], promised: float, to: Path) -> None:
    """Revenue along all ways, and the same near the top."""
    picture, panels = blank(1, 2, size=(8.4, 3.6))
    looks = ((ORANGE, "-."), (VERMILION, "--"), (PURPLE, (0, (1, 0.6))), (BLUE, "-"))
    with house_style():
        for axes in panels:
            for (name, values), (colour, dash) in zip(ways.items(), looks, strict=True):
                part = np.linspace(0, 1, len(values))
                axes.plot(part, values, color=colour, ls=dash, label=name)
            axes.axhline(promised, color=GREEN, ls=":", label="promised for three pieces")
            axes.set_xlabel("position on the way (fraction)")
        panels[0].set_ylabel("revenue (per buyer)")
        panels[1].set_ylim(promised - 0.0006, BEST + 0.0003)
        panels[1].axhline(BEST, color="black", lw=0.8, label="the best menu")
        panels[1].set_title("the same, near the top", fontsize=9)
        panels[1].legend(loc="center", bbox_to_anchor=(0.5, 0.66))
    save(picture, to)


problem = preset("rochetnet").make(entries=48)
buyers = problem.test[0].numpy()
minima = train(problem, preset("rochetnet").recipe, seeds=(0, 1))
thetas = problem.tensor(minima.points)
first, second = (menu_of(problem, theta) for theta in thetas)
found = menu_path(first, second, buyers)

bezier = find_path(problem, *thetas, "bezier", path_settings("bezier", pivots=61, dense=0)).points
straight = [torch.lerp(*thetas, float(t)) for t in ALONG / 3]
menus = {
    "straight, in weights": [menu_of(problem, theta) for theta in straight],
    "straight, in the menu": [first.towards(second, t) for t in ALONG / 3],
    "Bézier curve, in weights": [menu_of(problem, theta) for theta in bezier],
    "three pieces, in the menu": [found.at(t) for t in ALONG],
}
ways = {name: np.array([m.revenue(buyers) for m in way]) for name, way in menus.items()}

print(f"revenue of the ends        {found.ends[0]:.5f} {found.ends[1]:.5f}   (best {BEST:.5f})")
print(f"entries in use             {[int((m.shares(buyers) > 0).sum()) for m in (first, second)]}")
print(f"promised for three pieces  {found.promised:.5f}")
print("lowest on the way")
for name, values in ways.items():
    print(f"  {name:<27}{values.min():.5f}")
if len(sys.argv) > 1:
    draw(ways, found.promised, Path(sys.argv[1]))

path = ways.pop("three pieces, in the menu")
assert min(found.ends) > BEST - 0.002
assert path.min() >= found.promised - 1e-9
assert path.min() > max(values.min() for values in ways.values()) + 0.005
