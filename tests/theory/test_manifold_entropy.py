import math

import numpy as np
import pytest

from entropic.theory import (
    DomainError,
    LinearData,
    LinearNetwork,
    TopRank,
    global_minimum,
    hessian,
    hessian_entropy,
    hessian_operator,
    hessian_trace,
    log_det_parts,
    matrix_spectrum,
    minimum_spectrum,
    operator_spectrum,
    preset,
    rank_one_log_det,
    rank_one_minimum,
    symmetric_operator,
    teacher_data,
)

SHAPES = [(3, 2, 5), (5, 4, 2), (1, 1, 1), (4, 3, 4)]  # N_i, N_h, P


def loss(weights: np.ndarray, shape: tuple[int, int], data: LinearData) -> float:
    first, second = weights[: shape[0] * shape[1]].reshape(shape), weights[shape[0] * shape[1] :]
    return float(((second @ first @ data.inputs - data.targets) ** 2).mean() / 2)


def by_differences(network: LinearNetwork, data: LinearData) -> np.ndarray:
    """∇∇L from the loss alone, a polynomial: what is left is of order width²."""
    at, width = np.concatenate([network.first.ravel(), network.second]), 1e-3
    steps = width * np.eye(len(at))

    def at_shift(shift: np.ndarray) -> float:
        return loss(at + shift, network.first.shape, data)

    corners = [
        [at_shift(a + b) - at_shift(a - b) - at_shift(b - a) + at_shift(-a - b) for b in steps]
        for a in steps
    ]
    return np.array(corners) / (4 * width**2)


def random_network(hidden: int, inputs: int, seed: int) -> LinearNetwork:
    rng = np.random.default_rng(seed)
    return LinearNetwork(rng.normal(size=(hidden, inputs)), rng.normal(size=hidden))


def white_data(inputs: int, patterns: int, strength: float, seed: int) -> LinearData:
    """XXᵀ/P = strength within the span of the patterns."""
    rng = np.random.default_rng(seed)
    left, _, right = np.linalg.svd(rng.normal(size=(inputs, patterns)), full_matrices=False)
    return LinearData(math.sqrt(strength * patterns) * left @ right, rng.normal(size=patterns))


@pytest.mark.parametrize(("inputs", "hidden", "patterns"), SHAPES)
def test_the_hessian_is_the_second_derivative_of_the_loss_everywhere(inputs, hidden, patterns):
    data = teacher_data(inputs, patterns, 0.3, seed=1)
    network = random_network(hidden, inputs, seed=2)
    exact = hessian(network, data)
    assert np.abs(exact - by_differences(network, data)).max() < 1e-5
    assert np.trace(exact) == pytest.approx(hessian_trace(network, data))
    products = hessian_operator(network, data).matmat(np.eye(len(exact)))
    assert np.abs(products - exact).max() < 1e-13


@pytest.mark.parametrize(("inputs", "hidden", "patterns"), SHAPES)
def test_at_a_minimum_a_small_matrix_has_all_the_curvature(inputs, hidden, patterns):
    data = teacher_data(inputs, patterns, 0.3, seed=3)
    network = global_minimum(data, hidden, 1.7, seed=4)
    spectrum = minimum_spectrum(network, data)
    rank = min(inputs, patterns)
    full = matrix_spectrum(hessian(network, data), TopRank(rank))
    assert spectrum.eigenvalues == pytest.approx(full.eigenvalues, rel=1e-10)
    assert np.abs(full.discarded).max(initial=0) < 1e-12
    assert (spectrum.kept, spectrum.dim) == (rank, hidden * (inputs + 1))
    if patterns >= inputs:  # the number of zeros, section "Entropy in deep linear networks"
        assert len(spectrum.discarded) == hidden * (inputs + 1) - inputs
    assert sum(log_det_parts(network, data)) == pytest.approx(float(spectrum.log_det.value))


def test_the_operator_gives_the_same_entropy_at_the_size_of_the_paper():
    network, data = preset("paper-underdetermined", seed=0)
    operator = hessian_operator(network, data)
    by_products = operator_spectrum(operator, TopRank(5))
    checked = symmetric_operator(operator.matvec, 77)
    for spectrum in (by_products, operator_spectrum(checked, TopRank(5))):
        expected = hessian_entropy(minimum_spectrum(network, data)).value
        assert hessian_entropy(spectrum).value == pytest.approx(float(expected), rel=1e-10)


@pytest.mark.parametrize("patterns", [3, 9])
def test_white_patterns_show_the_singular_values_of_the_first_layer(patterns):
    data = white_data(5, patterns, 0.7, seed=5)
    network = global_minimum(data, 4, 2.0, seed=6)
    span = data.inputs @ np.linalg.pinv(data.inputs)
    squares = np.linalg.svd(network.first @ span, compute_uv=False) ** 2
    rank = min(5, patterns)
    padded = np.zeros(rank)
    padded[: min(4, rank)] = squares[: min(4, rank)]
    expected = 0.7 * (network.second @ network.second + np.sort(padded)[::-1])
    assert minimum_spectrum(network, data).eigenvalues == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("balance", [-6.0, -0.5, 0.0, 2.0, 40.0])
def test_along_the_balance_the_log_determinant_has_a_closed_form(shape, balance):
    inputs, hidden, patterns = shape
    data = teacher_data(inputs, patterns, 0.3, seed=7)
    network = rank_one_minimum(data, hidden, balance)
    assert network.balance() == pytest.approx(balance, abs=1e-12)
    full = matrix_spectrum(hessian(network, data), TopRank(min(inputs, patterns)))
    assert rank_one_log_det(data, balance) == pytest.approx(float(full.log_det.value), rel=1e-8)


def test_no_minimum_of_the_same_second_layer_is_wider_than_that_of_rank_one():
    data = teacher_data(5, 3, 0.2, seed=8)
    for seed in range(10):
        network = global_minimum(data, 4, 1.5, seed)
        norm = float(network.second @ network.second)
        fit = data.targets @ np.linalg.pinv(data.inputs)
        balance = norm - float(fit @ fit) / norm
        mine = minimum_spectrum(network, data).log_det.value
        assert mine > rank_one_log_det(data, balance)


def test_the_chain_is_widest_in_balance_and_infinitely_narrow_at_both_ends():
    """λ = Σ √(b² + 4w²): eq. (23) with w₁w₂ = w; the paper's text has the ends infinitely wide."""
    data = LinearData([[2.0]], [3.0])
    for balance in (-50.0, 0.0, 3.0):
        expected = math.log(4 * math.hypot(balance, 3.0))
        assert rank_one_log_det(data, balance) == pytest.approx(expected)
    heights = [rank_one_log_det(data, b) for b in (-1e8, -1, 0, 1, 1e8)]
    assert heights[0] > heights[1] > heights[2] < heights[3] < heights[4]
    assert heights[1] == pytest.approx(heights[3])
    assert min(heights[0], heights[4]) > 19  # ln 4e8


@pytest.mark.parametrize(("rank", "bounded"), [(2, True), (3, False), (4, False)])
def test_with_more_directions_white_noise_finds_no_widest_minimum_but_the_trace_does(rank, bounded):
    data = teacher_data(6, rank, 0.1, seed=9)
    balances = -np.geomspace(1e-2, 1e6, 60)
    heights = np.array([rank_one_log_det(data, b) for b in balances])
    assert (np.diff(heights) < 0).all()
    assert bool(abs(heights[-1] - heights[-20]) < 0.01) is bounded
    wide = np.sinh(np.linspace(-15, 15, 61))
    traces = [hessian_trace(rank_one_minimum(data, 2, float(b)), data) for b in wide]
    assert 0 < int(np.argmin(traces)) < len(wide) - 1


def test_the_slope_in_the_balance_is_what_the_closed_form_says():
    """−2N ds/db = (r − 1)/R + b/R², R² = b² + 4|ŵ|²: no zero for r ≥ 2."""
    data = teacher_data(6, 3, 0.1, seed=10)
    fit = data.targets @ np.linalg.pinv(data.inputs)
    for b in (-3.0, 0.5):
        root = math.sqrt(b * b + 4 * fit @ fit)
        slope = (rank_one_log_det(data, b + 1e-5) - rank_one_log_det(data, b - 1e-5)) / 2e-5
        assert slope == pytest.approx(2 / root + b / root**2, rel=1e-7)


def test_places_and_data_without_an_answer_are_refused():
    data = teacher_data(3, 5, 0.3, seed=1)
    away = random_network(2, 3, seed=2)
    with pytest.raises(DomainError, match="global minimum has no back-propagated error"):
        minimum_spectrum(away, data)
    with pytest.raises(DomainError, match="global minimum has no back-propagated error"):
        log_det_parts(away, data)
    nothing = LinearData([[1.0]], [0.0])
    with pytest.raises(DomainError, match="second layer must not vanish"):
        minimum_spectrum(LinearNetwork([[1.0]], [0.0]), nothing)
    with pytest.raises(DomainError, match="fit of the targets must not be zero"):
        rank_one_minimum(nothing, 1, 0.0)
    with pytest.raises(DomainError, match="fit of the targets must not be zero"):
        rank_one_log_det(nothing, 0.0)
    with pytest.raises(DomainError, match="at least one hidden unit; hidden = 0"):
        rank_one_minimum(data, 0, 0.0)
    with pytest.raises(
        DomainError, match=r"balance must be a number from -1e\+100 to 1e\+100; it is nan"
    ):
        rank_one_log_det(data, math.nan)
    far = rank_one_minimum(data, 2, -1e20)
    with pytest.raises(DomainError, match="within double precision; these span more than 1e30"):
        minimum_spectrum(far, data)
    with pytest.raises(DomainError, match="patterns must not all be zero"):
        minimum_spectrum(LinearNetwork([[1.0]], [1.0]), LinearData([[0.0]], [0.0]))


def test_far_from_balance_small_eigenvalues_keep_their_digits():
    data = teacher_data(5, 3, 0.2, seed=11)
    for balance in (-1e9, 1e9):
        spectrum = minimum_spectrum(rank_one_minimum(data, 2, balance), data)
        expected = rank_one_log_det(data, balance)
        assert float(spectrum.log_det.value) == pytest.approx(expected, rel=1e-8)


def test_patterns_of_another_size_are_refused():
    with pytest.raises(DomainError, match="patterns must have 1 inputs like the network; they hav"):
        hessian(LinearNetwork([[1.0]], [1.0]), LinearData([[1.0], [0.0]], [3.0]))
