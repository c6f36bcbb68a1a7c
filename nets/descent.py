r"""Downhill to a stated gradient, many replicas at once, and no higher than where it began.

    momentum   v ← β v − η ∇L,  θ ← θ + v;  a step above all of the last 2/(1 − β) losses is taken
               back, and v starts again
    steepest   θ ← θ − η ∇L, never up
    lbfgs      θ ← θ − t H̃⁻¹ ∇L with H̃⁻¹ from the last ten steps (Nocedal, Math. Comp. 35, 773
               (1980)), t halved until the loss falls enough below the largest of
               the last ten

Where a plain gradient step goes up, η is halved for that replica.  Steepest descent follows the
valley that it starts in, which the entropy experiments of Zhang, Saxe, Advani & Lee (2018) ask for;
L-BFGS is quicker by ten times and more, and may cross to a neighbouring valley of a degenerate
minimum.  Where a minimum lies in a kink of the loss (ReLU), no gradient ever becomes small.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..theory.errors import DomainError, NotConverged
from ..theory.estimate import Array
from .choice import choose
from .problem import Problem, array, parts
from .replicas import Replicas

Method = Literal["momentum", "steepest", "lbfgs"]
FullGradient = Callable[[Tensor], tuple[Tensor, Tensor]]
AT_ONCE = 512  # samples, where blocks are not part of the landscape
REMEMBERED = 10  # steps, of L-BFGS
ENOUGH = 1e-4  # of the decrease that the slope promises (Armijo)
SMALLEST = 1e-12  # fraction of the first rate, or of a whole step, at which a replica is stuck


@dataclass(frozen=True)
class Descended:
    """Where R descents ended: points (R, P), and for each the loss, |∇L| and max |∂L/∂θ_i|.

    gradients: how many full gradients each took.  reached: whether it got where it was sent.
    """

    points: Array
    loss: Array
    gradient_norm: Array
    component: Array
    gradients: Array
    reached: Array


def full_gradient(replicas: Replicas) -> FullGradient:
    """L (R,) and ∇L (R, P) over the whole training set, as ``problem.full`` defines it."""
    problem = replicas.problem
    blocks = problem.blocks
    if problem.normalisation != "batch":
        blocks = parts(problem.samples, AT_ONCE)
    inputs, targets = problem.inputs, problem.targets

    def full(thetas: Tensor) -> tuple[Tensor, Tensor]:
        losses, slopes = thetas.new_zeros(len(thetas)), torch.zeros_like(thetas)
        for block in blocks:
            loss, slope = replicas(thetas, inputs[block], targets[block], shared=True)
            share = (block.stop - block.start) / problem.samples
            losses.add_(loss, alpha=share)
            slopes.add_(slope, alpha=share)
        return losses, slopes

    return full


@dataclass
class Descent:
    """A descent under way: what is known of every replica stands in ``tensors``, row by row."""

    full: FullGradient
    gradient_norm: float
    component: float
    method: Method
    rate: float
    momentum: float
    longest: int
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def begin(self, thetas: Tensor) -> None:
        """Start from ``thetas`` (R, P); DomainError where the loss is not finite."""
        losses, slopes = self.full(thetas)
        if not bool((losses.isfinite() & slopes.isfinite().all(dim=1)).all()):
            msg = "the loss and its gradient must be finite where a descent begins; they are not"
            raise DomainError(msg)
        rows = len(thetas)
        self.tensors = {
            "theta": thetas.clone(),
            "loss": losses,
            "slope": slopes,
            "scale": thetas.new_full((rows,), 1.0 if self.method == "lbfgs" else self.rate),
            "gradients": torch.ones(rows, dtype=torch.int64, device=thetas.device),
            "stuck": torch.zeros(rows, dtype=torch.bool, device=thetas.device),
            "recent": losses[:, None].repeat(1, self._swing),
        }
        if self.method == "lbfgs":
            past = thetas.new_zeros(rows, REMEMBERED, thetas.shape[1])
            self.tensors |= {"moves": past, "bends": past.clone(), "move": self._first(slopes)}
        else:
            self.tensors["move"] = torch.zeros_like(thetas)

    @property
    def _swing(self) -> int:
        """Steps after which momentum has forgotten: it may climb for so long after a fall."""
        if self.method == "momentum":
            return round(2 / (1 - self.momentum))
        return REMEMBERED if self.method == "lbfgs" else 1

    @property
    def reached(self) -> Tensor:
        """(R,) whether the gradient is as small as was asked for."""
        slopes = self.tensors["slope"]
        small: Tensor = slopes.norm(dim=1) <= self.gradient_norm
        return small & (slopes.abs().amax(dim=1) <= self.component)

    @property
    def active(self) -> Tensor:
        """The replicas (m,) that are still to move."""
        tired = self.tensors["stuck"] | (self.tensors["gradients"] > self.longest)
        return (~(self.reached | tired)).nonzero().flatten()

    def advance(self, rows: Tensor) -> None:
        """One full gradient for each of ``rows``, and a step where it led down."""
        everyone = len(rows) == len(self.tensors["loss"])
        now = {name: each if everyone else each[rows] for name, each in self.tensors.items()}
        (self._quasi_newton if self.method == "lbfgs" else self._heavy_ball)(now)
        now["gradients"] = now["gradients"] + 1
        if everyone:
            self.tensors = now
            return
        for name, values in now.items():
            self.tensors[name][rows] = values

    def _heavy_ball(self, now: dict[str, Tensor]) -> None:
        beta = self.momentum if self.method == "momentum" else 0.0
        move = beta * now["move"] - now["scale"][:, None] * now["slope"]
        trial = now["theta"] + move
        losses, slopes = self.full(trial)
        good = self._is_lower(now, losses, slopes, move)
        plain = (now["move"] == 0).all(dim=1)
        now["scale"] = torch.where(plain & ~good, now["scale"] / 2, now["scale"])
        now["stuck"] = now["scale"] < SMALLEST * self.rate
        now["move"] = torch.where(good[:, None], move, torch.zeros_like(move))
        self._take(now, good, trial, losses, slopes)

    def _quasi_newton(self, now: dict[str, Tensor]) -> None:
        step = now["scale"][:, None] * now["move"]
        trial = now["theta"] + step
        losses, slopes = self.full(trial)
        good = self._is_lower(now, losses, slopes, step)
        bend = slopes - now["slope"]
        curved = (step * bend).sum(dim=1) > 1e-10 * step.norm(dim=1) * bend.norm(dim=1)
        for name, newest in (("moves", step), ("bends", bend)):
            shifted = torch.cat([now[name][:, 1:], newest[:, None]], dim=1)
            now[name] = torch.where((good & curved)[:, None, None], shifted, now[name])
        lost = ~good & (now["scale"] < 1e-4)  # the memory leads nowhere: forget it
        fresh = (now["moves"] == 0).flatten(1).all(dim=1)
        now["stuck"] = ~good & (now["scale"] < SMALLEST)
        now["moves"] = torch.where((lost & ~fresh)[:, None, None], 0.0, now["moves"])
        self._take(now, good, trial, losses, slopes)
        renewed = good | (lost & ~fresh)
        found = _lbfgs_direction(now["slope"], now["moves"], now["bends"])
        empty = (now["moves"] == 0).flatten(1).all(dim=1)
        found = torch.where(empty[:, None], self._first(now["slope"]), found)
        now["move"] = torch.where(renewed[:, None], found, now["move"])
        now["scale"] = torch.where(renewed, 1.0, now["scale"] / 2)

    def _first(self, slopes: Tensor) -> Tensor:
        """Downhill by η ∇L, at most a length of 1."""
        return -slopes * torch.clamp(1 / slopes.norm(dim=1, keepdim=True), max=self.rate)

    @staticmethod
    def _is_lower(now: dict[str, Tensor], losses: Tensor, slopes: Tensor, move: Tensor) -> Tensor:
        """(m,) whether a step fell as its slope promised.

        Near a minimum the fall drowns in rounding; there the slope at the end of the step decides,
        which may point uphill by no more than half of how it pointed down (the approximate Wolfe
        condition of Hager & Zhang, SIAM J. Optim. 16, 170 (2005)).
        """
        promised = (now["slope"] * move).sum(dim=1)
        before = now["recent"].amax(dim=1)
        fell = losses <= before + ENOUGH * torch.clamp(promised, max=0.0)
        rounding = 16 * torch.finfo(losses.dtype).eps * (1 + now["loss"].abs())
        at_end = (slopes * move).sum(dim=1)
        level = (losses <= now["loss"] + rounding) & (at_end <= -0.5 * promised)
        return (fell | (level & (promised < 0))) & slopes.isfinite().all(dim=1)

    @staticmethod
    def _take(
        now: dict[str, Tensor], good: Tensor, trial: Tensor, losses: Tensor, slopes: Tensor
    ) -> None:
        now["theta"] = torch.where(good[:, None], trial, now["theta"])
        now["slope"] = torch.where(good[:, None], slopes, now["slope"])
        now["loss"] = torch.where(good, losses, now["loss"])
        newest = torch.cat([now["recent"][:, 1:], now["loss"][:, None]], dim=1)
        now["recent"] = torch.where(good[:, None], newest, now["recent"])

    def result(self) -> Descended:
        """Where it stands."""
        slopes = self.tensors["slope"]
        return Descended(
            array(self.tensors["theta"]),
            array(self.tensors["loss"]),
            array(slopes.norm(dim=1)),
            array(slopes.abs().amax(dim=1)),
            self.tensors["gradients"].cpu().numpy(),
            self.reached.cpu().numpy(),
        )


def _lbfgs_direction(slopes: Tensor, moves: Tensor, bends: Tensor) -> Tensor:
    """−H̃⁻¹ ∇L by the two-loop recursion; pairs (m, REMEMBERED, P), those never filled are zero."""
    products = (moves * bends).sum(dim=2)
    inverse = torch.where(products > 0, 1 / products.clamp(min=1e-300), 0.0)
    found, weights = -slopes, []
    for i in reversed(range(REMEMBERED)):
        weight = inverse[:, i] * (moves[:, i] * found).sum(dim=1)
        found = found - weight[:, None] * bends[:, i]
        weights.append(weight)
    size = bends[:, -1].square().sum(dim=1)
    gain = torch.where(size > 0, products[:, -1] / size.clamp(min=1e-300), 1.0)
    found = gain[:, None] * found
    for i, weight in enumerate(reversed(weights)):
        back = inverse[:, i] * (bends[:, i] * found).sum(dim=1)
        found = found + (weight - back)[:, None] * moves[:, i]
    return found


def descend(
    problem: Problem,
    points: Array,
    gradient_norm: float | None = None,
    component: float | None = None,
    method: Method = "momentum",
    rate: float = 0.1,
    momentum: float = 0.9,
    longest: int = 20_000,
    together: bool | None = None,
) -> Descended:
    """Descend from ``points`` (R, P), or (P,), until |∇L| and every |∂L/∂θ_i| are small enough.

    gradient_norm: largest |∇L|.  component: largest |∂L/∂θ_i|; at least one of the two.  longest:
    full gradients for each point at most.  together: as in ``train``.
    Raises NotConverged, ``found`` a Descended, if a point does not get there; DomainError for bad
    numbers.
    """
    check_target(gradient_norm, component)
    if not 0 < rate < float("inf") or not 0 <= momentum < 1 or longest < 1:
        msg = (
            "a descent needs a rate above 0, a momentum from 0 to below 1, and at least 1 step; "
            f"they are {rate:g}, {momentum:g} and {longest}"
        )
        raise DomainError(msg)
    thetas = problem.tensor(np.atleast_2d(points))
    way = choose(problem, thetas, AT_ONCE, together).way
    full = full_gradient(Replicas(problem, way))
    limits = (gradient_norm or float("inf"), component or float("inf"))
    descent = Descent(full, *limits, method, rate, momentum, longest)
    descent.begin(thetas)
    while len(rows := descent.active):
        descent.advance(rows)
    found = descent.result()
    if not found.reached.all():
        raise NotConverged(not_reached(found, gradient_norm, component), found)
    return found


def check_target(gradient_norm: float | None, component: float | None) -> None:
    """DomainError unless at least one is given and each is positive."""
    given = [wanted for wanted in (gradient_norm, component) if wanted is not None]
    if not given or not all(wanted > 0 for wanted in given):
        msg = (
            "a descent needs a positive gradient norm or component to reach; "
            f"they are {gradient_norm} and {component}"
        )
        raise DomainError(msg)


def not_reached(found: Descended, gradient_norm: float | None, component: float | None) -> str:
    """One line about the descents that did not arrive."""
    late = np.flatnonzero(found.reached == 0)
    worst = late[np.argmax(found.gradient_norm[late])]
    wanted = [
        text
        for value, text in (
            (gradient_norm, f"|gradient| {gradient_norm}"),
            (component, f"components {component}"),
        )
        if value is not None
    ]
    return (
        f"{len(late)} of {len(found.reached)} descents did not reach {' and '.join(wanted)} after "
        f"up to {found.gradients.max()} gradients; the worst has |gradient| "
        f"{found.gradient_norm[worst]:.2g} and components up to {found.component[worst]:.2g}"
    )
