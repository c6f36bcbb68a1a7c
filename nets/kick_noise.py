r"""The noise of one step at one point, as rows whose squares add up; per unit of the factor c.

minibatch      C = Σ_i (g_i − ḡ)(g_i − ḡ)ᵀ/(n − 1)
uncorrelated   the diagonal of C
isotropic      (tr C/P) · 1
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from .operators import scores
from .problem import Problem
from .sgd import Shaking


@dataclass(frozen=True)
class SampleNoise:
    """Covariance RᵀR of the rows ``root`` (n, P), one for each sample."""

    root: Tensor

    def along(self, vectors: Tensor) -> Tensor:
        """Kicks (…, n) along ``vectors`` (…, P): their dot products are covariances."""
        return vectors @ self.root.T

    def factors(self, leading: int, probes: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Rows f with Σ f fᵀ = leading part of C, and probes z with E[z zᵀ] = the rest."""
        each = self.root
        leading = min(leading, len(each))
        vectors = torch.linalg.eigh(each @ each.T).eigenvectors[:, len(each) - leading :]
        signs = random_signs(probes, len(each), generator, each)
        rest = signs - (signs @ vectors) @ vectors.T
        return vectors.T @ each, rest @ each

    def draw(self, count: int, generator: Generator) -> Tensor:
        """Gaussian kicks (count, P)."""
        normal = torch.randn(count, len(self.root), generator=generator, dtype=self.root.dtype)
        return normal.to(self.root.device) @ self.root

    @property
    def diagonal(self) -> Tensor:
        """Variance (P,) of each coordinate."""
        return self.root.square().sum(dim=0)


@dataclass(frozen=True)
class CoordinateNoise:
    """Independent noise of standard deviation ``spread`` (P,) in each coordinate."""

    spread: Tensor

    def along(self, vectors: Tensor) -> Tensor:
        """Kicks (…, P) along ``vectors`` (…, P): their dot products are covariances."""
        return vectors * self.spread

    def factors(self, leading: int, probes: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """No direction leads: ``leading + probes`` probes z with E[z zᵀ] the covariance."""
        size = len(self.spread)
        signs = random_signs(leading + probes, size, generator, self.spread)
        return self.spread.new_empty(0, size), signs * self.spread

    def draw(self, count: int, generator: Generator) -> Tensor:
        """Gaussian kicks (count, P)."""
        like = self.spread
        normal = torch.randn(count, len(like), generator=generator, dtype=like.dtype)
        return normal.to(like.device) * like

    @property
    def diagonal(self) -> Tensor:
        """Variance (P,) of each coordinate."""
        return self.spread.square()


KickNoise = SampleNoise | CoordinateNoise


def random_signs(count: int, size: int, generator: Generator, like: Tensor) -> Tensor:
    """±1 (count, size), drawn on the CPU."""
    signs = torch.randint(2, (count, size), generator=generator)
    return signs.to(like.device, like.dtype) * 2 - 1


def kick_noise(problem: Problem, theta: Tensor, kind: Shaking) -> KickNoise:
    """The noise at ``theta`` (P,); "none" is that of minibatches, to be multiplied by c = 0."""
    root = scores(problem, theta) / (problem.samples - 1) ** 0.5
    if kind in ("minibatch", "none"):
        return SampleNoise(root)
    variance = root.square().sum(dim=0)
    if kind == "isotropic":
        variance = variance.mean().expand_as(variance)
    return CoordinateNoise(variance.sqrt())
