r"""How well a linear student generalises, and what its norm says about it.

Zhang, Saxe, Advani and Lee, eqs (29)-(34). A teacher W̄ labels x ~ N(0, I/N_i) with noise of
variance σ²; the student computes w = W₂W₁. ∥ and ⊥ are the parts inside the span of the patterns
and across it:

    e_g = |W̄ − w|²/N_i + σ²                                  (29), exact
    e_g ≈ (|W̄⊥|² − |W̄∥|² + |w|²)/N_i + σ²                    (34), for students that fit

What (34) leaves out, −2(W̄⊥·w⊥ + W̄∥·n)/N_i with n the noise that the fit took in, has mean zero:
w⊥ never saw the teacher, and n is independent of it. The |n|² that (30) neglects is in |w|² as it
is in e_g, so (34) is right on average at any noise.
"""

import numpy as np
from numpy.typing import ArrayLike

from .deep_linear import LinearData, LinearNetwork
from .errors import DomainError
from .estimate import Array


def generalization_error(
    network: LinearNetwork, teacher: ArrayLike, target_noise: float = 0.0
) -> float:
    """Mean squared error |W̄ − W₂W₁|²/N_i + σ² on fresh noisy labels, eq. (29).

    ``teacher`` W̄ (N_i,); ``target_noise`` σ.

    >>> generalization_error(LinearNetwork([[1.0, 0.0]], [1.0]), [1.0, 2.0], 0.5)
    2.25
    """
    teacher = _checked(teacher, network.first.shape[1], target_noise)
    miss = teacher - network.second @ network.first
    return float(miss @ miss / len(teacher) + target_noise**2)


def error_from_norm(
    network: LinearNetwork, data: LinearData, teacher: ArrayLike, target_noise: float = 0.0
) -> float:
    """The same averaged over what the student cannot know, from its norm |W₂W₁| alone, eq. (34).

    For a student that fits ``data``; slope 1/N_i in |W₂W₁|².

    >>> data = LinearData([[1.0], [0.0]], [3.0])  # one pattern, along the first input
    >>> error_from_norm(LinearNetwork([[3.0, 1.0]], [1.0]), data, [3.0, 2.0])  # (4 − 9 + 10)/2
    2.5
    """
    teacher = _checked(teacher, network.first.shape[1], target_noise)
    if len(data.inputs) != len(teacher):
        msg = (
            f"patterns must have {len(teacher)} inputs like the network; they have "
            f"{len(data.inputs)}"
        )
        raise DomainError(msg)
    inside = data.inputs @ (np.linalg.pinv(data.inputs) @ teacher)
    student = network.second @ network.first
    known = 2 * inside @ inside
    return float((teacher @ teacher - known + student @ student) / len(teacher) + target_noise**2)


def _checked(teacher: ArrayLike, inputs: int, target_noise: float) -> Array:
    values = np.asarray(teacher, dtype=np.float64)
    if values.shape != (inputs,) or not np.isfinite(values).all():
        msg = f"the teacher must be {inputs} finite numbers; its shape is {values.shape}"
        raise DomainError(msg)
    if not 0 <= target_noise < np.inf:
        msg = f"the noise of the targets must not be negative; it is {target_noise:g}"
        raise DomainError(msg)
    return values
