"""From random weights to minima: several seeds at once, to be cut and resumed at any epoch.

Each seed has its own start, shuffles and noise: its result does not depend, beyond rounding, on the
seeds it is trained with.  (Rounding grows where a ReLU stands at its kink: in single precision a
convolutional network may part from itself by a per cent within fifty steps, in double it does not.)
Samples are reshuffled every epoch; the last minibatch of an epoch may be
smaller.  A training that is resumed from a state ends bitwise where it would have ended, on the
same machine with the same number of threads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..theory.errors import NotConverged
from ..theory.estimate import Array
from .arithmetic import Arithmetic
from .descent import full_gradient, not_reached
from .matched_noise import splits
from .problem import Problem, array
from .recipe import Recipe
from .training_run import TrainingRun, Watch
from .training_state import TrainingState, check_seeds


@dataclass(frozen=True)
class Trained:
    """Minima, one for each of R seeds.

    points (R, P); loss, gradient_norm, component (R,): L, |∇L| and max |∂L/∂θ_i| of the whole
    landscape there; history (epochs, R): mean loss of the minibatches of every epoch; gradients
    (R,): full gradients of the descent, 0 without one; reached (R,): whether its goal was met, or
    there was none.  way, chunk, measured: how the gradients were computed, and the seconds that
    each way took for one when it was chosen.  threads: of the CPU.  seconds: of all of it.
    """

    seeds: tuple[int, ...]
    points: Array
    loss: Array
    gradient_norm: Array
    component: Array
    history: Array
    gradients: Array
    reached: Array
    way: str
    chunk: int | None
    measured: Mapping[str, float]
    threads: int
    seconds: float


def train(
    problem: Problem,
    recipe: Recipe,
    seeds: Sequence[int],
    together: bool | None = None,
    arithmetic: Arithmetic | None = None,
    state: TrainingState | None = None,
    watch: Watch | None = None,
) -> Trained:
    """Train ``problem`` by ``recipe``, once for each of ``seeds``.

    together: all seeds as one batched program (True), one after the other (False), or whichever
    is quicker in a short measurement (None); a state remembers what was chosen.  state: where to
    go on; it must come from the same problem and recipe.  watch: who is told on the way;
    interrupted, it keeps once more.
    Raises DomainError where the loss stops being finite, or for a state of other seeds or another
    model; NotConverged, ``found`` a Trained, if a descent does not arrive; MemoryError.
    """
    seeds = check_seeds(seeds)
    _check(problem, recipe)
    run = TrainingRun(problem, recipe, arithmetic or Arithmetic(), watch or Watch())
    if state is None:
        run.begin(seeds, together)
    else:
        run.resume(seeds, state)
    try:
        run.to_the_end()
    except KeyboardInterrupt:
        run.keep_last()
        raise
    found = _trained(run, seeds)
    if run.descent is not None and not found.reached.all():
        told = not_reached(run.descent.result(), recipe.gradient_norm, recipe.component)
        raise NotConverged(told, found)
    return found


def _trained(run: TrainingRun, seeds: tuple[int, ...]) -> Trained:
    facts = run.facts_now()
    if run.descent is not None:
        tensors = run.descent.tensors
        losses, slopes, gradients = tensors["loss"], tensors["slope"], tensors["gradients"]
        reached = run.descent.reached
    else:
        losses, slopes = full_gradient(run.replicas)(run.thetas)
        gradients, reached = losses.new_zeros(len(seeds)), losses.isfinite()
    return Trained(
        seeds,
        array(run.thetas),
        array(losses),
        array(slopes.norm(dim=1)),
        array(slopes.abs().amax(dim=1)),
        run.history_array(),
        gradients.long().cpu().numpy(),
        reached.cpu().numpy(),
        facts["way"],
        facts["chunk"],
        facts["measured"],
        facts["threads"],
        facts["seconds"],
    )


def _check(problem: Problem, recipe: Recipe) -> None:
    if recipe.optimizer == "langevin":
        splits(problem.samples, recipe.batch)
    problem.check_batch(recipe.batch, problem.samples % recipe.batch)
