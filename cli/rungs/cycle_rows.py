"""Single cycles from one start beside their prediction: drift, its entropic part, variance."""

from collections.abc import Mapping

from ...nets.displacement import Displacement
from ...theory.estimate import Array, Estimate, mean_estimate, variance_estimate
from ..ladder import Row, row
from ..score import DRIFT


def cycle_rows(
    where: tuple[str, str],
    at: Displacement,
    moved: Array,
    quieter: Array,
    drift: Estimate,
    more: Mapping[str, float],
) -> list[Row]:
    """Three rows of ``where`` (rung, condition) from the displacements ``moved`` (replicas,).

    quieter: the same, where it is known without the linear response of the very same minibatches,
    whose mean is zero.  It makes the entropic part, which is what is left of the mean without the
    noiseless displacement, several times sharper.  drift: the measured one.  more: extras of the
    first row.
    """
    note = at.objection
    parts = {
        "energetic": at.energetic,
        "entropic": float(at.entropic.value),
        "bending": at.bending,
        **at.validity,
        **more,
    }
    mean, spread = mean_estimate(quieter, "sgd"), variance_estimate(moved, "sgd")
    left = Estimate(mean.value - at.energetic, mean.error, "sgd")
    control = {name: value for name, value in more.items() if name == "control"}
    given = (not note, note)
    return [
        row(*where, DRIFT, at.drift, drift, *given, parts),
        row(*where, "entropic drift per cycle", at.entropic, left, *given, control),
        row(*where, "variance per cycle", at.single_variance, spread, *given, control),
    ]
