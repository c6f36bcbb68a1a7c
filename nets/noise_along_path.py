"""The gradient noise at every pivot of a path: strength, spectrum, alignment, tails.

Random samples, minibatches and probes are the same at every pivot, so that profiles are smooth:
what differs between pivots is the landscape.  Errors of neighbours are then alike in sign.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from torch import Tensor

from ..theory.errors import DomainError, TooShort
from ..theory.estimate import Array, Estimate
from ..theory.path import Path
from .eigenpairs import leading_pairs
from .gradient_noise import GradientNoise, check_sampling, measure_noise
from .hessian import Hessian
from .noise_alignment import hessian_alignment, noise_exponent
from .operators import point
from .problem import Problem, array
from .tails import excess_kurtosis, tail_index

QUANTITIES = (
    *("noise_trace", "noise_lambda_max", "participation", "anisotropy", "t_C_t"),
    *("alignment", "gain", "noise_stiffness", "noise_exponent", "tail_index", "kurtosis"),
)
NONE = Estimate(float("nan"), float("nan"), "not measured")


@dataclass(frozen=True)
class NoiseSampling:
    """How the noise is measured; see :func:`.gradient_noise.measure_noise`.

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


def path_noise(
    problem: Problem,
    path: Path,
    sampling: NoiseSampling | None = None,
    *,
    known: Mapping[int, dict[str, Estimate]] | None = None,
    keep: Callable[[int, dict[str, Estimate]], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[dict[str, Estimate]]:
    """:func:`noise_at` for every pivot of ``path``, in order.

    known: pivots that need no second look; keep(i, found) is called after each new one.
    Raises DomainError, naming the pivot, where gradients are not finite.
    """
    known, rows, sampling = known or {}, [], sampling or NoiseSampling()
    check_sampling(problem, sampling.samples, sampling.batch, sampling.draws)
    tangents = pivot_tangents(path)
    for i, place in enumerate(path.points):
        if i in known:
            rows.append(known[i])
        else:
            try:
                here, tangent = point(problem, place), problem.tensor(tangents[i])
                rows.append(noise_at(problem, here, tangent, sampling))
            except DomainError as error:
                msg = f"at pivot {i}: {error}"
                raise DomainError(msg) from None
            if keep is not None:
                keep(i, rows[-1])
        if progress is not None:
            progress((i + 1) / len(path.points))
    return rows


def pivot_tangents(path: Path) -> Array:
    """Unit tangents (n, P) at the pivots: the mean of the unit tangents of both neighbours."""
    middles = 0.5 * (path.arc[1:] + path.arc[:-1])
    segments = path.tangent(middles)
    both = np.concatenate([segments[:1], segments[1:] + segments[:-1], segments[-1:]])
    lengths = np.linalg.norm(both, axis=1, keepdims=True)
    if not np.all(lengths > 0):
        msg = "a path must not turn back on itself at a pivot"
        raise DomainError(msg)
    return np.asarray(both / lengths)


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
