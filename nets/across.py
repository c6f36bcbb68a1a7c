r"""The landscape across a path at one of its points: what the fast directions do there.

In the space orthogonal to the unit tangent t, with eigenpairs λ_i, v_i of H⊥ = (1 − tt')H(1 − tt'),

    slope_ij    v_i'(dH⊥/ds) v_j = ∇³L[t, v_i, v_j] − κ_i b_j − b_i κ_j
    κ = dt/ds   how the path bends,    b = Ht    how the Hessian couples it to the fast directions
    noise_ij    v_i'C v_j              C the covariance of per-sample gradients

The last two addends of the slope turn the frame: normals carried along the path without twisting
obey dv/ds = −(κ·v) t.  On the floor of a valley, where ∇L ∥ t, b⊥ = κ t·∇L, so that they are of
second order in κ, as is all that a curved path adds elsewhere; they vanish on a straight one.

Dense, all eigenpairs are found; else the largest only, by Lanczos, and ``reach`` says down to where
the eigenvalues are complete.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..theory.errors import NotConverged
from ..theory.estimate import Array, frozen
from ..theory.path import Path
from .eigenpairs import leading_pairs
from .hessian import Hessian
from .operators import point, scores, third_products
from .problem import Problem, array

ALONG = 1e-6  # of λ_max: a Ritz value below is that of the tangent, projected out


@dataclass(frozen=True)
class AcrossPoint:
    """One point at arc length ``s``; r directions kept, their eigenvalues falling.

    eigenvalues (P − 1,), or the r largest where not dense.  reach: above it every eigenvalue is
    among the r.  slope (r, r): that of H⊥ in its eigenbasis.  noises: by name, of what shakes the
    steps, C among the r directions (r, r), along the path and on the average over all directions,
    before the factor c.  pull, bend, tilt (r,): b, κ and ∇L there.  along: t'Ht.
    """

    s: float
    eigenvalues: Array
    reach: float
    slope: Array
    noises: Mapping[str, "NoiseAcross"]
    pull: Array
    bend: Array
    tilt: Array
    along: float

    def __post_init__(self) -> None:
        for name in ("eigenvalues", "slope", "pull", "bend", "tilt"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    @property
    def kept(self) -> Array:
        """The eigenvalues (r,) of the directions kept."""
        return self.eigenvalues[: len(self.slope)]


@dataclass(frozen=True)
class NoiseAcross:
    """Covariance ``across`` (r, r) among the fast directions, ``along`` the path t'Ct, tr C/P."""

    across: Array
    along: float
    mean: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "across", frozen(self.across))


class Across:
    """H⊥ as an operator on all P directions; that along ``tangent`` has the eigenvalue 0."""

    def __init__(self, hessian: Hessian, tangent: Tensor) -> None:
        self.hessian, self.tangent = hessian, tangent
        self.dim, self.dtype, self.device = hessian.dim, hessian.dtype, hessian.device

    @property
    def addends(self) -> int:
        """Those of H."""
        return self.hessian.addends

    @property
    def used(self) -> float:
        """Products so far."""
        return self.hessian.used

    def products(self, vectors: Tensor) -> Tensor:
        """(1 − tt')H(1 − tt') v for every row v."""
        return self._across(self.hessian.products(self._across(vectors)))

    def products_of(self, addends: range, vectors: Tensor) -> Tensor:
        """The same for some addends of H."""
        return self._across(self.hessian.products_of(addends, self._across(vectors)))

    def _across(self, vectors: Tensor) -> Tensor:
        return vectors - (vectors @ self.tangent)[:, None] * self.tangent


def across_point(
    problem: Problem, path: Path, s: float, *, floor: float, dense: int, pairs: int, seed: int
) -> AcrossPoint:
    """The fast directions at ``s`` whose eigenvalue is above ``floor`` ≥ 0.

    dense: the most parameters for which H is diagonalised; beyond, the ``pairs`` largest.
    """
    theta = point(problem, path.at(s))
    tangent, bend = problem.tensor(path.tangent(s)), problem.tensor(path.bending(s))
    hessian = Hessian(problem, theta)
    if hessian.dim <= dense:
        values, vectors = dense_across(hessian.dense().double(), tangent.double())
        reach = floor
    else:
        values, vectors, reach = _leading(Across(hessian, tangent), pairs, seed)
        reach = max(reach, floor)
    vectors = vectors[values > floor].to(problem.dtype)
    pull, slope = hessian.products(tangent[None])[0], hessian.gradient
    frame = [array(vectors @ some) for some in (pull, bend, slope)]
    grown = third_products(problem, theta, tangent, vectors) @ vectors.T
    turned = frame[0][:, None] * frame[1]
    return AcrossPoint(
        s=float(s),
        eigenvalues=array(values),
        reach=reach,
        slope=array(0.5 * (grown + grown.T)) - turned - turned.T,
        noises=_noises(problem, theta, tangent, vectors),
        pull=frame[0],
        bend=frame[1],
        tilt=frame[2],
        along=float(tangent @ pull),
    )


def dense_across(matrix: Tensor, tangent: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (P − 1,), falling, and eigenvectors as rows (P − 1, P) of H⊥.

    A reflection takes the tangent to an axis; what is left of H without that axis is diagonalised.
    """
    mirror = tangent.clone()
    mirror[0] += torch.copysign(torch.ones_like(mirror[0]), mirror[0])
    mirror = mirror / mirror.norm()
    inner = _reflected(_reflected(matrix, mirror).T, mirror)[1:, 1:]
    values, states = torch.linalg.eigh(0.5 * (inner + inner.T))
    rows = torch.nn.functional.pad(states.T, (1, 0))
    return values.flip(0), _reflected(rows, mirror).flip(0)


def _reflected(rows: Tensor, mirror: Tensor) -> Tensor:
    return rows - 2 * (rows @ mirror)[:, None] * mirror


def _leading(operator: Across, pairs: int, seed: int) -> tuple[Tensor, Tensor, float]:
    """The largest eigenpairs, and the value above which none is missing."""
    try:
        found = leading_pairs(operator, min(pairs, operator.dim - 1), seed=seed)
    except NotConverged as error:  # within a dense bulk: good to second order in the residual
        found = error.found
    values = torch.tensor(found.values, dtype=torch.float64, device=operator.device)
    real = values > ALONG * values.abs().max()
    kept = values[real]
    return kept, found.vectors[real], float(kept.min()) if len(kept) else 0.0


def _noises(
    problem: Problem, theta: Tensor, tangent: Tensor, vectors: Tensor
) -> dict[str, NoiseAcross]:
    """C, its diagonal, and its mean times the unit matrix, as what shakes the steps."""
    rows = scores(problem, theta) / (problem.samples - 1) ** 0.5
    each = rows.square().sum(dim=0)
    mean = float(each.double().mean())
    seen, way = vectors @ rows.T, rows @ tangent
    unit = torch.eye(len(vectors), dtype=vectors.dtype, device=vectors.device)
    made = {
        "minibatch": (seen @ seen.T, way @ way),
        "uncorrelated": ((vectors * each) @ vectors.T, each @ tangent.square()),
        "isotropic": (mean * unit, mean * torch.ones(())),
    }
    return {
        name: NoiseAcross(array(across), float(along), mean)
        for name, (across, along) in made.items()
    }
