"""Figure 2 of Zhang et al. at its published length: entropy of SGD's minima against test error.

The runs of :mod:`.entropy_histograms`, of SGD alone.  The cleaned entropy counts directions more
than it weighs them, and the most negative eigenvalue, which cuts, is that of a kink nearby; so it
stands beside the entropy of as many of the largest eigenvalues at every minimum.
"""

from collections.abc import Sequence

from ..figures import VERMILION, blank
from .asked import Asked
from .entropy_histograms import (
    TOP,
    Size,
    fitted,
    negatively_correlated,
    row_of,
    runs_of,
    settings_of,
)
from .findings import Drawing, Findings
from .registry import ENERGY_ENTROPY

PUBLISHED = Size(50, 8000, methods=("sgd",))
SIZES = {"default": PUBLISHED, "paper": PUBLISHED}


def run(asked: Asked) -> Findings:
    """Train by SGD, descend, diagonalise; then correlate."""
    from ...nets.presets import preset

    size = SIZES[asked.preset]
    known = preset("airplane-automobile")
    problem = known.make(data=asked.data, seed=asked.seed, samples=size.samples).to(asked.device)
    data = runs_of(problem, known.recipe, "sgd", size, asked)
    there = fitted(data)
    claims = [negatively_correlated(there), negatively_correlated(there, "entropy_top")]
    told = f"{size.runs} runs of {size.steps} steps (published: 80000 steps)"
    settings = settings_of(problem, known.recipe, size)
    name = "entropy-generalisation"
    return Findings(name, ENERGY_ENTROPY, [row_of(data)], claims, data, settings, told)


def figures(findings: Findings) -> Sequence[Drawing]:
    """Test error against both entropies, of the runs that fit all images."""
    there, figure, panels = fitted(findings.data), *blank(columns=2)
    words = {"entropy": "all kept eigenvalues", "entropy_top": f"the {TOP} largest"}
    for axes, (name, which) in zip(panels, words.items(), strict=True):
        axes.plot(there[name], 100 * there["test_error"], "o", color=VERMILION, markersize=4)
        axes.set(xlabel=f"entropy per weight (nats), {which}", ylabel="test error (%)")
    caption = "Figure 2: test error of SGD's minima without training error against entropy."
    return [Drawing("figure_2", caption, figure)]
