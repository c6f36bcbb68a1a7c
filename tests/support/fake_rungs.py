"""Rungs of ``entropic compare`` that cost nothing: invented rows, invented curves."""

import numpy as np
import xarray as xr

from entropic.cli.ladder import Row, Rung

BARE = xr.Dataset({"height": ("position", [0.0, 1.0], {"units": "1"})})


def invented_row(
    rung: str = "toy",
    condition: str = "thermal, k=2",
    ratio: float = 1.01,
    z: float = 0.5,
    valid: bool = True,
    note: str = "",
    **extra: float,
) -> Row:
    """A row with the ratio and z that are asked for; measured is 2 ± 0.04."""
    return Row(
        rung, condition, "mean exit time", 2 * ratio, 2.0, 0.04, ratio, z, valid, note, extra
    )


def invented_rung(name: str, seed: int = 0, data: xr.Dataset = BARE) -> Rung:
    """Two rows, the second outside its validity; the numbers follow from the seed."""
    draw = float(np.random.default_rng(seed).normal())
    rows = (
        invented_row(name, z=draw, energetic=-0.25),
        invented_row(name, "η = 2 <&>", 0.5, -9.0, False, "the step is past the edge", part=np.nan),
    )
    settings = {"walkers": 64, "widths": (64, 16), "nothing": None, "step": np.float64(0.05)}
    return Rung(name, rows, data, settings, {"minimum": np.arange(6.0).reshape(2, 3).T})


def toy_curves() -> xr.Dataset:
    """Two histograms of unequal length and two survival curves."""
    left = np.array([np.linspace(-2, 1.6, 10), np.r_[np.linspace(-1, 0.75, 8), np.nan, np.nan]])
    right = left + np.array([[0.4], [0.25]])
    weight = np.exp(-(((left + right) / 2) ** 2))
    predicted = weight / np.nansum(weight, axis=1, keepdims=True)
    clock = np.linspace(0, 5, 50) * np.array([[1.0], [2.0]])
    survival = np.exp(-clock / 1.5)
    bins, clocks = ("case", "bin"), ("exit_case", "clock_index")
    return xr.Dataset(
        {
            "bin_left": (bins, left),
            "bin_right": (bins, right),
            "histogram_predicted": (bins, predicted),
            "histogram_measured": (bins, predicted * 1.02),
            "histogram_stderr": (bins, predicted * 0.05),
            "histogram_rival": (bins, predicted * 0.8, {"label": "without the step"}),
            "clock": (clocks, clock, {"units": "1/curvature"}),
            "survival_predicted": (clocks, survival),
            "survival_measured": (clocks, np.where(clock > 4, 0.0, survival)),
        },
        coords={"case": ["thermal", "aligned"], "exit_case": ["from 0", "from 1"]},
    )


def linear_curves() -> xr.Dataset:
    """One condition: the balance decays, the trace with it."""
    time = np.arange(0, 1000, 50.0)[None]
    balance = 30 * np.exp(-time / 400)
    axes = ("condition", "time_index")
    return xr.Dataset(
        {
            "time": (axes, time, {"units": "SGD steps"}),
            "balance_predicted": (axes, balance),
            "balance_measured": (axes, balance + 0.1),
            "balance_stderr": (axes, np.full_like(balance, 0.3)),
            "trace_predicted": (axes, 20 + balance**2 / 50),
        },
        coords={"condition": ["η=0.05, B=1"]},
    )


def digits_curves() -> xr.Dataset:
    """Two settings and two starts; the second setting's relaxation was not watched."""
    s, start, cycles = np.linspace(0, 8, 30), np.array([1.0, 6.0]), np.arange(60)
    drift = -0.02 * np.sin(s) * np.array([[1.0], [2.0]])
    survival = np.exp(-cycles / np.array([[[10.0], [30.0]], [[np.nan], [np.nan]]]))
    along, curve = ("setting", "position"), ("setting", "start", "cycle")
    return xr.Dataset(
        {
            "s": ("position", s),
            "loss": ("position", 0.3 + 0.1 * np.sin(s / 3)),
            "trace": ("position", 50 + 10 * np.sin(s)),
            "trace_stderr": ("position", np.full(30, 1.5)),
            "drift_energetic": (along, drift / 3),
            "drift_entropic": (along, 2 * drift / 3),
            "drift_total": (along, drift),
            "drift_measured": (("setting", "start"), drift[:, [4, 22]]),
            "drift_stderr": (("setting", "start"), np.full((2, 2), 0.001)),
            "start_s": ("start", start),
            "clock": ("cycle", cycles, {"units": "cycles"}),
            "survival_predicted": (curve, survival),
            "survival_measured": (curve, survival),
            "mean_predicted": (curve, 1 - survival),
            "mean_measured": (curve, 1 - survival),
            "mean_stderr": (curve, 0 * survival + 0.02),
        },
        coords={"setting": ["η=0.05, B=16", "η=0.08, B=8"]},
    )


def perceptron_curves() -> xr.Dataset:
    """Two temperatures of a binary ladder, one of a spherical one, and one geodesic."""
    predicted = np.array([0.1, 0.2, 0.5])
    limit, sizes = predicted + np.array([0.01, -0.01, 0.0]), np.array([20, 40, 80])
    curves = {}
    for name in ("overlap", "entropy"):
        curves |= {
            f"{name}_predicted": ("point", predicted),
            f"{name}_limit": ("point", limit),
            f"{name}_limit_stderr": ("point", np.full(3, 0.005)),
            f"{name}_slope": ("point", np.full(3, 0.4)),
            f"{name}_measured": (("point", "size"), limit[:, None] + 0.4 / sizes),
            f"{name}_stderr": (("point", "size"), np.full((3, 3), 0.005)),
        }
    gamma, fine = np.linspace(0, 1, 5), np.linspace(0, 1, 41)
    for name, along, height in (
        ("predicted", "fine_gamma", 0.02),
        ("limit", "gamma", 0.02),
        ("limit_stderr", "gamma", 0.001),
    ):
        share = fine if along == "fine_gamma" else gamma
        curves[f"error_rate_{name}"] = (("path", along), height * np.sin(np.pi * share)[None])
    points = ["binary storage, count, α=0.4, κ=0, β=1", "binary storage, count, α=0.4, κ=0, β=inf"]
    points.append("spherical teacher, hinge, α=1, κ=0.3, β=4")
    path = ["geodesic, α=1, κ=-1, between margins -1 and -1"]
    coords = {"point": points, "size": sizes, "gamma": gamma, "fine_gamma": fine, "path": path}
    return xr.Dataset(curves, coords=coords)
