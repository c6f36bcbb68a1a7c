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
        whole = self.batch >= 1 and self.batch == int(self.batch)
        if not (whole and 0 < self.step < np.inf and 0 <= self.label_noise < np.inf):
            msg = (
                "step must be positive, batch a whole number from 1 and label_noise not negative; "
                f"they are {self.step:g}, {self.batch}, {self.label_noise:g}"
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
    return Estimate(sgd.step**2 * (towards - against), 0.0, "theory")


def balance_change(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd) -> Estimate:
    """E[Δb] = η²(tr W₁MW₁ᵀ − |W₂|² tr M) of one step from this point, exact at any η.

    At a minimum of zero residual this is (η²σ²/BP)(|W₁X|² − |W₂|²|X|²).

    >>> sgd = MinibatchSgd(step=0.5, batch=1, label_noise=2.0, replacement=True)
    >>> at, data = LinearNetwork([[1.0]], [3.0]), LinearData([[1.0]], [3.0])
    >>> float(balance_change(at, data, sgd).value)  # 0.25 · 4 · (1 − 9)
    -8.0
    """
    change = np.trace(balance_matrix_change(network, data, sgd).value)
    return Estimate(change, 0.0, "theory")


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
    check_minimum(network, data)
    return moment_at_rest(network.gram(data), sgd)


def slow_drift(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd) -> Move:
    """Move (dW₁, dW₂) of the weights along the manifold in one step, fluctuations at rest.

    Second order in the fluctuations, any step η; raises what ``stationary_residuals`` raises.
    """
    check_minimum(network, data)
    return tangent_move(network, data, sgd, dressed_response(network.gram(data), sgd))


def trace_descent(network: LinearNetwork, data: LinearData, sgd: MinibatchSgd) -> Move:
    """The limit η → 0 of ``slow_drift``: (dW₁, dW₂) = −(η²σ²/4B) P₀ ∇tr H.

    Raises DomainError away from a minimum of zero residual and for dependent patterns.
    """
    check_minimum(network, data)
    return tangent_move(network, data, sgd, bare_response(network.gram(data), sgd))


def check_minimum(network: LinearNetwork, data: LinearData) -> None:
    """Raise DomainError unless the residuals vanish and the gradients are independent."""
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


def moment_at_rest(gram: Array, sgd: MinibatchSgd) -> Array:
    """R (P, P) for a given Gram matrix of full rank; raises DomainError where it is unbounded."""
    size, unit = len(gram), np.eye(len(gram))
    same, other = sgd.multiplicities(size)
    drawn = np.full(size * size, other)
    drawn[:: size + 1] = same
    decay = sgd.step / size * (np.kron(gram, unit) + np.kron(unit, gram))
    kicks = sgd.step**2 * np.kron(gram, gram)
    forcing = sgd.step**2 / (sgd.batch * size) * gram @ gram
    # The update of R keeps positive matrices positive: it contracts exactly where its rest point
    # under positive forcing is positive.
    moment = np.linalg.solve(decay - kicks * drawn, forcing.ravel()).reshape(gram.shape)
    moment = (moment + moment.T) / 2
    if not np.linalg.eigvalsh(moment)[0] > 0:
        msg = (
            "the fluctuations around the minimum must stay bounded, which takes a smaller step or "
            f"a larger batch; at batch {sgd.batch} step * stiffness is "
            f"{sgd.step * np.linalg.norm(gram, 2) / size:.3g}"
        )
        raise DomainError(msg)
    return np.asarray(sgd.label_noise**2 * moment)


def dressed_response(gram: Array, sgd: MinibatchSgd) -> Array:
    """G⁻¹R with the fluctuations at rest."""
    return np.asarray(np.linalg.solve(gram, moment_at_rest(gram, sgd)), dtype=np.float64)


def bare_response(gram: Array, sgd: MinibatchSgd) -> Array:
    """G⁻¹R for η → 0, ησ²/2B times the unit matrix."""
    return sgd.step * sgd.label_noise**2 / (2 * sgd.batch) * np.eye(len(gram))


def forced_response(gram: Array, sgd: MinibatchSgd, share: Array) -> Array:
    """G⁻¹R with the R that the forcing E[εεᵀ] = ``share`` would sustain; at rest, the R there is.

    Of a step θ' = θ + δ the end Φ of gradient flow moves by ½∂²Φ : E[δδᵀ], since ∂Φ∇L = 0. That
    takes this R, whatever the fluctuations are now, and keeps ∇b·dθ = E[Δb].
    """
    rates, modes = np.linalg.eigh(gram)
    sustained = (modes.T @ share @ modes) * rates / (rates[:, None] + rates)
    return np.asarray(sgd.step * len(gram) * modes @ sustained @ modes.T)


def tangent_move(
    network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, response: Array
) -> Move:
    """−(η/P) P₀ Σᵢ ∇²fᵢ Jᵀ U eᵢ with U = G⁻¹R the ``response``; ∇²fᵢ(V₁, V₂) = (V₂ᵀxᵢᵀ, V₁xᵢ)."""
    first, second, x = network.first, network.second, data.inputs
    spread = x @ response @ x.T
    push_first, push_second = first @ spread, np.trace(spread) * second
    change = second @ push_first @ x + push_second @ first @ x
    back = x @ np.linalg.solve(network.gram(data), change)
    scale = -sgd.step / data.patterns
    return scale * (push_first - np.outer(second, back)), scale * (push_second - first @ back)
