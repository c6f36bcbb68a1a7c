"""Averages over a standard normal z, with their derivatives and integrations by parts.

    ∂⟨f(u)⟩ = ⟨f'(u) ∂u⟩      ⟨z f⟩ = ⟨f'⟩      ⟨z φ(v) g⟩ = ⟨φ(v) g'⟩/(1 + c²),   v = cz

An integrand is written in u, v and h, and stays so: only a derivative asks what they are.
"""

from typing import Any

import sympy as sp

from .symbols import G, H, R, R_hat, h, kappa, phi, q, q_hat, u, v, z

# the arguments that averages over z hold: their names, and what they are functions of
ARGUMENTS: dict[Any, Any] = {
    u: (kappa - sp.sqrt(q) * z) / sp.sqrt(1 - q),
    v: -R * z / sp.sqrt(q - R**2),
    h: sp.sqrt(q_hat) * z + R_hat,
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
        return set((own - ARGUMENTS.keys()).union(*inner) - {z})

    def _eval_derivative(self, symbol: Any) -> Any:
        return Mean(total_derivative(self.args[0], symbol))

    def _latex(self, printer: Any) -> str:
        return rf"\left\langle {printer._print(self.args[0])} \right\rangle"

    def _sympystr(self, printer: Any) -> str:
        return f"⟨{printer._print(self.args[0])}⟩"


def total_derivative(expression: Any, symbol: Any) -> Any:
    """The derivative with u, v and h as the functions that they are; φ/H is written as G."""
    slope = expression.diff(symbol)
    for name, meaning in ARGUMENTS.items():
        inner = meaning.diff(symbol).subs(kappa, sp.sqrt(1 - q) * u + sp.sqrt(q) * z)
        slope += expression.diff(name) * inner
    known = {phi(u): G(u) * H(u), sp.sinh(h): sp.tanh(h) * sp.cosh(h)}
    return sp.expand(sp.expand(slope).subs(known))


def by_parts(average: Any) -> Any:
    """Every ⟨z f⟩ as ⟨f'⟩; where f has a factor φ(v), v = cz, it is ⟨φ(v) g'⟩/(1 + c²)."""

    def parts(mean: Any) -> Any:
        if not mean.args[0].has(z):
            return mean
        first, rest = sp.Poly(mean.args[0], z).all_coeffs()
        share: Any = sp.Integer(1)
        if first.has(phi(v)):
            share = phi(v) / (1 + (ARGUMENTS[v] / z) ** 2)
            first = first / phi(v)
        return Mean(rest) + Mean(sp.simplify(share) * total_derivative(first, z))

    return collected(average.replace(lambda x: isinstance(x, Mean), parts))


def collected(expression: Any) -> Any:
    """Each mean once, with a tidy factor."""
    spin = {sp.sech(h) ** 2: 1 - sp.tanh(h) ** 2, sp.cosh(h) ** -2: 1 - sp.tanh(h) ** 2}
    done = sp.expand(expression)
    means = {mean: sp.Dummy() for mean in done.atoms(Mean)}
    linear = sp.expand(done.subs(means))
    constant = tidy(linear.subs(dict.fromkeys(means.values(), 0)))
    terms = [
        tidy(linear.diff(name)) * Mean(sp.simplify(mean.args[0]).subs(spin))
        for mean, name in means.items()
    ]
    return constant + sp.expand(sp.Add(*terms))


def tidy(expression: Any) -> Any:
    """A fraction in q and R, simplified in 1 − q and q − R², which are positive."""
    gap, rest = sp.symbols("gap rest", positive=True)
    inner = expression.subs(R, sp.sqrt(q - rest)).subs(q, 1 - gap)
    terms = sp.Add.make_args(sp.expand(sp.expand_log(sp.simplify(inner))))
    logs = sp.Add(*(term for term in terms if term.has(sp.log)))
    fraction = sp.factor(sp.Add(*terms) - logs)
    return (logs + fraction).subs(rest, 1 - gap - R**2).subs(gap, 1 - q)
