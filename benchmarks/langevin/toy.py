"""The toy on which every code is timed, and what a code has to hand over.

    V(x, y) = ½ (1 + y²) x² + ¼ y²,   dx = −∂V/∂x dt + √(2T) dW,   dy likewise,

T = 0.5, steps of 0.002 by Euler and Maruyama from x = y = 0: two normal numbers a step.  A code is
a ``Run``: it takes the trajectories, the steps and a seed and returns x and y at the end, by whose
mean squares the table shows that all did the same physics.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

STEP, TEMPERATURE = 0.002, 0.5
KICK = float(np.sqrt(2 * TEMPERATURE * STEP))

Run = Callable[[int, int, int], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Code:
    """One way to run the toy.

    ``make`` imports and prepares what it needs and returns the ``Run``, or raises ImportError or
    OSError where that is not installed; ``trajectories`` is the batch that suits it, a multiple of
    64.  ``ideal`` marks what does no physics: numbers drawn and added up.
    """

    name: str
    make: Callable[[], Run]
    trajectories: int
    ideal: bool = False


def force(x, y):  # type: ignore[no-untyped-def]
    """−grad V, for any array type."""
    return -(1 + y * y) * x, -y * (x * x + 0.5)
