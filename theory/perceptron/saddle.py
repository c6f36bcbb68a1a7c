"""Replica-symmetric saddle points of the perceptron: what a load and a margin leave of the weights.

N weights store P = αN random patterns, each with stability Δ = w·ξ/√N ≥ κ.  Both kinds of weights
know their saddle points as a curve of α against an overlap; here the curve is followed to the α
asked for.  Near either end of the curve the unknown x is a logarithm, of q and of 1 − q; so is
ln α/(α_end − α), in which Newton's method therefore meets almost a straight line.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DomainError
from ..estimate import Array, frozen
from . import binary, spherical
from .binary import Binary
from .load_curve import Saddles, solve
from .spherical import Spherical

KINDS: dict[str, type[Saddles]] = {"spherical": Spherical, "binary": Binary}
TOLERANCE = 1e-12  # of the residual, for a point to count as converged
LOWEST_MARGIN = -25.0  # G(κ)² is then 1e-272: soon after, floats end
BLOCK = 256  # points at a time: a few hundred nodes each, which fit into the cache


@dataclass(frozen=True)
class SaddlePoint:
    """Replica-symmetric saddle points, every field but ``model`` of the shape of alpha × kappa.

    A point that did not converge is NaN in every result, with ``converged`` False.
    """

    model: str
    """Which weights: "spherical" or "binary"."""
    alpha: Array
    """Patterns per weight."""
    kappa: Array
    """Margin that every pattern keeps."""
    q: Array
    """Overlap of two solutions; where it is nearly 1, ``distance`` has the digits."""
    q_hat: Array
    """Its conjugate."""
    entropy: Array
    """Nats per weight; from the uniform measure on the sphere, or the count of binary weights."""
    distance: Array
    """(1 − q)/2, the fraction of binary weights in which two solutions differ."""
    at_eigenvalue: Array
    """De Almeida--Thouless: a difference between replicas is multiplied by this."""
    at_stable: NDArray[np.bool_]
    """Whether that is below 1."""
    residual: Array
    """Largest relative residual of the saddle equations, with a finer rule than solved them."""
    converged: NDArray[np.bool_]
    """Whether the residual is at most 1e-12."""

    def __post_init__(self) -> None:
        for name in ("at_stable", "converged"):
            flags = np.array(getattr(self, name), dtype=np.bool_)
            flags.flags.writeable = False
            object.__setattr__(self, name, flags)
        for name in vars(self).keys() - {"model", "at_stable", "converged"}:
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def without_solutions(self) -> NDArray[np.bool_]:
        """True where the entropy counts less than one solution: binary weights, entropy < 0.

        The saddle point is one of the equations there, but typical patterns have no solution; the
        load is above `critical_capacity`.  (Spherical entropies are volumes, and may be negative.)
        """
        return np.asarray((self.model == "binary") & (self.entropy < 0))


def saddle_point(alpha: ArrayLike, kappa: ArrayLike = 0.0, model: str = "spherical") -> SaddlePoint:
    """Typical solutions at load ``alpha`` with margin ``kappa``, in replica symmetry.

    ``alpha`` and ``kappa`` broadcast together; ``model`` is "spherical" (|w|² = N) or "binary"
    (w = ±1).  At α = 0 nothing orders the weights and q = 0 at every margin.

    Of several saddle points (margins below about −2.7) it is the one of lowest entropy.

    Raises DomainError if α is negative or not finite, κ is not finite or below −25, the model is
    unknown, or α is not below `saddle_limit`.  Where a point does not converge its results are NaN.

    E. Gardner, J. Phys. A 21, 257 (1988); E. Gardner and B. Derrida, J. Phys. A 21, 271 (1988).

    One pattern in a thousand weights halves the sphere: its entropy is −ln 2 a pattern.

    >>> saddle_point(1e-3).entropy.round(5).item()
    -0.00069
    """
    kind = _kind(model)
    alpha, kappa = _loads_and_margins(alpha, kappa)
    _refuse_loads_without_saddle(alpha, kappa, kind)
    a, k = alpha.ravel(), kappa.ravel()
    fields = np.zeros((6, a.size))
    fields[3], fields[2] = 0.5, kind.free_entropy  # what α = 0 leaves
    ordered = np.flatnonzero(a > 0)
    for start in range(0, len(ordered), BLOCK):
        block = ordered[start : start + BLOCK]
        fields[:, block] = _solve(a[block], k[block], kind)
    q, q_hat, entropy, distance, at, residual = fields.reshape(6, *alpha.shape)
    return SaddlePoint(
        model=model,
        alpha=alpha,
        kappa=kappa,
        q=q,
        q_hat=q_hat,
        entropy=entropy,
        distance=distance,
        at_eigenvalue=at,
        at_stable=at < 1,
        residual=residual,
        converged=residual <= TOLERANCE,
    )


def saddle_limit(kappa: ArrayLike = 0.0, model: str = "spherical") -> Array:
    """The load below which `saddle_point` has an answer: q reaches 1 there.

    The critical capacity of spherical weights; 2/π of it for binary ones.

    >>> float(saddle_limit(0.0, "spherical"))
    2.0
    """
    return _kind(model).limit(kappa)


def critical_capacity(kappa: ArrayLike = 0.0, model: str = "spherical") -> Array:
    """The load beyond which typical patterns have no solution, in replica symmetry.

    Spherical weights: where q reaches 1.  Binary weights: where the entropy vanishes, earlier.

    >>> float(critical_capacity(0.0)), round(float(critical_capacity(0.0, "binary")), 3)
    (2.0, 0.833)
    """
    if _kind(model) is Binary:
        return binary.critical_capacity(kappa)
    return spherical.critical_capacity(kappa)


def _kind(model: str) -> type[Saddles]:
    if model not in KINDS:
        msg = f"model must be {' or '.join(map(repr, KINDS))}; it is {model!r}"
        raise DomainError(msg)
    return KINDS[model]


def _loads_and_margins(alpha: ArrayLike, kappa: ArrayLike) -> tuple[Array, Array]:
    """The arguments as float arrays of their common shape."""
    alpha, kappa = np.asarray(alpha, dtype=np.float64), np.asarray(kappa, dtype=np.float64)
    for wrong in alpha[~((alpha >= 0) & np.isfinite(alpha))]:
        msg = f"alpha must be finite and at least 0; it is {wrong:.10g}"
        raise DomainError(msg)
    for wrong in kappa[~((kappa >= LOWEST_MARGIN) & np.isfinite(kappa))]:
        msg = f"kappa must be finite and at least {LOWEST_MARGIN:g}; it is {wrong:.10g}"
        raise DomainError(msg)
    try:
        alpha, kappa = np.broadcast_arrays(alpha, kappa)
    except ValueError:
        msg = f"alpha and kappa must fit together; their shapes are {alpha.shape} and {kappa.shape}"
        raise DomainError(msg) from None
    return alpha, kappa


def _refuse_loads_without_saddle(alpha: Array, kappa: Array, kind: type[Saddles]) -> None:
    limit = kind.limit(kappa)
    for a, k, end in np.stack((alpha, kappa, limit), axis=-1)[alpha >= limit]:
        place = kind.end.format(limit=end, kappa=k)
        msg = f"alpha must stay below {place}; it is {a:.10g}: no solutions exist"
        raise DomainError(msg)


def _solve(alpha: Array, kappa: Array, kind: type[Saddles]) -> Array:
    """Rows q, q̂, entropy, distance, AT eigenvalue, residual; NaN where not converged."""
    with np.errstate(all="ignore"):
        saddle = kind(solve(alpha, kappa, kind), kappa)
        entropy, at = saddle.entropy(alpha), saddle.at_eigenvalue(alpha)
        residual = saddle.residual(alpha)
    found = np.array([saddle.q, saddle.q_hat, entropy, 0.5 * saddle.gap, at, residual])
    return np.where(residual <= TOLERANCE, found, np.nan)
