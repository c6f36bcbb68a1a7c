"""What is asked about the curvature at every point of a path, and how finely; no state."""

from dataclasses import dataclass
from typing import Literal

from ..theory.cleaning import CleaningRule
from ..theory.errors import DomainError
from .hessian import Kind
from .log_determinant import DENSE
from .score_rows import Company, Labels
from .traces import Method

QUANTITIES = (
    *("loss", "metric", "trace", "lambda_max", "lambda_min", "logdet", "density"),
    *("scores", "gauss_newton", "along", "logdet_across"),
)
ACROSS = ("along", "logdet_across")  # what only a path has
USUAL = ("loss", "metric", "trace", "lambda_max", "logdet", "scores")


@dataclass(frozen=True)
class CurvatureSettings:
    """What is measured, and how finely.

    kind, only: which matrix, of which parameters.  trace_method, probes: of traces, log-det and
    density.  tolerance: of eigenvalues, residual over value.  lambda_method: "power" for the
    iteration of the source, which finds the largest in magnitude, slowly, and no other.
    eigenvalues: how many of the largest.  rule: which eigenvalues count in the log-det, None for
    one floor that all points share, see :mod:`.log_dets`.  steps: of every probe's quadrature.
    dense: the most directions for which the matrix is diagonalised.
    score_samples (None: all), score_rank, score_labels, score_statistics: see :mod:`.scores`;
    labels of None: :func:`.score_rows.usual_labels`.
    Raises DomainError for a quantity that there is not, and numbers below their least.
    """

    quantities: tuple[str, ...] = USUAL
    kind: Kind = "hessian"
    only: tuple[str, ...] | None = None
    trace_method: Method = "hutchinson"
    probes: int = 16
    tolerance: float = 1e-3
    lambda_method: Literal["lanczos", "power"] = "lanczos"
    eigenvalues: int = 1
    rule: CleaningRule | None = None
    steps: int = 64
    dense: int = DENSE
    score_samples: int | None = 256
    score_rank: int = 10
    score_labels: Labels | None = None
    score_statistics: Company = "following"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in self.quantities:
            if name not in QUANTITIES:
                msg = f"there is no quantity {name!r}; there are {', '.join(QUANTITIES)}"
                raise DomainError(msg)
        for name in ACROSS:
            if name in self.quantities and self.only is not None:
                msg = f"{name} is that of all parameters, among which the tangent of a path lies"
                raise DomainError(msg)
        if self.lambda_method not in ("lanczos", "power"):
            msg = f"lambda_method must be 'lanczos' or 'power'; it is {self.lambda_method!r}"
            raise DomainError(msg)
        if self.lambda_method == "power" and self.eigenvalues > 1:
            msg = f"power iteration finds one eigenvalue; {self.eigenvalues} were asked for"
            raise DomainError(msg)
        for name, least in (("eigenvalues", 1), ("score_rank", 1), ("steps", 2), ("probes", 2)):
            if getattr(self, name) < least:
                msg = f"{name} must be at least {least}; it is {getattr(self, name)}"
                raise DomainError(msg)
