"""What the derivation is written in: its symbols, and the functions of a standard normal.

    φ(u) = exp(−u²/2)/√(2π)      H(u) = ∫_u^∞ φ      G(u) = φ(u)/H(u)
    φ' = −u φ                    H' = −φ             G' = G (G − u)

The legend says what each means.
"""

from typing import Any

import sympy as sp

n = sp.Symbol("n")
alpha, q, R = sp.symbols("alpha q R", positive=True)
kappa, z, u, v, h = sp.symbols("kappa z u v h", real=True)
q_hat, R_hat, E_hat = sp.symbols("qhat Rhat Ehat", positive=True)
s, Delta = sp.symbols("s Delta")
A, W, E = (sp.Function(name)(n) for name in "AWE")


class H(sp.Function):  # type: ignore[misc]
    """The tail of a standard normal."""

    def fdiff(self, argindex: int = 1) -> Any:
        """H' = −φ."""
        return -phi(self.args[0])


class phi(sp.Function):  # type: ignore[misc]
    """The density of a standard normal."""

    def fdiff(self, argindex: int = 1) -> Any:
        """φ' = −u φ."""
        return -self.args[0] * phi(self.args[0])


class G(sp.Function):  # type: ignore[misc]
    """φ/H, the mean of a standard normal beyond u."""

    def fdiff(self, argindex: int = 1) -> Any:
        """G' = G (G − u)."""
        return self * (self - self.args[0])


LEGEND = (
    (alpha, "patterns per weight"),
    (kappa, "margin that every pattern keeps"),
    (n, "number of replicas"),
    (q, "overlap of two solutions"),
    (R, "overlap of a solution with the teacher"),
    (q_hat, "conjugate overlap"),
    (R_hat, "conjugate overlap"),
    (E_hat, "fixes the length of a replica"),
    (A, "exponent per weight of the averaged power of the volume"),
    (W, "sum over the weights of one site"),
    (E, "chance that one pattern suits all replicas"),
    (Delta, "stability of one pattern in a replica"),
    (z, "a standard normal; means in angle brackets are over it"),
    (H(u), "tail of a standard normal beyond its argument"),
    (phi(v), "density of a standard normal"),
    (G(u), "density over tail"),
    (s, "free entropy in nats per weight"),
)
