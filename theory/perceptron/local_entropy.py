r"""The local (Franz--Parisi) entropy: how many solutions lie at a distance from a typical one.

.. math::
    \varphi(d) = \frac1N \Bigl\langle \ln \#\{w : \Delta(w) \ge \kappa,\;
        w\cdot\tilde w = (1 - 2d) N\} \Bigr\rangle

over patterns and over references w̃ drawn flat among the weights of margin κ̃, in replica symmetry;
for spherical weights the logarithm of the part of the sphere, measured from the uniform measure on
it.  Its maximum over d is the entropy of all solutions (at the distance of two independent ones),
and without patterns it is the number of weights at that distance.

E. M. Malatesta, High-dimensional manifold of solutions in neural networks (2025), eqs. 43 to 47.

The branch that is followed is the one that joins the typical distance.  It can end: where q, the
overlap of two of the counted weights, reaches 1 the entropy runs away to −∞ and no solutions are
left in replica symmetry, as at the capacity; there the answer is NaN and the reason says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DomainError
from ..estimate import Array, freeze
from .entropy_curve import RESULTS, EntropyCurve, upper_bound
from .question import LOWEST_MARGIN, one_of, together

FLAGS = {"model", "at_stable", "ended", "converged", "reason"}


@dataclass(frozen=True)
class LocalEntropy:
    """Local entropies; every field but ``model`` has the shape of all arguments together.

    A point that has none is NaN in every result, with ``converged`` False and a ``reason``.
    """

    model: str
    """Which weights: "spherical" or "binary"."""
    alpha: Array
    """Patterns per weight."""
    kappa: Array
    """Margin of the weights that are counted."""
    reference_margin: Array
    """Margin of the reference, κ̃."""
    distance: Array
    """d = (1 − p)/2 from the reference."""
    overlap: Array
    """p = 1 − 2d with the reference."""
    local_entropy: Array
    """φ, nats per weight."""
    upper_bound: Array
    """φ without patterns."""
    slope: Array
    """dφ/dd."""
    q: Array
    """Overlap of two of the counted weights."""
    t: Array
    """Overlap of a counted weight with another reference."""
    q_hat: Array
    """Conjugate of q."""
    t_hat: Array
    """Conjugate of t."""
    p_hat: Array
    """Conjugate of p (spherical weights: half the slope without the patterns' direct part)."""
    error: Array
    """Change of φ from a coarser rule, with its own saddle point."""
    residual: Array
    """The last step of the unknowns, relative."""
    at_stable: NDArray[np.bool_]
    """Whether replica symmetry is stable for both margins at this load (de Almeida--Thouless)."""
    ended: NDArray[np.bool_]
    """Whether the branch has ceased to exist between the typical distance and this one."""
    converged: NDArray[np.bool_]
    """Whether there is a result."""
    reason: NDArray[np.str_]
    """Why not; empty where there is."""

    def __post_init__(self) -> None:
        freeze(self)


def local_entropy(
    distance: ArrayLike,
    alpha: ArrayLike,
    kappa: ArrayLike = 0.0,
    reference_margin: ArrayLike | None = None,
    model: str = "binary",
) -> LocalEntropy:
    """Solutions of margin ``kappa`` at ``distance`` from a typical one of ``reference_margin``.

    All arguments broadcast together; the reference keeps ``kappa`` itself if not told otherwise.
    Raises DomainError where no reference exists, or no solutions at all.

    Without patterns all weights at the distance are counted:

    >>> round(float(np.exp(local_entropy(0.5, alpha=0.0).local_entropy)), 12)
    2.0
    """
    one_of("model", model, ("spherical", "binary"))
    margin = kappa if reference_margin is None else reference_margin
    d, a, k, m = _fitted(distance, alpha, kappa, margin)
    bound = upper_bound(d, model)
    found = np.full((len(RESULTS), d.size), np.nan)
    reason = np.full(d.size, "", dtype=object)
    stable, ended = np.zeros((2, d.size), dtype=np.bool_)
    for which in _curves(a, k, m):
        load, counted, drawn_at = (float(part.flat[which[0]]) for part in (a, k, m))
        curve = EntropyCurve(load, counted, drawn_at, model)
        found[:, which], reason[which], ended[which] = curve.at(d.ravel()[which])
        stable[which] = curve.at_stable
    why = reason.reshape(d.shape).astype(str)
    return LocalEntropy(
        model=model,
        alpha=a,
        kappa=k,
        reference_margin=m,
        distance=d,
        overlap=1 - 2 * d,
        upper_bound=bound,
        at_stable=stable.reshape(d.shape),
        ended=ended.reshape(d.shape),
        converged=np.asarray(why == ""),
        reason=why,
        **dict(zip(RESULTS, found.reshape(len(RESULTS), *d.shape), strict=True)),
    )


def _curves(*shared: Array) -> Iterator[NDArray[np.intp]]:
    """For each set of values that the arrays take together, where they do, flat."""
    rows = np.stack([part.ravel() for part in shared], axis=-1)
    _, which = np.unique(rows, axis=0, return_inverse=True)
    for number in range(which.max(initial=-1) + 1):
        yield np.flatnonzero(which.ravel() == number)


def _fitted(
    distance: ArrayLike, alpha: ArrayLike, kappa: ArrayLike, margin: ArrayLike
) -> tuple[Array, Array, Array, Array]:
    """The arguments as float arrays of their common shape, refused where out of range."""
    named = {"distance": distance, "alpha": alpha, "kappa": kappa, "reference_margin": margin}
    parts = {name: np.asarray(value, dtype=np.float64) for name, value in named.items()}
    for wrong in parts["distance"][~((parts["distance"] > 0) & (parts["distance"] < 1))]:
        msg = f"distance must lie between 0 and 1, both excluded; it is {wrong:.10g}"
        raise DomainError(msg)
    for name in ("kappa", "reference_margin"):
        for wrong in parts[name][~((parts[name] >= LOWEST_MARGIN) & np.isfinite(parts[name]))]:
            msg = f"{name} must be finite and at least {LOWEST_MARGIN:g}; it is {wrong:.10g}"
            raise DomainError(msg)
    d, a, k, m = together(**parts)
    return d, a, k, m
