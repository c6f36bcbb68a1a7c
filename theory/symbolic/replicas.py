"""The free entropy s from the averaged n-th power of the volume of solutions.

    ⟨Vⁿ⟩ = exp N A(n)      A(n) = −½ n (n − 1) q q̂ − n R R̂ + ln W(n) + α ln E(n)      s = A'(0)

Weights on a sphere add ½ n (Ê − 1), which fixes their lengths.
"""

import sympy as sp

from .averages import Mean
from .step import Step
from .symbols import A, E, E_hat, H, R, R_hat, W, alpha, n, q, q_hat, s, v


def replicated_action(model: str, teacher: bool) -> Step:
    """A(n), the exponent of the replicated volume per weight."""
    action = -n * (n - 1) / 2 * q * q_hat + sp.log(W) + alpha * sp.log(E)
    if model == "spherical":  # the length of every replica; less the sphere without patterns
        action += n * (E_hat - 1) / 2
    if teacher:
        action -= n * R * R_hat
    prose = (
        "Average the {n}-th power of the volume of solutions over the patterns.  It depends on the"
        " overlaps of the {n} replicas alone, which are {q} for any two of them"
        + (" and {R} with the teacher" if teacher else "")
        + ".  With conjugate overlaps (hats) that fix them, the exponent per weight is {A},"
        " where {W} is the sum over the weights of one site and {E} the chance that one pattern"
        " suits all replicas:"
    )
    return Step("replicas", prose, (sp.Eq(A, action),))


def no_replicas(action: Step, weights: Step, patterns: Step) -> Step:
    """The derivative at n = 0; ⟨H(v)⟩ = ½ there, as v is odd in z and H(v) + H(−v) = 1."""
    whole = action.result.rhs.subs([weights.result.args, patterns.result.args])
    half = (H(v) + (1 - H(v))) / 2
    entropy = sp.expand(whole.diff(n).subs(n, 0).subs(Mean(H(v)), half))
    prose = (
        "The free entropy is the derivative of {A} at {n} = 0, where the logarithm of the mean of"
        " an {n}-th power becomes {n} times the mean of the logarithm:"
    )
    return Step("no replicas", prose, (sp.Eq(s, entropy),))
