"""Two auctions found by descent, and a path between them on which revenue does not fall.

Two RochetNets learn to sell two items, worth U[0, 1] each, to one buyer; the best menu earns
(12 + 2√2)/27 = 0.5492.  Both come close, yet the straight line between them loses much of it: menu
entries in use at one end are not those in use at the other.  The path of three pieces first moves
entries that nobody takes, for free, so that every pair of used entries shares a slot; then revenue
passes linearly from one end to the other.

    python examples/rochetnet_path.py [figure.png]
"""

# ruff: noqa: T201

import sys
from pathlib import Path

import numpy as np
import torch

from entropic.cli.figures import BLUE, GREEN, ORANGE, VERMILION, blank, house_style, save
from entropic.nets import menu_of, menu_path, preset, train

BEST = (12 + 2 * 2**0.5) / 27
ALONG = np.linspace(0, 3, 121)


def draw(
    line: np.ndarray, weights: np.ndarray, path: np.ndarray, promised: float, to: Path
) -> None:
    """Revenue along the three ways, and the same near the top."""
    picture, panels = blank(1, 2, size=(8.4, 3.6))
    for axes in panels:
        with house_style():
            axes.plot(ALONG / 3, weights, color=ORANGE, ls="-.", label="straight, in weights")
            axes.plot(ALONG / 3, line, color=VERMILION, ls="--", label="straight, in the menu")
            axes.plot(ALONG / 3, path, color=BLUE, label="three pieces")
            axes.axhline(promised, color=GREEN, ls=":", label="promised for three pieces")
            axes.set_xlabel("position on the way (fraction)")
    panels[0].set_ylabel("revenue (per buyer)")
    panels[1].set_ylim(promised - 0.0006, max(path.max(), BEST) + 0.0003)
    panels[1].set_title("the same, near the top", fontsize=9)
    with house_style():
        panels[1].axhline(BEST, color="black", lw=0.8, label="the best menu")
        panels[1].legend(loc="center", bbox_to_anchor=(0.5, 0.68))
    save(picture, to)


problem = preset("rochetnet").make(entries=48)
buyers = problem.test[0].numpy()
minima = train(problem, preset("rochetnet").recipe, seeds=(0, 1))
thetas = problem.tensor(minima.points)
first, second = (menu_of(problem, theta) for theta in thetas)
found = menu_path(first, second, buyers)

path = np.array([found.at(t).revenue(buyers) for t in ALONG])
line = np.array([first.towards(second, t / 3).revenue(buyers) for t in ALONG])
mixed = (torch.lerp(*thetas, float(t) / 3) for t in ALONG)
weights = np.array([menu_of(problem, theta).revenue(buyers) for theta in mixed])

print(f"revenue of the ends      {found.ends[0]:.5f} {found.ends[1]:.5f}   (best {BEST:.5f})")
print(f"entries in use           {[int((m.shares(buyers) > 0).sum()) for m in (first, second)]}")
print(f"lowest, straight         {weights.min():.5f} in weights, {line.min():.5f} in the menu")
print(f"lowest, three pieces     {path.min():.5f}   (promised {found.promised:.5f})")
if len(sys.argv) > 1:
    draw(line, weights, path, found.promised, Path(sys.argv[1]))

assert min(found.ends) > BEST - 0.002
assert path.min() >= found.promised - 1e-9
assert path.min() > max(line.min(), weights.min()) + 0.02
