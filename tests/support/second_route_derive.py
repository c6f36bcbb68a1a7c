"""Entropies and overlaps of the house beside the derived formulas, evaluated by a plain rule."""

from collections.abc import Iterator

from second_route import Check
from symbolic_numbers import number

from entropic.theory import derivation, saddle_limit, saddle_point
from entropic.theory.symbolic.symbols import R_hat, alpha, kappa, q, q_hat

PLACES = [(share, margin) for margin in (-1.0, 0.0, 0.7) for share in (0.1, 0.3, 0.5, 0.7)]


def checks() -> Iterator[Check]:
    for model in ("spherical", "binary"):
        found = derivation(model)
        for share, margin in PLACES:
            load = float(share * saddle_limit(margin, model))
            point = saddle_point(load, margin, model)
            overlap, hat = float(point.q), float(point.q_hat)
            values = {alpha: load, kappa: margin, q: overlap, q_hat: hat, R_hat: 0}
            at = {"model": model, "alpha": load, "kappa": margin}
            error = float(point.residual)
            entropy = number(found.free_entropy, values)
            yield Check(
                f"{model} entropy",
                at,
                float(point.entropy),
                error,
                entropy,
                1e-11,
                "derived formula",
            )
            equation = found.equations[0]
            left, right = number(equation.lhs, values), number(equation.rhs, values)
            yield Check(
                f"{model} saddle equation", at, left, error, right, 1e-11, "derived formula"
            )
