"""Deep linear networks trained by real minibatch SGD with fresh label noise, many replicas at once.

The witness for ``theory.label_noise`` and ``theory.manifold_flow``: every replica starts from the
same point, draws its own batches and its own label noise, and takes plain steps on the batch mean
of ½(f(x) − y − σζ)², all in float64. Gradients come from autograd in ``measure_one_step``; over the
thousands of steps of ``relax_balance`` from their closed form: equal to rounding, six times faster.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from torch import Generator, Tensor, nn
from torch.func import functional_call, grad, vmap

from ..theory.deep_linear import LinearData, LinearNetwork
from ..theory.errors import DomainError, TooShort
from ..theory.estimate import Array, Estimate, bootstrap_estimate, frozen, mean_estimate
from ..theory.label_noise import MinibatchSgd

Progress = Callable[[float], None]
Weights = dict[str, Tensor]


class DeepLinear(nn.Module):
    """The network f(x) = W₂W₁x with weights ``first`` (N_h, N_i) and ``second`` (N_h,)."""

    def __init__(self, network: LinearNetwork) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.tensor(network.first))
        self.second = nn.Parameter(torch.tensor(network.second))

    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs (..., B) of ``inputs`` (..., B, N_i)."""
        outputs: Tensor = inputs @ self.first.T @ self.second
        return outputs


@dataclass(frozen=True)
class BalanceRun:
    """What SGD did to the balance b = |W₂|² − |W₁|².

    ``steps`` (n,): SGD steps at which it was read; ``balance`` (replicas, n): b of each replica;
    ``start``: b of the common starting point.
    """

    steps: Array
    balance: Array
    start: float

    def mean(self) -> Estimate:
        """Mean b (n,) over the replicas."""
        return mean_estimate(self.balance, "sgd")

    def half_time(self, seed: int) -> Estimate:
        """SGD steps until the mean b, a cubic spline through its readings, is half of ``start``.

        The error is bootstrapped over replicas. Raises TooShort for fewer than 4 readings, or if
        they end above the half.
        """
        return bootstrap_estimate(self._crossing, self.balance, "sgd", seed)

    def _crossing(self, balance: Array) -> float:
        known = self.steps > 0
        steps = np.concatenate([[0.0], self.steps[known]])
        curve = np.concatenate([[self.start], balance.mean(axis=0)[known]])
        half = self.start / 2
        found: Array = CubicSpline(steps, curve).solve(half, extrapolate=False)
        if len(steps) <= 4 or len(found) == 0:
            msg = (
                f"at least 4 readings must lead below half of the start value {self.start:g}; "
                f"{len(steps) - 1} lead to {curve[-1]:g} after {steps[-1]:g} steps"
            )
            raise TooShort(msg, self)
        return float(found[0])


def autograd_gradient(
    module: DeepLinear, weights: Weights, inputs: Tensor, labels: Tensor
) -> Weights:
    """Gradient of each replica's batch loss, mean of ½(f − label)², by automatic differentiation.

    ``weights``: (replicas, ...) each; ``inputs`` (replicas, B, N_i); ``labels`` (replicas, B).
    """

    def loss(own: Weights, inputs: Tensor, labels: Tensor) -> Tensor:
        outputs: Tensor = functional_call(module, own, (inputs,))
        return 0.5 * (outputs - labels).square().mean()

    gradient: Weights = vmap(grad(loss))(weights, inputs, labels)
    return gradient


def closed_gradient(weights: Weights, inputs: Tensor, labels: Tensor) -> Weights:
    """The same gradient as G₁ = W₂ᵀe, G₂ = eW₁ᵀ with the error e = mean of (f − label)xᵀ."""
    first, second = weights["first"], weights["second"]
    outputs = torch.bmm(torch.bmm(inputs, first.mT), second[:, :, None])[:, :, 0]
    misses = (outputs - labels) / labels.shape[1]
    error = torch.bmm(inputs.mT, misses[:, :, None])
    return {"first": second[:, :, None] * error.mT, "second": torch.bmm(first, error)[:, :, 0]}


def measure_one_step(
    network: LinearNetwork,
    data: LinearData,
    sgd: MinibatchSgd,
    *,
    replicas: int,
    seed: int,
    progress: Progress | None = None,
) -> Estimate:
    """Mean change E[Δb] of the balance in exactly one SGD step from ``network``, by autograd.

    Raises DomainError for fewer than 2 replicas.
    """
    _check_replicas(replicas)
    module, crowd = DeepLinear(network), _Crowd(data, sgd, seed)
    changes = []
    for done in range(0, replicas, _CHUNK):
        weights = _replicated(module, min(_CHUNK, replicas - done))
        with _one_thread():
            gradient = autograd_gradient(module, weights, *crowd.batch(weights))
            after = {name: weights[name] - sgd.step * gradient[name] for name in weights}
            changes.append(_balance(after) - network.balance())
        if progress is not None:
            progress(min(1.0, (done + _CHUNK) / replicas))
    return mean_estimate(np.concatenate(changes), "sgd")


def relax_balance(
    network: LinearNetwork,
    data: LinearData,
    sgd: MinibatchSgd,
    *,
    steps: Sequence[int],
    replicas: int,
    seed: int,
    progress: Progress | None = None,
) -> BalanceRun:
    """Let all replicas take SGD steps from ``network`` and read b after each number in ``steps``.

    ``steps``: increasing whole numbers, not below 0. ``progress`` hears the fraction done.
    Raises DomainError for steps out of order, fewer than 2 replicas and weights that overflow.
    """
    _check_replicas(replicas)
    if len(steps) == 0 or steps[0] < 0 or (np.diff(steps) <= 0).any():
        msg = f"steps must be a list of increasing numbers, not below 0; they are {list(steps)}"
        raise DomainError(msg)
    crowd, weights = _Crowd(data, sgd, seed), _replicated(DeepLinear(network), replicas)
    tell = max(1, int(steps[-1]) // 100)
    readings, done = [], 0
    for end in steps:
        with _one_thread():
            while done < end:
                gradient = closed_gradient(weights, *crowd.batch(weights))
                weights = {name: weights[name] - sgd.step * gradient[name] for name in weights}
                done += 1
                if progress is not None and (done % tell == 0 or done == steps[-1]):
                    progress(done / int(steps[-1]))
        readings.append(_balance(weights))
        if not np.isfinite(readings[-1]).all():
            msg = (
                f"the weights must stay finite; with step {sgd.step:g} some overflow by step {end}"
            )
            raise DomainError(msg)
    return BalanceRun(frozen(steps), frozen(np.stack(readings, axis=1)), network.balance())


_CHUNK = 20_000  # replicas held at once in ``measure_one_step``


class _Crowd:
    """Where the replicas get their batches and their label noise: one generator, in order."""

    def __init__(self, data: LinearData, sgd: MinibatchSgd, seed: int) -> None:
        sgd.multiplicities(data.patterns)
        self.inputs = torch.tensor(data.inputs.T.copy())
        self.targets = torch.tensor(data.targets)
        self.sgd = sgd
        self.generator = Generator().manual_seed(seed)

    def batch(self, weights: Weights) -> tuple[Tensor, Tensor]:
        """Inputs (replicas, B, N_i) and noisy labels (replicas, B) for all replicas."""
        shape = (len(weights["second"]), self.sgd.batch)
        picks = self._picks(*shape)
        noise = torch.randn(shape, generator=self.generator, dtype=torch.float64)
        return self.inputs[picks], self.targets[picks] + self.sgd.label_noise * noise

    def _picks(self, replicas: int, batch: int) -> Tensor:
        patterns = len(self.targets)
        if self.sgd.replacement:
            return torch.randint(patterns, (replicas, batch), generator=self.generator)
        lots = torch.rand((replicas, patterns), generator=self.generator, dtype=torch.float64)
        return lots.argsort(dim=1)[:, :batch]


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread inside: on matrices this small a second one only waits, on a busy machine long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _check_replicas(replicas: int) -> None:
    if replicas < 2:
        msg = f"a standard error needs at least 2 replicas; there are {replicas}"
        raise DomainError(msg)


def _replicated(module: DeepLinear, replicas: int) -> Weights:
    return {
        name: value.detach().expand(replicas, *value.shape)
        for name, value in module.named_parameters()
    }


def _balance(weights: Weights) -> Array:
    ours = weights["second"].square().sum(dim=1) - weights["first"].square().sum(dim=(1, 2))
    return np.asarray(ours.numpy())
