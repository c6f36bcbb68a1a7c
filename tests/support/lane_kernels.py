"""Formulas of lane arithmetic, compiled together, on arrays."""

import numpy as np

from entropic.sims import workshop


def each(y, p, out):
    """out (formulas, n): every formula at every y."""
    for i in range(y.shape[0]):
        answers = value(y[i], p)
        for j in range(out.shape[0]):
            out[j, i] = answers[j]


def along(y, p, out):
    """One formula at every y, as the sweeps of the engine call one."""
    for i in range(64):
        out[i] = single(y[i], p)


def single(y, p):
    """Stands for the formula."""
    return y


def value(y, p):
    """Stands for the formulas."""
    return (y,)


def evaluated(texts: list[str], y: np.ndarray, params: tuple[float, ...] = ()) -> np.ndarray:
    """The sources ``texts`` in y and p at every y, in the precision of y."""
    kind = y.dtype.type
    one_text = f"({', '.join(texts)},)"
    module = workshop.kernel((each,), {"value": ("y, p", one_text), "STATE": kind})
    out = np.empty((len(texts), len(y)), kind)
    numbers = tuple(kind(p) for p in params) or (kind(0),)
    with workshop.uncompiled():
        module.each(y, numbers, out)
    return out
