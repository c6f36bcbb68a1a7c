"""Curvature along AutoNEB paths: what Di Carlo, Goddard and Schwab report of wide networks.

Trace of H by random signs, λ_max by Lanczos, singular values of the matrix of per-sample gradients,
at places equally far apart. AutoNEB's first pivots, relaxed longest, are flatter than the rest, so
that one place says little: the middle is the mean over all places from 0.3 to 0.7 of the length,
over the mean of the two ends. Means over pairs that share no network, with standard errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from ...theory.errors import DomainError
from ...theory.estimate import Array, Estimate, mean_estimate
from ..figures import BLUE, GREEN, VERMILION, blank, curve, house_style
from .asked import Asked
from .findings import Claim, Drawing, Findings, judged
from .ground import Ground, Networks
from .registry import CONFINEMENT

NAME = "curvature-along-paths"
RATIOS = ("trace", "lambda_max", "score_sum")
MIDDLE = (0.3, 0.7)  # of the length


@dataclass(frozen=True)
class Size:
    """networks, the places of a path, and the numbers of ``nets.CurvatureSettings``."""

    networks: Networks
    places: int = 41
    probes: int = 16
    scores: int = 10
    score_samples: int = 128


SIZES = {
    "default": Size(
        Networks(
            "digits-mlp",
            8,
            {"width": 32, "decay": 1e-4},
            {"batch": 16, "rate": 0.1, "gradient_norm": None},
        )
    ),
    "paper": Size(Networks("cifar10-wrn16-4", 8), score_samples=1024),
}


def run(asked: Asked) -> Findings:
    """Train, connect the networks two by two, measure."""
    size = SIZES[asked.preset]
    ground = Ground(size.networks, asked)
    pairs = range(len(ground.pairs))
    for i in pairs:
        ground.path(i)  # a stage of its own
    found = [
        asked.stage(f"curvature-{i}", lambda i=i: _along(ground, i, size))  # type: ignore[misc]
        for i in pairs
    ]
    data = xr.concat(found, "pair").assign_coords(pair=list(pairs))
    rows = [_row(data.sel(pair=i), ground.path(i)) for i in pairs]
    settings = size.networks.told | {
        name: getattr(size, name) for name in ("places", "probes", "scores", "score_samples")
    }
    told = f"{len(pairs)} pairs of {ground.problem.name}, {ground.problem.layout.size} weights, "
    told += f"{ground.problem.samples} samples (published: WRN-16-4 on all of CIFAR-10)"
    whole = [*rows, _mean_row(rows)]
    return Findings(NAME, CONFINEMENT, whole, _claims(data, rows), data, settings, told)


def _along(ground: Ground, pair: int, size: Size) -> xr.Dataset:
    """Loss, tr H, λ_max and singular values of the scores (place, rank)."""
    from ...nets.curvature_profile import path_curvature
    from ...nets.curvature_settings import CurvatureSettings
    from ...nets.polyline import Polyline

    problem = ground.problem
    path = Polyline(problem.tensor(ground.path(pair)["points"].values))
    settings = CurvatureSettings(
        quantities=("loss", "metric", "trace", "lambda_max", "scores"),
        probes=size.probes,
        score_rank=size.scores,
        score_samples=size.score_samples,
        seed=ground.asked.seed,
    )

    def tick(share: float) -> None:
        ground.asked.progress(f"curvature of pair {pair + 1}", share)

    places = np.linspace(0, path.length, size.places)
    columns = path_curvature(problem, path, places, settings, progress=tick).columns
    names = ("loss", "trace", "trace_stderr", "lambda_max", "lambda_max_residual")
    along: dict[str, Any] = {name: ("place", columns[name]) for name in names}
    if "metric" in columns:
        along["metric"] = ("place", columns["metric"])
    along["scores"] = (("place", "rank"), columns["score_singular_values"])
    along["s"] = ("place", places, {"units": "length"})
    data = xr.Dataset(along, {"fraction": ("place", np.linspace(0, 1, size.places))})
    data["score_sum"] = (data["scores"] ** 2).sum("rank")
    return data


def _middle(values: Array) -> Array:
    """Mean over the places, the first axis, that make the middle."""
    fraction = np.linspace(0, 1, len(values))
    inside = (fraction >= MIDDLE[0] - 1e-9) & (fraction <= MIDDLE[1] + 1e-9)
    return np.asarray(values[inside].mean(axis=0))


def over_ends(values: Array) -> float:
    """The middle of the path over the mean of both ends."""
    if not values[0] + values[-1] > 0:
        msg = f"the ends must be curved; they have {values[0]:g} and {values[-1]:g}"
        raise DomainError(msg)
    return float(2 * _middle(values) / (values[0] + values[-1]))


def _row(one: xr.Dataset, path: xr.Dataset) -> dict[str, Any]:
    loss, scores, trace = (one[name].values for name in ("loss", "scores", "trace"))
    row = {
        "pair": str(one["pair"].item()),
        "pivots": path.sizes["pivot"],
        "length": float(one["s"][-1]),
        "barrier": path.attrs["barrier"],
        "loss_ends": float(loss[0] + loss[-1]) / 2,
        "loss_middle": float(_middle(loss)),
    }
    row |= {f"{name}_over_ends": over_ends(one[name].values) for name in RATIOS}
    row["trace_at_half_over_ends"] = float(2 * trace[len(trace) // 2] / (trace[0] + trace[-1]))
    row["trace_higher_end"] = float(max(trace[0], trace[-1]))
    row["trace_lowest_inside"] = float(trace[1:-1].min())
    row["scores_above_both_ends"] = int(np.sum(_middle(scores) > scores[[0, -1]].max(axis=0)))
    return row


def _mean_row(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the pairs, with standard errors."""
    mean: dict[str, Any] = {"pair": "mean"}
    for name in rows[0]:
        if name != "pair":
            found = _mean(rows, name)
            mean |= {name: float(found.value), f"{name}_stderr": float(found.error)}
    return mean


def _mean(rows: list[dict[str, Any]], name: str) -> Estimate:
    values = [row[name] for row in rows]
    if len(values) < 2:
        return Estimate(values[0], np.nan, "pairs")
    return mean_estimate(values, "pairs")


def _within(found: Estimate, low: float, high: float) -> bool | None:
    """Whether mean ± 2 standard errors meets the interval; None without an error."""
    if not np.isfinite(found.error):
        return None
    return bool(found.value + 2 * found.error >= low and found.value - 2 * found.error <= high)


def _above(found: Estimate, least: float) -> bool | None:
    return bool(found.value - 2 * found.error > least) if np.isfinite(found.error) else None


def _claims(data: xr.Dataset, rows: list[dict[str, Any]]) -> list[Claim]:
    trace, top = _mean(rows, "trace_over_ends"), _mean(rows, "lambda_max_over_ends")
    half = _mean(rows, "trace_at_half_over_ends")
    ranks, count = data.sizes["rank"], len(rows)
    lowest = sum(row["trace_higher_end"] < row["trace_lowest_inside"] for row in rows)
    risen = [row["scores_above_both_ends"] for row in rows]
    whole = _mean(rows, "score_sum_over_ends")
    falling = [row for row in rows if row["loss_middle"] <= row["loss_ends"]]
    steeper = [row for row in falling if row["trace_over_ends"] > 1]
    return [
        Claim(
            "The trace of the Hessian is lowest at the endpoints and 2 to 3 times as large in the "
            "middle of the path",
            f"{trace.value:.2f} ± {trace.error:.2f} times as large in the middle, over {count} "
            f"pairs (at half the length, a pivot, {half.value:.2f} ± {half.error:.2f}); both ends "
            f"below all that lies between in {lowest} of them",
            judged(_within(trace, 2, 3), lowest == count),
        ),
        Claim(
            "λ_max is about twice as large in the middle as at the endpoints",
            f"{top.value:.2f} ± {top.error:.2f} times as large",
            judged(_above(top, 1), _within(top, 1.5, 2.5)),
        ),
        Claim(
            "The whole spectrum of the score matrix shifts upward inside the path",
            f"{min(risen)} to {max(risen)} of the {ranks} leading singular values are above both "
            f"ends; their squares sum to {whole.value:.2f} ± {whole.error:.2f} times the ends'",
            judged(_above(whole, 1), min(risen) == ranks),
        ),
        Claim(
            "Curvature rises even where the loss along the path stays flat or falls",
            f"the loss is lower in the middle than at the ends in {len(falling)} of {count} pairs; "
            f"the trace rises in {len(steeper)} of these",
            judged(len(steeper) == len(falling) if falling else None),
        ),
    ]


def figures(findings: Findings) -> Sequence[Drawing]:
    """Profiles of every pair, and the spectra of scores at ends and middle."""
    data = findings.data
    first, panels = blank(1, 3, (10.0, 3.4))
    names = (
        ("loss", BLUE, "loss"),
        ("trace", GREEN, "tr H"),
        ("lambda_max", VERMILION, r"$\lambda_{max}$"),
    )
    for axes, (name, colour, label) in zip(panels, names, strict=True):
        for values in data[name].values:
            plain = values if name == "loss" else values / (values[0] + values[-1]) * 2
            curve(axes, list(data["fraction"].values), list(plain), color=colour, alpha=0.7)
        unit = "loss" if name == "loss" else f"{label} / mean of the ends"
        axes.set(xlabel="position (fraction of length)", ylabel=unit)
        axes.set_ylim(bottom=0)
    caption = "Loss, trace and largest eigenvalue of the Hessian; a line for every pair."
    return [
        Drawing("curvature_along_paths", caption, first),
        Drawing("scores_along_paths", "Singular values of the score matrix.", _spectra(data)),
    ]


def _spectra(data: xr.Dataset) -> Any:
    figure, axes = blank()
    ranks = np.arange(1, data.sizes["rank"] + 1)
    with house_style():
        for i, scores in enumerate(data["scores"].values):
            looks = (
                (scores[0], BLUE, "end", "-"),
                (scores[-1], BLUE, "", "-"),
                (_middle(scores), VERMILION, "middle", "--"),
            )
            for values, colour, label, dash in looks:
                told = label if i == 0 else ""
                axes.plot(ranks, values, color=colour, ls=dash, marker="o", label=told, alpha=0.7)
        axes.set(xlabel="rank", ylabel="singular value of the score matrix", yscale="log")
        axes.legend()
    return figure
