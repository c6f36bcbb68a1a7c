"""The mean exit time and the stationary law of a valley, as theory asks for them.

Thin doors to :mod:`.passage` and :mod:`.observation` for the Euler–Maruyama walk of a valley:
all of (x, y) moves at a finite step, nothing is averaged out, so that what is measured can
contradict the reduction to y alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..theory.errors import TooShort
from ..theory.estimate import Array, freeze
from ..theory.noise import Noise
from ..theory.relaxation import Relaxation
from ..theory.valley import Valley
from .averages import Observation
from .censored import FirstPassage
from .ends import increasing
from .langevin import Langevin
from .observation import observe
from .passage import Progress, at_least, first_passage


@dataclass(frozen=True)
class Unfinished:
    """What exit times are worth when walkers remain: found in the TooShort of :func:`exit_time`.

    restricted: Relaxation whose times are means of min(exit time, last step), lower bounds.
    inside: (n,) how many of the ``walkers`` of each start were inside still.
    """

    restricted: Relaxation
    inside: Array
    walkers: int

    def __post_init__(self) -> None:
        freeze(self)


def exit_time(
    valley: Valley,
    noise: Noise,
    start: ArrayLike,
    absorb: ArrayLike,
    *,
    step: float,
    walkers: int,
    seed: int,
    slow_temperature: float | None = None,
    reflect: float | None = None,
    max_steps: int = 10_000_000,
    clock: ArrayLike = (),
    threads: int | None = None,
    equilibrate: bool = True,
    progress: Progress | None = None,
) -> Relaxation:
    """Mean time until y is first seen beyond an absorbing end, from each start.

    start: (n,).  absorb: one end, or two with the starts between them; watched once a step, so
    that theory must move them outwards by ``monitoring_shift``.  reflect: a mirror for y, behind
    the starts as seen from the one absorbing end.  slow_temperature: T_y (default: the noise's).
    equilibrate: x starts from its stationary law at the start, else from 0.  clock: increasing
    times (m,) at which the survival (n, m) is wanted.  Times in 1/(mobility · curvature); the
    error is the standard error of the mean over ``walkers``.

    Raises DomainError for inadmissible arguments and where a walk meets step * stiffness ≥ 2 or
    diverges; TooShort with an :class:`Unfinished` if walkers remain inside after ``max_steps``.
    """
    at_least(walkers=(walkers, 2), max_steps=(max_steps, 1), seed=(seed, 0))
    increasing("times of the clock", clock)
    found = first_passage(
        Langevin(valley, noise, step, slow_temperature=slow_temperature),
        start,
        absorb,
        trajectories=walkers,
        seed=seed,
        reflect=reflect,
        max_steps=max_steps,
        equilibrate=equilibrate,
        threads=threads,
        progress=progress,
    )
    return finished(found, clock)


def finished(found: FirstPassage, clock: ArrayLike = ()) -> Relaxation:
    """The Relaxation of a run in which every trajectory left; else TooShort, with what it has."""
    relaxation = found.relaxation(clock)
    inside = found.censored
    if inside.any():
        msg = (
            f"{inside.sum()} of {found.steps.size} walkers were still inside after "
            f"{found.most} steps of {found.step:g}; raise max_steps or the temperature"
        )
        raise TooShort(msg, Unfinished(relaxation, inside.astype(float), found.steps.shape[1]))
    return relaxation


def stationary(
    valley: Valley,
    noise: Noise,
    *,
    step: float,
    walkers: int,
    seed: int,
    edges: ArrayLike,
    steps: int,
    burn_in: int,
    start: float = 0.0,
    slow_temperature: float | None = None,
    reflect: float | tuple[float, float] | None = None,
    sample_every: int = 10,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Observation:
    """Histogram and moments of y at rest, from ``steps`` steps per walker after ``burn_in``.

    edges: (bins + 1,) increasing; visits outside count in the denominator.  start: where every y
    begins, x in its stationary law there.  reflect: a mirror for y, or one on either side.
    sample_every: steps between two looks.  slow_temperature: T_y (default: the noise's).

    Raises DomainError for inadmissible arguments and where a walk meets step * stiffness ≥ 2,
    diverges or crosses from mirror to mirror in one step.
    """
    at_least(walkers=(walkers, 2), seed=(seed, 0), burn_in=(burn_in, 0))
    at_least(sample_every=(sample_every, 1), steps=(steps, sample_every))
    at_least(bins=(np.size(edges) - 1, 1))
    return observe(
        Langevin(valley, noise, step, slow_temperature=slow_temperature),
        trajectories=walkers,
        steps=steps,
        seed=seed,
        start=start,
        burn_in=burn_in,
        every=sample_every,
        edges=edges,
        reflect=reflect,
        threads=threads,
        progress=progress,
    )
