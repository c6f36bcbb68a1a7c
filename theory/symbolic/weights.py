"""W(n), the sum over the n weights of one site, Gaussian or ±1.

    Gaussian    W = ∫ dⁿw/√(2π)ⁿ exp(−½ Ê Σ w_a² + q̂ Σ_{a<b} w_a w_b + R̂ Σ w_a)
    ±1          W = Σ_w exp(q̂ Σ_{a<b} w_a w_b + R̂ Σ w_a)

R̂ is 0 without a teacher.
"""

import sympy as sp

from .averages import ARGUMENTS, Mean
from .step import Step
from .symbols import E_hat, R_hat, W, h, n, q_hat


def gaussian_weights(teacher: bool) -> Step:
    """The logarithm of W(n) of Gaussian weights, from its determinant."""
    shown = []
    for size in (2, 3, 4):
        matrix = (E_hat + q_hat) * sp.eye(size) - q_hat * sp.ones(size, size)
        determinant = sp.factor(matrix.det())
        general = (E_hat + q_hat) ** (size - 1) * (E_hat + q_hat - size * q_hat)
        assert sp.expand(determinant - general) == 0
        assert sp.simplify(sum(matrix.inv()) - size / (E_hat + q_hat - size * q_hat)) == 0
        shown.append(sp.Eq(sp.Symbol(f"D_{size}"), determinant))
    differences, together = E_hat + q_hat, E_hat - (n - 1) * q_hat  # eigenvalues
    log_w = -((n - 1) * sp.log(differences) + sp.log(together)) / 2
    if teacher:
        log_w += n * R_hat**2 / (2 * together)
    prose = (
        "{W} is a Gaussian integral over {n} weights; its matrix has {E_hat} on the diagonal and"
        " minus {q_hat} beside it"
        + (", in the field {R_hat} of the teacher" if teacher else "")
        + ".  Its eigenvalues are {differences}, once less than {n} times, and the sum of a row"
        " (the determinants of 2, 3 and 4 replicas, multiplied out, say the same):"
    )
    return Step("weights", prose, (*shown, sp.Eq(sp.log(W), log_w)))


def spins(teacher: bool) -> Step:
    """The same of ±1 weights: sums over 2ⁿ states, and what they are as an average."""
    field = R_hat if teacher else sp.Integer(0)
    shown = []
    for size in (1, 2, 3, 4):
        sums = [2 * ups - size for ups in range(size + 1)]
        states = sum(
            sp.binomial(size, ups) * sp.exp(q_hat * (m**2 - size) / 2 + field * m)
            for ups, m in enumerate(sums)
        )
        # (e^h + e^−h)^n multiplied out, with ⟨exp(m h)⟩ = exp(m R̂ + m² q̂/2)
        linear = sum(
            sp.binomial(size, ups) * sp.exp(m * field + m**2 * q_hat / 2)
            for ups, m in enumerate(sums)
        )
        assert sp.simplify(states - sp.exp(-size * q_hat / 2) * linear) == 0
        if size in (2, 3):
            shown.append(sp.Eq(W.subs(n, size), sp.expand(states)))
    log_w = -n * q_hat / 2 + sp.log(Mean((2 * sp.cosh(h)) ** n))
    prose = (
        "{W} is a sum over the states of {n} spins; those of 2 and 3 replicas are shown.  By"
        " Hubbard and Stratonovich's identity the square of the sum of the spins is linear under an"
        " average over a normal {z}, in the field {h}; sums of 1 to 4 replicas agree:"
    )
    meaning = ARGUMENTS[h].subs(R_hat, field)
    return Step("weights", prose, (*shown, sp.Eq(h, meaning), sp.Eq(sp.log(W), log_w)))
