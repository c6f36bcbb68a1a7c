"""Second rung: deep linear networks, whose entropic drift is known in closed form."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import xarray as xr

from ...nets.deep_linear import measure_one_step, relax_balance
from ...theory.deep_linear import preset
from ...theory.estimate import Array, Estimate
from ...theory.label_noise import MinibatchSgd, balance_change
from ...theory.manifold_flow import half_time, stepwise_flow, trace_flow
from ..ladder import Row, Rung, objection, part, row
from ..progress import Progress

# fluctuation: share of the squared weights above which fluctuations are no longer small.
LIMITS = {"adiabaticity": 0.05, "fluctuation": 0.05}


@dataclass(frozen=True)
class Condition:
    """A preset of networks and the SGD that moves it; ``replacement``: how batches are drawn."""

    preset: str
    step: float
    batch: int
    label_noise: float
    replacement: bool

    @property
    def sgd(self) -> MinibatchSgd:
        """The algorithm of this condition."""
        return MinibatchSgd(
            step=self.step,
            batch=self.batch,
            label_noise=self.label_noise,
            replacement=self.replacement,
        )

    @property
    def label(self) -> str:
        """How tables name it."""
        return f"{self.preset}, η={self.step:g}, B={self.batch}, σ={self.label_noise:g}"


@dataclass(frozen=True)
class Settings:
    """Every number of the experiment."""

    single: tuple[Condition, ...] = (
        Condition("paper-underdetermined", 0.1, 2, 0.3, True),
        Condition("paper-underdetermined", 0.05, 4, 0.3, False),
        Condition("overdetermined", 0.1, 4, 0.0, True),
        Condition("overdetermined", 0.2, 8, 0.0, False),
    )
    relaxing: tuple[Condition, ...] = (
        Condition("paper-underdetermined", 0.1, 2, 0.15, True),
        Condition("paper-underdetermined", 0.05, 1, 0.2, True),
        Condition("paper-underdetermined", 0.15, 4, 0.2, False),
    )
    single_replicas: int = 200_000
    replicas: int = 400
    readings: int = 13


SCALES = {"quick": Settings(), "full": Settings(single_replicas=2_000_000, replicas=1000)}


def climb(scale: Literal["quick", "full"], seed: int, progress: Progress) -> Rung:
    """One exact step from the manifold of minima, then the whole relaxation of the balance."""
    settings, rows, curves = SCALES[scale], [], []
    total = len(settings.single) + len(settings.relaxing)
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(total)]
    for i, condition in enumerate(settings.single):
        tick = part(progress, f"linear: one step, {condition.label}", i / total, 1 / total)
        rows.append(_one_step(condition, settings, (seed, seeds[i]), tick))
    for i, condition in enumerate(settings.relaxing, start=len(settings.single)):
        tick = part(progress, f"linear: relaxation, {condition.label}", i / total, 1 / total)
        found, curve = _relaxation(condition, settings, (seed, seeds[i]), tick)
        rows += found
        curves.append(curve)
    data = xr.concat(curves, dim="condition")
    return Rung("linear", tuple(rows), data, asdict(settings))


def _one_step(
    condition: Condition, settings: Settings, seeds: tuple[int, int], tick: Callable[[float], None]
) -> Row:
    """E[Δb] of one step: exact at any step size."""
    network, data = preset(condition.preset, seeds[0])
    predicted = balance_change(network, data, condition.sgd)
    measured = measure_one_step(
        network,
        data,
        condition.sgd,
        replicas=settings.single_replicas,
        seed=seeds[1],
        progress=tick,
    )
    return row("linear", condition.label, "drift of |W₂|²−|W₁|² per step", predicted, measured)


def _relaxation(
    condition: Condition, settings: Settings, seeds: tuple[int, int], tick: Callable[[float], None]
) -> tuple[list[Row], xr.Dataset]:
    """The balance on its way to the flattest minimum, and the time to halve it."""
    network, data = preset(condition.preset, seeds[0])
    half = half_time(network, data, condition.sgd)
    at_half = settings.readings - 4  # readings are tenths of the half-time; index 9 is it
    steps = [round(float(half.value) * j / 10) for j in range(1, settings.readings + 1)]
    flow = stepwise_flow(network, data, condition.sgd, steps)
    rival = trace_flow(network, data, condition.sgd, steps)
    run = relax_balance(
        network,
        data,
        condition.sgd,
        steps=steps,
        replicas=settings.replicas,
        seed=seeds[1],
        progress=tick,
    )
    mean = run.mean()
    figures = {
        "adiabaticity": float(np.max(flow.adiabaticity)),
        "fluctuation": float(np.max(flow.fluctuation)),
    }
    note = objection(figures, LIMITS)
    predicted = Estimate(flow.balance.value[at_half], flow.balance.error[at_half], "theory")
    measured = Estimate(mean.value[at_half], mean.error[at_half], "sgd")
    other = float(rival.balance.value[at_half])
    where = ("linear", condition.label)
    rows = [
        row(
            *where,
            f"|W₂|²−|W₁|² after {steps[at_half]} steps",
            predicted,
            measured,
            not note,
            note,
            extra={"rival": other, **figures},
        ),
        row(
            *where,
            "half-time (steps)",
            half,
            run.half_time(seeds[1]),
            not note,
            note,
            extra=figures,
        ),
    ]
    curves = {
        "balance_predicted": flow.balance.value,
        "balance_rival": rival.balance.value,
        "balance_measured": mean.value,
        "balance_stderr": mean.error,
        "trace_predicted": flow.hessian_trace.value,
    }
    return rows, _curve(condition, steps, curves)


def _curve(condition: Condition, steps: list[int], curves: dict[str, Array]) -> xr.Dataset:
    columns = {"time": np.array(steps, float), **curves}
    data = xr.Dataset(
        {name: (("condition", "time_index"), column[None, :]) for name, column in columns.items()},
        coords={"condition": [condition.label]},
    )
    data["time"].attrs["units"] = "SGD steps"
    data["balance_rival"].attrs["label"] = "leading order in η alone"
    return data
