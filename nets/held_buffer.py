r"""The noise that a kept buffer remembers, for a replica put back onto its place after every cycle.

Over many cycles v_0, the buffer at the start of one, has the covariance

.. math:: Σ = Q Σ Q^\top + \sum_m V_m C V_m^\top ,

V_m what a kick leaves in the buffer after m more steps, Q what a cycle leaves of the buffer.  A
covariance is a set of rows: some exact, whose squares add up, and random ones, whose squares are
right on average.  There are few: those that lead are kept as they are, the others mixed by signs.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ..theory.errors import DomainError
from .kick_noise import random_signs
from .optimizer_map import LinearMap, Slope

LONGEST = 1000  # cycles a buffer may remember


@dataclass(frozen=True)
class Rows:
    """Covariance Σ e eᵀ + E[z zᵀ] of the rows ``exact`` (a, P) and ``random`` (b, p, P).

    The random part is Σ_b z_b z_bᵀ averaged over p independent probes.
    """

    exact: Tensor
    random: Tensor

    def few(self, leading: int, generator: Generator) -> Tensor:
        """(leading + p, P) at most: leading rows, then one random row for each probe.

        The leading ones are those of the exact rows; what they leave is on the random ones.
        """
        blocks, probes, _ = self.random.shape
        gram = self.exact.double() @ self.exact.double().T
        vectors = torch.linalg.eigh(gram).eigenvectors[:, max(len(gram) - leading, 0) :]
        vectors = vectors.to(self.exact.dtype)
        lead = vectors.T @ self.exact
        signs = random_signs(probes, len(self.exact), generator, self.exact)
        rest = (signs - (signs @ vectors) @ vectors.T) @ self.exact
        mixed = random_signs(blocks, probes, generator, self.exact)[..., None] * self.random
        return torch.cat([lead, rest + mixed.sum(dim=0)])


def split(rows: list[Tensor], probes: int) -> Rows:
    """Sets of (a + p, P), each with its p random rows last, as one."""
    return Rows(
        torch.cat([each[: len(each) - probes] for each in rows]),
        torch.stack([each[len(each) - probes :] for each in rows]),
    )


def after_cycle(how: LinearMap, product: Slope, buffer: Tensor, cycle: int) -> Tensor:
    """Q v for the rows v of ``buffer``: what a cycle without noise leaves of it."""
    delta = torch.zeros_like(buffer)
    for _ in range(cycle):
        delta, buffer = how.forward(delta, buffer, product(delta))
    return buffer


def held_rows(
    how: LinearMap,
    product: Slope,
    left: list[Tensor],
    cycle: int,
    sampling: tuple[int, int, float],
    generator: Generator,
) -> Tensor:
    """Rows of Σ; left: V_m f (a + p, P) of each m for the rows f of the noise, p of them random.

    product: v ↦ H v.  sampling: how many leading rows, p, and the share of the standard deviation
    at which older cycles are left off.
    """
    leading, probes, tolerance = sampling
    rows = split(left, probes).few(leading, generator)
    sets, first = [rows], float(rows.norm())
    while float(rows.norm()) > tolerance * first:
        rows = after_cycle(how, product, rows, cycle)
        sets.append(rows)
        if len(sets) > LONGEST or not bool(torch.isfinite(rows).all()):
            raise DomainError(FORGETLESS)
    return split(sets, probes).few(leading, generator)


FORGETLESS = (
    f"the buffer does not forget within {LONGEST} cycles: this step is beyond the edge of "
    "stability, or the momentum too close to 1"
)
