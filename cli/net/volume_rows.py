"""A basin as a row: its volume beside its log-determinant, its learning coefficient, its errors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..record import Record

if TYPE_CHECKING:
    from torch import Tensor

    from ...nets.basin import Basin
    from ...nets.basin_volume import BasinVolume
    from ...nets.problem import Problem

UNITS = {
    "s": "length",
    "loss": "loss",
    "gradient_norm": "loss/length",
    "reach": "length",
    **dict.fromkeys(("logdet_entropy", "harmonic_entropy", "volume_entropy"), "nats"),
    **dict.fromkeys(("volume_entropy_stderr", "volume_entropy_quadrature"), "nats"),
    "slope_entropy": "nats",
}
SHOWN = (
    *("minimum", "s", "loss", "logdet_entropy", "harmonic_entropy", "volume_entropy"),
    *("volume_entropy_stderr", "slope_entropy", "harmonic_coefficient"),
    *("learning_coefficient", "learning_coefficient_stderr", "acceptance", "r_hat", "ess"),
)


@dataclass(frozen=True)
class VolumeRecord(Record):
    """Rows, and on the way to each weight its curve: lists, in JSON only."""

    def shown(self) -> Record:
        """The columns that a terminal has room for."""
        return self.part(SHOWN)


def record(rows: list[dict[str, Any]], parameters: dict[str, Any]) -> VolumeRecord:
    """The curves of all points go to the parameters: a row holds numbers."""
    curves = [row["curve"] for row in rows]
    plain = [{name: value for name, value in row.items() if name != "curve"} for row in rows]
    return VolumeRecord("volume", parameters | {"curves": curves}, plain, UNITS)


def row_of(
    problem: "Problem",
    theta: "Tensor",
    normal: "Tensor | None",
    asked: dict[str, Any],
    progress: Callable[[float], None],
) -> dict[str, Any]:
    """Everything about one point."""
    import numpy as np

    from ...nets.basin import basin_at
    from ...nets.basin_volume import volume_entropy

    weight, gamma, chains = asked["weight"], asked["localisation"], asked["chains"]
    replicas = chains * (asked["intervals"] + 1)
    basin = basin_at(problem, theta, normal, replicas=replicas)
    found = volume_entropy(
        basin,
        weight,
        gamma,
        intervals=asked["intervals"],
        chains=chains,
        draws=asked["draws"],
        burn_in=asked["burn_in"],
        seed=asked["seed"],
        progress=progress,
    )
    known = basin.vectors is not None
    row: dict[str, Any] = {
        "loss": basin.loss,
        "gradient_norm": float(np.linalg.norm(basin.slopes)),
        "logdet_entropy": _log_det(basin, gamma / weight) if known else None,
        "harmonic_entropy": found.harmonic_entropy if known else None,
        "slope_entropy": found.slope_entropy if known else None,
        "volume_entropy": float(found.entropy.value),
        "volume_entropy_stderr": float(found.entropy.error),
        "volume_entropy_quadrature": found.quadrature,
        **_coefficient(basin, found, asked),
        "harmonic_coefficient": found.harmonic_coefficient if known else None,
        "half_rank": found.harmonic_coefficient - found.slope_coefficient if known else None,
        "negative": int((basin.eigenvalues < 0).sum()) if known else None,
        "acceptance": found.acceptance,
        "r_hat": found.r_hat,
        "ess": found.effective,
        "reach": float(found.draws.reach[-1]),
        "trajectory_steps": found.draws.steps,
    }
    row["curve"] = {
        "weight": found.weights.tolist(),
        "entropy": found.entropies.value.tolist(),
        "entropy_stderr": found.entropies.error.tolist(),
        "coefficient": found.coefficients.value.tolist(),
        "coefficient_stderr": found.coefficients.error.tolist(),
        **_harmonic(basin, found, gamma),
    }
    return row


def _log_det(basin: "Basin", floor: float) -> float:
    """−½ Σ ln(λ/floor) over the eigenvalues not below the floor."""
    from ...nets.log_determinant import KnownSpectrum
    from ...theory.cleaning import AboveFloor

    found = KnownSpectrum(basin.eigenvalues[::-1]).above(AboveFloor(floor))
    return 0.0 - 0.5 * float(found.excess.value)


def _harmonic(basin: "Basin", found: "BasinVolume", gamma: float) -> dict[str, Any]:
    """The curves of the quadratic loss, slope and all; None where the Hessian is not known."""
    from ...theory.localised import harmonic_coefficient, harmonic_entropy

    ways = {"harmonic_entropy": harmonic_entropy, "harmonic_coefficient": harmonic_coefficient}
    if basin.vectors is None:
        return dict.fromkeys(ways)
    weights = found.weights.tolist()
    return {
        name: [way(basin.positive, w, gamma, basin.slopes) for w in weights]
        for name, way in ways.items()
    }


def _coefficient(basin: "Basin", volume: "BasinVolume", asked: dict[str, Any]) -> dict[str, Any]:
    """λ̂ from the chains of the volume, or from Langevin steps of minibatches with their biases."""
    if asked["sampler"] == "hmc":
        value, error = volume.coefficient.value, volume.coefficient.error
        return {"learning_coefficient": float(value), "learning_coefficient_stderr": float(error)}
    from ...nets.learning_coefficient import local_learning_coefficient

    found = local_learning_coefficient(
        basin,
        asked["localisation"],
        asked["weight"],
        sampler="sgld",
        chains=asked["chains"],
        draws=asked["sgld_steps"],
        batch=asked["batch"],
        preconditioned=asked["preconditioned"],
        seed=asked["seed"],
    )
    return {
        "learning_coefficient": float(found.value.value),
        "learning_coefficient_stderr": float(found.value.error),
        "sgld_step": found.step,
        "sgld_step_bias": found.step_bias,
        "sgld_batch_bias": found.batch_bias,
        "sgld_r_hat": found.r_hat,
        "sgld_ess": found.effective,
    }
