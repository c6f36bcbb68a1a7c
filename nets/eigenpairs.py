r"""The largest eigenvalues of a symmetric operator, each with the residual that bounds its error.

In an orthonormal basis Q whose images HQ are known, Ritz pairs (θ, x = Qy) are the eigenpairs of
QᵀHQ; the basis grows by the residual of the first pair wanted that has not converged,

.. math:: r = Hx - θx, \qquad \min_i |λ_i - θ| \le |r| .

From one vector this is Lanczos's method with full reorthogonalisation (all residuals point the same
way); from the eigenvectors of a neighbouring point it goes on where those left off.  When the basis
is full it is cut back to its best Ritz vectors ("thick restart").  It ends on the residual, which
holds whatever the gap is.  The error of a Ritz value itself is of second order, |r|²/gap, but a
search that ends on that, with the gap to the second Ritz value, takes two close eigenvalues that it
has not yet told apart for one: where they were 1e-4 to 0.1 apart it missed its tolerance in 39 of
100 cases, and one that ends on the residual in 6.  No Krylov method can know that what it never met
is not larger.

Where H is a sum over blocks of data, an eighth of them is searched first, for an eighth of the
price.  Its eigenvectors are a start for the whole, which saves a third of the products or more, and
beside those of a neighbouring point they show when another eigenvalue has overtaken.  Where the
blocks are fewer, a Krylov space of its own, from a random vector beside the neighbour's, looks for
that: an eigenvector that is carried along unchanged converges at once, however many overtake it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..theory.errors import DomainError, NotConverged
from ..theory.estimate import Array, Estimate, frozen
from .operator import Operator
from .problem import array

PART = 8  # the part searched first is one over so many
LOOSE = 0.03  # residual over value that is enough where an eigenvalue is only looked for
# Products, at most, that look for an eigenvalue that has overtaken: more than an outlier takes to
# be found from a random vector, and most searches end sooner.
LOOK = 8
ROOM = 32  # vectors in the basis beside twice the number of pairs, before it is cut back


@dataclass(frozen=True)
class EigenPairs:
    """The largest eigenvalues found, falling.

    values (k,); residuals (k,): |Hx − θx| of unit vectors x, so that an eigenvalue lies that near;
    vectors (k, dim).  smallest: the lowest Ritz value met; the lowest eigenvalue is no higher.
    products: how many it took.  basis, images (j, dim): an orthonormal basis that holds the vectors
    and its image under H.
    """

    values: Array
    residuals: Array
    vectors: Tensor
    smallest: float
    products: float
    basis: Tensor
    images: Tensor

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values))
        object.__setattr__(self, "residuals", frozen(self.residuals))

    def lowest_vector(self) -> Tensor:
        """The Ritz vector (1, dim) of the lowest Ritz value in the basis."""
        matrix = (self.basis @ self.images.T).double()
        lowest: Tensor = torch.linalg.eigh(0.5 * (matrix + matrix.T)).eigenvectors[:, :1]
        return lowest.T.to(self.basis) @ self.basis

    @property
    def largest(self) -> Estimate:
        """λ_max, algebraically; its error is the residual bound."""
        return Estimate(self.values[0], self.residuals[0], "lanczos")

    @property
    def negative_dominates(self) -> bool:
        """Whether an eigenvalue below zero is known to be larger in magnitude than λ_max."""
        return bool(-self.smallest > self.values[0])


def leading_pairs(
    operator: Operator,
    count: int = 1,
    *,
    tolerance: float = 1e-3,
    start: Tensor | None = None,
    seed: int = 0,
    most: int = 300,
) -> EigenPairs:
    """The ``count`` algebraically largest eigenvalues: residuals at most tolerance · |θ|.

    start (k, dim): vectors to begin with, such as eigenvectors at a neighbouring point; random ones
    from ``seed`` fill up to ``count``, so that a multiple eigenvalue is found as often as it is
    there.  Pairs also count as converged at the rounding of the operator's type times the
    largest |θ|.
    Raises NotConverged, with the pairs so far, after ``most`` products; DomainError for a start of
    another size.

    >>> from .matrix import Matrix
    >>> operator = Matrix(torch.diag(torch.tensor([1.0, 3.0, 2.0])))
    >>> leading_pairs(operator, 2).values.round(5).tolist()
    [3.0, 2.0]
    """
    _check(operator, count, tolerance, start)
    began, space = operator.used, _Space(operator, 2 * count + ROOM)
    look = LOOK if start is not None and operator.addends < PART else 0
    new, spare = _first(operator, count, tolerance, start, seed), seed
    smallest = np.inf
    while True:
        if not space.extend(new) or space.size < count:
            spare += 1  # nothing new in what was handed in: look elsewhere
            new = _random(operator, 1, spare)
            continue
        values, states = space.ritz()
        smallest = min(smallest, float(values[-1]))
        wanted = states[:count] @ space.basis
        apart = states[:count] @ space.images - wanted * wanted.new_tensor(values[:count])[:, None]
        residuals = array(apart.norm(dim=1))
        rounding = torch.finfo(operator.dtype).eps * 4 * np.abs(values).max()
        open_ = np.nonzero(residuals > np.maximum(tolerance * np.abs(values[:count]), rounding))[0]
        spent = operator.used - began
        done = len(open_) == 0 or space.size == operator.dim
        beside = space.residual(values, states, count) if done and look else None
        if (done and (beside is None or space.size == operator.dim)) or spent >= most:
            found = EigenPairs(
                values[:count], residuals, wanted, smallest, spent, space.basis, space.images
            )
            if done:
                return found
            msg = (
                f"{len(open_)} of {count} eigenvalues have residuals above {tolerance:g} of "
                f"themselves after {spent:.0f} products, up to {residuals.max():.3g}; allow more"
            )
            raise NotConverged(msg, found)
        if beside is None:
            new = apart[open_[0]][None]
        else:
            new, look = beside, look - 1
        space.cut(values, states, count + ROOM // 4)


def _first(
    operator: Operator, count: int, tolerance: float, start: Tensor | None, seed: int
) -> Tensor:
    """Vectors to begin with: at least one that ``start`` knows nothing of."""
    if operator.addends >= PART:
        new = _from_a_part(operator, count, tolerance, seed)
    else:
        new = _random(operator, count, seed)
    if start is None:
        return new
    return torch.cat([start.to(new), new])[: max(count, len(start) + 1)]


def _check(operator: Operator, count: int, tolerance: float, start: Tensor | None) -> None:
    if not (1 <= count <= operator.dim and count == int(count)):
        msg = f"there are 1 to {operator.dim} eigenvalues to find; {count} were asked for"
        raise DomainError(msg)
    if not 0 < tolerance < 1:
        msg = f"the tolerance must lie between 0 and 1; it is {tolerance:g}"
        raise DomainError(msg)
    if start is not None and (start.ndim != 2 or start.shape[1] != operator.dim):
        msg = f"start vectors must be rows of {operator.dim} numbers; they are {tuple(start.shape)}"
        raise DomainError(msg)


def power_iteration(
    operator: Operator, *, tolerance: float = 1e-3, seed: int = 0, most: int = 1000
) -> Estimate:
    """The eigenvalue largest in magnitude by v ← Hv/|Hv|; its error is the residual |Hv − λv|.

    It ends on the residual: values that no longer change have often not converged.  Slower than
    :func:`leading_pairs` by about the root of |λ₁|/(|λ₁| − |λ₂|); kept for comparison.
    Raises NotConverged, with the estimate so far, after ``most`` products.
    """
    vector = _random(operator, 1, seed)
    vector = vector / vector.norm()
    for _ in range(most):
        image = operator.products(vector)
        value = float((vector * image).sum())
        residual = float((image - value * vector).norm())
        found = Estimate(value, residual, "power iteration")
        if residual <= tolerance * abs(value):
            return found
        vector = image / image.norm()
    msg = f"power iteration has a residual of {residual:.3g} at {value:.6g} after {most} products"
    raise NotConverged(msg, found)


class _Part:
    """The first of an operator's addends alone; its scale does not matter."""

    def __init__(self, operator: Operator, addends: int) -> None:
        self.dim, self.dtype, self.device = operator.dim, operator.dtype, operator.device
        self.addends, self.used = 1, 0.0
        self._operator, self._chosen = operator, range(addends)

    def products(self, vectors: Tensor) -> Tensor:
        self.used += len(vectors)
        return self._operator.products_of(self._chosen, vectors)

    def products_of(self, addends: range, vectors: Tensor) -> Tensor:
        return self.products(vectors)


def _from_a_part(operator: Operator, count: int, tolerance: float, seed: int) -> Tensor:
    part = _Part(operator, operator.addends // PART)
    try:
        pairs = leading_pairs(
            part, count, tolerance=max(tolerance, LOOSE), seed=seed, most=5 * PART
        )
    except NotConverged as error:
        pairs = error.found
    return pairs.vectors


class _Space:
    """An orthonormal basis (j, dim), its images, and QᵀHQ in double precision."""

    def __init__(self, operator: Operator, room: int) -> None:
        self._operator, self._room = operator, min(room, operator.dim)
        self.basis = torch.empty(0, operator.dim, dtype=operator.dtype, device=operator.device)
        self.images = torch.empty_like(self.basis)
        self._kept = self.basis, self.images  # what these are the beginnings of
        self._matrix: Array = np.empty((0, 0))

    @property
    def size(self) -> int:
        return len(self.basis)

    def extend(self, vectors: Tensor) -> bool:
        """Add what of ``vectors`` is new; False if nothing is."""
        fresh = orthonormal(vectors, self.basis)
        if len(fresh) == 0:
            return False
        images = self._operator.products(fresh)
        old, size = self.size, self.size + len(fresh)
        self._kept = _appended(self._kept[0], old, fresh), _appended(self._kept[1], old, images)
        self.basis, self.images = self._kept[0][:size], self._kept[1][:size]
        side = array((self.basis @ images.T).double())
        if not np.all(np.isfinite(side)):
            msg = "a product with the operator must be finite numbers; some are not"
            raise DomainError(msg)
        matrix = np.empty((size, size))
        matrix[:old, :old] = self._matrix
        matrix[:, old:], matrix[old:, :old] = side, side[:old].T
        matrix[old:, old:] = 0.5 * (side[old:] + side[old:].T)
        self._matrix = matrix
        return True

    def ritz(self) -> tuple[Array, Tensor]:
        """Ritz values, falling, and their vectors' coordinates as rows."""
        values, states = np.linalg.eigh(self._matrix)
        return values[::-1].copy(), torch.from_numpy(states.T[::-1].copy()).to(self.basis)

    def residual(self, values: Array, states: Tensor, index: int) -> Tensor | None:
        """That (1, dim) of one Ritz pair, or None where it is nearly an eigenpair."""
        if index >= self.size:
            return None
        found = states[index] @ self.images - float(values[index]) * (states[index] @ self.basis)
        return None if float(found.norm()) <= LOOSE * abs(values[index]) else found[None]

    def cut(self, values: Array, states: Tensor, keep: int) -> None:
        """When there is no room for one more, keep the ``keep`` best Ritz vectors."""
        if self._room <= self.size < self._operator.dim:
            self.basis, self.images = states[:keep] @ self.basis, states[:keep] @ self.images
            self._kept = self.basis, self.images
            self._matrix = np.diag(values[:keep])


def _appended(kept: Tensor, size: int, rows: Tensor) -> Tensor:
    """``rows`` behind the first ``size`` of ``kept``, in place while there is room."""
    if len(kept) < size + len(rows):
        longer = kept.new_empty(max(2 * size, size + len(rows)), kept.shape[1])
        longer[:size] = kept[:size]
        kept = longer
    kept[size : size + len(rows)] = rows
    return kept


def orthonormal(vectors: Tensor, basis: Tensor) -> Tensor:
    """Unit vectors (≤ m, dim) that span what ``vectors`` (m, dim) add to the rows of ``basis``."""
    found, count = torch.empty_like(vectors), 0
    tiny = 100 * torch.finfo(vectors.dtype).eps
    for vector in vectors:
        length = float(vector.norm())
        if length == 0:
            continue
        unit = vector / length
        for _ in range(2):  # once leaves rounding behind, twice does not
            unit = unit - (basis @ unit) @ basis
            if count:
                unit = unit - (found[:count] @ unit) @ found[:count]
            left = float(unit.norm())
            if left <= tiny:
                break
            unit = unit / left
        else:
            found[count] = unit
            count += 1
    return found[:count]


def _random(operator: Operator, count: int, seed: int) -> Tensor:
    """Normal vectors (count, dim), drawn on the CPU so that no device matters."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(count, operator.dim, generator=generator, dtype=operator.dtype)
    return drawn.to(operator.device)
