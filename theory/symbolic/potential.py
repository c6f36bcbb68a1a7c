"""The effective potential of the slow coordinate, derived step by step.

One step of the integrator is linear; the variance at which it comes to rest solves a Lyapunov
equation; half of that is the slope of the entropic potential, which is integrated over the
stiffness.  The formulas of :mod:`entropic.theory.noise` are not put in.
"""

from dataclasses import dataclass
from typing import Any

import sympy as sp

from ..errors import DomainError
from ..update import INTEGRATORS, Integrator, Update
from .document import Document
from .formula import symbolic_formula
from .langevin_symbols import (
    LEGEND,
    NAMES,
    D,
    F,
    U,
    V,
    W,
    beta,
    dg,
    dU,
    eta,
    g,
    k,
    mobility,
    own,
    reference,
    temperature,
    trace,
    v,
    y,
)
from .step import Step
from .updates import at_rest, motion, one_step, upright

NOISES = {
    "isotropic": (temperature, "White noise has one strength in all directions and everywhere:"),
    "hessian": (
        temperature * g / reference,
        "Label noise of SGD has the covariance of the Hessian, a strength in proportion to {g}:",
    ),
    "covariance": (
        own,
        "Along an eigenvector of the covariance of the noise the strength is the eigenvalue {own}:",
    ),
}


@dataclass(frozen=True)
class PotentialDerivation(Document):
    """The effective potential, with the steps that lead there.

    The expressions are SymPy's, over the symbols of langevin_symbols.py.
    """

    noise: str
    integrator: Integrator
    momentum: bool
    steps: tuple[Step, ...]
    potential: Any
    """V_eff in U, g, k and the parameters of noise and step; of y where energy and g are given."""
    force: Any
    """−dV_eff/dy in the same, and the slopes U' and g'."""
    meanings: tuple[tuple[Any, str], ...] = LEGEND

    @property
    def title(self) -> str:
        """What is derived."""
        how = f"{self.integrator}{', with momentum' if self.momentum else ''}"
        return f"Effective potential: {self.noise} noise, {how}"


def potential_derivation(
    noise: str = "isotropic",
    integrator: Integrator = "euler",
    momentum: bool = False,
    energy: str | None = None,
    curvature: str | None = None,
) -> PotentialDerivation:
    """Effective potential of V = U(y) + ½ g(y)|x|², from one step of the integrator.

    noise: "isotropic", "hessian" or "covariance".  energy, curvature: formulas U(y) and g(y) to be
    put in at the end.

    Raises DomainError for an unknown noise or integrator, momentum with any but Euler's, or a
    formula outside the whitelist.

    >>> from .step import text
    >>> [text(e) for e in potential_derivation("hessian").steps[4].equations]
    ['W = −T ln(1 − η g/2)/(η g₀)', 'V_eff = −T k ln(1 − η g/2)/(η g₀) + U']
    """
    for name, value, known in (("noise", noise, NOISES), ("integrator", integrator, INTEGRATORS)):
        if value not in known:
            msg = f"{name} must be one of {', '.join(known)}; it is {value!r}"
            raise DomainError(msg)
    Update(1.0, 0.5 if momentum else 0.0, integrator)  # refuses what does not go together
    move = motion(integrator, momentum)
    rest = at_rest(move)
    strength, prose = NOISES[noise]
    felt = (rest.result.rhs / D) * strength
    names = [equation.lhs for equation in rest.equations[-2:]]
    shaken = [sp.Eq(D, strength), sp.Eq(names[-1], felt)]
    entropic = _integral(felt / 2)
    height = U + (_traced(entropic) if noise == "covariance" else k * entropic)
    pull = -dU - dg / 2 * (_traced(felt) if noise == "covariance" else k * felt)
    summed = " over all directions" if noise == "covariance" else ""
    steps = [
        *(one_step(move), rest, Step("noise", prose, tuple(shaken), NAMES)),
        Step(
            "mean force",
            f"The force on y is averaged{summed} at frozen y:",
            (sp.Eq(F, pull),),
            NAMES,
        ),
        Step(
            "potential",
            "It is minus the slope of a potential, since {g} is a function of {y} alone: half of"
            " the variance is integrated over {g}.",
            (sp.Eq(W, entropic), sp.Eq(V, height)),
            NAMES,
        ),
    ]
    if height.has(eta):
        steps.append(_small_steps(height))
    if momentum:
        steps.append(_clock())
    given = {"energy": energy, "curvature": curvature}
    if any(given.values()):
        own_valley, height, pull = _put_in(height, energy or "0", curvature)
        steps.append(own_valley)
    return PotentialDerivation(noise, integrator, momentum, tuple(steps), height, pull)


def _traced(of_one: Any) -> Any:
    """The sum over the eigenvalues, in which what is asked is linear."""
    return of_one.subs(own, trace)


def _integral(slope: Any) -> Any:
    """∫ slope dg without a constant, its logarithms as ln g and ln(1 + …)."""
    ratio = sp.Symbol("u", positive=True)  # ηg/2
    stretched = slope.subs(g, 2 * ratio / eta) * 2 / eta if slope.has(eta) else slope.subs(g, ratio)
    scale, rest = sp.cancel(stretched).as_independent(ratio, as_Add=False)
    terms = sp.Add.make_args(sp.apart(rest, ratio))
    found = sp.expand(sum(sp.integrate(term, ratio) for term in terms))
    found = found.replace(sp.log, lambda a: sp.log(_normal(a, ratio)))
    if slope.has(eta):
        found = found.replace(sp.log, lambda a: sp.log(sp.expand(a)))
    back = {ratio: eta * g / 2 if slope.has(eta) else g}
    found = sp.Add(*(_tidy(scale * term, ratio, back) for term in sp.Add.make_args(found)))
    found = _one_logarithm(found)
    assert sp.simplify(found.diff(g) - slope) == 0
    return found


def _normal(argument: Any, ratio: Any) -> Any:
    """What a logarithm's argument is but for a constant factor: u, or 1 + … at u = 0."""
    at_zero = argument.subs(ratio, 0)
    if at_zero == 0:
        return ratio
    terms = sp.Poly(argument, ratio).all_coeffs()[::-1]
    return 1 + sum(sp.factor(c / at_zero) * ratio**n for n, c in enumerate(terms) if n)


def _tidy(term: Any, ratio: Any, back: Any) -> Any:
    """A term in g again, upright, ln(ηg/2) as ln g."""
    scale, rest = term.as_independent(sp.log, sp.atan, as_Add=False)
    if rest == sp.log(ratio):
        rest = sp.log(g)
    return upright(sp.factor(scale.subs(back))) * rest.subs(back)


def _one_logarithm(found: Any) -> Any:
    """A ln g − A ln(1 − …) as A ln[g/(1 − …)]."""
    terms = sp.Add.make_args(found)
    if len(terms) == 2 and all(term.has(sp.log) for term in terms):
        (one, first), (two, second) = (term.as_independent(sp.log, as_Add=False) for term in terms)
        if sp.simplify(one + two) == 0:
            above, below = (first, second) if first == sp.log(g) else (second, first)
            scale = one if above == first else two
            return scale * sp.log(above.args[0] / below.args[0])
    return found


def _small_steps(height: Any) -> Step:
    found: list[Any] = []
    for order in range(1, 5):
        series = sp.expand(sp.series(height, eta, 0, order).removeO())
        found = [term for term in sp.Add.make_args(series) if term.has(g, U)]
        if any(term.has(eta) for term in found):
            break
    powers = {term.as_coeff_exponent(eta)[1] for term in found}
    kept = [sum(t for t in found if t.as_coeff_exponent(eta)[1] == power) for power in powers]
    tidy = [sp.Add(*(upright(sp.factor(t)) for t in _by_function(sum_))) for sum_ in kept]
    prose = "For small {eta} it is that of continuous time and, first, what the step adds:"
    return Step("small steps", prose, (sp.Eq(V, sp.Add(*tidy)),), NAMES)


def _by_function(terms: Any) -> list[Any]:
    """The energy, and what is left."""
    rest = terms - terms.coeff(U) * U
    return [terms.coeff(U) * U, rest]


def _clock() -> Step:
    (steady,) = sp.solve(sp.Eq(v, beta * v + eta * F), v)
    prose = (
        "A steady force {F} carries {y} at the velocity {v} per step that keeps itself, and per"
        " unit of time at {mu} times {F}; noise of variance 2 T on {y} per unit of time becomes one"
        " of 2 T times the square of {mu}:"
    )
    kept = sp.Eq(mobility, upright(sp.factor(steady / eta / F)))
    return Step("clock", prose, (sp.Eq(v, beta * v + eta * F), kept), NAMES)


def _put_in(height: Any, energy: str, curvature: str | None) -> tuple[Step, Any, Any]:
    bottom = symbolic_formula(energy, {"y": y})
    stiff = g if curvature is None else symbolic_formula(curvature, {"y": y})
    height = height.subs(U, bottom)
    force = -height.diff(y) - (0 if curvature is not None else dg * height.diff(g))
    height = height.subs(g, stiff)
    if curvature is not None:
        force = -height.diff(y)
    equations = [sp.Eq(U, bottom, evaluate=False)]
    equations += [] if curvature is None else [sp.Eq(g, stiff, evaluate=False)]
    equations += [sp.Eq(V, height), sp.Eq(F, sp.factor_terms(force))]
    return (
        Step(
            "the valley given", "With the energy and the stiffness given:", tuple(equations), NAMES
        ),
        height,
        force,
    )
