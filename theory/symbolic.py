r"""The perceptron's free entropy and saddle equations, derived by a computer algebra.

Nothing here is a final formula.  What is put in: the replica-symmetric ansatz, that a Gaussian
vector is split by conditioning, and Hubbard and Stratonovich's identity for ±1 weights.  The rest is
calculated: determinants and sums at n = 2, 3, 4 replicas, from which the form at any n is taken and
against which it is checked; the derivative at n = 0; the stationarity in every overlap, with
Gaussian integrations by parts (Stein: ⟨z f(z)⟩ = ⟨f'(z)⟩); the elimination of what is conjugate.

    storage    patterns have random labels, stabilities Δ ≥ κ
    teacher    labels are those of a teacher of the same kind of weights, at overlap R

The one file that uses SymPy; no text is ever parsed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp

from .errors import DomainError

MODELS = ("spherical", "binary")
SETTINGS = ("storage", "teacher")

n = sp.Symbol("n")
alpha, q, R = sp.symbols("alpha q R", positive=True)
kappa, z, u, v, h = sp.symbols("kappa z u v h", real=True)
q_hat, R_hat, E_hat = sp.symbols("qhat Rhat Ehat", positive=True)
s = sp.Symbol("s")


class H(sp.Function):  # type: ignore[misc]
    """The tail of a standard normal."""

    def fdiff(self, argindex: int = 1) -> Any:
        """H' = −φ."""
        return -phi(self.args[0])


class phi(sp.Function):  # type: ignore[misc]  # noqa: N801
    """The density of a standard normal."""

    def fdiff(self, argindex: int = 1) -> Any:
        """φ' = −u φ."""
        return -self.args[0] * phi(self.args[0])


class G(sp.Function):  # type: ignore[misc]
    """φ/H, the mean of a standard normal beyond u."""

    def fdiff(self, argindex: int = 1) -> Any:
        """G' = G (G − u)."""
        return self * (self - self.args[0])


# the arguments that averages over z hold: their names, and what they are functions of
FIELD = sp.sqrt(q_hat) * z
ARGUMENTS: dict[Any, Any] = {
    u: (kappa - sp.sqrt(q) * z) / sp.sqrt(1 - q),
    v: -R * z / sp.sqrt(q - R**2),
    h: FIELD + R_hat,
}


class Mean(sp.Expr):  # type: ignore[misc]
    """⟨f⟩, an average over a standard normal z, on which u, v and h depend."""

    def __new__(cls, integrand: Any) -> Any:
        """Sums are taken apart and constants drawn out."""
        integrand = sp.expand(integrand)
        if isinstance(integrand, sp.Add):
            return sp.Add(*(cls(term) for term in integrand.args))
        constant, rest = integrand.as_independent(z, *ARGUMENTS, as_Add=False)
        return constant if rest == 1 else constant * sp.Expr.__new__(cls, rest)

    @property
    def free_symbols(self) -> set[Any]:
        """Those of the integrand and of its arguments, z aside."""
        own = self.args[0].free_symbols
        inner = [ARGUMENTS[name].free_symbols for name in own & ARGUMENTS.keys()]
        return (own - ARGUMENTS.keys()).union(*inner) - {z}

    def _eval_derivative(self, symbol: Any) -> Any:
        return Mean(total_derivative(self.args[0], symbol))

    def _latex(self, printer: Any) -> str:
        return rf"\left\langle {printer._print(self.args[0])} \right\rangle"

    def _pretty(self, printer: Any) -> Any:
        from sympy.printing.pretty.stringpict import prettyForm

        inner = prettyForm(*printer._print(self.args[0]).parens("<", ">"))
        if inner.height() == 1:
            inner = prettyForm(str(inner).replace("<", "⟨").replace(">", "⟩"))
        inner.binding = prettyForm.ATOM
        return inner


def total_derivative(expression: Any, symbol: Any) -> Any:
    """The derivative with u, v and h as the functions that they are; φ/H is written as G."""
    slope = expression.diff(symbol)
    for name, meaning in ARGUMENTS.items():
        inner = meaning.diff(symbol).subs(kappa, sp.sqrt(1 - q) * u + sp.sqrt(q) * z)
        slope += expression.diff(name) * inner
    return sp.expand(sp.expand(slope).subs(phi(u), G(u) * H(u)))


def by_parts(average: Any) -> Any:
    """Every ⟨z f⟩ as ⟨f'⟩; where f has a factor φ(v), v = cz, it is ⟨φ(v) g'⟩/(1 + c²)."""

    def parts(mean: Any) -> Any:
        rest, first = sp.Poly(mean.args[0], z).all_coeffs()[::-1] if mean.args[0].has(z) else (0, 0)
        if first == 0:
            return mean
        share: Any = 1
        if first.has(phi(v)):
            share = phi(v) / (1 + (ARGUMENTS[v] / z) ** 2)
            first = first / phi(v)
        return Mean(rest) + Mean(sp.simplify(share) * total_derivative(first, z))

    return average.replace(lambda x: isinstance(x, Mean), parts)
