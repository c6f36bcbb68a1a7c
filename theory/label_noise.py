r"""What the noise of minibatches does to a deep linear network, in one step and at rest.

    one step      ΔD = η²(W₁eᵀeW₁ᵀ − W₂ᵀeeᵀW₂),   e = batch mean of (r − σζ)xᵀ          exactly
                  E[Δb] = η²(tr W₁MW₁ᵀ − |W₂|² tr M),   M = E[eᵀe]                       exactly
    at rest       (η/P)(GR + RG) = η² G E[εεᵀ] G,   ε = share of each pattern in e       any η
                  R = (ησ²/2B) G                                                         η → 0
    slow drift    dθ = −(η/P) P₀ Σᵢ ∇²fᵢ JᵀG⁻¹R eᵢ                                       any η
                  dθ = −(η²σ²/4B) P₀ ∇tr H                                               η → 0

What gradient flow conserves (D and its trace b), noise changes, and only through M. Around a global
minimum with P ≤ N_i patterns the residuals obey r' = r − ηGε with G = JJᵀ, J = ∇f (P, N), and come
to rest at R = E[rrᵀ]; E[εεᵀ] is linear in R + σ². Fluctuations push along the manifold (P₀ projects
on its tangent, the null space of J) wherever curvature changes: the implicit bias of label noise,
Blanc, Gupta, Valiant and Valiant (2020); Li, Wang and Arora (2022). The drift is of second order in
the fluctuations; its two forms agree, ∇b·dθ = E[Δb], in every order of η.
"""

from dataclasses import dataclass

import numpy as np

from .deep_linear import LinearData, LinearNetwork
from .errors import DomainError
from .estimate import Array, Estimate

Move = tuple[Array, Array]


@dataclass(frozen=True, kw_only=True)
class MinibatchSgd:
    """Plain SGD on the batch mean of ½(f − y − σζ)²: every choice that changes the answer.

    ``step`` η; ``batch`` B patterns; ``label_noise`` σ, with ζ ~ N(0, 1) drawn afresh for each
    pattern of each batch; ``replacement``: whether a batch may hold a pattern twice.
    Raises DomainError where one of them makes no sense.
    """

    step: float
    batch: int
    label_noise: float
    replacement: bool

    def __post_init__(self) -> None:
        if not (0 < self.step < np.inf and self.batch >= 1 and 0 <= self.label_noise < np.inf):
            msg = (
                "step must be positive, batch at least 1 and label_noise not negative; they are "
                f"{self.step:g}, {self.batch}, {self.label_noise:g}"
            )
            raise DomainError(msg)

    def multiplicities(self, patterns: int) -> tuple[float, float]:
        """E[nᵢ²]/B² and E[nᵢnⱼ]/B² of the number n of times that a batch of B holds a pattern.

        Raises DomainError for a batch larger than the data when drawn without replacement.

        >>> sgd = MinibatchSgd(step=0.1, batch=2, label_noise=0.0, replacement=False)
        >>> sgd.multiplicities(2)
        (0.25, 0.25)
        """
        batch = self.batch
        if self.replacement:
            other = (1 - 1 / batch) / patterns**2
            return 1 / (batch * patterns) + other, other
        if batch > patterns:
            msg = (
                f"without replacement a batch holds at most the {patterns} patterns; it is {batch}"
            )
            raise DomainError(msg)
        pairs = patterns * max(patterns - 1, 1)
        return 1 / (batch * patterns), (batch - 1) / (batch * pairs)

    def share_moment(self, residual_moment: Array) -> Array:
        """E[εεᵀ] (P, P) of what each pattern puts into the batch mean, ε = Σ(r − σζ)/B.

        ``residual_moment``: E[rrᵀ] (P, P).
        """
        patterns = len(residual_moment)
        same, other = self.multiplicities(patterns)
        fresh = self.label_noise**2 / (self.batch * patterns)
        own = (same - other) * np.diag(residual_moment) + fresh
        return other * residual_moment + np.diag(own)


def error_moment(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd) -> Array:
    """M = E[eᵀe] (N_i, N_i) of the back-propagated error at this very point, a plain sum.

    Residuals, batch size, the way of drawing and label noise all enter; nothing is expanded.
    """
    residuals = network.residuals(data)
    return data.inputs @ sgd.share_moment(np.outer(residuals, residuals)) @ data.inputs.T


def balance_matrix_change(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd) -> Estimate:
    """E[ΔD] = η²(W₁MW₁ᵀ − W₂ᵀW₂ tr M) (N_h, N_h) of one step from this point, exact at any η."""
    moment = error_moment(network, data, sgd)
    towards = network.first @ moment @ network.first.T
    against = np.outer(network.second, network.second) * np.trace(moment)
    return Estimate(sgd.step**2 * (towards - against), np.float64(0.0), "theory")


def balance_change(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd) -> Estimate:
    """E[Δb] = η²(tr W₁MW₁ᵀ − |W₂|² tr M) of one step from this point, exact at any η.

    At a minimum of zero residual this is (η²σ²/BP)(|W₁X|² − |W₂|²|X|²).

    >>> sgd = MinibatchSgd(step=0.5, batch=1, label_noise=2.0, replacement=True)
    >>> at, data = LinearNetwork([[1.0]], [3.0]), LinearData([[1.0]], [3.0])
    >>> float(balance_change(at, data, sgd).value)  # 0.25 · 4 · (1 − 9)
    -8.0
    """
    change = np.trace(balance_matrix_change(network, data, sgd).value)
    return Estimate(change, np.float64(0.0), "theory")


def stationary_residuals(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd) -> Array:
    """R = E[rrᵀ] (P, P), at rest around a global minimum with its Gram matrix held fixed.

    One linear equation for P² unknowns, exact at any step, for any law of ζ with unit variance.
    Raises DomainError away from a minimum of zero residual, for dependent patterns (P > N_i) and
    where the step is so large that the fluctuations grow without bound.

    >>> at, data = LinearNetwork([[0.0]], [1.0]), LinearData([[1.0]], [0.0])  # one weight, G = 1
    >>> sgd = MinibatchSgd(step=0.5, batch=1, label_noise=1.0, replacement=True)
    >>> round(float(stationary_residuals(at, data, sgd)[0, 0]), 12)  # η/(2 − η)
    0.333333333333
    """
    _check_minimum(network, data)
    return _stationary(network.gram(data), sgd)


def slow_drift(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd) -> _Move:
    """Move (dW₁, dW₂) of the weights along the manifold in one step, fluctuations at rest.

    Second order in the fluctuations, any step η; raises what ``stationary_residuals`` raises.
    """
    _check_minimum(network, data)
    return _dressed_drift(network, data, sgd)


def trace_descent(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd) -> _Move:
    """The limit η → 0 of ``slow_drift``: (dW₁, dW₂) = −(η²σ²/4B) P₀ ∇tr H.

    Raises DomainError away from a minimum of zero residual and for dependent patterns.
    """
    _check_minimum(network, data)
    return _bare_drift(network, data, sgd)


def check_minimum(network: LinearNetwork, data: LinearData) -> None:
    """Raise DomainError unless all residuals vanish and the gradients of the patterns are independent."""
    worst = float(np.abs(network.residuals(data)).max())
    if not worst <= 1e-6 * (1 + np.abs(data.targets).max()):
        msg = f"the residuals must vanish, as at a global minimum; the largest is {worst:.3g}"
        raise DomainError(msg)
    stiffness = np.linalg.eigvalsh(network.gram(data))
    if stiffness[0] <= 1e-12 * stiffness[-1]:
        msg = (
            "the patterns must have independent gradients, which takes P ≤ N_i; "
            f"there are {data.patterns} patterns of {len(data.inputs)} inputs"
        )
        raise DomainError(msg)


def _stationary(gram: Array, sgd: MinibatchSgd) -> Array:
    size, unit = len(gram), np.eye(len(gram))
    same, other = sgd.multiplicities(size)
    drawn = np.full(size * size, other)
    drawn[:: size + 1] = same
    decay = sgd.step / size * (np.kron(gram, unit) + np.kron(unit, gram))
    kicks = sgd.step**2 * np.kron(gram, gram)
    forcing = sgd.step**2 / (sgd.batch * size) * gram @ gram
    # The update of R keeps positive matrices positive; it contracts exactly where its rest point
    # under positive forcing is positive.
    moment = np.linalg.solve(decay - kicks * drawn, forcing.ravel()).reshape(gram.shape)
    moment = (moment + moment.T) / 2
    if np.linalg.eigvalsh(moment)[0] <= 0:
        msg = (
            "the fluctuations around the minimum must stay bounded, which needs a smaller step or "
            f"a larger batch; step * stiffness is {sgd.step * np.linalg.norm(gram, 2) / size:.3g} "
            f"at batch {sgd.batch}"
        )
        raise DomainError(msg)
    return sgd.label_noise**2 * moment


def _pushed(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, share: Array) -> _Move:
    """The slow move under forcing E[εεᵀ] = ``share``, R replaced by what that forcing sustains.

    At rest this R is the stationary one. Before, it is ½∂²Φ : η²Jᵀ E[εεᵀ] J, with Φ the end of
    gradient flow, which is what makes E[Δb] exact at every moment.
    """
    rates, modes = np.linalg.eigh(network.gram(data))
    sustained = (modes.T @ share @ modes) * rates / (rates[:, None] + rates)
    response = sgd.step * data.patterns * modes @ sustained @ modes.T
    return _tangent_move(network, data, sgd, response)


def _dressed_drift(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd) -> _Move:
    gram = network.gram(data)
    return _tangent_move(network, data, sgd, np.linalg.solve(gram, _stationary(gram, sgd)))


def _bare_drift(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd) -> _Move:
    response = sgd.step * sgd.label_noise**2 / (2 * sgd.batch) * np.eye(data.patterns)
    return _tangent_move(network, data, sgd, response)


def _tangent_move(
    network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, response: Array
) -> _Move:
    """−(η/P) P₀ Σᵢ ∇²fᵢ Jᵀ U eᵢ with U = G⁻¹R the ``response``; ∇²fᵢ(V₁, V₂) = (V₂ᵀxᵢᵀ, V₁xᵢ)."""
    first, second, x = network.first, network.second, data.inputs
    spread = x @ response @ x.T
    push_first, push_second = first @ spread, np.trace(spread) * second
    change = second @ push_first @ x + push_second @ first @ x
    back = x @ np.linalg.solve(network.gram(data), change)
    scale = -sgd.step / data.patterns
    return scale * (push_first - np.outer(second, back)), scale * (push_second - first @ back)
