"""Everything that is asked about the curvature at one point, each quantity computed once.

    loss          L, with decay; |∇L| and its part along the path
    metric        loss without decay and figure of merit, train and test, statistics re-estimated
    trace         tr H
    lambda_max    the largest eigenvalues
    lambda_min    the smallest
    logdet        ln det of what the cleaning rule keeps: here only what :mod:`.log_dets` asks
    density       of eigenvalues
    scores        singular values of the score matrix, and the trace of the Fisher matrix
    gauss_newton  trace of the Gauss–Newton matrix
    along         t·Ht, the curvature along the path
    logdet_across as logdet, of (1 − tt')H(1 − tt') on what is orthogonal to the path's tangent t;
                  of a single point neither

Where the matrix is small enough to be diagonalised and its logarithm or density is asked for, trace
and largest eigenvalue are read off it too, and nothing is left to chance.
"""

from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..theory.errors import DomainError, NotConverged
from ..theory.estimate import Array, Estimate
from .across import Across, dense_across
from .curvature_settings import CurvatureSettings
from .density import spectral_density
from .eigenpairs import EigenPairs, leading_pairs, power_iteration
from .evaluation import evaluate
from .hessian import Hessian
from .log_determinant import KnownSpectrum, check_rule, probed_spectrum
from .log_dets import SIDE, remembered
from .problem import Problem, array
from .score_rows import usual_labels
from .scores import score_matrix
from .traces import trace

Measured = dict[str, Array]
# Products spent on the smallest eigenvalue: it lies at the edge of many, where no number of them
# makes a residual small beside a value near zero; the residual says what it is worth.
MOST_LOWEST = 100


def measured(
    problem: Problem,
    theta: Tensor,
    tangent: Tensor | None,
    settings: CurvatureSettings,
    carried: Tensor | None = None,
) -> tuple[Measured, Tensor | None]:
    """Numbers by name at ``theta`` (P,), and eigenvectors (k, dim) for the next point.

    tangent (P,): of the path, if there is one.  carried: eigenvectors at a neighbouring point.
    """
    point = _Point(problem, theta, settings, carried)
    row: dict[str, float | Array] = {}
    asked = settings.quantities
    if "loss" in asked:
        row |= point.slope(tangent)
    # before what takes longer, for it may be refused
    scores = _scores(problem, theta, settings) if "scores" in asked else {}
    if "metric" in asked:
        row |= _merits(problem, theta)
    if "trace" in asked:
        row |= point.trace()
    if "lambda_max" in asked:
        row |= point.largest()
    if "lambda_min" in asked:
        row |= point.smallest()
    if "logdet" in asked:
        row |= point.log_det()
    if "density" in asked:
        row |= point.density()
    if "along" in asked and tangent is not None:
        row |= point.along(tangent)
    if "logdet_across" in asked and tangent is not None:
        row |= point.log_det_across(tangent)
    row |= scores
    if "gauss_newton" in asked:
        row |= point.gauss_newton()
    if point.diagonal:
        row["spectrum"] = point.spectrum
    vectors = point.pairs.vectors if point.has_pairs else None
    numbers = {name: np.asarray(value, float) for name, value in row.items()}
    for name, values in numbers.items():
        if not np.all(np.isfinite(values)):
            msg = f"{name} must be a finite number; it is {values.flat[0]:g}"
            raise DomainError(msg)
    return numbers, vectors


class _Point:
    """One point and what is already known there."""

    def __init__(
        self, problem: Problem, theta: Tensor, settings: CurvatureSettings, carried: Tensor | None
    ) -> None:
        self.problem, self.theta, self.settings = problem, theta, settings
        self.carried, self.converged = carried, True
        wanted = set(settings.quantities)
        self.hessian = Hessian(problem, theta, kind=settings.kind, only=settings.only)
        small = self.hessian.dim <= settings.dense
        self.diagonal = small and bool(wanted & {"logdet", "density"})
        # both the eigenvalues and the deflated trace live on them
        self.has_pairs = not self.diagonal and bool(wanted & {"trace", "lambda_max", "density"})

    @cached_property
    def pairs(self) -> EigenPairs:
        s = self.settings
        count = min(s.eigenvalues, self.hessian.dim)
        start = self.carried
        how: dict[str, Any] = {"tolerance": s.tolerance, "start": start, "seed": s.seed}
        try:
            return leading_pairs(self.hessian, count, **how)
        except NotConverged as error:
            self.converged = False
            found: EigenPairs = error.found
            return found

    @cached_property
    def spectrum(self) -> Array:
        """All eigenvalues, falling."""
        return np.asarray(np.linalg.eigvalsh(array(self.matrix))[::-1], float)

    @cached_property
    def matrix(self) -> Tensor:
        """H itself."""
        return self.hessian.dense()

    def slope(self, tangent: Tensor | None) -> dict[str, float]:
        gradient = self.hessian.gradient.double()
        found = {"loss": self.hessian.loss, "gradient_norm": float(gradient.norm())}
        if tangent is not None:
            named = self.problem.layout.unflatten(tangent.to(gradient))
            along = torch.cat([named[name].reshape(-1) for name in self.hessian.names])
            found["gradient_along"] = float(gradient @ along)
        return found

    def trace(self) -> dict[str, float]:
        if self.diagonal:
            return {"trace": float(self.spectrum.sum()), "trace_stderr": 0.0}
        s = self.settings
        found = trace(
            self.hessian, method=s.trace_method, probes=s.probes, seed=s.seed, deflate=self.pairs
        )
        return {"trace": float(found.value), "trace_stderr": float(found.error)}

    def largest(self) -> dict[str, float | Array]:
        count = min(self.settings.eigenvalues, self.hessian.dim)
        if self.settings.lambda_method == "power":
            found = self._by_power()
            values, bounds = found.value[None], found.error[None]
        elif self.diagonal:
            values, bounds = self.spectrum[:count], np.full(count, self._rounding())
        else:
            values, bounds = self.pairs.values, self.pairs.residuals
        row: dict[str, float | Array] = {
            "lambda_max": values[0],
            "lambda_max_residual": bounds[0],
            "lambda_max_converged": float(self.converged),
        }
        return row | ({"eigenvalues": values} if count > 1 else {})

    def _by_power(self) -> Estimate:
        s = self.settings
        try:
            return power_iteration(self.hessian, tolerance=s.tolerance, seed=s.seed)
        except NotConverged as error:
            self.converged = False
            found: Estimate = error.found
            return found

    def smallest(self) -> dict[str, float]:
        s = self.settings
        if self.diagonal:
            value, bound = self.spectrum[-1], self._rounding()
        else:
            try:
                pairs = leading_pairs(
                    _Negative(self.hessian), tolerance=s.tolerance, seed=s.seed, most=MOST_LOWEST
                )
            except NotConverged as error:
                pairs = error.found
            value, bound = -pairs.values[0], pairs.residuals[0]
        return {"lambda_min": float(value), "lambda_min_residual": float(bound)}

    def _rounding(self) -> float:
        """What rounding makes of an eigenvalue: of products and of their diagonalisation."""
        eps = torch.finfo(self.hessian.dtype).eps
        return float(eps * self.hessian.dim**0.5 * np.abs(self.spectrum).max())

    def log_det(self) -> dict[str, float | Array]:
        """What is to be known of the spectrum: the cut may depend on the other points."""
        s = self.settings
        if s.rule is not None:
            check_rule(s.rule, self.hessian.dim, s.dense)
        steps = min(s.steps, self.hessian.dim)
        if self.diagonal:
            known = KnownSpectrum(self.spectrum)
            if s.rule is not None:
                s.rule.count(known.eigenvalues)  # refuses now, not after all other points
            return remembered(known, steps)
        how = {"probes": s.probes, "steps": s.steps, "seed": s.seed}
        start = self.pairs.vectors if self.has_pairs else None
        return remembered(probed_spectrum(self.hessian, **how, start=start), steps)

    def along(self, tangent: Tensor) -> dict[str, float | Array]:
        tangent = tangent.to(self.theta)
        return {"t_H_t": float(self.hessian.products(tangent[None])[0] @ tangent)}

    def log_det_across(self, tangent: Tensor) -> dict[str, float | Array]:
        """The same as of :meth:`log_det`, under names that say so."""
        s, tangent = self.settings, tangent.to(self.theta)
        if s.rule is not None:
            check_rule(s.rule, self.hessian.dim, s.dense)
        steps = min(s.steps, self.hessian.dim)
        row: dict[str, float | Array] = {}
        if self.hessian.dim <= s.dense:
            values, _ = dense_across(self.matrix.double(), tangent.double())
            known = KnownSpectrum(array(values))
            if s.rule is not None:
                s.rule.count(known.eigenvalues)
            row = remembered(known, steps) | {"spectrum": known.eigenvalues}
        else:
            across = Across(self.hessian, tangent)
            found = probed_spectrum(across, probes=s.probes, steps=s.steps, seed=s.seed)
            row = remembered(found, steps)
        return {SIDE + name: value for name, value in row.items()}

    def density(self) -> dict[str, float | Array]:
        row: dict[str, float | Array] = {"directions": self.hessian.dim}
        if self.diagonal:
            return row
        s = self.settings
        found = spectral_density(self.hessian, s.probes, s.steps, s.seed, self.pairs)
        missing = ((0, 0), (0, min(s.steps, self.hessian.dim) - found.nodes.shape[1]))
        nodes, weights = np.pad(found.nodes, missing), np.pad(found.weights, missing)
        return row | {
            "density_nodes": nodes,
            "density_weights": weights,
            "density_known": found.known,
        }

    def gauss_newton(self) -> dict[str, float]:
        s = self.settings
        operator = Hessian(self.problem, self.theta, kind="gauss-newton", only=s.only)
        found = trace(operator, method=s.trace_method, probes=s.probes, seed=s.seed)
        names = ("gauss_newton_trace", "gauss_newton_trace_stderr")
        return dict(zip(names, (float(found.value), float(found.error)), strict=True))


class _Negative:
    """−H."""

    addends = 1

    def __init__(self, hessian: Hessian) -> None:
        self.hessian = hessian
        self.dim, self.dtype, self.device = hessian.dim, hessian.dtype, hessian.device

    @property
    def used(self) -> float:
        return self.hessian.used

    def products(self, vectors: Tensor) -> Tensor:
        return -self.hessian.products(vectors)

    def products_of(self, addends: range, vectors: Tensor) -> Tensor:
        assert list(addends) == [0]
        return self.products(vectors)


def _merits(problem: Problem, theta: Tensor) -> dict[str, float]:
    named = problem.metric is not None
    train = evaluate(problem, theta)
    row = {"train_loss": train.loss} | ({"metric": train.metric} if named else {})
    if problem.test is not None:
        test = evaluate(problem, theta, on="test")
        row["test_loss"] = test.loss
        if named:
            row["test_metric"] = test.metric
    return row


def _scores(problem: Problem, theta: Tensor, settings: CurvatureSettings) -> Measured:
    s = settings
    samples = None if s.score_samples is None else min(s.score_samples, problem.samples)
    found = score_matrix(
        problem,
        theta,
        samples,
        labels=s.score_labels or usual_labels(problem),
        company=s.score_statistics,
        seed=s.seed,
        only=s.only,
    )
    values = np.zeros(s.score_rank)  # beyond the rank of S they are zero
    some = found.singular_values[: s.score_rank]
    values[: len(some)] = some
    return {
        "fisher_trace": found.trace.value,
        "fisher_trace_stderr": found.trace.error,
        "fisher_max": found.fisher_eigenvalues[0],
        "score_singular_values": values,
    }
