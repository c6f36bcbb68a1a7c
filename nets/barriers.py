r"""What stands between two networks on the straight line that joins them.

    loss, error        max over the line of the value above the linear interpolation of its ends
    λ_max, tr H        max over the line less the larger end, and the ratio of the two

The first is the barrier of linear mode connectivity (Frankle, Dziugaite, Roy and Carbin, Linear
mode connectivity and the lottery ticket hypothesis, ICML 2020); the second says whether a walker
from either end meets more curvature than it knows.  Ends count as places of the line, so that no
barrier is negative; one that is there by chance is of the size of its error.  The loss is the
landscape's, over the training set with decay; the error is 1 − accuracy, on the test set if there
is one, with statistics re-estimated at every place.

Traces are compared between places, so that all of them take the same subspace Q exactly (what is
stiff at the ends and in the middle) and the same random signs z beside it: from tr QᵀHQ + zᵀHz of
each probe differences are formed first, whose chance vanishes with the distance.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..theory.errors import NotConverged
from ..theory.estimate import Array, Estimate, frozen
from .eigenpairs import EigenPairs, leading_pairs, orthonormal
from .evaluation import evaluate
from .gradient_noise import random_signs
from .hessian import Hessian
from .problem import Problem, array

STIFF = 8  # eigenvectors of H at each of three places that make Q
COLUMNS = ("loss", "error", "lambda_max", "lambda_max_residual", "trace_probes")


@dataclass(frozen=True)
class LineProfile:
    """What was measured along a line of this ``length``, at ``fraction`` (m,) of it.

    lambda_max_residual: bound on the error of λ_max.  trace_probes (m, probes): tr H as every probe
    has it.  error is NaN where the problem knows no accuracy.
    """

    length: float
    fraction: Array
    loss: Array
    error: Array
    lambda_max: Array
    lambda_max_residual: Array
    trace_probes: Array

    def __post_init__(self) -> None:
        for name in (*COLUMNS, "fraction"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def trace(self) -> Array:
        """Tr H (m,)."""
        return np.asarray(self.trace_probes.mean(axis=1))

    @property
    def trace_stderr(self) -> Array:
        """Its standard error at each place (m,), much alike at neighbouring ones."""
        return _stderr(self.trace_probes)

    @property
    def loss_barrier(self) -> Estimate:
        """Of L; exact at these places."""
        return Estimate(_above_chord(self.fraction, self.loss), 0.0, "line")

    @property
    def error_barrier(self) -> Estimate:
        """Of the share of wrong answers."""
        return Estimate(_above_chord(self.fraction, self.error), 0.0, "line")

    @property
    def lambda_max_barrier(self) -> Estimate:
        """Of the largest eigenvalue; its error is the residual bound."""
        top, end = _top_and_end(self.lambda_max)
        bound = 0.0 if top == end else np.hypot(*self.lambda_max_residual[[top, end]])
        return Estimate(self.lambda_max[top] - self.lambda_max[end], bound, "line")

    @property
    def trace_barrier(self) -> Estimate:
        """Of tr H, with the standard error of the difference between the two places."""
        top, end = _top_and_end(self.trace)
        apart = self.trace_probes[top] - self.trace_probes[end]
        return Estimate(apart.mean(), _stderr(apart), "line")

    @property
    def lambda_max_ratio(self) -> float:
        """Largest λ_max on the line over that of the sharper end."""
        return float(self.lambda_max.max() / max(self.lambda_max[0], self.lambda_max[-1]))

    @property
    def trace_ratio(self) -> float:
        """Largest tr H on the line over that of the larger end."""
        return float(self.trace.max() / max(self.trace[0], self.trace[-1]))


def line_profile(
    problem: Problem,
    first: Tensor,
    last: Tensor,
    places: int = 11,
    *,
    probes: int = 16,
    tolerance: float = 1e-3,
    seed: int = 0,
) -> LineProfile:
    """Loss, error, λ_max and tr H at ``places`` on the line from ``first`` to ``last`` (P,).

    Where both are one point the line has no length, and that point is measured once.
    """
    fraction = np.linspace(0.0, 1.0, places)
    alike = bool(torch.equal(first, last))
    middle = torch.lerp(first, last, 0.5)
    stiff = [
        _stiff(problem, theta, seed) for theta in ([first] if alike else [first, middle, last])
    ]
    basis = orthonormal(torch.cat(stiff), first.new_empty(0, len(first)))
    signs = random_signs(probes, first, seed)
    signs = signs - (signs @ basis.T) @ basis
    rows = []
    for x in fraction[:1] if alike else fraction:
        theta = last if x == 1 else torch.lerp(first, last, float(x))
        hessian = Hessian(problem, theta)
        # a search that began at an exact eigenvector of the place before, which symmetric
        # landscapes have, would never leave it for a larger one
        pairs = _leading(hessian, 1, tolerance, seed)
        known = float((basis * hessian.products(basis)).sum(dtype=torch.float64))
        forms = (signs * hessian.products(signs)).sum(dim=1, dtype=torch.float64)
        rows.append(
            (
                *(hessian.loss, _error(problem, theta)),
                *(pairs.values[0], pairs.residuals[0], known + array(forms)),
            )
        )
    columns = dict(zip(COLUMNS, map(np.array, zip(*rows, strict=True)), strict=True))
    whole = {
        name: np.broadcast_to(found, (places, *found.shape[1:])) for name, found in columns.items()
    }
    length = float((last.double() - first.double()).norm())
    return LineProfile(length, fraction, **whole)


def _stiff(problem: Problem, theta: Tensor, seed: int) -> Tensor:
    """Unit vectors of the largest curvatures at ``theta``, roughly."""
    count = min(STIFF, len(theta))
    return _leading(Hessian(problem, theta), count, 0.1, seed).vectors


def _leading(hessian: Hessian, count: int, tolerance: float, seed: int) -> EigenPairs:
    try:
        return leading_pairs(hessian, count, tolerance=tolerance, seed=seed)
    except NotConverged as error:  # the residual says what it is worth
        found: EigenPairs = error.found
        return found


def _error(problem: Problem, theta: Tensor) -> float:
    if problem.metric is None or problem.metric_name != "accuracy":
        return float("nan")
    return 1 - evaluate(problem, theta, "train" if problem.test is None else "test").metric


def _stderr(values: Array) -> Array:
    """Of the mean over the last axis."""
    return np.asarray(values.std(axis=-1, ddof=1) / values.shape[-1] ** 0.5)


def _above_chord(fraction: Array, values: Array) -> float:
    chord = values[0] + fraction * (values[-1] - values[0])
    above = values - chord
    above[[0, -1]] = 0.0  # they lie on it
    return float(above.max())


def _top_and_end(values: Array) -> tuple[int, int]:
    """Where the largest value is, and the larger end."""
    end = 0 if values[0] >= values[-1] else len(values) - 1
    top = int(values.argmax())
    return (end if values[top] == values[end] else top), end
