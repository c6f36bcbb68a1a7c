r"""The two adiabatic predictions: the fast directions at rest at every point of the path.

With V_eff the effective potential of the arc length s, one cycle of k steps of size η moves it by

    drift = k η M (−dL/ds − ½ tr(H⊥' Σ)),      M = 1/(1 − β) with momentum β, else 1

where H⊥' is the slope of the projected Hessian (:mod:`.across`) and Σ the covariance at rest of the
directions orthogonal to the path.  The noise of a step on θ has the covariance η² c C, c as in
:mod:`.sgd`, which on the average over the P directions is 2Tη for the temperature

    T = η c tr C / (2P)

"white": noise of that strength in all directions, continuous time: Σ = M T H⊥⁻¹, so that the
entropic force is −(M T/2) d/ds log det H⊥, that of V_eff = L + (M T/2) log det H⊥ where T is the
same all along; the diffusion along the path is T, as this noise has no direction.
"sgd": the noise of the algorithm itself, and its step: Σ solves the discrete Lyapunov equation

    Σ = (1 − ηH⊥) Σ (1 − ηH⊥) + η² c C⊥        (momentum: :mod:`.pair_response`)

and the diffusion is the measured η c t'Ct/2.  Per cycle both are k η M² times this; the variance of
the displacement is twice the diffusion.  With noise="isotropic" the second is white noise at finite
step, (M T/2) log det[H⊥/(1 − ½ηH⊥)] without momentum; "level" leaves out −dL/ds.

Directions that relax slower than a cycle, ηMλk < 1, are not at rest, flat and negative ones never:
both predictions count eigenvalues above one **floor** for the whole path, by default 1/(ηMk), as
V_eff with Σ ln(max(λ, floor)/floor) does.  Where that matters, ``by_floor`` and ``validity`` show.
PHYSICS: the fast directions lag and the cycle begins with none of them shaken, so that for a finite
k less than this is built up; :mod:`.displacement` is the prediction without that assumption.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import PchipInterpolator

from ..theory.errors import DomainError
from ..theory.estimate import Array, frozen
from ..theory.path import Path
from ..theory.slow import SlowDynamics
from .across_profile import DENSE, PAIRS, AcrossProfile, Progress, landscape_across
from .at_rest import AtRest, Kind
from .pair_response import update_of
from .problem import Problem
from .sgd import ProjectedSGD

KINDS: tuple[Kind, Kind] = ("white", "sgd")
FACTORS = (1 / 3, 1.0, 3.0)  # of the floor, to see what it does


@dataclass(frozen=True)
class Adiabatic:
    """Both predictions of one algorithm on a path, in arc length per cycle, and what they assume.

    white_noise, sgd_noise: drift with the parts "energetic" and "entropic", and diffusion.
    s (m,): where the landscape was measured.  floor: of the eigenvalues that count.  by_floor:
    "white" and "sgd", the entropic drift (3, m) at a third of the floor, at it, and at its triple,
    NaN where the eigenvalues are not known so far down.
    validity: (m,) each, by name.  kept: directions that count; negative: eigenvalues below zero;
    lowest: the most negative, over the largest; edge: ηλ_max over the edge of stability; for
    "white" and "sgd", ``built_…``: share of the entropic drift that the fluctuations of a cycle
    reach on its average, since it begins without any; ``slow_…``: share of the modulus carried by
    known positive directions below 1/(ηMk); ``turning_…``: share of it that is due to the turning
    of the frame; ``off_floor_…``: distance of the path from the valley's floor, over the rms
    fluctuation.
    """

    path: Path
    sgd: ProjectedSGD
    white_noise: SlowDynamics
    sgd_noise: SlowDynamics
    s: Array
    floor: float
    by_floor: Mapping[str, Array]
    validity: Mapping[str, Array] = field(default_factory=dict)

    @property
    def predictions(self) -> dict[str, SlowDynamics]:
        """Both by name, "white" and "sgd"."""
        return {"white": self.white_noise, "sgd": self.sgd_noise}

    def floor_error(self, name: str) -> Array:
        """The larger change (m,) of an entropic drift with a third and three times the floor."""
        drift = self.by_floor[name]
        return np.asarray(np.nanmax(np.abs(drift[[0, 2]] - drift[1]), axis=0))


def adiabatic_dynamics(
    problem: Problem,
    path: Path,
    sgd: ProjectedSGD,
    positions: Array,
    *,
    floor: float | None = None,
    dense: int = DENSE,
    pairs: int = PAIRS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Adiabatic:
    """Both predictions for ``sgd`` between the first and the last of ``positions`` (m ≥ 2).

    For several algorithms :func:`.across_profile.landscape_across` once, then
    :func:`adiabatic_prediction` for each.
    Raises DomainError as these do.
    """
    sgd.check(problem.samples)
    floor = cycle_floor(sgd) if floor is None else floor
    profile = landscape_across(
        *(problem, path, positions),
        floor=max(0.0, floor) * FACTORS[0],
        dense=dense,
        pairs=pairs,
        seed=seed,
        progress=progress,
    )
    return adiabatic_prediction(profile, sgd, floor)


def cycle_floor(sgd: ProjectedSGD) -> float:
    """1/(ηMk): a direction less stiff does not relax within a cycle.

    >>> cycle_floor(ProjectedSGD(0.1, 8, cycle=20))
    0.5
    """
    return 1 / (sgd.step * update_of(sgd).mobility * sgd.cycle)


def adiabatic_prediction(
    profile: AcrossProfile, sgd: ProjectedSGD, floor: float | None = None
) -> Adiabatic:
    """Both predictions for one algorithm from what is known across the path.

    floor: by default that of :func:`cycle_floor`, or the profile's reach where that is higher.
    Raises DomainError for a floor below it, for Adam, where nothing shakes, and at and beyond the
    edge of stability.
    """
    sgd.check(profile.samples)
    floor = max(cycle_floor(sgd), profile.reach) if floor is None else floor
    profile.check(floor)
    c = 0.0 if sgd.noise == "none" else sgd.noise_factor(profile.samples)
    if not c > 0:
        msg = "without noise nothing diffuses along the path; take minibatches or injected noise"
        raise DomainError(msg)
    seen = [AtRest(point, sgd, c) for point in profile.points]
    shares = [at.validity(floor, cycle_floor(sgd)) for at in seen]
    return Adiabatic(
        path=profile.path,
        sgd=sgd,
        white_noise=_dynamics(profile, seen, floor, "white"),
        sgd_noise=_dynamics(profile, seen, floor, "sgd"),
        s=frozen(profile.s),
        floor=floor,
        by_floor={
            kind: frozen([[at.drift(kind, f * floor) for at in seen] for f in FACTORS])
            for kind in KINDS
        },
        validity={name: frozen([share[name] for share in shares]) for name in shares[0]},
    )


def _dynamics(profile: AcrossProfile, seen: list[AtRest], floor: float, kind: Kind) -> SlowDynamics:
    """Entropic drift and diffusion between the points by monotone cubics, on all middles."""
    middles = 0.5 * (profile.path.arc[1:] + profile.path.arc[:-1])
    where, sgd = profile.s, seen[0].sgd
    inside = middles[(middles >= where[0]) & (middles <= where[-1])]
    s = np.union1d(inside, where)

    def between(values: list[float]) -> Array:
        return np.asarray(PchipInterpolator(where, values)(s))

    strengths = [at.diffusion(kind) for at in seen]
    if not min(strengths) > 0:
        msg = f"the noise must reach along the path; at s = {where[np.argmin(strengths)]:.6g} none"
        raise DomainError(msg)
    slope = 0.0 * s if sgd.level else np.interp(s, middles, profile.slopes)
    energetic = -seen[0].clock * slope
    entropic = between([at.drift(kind, floor) for at in seen])
    drift, diffusion = energetic + entropic, np.exp(between([float(np.log(d)) for d in strengths]))
    lags = [
        at.adiabaticity(float(np.interp(at.point.s, s, drift)), strength, floor)
        for at, strength in zip(seen, strengths, strict=True)
    ]
    parts = {"energetic": energetic, "entropic": entropic}
    return SlowDynamics(s, drift, diffusion, parts, between(lags))
