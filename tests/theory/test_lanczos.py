import numpy as np
import pytest

from entropic.theory import DomainError, most_negative_eigenvalue, symmetric_operator
from entropic.theory.lanczos import recurrence


def turned(values: np.ndarray) -> np.ndarray:
    size = (len(values), len(values))
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=size))[0]
    return (turn * values) @ turn.T


def test_the_recurrence_makes_a_matrix_tridiagonal():
    """Its powers have the start vector's mean (v₁, Hᵏ v₁) as the matrix has them."""
    matrix, start = turned(np.linspace(-1, 2, 30)), np.ones(30)
    operator = symmetric_operator(lambda v: matrix @ v, 30)
    diagonal, beside = recurrence(operator, start, np.empty((30, 0)), 6)
    small = np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1)
    for power in range(12):  # moments 0 … 2m − 1
        ours = np.linalg.matrix_power(small, power)[0, 0]
        theirs = start @ np.linalg.matrix_power(matrix, power) @ start / 30
        assert ours == pytest.approx(theirs, rel=1e-11)


def test_a_lonely_negative_eigenvalue_is_found():
    matrix = turned(np.concatenate([[-0.7], np.linspace(0, 3, 99)]))
    found = most_negative_eigenvalue(symmetric_operator(lambda v: matrix @ v, 100))
    assert found.value == pytest.approx(-0.7, rel=1e-10)
    assert found.error < 1e-10


def test_the_end_of_a_crowd_is_met_from_inside_and_within_its_scale():
    values = np.concatenate([[90.0, 5.0], 1e-5 * np.random.default_rng(4).normal(size=398)])
    matrix = turned(values)
    found = most_negative_eigenvalue(symmetric_operator(lambda v: matrix @ v, 400))
    assert values.min() - 1e-12 <= found.value < 0.9 * values.min()
    assert np.abs(values - found.value).min() <= found.error + 1e-12


def test_a_rough_ritz_value_says_how_far_an_eigenvalue_may_be():
    values = np.linspace(-1, 3, 200)
    matrix = turned(values)
    operator = symmetric_operator(lambda v: matrix @ v, 200)
    rough, fine = (most_negative_eigenvalue(operator, steps) for steps in (4, 60))
    for found in (rough, fine):
        assert found.value >= -1 - 1e-12
        assert np.abs(values - found.value).min() <= found.error + 1e-12
    assert np.abs(values - rough.value).min() > 1e-3
    assert fine.error < 0.1 * rough.error


def test_too_few_steps_are_refused():
    with pytest.raises(DomainError, match="at least 2 steps; they are 1"):
        most_negative_eigenvalue(symmetric_operator(lambda v: v, 3), steps=1)
