import numpy as np
import pytest

from entropic.theory.deep_linear import LinearData, LinearNetwork, preset
from entropic.theory.errors import DomainError, TooShort
from entropic.theory.label_noise import MinibatchSgd, balance_change
from entropic.theory.manifold_flow import half_time, stepwise_flow, trace_flow

torch = pytest.importorskip("torch")

from entropic.nets.deep_linear import (  # noqa: E402
    DeepLinear,
    autograd_gradient,
    closed_gradient,
    measure_one_step,
    relax_balance,
)


def sgd(
    step: float = 0.1, batch: int = 2, noise: float = 0.3, replace: bool = True
) -> MinibatchSgd:
    return MinibatchSgd(step=step, batch=batch, label_noise=noise, replacement=replace)


def agree(predicted, measured) -> bool:
    z, precision = measured.sigmas_from(predicted), measured.error / np.abs(measured.value)
    return bool((np.abs(z) < 4).all() and (precision < 0.02).all())


def test_the_closed_gradient_is_the_one_of_autograd() -> None:
    network, _ = preset("paper-underdetermined", seed=0)
    generator = torch.Generator().manual_seed(1)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    weights = {"first": random(6, 7, 10), "second": random(6, 7)}
    inputs, labels = random(6, 3, 10), random(6, 3)
    by_hand = closed_gradient(weights, inputs, labels)
    by_graph = autograd_gradient(DeepLinear(network), weights, inputs, labels)
    assert by_hand.keys() == by_graph.keys()
    for name, gradient in by_graph.items():
        torch.testing.assert_close(by_hand[name], gradient, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("paper-underdetermined", sgd(0.1, 2, 0.3, replace=True)),
        ("paper-underdetermined", sgd(0.05, 4, 0.3, replace=False)),
        ("overdetermined", sgd(0.1, 4, 0.0, replace=True)),
        ("overdetermined", sgd(0.1, 4, 0.5, replace=False)),
    ],
)
def test_one_step_changes_the_balance_as_predicted(name: str, how: MinibatchSgd) -> None:
    network, data = preset(name, seed=0)
    measured = measure_one_step(network, data, how, replicas=40_000, seed=3)
    assert agree(balance_change(network, data, how), measured)
    assert measured.origin == "sgd"


def test_one_step_tells_the_two_ways_of_drawing_apart() -> None:
    network, data = preset("overdetermined", seed=0)
    predicted = [balance_change(network, data, sgd(0.2, 8, 0.0, way)) for way in (True, False)]
    how = sgd(0.2, 8, 0.0, replace=False)
    measured = measure_one_step(network, data, how, replicas=40_000, seed=4)
    assert agree(predicted[1], measured)
    assert abs(measured.sigmas_from(predicted[0])) > 5


@pytest.mark.parametrize("replace", [True, False])
def test_the_balance_relaxes_as_the_dressed_theory_says_and_not_as_the_bare_one(
    replace: bool,
) -> None:
    network, data = preset("paper-underdetermined", seed=0)
    how, steps = sgd(0.1, 4, 0.4, replace), [50, 400, 800]
    measured = relax_balance(network, data, how, steps=steps, replicas=250, seed=5).mean()
    assert agree(stepwise_flow(network, data, how, steps).balance, measured)
    bare = trace_flow(network, data, how, steps).balance
    assert (measured.sigmas_from(bare)[1:] < -20).all()


@pytest.mark.parametrize(
    ("step", "batch", "noise"), [(0.1, 2, 0.15), (0.05, 1, 0.2), (0.15, 4, 0.2)]
)
def test_the_half_time_of_the_balance_is_predicted(step: float, batch: int, noise: float) -> None:
    network, data = preset("paper-underdetermined", seed=0)
    how = sgd(step, batch, noise)
    predicted = half_time(network, data, how)
    steps = [int(predicted.value * part) for part in np.linspace(0.1, 1.3, 13)]
    run = relax_balance(network, data, how, steps=steps, replicas=400, seed=6)
    measured = run.half_time(seed=7)
    assert agree(predicted, measured)
    assert measured.error < 0.004 * measured.value
    curve = run.mean()
    assert agree(stepwise_flow(network, data, how, steps).balance, curve)
    assert curve.sigmas_from(trace_flow(network, data, how, steps).balance)[-1] < -50


def test_what_the_theory_neglects_shrinks_with_the_fluctuations() -> None:
    """At fixed σ²t its relative error is a few times tr Cov(θ)/|θ|², which falls as σ²."""
    network, data = preset("paper-underdetermined", seed=0)
    misses, shares = [], []
    for noise, steps, replicas in ((1.2, 60, 20_000), (0.6, 240, 10_000)):
        how = sgd(noise=noise)
        flow = stepwise_flow(network, data, how, [steps])
        run = relax_balance(network, data, how, steps=[steps], replicas=replicas, seed=8)
        misses.append(run.mean().value[0] / flow.balance.value[0] - 1)
        shares.append(flow.fluctuation[0])
    assert shares[0] / shares[1] == pytest.approx(4, rel=0.1)
    assert abs(misses[0]) > 2 * abs(misses[1])
    assert abs(misses[1]) < 2 * shares[1]


def test_the_scalar_chain_decays_exponentially_in_the_mean() -> None:
    """E[Δb | w] = −η²E[e²]b exactly, and E[e²] = σ²x²/B while residuals are small."""
    start, data, how = LinearNetwork([[0.5]], [1.0]), LinearData([[1.0]], [0.5]), sgd(0.02, 1, 2.0)
    run = relax_balance(start, data, how, steps=[300], replicas=400, seed=9)
    measured, rate = run.mean(), 0.02**2 * 2.0**2
    bare = 0.75 * (1 - rate) ** 300
    assert measured.value[0] == pytest.approx(bare, rel=0.03)
    assert agree(stepwise_flow(start, data, how, [300]).balance, measured)


def test_a_run_repeats_with_its_seed_and_tells_how_far_it_is() -> None:
    network, data = preset("paper-underdetermined", seed=0)
    heard: list[float] = []
    runs = [
        relax_balance(
            network, data, sgd(), steps=[0, 3, 5], replicas=4, seed=seed, progress=heard.append
        )
        for seed in (1, 1, 2)
    ]
    assert (runs[0].balance == runs[1].balance).all()
    assert (runs[0].balance[:, 1:] != runs[2].balance[:, 1:]).all()
    assert runs[0].balance[:, 0] == pytest.approx(network.balance())
    assert heard[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    steps: list[float] = []
    measure_one_step(network, data, sgd(), replicas=50_000, seed=1, progress=steps.append)
    assert steps == pytest.approx([0.4, 0.8, 1.0])


def test_runs_without_an_answer_are_refused() -> None:
    network, data = preset("paper-underdetermined", seed=0)
    run = relax_balance(network, data, sgd(), steps=[1, 2, 3, 4], replicas=3, seed=1)
    with pytest.raises(TooShort, match="at least 4 readings must lead below half"):
        run.half_time(seed=1)
    with pytest.raises(DomainError, match="at least 2 replicas; there are 1"):
        measure_one_step(network, data, sgd(), replicas=1, seed=1)
    with pytest.raises(DomainError, match="steps must be a list of increasing numbers"):
        relax_balance(network, data, sgd(), steps=[3, 3], replicas=2, seed=1)
    with pytest.raises(DomainError, match="at most the 5 patterns; it is 6"):
        measure_one_step(network, data, sgd(batch=6, replace=False), replicas=2, seed=1)
    with pytest.raises(DomainError, match="weights must stay finite; with step 3"):
        relax_balance(network, data, sgd(step=3.0), steps=[100], replicas=2, seed=1)
