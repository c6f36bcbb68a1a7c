"""What the derivation of an effective potential is written in.

A prime is the next step on x and v, and d/dy on U and g.
"""

from typing import Any

import sympy as sp


class Average(sp.Expr):  # type: ignore[misc]
    """⟨f⟩ at rest."""

    def _latex(self, printer: Any) -> str:
        return rf"\left\langle {printer._print(self.args[0])} \right\rangle"

    def _sympystr(self, printer: Any) -> str:
        return f"⟨{printer._print(self.args[0])}⟩"


class Named(sp.Symbol):  # type: ignore[misc]
    """A symbol with a LaTeX of its own."""

    __slots__ = ("tex",)

    def __new__(cls, name: str, tex: str, **assumptions: Any) -> Any:
        """As a symbol, and how it is set."""
        made = super().__new__(cls, name, **assumptions)
        made.tex = tex
        return made

    def _latex(self, printer: Any) -> Any:
        return self.tex


x, v, w, xi, y = sp.symbols("x v w xi y", real=True)
next_x, next_v, next_w = sp.symbols("x' v' w'", real=True)
tried = Named("x_t", r"\tilde{x}", real=True)
first_v, first_x, second_v = sp.symbols("v_1 x_1 v_2", real=True)
eta, g, D, temperature, reference = sp.symbols("eta g D T g_0", positive=True)
beta, left, k, own = sp.symbols("beta c k C_i", positive=True)
trace = Named("trC", r"\mathrm{tr}\,C", positive=True)
U, dU, dg, W, V, F, mobility = sp.symbols("U U' g' W V_eff F mu", real=True)

LEGEND = (
    (y, "slow coordinate"),
    (x, "one fast direction"),
    (v, "its velocity, the last step that it took"),
    (w, "noise of a step, of variance 2 D times the step"),
    (xi, "a standard normal, a new one every step"),
    (next_x, "x one step later"),
    (tried, "x where the step is tried"),
    (eta, "step"),
    (beta, "momentum"),
    (left, "part of the velocity that friction leaves in a step"),
    (g, "stiffness g(y) of the fast directions"),
    (dg, "dg/dy"),
    (D, "strength of the noise, of variance 2D per unit of time"),
    (temperature, "temperature"),
    (reference, "stiffness at which the noise has the strength T"),
    (own, "eigenvalue of the covariance of the noise"),
    (trace, "trace of that covariance"),
    (k, "number of fast directions"),
    (U, "energy U(y) on the floor of the valley"),
    (dU, "dU/dy"),
    (F, "mean force on y"),
    (W, "entropic potential of one fast direction"),
    (V, "effective potential of y; its slope is -F"),
    (mobility, "mobility: mean velocity of y over F"),
)
NAMES: dict[str, Any] = {
    "x": x,
    "v": v,
    "w": w,
    "xi": xi,
    "y": y,
    "tried": tried,
    "eta": eta,
    "beta": beta,
    "left": left,
    "g": g,
    "D": D,
    "T": temperature,
    "own": own,
    "trace": trace,
    "k": k,
    "U": U,
    "F": F,
    "W": W,
    "V": V,
    "mu": mobility,
}
