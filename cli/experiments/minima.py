"""Minima of the small image network, their spectra, and their entropy counted in two ways.

    entropy          −(1/2N) Σ ln λ over λ ≥ |most negative λ|   (the cleaning of Zhang et al.)
    entropy_common   the same sum over equally many top eigenvalues in all runs compared

The first grows with the number of eigenvalues kept, which differs between runs; the second cannot.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...theory.errors import DomainError
from ...theory.pearson import Correlation, correlation
from .asked import Asked

if TYPE_CHECKING:
    from ...nets.problem import Problem
    from ...nets.recipe import Recipe
    from ...theory.estimate import Array

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


def recipe_at(recipe: "Recipe", size: Size) -> "Recipe":
    """SGD of that size, then L-BFGS."""
    how: dict[str, Any] = {"batch": size.batch, "epochs": size.epochs, "longest": size.longest}
    return replace(recipe, optimizer="sgd", descent="lbfgs", **how)


def runs(problem: "Problem", recipe: "Recipe", name: str, seeds: range, asked: Asked) -> xr.Dataset:
    """All minima of one recipe, ``TOGETHER`` a stage that is kept under ``name``."""
    parts = []
    for begin in range(0, len(seeds), TOGETHER):
        asked.progress(f"{name}, run {begin}", begin / len(seeds))

        def work(some: range = seeds[begin : begin + TOGETHER]) -> xr.Dataset:
            return _minima(problem, recipe, some)

        parts.append(asked.stage(f"{name}-{begin}", work))
    return xr.concat(parts, "run")


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
    spectra = []
    for point in found.points:
        theta = problem.tensor(point)
        values = np.linalg.eigvalsh(Hessian(problem, theta).dense().double().cpu().numpy())
        spectra.append(values[::-1])
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
    columns["eigenvalue"] = (("run", "direction"), np.array(spectra))
    columns["component"] = ("run", found.component)
    columns["reached"] = ("run", found.reached.astype(float))
    return xr.Dataset(columns)


def with_common(data: xr.Dataset) -> xr.Dataset:
    """Adds ``entropy_common``: that of equally many top eigenvalues, ``common``, in every run.

    As many as the fitted run that keeps fewest (any run, where none is fitted).
    """
    there = (data["reached"] > 0) & (data["train_error"] == 0)
    kept = data["kept"].where(there) if bool(there.any()) else data["kept"]
    common = int(kept.min())
    top = data["eigenvalue"].transpose(..., "direction").values[..., :common]
    value = -np.log(np.where(top > 0, top, np.nan)).sum(axis=-1)
    value = value / (2 * data.sizes["direction"])
    named = data["eigenvalue"].transpose(..., "direction").dims[:-1]
    return data.assign(entropy_common=(named, value)).assign_attrs(common=common)


def fitted(one: xr.Dataset) -> xr.Dataset:
    """The runs of a method that reached the paper's goal and fit all images."""
    return one.isel(run=(one["reached"].values > 0) & (one["train_error"].values == 0))


def mean(values: "Array") -> tuple[float, float]:
    """Mean and its standard error; not a number for fewer than two."""
    if len(values) < 2:
        return float("nan"), float("nan")
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


def related(
    one: xr.Dataset, other: str = "test_error", entropy: str = "entropy"
) -> Correlation | None:
    """An entropy against test error, or ``other``; None where there is too little to say."""
    try:
        return correlation(one[entropy].values, one[other].values)
    except DomainError:
        return None
