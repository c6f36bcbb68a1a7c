"""Relaxation along a path against torch's own optimizers and landscapes where all is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from landscapes import anchored_problem, small_problem
from torch_loop import history

from entropic.nets import ProjectedSGD, held_cycles, one_cycle, relax
from entropic.nets.draws import HELD, Streams, minibatch_indices
from entropic.nets.parameters import flat_parameters
from entropic.nets.problem import array
from entropic.theory import Chain, DomainError, Path, SlowDynamics, straight


@pytest.fixture(scope="module")
def place():
    problem = small_problem()
    theta = array(flat_parameters(problem.model))
    corners = theta + np.random.default_rng(3).normal(size=(4, len(theta)))
    return problem, Path(corners)


def known(samples=200, sigma=1.0):
    """½|θ|² plus noise of variance σ² per sample and direction; the path crosses the minimum."""
    anchors = np.random.default_rng(0).normal(size=(samples, 3))
    anchors = sigma * (anchors - anchors.mean(axis=0)) / anchors.std(axis=0, ddof=1)
    return anchored_problem(torch.tensor(anchors)), straight([-4.0, 0, 0], [4.0, 0, 0], 9)


ALGORITHMS = [
    ProjectedSGD(0.2, 4, 3),
    *(ProjectedSGD(0.05, 4, 3, name, 0.8, buffers=how)
      for name in ("heavy-ball", "nesterov") for how in ("warm", "cold", "reset")),
    *(ProjectedSGD(0.02, 4, 3, "adam", 0.8, buffers=how) for how in ("cold", "reset")),
]  # fmt: skip


@pytest.mark.parametrize("sgd", ALGORITHMS, ids=lambda sgd: sgd.label)
def test_every_replica_goes_where_a_loop_of_torch_goes_with_the_same_minibatches(place, sgd):
    problem, path = place
    starts = np.array([0.2, 0.2, 0.7]) * path.length
    found = relax(problem, path, starts, sgd, 4, seed=9)
    assert found.s.shape == (3, 5)
    streams = Streams(9)
    for i, start in enumerate(starts):

        def picks(cycle, phase=0, i=i):
            return minibatch_indices(12, 4, 3, streams.of(np.array([i]), cycle, phase))[:, 0]

        held = [picks(m, HELD) for m in range(1, held_cycles(sgd) + 1)]
        assert bool(held) == (sgd.buffers == "warm" and sgd.optimizer != "sgd")
        expected = history(problem, path, start, sgd, held, [picks(c) for c in range(1, 5)])
        np.testing.assert_allclose(found.s[i], expected, rtol=1e-9)
    assert np.ptp(found.s, axis=1).min() > 1e-3
    for row, losses in zip(found.s, found.loss, strict=True):
        expected = [problem.full(torch.tensor(path.at(s))).item() for s in row]
        np.testing.assert_allclose(losses, expected, rtol=1e-12)
    assert np.isnan(found.shaken_loss[:, 0]).all()
    assert np.isfinite(found.shaken_loss[:, 1:]).all()


def test_warm_adam_begins_with_the_mean_square_gradient_and_no_bias_corrections():
    """So near the minimum that noise makes most of it: −η g/√(g² + c) a step."""
    problem, line = known()
    step, gradient, replicas = 1e-3, 0.3, 4000
    sgd = ProjectedSGD(step, 10, 2, "adam", 0.0)
    c = sgd.noise_factor(200)
    found = one_cycle(problem, line, 4 + gradient, sgd, replicas, seed=2)
    expected = -2 * step * gradient / np.sqrt(gradient**2 + c)
    error = found.std() / replicas**0.5
    assert abs(found.mean() - expected) < 4 * error + 0.005 * abs(expected)
    assert error < 0.02 * abs(expected)
    blank = ProjectedSGD(step, 10, 1, "adam", 0.0, buffers="cold")
    cold = one_cycle(problem, line, 4 + gradient, blank, 50, seed=2)
    np.testing.assert_allclose(abs(cold), step, rtol=1e-3)  # its first step is a sign
    one = one_cycle(problem, line, 4 + gradient, replace(blank, buffers="warm"), 50, seed=2)
    assert one.std() / abs(one.mean()) > 0.5


@pytest.mark.parametrize("optimizer", ["heavy-ball", "nesterov"])
def test_warm_momentum_has_its_stationary_mean_and_variance(optimizer):
    """Held at θ the velocity is (1 − β) weighted: mean g/(1 − β), variance c/(1 − β²)."""
    problem, line = known()
    beta, step, replicas = (
        0.5,
        1e-4,
        5000,
    )  # so short that a cycle of one step sees the start's gradient only
    sgd = ProjectedSGD(step, 10, 1, optimizer, beta)
    found = one_cycle(problem, line, 5.0, sgd, replicas, seed=3)
    c = sgd.noise_factor(200)
    if optimizer == "heavy-ball":
        mean, variance = 1 / (1 - beta), c / (1 - beta**2)
    else:  # g + β v with v = g + β v′
        mean = 1 / (1 - beta)
        variance = c * (1 + beta) ** 2 + c * beta**4 / (1 - beta**2)
    assert (
        abs(found.mean() / -(step * mean) - 1) < 4 * variance**0.5 / replicas**0.5 / mean + 1.5e-3
    )
    assert abs(found.var() / (step**2 * variance) - 1) < 4 * (2 / replicas) ** 0.5
    cold = one_cycle(problem, line, 5.0, ProjectedSGD(step, 10, 1, optimizer, beta, buffers="cold"),
                     replicas, seed=3)  # fmt: skip
    assert abs(cold.mean() / found.mean()) < 0.8


@pytest.mark.parametrize("noise", ["isotropic", "uncorrelated"])
@pytest.mark.parametrize("batch", [10, 16])  # 16 does not divide 200
def test_injected_noise_is_as_strong_as_that_of_minibatches(noise, batch):
    anchors = np.random.default_rng(1).normal(size=(200, 3)) * [1.0, 2.0, 3.0]
    anchors = anchors - anchors.mean(axis=0)
    scale = np.array([1.0, 2.0, 3.0]) / anchors.std(axis=0, ddof=1)
    problem = anchored_problem(torch.tensor(anchors * scale))
    sgd = ProjectedSGD(0.1, batch, 2, noise=noise)
    c, replicas = sgd.noise_factor(200), 6000
    for axis, sigma in enumerate((1.0, 2.0, 3.0)):
        ends = np.zeros((2, 3))
        ends[:, axis] = (-5, 5)
        found = one_cycle(problem, straight(*ends), 6.0, sgd, replicas, seed=axis)
        strength = sigma**2 if noise == "uncorrelated" else (1 + 4 + 9) / 3
        variance = 0.1**2 * c * strength * (1 + 0.9**2)
        # chi-square, and a little more for σ² that is itself measured on 200/B minibatches
        power = (2 * (1 + 2 / (200 // batch - 1)) / replicas) ** 0.5
        assert abs(found.var() / variance - 1) < 4 * power
        assert abs(found.mean() - (0.9**2 - 1)) < 4 * (variance / replicas) ** 0.5
        assert 4 * power < 0.1


def test_without_noise_it_is_gradient_descent(place):
    problem, path = place
    found = relax(problem, path, [1.0, 1.0], ProjectedSGD(0.2, 4, 3, noise="none"), 2, seed=0)
    s = 1.0
    for _ in range(2):
        theta = torch.tensor(path.at(s))
        for _ in range(3):
            theta = theta - 0.2 * torch.func.grad(problem.full)(theta)
        s = path.project(array(theta)[None])[0]
    np.testing.assert_allclose(found.s[:, 2], s, rtol=1e-12)
    whole = relax(problem, path, [1.0], ProjectedSGD(0.2, 12, 3, noise="isotropic"), 2, seed=0)
    np.testing.assert_allclose(whole.s[0, 2], s, rtol=1e-12)  # a batch of all has no noise


def test_on_a_level_path_nothing_moves_without_noise_to_first_order():
    """In the middle of a segment, where the slope is measured: second order in η remains."""
    problem = small_problem()
    theta = array(flat_parameters(problem.model))
    path = Path(theta + np.random.default_rng(3).normal(size=(2, len(theta))))
    s = path.length / 2
    moved = {}
    for step in (1e-3, 2e-3):
        tilted, level = (
            one_cycle(problem, path, s, ProjectedSGD(step, 4, 3, noise="none", level=on), 1, 0)[0]
            for on in (False, True)
        )
        assert abs(level) < 0.02 * abs(tilted)
        moved[step] = level
    assert moved[2e-3] / moved[1e-3] == pytest.approx(4, rel=0.05)


def test_replicas_do_not_depend_on_who_is_computed_beside_them(place, monkeypatch):
    problem, path = place
    sgd = ProjectedSGD(0.05, 4, 3, "nesterov", 0.8)
    starts = np.array([0.2, 0.3, 0.7, 0.6, 0.5]) * path.length
    whole = relax(problem, path, starts, sgd, 3, seed=1)
    monkeypatch.setattr("entropic.nets.relaxing.together", lambda problem, replicas: 2)
    parts = relax(problem, path, starts, sgd, 3, seed=1)
    np.testing.assert_allclose(whole.s, parts.s, rtol=1e-10)
    single = one_cycle(problem, path, 0.9, sgd, 5, seed=1)
    monkeypatch.setattr("entropic.nets.relaxing.together", lambda problem, replicas: 5)
    np.testing.assert_allclose(one_cycle(problem, path, 0.9, sgd, 5, seed=1), single, rtol=1e-8)
    assert len(np.unique(single)) == 5


@pytest.mark.parametrize(
    "sgd",
    [
        ProjectedSGD(0.1, 4, 3),
        ProjectedSGD(0.05, 4, 3, "nesterov", 0.8),
        ProjectedSGD(0.02, 4, 3, "adam", 0.8),
        ProjectedSGD(0.05, 4, 3, "heavy-ball", 0.8, noise="isotropic", level=True),
    ],
    ids=lambda sgd: sgd.label,
)
def test_a_run_that_was_cut_goes_on_bit_by_bit(place, sgd):
    problem, path = place
    starts = np.array([0.2, 0.5, 0.7]) * path.length
    states = []
    asked = {"inside": (0.1 * path.length, 0.9 * path.length), "every": 2}
    whole = relax(
        problem, path, starts, sgd, 7, 3, **asked, keep=lambda r: states.append(r.state())
    )
    again = relax(problem, path, starts, sgd, 7, 3, **asked, state=states[2])
    for name in ("s", "loss", "passage", "side", "clock"):
        assert np.array_equal(getattr(whole, name), getattr(again, name))
    assert whole.clock.tolist() == [0, 2, 4, 6]
    with pytest.raises(DomainError, match="the state is that of a run with other starts"):
        relax(problem, path, starts[:2], sgd, 7, 3, state=states[2])


def test_passages_are_those_of_the_chain_where_drift_and_noise_are_known():
    problem, line = known(sigma=1.5)
    step, batch, cycle, start = 0.1, 10, 3, 4.03
    low, high = 3.9, 4.2
    shrink = (1 - step) ** np.arange(cycle + 1)
    variance = 1.5**2 * step**2 * (1 / batch - 1 / 200) * (shrink[:-1] ** 2).sum()
    y = np.linspace(3, 5, 401)
    slow = SlowDynamics(y, (shrink[-1] - 1) * (y - 4), np.full_like(y, variance / 2))
    chain = Chain(slow, low, high)
    found = relax(problem, line, np.full(2000, start), ProjectedSGD(step, batch, cycle), 400, 6,
                  inside=(low, high))  # fmt: skip
    assert np.all(found.side != 0)
    time = found.mean_time()
    assert abs(time.value[0] - chain.mean_exit([start])[0]) < 4 * time.error[0]
    assert time.error[0] < 0.03 * time.value[0]
    clock = np.array([2.0, 4.0, 8.0])
    survival = found.survival(clock)
    expected = chain.survival([start], 10)[0][clock.astype(int)]
    assert np.all(abs(survival.value[0] - expected) < 4 * survival.error[0])
    last = found.s[:, -1]
    assert np.all((last <= low) == (found.side < 0))
    assert np.all((last >= high) == (found.side > 0))
    assert 0.5 < found.share(-1).value[0] < 0.98


def test_those_that_left_stay_where_they_were_seen(place):
    problem, path = place
    starts = np.array([0.2, 0.5, 0.7]) * path.length
    sgd = ProjectedSGD(0.2, 12, 3)
    free = relax(problem, path, starts, sgd, 12, 0)
    low = np.sort(free.s.min(axis=1))[0] + 1e-9
    high = np.sort(free.s.max(axis=1))[-1] - 1e-9
    if not np.all((starts > low) & (starts < high)):
        low, high = starts.min() - 0.01, starts.max() + 0.01
    found = relax(problem, path, starts, sgd, 12, 0, inside=(low, high))
    assert np.isfinite(found.passage).any()
    for row, gone, when in zip(found.s, free.s, found.passage, strict=True):
        outside = np.flatnonzero((gone <= low) | (gone >= high))
        assert when == (outside[0] if len(outside) else np.inf)
        until = int(min(when, 12))
        np.testing.assert_allclose(row[: until + 1], gone[: until + 1], rtol=1e-12)
        assert np.all(row[until:] == row[until])


@pytest.mark.parametrize(
    ("sgd", "message"),
    [
        (ProjectedSGD(1e100, 2, 4), "3 of 3 replicas blew up in cycle 1; lower the step size"),
        (ProjectedSGD(1e100, 2, 4, "nesterov"),
         "blew up while held at the start; lower the step size or the momentum"),
    ],
)  # fmt: skip
def test_replicas_that_blow_up_are_counted_with_their_cycle(sgd, message):
    problem = anchored_problem(torch.randn(8, 2, dtype=torch.float64))
    line = straight([-1.0, 0.0], [1.0, 0.0])
    with pytest.raises(DomainError, match=message):
        relax(problem, line, np.ones(3), sgd, 4, 0)


def test_what_does_not_fit_is_refused(place):
    problem, path = place
    sgd = ProjectedSGD(0.1, 4, 3)
    with pytest.raises(DomainError, match="at least one cycle is needed; cycles = 0"):
        relax(problem, path, [1.0], sgd, 0, 0)
    with pytest.raises(DomainError, match="batch must have 1 to 12 samples; it has 13"):
        relax(problem, path, [1.0], ProjectedSGD(0.1, 13), 1, 0)
    with pytest.raises(DomainError, match="a position on the path must lie within"):
        relax(problem, path, [-3.0], sgd, 1, 0)
    with pytest.raises(DomainError, match="a point of this model has 31 numbers; those of the"):
        relax(problem, straight([0.0], [1.0]), [0.5], sgd, 1, 0)
    with pytest.raises(DomainError, match="between the ends; 2 is not between 1 and 2"):
        relax(problem, path, [1.5, 2.0], sgd, 1, 0, inside=(1.0, 2.0))
    with pytest.raises(DomainError, match="every must be at least one cycle; it is 0"):
        relax(problem, path, [1.5], sgd, 1, 0, every=0)
    with pytest.raises(DomainError, match="at least one replica is needed; there are 0"):
        one_cycle(problem, path, 1.5, sgd, 0, 0)


def test_neither_the_model_nor_torch_s_own_generator_is_touched(place):
    problem, path = place
    before, chance = array(flat_parameters(problem.model)), torch.get_rng_state()
    relax(problem, path, [1.0], ProjectedSGD(0.1, 4, 3, "adam"), 1, 0)
    assert np.array_equal(before, array(flat_parameters(problem.model)))
    assert torch.equal(chance, torch.get_rng_state())
