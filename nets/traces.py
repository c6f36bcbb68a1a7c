r"""The trace of a symmetric operator from random probes, with its standard error.

    hutchinson   tr H = E[zᵀHz], z of random signs; Hutchinson, Commun. Stat. 18, 1059 (1989)
    hutch++      a third of the products finds where H is large and takes that part exactly;
                 Meyer, Musco, Musco and Woodruff (2021)
    xtrace       every probe serves both ends, each left out in turn; Epperly, Tropp and Webber
                 (2024)

Two things are known here that a plain matrix does not offer.  H is a sum over blocks of data, and
every block is multiplied on its own anyway: **probes drawn afresh for every block** cost the same,

.. math:: \mathrm{tr} H = Σ_b E[z_bᵀ A_b z_b], \qquad H = Σ_b A_b ,

and as the A_b are much alike, their independent errors average out: the variance falls by nearly
the number of blocks.  And where a subspace Q with its images HQ is known, from the search for
eigenvalues, its share tr QᵀHQ is exact, and probes are made orthogonal to it.
"""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..theory.errors import DomainError, NotConverged
from ..theory.estimate import Array, Estimate
from .eigenpairs import EigenPairs, orthonormal
from .operator import Operator
from .problem import array

Method = Literal["hutchinson", "hutch++", "xtrace"]
FEWEST = 8  # degrees of freedom behind an error before it may end the search
NUMBERS = 1 << 22  # of probes in memory at once


def trace(
    operator: Operator,
    *,
    method: Method = "hutchinson",
    probes: int = 16,
    error: float | None = None,
    most: int = 4096,
    seed: int = 0,
    deflate: EigenPairs | None = None,
) -> Estimate:
    """Tr H from ``probes`` products, the last few more until the standard error is ``error``.

    hutchinson takes ``probes`` of them; hutch++ and xtrace divide them.  deflate: what is known.
    The same seed gives the same probes at every point, so that profiles are smooth.
    ``operator.used`` says how many products it took.  Raises DomainError for too few probes, and
    NotConverged with the estimate if ``most`` products do not reach the error.
    """
    fewest = {"hutchinson": 2, "hutch++": 6, "xtrace": 8}
    if method not in fewest:
        msg = f"the method must be one of {', '.join(fewest)}; it is {method!r}"
        raise DomainError(msg)
    if not (fewest[method] <= probes < np.inf and probes == int(probes)):
        msg = f"a standard error needs at least {fewest[method]} probes; there are {probes}"
        raise DomainError(msg)
    if error is not None and not error > 0:
        msg = f"the error aimed at must be positive; it is {error:g}"
        raise DomainError(msg)
    basis, exact = _known(operator, deflate)
    if method == "hutchinson":
        return _hutchinson(operator, basis, exact, (probes, error, most, seed))
    if error is not None:
        msg = f"only hutchinson can go on until an error is reached; the method is {method!r}"
        raise DomainError(msg)
    made = _hutch_plus_plus if method == "hutch++" else _xtrace
    return made(operator, basis, exact, probes, seed)


def _known(operator: Operator, deflate: EigenPairs | None) -> tuple[Tensor, float]:
    """The basis taken out (k, dim) and its share of the trace."""
    if deflate is None:
        empty = torch.empty(0, operator.dim, dtype=operator.dtype, device=operator.device)
        return empty, 0.0
    share = (deflate.basis * deflate.images).sum(dim=1, dtype=torch.float64)
    return deflate.basis, float(share.sum())


def _hutchinson(
    operator: Operator, basis: Tensor, exact: float, plan: tuple[int, float | None, int, int]
) -> Estimate:
    probes, error, most, seed = plan
    draws = [Signs(operator, (seed, addend)) for addend in range(operator.addends)]
    at_once = max(1, NUMBERS // operator.dim)
    forms: Array = np.empty((operator.addends, 0))
    if operator.dim == len(basis):
        return Estimate(exact, 0.0, "hutchinson")
    while True:
        goal = max(probes, 2) if forms.shape[1] == 0 else min(2 * forms.shape[1], most)
        rows = [
            [
                form
                for first in range(forms.shape[1], goal, at_once)
                for form in _forms(operator, addend, draw(min(at_once, goal - first)), basis)
            ]
            for addend, draw in enumerate(draws)
        ]
        forms = np.concatenate([forms, np.array(rows)], axis=1)
        variance = forms.var(axis=1, ddof=1).sum() / goal
        found = Estimate(exact + forms.mean(axis=1).sum(), variance**0.5, "hutchinson")
        enough = error is None or found.error <= error
        if enough and (error is None or (goal - 1) * len(forms) >= FEWEST):
            return found
        if goal >= most:
            msg = f"the trace has a standard error of {found.error:.3g} after {most} products"
            raise NotConverged(msg, found)


def _forms(operator: Operator, addend: int, probes: Tensor, basis: Tensor) -> list[float]:
    probes = probes - (probes @ basis.T) @ basis
    images = operator.products_of(range(addend, addend + 1), probes)
    forms: list[float] = (probes * images).sum(dim=1, dtype=torch.float64).tolist()
    return forms


class Signs:
    """Random sign vectors, one after the other, the same on every device."""

    def __init__(self, operator: Operator, seed: tuple[int, ...]) -> None:
        if min(seed) < 0:
            msg = f"a seed must be a whole number from 0; it is {min(seed)}"
            raise DomainError(msg)
        self._rng = np.random.default_rng(seed)
        self._operator = operator

    def __call__(self, count: int) -> Tensor:
        """The next ``count`` of them (count, dim)."""
        size = 4 * -(-self._operator.dim // 32)  # whole words: no vector depends on the count
        drawn = np.frombuffer(self._rng.bytes(count * size), dtype=np.uint8)
        bits = np.unpackbits(drawn.reshape(count, size), axis=1, count=self._operator.dim)
        signs = torch.from_numpy(bits).to(self._operator.device, self._operator.dtype)
        return signs.mul_(2).sub_(1)


def drawn_signs(operator: Operator, count: int, seed: int) -> Tensor:
    """The first ``count`` sign vectors (count, dim) of a seed."""
    return Signs(operator, (seed,))(count)


def _drawn(operator: Operator, basis: Tensor, count: int, seed: int) -> Tensor:
    probes = drawn_signs(operator, count, seed)
    return probes - (probes @ basis.T) @ basis


def _hutch_plus_plus(
    operator: Operator, basis: Tensor, exact: float, probes: int, seed: int
) -> Estimate:
    """A third of the products sketches H, a third takes it exactly there, a third the rest."""
    third = probes // 3
    drawn = _drawn(operator, basis, probes - third, seed)
    room = operator.dim - len(basis)
    sketch = operator.products(drawn[:third])
    sketch = orthonormal(sketch - (sketch @ basis.T) @ basis, basis)[:room]
    exact += float((sketch * operator.products(sketch)).sum(dim=1, dtype=torch.float64).sum())
    rest = drawn[third:]
    rest = rest - (rest @ sketch.T) @ sketch
    forms = array((rest * operator.products(rest)).sum(dim=1, dtype=torch.float64))
    error = forms.std(ddof=1) / len(forms) ** 0.5
    return Estimate(exact + forms.mean(), error, "hutch++")


def _xtrace(operator: Operator, basis: Tensor, exact: float, probes: int, seed: int) -> Estimate:
    """Mean over m probes of H's trace in the sketch of the other m − 1, plus zᵀHz outside it."""
    half = probes // 2
    drawn = _drawn(operator, basis, half, seed)
    images = operator.products(drawn)
    images = images - (images @ basis.T) @ basis
    sketch, upper = torch.linalg.qr(images.double().T)  # (dim, m), (m, m)
    image = operator.products(sketch.T.to(operator.dtype)).double().T
    inner = array(sketch.T @ image)
    probe = array(sketch.T @ drawn.double().T)  # of every probe, its part in the sketch
    other = array(image.T @ drawn.double().T)
    whole = array((drawn * images).sum(dim=1, dtype=torch.float64))
    heights = array(upper.diagonal().abs())
    if not heights.min() > 1e-9 * heights.max():
        msg = "xtrace needs images that are independent; H has too low a rank: take hutch++"
        raise DomainError(msg)
    left_out = np.linalg.inv(array(upper)).T
    left_out = left_out / np.linalg.norm(left_out, axis=0)  # in the sketch, off the other images
    values = np.empty(half)
    for i in range(half):
        s, w = left_out[:, i], probe[:, i]
        within = np.trace(inner) - s @ inner @ s
        seen = w - s * (s @ w)  # the probe within the sketch of the others
        values[i] = within + whole[i] - 2 * seen @ other[:, i] + seen @ inner @ seen
    return Estimate(exact + values.mean(), values.std(ddof=1) / half**0.5, "xtrace")
