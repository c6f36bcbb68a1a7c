import numpy as np
import pytest

from entropic.theory.deep_linear import (
    PRESETS,
    LinearData,
    LinearNetwork,
    flattest_trace,
    global_minimum,
    hessian_trace,
    preset,
    teacher_data,
)
from entropic.theory.errors import DomainError


def packed(network: LinearNetwork) -> np.ndarray:
    return np.concatenate([network.first.ravel(), network.second])


def gradient(weights: np.ndarray, shape: tuple[int, int], data: LinearData) -> np.ndarray:
    first, second = weights[: shape[0] * shape[1]].reshape(shape), weights[shape[0] * shape[1] :]
    error = (second @ first @ data.inputs - data.targets) @ data.inputs.T / data.patterns
    return np.concatenate([np.outer(second, error).ravel(), first @ error])


def hessian(network: LinearNetwork, data: LinearData) -> np.ndarray:
    """Central differences of the gradient, a cubic: the error is of order width²."""
    at, shape, width = packed(network), network.first.shape, 1e-5
    shifts = width * np.eye(len(at))
    rows = [gradient(at + s, shape, data) - gradient(at - s, shape, data) for s in shifts]
    return np.array(rows) / (2 * width)


def random_network(hidden: int, inputs: int, seed: int) -> LinearNetwork:
    rng = np.random.default_rng(seed)
    return LinearNetwork(rng.normal(size=(hidden, inputs)), rng.normal(size=hidden))


@pytest.mark.parametrize(("inputs", "hidden", "patterns"), [(3, 2, 5), (5, 4, 2), (1, 1, 1)])
def test_the_trace_formula_holds_at_any_point_of_the_landscape(
    inputs: int, hidden: int, patterns: int
) -> None:
    data = teacher_data(inputs, patterns, 0.3, seed=1)
    for seed in range(3):
        network = random_network(hidden, inputs, seed)
        by_differences = np.trace(hessian(network, data))
        assert hessian_trace(network, data) == pytest.approx(by_differences, rel=1e-8)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_at_a_minimum_the_gram_matrix_holds_the_stiffness_and_all_else_is_flat(name: str) -> None:
    network, data = preset(name, seed=3)
    stiff = min(data.inputs.shape)
    expected = np.sort(np.linalg.eigvalsh(network.gram(data)) / data.patterns)[-stiff:]
    found = np.sort(np.linalg.eigvalsh(hessian(network, data)))
    assert found[-stiff:] == pytest.approx(expected, rel=1e-7)
    assert np.abs(found[:-stiff]).max() < 1e-8  # N_h(N_i + 1) − N_i of them if P ≥ N_i


def test_the_chain_has_the_published_stiffness() -> None:
    """λ₁ = (w₂² + w₁²)σˣ and λ₂ = 0, below eq. (23); σˣ = 4 for the one pattern x = 2."""
    network, data = LinearNetwork([[0.5]], [3.0]), LinearData([[2.0]], [3.0])
    assert np.linalg.eigvalsh(hessian(network, data)) == pytest.approx([0, 37], abs=1e-7)


def test_a_random_minimum_fits_with_the_asked_imbalance() -> None:
    data = teacher_data(6, 3, 0.1, seed=4)
    network = global_minimum(data, 4, 2.5, seed=5)
    span = data.inputs @ np.linalg.pinv(data.inputs)
    ratio = np.linalg.norm(network.second) / np.linalg.norm(network.first @ span)
    assert np.abs(network.residuals(data)).max() < 1e-12
    assert ratio == pytest.approx(2.5)


def test_with_many_patterns_all_minima_are_the_least_squares_fit() -> None:
    data = teacher_data(3, 12, 0.5, seed=6)
    x, y = data.inputs, data.targets
    network = global_minimum(data, 4, 3.0, seed=7)
    assert network.second @ network.first == pytest.approx(y @ x.T @ np.linalg.inv(x @ x.T))


def test_the_gradient_never_points_along_the_balance() -> None:
    """Which is eq. (28): gradient flow conserves b, from wherever it starts."""
    data, network = teacher_data(4, 7, 0.2, seed=8), random_network(3, 4, seed=9)
    slope = 2 * np.concatenate([-network.first.ravel(), network.second])
    downhill = gradient(packed(network), network.first.shape, data)
    assert abs(slope @ downhill) < 1e-14 * np.linalg.norm(slope) * np.linalg.norm(downhill)


def test_the_balance_is_the_trace_of_its_matrix() -> None:
    network = random_network(3, 4, seed=10)
    direct = np.square(network.second).sum() - np.square(network.first).sum()
    assert network.balance() == pytest.approx(direct)
    assert np.trace(network.balance_matrix()) == pytest.approx(direct)


@pytest.mark.parametrize("patterns", [3, 20])
def test_no_minimum_is_flatter_than_the_flattest_and_one_is_as_flat(patterns: int) -> None:
    data = teacher_data(5, patterns, 0.2, seed=11)
    traces = [
        hessian_trace(global_minimum(data, 4, imbalance, seed), data)
        for seed, imbalance in enumerate(np.geomspace(0.2, 5, 20))
    ]
    assert min(traces) > flattest_trace(data)
    fit = data.targets @ np.linalg.pinv(data.inputs)
    norm = np.linalg.norm(fit @ data.inputs) / np.linalg.norm(data.inputs)  # |W₂|² there
    flat = LinearNetwork([fit / np.sqrt(norm)], [np.sqrt(norm)])
    assert hessian_trace(flat, data) == pytest.approx(flattest_trace(data))


def test_data_and_networks_are_read_only_and_repeat_with_their_seed() -> None:
    network, data = preset("paper-underdetermined", seed=0)
    again, _ = preset("paper-underdetermined", seed=0)
    other, _ = preset("paper-underdetermined", seed=1)
    assert (network.first == again.first).all()
    assert (network.first != other.first).all()
    assert network.first.shape == (7, 10)
    assert data.inputs.shape == (10, 5)
    with pytest.raises(ValueError, match="read-only"):
        network.first[0, 0] = 1.0


def test_shapes_and_numbers_without_meaning_are_refused() -> None:
    with pytest.raises(DomainError, match=r"inputs must be \(N_i, P\) and targets \(P,\)"):
        LinearData([[1.0, 2.0]], [1.0])
    with pytest.raises(DomainError, match="must be finite numbers; some are not"):
        LinearData([[1.0, np.nan]], [1.0, 2.0])
    with pytest.raises(DomainError, match=r"first layer must be \(N_h, N_i\)"):
        LinearNetwork([[1.0, 2.0]], [1.0, 2.0])
    with pytest.raises(DomainError, match="at least one input, one pattern"):
        teacher_data(0, 3, 0.1, seed=0)
    with pytest.raises(DomainError, match="hidden must be at least 1 and imbalance positive"):
        global_minimum(LinearData([[1.0]], [1.0]), 1, 0.0, seed=0)
    with pytest.raises(DomainError, match="preset must be one of .*paper-underdetermined"):
        preset("deep", seed=0)
