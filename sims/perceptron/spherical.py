r"""Spherical weights at finite size: what the saddle point predicts, sampled.

For every sample of patterns, replicas that begin hot and cold (:mod:`.starts`) are moved by one of
the :mod:`.samplers` and watched (:mod:`.watch`).  Entropies at finite β are integrals of the energy
(:mod:`.integration`), that of the constraint is one of the pressure (:mod:`.volume`).
"""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...theory.estimate import Array
from ...theory.perceptron.question import SETTINGS, one_of
from ..streams import Progress, each_walker, stream
from .asked import at_least, finite, temperatures
from .integration import integration_points, thermodynamic_integration
from .measured import Mixing, PerceptronMeasurement, Samples, apart, not_measured
from .patterns import draw
from .samplers import PRECISIONS, Plan, refuse
from .starts import starts
from .volume import volume_entropy
from .watch import Watched

MOVES = 1  # the stream of a sample's moves, beside the one of its patterns


def spherical_measurement(
    alpha: float,
    kappa: float = 0.0,
    *,
    beta: float = np.inf,
    size: int,
    samples: int,
    seed: int,
    **rules: Any,
) -> PerceptronMeasurement:
    """Overlap, energy and entropy at one temperature: see `spherical_measurements`."""
    asked = (alpha, kappa)
    (found,) = spherical_measurements(
        *asked, betas=[beta], size=size, samples=samples, seed=seed, **rules
    )
    return found


def spherical_measurements(
    alpha: float,
    kappa: float = 0.0,
    *,
    betas: Sequence[float],
    size: int,
    samples: int,
    seed: int,
    setting: str = "storage",
    energy: str = "count",
    replicas: int = 8,
    sweeps: int = 50,
    burn_in: int = 20,
    entropy: bool = True,
    points: int = 10,
    sampler: str = "billiard",
    precision: str = "double",
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[PerceptronMeasurement, ...]:
    """Averages of spherical weights at every temperature of ``betas``.

    size: N, with round(alpha · N) patterns.  samples: independent sets of patterns.  replicas: of
    each, half of them begun hot.  sweeps: of a replica at every temperature (and at every point of
    an integral), after ``burn_in``.  entropy: whether it is wanted; at finite β from the energy at
    ``points`` temperatures, at β = ∞ from the pressure at 14 margins.  sampler: see above.
    precision: "double" or "single", of the products in "hamiltonian" and "langevin".  Results
    depend on the seed, not on ``threads``; measurements of one call share their samples.

    Raises DomainError for inadmissible arguments, or a sample that no weights solve at β = ∞;
    NotConverged where none were found that do, or ``points`` are too few for the energy's bends.
    """
    asked = temperatures(betas)
    finite(kappa=kappa)
    plan = Plan(kappa, energy, sweeps, burn_in, sampler)
    one_of("setting", setting, SETTINGS)
    refuse(asked, energy, sampler, precision)
    at_least(samples=(samples, 2), replicas=(replicas, 2), sweeps=(sweeps, 4), burn_in=(burn_in, 0))
    first = draw(size, alpha, setting, seed=seed)
    grid = _grid(asked, points) if entropy else np.empty(0)
    energies, volumes = np.full((samples, len(grid)), np.nan), not_measured(samples)
    runs: list[list[Watched]] = [[] for _ in range(samples)]

    def work(sample: int, stop: threading.Event) -> None:
        dtype = PRECISIONS[precision]
        instance = draw(size, alpha, setting, seed=seed, sample=sample, dtype=dtype)
        rng = stream(seed, size, sample, MOVES)
        for beta in asked:
            weights = starts(rng, instance, replicas, kappa, beta)
            run, weights = plan.run(rng, instance, weights, beta, stop)
            runs[sample].append(run)
            if entropy and beta == np.inf:
                length = (sweeps, burn_in, stop)
                volumes[sample] = volume_entropy(rng, instance, weights, kappa, *length)
        for i in reversed(range(len(grid))):
            run, weights = plan.run(rng, instance, weights, grid[i], stop)
            energies[sample, i] = run.energy.mean()

    plan.wake(draw(size, 1 / size, seed=seed))
    each_walker(work, samples, threads, progress, chunk_size=1)
    entropies = _entropies(asked, runs, grid, energies, volumes)
    shared: dict[str, Any] = {
        "model": "spherical",
        "setting": setting,
        "cost": energy,
        "alpha": first.load,
        "kappa": float(kappa),
        "size": size,
        "samples": samples,
        "replicas": replicas,
        "sweeps": sweeps,
        "burn_in": burn_in,
        "seed": seed,
    }
    measurements = []
    for j, beta in enumerate(asked):
        here = [run[j] for run in runs]
        by_sample = _by_sample(here, entropies[:, j])
        own = {"beta": float(beta), "mixing": _mixing(here), "by_sample": by_sample}
        measurements.append(PerceptronMeasurement(**shared | own | by_sample.estimates(sampler)))
    return tuple(measurements)


def _grid(asked: Array, points: int) -> Array:
    """Inverse temperatures at which the energy is integrated, if any is finite."""
    finite = asked[np.isfinite(asked)]
    return integration_points(float(finite.max()), points) if len(finite) else np.empty(0)


def _entropies(
    asked: Array, runs: list[list[Watched]], grid: Array, energies: Array, volumes: Array
) -> Array:
    """Nats per weight, (samples, temperatures)."""
    found = np.repeat(volumes[:, None], len(asked), axis=1)
    finite = np.isfinite(asked)
    found[:, finite] = np.nan
    if len(grid):
        own = np.array([[seen.energy.mean() for seen in run] for run in runs])[:, finite]
        integral = thermodynamic_integration(grid, energies, "spherical", asked[finite], own)
        found[:, finite] = integral.entropy_by_sample
    return found


def _by_sample(runs: list[Watched], entropy: Array) -> Samples:
    return Samples(
        overlap=np.array([run.overlap for run in runs]),
        teacher_overlap=np.array([run.teacher_overlap.mean() for run in runs]),
        energy=np.array([run.energy.mean() for run in runs]),
        error_rate=np.array([run.error_rate.mean() for run in runs]),
        entropy=entropy,
    )


def _mixing(runs: list[Watched]) -> Mixing:
    spread, memory = (
        np.array([getattr(run, name) for run in runs]) for name in ("r_hat", "autocorrelation_time")
    )
    known = np.isfinite(spread)
    return Mixing(
        acceptance=float(np.mean([run.acceptance for run in runs])),
        autocorrelation_time=float(memory[known].mean()) if known.any() else np.nan,
        r_hat=float(np.median(spread[known])) if known.any() else np.nan,
        hot_cold=apart(np.array([run.hot_minus_cold for run in runs])),
        self_overlap=float(np.mean([run.self_overlap for run in runs])),
    )
