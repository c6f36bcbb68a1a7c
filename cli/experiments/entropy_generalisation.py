"""Figure 2 of Zhang et al. at its published length: entropy of SGD's minima against test error.

The network and the entropies are those of ``entropy-histograms``: 50 runs of SGD, batches of 50,
8000 epochs (80000 steps), then L-BFGS until no component of the gradient exceeds 3·10⁻⁵. The test
error is that of all other images of the two classes; the paper takes 2000.
"""

from collections.abc import Sequence
from typing import Any

from ..figures import VERMILION, blank
from .asked import Asked
from .findings import Claim, Drawing, Findings, judged
from .minima import Size, fitted, mean, recipe_at, related, runs, with_common
from .registry import ENERGY_ENTROPY

SIZES = {"default": Size(50, 8000), "paper": Size(50, 8000)}
ENTROPIES = {"entropy": "cleaned", "entropy_common": "equally many top eigenvalues"}


def run(asked: Asked) -> Findings:
    """Train with SGD, descend, diagonalise; then correlate, with either entropy."""
    from ...nets.presets import preset

    size = SIZES[asked.preset]
    known = preset("airplane-automobile")
    problem = known.make(data=asked.data, seed=asked.seed, samples=size.samples).to(asked.device)
    first = asked.seed * 1_000_000
    recipe = recipe_at(known.recipe, size)
    data = with_common(runs(problem, recipe, "sgd", range(first, first + size.runs), asked))
    there = fitted(data)
    rows, claims = [], []
    for name, label in ENTROPIES.items():
        found = related(there, entropy=name)
        value, error = mean(there[name].values)
        row: dict[str, Any] = {"entropy_of": label, "runs": data.sizes["run"]}
        row |= {"arrived": int(data["reached"].sum()), "fitted": there.sizes["run"]}
        row |= {"entropy": value, "entropy_stderr": error}
        row["correlation"] = found.value if found else None
        row["correlation_low"] = found.low if found else None
        row["correlation_high"] = found.high if found else None
        counted = related(there, "kept", name)
        row["correlation_with_kept"] = counted.value if counted else None
        rows.append(row)
        told = "too few runs of SGD fit all images, or all are alike"
        if found is not None:
            told = f"correlation {found.value:+.3f} (95 %: {found.low:+.3f} to {found.high:+.3f})"
            told += f" over {found.pairs} runs without training error"
        held = (None,) if found is None else (found.value < 0, found.sign < 0)
        statement = f"Entropy ({label}) and test error are negatively correlated (figure 2)"
        claims.append(Claim(statement, told, judged(*held)))
    settings = {"runs": size.runs, "steps": size.steps, "batch": size.batch}
    settings |= {"samples": size.samples, "longest": size.longest, "common": data.attrs["common"]}
    told = f"{size.runs} runs of SGD, {size.steps} steps each (published: 50 runs, 80000 steps)"
    return Findings("entropy-generalisation", ENERGY_ENTROPY, rows, claims, data, settings, told)


def figures(findings: Findings) -> Sequence[Drawing]:
    """Test error over either entropy, of the runs that fit all images."""
    there = fitted(findings.data)
    drawings = []
    for name, label in ENTROPIES.items():
        figure, axes = blank()
        axes.plot(there[name], there["test_error"], "o", markersize=4, color=VERMILION)
        axes.set(xlabel=f"entropy per weight (nats), {label}", ylabel="test error")
        drawings.append(Drawing(name, f"Figure 2: test error against entropy ({label}).", figure))
    return drawings
