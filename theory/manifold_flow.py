"""The slow flow along a manifold of minima: what label noise makes of a deep linear network in time.

Three laws for the same motion, from the crudest to the most exact:

    trace_flow      gradient descent of tr H on the manifold                    η → 0
    slow_flow       fluctuations at rest at every point (adiabatic)             any η
    stepwise_flow   fluctuations carried along, step by step, from none         any η, any lag

The balance b of the flow is the mean b of the fluctuating network without an offset: gradient flow
leads from one to the other and conserves b. Neglected are higher orders of the fluctuation, a share
of about ``SlowFlow.fluctuation`` of what the drift does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from .deep_linear import LinearData, LinearNetwork, hessian_trace
from .errors import DomainError
from .estimate import Array, Estimate, frozen
from .label_noise import (
    MinibatchSgd,
    Move,
    bare_drift,
    check_minimum,
    dressed_drift,
    pushed,
    stationary_moment,
)


@dataclass(frozen=True)
class SlowFlow:
    """The deterministic way along the manifold, at ``steps`` (n,) in SGD steps from the start.

    ``first`` (n, N_h, N_i) and ``second`` (n, N_h): the weights on the manifold; ``balance`` (n,)
    and ``hessian_trace`` (n,) their b and tr H.
    ``adiabaticity`` (n,): slow rate |dθ|/|θ| over the slowest fast rate η λ_min(G)/P, small where
    the fluctuations have time to settle; ``fluctuation`` (n,): tr Cov(θ)/|θ|², the share that
    higher orders may add. Trust the flow where both are far below one.
    """

    steps: Array
    first: Array
    second: Array
    balance: Estimate
    hessian_trace: Estimate
    adiabaticity: Array
    fluctuation: Array


def slow_flow(
    network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, steps: Sequence[float]
) -> SlowFlow:
    """Follow ``slow_drift``: fluctuations always at rest (adiabatic), all orders of η.

    ``steps``: increasing numbers of SGD steps, not below 0. Costs the same for any number of them.
    Raises what ``stationary_residuals`` raises, there or on the way.
    """
    return _integrated(_dressed_drift, network, data, sgd, steps)


def trace_flow(
    network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, steps: Sequence[float]
) -> SlowFlow:
    """Follow ``trace_descent``: gradient descent of tr H on the manifold, right for η → 0 only."""
    return _integrated(_bare_drift, network, data, sgd, steps)


def stepwise_flow(
    network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, steps: Sequence[int]
) -> SlowFlow:
    """Carry weights and fluctuations together, step by step, from R = 0 at the start.

    Sees what ``slow_flow`` does not: noise that still builds up at the start and lags behind later,
    a correction of the order of the adiabaticity. About 0.1 ms a step.
    Raises what ``stationary_residuals`` raises, there or at the asked steps.
    """
    ends = _checked_steps(steps)
    _check_minimum(network, data)
    _stationary(network.gram(data), sgd)
    residual = np.zeros((data.patterns, data.patterns))
    points, done = [], 0
    for end in ends:
        for _ in range(int(end) - done):
            gram = network.gram(data)
            share = sgd.share_moment(residual)
            move = _pushed(network, data, sgd, share)
            decay = sgd.step / data.patterns * gram @ residual
            residual = residual - decay - decay.T + sgd.step**2 * gram @ share @ gram
            network = _back_on_manifold(network, move, data)
        done = int(end)
        points.append(network)
    return _described(_dressed_drift, ends, points, data, sgd)


def half_time(
    network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, *, longest: float = 1e7
) -> Estimate:
    """SGD steps after which the balance of ``slow_flow`` is half of what it was at the start.

    Raises DomainError where it is not within ``longest`` steps: the flow ends at the flattest
    minimum, whose balance need not be zero; and what ``stationary_residuals`` raises.
    """
    _check_minimum(network, data)
    goal = network.balance() / 2
    shape = network.first.shape

    def left(_: float, weights: Array) -> float:
        return _unpacked(weights, shape).balance() - goal

    left.terminal = True  # type: ignore[attr-defined]
    run = _solved(_dressed_drift, network, data, sgd, longest, events=left, dense_output=True)
    if goal == 0 or not len(run.t_events[0]):
        msg = (
            f"the balance must fall to half of its start value {2 * goal:g} within {longest:g} "
            f"steps; it ends at {goal + left(0.0, run.y[:, -1]):g}"
        )
        raise DomainError(msg)
    low, high = run.t[-2], run.t[-1]
    if left(0.0, run.sol(high)) * left(0.0, run.sol(low)) < 0:
        high = brentq(lambda t: left(t, run.sol(t)), low, high, xtol=1e-9)
    return Estimate(np.float64(high), np.float64(0.0), "theory")


def _back_on_manifold(network: LinearNetwork, move: _Move, data: LinearData) -> LinearNetwork:
    """The point after ``move``, with one Newton step towards zero residual."""
    moved = LinearNetwork(network.first + move[0], network.second + move[1])
    back = data.inputs @ np.linalg.solve(moved.gram(data), moved.residuals(data))
    first = moved.first - np.outer(moved.second, back)
    return LinearNetwork(first, moved.second - moved.first @ back)


def _packed(move: _Move) -> Array:
    return np.concatenate([move[0].ravel(), move[1]])


def _unpacked(weights: Array, shape: tuple[int, ...]) -> LinearNetwork:
    size = shape[0] * shape[1]
    return LinearNetwork(weights[:size].reshape(shape), weights[size:])


def _solved(
    law: _Law,
    network: LinearNetwork,
    data: LinearData,
    sgd: MinibatchSgd,
    end: float,
    **options: Any,
) -> Any:
    shape = network.first.shape

    def slope(_: float, weights: Array) -> Array:
        return _packed(law(_unpacked(weights, shape), data, sgd))

    start = _packed((network.first, network.second))
    return solve_ivp(slope, (0.0, end), start, "DOP853", rtol=1e-9, atol=1e-11, **options)


def _integrated(
    law: _Law,
    network: LinearNetwork,
    data: LinearData,
    sgd: MinibatchSgd,
    steps: Sequence[float],
) -> SlowFlow:
    ends = _checked_steps(steps)
    _check_minimum(network, data)
    run = _solved(law, network, data, sgd, float(ends[-1]), t_eval=ends)
    points = [_unpacked(weights, network.first.shape) for weights in run.y.T]
    return _described(law, ends, points, data, sgd)
