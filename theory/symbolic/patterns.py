"""E(n), the chance that one pattern suits n replicas.

    storage    ⟨H(u)ⁿ⟩           u = (κ − √q z)/√(1 − q)
    teacher    2 ⟨H(u)ⁿ H(v)⟩    v = −R z/√(q − R²)

z is what the fields of all replicas have in common.
"""

from typing import Any

import sympy as sp

from .averages import ARGUMENTS, Mean
from .step import Step
from .symbols import Delta, E, H, R, kappa, n, q, u, v, z


def one_pattern(teacher: bool) -> Step:
    """E(n): fields with the covariance of the overlaps, split into a common part and own parts."""
    x, y, one, two = sp.symbols("x y x_a x_b")
    field = sp.sqrt(q) * z + sp.sqrt(1 - q) * x
    assert _covariance(field.subs(x, one), field.subs(x, two), (z, one, two)) == q
    assert _covariance(field, field, (z, x)) == 1
    assert sp.simplify(sp.solve(field - kappa, x)[0] - ARGUMENTS[u]) == 0
    equations = [sp.Eq(Delta, field), sp.Eq(u, ARGUMENTS[u])]
    chance: Any = H(u) ** n
    prose = (
        "The stabilities {Delta} of one pattern are normal, with covariance {q} between replicas:"
        " a {z} in common and an x of each replica's own.  Given {z} all reach the margin {kappa}"
        " with the {n}-th power of the probability {H}, the tail of a normal"
    )
    if teacher:
        label = R / sp.sqrt(q) * z + sp.sqrt(1 - R**2 / q) * y
        assert _covariance(label, field, (z, x, y)) == R
        assert _covariance(label, label, (z, y)) == 1
        threshold = sp.solve(label, y)[0]
        assert sp.simplify(threshold**2 - ARGUMENTS[v] ** 2) == 0
        equations += [sp.Eq(v, ARGUMENTS[v])]
        chance *= 2 * H(v)
        prose += (
            ".  The teacher's own field has covariance {R} with them and is positive given {z}"
            " with probability {H_v}; labels of either sign count alike"
        )
    return Step("patterns", prose + ":", (*equations, sp.Eq(E, Mean(chance))))


def _covariance(first: Any, second: Any, normals: tuple[Any, ...]) -> Any:
    """Of two linear combinations of independent normals."""
    return sp.simplify(sum(first.coeff(x) * second.coeff(x) for x in normals))
