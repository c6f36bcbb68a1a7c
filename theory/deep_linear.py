r"""Deep linear networks f(x) = W₂W₁x: many minima that compute the same, and what tells them apart.

Zhang, Saxe, Advani and Lee, "Energy-entropy competition and the effectiveness of stochastic
gradient descent in machine learning", section "Entropy in deep linear networks".

    loss            L = (1/P) Σ ½ r²,  r = f(x) − y     (mean over samples, factor ½)
    curvature       tr H = (|W₂|²|X|² + |W₁X|²)/P       eq. (24), everywhere on the landscape
    invariant       D = W₂ᵀW₂ − W₁W₁ᵀ of gradient flow; tr D = |W₂|² − |W₁|², eqs (27), (28)

W₂W₁X = y leaves a manifold of global minima on which curvature varies while the loss does not.
Eqs (23)-(26) of the paper belong to the sum Σ ½r²: their Hessian is P times ours.
"""

from dataclasses import dataclass

import numpy as np

from .errors import DomainError
from .estimate import Array, frozen


@dataclass(frozen=True)
class LinearData:
    """Patterns, the columns of ``inputs`` X (N_i, P), and their ``targets`` y (P,)."""

    inputs: Array
    targets: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", frozen(self.inputs))
        object.__setattr__(self, "targets", frozen(self.targets))
        shape = self.inputs.shape
        if len(shape) != 2 or 0 in shape or self.targets.shape != shape[1:]:
            msg = (
                f"inputs must be (N_i, P) and targets (P,); they are {shape}, {self.targets.shape}"
            )
            raise DomainError(msg)
        if not (np.isfinite(self.inputs).all() and np.isfinite(self.targets).all()):
            msg = "inputs and targets must be finite numbers; some are not"
            raise DomainError(msg)

    @property
    def patterns(self) -> int:
        """The number P of patterns."""
        return len(self.targets)


@dataclass(frozen=True)
class LinearNetwork:
    """A point in weight space: ``first`` W₁ (N_h, N_i) and ``second`` W₂ (N_h,)."""

    first: Array
    second: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", frozen(self.first))
        object.__setattr__(self, "second", frozen(self.second))
        if self.first.ndim != 2 or self.second.shape != self.first.shape[:1]:
            msg = (
                "the first layer must be (N_h, N_i) and the second (N_h,); "
                f"they are {self.first.shape}, {self.second.shape}"
            )
            raise DomainError(msg)

    def residuals(self, data: LinearData) -> Array:
        """What each pattern misses, r = W₂W₁X − y, shape (P,).

        Raises DomainError for patterns of another number of inputs.
        """
        if len(data.inputs) != self.first.shape[1]:
            msg = f"patterns must have {self.first.shape[1]} inputs like the network; they have "
            raise DomainError(msg + f"{len(data.inputs)}")
        return self.second @ self.first @ data.inputs - data.targets

    def gram(self, data: LinearData) -> Array:
        """∇fᵢ·∇fⱼ = |W₂|² xᵢ·xⱼ + (W₁xᵢ)·(W₁xⱼ), shape (P, P).

        Over P its eigenvalues are the nonzero ones of the Hessian at a global minimum: there
        Σ rᵢxᵢ = 0, and with it the part r∇²f of the Hessian.
        """
        inputs, hidden = data.inputs, self.first @ data.inputs
        return self.second @ self.second * (inputs.T @ inputs) + hidden.T @ hidden

    def balance_matrix(self) -> Array:
        """D = W₂ᵀW₂ − W₁W₁ᵀ (N_h, N_h), conserved by gradient flow."""
        return np.outer(self.second, self.second) - self.first @ self.first.T

    def balance(self) -> float:
        """The invariant b = tr D = |W₂|² − |W₁|² of eqs (27), (28).

        >>> LinearNetwork([[1.0, 2.0]], [3.0]).balance()
        4.0
        """
        return float(np.trace(self.balance_matrix()))


def teacher_data(inputs: int, patterns: int, target_noise: float, seed: int) -> LinearData:
    """Patterns x ~ N(0, I/N_i) labelled y = W̄x + N(0, σ_e²) by a teacher W̄ ~ N(0, I).

    Raises DomainError unless both numbers are positive and the noise is not negative.
    """
    if min(inputs, patterns) < 1 or not 0 <= target_noise < np.inf:
        msg = (
            "a teacher needs at least one input, one pattern and a noise not below zero; "
            f"they are {inputs}, {patterns}, {target_noise:g}"
        )
        raise DomainError(msg)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(inputs, patterns)) / np.sqrt(inputs)
    teacher = rng.normal(size=inputs)
    return LinearData(x, teacher @ x + target_noise * rng.normal(size=patterns))


def global_minimum(data: LinearData, hidden: int, imbalance: float, seed: int) -> LinearNetwork:
    """A random point of the manifold of global minima, W₂W₁X = least-squares fit of y.

    Random layers (variance 1/N_i and 1/N_h) are corrected inside the span of the patterns; then
    W₂ is scaled up and the part of W₁ in that span down until ``imbalance`` = |W₂|/|W₁ in span|.
    Raises DomainError unless ``hidden`` ≥ 1 and ``imbalance`` > 0.
    """
    if hidden < 1 or not 0 < imbalance < np.inf:
        msg = f"hidden must be at least 1 and imbalance positive; they are {hidden}, {imbalance:g}"
        raise DomainError(msg)
    rng = np.random.default_rng(seed)
    x, inverse = data.inputs, np.linalg.pinv(data.inputs)
    first = rng.normal(size=(hidden, len(x))) / np.sqrt(len(x))
    second = rng.normal(size=hidden) / np.sqrt(hidden)
    miss = (data.targets - second @ first @ x) @ inverse
    first = first + np.outer(second, miss) / (second @ second)
    seen = first @ x @ inverse
    scale = np.sqrt(imbalance * np.linalg.norm(seen) / np.linalg.norm(second))
    return LinearNetwork(first - seen + seen / scale, second * scale)


def hessian_trace(network: LinearNetwork, data: LinearData) -> float:
    """The trace (|W₂|²|X|² + |W₁X|²)/P of the Hessian, eq. (24) for the mean loss with factor ½.

    It holds at every point: f is linear in each weight, so the part r∇²f has an empty diagonal.

    >>> hessian_trace(LinearNetwork([[2.0]], [1.0]), LinearData([[1.0, 3.0]], [2.0, 6.0]))
    25.0
    """
    return float(np.trace(network.gram(data)) / data.patterns)


def flattest_trace(data: LinearData) -> float:
    """The smallest tr H of all global minima, 2|ŷ||X|/P with ŷ the least-squares fit of y.

    At given |W₂| the smallest |W₁X| is |ŷ|/|W₂|; the two terms of eq. (24) are then made equal.

    >>> round(flattest_trace(LinearData([[3.0, 4.0]], [6.0, 8.0])), 12)
    50.0
    """
    fit = data.targets @ np.linalg.pinv(data.inputs) @ data.inputs
    return float(2 * np.linalg.norm(fit) * np.linalg.norm(data.inputs) / data.patterns)


@dataclass(frozen=True)
class _Preset:
    """Arguments of ``teacher_data`` and ``global_minimum``."""

    inputs: int
    hidden: int
    patterns: int
    target_noise: float
    imbalance: float


PRESETS = {
    "paper-underdetermined": _Preset(10, 7, 5, 1e-4, 4.0),
    "overdetermined": _Preset(4, 5, 40, 0.5, 2.0),
    "chain": _Preset(1, 1, 1, 0.0, 2.0),
}


def preset(name: str, seed: int) -> tuple[LinearNetwork, LinearData]:
    """A global minimum and its data under a name of ``PRESETS``; raises DomainError if unknown."""
    if name not in PRESETS:
        msg = f"preset must be one of {', '.join(PRESETS)}; it is {name!r}"
        raise DomainError(msg)
    it = PRESETS[name]
    data = teacher_data(it.inputs, it.patterns, it.target_noise, seed)
    return global_minimum(data, it.hidden, it.imbalance, seed + 1), data
