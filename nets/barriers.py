r"""What stands between two networks on the straight line that joins them.

    loss, error        max over the line of the value above the linear interpolation of its ends
    λ_max, tr H        max over the line less the larger end, and the ratio of the two

The first is the barrier of linear mode connectivity (Frankle, Dziugaite, Roy and Carbin, Linear
mode connectivity and the lottery ticket hypothesis, ICML 2020); the second says whether a walker
from either end meets more curvature than it knows.  Ends count as places of the line, so that no
barrier is negative.  The loss is the landscape's, over the training set with decay; the error is
1 − accuracy, on the test set if there is one, with statistics re-estimated at every place.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..theory.estimate import Array, Estimate, frozen
from .curvature_profile import minima_curvature
from .point_curvature import CurvatureSettings
from .problem import Problem

COLUMNS = ("loss", "error", "lambda_max", "lambda_max_residual", "trace", "trace_stderr")


@dataclass(frozen=True)
class LineProfile:
    """What was measured along a line of this ``length``, at ``fraction`` (m,) of it.

    trace_stderr: standard error of tr H (same probes everywhere); lambda_max_residual: bound on the
    error of λ_max.  error is NaN where the problem knows no accuracy.
    """

    length: float
    fraction: Array
    loss: Array
    error: Array
    lambda_max: Array
    lambda_max_residual: Array
    trace: Array
    trace_stderr: Array

    def __post_init__(self) -> None:
        for name in (*COLUMNS, "fraction"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

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
        return _above_ends(self.lambda_max, self.lambda_max_residual)

    @property
    def trace_barrier(self) -> Estimate:
        """Of tr H; errors at both places in quadrature, though shared probes make them alike."""
        return _above_ends(self.trace, self.trace_stderr)

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
    settings = CurvatureSettings(
        ("loss", "metric", "trace", "lambda_max"), probes=probes, tolerance=tolerance, seed=seed
    )
    alike = bool(torch.equal(first, last))
    places_kept = fraction[:1] if alike else fraction
    # the search for λ_max begins anew at each: from an exact eigenvector of the place before, which
    # symmetric landscapes have, it would never leave it for a larger one
    points = {f"{x:g}": last if x == 1 else torch.lerp(first, last, x) for x in places_kept}
    table = minima_curvature(problem, points, settings).columns
    columns = {
        name: np.broadcast_to(table[name], fraction.shape) for name in COLUMNS if name != "error"
    }
    on = "test_accuracy" if problem.test is not None else "accuracy"
    error = 1 - table[on] if on in table else np.full(1, np.nan)
    return LineProfile(
        length=float((last.double() - first.double()).norm()),
        fraction=fraction,
        error=np.broadcast_to(error, fraction.shape),
        **columns,
    )


def _above_chord(fraction: Array, values: Array) -> float:
    chord = values[0] + fraction * (values[-1] - values[0])
    above = values - chord
    above[[0, -1]] = 0.0  # they lie on it
    return float(above.max())


def _above_ends(values: Array, errors: Array) -> Estimate:
    top, end = int(values.argmax()), 0 if values[0] >= values[-1] else len(values) - 1
    if top in (0, len(values) - 1):
        return Estimate(0.0, 0.0, "line")
    return Estimate(values[top] - values[end], np.hypot(errors[top], errors[end]), "line")
