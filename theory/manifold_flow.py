"""Along a manifold of minima: where label noise drives a deep linear network in time.

Three laws for the same motion, from the crudest to the most exact:

    trace_flow      gradient descent of tr H on the manifold                    η → 0
    slow_flow       fluctuations at rest at every point (adiabatic)             any η
    stepwise_flow   fluctuations carried along, step by step, from none         any η, any lag

The balance b of the flow is the mean b of the fluctuating network without an offset: gradient flow
leads from one to the other and conserves b. Neglected are higher orders of the fluctuation, a share
of up to a few times ``SlowFlow.fluctuation`` of b.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp

from .deep_linear import LinearData, LinearNetwork, hessian_trace
from .errors import DomainError
from .estimate import Array, Estimate, frozen
from .label_noise import (
    MinibatchSgd,
    bare_response,
    check_minimum,
    dressed_response,
    forced_response,
    moment_at_rest,
    tangent_move,
)

_Law = Callable[[Array, MinibatchSgd], Array]


@dataclass(frozen=True)
class SlowFlow:
    """The deterministic way along the manifold, at ``steps`` (n,) in SGD steps from the start.

    ``first`` (n, N_h, N_i) and ``second`` (n, N_h): the weights on the manifold; ``balance`` (n,)
    and ``hessian_trace`` (n,) their b and tr H.
    ``adiabaticity`` (n,): slow rate |dθ|/|θ| over the slowest fast rate η λ_min(G)/P, small where
    the fluctuations have time to settle; ``fluctuation`` (n,): tr Cov(θ)/|θ|²; up to a few
    times this share of b is what higher orders add. Trust the flow where both are far below one.
    """

    steps: Array
    first: Array
    second: Array
    balance: Estimate
    hessian_trace: Estimate
    adiabaticity: Array
    fluctuation: Array


def slow_flow(
    network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, steps: ArrayLike
) -> SlowFlow:
    """Follow ``slow_drift``: fluctuations always at rest (adiabatic), all orders of η.

    ``steps`` (n,): increasing numbers of SGD steps, not below 0.
    Raises what ``stationary_residuals`` raises, at the start or on the way.
    """
    return _followed(dressed_response, network, data, sgd, steps)


def trace_flow(
    network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, steps: ArrayLike
) -> SlowFlow:
    """Follow ``trace_descent``, gradient descent of tr H on the manifold: right for η → 0 only.

    Arguments and refusals are those of ``slow_flow``. For a chain b decays at the rate η²σ²x²/B:

    >>> at, data = LinearNetwork([[1.0]], [2.0]), LinearData([[1.0]], [2.0])
    >>> sgd = MinibatchSgd(step=0.1, batch=1, label_noise=1.0, replacement=True)
    >>> float(trace_flow(at, data, sgd, [100]).balance.value[0].round(5))  # 3/e
    1.10364
    """
    return _followed(bare_response, network, data, sgd, steps)


def stepwise_flow(
    network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, steps: ArrayLike
) -> SlowFlow:
    """Carry weights and fluctuations together, step by step, from no fluctuation at the start.

    Sees what ``slow_flow`` does not: noise that builds up at the start and lags behind later, a
    correction of the order of the adiabaticity. Costs about 0.1 ms a step.
    Raises what ``stationary_residuals`` raises, at the start and at the asked steps.
    """
    ends = _checked(steps)
    if (ends % 1).any():
        msg = f"a walk step by step takes whole numbers of steps; they are {ends}"
        raise DomainError(msg)
    check_minimum(network, data)
    moment_at_rest(network.gram(data), sgd)
    residual = np.zeros((data.patterns, data.patterns))
    points: list[LinearNetwork] = []
    for elapsed in np.diff(ends, prepend=0.0):
        for _ in range(int(elapsed)):
            gram = network.gram(data)
            share = sgd.share_moment(residual)
            decay = sgd.step / data.patterns * (gram @ residual + residual @ gram)
            residual = residual - decay + sgd.step**2 * gram @ share @ gram
            move = tangent_move(network, data, sgd, forced_response(gram, sgd, share))
            moved = LinearNetwork(network.first + move[0], network.second + move[1])
            network = _on_manifold(moved, data)
        points.append(network)
    return _described(dressed_response, ends, points, data, sgd)


def half_time(
    network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, *, longest: float = 1e6
) -> Estimate:
    """SGD steps after which the balance of ``slow_flow`` is half of what it was at the start.

    Raises DomainError where it is not within ``longest`` steps (the flow ends at the flattest
    minimum, whose balance need not be zero), and what ``stationary_residuals`` raises.
    """
    check_minimum(network, data)
    start = network.balance()

    def above_half(_: float, weights: Array) -> float:
        return _unpacked(weights, network).balance() - start / 2

    above_half.terminal = True  # type: ignore[attr-defined]
    run = _solved(dressed_response, network, data, sgd, longest, events=above_half)
    if start == 0 or not len(run.t_events[0]):
        end = _unpacked(run.y[:, -1], network).balance()
        msg = (
            f"the balance must fall to half of its start value {start:g} within {longest:g} steps; "
            f"it reaches {end:g}"
        )
        raise DomainError(msg)
    return Estimate(run.t_events[0][0], 0.0, "theory")


def _checked(steps: ArrayLike) -> Array:
    ends = np.atleast_1d(np.asarray(steps, dtype=np.float64))
    if ends.ndim != 1 or not len(ends) or ends[0] < 0 or not (np.diff(ends) > 0).all():
        msg = f"steps must be a list of increasing numbers, not below 0; they are {ends}"
        raise DomainError(msg)
    return ends


def _unpacked(weights: Array, like: LinearNetwork) -> LinearNetwork:
    size = like.first.size
    return LinearNetwork(weights[:size].reshape(like.first.shape), weights[size:])


def _solved(
    law: _Law,
    network: LinearNetwork,
    data: LinearData,
    sgd: MinibatchSgd,
    end: float,
    **options: Any,
) -> Any:
    def slope(_: float, weights: Array) -> Array:
        here = _unpacked(weights, network)
        move = tangent_move(here, data, sgd, law(here.gram(data), sgd))
        return np.concatenate([move[0].ravel(), move[1]])

    start = np.concatenate([network.first.ravel(), network.second])
    return solve_ivp(slope, (0.0, end), start, "DOP853", rtol=1e-8, atol=1e-10, **options)


def _followed(
    law: _Law, network: LinearNetwork, data: LinearData, sgd: MinibatchSgd, steps: ArrayLike
) -> SlowFlow:
    ends = _checked(steps)
    check_minimum(network, data)
    if ends[-1] == 0:
        return _described(law, ends, [network], data, sgd)
    run = _solved(law, network, data, sgd, float(ends[-1]), t_eval=ends)
    points = [_on_manifold(_unpacked(weights, network), data) for weights in run.y.T]
    return _described(law, ends, points, data, sgd)


def _on_manifold(network: LinearNetwork, data: LinearData) -> LinearNetwork:
    """One Newton step along the gradients towards zero residual."""
    back = data.inputs @ np.linalg.solve(network.gram(data), network.residuals(data))
    first = network.first - np.outer(network.second, back)
    return LinearNetwork(first, network.second - network.first @ back)


def _described(
    law: _Law,
    ends: Array,
    points: Sequence[LinearNetwork],
    data: LinearData,
    sgd: MinibatchSgd,
) -> SlowFlow:
    adiabaticity, fluctuation = np.empty(len(points)), np.empty(len(points))
    for i, here in enumerate(points):
        gram = here.gram(data)
        response = law(gram, sgd)
        size = np.hypot(np.linalg.norm(here.first), np.linalg.norm(here.second))
        move = tangent_move(here, data, sgd, response)
        rate = np.hypot(np.linalg.norm(move[0]), np.linalg.norm(move[1])) / size
        slowest = sgd.step * np.linalg.eigvalsh(gram)[0] / data.patterns
        adiabaticity[i], fluctuation[i] = rate / slowest, np.trace(response) / size**2
    exact = np.zeros(len(points))
    return SlowFlow(
        steps=frozen(ends),
        first=frozen([here.first for here in points]),
        second=frozen([here.second for here in points]),
        balance=Estimate(np.array([here.balance() for here in points]), exact, "theory"),
        hessian_trace=Estimate(
            np.array([hessian_trace(here, data) for here in points]), exact, "theory"
        ),
        adiabaticity=frozen(adiabaticity),
        fluctuation=frozen(fluctuation),
    )
