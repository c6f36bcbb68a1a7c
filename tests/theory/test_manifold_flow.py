import numpy as np
import pytest
from scipy.integrate import simpson

from entropic.theory.deep_linear import (
    LinearData,
    LinearNetwork,
    flattest_trace,
    preset,
)
from entropic.theory.errors import DomainError
from entropic.theory.label_noise import MinibatchSgd, stationary_residuals
from entropic.theory.manifold_flow import half_time, slow_flow, stepwise_flow, trace_flow


def sgd(
    step: float = 0.1, batch: int = 2, noise: float = 0.3, replace: bool = True
) -> MinibatchSgd:
    return MinibatchSgd(step=step, batch=batch, label_noise=noise, replacement=replace)


def dressed_change(network: LinearNetwork, data: LinearData, how: MinibatchSgd) -> float:
    """E[Δb] of one step, from the exact identity and the fluctuating residuals."""
    share = how.share_moment(stationary_residuals(network, data, how))
    moment = data.inputs @ share @ data.inputs.T
    towards = np.trace(network.first @ moment @ network.first.T)
    return float(how.step**2 * (towards - network.second @ network.second * np.trace(moment)))


@pytest.mark.parametrize("flow", [slow_flow, trace_flow, stepwise_flow])
def test_the_flow_stays_on_the_manifold_and_leaves_alone_what_no_pattern_sees(flow) -> None:
    network, data = preset("paper-underdetermined", seed=0)
    path = flow(network, data, sgd(), [0, 300, 900])
    blind = np.eye(10) - data.inputs @ np.linalg.pinv(data.inputs)
    for first, second in zip(path.first, path.second, strict=True):
        assert np.abs(second @ first @ data.inputs - data.targets).max() < 1e-9
        assert first @ blind == pytest.approx(network.first @ blind, abs=1e-12)
    assert path.balance.value[0] == pytest.approx(network.balance())
    assert (np.diff(path.balance.value) < 0).all()


def test_the_balance_of_the_flow_adds_up_the_expected_changes_of_the_steps() -> None:
    network, data = preset("paper-underdetermined", seed=1)
    how, times = sgd(0.1, 3, 0.4, replace=False), np.linspace(0, 1500, 101)
    path = slow_flow(network, data, how, times)
    changes = [
        dressed_change(LinearNetwork(first, second), data, how)
        for first, second in zip(path.first, path.second, strict=True)
    ]
    lost = path.balance.value[-1] - path.balance.value[0]
    assert lost < -3
    assert lost == pytest.approx(simpson(changes, x=times), rel=1e-6)


@pytest.mark.parametrize("start", [LinearNetwork([[1.0]], [2.0]), LinearNetwork([[-3.0]], [0.5])])
def test_the_balance_of_a_chain_decays_exponentially(start: LinearNetwork) -> None:
    data = LinearData([[0.8]], [0.8 * float(start.second[0] * start.first[0, 0])])
    rate = 0.05**2 * 0.3**2 * 0.8**2 / 2
    times = np.array([0.0, 0.5, 1.0, 3.0]) / rate
    path = trace_flow(start, data, sgd(0.05), times)
    assert path.balance.value == pytest.approx(start.balance() * np.exp(-rate * times), rel=1e-6)


def test_a_chain_keeps_its_exponent_where_its_stiffness_does() -> None:
    """Around w₁w₂ = 0 the fluctuations add σ²(1 + R) with R = ηg/(2 − ηg), g = w₁² + w₂² = |b|.

    With one pattern a batch is that pattern: db = −η²(σ²/B + R)b, R = ησ²g/(B(2 − ηg)).
    """
    start, data, how = LinearNetwork([[0.0]], [2.0]), LinearData([[1.0]], [0.0]), sgd(0.1, 2, 0.2)
    path = slow_flow(start, data, how, [0.0, 50.0, 100.0])
    b = path.balance.value
    rate = 0.1**2 * 0.2**2 / 2 * (1 + 0.1 * b / (2 - 0.1 * b))
    logs = np.log(b)
    assert (logs[2] - logs[0]) / 100 == pytest.approx(-(rate[0] + 4 * rate[1] + rate[2]) / 6)


def test_descent_of_the_trace_ends_at_the_flattest_minimum() -> None:
    network, data = preset("paper-underdetermined", seed=2)
    path = trace_flow(network, data, sgd(), np.geomspace(100, 1e6, 12))
    traces = path.hessian_trace.value
    assert (np.diff(traces) < 0).all()
    assert traces[-1] == pytest.approx(flattest_trace(data), rel=1e-6)
    assert path.adiabaticity[-1] < 1e-3 * path.adiabaticity[0]


def test_small_steps_make_all_three_laws_one() -> None:
    network, data = preset("paper-underdetermined", seed=4)
    how = sgd(0.002, 2, 1.0)
    times = [100_000]
    slow, bare = slow_flow(network, data, how, times), trace_flow(network, data, how, times)
    assert slow.balance.value == pytest.approx(bare.balance.value, rel=0.01)
    assert slow.balance.value[0] < 0.9 * network.balance()


def test_noise_that_must_first_build_up_matters_less_the_slower_the_flow() -> None:
    """At fixed σ²t the gap of the stepwise to the adiabatic flow is of order σ²."""
    network, data = preset("paper-underdetermined", seed=5)
    gaps = []
    for noise, steps in ((0.4, 25), (0.2, 100), (0.1, 400)):
        how = sgd(noise=noise)
        exact = stepwise_flow(network, data, how, [4 * steps]).balance.value[0]
        gaps.append(exact - slow_flow(network, data, how, [4 * steps]).balance.value[0])
    assert gaps[0] > 0
    assert gaps[0] / gaps[1] == pytest.approx(4, rel=0.1)
    assert gaps[1] / gaps[2] == pytest.approx(4, rel=0.05)


def test_the_first_step_of_the_stepwise_flow_is_the_exact_one() -> None:
    network, data = preset("paper-underdetermined", seed=6)
    how = sgd(0.05, 2, 0.2)
    bare = how.step**2 * how.label_noise**2 / (how.batch * data.patterns)
    gap = np.square(network.first @ data.inputs).sum()
    gap -= network.second @ network.second * np.square(data.inputs).sum()
    moved = stepwise_flow(network, data, how, [1]).balance.value[0] - network.balance()
    assert moved == pytest.approx(bare * gap, rel=1e-3)  # up to the square of the move


def test_the_half_time_is_when_the_flow_has_lost_half_of_the_balance() -> None:
    network, data = preset("paper-underdetermined", seed=0)
    half = half_time(network, data, sgd())
    path = slow_flow(network, data, sgd(), [float(half.value)])
    assert path.balance.value[0] == pytest.approx(network.balance() / 2, rel=1e-6)
    assert (half.error, half.origin) == (0, "theory")


def test_every_flow_says_how_far_to_trust_it() -> None:
    network, data = preset("paper-underdetermined", seed=0)
    quiet, loud = (slow_flow(network, data, sgd(noise=noise), [0.0]) for noise in (0.1, 0.2))
    assert loud.fluctuation[0] == pytest.approx(4 * quiet.fluctuation[0])
    assert loud.adiabaticity[0] == pytest.approx(4 * quiet.adiabaticity[0])
    assert 0 < quiet.fluctuation[0] < quiet.adiabaticity[0] < 0.01


def test_flows_without_an_answer_are_refused() -> None:
    network, data = preset("paper-underdetermined", seed=0)
    with pytest.raises(DomainError, match="steps must be a list of increasing numbers"):
        slow_flow(network, data, sgd(), [5, 3])
    with pytest.raises(DomainError, match="whole numbers of steps"):
        stepwise_flow(network, data, sgd(), [2.5])
    with pytest.raises(DomainError, match="fluctuations around the minimum must stay bounded"):
        stepwise_flow(network, data, sgd(step=1.0), [10])
    with pytest.raises(DomainError, match="half of its start value .* within 10 steps"):
        half_time(network, data, sgd(), longest=10)
    balanced = LinearNetwork([[1.0]], [1.0])
    with pytest.raises(DomainError, match="half of its start value 0 within"):
        half_time(balanced, LinearData([[1.0]], [1.0]), sgd())
