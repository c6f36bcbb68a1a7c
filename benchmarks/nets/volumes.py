"""Basins that no log-determinant can weigh: exact zero modes, and digits with little decay.

    python benchmarks/nets/volumes.py singular        (about a minute of one core)
    python benchmarks/nets/volumes.py digits PNG      (about four)

singular: deep linear networks at the origin, true function zero, where the Hessian vanishes.  With
m layers of one weight the loss is (w₁⋯w_m)², with one hidden unit between M inputs and N outputs
|a|²|b|².  The poles of ζ(z) = ∫ L^z dθ tell the learning coefficient λ, the largest being −λ, and
its order m: in polar coordinates ∫ r^{2z+M−1} dr ∫ s^{2z+N−1} ds has poles −M/2 and −N/2, and
∏ ∫ w_i^{2z} dw_i has −½ m times.  Then −ln Z ~ λ ln w − (m − 1) ln ln w, and

    w⟨L − L*⟩ = λ − (m − 1)/ln w + …        w = nβ

The exact value at finite w: given |b|² and the rest the first layer is Gaussian, so that
⟨e^{−wL}⟩ = E (1 + 2wq/γ)^{−M/2}, with q = |b|² or the product of the other squares; by quadrature.

digits: the volume entropy along nβ beside the quadratic loss, for minima of three decays.
"""

# ruff: noqa: T201

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy import stats
from torch import nn

from entropic.cli.figures import BLACK, COLOURS, blank, curve, house_style, legend, save
from entropic.nets import (
    Problem,
    basin_at,
    flat_parameters,
    local_learning_coefficient,
    preset,
    volume_entropy,
)
from entropic.nets.basin_volume import BasinVolume
from entropic.nets.minimum import train_minimum
from entropic.theory.localised import harmonic_entropy

GAMMA = 1.0
WEIGHTS = (1e1, 1e2, 1e4, 1e6)
CHAINS, DRAWS, BURN_IN = 256, 150, 300
DECAYS = (0.0, 1e-4, 1e-2)
PNG = "docs/figures/volume_digits.png"


@dataclass(frozen=True)
class Singular:
    """A linear network of layers of these ``widths``, its λ and the order of its pole."""

    widths: tuple[int, ...]
    coefficient: float
    order: int

    def problem(self) -> Problem:
        """White inputs, true function zero: L = |W_m ⋯ W₁|²."""
        layers = [
            nn.Linear(a, b, bias=False, dtype=torch.float64)
            for a, b in zip(self.widths, self.widths[1:], strict=False)
        ]
        axes = torch.eye(self.widths[0], dtype=torch.float64)
        inputs = self.widths[0] ** 0.5 * torch.cat([axes, -axes])
        targets = torch.zeros(len(inputs))
        return Problem(nn.Sequential(*layers), lambda out, _: (out**2).sum(dim=1), inputs, targets)

    def exact(self, weight: float) -> float:
        """w⟨L⟩ by quadrature, in the logarithms of squares."""
        x = np.linspace(-60, 6, 1321)
        q, p = np.zeros(1), np.ones(1)
        for width in self.widths[2:]:
            density = stats.chi2(width).pdf(np.exp(x)) * np.exp(x)
            q = (q[:, None] + x).ravel()
            p = (p[:, None] * density).ravel()
        turned = 2 * weight * np.exp(q) / GAMMA ** len(self.widths[1:])
        half = 0.5 * self.widths[0]
        share = p * (1 + turned) ** -half
        return float((share * half * turned / (1 + turned)).sum() / share.sum())


SINGULAR = (
    Singular((1, 1, 1), 0.5, 2),
    Singular((1, 1, 1, 1), 0.5, 3),
    Singular((3, 1, 2), 1.0, 1),
)


def singular() -> None:
    """Print the coefficient at every temperature, sampled and exact, and half the rank."""
    print(f"{'layers':8} {'nβ':>6} {'sampled':>8} {'±':>6} {'exact':>7} {'λ−(m−1)/ln':>10} rank/2")
    for case in SINGULAR:
        problem = case.problem()
        basin = basin_at(problem, torch.zeros(problem.layout.size, dtype=torch.float64))
        for weight in WEIGHTS:
            found = local_learning_coefficient(
                basin, GAMMA, weight, chains=CHAINS, draws=DRAWS, burn_in=BURN_IN
            )
            leading = case.coefficient - (case.order - 1) / np.log(weight)
            value = found.value
            print(
                f"{'-'.join(map(str, case.widths)):8} {weight:6.0e} {float(value.value):8.4f} "
                f"{float(value.error):6.4f} {case.exact(weight):7.4f} {leading:10.4f} "
                f"{found.harmonic:g}   R-hat {found.r_hat:.2f}",
                flush=True,
            )
        far = ", ".join(f"{case.exact(w):.4f} at {w:.0e}" for w in (1e9, 1e15, 1e20))
        print(f"    exact, colder: {far}; λ = {case.coefficient:g}", flush=True)


def minimum(decay: float) -> tuple[Problem, torch.Tensor]:
    """Digits, 682 parameters, trained to a gradient of 1e-3 or as far as it gets."""
    problem = preset("digits-mlp").make(decay=decay)
    start = flat_parameters(problem.fresh(0))
    theta = train_minimum(problem, start, 0, steps=3000, gradient_norm=1e-3, longest=60_000)
    return problem, problem.tensor(theta)


def digits(path: str) -> None:
    """Draw S along nβ for every decay, and print its ends."""
    picture, axes = blank(size=(6.4, 4.2))
    for decay, colour in zip(DECAYS, COLOURS, strict=False):
        problem, theta = minimum(decay)
        basin = basin_at(problem, theta)
        found = volume_entropy(basin, 1e4, 100.0, intervals=8, chains=4, draws=40, burn_in=20)
        told = "0" if decay == 0 else f"{decay:.0e}".replace("e-0", "e-")
        _entropies(axes, found, colour, f"decay {told}")
        w = found.weights[1:]
        cold = [harmonic_entropy(basin.positive, x, 100.0, basin.slopes) for x in w]
        curve(axes, w.tolist(), [-s for s in cold], color=colour, linestyle=":", marker="")
        print(f"decay {told}: loss {basin.loss:.4g}, |gradient| {np.linalg.norm(basin.slopes):.2g}")
        for x, s, e, flat in zip(w, *_columns(found), cold, strict=True):
            print(f"    nβ {x:8.3g}  S {s:8.2f} ± {e:.2f}  quadratic {flat:8.2f}")
        print(
            f"    coefficient {float(found.coefficient.value):.2f} ± "
            f"{float(found.coefficient.error):.2f}, quadratic {found.harmonic_coefficient:.2f}; "
            f"slope {found.slope_entropy:.2g} nats, R-hat {found.r_hat:.2f}",
            flush=True,
        )
    curve(axes, [], [], color=BLACK, linestyle=":", marker="", label="quadratic loss")
    axes.set(xscale="log", yscale="log", xlabel="inverse temperature nβ (1/loss)")
    axes.set_ylabel("entropy lost, −S (nats)")
    axes.set_title("Digits, tanh 64-8-8-10, localisation 100 (bars: ± 2 errors)", fontsize=10)
    legend(axes, loc="upper left")
    save(picture, Path(path))


def _columns(found: BasinVolume) -> tuple[np.ndarray, np.ndarray]:
    return found.entropies.value[1:], found.entropies.error[1:]


def _entropies(axes, found: BasinVolume, colour: str, label: str) -> None:  # noqa: ANN001
    values, errors = _columns(found)
    curve(axes, found.weights[1:].tolist(), (-values).tolist(), color=colour, label=label)
    with house_style():
        axes.errorbar(
            found.weights[1:], -values, yerr=2 * errors, fmt="none", ecolor=colour, capsize=3
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["singular"]:
        singular()
    else:
        digits(*(sys.argv[2:] or [PNG]))
