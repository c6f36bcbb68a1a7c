"""Figures 1 and 2 of Zhang et al.: entropy of the minima that SGD, Langevin noise and GD find.

Airplane or automobile on 10×10 pixels, 500 images, 1320 weights. Every run begins at weights of its
own; after the last step L-BFGS follows the loss of all images until no component of the gradient
exceeds 3·10⁻⁵ (the paper's goal; its steepest descent rarely arrives). A run that stops at a kink
of a ReLU never does: it is counted, and kept apart. Entropy is −(1/2N) Σ ln λ over the eigenvalues
above the most negative one's magnitude (the paper's cleaning). The paper compares minima of no
training error, so that entropy alone tells them apart; so do we, and count the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...theory.errors import DomainError
from ...theory.pearson import Correlation, correlation
from ..figures import BLUE, GREEN, VERMILION, blank
from .asked import Asked
from .findings import Claim, Drawing, Findings, judged
from .registry import ENERGY_ENTROPY

if TYPE_CHECKING:
    from ...nets.problem import Problem
    from ...nets.recipe import Recipe
    from ...theory.estimate import Array

METHODS = ("sgd", "langevin", "gd")
LABELS = {"sgd": "SGD", "langevin": "Langevin, uncorrelated", "gd": "gradient descent"}
COLOURS = {"sgd": VERMILION, "langevin": BLUE, "gd": GREEN}
TOGETHER = 10  # runs a stage: what Ctrl-C can lose


@dataclass(frozen=True)
class Size:
    """runs of each method, epochs of SGD (10 steps each; the others take as many steps)."""

    runs: int
    epochs: int
    samples: int = 500
    batch: int = 50
    longest: int = 20_000

    @property
    def steps(self) -> int:
        """Steps of every method."""
        return self.epochs * (self.samples // self.batch)


SIZES = {"default": Size(50, 200, longest=2000), "paper": Size(50, 8000)}


def run(asked: Asked) -> Findings:
    """Train, descend, diagonalise; then compare the methods."""
    from ...nets.presets import preset

    size = SIZES[asked.preset]
    known = preset("airplane-automobile")
    problem = known.make(data=asked.data, seed=asked.seed, samples=size.samples).to(asked.device)
    data = xr.concat(
        [_method(problem, known.recipe, method, size, asked) for method in METHODS], "optimizer"
    )
    rows = [_row(data.sel(optimizer=method)) for method in METHODS] + [_row(pooled(data))]
    told = f"{size.runs} runs a method, {size.steps} steps each"
    told += " (published: 50 runs, 80000 steps)"
    settings = {
        **{"runs": size.runs, "steps": size.steps, "batch": size.batch, "samples": size.samples},
        **{"rate": known.recipe.rate, "decay": problem.decay, "component": known.recipe.component},
        **{"descent": "lbfgs", "longest": size.longest, "test_images": len(problem.test[1])},  # type: ignore[index]
    }
    name = "entropy-histograms"
    return Findings(name, ENERGY_ENTROPY, rows, _claims(data), data, settings, told)


def recipe_of(method: str, recipe: "Recipe", size: Size) -> "Recipe":
    """SGD; its noise without correlations; or the full gradient, as many steps of each."""
    how = {"descent": "lbfgs", "longest": size.longest, "batch": size.batch, "epochs": size.epochs}
    if method == "gd":
        how |= {"batch": size.samples, "epochs": size.steps}
    return replace(recipe, optimizer="langevin" if method == "langevin" else "sgd", **how)  # type: ignore[arg-type]


def _method(
    problem: "Problem", recipe: "Recipe", method: str, size: Size, asked: Asked
) -> xr.Dataset:
    """All runs of one method, ``TOGETHER`` a stage."""
    first = asked.seed * 1_000_000 + METHODS.index(method) * 10_000  # starts of its own
    parts = []
    for begin in range(0, size.runs, TOGETHER):
        seeds = range(first + begin, first + min(begin + TOGETHER, size.runs))
        done = (METHODS.index(method) + begin / size.runs) / len(METHODS)
        asked.progress(f"{LABELS[method]}, run {begin}", done)

        def work(seeds: range = seeds) -> xr.Dataset:
            return _minima(problem, recipe_of(method, recipe, size), seeds)

        parts.append(asked.stage(f"{method}-{begin}", work))
    return xr.concat(parts, "run").assign_coords(optimizer=method)


def _minima(problem: "Problem", recipe: "Recipe", seeds: range) -> xr.Dataset:
    from ...nets.evaluation import evaluate
    from ...nets.hessian import Hessian
    from ...nets.training import train
    from ...theory.cleaning import AboveMostNegative
    from ...theory.errors import NotConverged
    from ...theory.free_energy import hessian_entropy
    from ...theory.spectrum import clean_eigenvalues

    try:
        found = train(problem, recipe, list(seeds))
    except NotConverged as error:
        found = error.found
    told: dict[str, list[float]] = {}
    for point in found.points:
        theta = problem.tensor(point)
        values = np.linalg.eigvalsh(Hessian(problem, theta).dense().double().cpu().numpy())
        spectrum = clean_eigenvalues(values, AboveMostNegative())
        train_set, test_set = evaluate(problem, theta), evaluate(problem, theta, on="test")
        row = {
            "entropy": float(hessian_entropy(spectrum).value),
            "kept": spectrum.kept,
            "negative": int(np.sum(values < 0)),
            "lowest": values.min(),
            "energy": train_set.loss,
            "train_error": 1 - train_set.metric,
            "test_error": 1 - test_set.metric,
        }
        for name, value in row.items():
            told.setdefault(name, []).append(float(value))
    columns: dict[str, Any] = {name: ("run", values) for name, values in told.items()}
    columns["component"] = ("run", found.component)
    columns["reached"] = ("run", found.reached.astype(float))
    return xr.Dataset(columns)


def fitted(one: xr.Dataset) -> xr.Dataset:
    """The runs of a method that reached the paper's goal and fit all images."""
    return one.isel(run=(one["reached"].values > 0) & (one["train_error"].values == 0))


def _mean(values: "Array") -> tuple[float, float]:
    if len(values) < 2:
        return float("nan"), float("nan")
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


def related(one: xr.Dataset, other: str = "test_error") -> Correlation | None:
    """Entropy against test error, or ``other``; None where there is too little to say."""
    try:
        return correlation(one["entropy"].values, one[other].values)
    except DomainError:
        return None


def pooled(data: xr.Dataset) -> xr.Dataset:
    """The fitted runs of all methods as one."""
    parts = [fitted(data.sel(optimizer=method)).drop_vars("optimizer") for method in METHODS]
    return xr.concat(parts, "run").assign_coords(optimizer="all")


def _row(one: xr.Dataset) -> dict[str, Any]:
    there = fitted(one)
    row: dict[str, Any] = {
        "method": str(one["optimizer"].values),
        "runs": one.sizes["run"],
        "arrived": int(one["reached"].sum()),
        "fitted": there.sizes["run"],
    }
    for name in ("entropy", "test_error", "energy", "kept", "negative"):
        row[name], row[f"{name}_stderr"] = _mean(there[name].values)
    row["entropy_all"], row["entropy_all_stderr"] = _mean(one["entropy"].values)
    row["largest_component"] = float(one["component"].max()) if one.sizes["run"] else float("nan")
    found = related(there)
    row["correlation"] = found.value if found else None
    row["correlation_low"] = found.low if found else None
    row["correlation_high"] = found.high if found else None
    counted = related(there, "kept")
    row["correlation_with_kept"] = counted.value if counted else None
    return row


def _claims(data: xr.Dataset) -> list[Claim]:
    sgd, langevin, gd = (fitted(data.sel(optimizer=method)) for method in METHODS)
    found = related(sgd)
    told = "fewer than four runs of SGD fit all images"
    if found is not None:
        told = f"correlation {found.value:+.3f} (95 %: {found.low:+.3f} to {found.high:+.3f})"
        told += f" over the {found.pairs} runs of SGD without training error"
    there = data["reached"].values > 0
    perfect = there & (data["train_error"].values == 0)
    share = perfect.sum() / max(1, there.sum())
    return [
        _higher(sgd, langevin, "Langevin dynamics with the same noise, uncorrelated (figure 1)"),
        _higher(sgd, gd, "gradient descent without noise (figure 1)"),
        Claim(
            "Entropy and test error of SGD's minima are negatively correlated (figure 2)",
            told,
            judged(*((None,) if found is None else (found.value < 0, found.sign < 0))),
        ),
        Claim(
            "The network fits all training images (section Numerical experiments)",
            f"{perfect.sum()} of {there.sum()} minima have no training error",
            judged(*((share > 0.5, share == 1.0) if there.any() else (None,))),
        ),
    ]


def _higher(sgd: xr.Dataset, other: xr.Dataset, name: str) -> Claim:
    """SGD's mean entropy above the other's, and by more than 1.96 standard errors."""
    (a, da), (b, db) = _mean(sgd["entropy"].values), _mean(other["entropy"].values)
    error = np.hypot(da, db)
    known = bool(np.isfinite(error) and error > 0)
    return Claim(
        f"SGD finds minima of larger mean entropy than {name}",
        f"{a:.4f} ± {da:.4f} against {b:.4f} ± {db:.4f}, a difference of {a - b:+.4f} ± {error:.4f}"
        + (f" ({(a - b) / error:+.1f} standard errors)" if known else ""),
        judged(*((a > b, (a - b) / error > 1.96) if known else (None,))),
    )


def figures(findings: Findings) -> Sequence[Drawing]:
    """Figures 1 and 2, of the runs that fit all images."""
    there = {method: fitted(findings.data.sel(optimizer=method)) for method in METHODS}
    whole = np.concatenate([one["entropy"].values for one in there.values()])
    edges = np.histogram_bin_edges(whole, 15) if len(whole) else np.linspace(0, 1, 16)
    first, axes = blank()
    second, panel = blank()
    for method, one in there.items():
        look: dict[str, Any] = {"color": COLOURS[method], "label": LABELS[method]}
        axes.hist(one["entropy"], edges, histtype="stepfilled", alpha=0.25, color=COLOURS[method])
        axes.hist(one["entropy"], edges, histtype="step", linewidth=1.6, **look)
        panel.plot(one["entropy"], one["test_error"], "o", markersize=4, alpha=0.7, **look)
    axes.set(xlabel="entropy $s$ per weight (nats)", ylabel="runs")
    panel.set(xlabel="entropy $s$ per weight (nats)", ylabel="test error")
    for each in (axes, panel):
        each.legend(frameon=False, fontsize=9)
    return [
        Drawing("figure_1", "Figure 1: entropy of the minima without training error.", first),
        Drawing("figure_2", "Figure 2: entropy against test error, by method.", second),
    ]
