"""The gradient noise at every pivot of a path: strength, spectrum, alignment, tails.

Random samples, minibatches and probes are the same at every pivot, so that profiles are smooth:
what differs between pivots is the landscape.  Errors of neighbours are then alike in sign.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..theory.errors import DomainError, TooShort
from ..theory.estimate import Array, Estimate
from .eigenpairs import leading_pairs
from .gradient_noise import GradientNoise
from .hessian import Hessian
from .noise_alignment import hessian_alignment, noise_exponent
from .noise_sampling import check_sampling, measure_noise
from .polyline import Polyline
from .problem import Problem, array
from .tails import excess_kurtosis, tail_index

QUANTITIES = (
    *("noise_trace", "noise_lambda_max", "participation", "anisotropy", "t_C_t"),
    *("alignment", "gain", "noise_stiffness", "noise_exponent", "tail_index", "kurtosis"),
)
State = Mapping[str, NDArray[np.generic]]
STATE = "noise"
NONE = Estimate(float("nan"), float("nan"), "not measured")


@dataclass(frozen=True)
class NoiseSampling:
    """How the noise is measured; see :func:`.noise_sampling.measure_noise`.

    probes: of the alignment with H.  pairs: leading eigenpairs of H from which the exponent γ of
    C_ii ∝ H_ii^γ is taken.  0 leaves either out; without both there are no Hessian products.
    """

    samples: int | None = None
    batch: int | None = None
    draws: int = 64
    probes: int = 32
    pairs: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.probes == 0 or self.probes >= 4) or not (self.pairs == 0 or self.pairs >= 4):
            msg = (
                "probes and pairs must be at least 4 each, or 0 to leave out what they measure; "
                f"they are {self.probes} and {self.pairs}"
            )
            raise DomainError(msg)


def noise_at(
    problem: Problem, theta: Tensor, tangent: Tensor | None, sampling: NoiseSampling
) -> dict[str, Estimate]:
    """The :data:`QUANTITIES` at ``theta`` (P,); ``t_C_t`` and ``kurtosis`` along ``tangent`` (P,).

    Without a tangent these two are NaN.  anisotropy is λ_max(C)/tr C; tail_index that of |x_r|,
    NaN where there are too few rows.
    """
    options = asdict(sampling)
    probes, pairs = options.pop("probes"), options.pop("pairs")
    noise = measure_noise(problem, theta, **options)
    trace = noise.trace()
    if not np.isfinite(trace.value):
        msg = "the gradients must be finite numbers; some are not"
        raise DomainError(msg)
    if not trace.value > 0:
        msg = "all gradients are alike: there is no noise to measure"
        raise DomainError(msg)
    found = {
        "noise_trace": trace,
        "noise_lambda_max": noise.largest(),
        "participation": noise.participation(seed=sampling.seed),
        "anisotropy": noise.anisotropy(),
        "t_C_t": NONE if tangent is None else noise.along(tangent),
        **_aligned(noise, probes, sampling.seed),
        "noise_exponent": _exponent(noise, pairs, sampling.seed),
        "tail_index": _or_none(lambda: tail_index(noise.norms**0.5)),
        "kurtosis": _kurtosis(noise, tangent),
    }
    return {name: found[name] for name in QUANTITIES}


@dataclass(frozen=True)
class NoiseTable:
    """The :data:`QUANTITIES` at m points: values (m,) with their standard errors, by name.

    normalisation: whose statistics normalise, "none", "batch" or "running".
    """

    estimates: Mapping[str, Estimate]
    normalisation: str


def path_noise(
    problem: Problem,
    path: Polyline,
    positions: Array | None = None,
    sampling: NoiseSampling | None = None,
    *,
    state: State | None = None,
    keep: Callable[[State], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> NoiseTable:
    """:func:`noise_at` at the arc lengths ``positions`` (m,), by default the pivots.

    keep: is handed the state after each position; ``state``, one of those, goes on from there.
    Raises DomainError for a path of another model, and, naming where, for what is not finite.
    """
    if path.points.shape[1] != problem.layout.size:
        msg = (
            f"a point of this model has {problem.layout.size} numbers; "
            f"those of the path have {path.points.shape[1]}"
        )
        raise DomainError(msg)
    where = path.arc if positions is None else positions
    points = [
        (f"s = {s:.6g} of {path.length:.6g}", path.at(s), path.tangent(s).to(path.points))
        for s in where.tolist()
    ]
    return _table(problem, points, sampling or NoiseSampling(), state, keep, progress)


def minima_noise(
    problem: Problem,
    minima: Mapping[str, Tensor],
    sampling: NoiseSampling | None = None,
    *,
    state: State | None = None,
    keep: Callable[[State], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> NoiseTable:
    """The same at single points (P,), by name; without a path nothing is along it."""
    points = [(f"the minimum {name}", theta, None) for name, theta in minima.items()]
    return _table(problem, points, sampling or NoiseSampling(), state, keep, progress)


def _table(
    problem: Problem,
    points: Sequence[tuple[str, Tensor, Tensor | None]],
    sampling: NoiseSampling,
    state: State | None,
    keep: Callable[[State], None] | None,
    progress: Callable[[float], None] | None,
) -> NoiseTable:
    """``state`` is one array: points so far × quantities × (value, error)."""
    check_sampling(problem, sampling.samples, sampling.batch, sampling.draws)
    rows = [] if state is None else list(np.asarray(state[STATE], float))
    for where, theta, tangent in islice(points, len(rows), None):
        try:
            found = noise_at(problem, theta, tangent, sampling)
        except DomainError as error:
            msg = f"at {where}: {error}"
            raise DomainError(msg) from None
        rows.append(np.array([[found[name].value, found[name].error] for name in QUANTITIES]))
        if keep is not None:
            keep({STATE: np.array(rows)})
        if progress is not None:
            progress(len(rows) / len(points))
    values = np.array(rows)
    return NoiseTable(
        {
            name: Estimate(values[:, i, 0], values[:, i, 1], "noise")
            for i, name in enumerate(QUANTITIES)
        },
        problem.normalisation,
    )


def _aligned(noise: GradientNoise, probes: int, seed: int) -> dict[str, Estimate]:
    if probes == 0:
        return dict.fromkeys(("alignment", "gain", "noise_stiffness"), NONE)
    found = hessian_alignment(noise, probes, seed)
    return {
        "alignment": found.cosine,
        "gain": found.gain,
        "noise_stiffness": found.stiffness,
    }


def _exponent(noise: GradientNoise, pairs: int, seed: int) -> Estimate:
    if pairs == 0:
        return NONE
    hessian = Hessian(noise.problem, noise.theta)
    found = leading_pairs(hessian, min(pairs, len(noise.theta)), seed=seed)
    return _or_none(lambda: noise_exponent(noise, found.values, found.vectors).exponent)


def _kurtosis(noise: GradientNoise, tangent: Tensor | None) -> Estimate:
    if tangent is None:
        return NONE
    along = array(noise.projections(tangent[None])[0])
    return _or_none(lambda: excess_kurtosis(along))


def _or_none(measure: Callable[[], Estimate]) -> Estimate:
    try:
        return measure()
    except TooShort:
        return NONE
