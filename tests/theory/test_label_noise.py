from itertools import permutations, product

import numpy as np
import pytest

from entropic.theory.deep_linear import (
    LinearData,
    LinearNetwork,
    global_minimum,
    preset,
    teacher_data,
)
from entropic.theory.errors import DomainError
from entropic.theory.label_noise import (
    MinibatchSgd,
    balance_change,
    balance_matrix_change,
    dressed_response,
    error_moment,
    forced_response,
    slow_drift,
    stationary_residuals,
    trace_descent,
)


def sgd(
    step: float = 0.1, batch: int = 2, noise: float = 0.3, replace: bool = True
) -> MinibatchSgd:
    return MinibatchSgd(step=step, batch=batch, label_noise=noise, replacement=replace)


def batches(patterns: int, batch: int, replacement: bool) -> list[tuple[int, ...]]:
    """Every ordered batch, all equally likely."""
    drawn = product(range(patterns), repeat=batch) if replacement else None
    return list(drawn or permutations(range(patterns), batch))


def small(hidden: int = 2) -> tuple[LinearNetwork, LinearData]:
    data = teacher_data(4, 3, 0.2, seed=1)
    return global_minimum(data, hidden, 2.0, seed=2), data


def jacobian(network: LinearNetwork, data: LinearData) -> np.ndarray:
    hidden = network.first @ data.inputs
    rows = [
        np.concatenate([np.outer(network.second, x).ravel(), z])
        for x, z in zip(data.inputs.T, hidden.T, strict=True)
    ]
    return np.array(rows)


def packed(move: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return np.concatenate([move[0].ravel(), move[1]])


def stepped(
    network: LinearNetwork, data: LinearData, how: MinibatchSgd, picks: list[int], zeta: np.ndarray
) -> tuple[LinearNetwork, np.ndarray]:
    """One SGD step written out sample by sample, and the error e of its batch."""
    error = np.zeros(len(data.inputs))
    for pick, z in zip(picks, zeta, strict=True):
        x = data.inputs[:, pick]
        miss = network.second @ network.first @ x - data.targets[pick] - how.label_noise * z
        error += miss * x / how.batch
    first = network.first - how.step * np.outer(network.second, error)
    return LinearNetwork(first, network.second - how.step * network.first @ error), error


def test_a_step_changes_the_balance_matrix_only_in_second_order() -> None:
    """ΔD = η²(W₁eᵀeW₁ᵀ − W₂ᵀeeᵀW₂), whatever the batch, to rounding."""
    rng, data = np.random.default_rng(3), teacher_data(5, 6, 0.4, seed=4)
    network = LinearNetwork(rng.normal(size=(3, 5)), rng.normal(size=3))
    how = sgd(step=0.7, batch=4)
    for _ in range(5):
        after, e = stepped(network, data, how, list(rng.integers(6, size=4)), rng.normal(size=4))
        pushed = network.first @ np.outer(e, e) @ network.first.T
        expected = 0.49 * (pushed - np.outer(network.second, network.second) * (e @ e))
        assert after.balance_matrix() - network.balance_matrix() == pytest.approx(
            expected, abs=1e-13
        )


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("at_minimum", [True, False])
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_the_expected_change_is_the_mean_over_every_batch_and_every_label(
    batch: int, at_minimum: bool, replacement: bool
) -> None:
    """Two-point label noise ζ = ±1 has the same second moment as the normal one."""
    network, data = small()
    if not at_minimum:
        network = LinearNetwork(network.first + 0.3, network.second - 0.2)
    how = sgd(0.4, batch, 0.5, replacement)
    changes, moments = [], []
    for picks in batches(3, batch, replacement):
        for zeta in product([-1.0, 1.0], repeat=batch):
            after, error = stepped(network, data, how, list(picks), np.array(zeta))
            changes.append(after.balance_matrix() - network.balance_matrix())
            moments.append(np.outer(error, error))
    mean = np.mean(changes, axis=0)
    predicted = balance_matrix_change(network, data, how)
    assert error_moment(network, data, how) == pytest.approx(np.mean(moments, axis=0), abs=1e-14)
    assert predicted.value == pytest.approx(mean, abs=1e-13)
    assert balance_change(network, data, how).value == pytest.approx(np.trace(mean), abs=1e-13)
    assert predicted.origin == "theory"


def test_at_zero_residual_label_noise_alone_moves_the_balance() -> None:
    network, data = preset("paper-underdetermined", seed=0)
    hidden, x = network.first @ data.inputs, data.inputs
    for replacement in (True, False):
        how = sgd(0.2, 3, 0.5, replacement)
        gap = np.square(hidden).sum() - network.second @ network.second * np.square(x).sum()
        closed = 0.2**2 * 0.5**2 / (3 * 5) * gap
        assert balance_change(network, data, how).value == pytest.approx(closed)
        still = balance_change(network, data, sgd(0.2, 3, 0.0, replacement))
        assert abs(still.value) < 1e-25


def test_the_full_batch_at_a_minimum_leaves_the_balance_alone() -> None:
    network, data = preset("overdetermined", seed=0)
    part = balance_change(network, data, sgd(0.1, 20, 0.0, replace=False)).value
    full = balance_change(network, data, sgd(0.1, 40, 0.0, replace=False)).value
    twice = balance_change(network, data, sgd(0.1, 40, 0.0, replace=True)).value
    assert abs(full) < 1e-14 * abs(part)
    assert part < twice < 0
    assert part / twice == pytest.approx(2 * 20 / 39)  # (1/B)(P − B)/(P − 1) against 1/P


@pytest.mark.parametrize(("patterns", "batch"), [(1, 1), (5, 1), (5, 4), (5, 5)])
def test_the_shares_of_a_batch_add_up_to_one(patterns: int, batch: int) -> None:
    for replacement in (True, False):
        same, other = sgd(batch=batch, replace=replacement).multiplicities(patterns)
        assert patterns * same + patterns * (patterns - 1) * other == pytest.approx(1.0)


@pytest.mark.parametrize("replacement", [True, False])
def test_residuals_come_to_rest_where_repeated_steps_leave_them(replacement: bool) -> None:
    network, data = small()
    how = sgd(0.3, 2, 0.5, replacement)
    gram, all_batches = network.gram(data), batches(3, 2, replacement)
    maps, kicks = [], np.zeros((3, 3))
    for picks in all_batches:
        counts = np.bincount(picks, minlength=3) / 2
        maps.append(np.eye(3) - 0.3 * gram @ np.diag(counts))
        noise = 0.3 * 0.5 * gram[:, list(picks)] / 2
        kicks += noise @ noise.T / len(all_batches)
    moment = np.zeros((3, 3))
    for _ in range(3000):
        moment = np.mean([a @ moment @ a.T for a in maps], axis=0) + kicks
    assert stationary_residuals(network, data, how) == pytest.approx(moment, rel=1e-9)


def test_small_steps_leave_residuals_proportional_to_the_gram_matrix() -> None:
    """R = (ησ²/2B)G with an error of relative order η: halved with the step."""
    network, data = preset("paper-underdetermined", seed=1)
    gram = network.gram(data)
    errors = [
        np.linalg.norm(stationary_residuals(network, data, sgd(step)) / (step * 0.3**2 / 4) - gram)
        for step in (0.004, 0.002, 0.001)
    ]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.03)


def test_the_drift_is_the_pull_of_curvature_under_the_fluctuations() -> None:
    """−η P₀ ∇_θ ½ tr(H(θ)Σ) at fixed Σ = JᵀG⁻¹RG⁻¹J, by finite differences, step not small."""
    network, data = small()
    how = sgd(0.4)
    j, gram = jacobian(network, data), network.gram(data)
    inverse = np.linalg.inv(gram)
    covariance = j.T @ inverse @ stationary_residuals(network, data, how) @ inverse @ j

    def energy(weights: np.ndarray) -> float:
        """½ tr(HΣ) without the part r∇²f, whose gradient P₀ removes."""
        size = network.first.size
        there = LinearNetwork(weights[:size].reshape(network.first.shape), weights[size:])
        slopes = jacobian(there, data)
        return float(np.trace(slopes @ covariance @ slopes.T)) / (2 * data.patterns)

    at, width = packed((network.first, network.second)), 1e-5
    pull = np.array(
        [energy(at + s) - energy(at - s) for s in width * np.eye(len(at))],
    ) / (2 * width)
    expected = -0.4 * (pull - j.T @ inverse @ j @ pull)
    assert packed(slow_drift(network, data, how)) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("replacement", [True, False])
def test_the_drift_stays_on_the_manifold_and_moves_the_balance_as_the_steps_do(
    replacement: bool,
) -> None:
    """∇b·dθ = E[Δb] with M from the fluctuating residuals: exact at a large step."""
    network, data = preset("paper-underdetermined", seed=2)
    how = sgd(0.1, 3, 0.4, replacement)
    move = slow_drift(network, data, how)
    share = how.share_moment(stationary_residuals(network, data, how))
    moment = data.inputs @ share @ data.inputs.T
    towards = np.trace(network.first @ moment @ network.first.T)
    expected = 0.1**2 * (towards - network.second @ network.second * np.trace(moment))
    along = 2 * (network.second @ move[1] - np.sum(network.first * move[0]))
    bare = balance_change(network, data, how).value
    assert np.abs(jacobian(network, data) @ packed(move)).max() < 1e-16
    assert along == pytest.approx(expected, rel=1e-10)
    assert along / bare > 1.1


def test_at_rest_the_forcing_sustains_the_fluctuations_that_there_are() -> None:
    network, data = small()
    how, gram = sgd(0.4), network.gram(data)
    share = how.share_moment(stationary_residuals(network, data, how))
    response = dressed_response(gram, how)
    assert forced_response(gram, how, share) == pytest.approx(response, rel=1e-9, abs=1e-12)
    assert np.abs(response - response.T).max() > 0.01 * np.abs(response).max()


def test_small_steps_descend_the_trace_of_the_hessian() -> None:
    """The relative distance to −(η²σ²/4B)P₀∇tr H is of order η: halved with the step."""
    network, data = preset("paper-underdetermined", seed=3)
    j, x = jacobian(network, data), data.inputs
    slope = 2 / 5 * packed((network.first @ x @ x.T, np.square(x).sum() * network.second))
    slope -= j.T @ np.linalg.solve(network.gram(data), j @ slope)
    errors = []
    for step in (0.002, 0.001, 0.0005):
        closed = -(step**2 * 0.3**2 / 8) * slope
        bare = packed(trace_descent(network, data, sgd(step)))
        dressed = packed(slow_drift(network, data, sgd(step)))
        assert bare == pytest.approx(closed, rel=1e-9, abs=1e-18)
        errors.append(np.linalg.norm(dressed - closed) / np.linalg.norm(closed))
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.03)


def test_one_stiff_direction_is_bounded_up_to_the_edge_of_stability() -> None:
    at, data = LinearNetwork([[0.0]], [1.0]), LinearData([[1.0]], [0.0])
    held = stationary_residuals(at, data, sgd(1.99, 1, 1.0))
    assert held[0, 0] == pytest.approx(1.99 / 0.01)  # ησ²G/(2 − ηG)
    with pytest.raises(DomainError, match=r"smaller step or a larger batch; .* stiffness is 2\.01"):
        stationary_residuals(at, data, sgd(2.01, 1, 1.0))


def test_without_label_noise_nothing_moves() -> None:
    network, data = preset("paper-underdetermined", seed=4)
    assert not packed(slow_drift(network, data, sgd(noise=0.0))).any()


def test_questions_without_an_answer_are_refused() -> None:
    network, data = small()
    moved = LinearNetwork(network.first + 0.1, network.second)
    for law in (stationary_residuals, slow_drift, trace_descent):
        with pytest.raises(DomainError, match="residuals must vanish, as at a global minimum"):
            law(moved, data, sgd())
    many = teacher_data(2, 3, 0.0, seed=5)
    with pytest.raises(DomainError, match=r"P ≤ N_i; there are 3 patterns of 2 inputs"):
        slow_drift(global_minimum(many, 2, 1.0, seed=6), many, sgd())
    with pytest.raises(DomainError, match="at most the 3 patterns; it is 4"):
        balance_change(network, data, sgd(batch=4, replace=False))
    with pytest.raises(DomainError, match="step must be positive, batch a whole number from 1"):
        sgd(step=0.0)
    with pytest.raises(DomainError, match=r"they are 0\.1, 2\.5, 0\.3"):
        sgd(batch=2.5)
    with pytest.raises(DomainError, match="label_noise not negative"):
        sgd(noise=-1.0)
