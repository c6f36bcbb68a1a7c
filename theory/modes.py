r"""Many fast directions, each of a stiffness and a noise of its own that turn on the way.

V(x, y) = U(y) + ½ xᵀ H(y) x with x ∈ R^N under noise of covariance 2 C(y) dt.  At frozen y the
linear update comes to rest at the Σ of the Lyapunov equation, in continuous time H Σ + Σ H = 2 C
and at Euler's finite step η (1 − ηH) Σ (1 − ηH) + 2ηC = Σ.  In the eigenbasis of H that is

    Σ_ij = C_ij · response(λ_i, λ_j)          response of :mod:`.update`, with momentum as well

and y feels the mean force −U' − ½ tr(H' Σ).  White noise C = T makes it −dW/dy of
W = ½ T log det H, and a C that commutes with every H(y) that of ½ Σ_i C_i ln λ_i.  Where H and C do
not commute, Σ is no function of H alone and neither formula holds: W is the work along the way,
∫ ½ tr(Σ dH), and a loop of Hessians does not bring it back.  One slow coordinate still has a
potential; a ring, or two slow coordinates, have a force that drives a current.

Not in here: x measured in a frame that turns with y (the normals of a curved path), whose rotation
adds forces of its own; noise on y correlated with that on x; and the trembling of the force, of
strength ½ tr(H'Σ H'Σ) over the time that x remembers, which is small with the time-scale ratio.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .errors import DomainError, NotConverged
from .estimate import Array, Estimate
from .expression import Shape
from .noise import ROUNDING
from .slow import SlowDynamics, checked_heat, grid
from .update import Update
from .valley import checked, places

Matrices = Callable[[float], ArrayLike]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
TOLERANCE = 1e-10  # of the potential, over the largest force times the way
FINEST = 256  # parts of one panel
LEVELS = 8  # halvings of the step of a numerical derivative


@dataclass(frozen=True)
class Modes:
    """V(x, y) = U(y) + ½ xᵀ H(y) x, and the noise of covariance 2 C(y) dt on x.

    energy: U.  hessian, covariance: from y, a float, to H and C, (N, N) symmetric; H positive
    definite, C nowhere negative, in units of energy as a temperature is.  slope: H', (N, N);
    without it H is differentiated numerically, and must be defined a hundredth of the interval
    beyond it.
    """

    energy: Shape
    hessian: Matrices
    covariance: Matrices
    slope: Matrices | None = None


def stationary_covariance(
    hessian: ArrayLike, covariance: ArrayLike, step: float | Update = 0.0
) -> Array:
    """Σ = ⟨x xᵀ⟩ at rest, (..., N, N) as H and C are.

    Raises DomainError for an H that is not symmetric and positive definite, or beyond the edge of
    stability; for a C that is no covariance.

    >>> hessian = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> (stationary_covariance(hessian, 0.3 * np.eye(2)) @ hessian).round(12).diagonal().tolist()
    [0.3, 0.3]
    """
    stiffness, axes = _axes(np.asarray(hessian, float), "hessian")
    noise = _noise(np.asarray(covariance, float), "covariance")
    if noise.shape[-1] != len(axes[..., :, 0].T):
        msg = "hessian and covariance must have one size; they have "
        raise DomainError(msg + f"{axes.shape} and {noise.shape}")
    inside = _turned(axes, noise)
    found = inside * _pairs(_update(step).response, stiffness)
    return np.asarray(axes @ found @ axes.swapaxes(-1, -2))


def modes_forces(modes: Modes, y: ArrayLike, step: float | Update = 0.0) -> tuple[Array, Array]:
    """Energetic force −U'(y) and entropic force −½ tr(H'Σ) at each y, (n,).

    Raises DomainError as :func:`stationary_covariance` does, with the y, and where U' is not
    finite.
    """
    at = places(y)
    return _energetic(modes, at), _entropic(modes, at, _update(step), _reach(at))[0]


def modes_potential(modes: Modes, y: ArrayLike, step: float | Update = 0.0) -> Estimate:
    """V_eff at each y, (n,): U(y) and the work ∫ ½ tr(H'Σ) dy from the lowest of them.

    The error is that of the quadrature.  Raises DomainError as :func:`modes_forces` does;
    NotConverged, with the estimate, if the quadrature is too rough.

    >>> from .expression import constant
    >>> modes = Modes(constant(0.0), lambda y: np.diag([np.exp(y), 1.0]), lambda y: 0.5 * np.eye(2))
    >>> modes_potential(modes, [0.0, 1.0]).value.round(9).tolist()
    [0.0, 0.25]
    """
    at = places(y)
    ends, back = np.unique(at, return_inverse=True)
    update, reach = _update(step), _reach(at)
    parts, old, change = 1, np.full(len(ends) - 1, np.inf), np.inf
    while change > TOLERANCE and parts <= FINEST:
        cuts = ends[:-1, None] + np.diff(ends)[:, None] * np.arange(parts) / parts
        half = 0.5 * np.diff(ends)[:, None] / parts
        nodes = (cuts + half)[..., None] + half[..., None] * NODES
        force = _entropic(modes, nodes.ravel(), update, reach)[0].reshape(nodes.shape)
        new = -(half * (force @ WEIGHTS)).sum(axis=1)
        scale = float(np.abs(half[..., None] * force).sum()) or 1.0
        change = float(np.abs(new - old).sum() / scale) if len(new) else 0.0
        old, parts = new, 2 * parts
    work = np.concatenate([[0.0], np.cumsum(old)])[back]
    found = Estimate(_energy(modes, at) + work, change * scale if len(old) else 0.0, "theory")
    if change > TOLERANCE:
        msg = f"{FINEST} parts of every panel give the work of the modes to {change:.2g} of it"
        raise NotConverged(msg, found)
    return found


def modes_dynamics(
    modes: Modes,
    interval: tuple[float, float],
    slow_temperature: float,
    step: float | Update = 0.0,
    points: int = 1001,
) -> SlowDynamics:
    """Integrate the modes out: the adiabatic drift–diffusion of y on ``interval``.

    slow_temperature: T_y of the noise on y itself; mobility and diffusion with momentum as in
    :func:`.slow.slow_dynamics`.  Its adiabaticity takes the relative change of H in the direction
    where it is largest against the slowest mode.  Raises DomainError as :func:`modes_forces` does.
    """
    update, y = _update(step), grid(interval, points)
    heat = checked_heat(slow_temperature) * update.mobility**2
    energetic = update.mobility * _energetic(modes, y)
    entropic, change, softest = _entropic(modes, y, update, float(np.ptp(y)))
    entropic = update.mobility * entropic
    drift = energetic + entropic
    rate = change * np.abs(drift) + change**2 * heat
    addends = {"energetic": energetic, "entropic": entropic}
    return SlowDynamics(y, drift, np.full_like(y, heat), addends, rate / update.rate(softest))


def _update(step: float | Update) -> Update:
    return step if isinstance(step, Update) else Update(step)


def _reach(at: Array) -> float:
    """The scale on which H may be expected to vary."""
    return float(np.ptp(at)) or max(1.0, float(np.abs(at).max()))


def _energy(modes: Modes, at: Array) -> Array:
    with np.errstate(all="ignore"):
        energy = np.asarray(modes.energy(at), float)
    return checked(at, energy, True, "energy", "be finite")


def _energetic(modes: Modes, at: Array) -> Array:
    with np.errstate(all="ignore"):
        slope = np.asarray(modes.energy.derivative(at), float)
    return checked(at, -slope, True, "slope of the energy", "be finite")


def _entropic(modes: Modes, at: Array, update: Update, reach: float) -> tuple[Array, Array, Array]:
    """−½ tr(H'Σ), the largest relative change of H, and the softest stiffness; (n,) each."""
    found = np.empty((3, len(at)))
    for i, y in enumerate(at.tolist()):
        where = f" at y = {y:.6g}"
        stiffness, axes = _axes(_matrix(modes.hessian, y), f"hessian{where}")
        noise = _noise(_matrix(modes.covariance, y), f"covariance{where}")
        given = modes.slope
        slope = _slope(modes.hessian, y, reach) if given is None else _matrix(given, y)
        _symmetric(slope, f"slope of the hessian{where}")
        if not noise.shape == slope.shape == axes.shape:
            msg = "hessian, its slope and covariance must have one size; they have "
            msg += f"{axes.shape}, {slope.shape} and {noise.shape}{where}"
            raise DomainError(msg)
        slope = _turned(axes, slope)
        law = _turned(axes, noise) * _pairs(update.push, stiffness)
        relative = slope / np.sqrt(stiffness[:, None] * stiffness)
        found[:, i] = -0.5 * np.sum(slope * law), np.linalg.norm(relative, 2), stiffness[0]
    return found[0], found[1], found[2]


def _matrix(matrices: Matrices, y: float) -> Array:
    return np.asarray(matrices(y), float)


def _axes(hessian: Array, what: str) -> tuple[Array, Array]:
    """Eigenvalues (..., N) and eigenvectors of a Hessian, refused unless all are positive."""
    stiffness, axes = np.linalg.eigh(_symmetric(hessian, what))
    if not np.all(stiffness > 0):
        msg = f"the {what} must have positive eigenvalues; the lowest is {stiffness.min():.6g}"
        raise DomainError(msg)
    return stiffness, axes


def _noise(covariance: Array, what: str) -> Array:
    scale = np.abs(_symmetric(covariance, what)).max()
    lowest = float(np.linalg.eigvalsh(covariance).min())
    if lowest < -ROUNDING * scale:
        msg = f"the {what} must have no negative eigenvalue; the lowest is {lowest:.6g}"
        raise DomainError(msg)
    return covariance


def _symmetric(found: Array, what: str) -> Array:
    if found.ndim < 2 or found.shape[-1] != found.shape[-2] or not found.size:
        msg = f"the {what} must be a square matrix; its shape is {found.shape}"
        raise DomainError(msg)
    with np.errstate(invalid="ignore"):
        gap = np.abs(found - found.swapaxes(-1, -2)).max()
    if not gap <= ROUNDING * np.abs(found).max():  # NaN as well
        msg = f"the {what} must be symmetric and finite; it differs from its transpose by {gap:.3g}"
        raise DomainError(msg)
    return found


def _turned(axes: Array, matrix: Array) -> Array:
    """The matrix in the eigenbasis."""
    return np.asarray(axes.swapaxes(-1, -2) @ matrix @ axes)


def _pairs(law: Callable[[Array, Array], Array], stiffness: Array) -> Array:
    return law(stiffness[..., :, None], stiffness[..., None, :])


def _slope(hessian: Matrices, y: float, reach: float) -> Array:
    """H' by central differences of halved steps, extrapolated to none where they agree best.

    Ridders, Adv. Eng. Softw. 4, 75 (1982).
    """
    step, row = 0.01 * reach, [np.empty(0)] * 0
    best, error = np.empty(0), np.inf
    for level in range(LEVELS):
        new = [(_matrix(hessian, y + step) - _matrix(hessian, y - step)) / (2 * step)]
        for order, old in enumerate(row):
            new.append(new[-1] + (new[-1] - old) / (4.0 ** (order + 1) - 1))
            gap = max(np.abs(new[-1] - new[-2]).max(), np.abs(new[-1] - old).max())
            if gap < error:
                best, error = new[-1], gap
        if level and np.abs(new[-1] - row[-1]).max() > 2 * error:
            break
        row, step = new, 0.5 * step
    return best
