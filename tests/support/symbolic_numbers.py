"""What a derived expression is worth: every mean by a plain rule."""

from functools import cache
from itertools import product

import numpy as np
import sympy as sp
from scipy.special import log_ndtr, ndtr

from entropic.theory.symbolic import derivation as derived
from entropic.theory.symbolic.averages import ARGUMENTS, Mean
from entropic.theory.symbolic.symbols import E_hat, H, R, R_hat, alpha, kappa, q, q_hat, u, z

derivation = cache(derived.derivation)
CASES = list(product(derived.MODELS, derived.SETTINGS))
OFF = {alpha: 0.7, kappa: -0.3, q: 0.45, R: 0.3, q_hat: 0.9, R_hat: 0.35, E_hat: 1.4}
"""A place off every saddle."""

NUMERIC = [
    {
        "H": lambda x: ndtr(-x),
        "phi": lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
        "G": lambda x: np.exp(-x * x / 2 - log_ndtr(-x)) / np.sqrt(2 * np.pi),
    },
    "numpy",
]


def number(expression, values):
    """What an expression is worth, every mean by the trapezoidal rule on a long fine grid."""
    grid = np.linspace(-12, 12, 1201)
    weight = np.exp(-grid * grid / 2) / np.sqrt(2 * np.pi) * (grid[1] - grid[0])

    def mean(inner):
        # the logarithm of a tail, before the tail is rounded to 0
        log_tail = sp.Function("log_tail")
        inner = inner.subs(sp.log(H(u)), log_tail(u)).subs(ARGUMENTS).subs(values)
        f = sp.lambdify(z, inner, [{"log_tail": lambda x: log_ndtr(-x)}, *NUMERIC])
        return sp.Float((weight * f(grid)).sum())

    averaged = expression.replace(lambda x: isinstance(x, Mean), lambda x: mean(x.args[0]))
    return float(averaged.subs(values))
