"""What a terminal shows of a training: epoch, loss, merit, time left."""

from time import monotonic
from typing import TYPE_CHECKING

from ..progress import Progress, is_shown

if TYPE_CHECKING:
    from ...nets.problem import Problem
    from ...nets.training_run import Moment

AT_LEAST, SHARE = 2.0, 50  # seconds between two evaluations, and how many times what one takes


class TrainingBar:
    """Moves a bar; evaluates the first seed now and then, for a fiftieth of the time at most."""

    def __init__(self, problem: "Problem", progress: Progress) -> None:
        self.problem, self.progress = problem, progress
        self.began = self.evaluated = monotonic()
        self.first: int | None = None
        self.pause, self.merit = AT_LEAST, ""
        self.shown = is_shown()

    def __call__(self, moment: "Moment") -> None:
        """Show ``moment``, where somebody can see it."""
        if not self.shown:
            return
        now = monotonic()
        if self.problem.metric is not None and now - self.evaluated > self.pause:
            self._evaluate(moment)
        loss = f"loss {moment.loss.mean():.4g}{self.merit}"
        if moment.gradients:
            label = f"descent, {moment.gradients} gradients, {moment.left} to arrive, {loss}"
            self.progress(label, 1.0)
            return
        if self.first is None:
            self.first, self.began = moment.epoch, now
        done = moment.epoch - self.first
        left = (now - self.began) / done * (moment.epochs - moment.epoch) if done else 0.0
        wait = f", {clock(left)} left" if done else ""
        label = f"epoch {moment.epoch} of {moment.epochs}, {loss}{wait}"
        self.progress(label, moment.epoch / moment.epochs)

    def _evaluate(self, moment: "Moment") -> None:
        from ...nets.evaluation import evaluate

        begun = monotonic()
        on = "train" if self.problem.test is None else "test"
        merit = evaluate(self.problem, moment.thetas[0], on).metric  # type: ignore[arg-type]
        self.evaluated = monotonic()
        self.pause = max(AT_LEAST, SHARE * (self.evaluated - begun))
        kept_aside = "test " if on == "test" else ""
        self.merit = f", {kept_aside}{self.problem.metric_name} {merit:.3f}"


def clock(seconds: float) -> str:
    """Hours, minutes and seconds.

    >>> clock(75.2), clock(7384)
    ('1:15', '2:03:04')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
