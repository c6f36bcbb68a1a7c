r"""Random patterns for N weights, with random labels or those of a teacher.

A pattern is N independent normals.  Its label is folded into it, ξ ← label·ξ, so that weights w
give it the stability

.. math:: \Delta = w \cdot \xi / \sqrt N

and store it with margin κ where Δ ≥ κ.  Random labels leave a normal pattern normal; those of a
teacher, label = sign(t·ξ), leave t·ξ positive.  The teacher is drawn from the weights' own prior:
uniform on |t|² = N, or of independent signs.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ...theory.errors import DomainError
from ...theory.perceptron.question import SETTINGS, one_of
from ..streams import stream
from .asked import at_least

WEIGHTS = ("spherical", "binary")
HUGE = 1e100  # weights: more are as many, and their square is a float still
LARGEST = 10_000_000_000  # bytes of one sample's patterns


@dataclass(frozen=True)
class Instance:
    """The patterns of one sample, labels folded in.

    patterns: (P, N) of float64 or float32.  teacher: (N,) of the same type; None for random labels.
    """

    patterns: NDArray[Any]
    teacher: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        for array in (self.patterns, self.teacher):
            if array is not None:
                array.flags.writeable = False

    @property
    def size(self) -> int:
        """Weights, N."""
        return int(self.patterns.shape[1])

    @property
    def load(self) -> float:
        """Patterns per weight, P/N: the load asked for, as near as whole patterns come."""
        return len(self.patterns) / self.size

    @cached_property
    def columns(self) -> NDArray[Any]:
        """The transpose over √N, (N, P) in memory: what a weight adds to the stabilities."""
        turned: NDArray[Any] = np.array(self.patterns.T, order="C")
        turned /= np.sqrt(self.size)
        turned.flags.writeable = False
        return turned

    def stabilities(self, weights: ArrayLike) -> NDArray[Any]:
        """The stabilities (..., P) of weights (..., N)."""
        found: NDArray[Any] = np.asarray(weights, self.patterns.dtype) @ self.patterns.T
        return found / float(np.sqrt(self.size))


def draw(
    size: int,
    alpha: float,
    setting: str = "storage",
    weights: str = "spherical",
    *,
    seed: int,
    sample: int = 0,
    dtype: DTypeLike = np.float64,
) -> Instance:
    """One sample: P = round(alpha · size) patterns for ``size`` weights (halves go to the even P).

    setting: "storage" (random labels) or "teacher".  weights: "spherical" or "binary", for the
    teacher.  The numbers depend on (seed, size, sample) alone and are drawn in float64, pattern
    after pattern: a larger load keeps the patterns of a smaller one and adds to them.

    Raises DomainError if the size is below 2, alpha is negative or not finite, or a name unknown.

    >>> instance = draw(10, 0.66, seed=1)
    >>> instance.patterns.shape, instance.load
    ((7, 10), 0.7)
    """
    one_of("setting", setting, SETTINGS)
    one_of("weights", weights, WEIGHTS)
    at_least(size=(size, 2), seed=(seed, 0), sample=(sample, 0))
    if not (np.isfinite(alpha) and alpha >= 0):
        msg = f"alpha must be finite and at least 0; it is {alpha:.10g}"
        raise DomainError(msg)
    wide = min(float(size), HUGE)
    if (needed := 8 * max(alpha * wide, 1.0) * wide) > LARGEST:
        msg = (
            f"patterns of one sample must stay below {LARGEST / 1e9:g} GB;"
            f" alpha = {alpha:g} at size {size:.10g} needs {needed / 1e9:.3g}"
        )
        raise DomainError(msg)
    rng = stream(seed, size, sample)
    teacher = None
    if setting == "teacher":
        teacher = rng.standard_normal(size)
        if weights == "binary":
            teacher = np.where(teacher < 0, -1.0, 1.0)
        else:
            teacher *= np.sqrt(size) / np.linalg.norm(teacher)
    patterns = rng.standard_normal((round(alpha * size), size))
    if teacher is not None:
        patterns *= np.where(patterns @ teacher < 0, -1.0, 1.0)[:, None]
        teacher = teacher.astype(dtype)
    return Instance(patterns.astype(dtype), teacher)
