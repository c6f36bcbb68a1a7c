"""Figures 3, 4 and 5 of Zhang et al.: entropy and error of deep linear networks.

N_i = 10, N_h = 7, P = 5, σ_e = 10⁻⁴ (caption of figure 3); one teacher and one set of patterns, a
network of its own in every run. The paper gives neither the number of runs nor the norm of the
initial weights; here |W₁||W₂| is drawn log-uniformly, and in figure 4 |W₂|²/|W₁|² or its inverse
log-uniformly from 1 to 100. SGD takes one pattern a step, on ½Σr², without label noise.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from ...theory.deep_linear import LinearData, LinearNetwork
from ...theory.estimate import Array
from ...theory.pearson import Correlation, correlation
from ...theory.student_error import error_from_norm, generalization_error
from ..figures import BLUE, VERMILION, blank
from .asked import Asked
from .findings import Claim, Drawing, Findings, judged
from .registry import ENERGY_ENTROPY

INPUTS, HIDDEN, PATTERNS, NOISE = 10, 7, 5, 1e-4
RATE = 0.01
GAIN = (1.0, 3.0)  # |W₁||W₂| at the start
ASYMMETRY = (1.0, 100.0)
LENGTH = {"default": (200, 8000), "paper": (1000, 8000)}  # runs, epochs
QUANTITIES = ("entropy", "minus_log_trace", "squared_norm")


def run(asked: Asked) -> Findings:
    """Train both ensembles, balanced and not, and correlate."""
    runs, epochs = LENGTH[asked.preset]
    found = [
        asked.stage(name, partial(_trained, name, runs, epochs, asked))
        for name in ("balanced", "imbalanced")
    ]
    data = xr.concat(found, "start")
    rows = [row for one in found for row in _rows(one)]
    size = f"{runs} networks of the published sizes a figure; the paper does not say how many"
    settings = {
        **{"inputs": INPUTS, "hidden": HIDDEN, "patterns": PATTERNS, "target_noise": NOISE},
        **{"rate": RATE, "gain": GAIN, "asymmetry": ASYMMETRY, "runs": runs, "epochs": epochs},
    }
    return Findings("deep-linear", ENERGY_ENTROPY, rows, _claims(data), data, settings, size)


def problem(seed: int) -> tuple[LinearData, Array]:
    """Patterns x ~ N(0, 1/N_i), noisy labels, and the teacher."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(INPUTS, PATTERNS)) / np.sqrt(INPUTS)
    teacher = rng.normal(size=INPUTS)
    noise = NOISE * rng.normal(size=PATTERNS)
    return LinearData(x, teacher @ x + noise), teacher


def starts(runs: int, balanced: bool, seed: int) -> tuple[Array, Array]:
    """Random layers (runs, N_h, N_i) and (runs, N_h) of the norms that the module states."""
    rng = np.random.default_rng((seed, int(balanced)))
    first = rng.normal(size=(runs, HIDDEN, INPUTS))
    second = rng.normal(size=(runs, HIDDEN))
    gain = _log_uniform(rng, GAIN, runs)
    ratio = _log_uniform(rng, ASYMMETRY, runs)
    ratio = np.ones(runs) if balanced else ratio ** rng.choice([-1, 1], size=runs)
    first *= np.sqrt(gain / np.sqrt(ratio) / np.sum(first**2, axis=(1, 2)))[:, None, None]
    second *= np.sqrt(gain * np.sqrt(ratio) / np.sum(second**2, axis=1))[:, None]
    return first, second


def _log_uniform(rng: np.random.Generator, ends: tuple[float, float], count: int) -> Array:
    return ends[0] * (ends[1] / ends[0]) ** rng.random(count)


def descend(
    data: LinearData, first: Array, second: Array, epochs: int, seed: int
) -> tuple[Array, Array]:
    """SGD of all runs at once, a pattern a step, each run in its own order every epoch."""
    rng = np.random.default_rng(seed)
    inputs, targets, rate = data.inputs.T, data.targets, RATE
    first, second = first.copy(), second.copy()
    for _ in range(epochs):
        for picks in rng.random((len(second), len(targets))).argsort(axis=1).T:
            x = inputs[picks]
            hidden = np.matmul(first, x[:, :, None])[:, :, 0]
            miss = rate * (np.sum(second * hidden, axis=1) - targets[picks])
            first -= (miss[:, None] * second)[:, :, None] * x[:, None, :]
            second -= miss[:, None] * hidden
    return first, second


def _trained(name: str, runs: int, epochs: int, asked: Asked) -> xr.Dataset:
    data, teacher = problem(asked.seed)
    first, second = starts(runs, name == "balanced", asked.seed)
    first, second = descend(data, first, second, epochs, asked.seed)
    noise = NOISE
    measured: dict[str, list[float]] = {}
    for one, two in zip(first, second, strict=True):
        network = LinearNetwork(one, two)
        gram, student = network.gram(data), two @ one
        told = {
            "error": generalization_error(network, teacher, noise),
            "predicted_error": error_from_norm(network, data, teacher, noise),
            "entropy": -np.sum(np.log(np.linalg.eigvalsh(gram))) / (2 * (one.size + two.size)),
            "minus_log_trace": -np.log(np.trace(gram)),
            "squared_norm": student @ student,
            "residual": np.abs(network.residuals(data)).max(),
        }
        for key, value in told.items():
            measured.setdefault(key, []).append(float(value))
    columns = {key: ("run", values) for key, values in measured.items()}
    return xr.Dataset(columns, coords={"start": name})


def _rows(one: xr.Dataset) -> list[dict[str, Any]]:
    pairs = [(name, "error") for name in QUANTITIES] + [("minus_log_trace", "entropy")]
    return [_row(one, x, y) for x, y in pairs]


def _row(one: xr.Dataset, x: str, y: str) -> dict[str, Any]:
    found = _correlation(one, x, y)
    return {
        "start": str(one["start"].values),
        "of": x,
        "with": y,
        "correlation": found.value,
        "correlation_low": found.low,
        "correlation_high": found.high,
        "runs": found.pairs,
        "largest_residual": float(one["residual"].max()),
    }


def _correlation(one: xr.Dataset, x: str, y: str) -> Correlation:
    return correlation(one[x].values, one[y].values)


def _told(found: Correlation) -> str:
    return f"{found.value:+.3f} (95 %: {found.low:+.3f} to {found.high:+.3f})"


def _claims(data: xr.Dataset) -> list[Claim]:
    balanced, imbalanced = (data.sel(start=name) for name in ("balanced", "imbalanced"))
    now = {name: _correlation(balanced, name, "error") for name in QUANTITIES}
    then = {name: _correlation(imbalanced, name, "error") for name in QUANTITIES}
    entropy, trace, norm = (now[name] for name in QUANTITIES)
    tracks = _correlation(balanced, "minus_log_trace", "entropy")
    misses = (balanced["error"] - balanced["predicted_error"]).values
    stderr = misses.std(ddof=1) / np.sqrt(len(misses))
    return [
        Claim(
            "Out-of-sample error correlates with entropy: higher entropy, lower error (figure 3, "
            "left)",
            f"correlation {_told(entropy)} over {entropy.pairs} networks",
            judged(entropy.sign < 0),
        ),
        Claim(
            "The negative log of the trace correlates about equally well with the error (figure 3, "
            "middle; text below eq. (24))",
            f"correlation {_told(trace)}, of the entropy {_told(entropy)}",
            judged(trace.sign < 0, trace.low <= entropy.high and entropy.low <= trace.high),
        ),
        Claim(
            "The error grows with the weight norm |W₂W₁|² as eq. (34) predicts (figure 3, right)",
            f"correlation {_told(norm)}; error minus prediction {misses.mean():+.4f} ± "
            f"{stderr:.4f} in the mean, {misses.std():.3f} from run to run",
            judged(norm.sign > 0, bool(abs(misses.mean()) <= 3 * stderr)),
        ),
        Claim(
            "From imbalanced starts the correlations with entropy and trace decrease, that with "
            "the weight norm is unchanged (figure 4)",
            "imbalanced: "
            + ", ".join(f"{name.replace('_', ' ')} {_told(then[name])}" for name in QUANTITIES),
            judged(
                abs(then["entropy"].value) < min(abs(entropy.low), abs(entropy.high)),
                abs(then["minus_log_trace"].value) < min(abs(trace.low), abs(trace.high)),
                then["squared_norm"].low <= norm.high and norm.low <= then["squared_norm"].high,
            ),
        ),
        Claim(
            "The negative log of the trace correlates strongly with the entropy (figure 5)",
            f"correlation {_told(tracks)}",
            judged(tracks.low > 0.7),  # half of the variance explained
        ),
    ]


LABELS = {
    "entropy": "entropy $s$ per weight (nats)",
    "minus_log_trace": r"$-\ln\,\mathrm{tr}\,H$",
    "squared_norm": r"$|W_2W_1|^2$",
    "error": "out-of-sample error $e_g$",
}


def figures(findings: Findings) -> Sequence[Drawing]:
    """Figures 3, 4 and 5."""
    balanced, imbalanced = (findings.data.sel(start=name) for name in ("balanced", "imbalanced"))
    figure, axes = blank(size=(4.4, 3.6))
    _scatter(axes, balanced, "minus_log_trace", "entropy")
    caption = "Figure 5: minus the log of the trace of the Hessian against the entropy."
    return [
        Drawing("figure_3", "Figure 3: out-of-sample error, balanced starts.", _three(balanced)),
        Drawing("figure_4", "Figure 4: the same, imbalanced starts.", _three(imbalanced)),
        Drawing("figure_5", caption, figure),
    ]


def _three(one: xr.Dataset) -> Any:
    figure, panels = blank(1, 3, (10.0, 3.4))
    for axes, name in zip(panels, QUANTITIES, strict=True):
        _scatter(axes, one, name, "error")
    x, y = one["squared_norm"].values, one["predicted_error"].values
    order = np.argsort(x)
    panels[2].plot(x[order], y[order], color=BLUE, label="prediction (34)")
    panels[2].legend(frameon=False)
    return figure


def _scatter(axes: Any, one: xr.Dataset, x: str, y: str) -> None:
    axes.plot(one[x], one[y], "o", color=VERMILION, markersize=3, alpha=0.7)
    found = _correlation(one, x, y)
    axes.set(xlabel=LABELS[x], ylabel=LABELS[y])
    axes.locator_params(axis="x", nbins=4)
    axes.set_title(f"r = {found.value:.2f} [{found.low:.2f}, {found.high:.2f}]", fontsize=10)
