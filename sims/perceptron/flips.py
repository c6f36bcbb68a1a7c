"""Binary weights under single spin flips: what the saddle point predicts, counted at finite size.

Every replica of every sample is a ladder of temperatures of its own (see :mod:`.annealing`), heated
to β = 0 and annealed, whose rungs trade weights (:mod:`.spin_kernels`).  Replicas of one sample
know nothing of each other, so that

    q = (1/N) Σ_i ⟨w_i⟩₁⟨w_i⟩₂      without bias, from magnetisations over the whole run,

and what a replica shares with itself half a run later is the same number once it has moved about.
Entropies are integrals of the energy (:mod:`.integration`); that of the solutions, β = ∞, is one
step more: Z(∞)/Z(β) is the share of weights at β that miss no pattern.
"""

import threading
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from ...theory.errors import DomainError, TooShort
from ...theory.estimate import Array
from ...theory.perceptron.question import ENERGIES, SETTINGS, one_of
from ..streams import Progress, each_walker, stream
from .annealing import Ladder, annealing, ladder
from .asked import at_least, finite, temperatures
from .integration import thermodynamic_integration
from .measured import Mixing, PerceptronMeasurement, Samples, apart
from .memory import r_hat
from .patterns import Instance, draw
from .spin_kernels import KINDS
from .spin_run import Seen, SpinRun

ORIGIN = "spin flips"
STARTS = ("random", "teacher", "both")
PATIENCE = 20  # burn-ins more for a replica without a solution where all must keep the constraint
MOVES = 1  # the stream of a replica's moves, beside the one of its patterns


def binary_measurement(
    alpha: float,
    kappa: float = 0.0,
    *,
    beta: float = np.inf,
    size: int,
    samples: int,
    seed: int,
    **rules: Any,
) -> PerceptronMeasurement:
    """Overlap, energy and entropy of weights ±1 at one temperature: see `binary_measurements`."""
    asked = (alpha, kappa)
    (found,) = binary_measurements(
        *asked, betas=[beta], size=size, samples=samples, seed=seed, **rules
    )
    return found


def binary_measurements(
    alpha: float,
    kappa: float = 0.0,
    *,
    betas: Sequence[float],
    size: int,
    samples: int,
    seed: int,
    setting: str = "storage",
    energy: str = "count",
    replicas: int = 2,
    sweeps: int = 400,
    burn_in: int = 400,
    points: int = 10,
    start: str = "random",
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[PerceptronMeasurement, ...]:
    """Averages of weights ±1 at every temperature of ``betas``, from one ladder through them all.

    size: N, with round(alpha · N) patterns.  samples: sets of patterns, with ``replicas`` each, all
    independent.  sweeps: of a replica at every rung, each spin drawn once, after ``burn_in``; at
    β = ∞ a replica without a solution goes on, for 20 times ``burn_in`` at most.  points: rungs at
    which the energy is integrated.  start: where replicas begin, "random", at the "teacher", or
    "both" in turns, which puts a number on ``mixing.hot_cold``.  Results depend on the seed, not on
    ``threads``; measurements of one call share their samples.

    Raises DomainError for inadmissible arguments; TooShort where, at β = ∞, some replica has found
    no solution, or none was seen at the rung before; NotConverged where the points are too few.
    """
    asked = temperatures(betas)
    finite(kappa=kappa)
    _refuse(setting, energy, start)
    at_least(
        samples=(samples, 2), replicas=(replicas, 2), sweeps=(sweeps, 10), burn_in=(burn_in, 0)
    )
    rungs = ladder(asked, points)
    first = draw(size, alpha, setting, "binary", seed=seed)
    seen = Seen.empty((samples, replicas, len(rungs.beta)), size)

    def begin(rng: np.random.Generator, instance: Instance, cold: bool) -> SpinRun:
        return SpinRun(rng, instance, kappa, KINDS[energy], rungs.beta, cold)

    def walk(walker: int, stop: threading.Event) -> None:
        sample, replica = place = divmod(walker, replicas)
        instance = draw(size, alpha, setting, "binary", seed=seed, sample=sample)
        cold = start == "teacher" or (start == "both" and replica % 2 == 1)
        run = begin(stream(seed, size, sample, MOVES, replica), instance, cold)
        for beta, length in [(rungs.beta, burn_in)] if cold else annealing(rungs.beta, burn_in):
            run.on(beta, length, stop)
        run.settle(burn_in, PATIENCE, stop)
        run.measure(sweeps, seen, place, stop)

    begin(stream(seed), first, False).on(rungs.beta, 1, threading.Event())  # compiles, here
    each_walker(walk, samples * replicas, threads, progress)
    entropy = _entropies(seen, rungs)
    shared: dict[str, Any] = {
        "model": "binary",
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
    for j, k in enumerate(rungs.asked):
        by_sample = _by_sample(seen, int(k), entropy[:, j])
        mixing = _mixing(seen, int(k), sweeps, start == "both")
        own = {"beta": float(asked[j]), "mixing": mixing, "by_sample": by_sample}
        measurements.append(PerceptronMeasurement(**shared | own | by_sample.estimates(ORIGIN)))
    return tuple(measurements)


def _by_sample(seen: Seen, rung: int, entropy: Array) -> Samples:
    """What every sample says at one rung."""
    means = seen.means[:, :, rung].mean(axis=2)  # of both halves
    pairs = [
        (means[:, a] * means[:, b]).mean(axis=-1) for a, b in combinations(range(means.shape[1]), 2)
    ]
    return Samples(
        overlap=np.mean(pairs, axis=0),
        teacher_overlap=seen.taught[:, :, rung].mean(axis=1),
        energy=seen.energy[:, :, rung].mean(axis=1),
        error_rate=seen.missed[:, :, rung].mean(axis=1),
        entropy=entropy,
    )


def _entropies(seen: Seen, rungs: Ladder) -> Array:
    """Nats per weight of every sample at the rungs asked for, (samples, m)."""
    energy, size = seen.energy.mean(axis=1), seen.means.shape[-1]
    finite = np.isfinite(rungs.beta)
    found = thermodynamic_integration(
        rungs.beta[rungs.points],
        energy[:, rungs.points],
        "binary",
        rungs.beta[finite],
        energy[:, finite],
    )
    entropy = found.entropy_by_sample
    if not finite.all():
        last = int(np.count_nonzero(finite)) - 1
        solved = seen.solved[:, :, last].mean(axis=1)
        _refuse_unsolved(seen.solved[:, :, -1], solved, float(rungs.beta[last]))
        count = found.free_entropy_by_sample[:, last] + np.log(solved) / size
        entropy = np.column_stack((entropy, count))
    return np.asarray(entropy[:, rungs.asked])


def _mixing(seen: Seen, rung: int, sweeps: int, several: bool) -> Mixing:
    level, spread = seen.level[:, :, rung], seen.spread[:, :, rung]
    halves, size = seen.means[:, :, rung], seen.means.shape[-1]
    gaps = level[:, 0::2].mean(axis=1) - level[:, 1::2].mean(axis=1)
    return Mixing(
        acceptance=float(seen.turned[:, :, rung].mean()),
        autocorrelation_time=_mean_of_known(seen.memory[:, :, rung]),
        r_hat=_median_of_known(r_hat(level, spread, sweeps)),
        hot_cold=apart(gaps) if several else np.nan,
        self_overlap=float((halves[:, :, 0] * halves[:, :, 1]).sum(axis=-1).mean() / size),
    )


def _mean_of_known(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def _median_of_known(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan


def _refuse_unsolved(solved: Array, before: Array, beta: float) -> None:
    """At β = ∞ every replica must keep every pattern, and the rung before must do so at times."""
    if (lost := np.count_nonzero(solved < 1)) > 0:
        msg = (
            f"at beta = inf all replicas must have found a solution; {lost} of {solved.size} had"
            " none all the time: raise burn_in or points, or lower alpha or kappa"
        )
        raise TooShort(msg, solved)
    if (never := np.count_nonzero(before == 0)) > 0:
        msg = (
            f"solutions must turn up at beta = {beta:g}, from where they are counted; in {never} of"
            f" {len(before)} samples they did not: raise sweeps"
        )
        raise TooShort(msg, before)


def _refuse(setting: str, energy: str, start: str) -> None:
    one_of("setting", setting, SETTINGS)
    one_of("energy", energy, ENERGIES)
    one_of("start", start, STARTS)
    if start != "random" and setting != "teacher":
        msg = f"start {start!r} needs a teacher; the setting is {setting!r}"
        raise DomainError(msg)
