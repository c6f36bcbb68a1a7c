"""The search for a path, step by step, so that it can be cut after any of them and go on.

Nothing is changed in place: a state that was handed out stays as it was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..theory.errors import DomainError
from .band import band_step, dense_losses, refined
from .beads import straight_beads
from .curves import BASES, Basis, points_on_curve, rate_along_training
from .many_points import ManyPoints
from .path_methods import Method, PathSettings

State = dict[str, Tensor]
Keep = Callable[[State], None]
Progress = Callable[[str, float], None]
STAGES = 10  # of a curve's training, after each of which its loss is told


@dataclass(frozen=True)
class Stage:
    """A cycle of a band, or a tenth of a curve's training.

    steps: all so far; pivots: of the band, or control points; rate: η at its end; loss: of a band
    the highest of the dense profile, of a curve the mean of the minibatches' since the last stage.
    """

    steps: int
    pivots: int
    rate: float
    loss: float


class PathSearch:
    """A search while it runs: where it is, and the tensors that it goes on from."""

    def __init__(
        self,
        landscape: ManyPoints,
        ends: tuple[Tensor, Tensor],
        settings: PathSettings,
        seed: int,
        keep: Keep | None,
        progress: Progress | None,
    ) -> None:
        self.landscape, self.ends, self.settings = landscape, ends, settings
        self.generator = torch.Generator().manual_seed(seed)
        self.keep, self.progress = keep, progress
        self.cycle = self.step = 0
        self.history: list[list[float]] = []
        self.tensors: State = {}

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The history as it is handed out."""
        return tuple(Stage(int(n), int(m), rate, loss) for n, m, rate, loss in self.history)

    def go_on(self, state: Mapping[str, Tensor], method: Method) -> None:
        """Take up a state; DomainError where it is not one of this search."""
        size = self.landscape.problem.layout.size
        own = {"points", "velocity", "sum" if method in BASES else "spacing"}
        try:
            tensors = dict(state)
            self.cycle, self.step, self.landscape.at_once = tensors.pop("at").tolist()
            self.history = tensors.pop("history").tolist()
            self.generator.set_state(tensors.pop("generator"))
            if tensors.keys() != own:
                raise KeyError(*(tensors.keys() ^ own))
            points = tensors["points"]
            fits = points.shape[1:] == (size,) and all(
                bool((points[i] == end.to(points)).all())
                for i, end in zip((0, -1), self.ends, strict=True)
            )
        except (KeyError, ValueError, TypeError, RuntimeError, IndexError) as error:
            msg = f"this is no state of a search: {error!r}"
            raise DomainError(msg) from None
        if not fits:
            msg = "this state is of a search between other ends"
            raise DomainError(msg)
        device = self.landscape.problem.device
        self.tensors = {
            name: values if name == "spacing" else values.to(device)
            for name, values in tensors.items()
        }

    def _remember(self, **tensors: Tensor) -> None:
        """Nothing is changed in place, so that a kept state stays as it is."""
        self.tensors = tensors
        if self.keep is not None:
            at = torch.tensor([self.cycle, self.step, self.landscape.at_once])
            history = torch.tensor(self.history, dtype=torch.float64).reshape(-1, 4)
            own = {"at": at, "history": history, "generator": self.generator.get_state()}
            self.keep({**tensors, **own})

    def _pick(self) -> Tensor | None:
        samples, batch = self.landscape.problem.samples, self.settings.batch
        if batch >= samples:
            return None
        return torch.randperm(samples, generator=self.generator)[:batch]

    def _tell(self, label: str, fraction: float) -> None:
        if self.progress is not None:
            self.progress(label, fraction)

    def band(self, settings: PathSettings) -> tuple[Tensor, Tensor]:
        """Beads and their dense losses after all cycles."""
        if not self.tensors:
            beads = straight_beads(*self.ends, settings.pivots)
            spacing = torch.ones(len(beads) - 1, dtype=torch.float64)
            self.tensors = {"points": beads, "velocity": torch.zeros_like(beads[1:-1])}
            self.tensors["spacing"] = spacing
        cycles, between = settings.cycles, settings.dense
        losses: Tensor | None = None
        while self.cycle < cycles:
            self._cycle(settings)
            points, spacing = self.tensors["points"], self.tensors["spacing"]
            losses = dense_losses(self.landscape, points, between)
            steps, rate = (self.cycle + 1) * settings.steps, settings.rate_of_cycle(self.cycle)
            self.history.append([steps, len(points), rate, float(losses.max())])
            self.cycle, self.step = self.cycle + 1, 0
            if self.cycle < cycles:
                points, spacing = refined(points, spacing, losses, between, settings.excess)
            velocity = torch.zeros_like(points[1:-1])
            self._remember(points=points, velocity=velocity, spacing=spacing)
        points = self.tensors["points"]
        if losses is None:  # taken up after the last step
            losses = dense_losses(self.landscape, points, between)
        return points, losses

    def _cycle(self, settings: PathSettings) -> None:
        rate, highest = settings.rate_of_cycle(self.cycle), float("nan")
        while self.step < settings.steps:
            now = self.tensors
            label = f"cycle {self.cycle + 1} of {settings.cycles}, {len(now['points'])} pivots"
            done = self.cycle * settings.steps + self.step
            self._tell(f"{label}, highest loss {highest:.4g}", done / self._steps)
            try:
                points, velocity, losses = band_step(
                    self.landscape,
                    *(now["points"], now["velocity"], now["spacing"]),
                    *(self._pick(), rate, settings.momentum),
                )
            except DomainError as error:
                where = f"step {self.step + 1} of cycle {self.cycle + 1}"
                msg = f"{error} in {where}, at a rate of {rate:g}; a lower one may hold the band"
                raise DomainError(msg) from None
            highest, self.step = float(losses.max()), self.step + 1
            self._remember(points=points, velocity=velocity, spacing=now["spacing"])

    @property
    def _steps(self) -> int:
        return self.settings.cycles * self.settings.steps

    def curve(self, basis: Basis) -> Tensor:
        """Control points (bends + 2, P) after the training."""
        if not self.tensors:
            start = straight_beads(*self.ends, self.settings.bends + 2)
            zero = torch.zeros((), dtype=torch.float64)
            self.tensors = {"points": start, "velocity": torch.zeros_like(start[1:-1])}
            self.tensors["sum"] = zero
        stage = max(self._steps // STAGES, 1)
        while self.step < self._steps:
            control, velocity, total = (self.tensors[n] for n in ("points", "velocity", "sum"))
            rate = rate_along_training(
                self.settings.rate, self.settings.last_rate, self.step / self._steps
            )
            t = torch.rand(1, generator=self.generator, dtype=torch.float64)
            point = points_on_curve(basis, control, t)
            loss, slope = self.landscape.losses_and_gradients(point, self._pick())
            weights = basis(t, len(control))[0, 1:-1].to(control.device, control.dtype)
            velocity = self.settings.momentum * velocity + weights[:, None] * slope
            if not bool(torch.isfinite(loss).all() & torch.isfinite(velocity).all()):
                msg = f"the loss or its gradient is not finite at t = {float(t):.3f} of the curve"
                msg = f"{msg} in step {self.step + 1}, at a rate of {rate:g}; a lower one may help"
                raise DomainError(msg)
            control = torch.cat([control[:1], control[1:-1] - rate * velocity, control[-1:]])
            self.step, total = self.step + 1, total + float(loss)
            if self.step % stage == 0:
                self.history.append([self.step, len(control), rate, float(total) / stage])
                total = torch.zeros_like(total)
            so_far = self.history[-1][-1] if self.history else float("nan")
            self._tell(f"mean loss {so_far:.4g}", self.step / self._steps)
            self._remember(points=control, velocity=velocity, sum=total)
        return self.tensors["points"]
