"""Loss, curvature and gradient noise along a path, as profiles that predictions are made from."""

from collections.abc import Callable

from ..theory.estimate import Array, Estimate
from ..theory.path import Path, Profile
from .curvature import hutchinson_trace, largest_eigenvalue
from .operators import losses_and_gradients, point, scores
from .problem import Problem, array

Progress = Callable[[float], None]


def landscape_profiles(
    problem: Problem,
    path: Path,
    s: Array,
    probes: int = 64,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Profile]:
    """Loss, tr H, λ_max and tr C (per-sample gradient covariance) at the arc lengths ``s`` (n,)."""
    losses, _ = losses_and_gradients(problem, path.at(s))
    rows: dict[str, list[Estimate]] = {"trace": [], "lambda_max": [], "noise_trace": []}
    for i, position in enumerate(path.at(s)):
        theta = point(problem, position)
        rows["trace"].append(hutchinson_trace(problem, theta, probes, seed))
        rows["lambda_max"].append(largest_eigenvalue(problem, theta))
        spread = array((scores(problem, theta) ** 2).sum()) / (problem.samples - 1)
        rows["noise_trace"].append(Estimate(spread, 0.0, "exact"))
        if progress is not None:
            progress((i + 1) / len(s))
    profiles = {"loss": Profile(s, Estimate(losses, 0.0, "exact"), "loss")}
    for name, row in rows.items():
        value, error = [e.value for e in row], [e.error for e in row]
        profiles[name] = Profile(s, Estimate(value, error, row[0].origin), name)
    return profiles
