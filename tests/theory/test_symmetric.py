import numpy as np
import pytest

from entropic.theory import DomainError, symmetric_operator
from entropic.theory.symmetric import assembled, check_symmetric


def test_an_assembled_operator_is_its_matrix():
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(300, 300))  # more columns than one block
    matrix += matrix.T
    operator = symmetric_operator(lambda v: matrix @ v, 300)
    assert np.abs(assembled(operator) - matrix).max() < 1e-12


def test_rounding_passes_for_symmetric_and_anything_larger_does_not():
    matrix = np.array([[1.0, 2.0], [2.0 + 1e-9, 1.0]])
    check_symmetric(matrix, 1e-8)
    with pytest.raises(DomainError, match=r"elements \(0, 1\) and \(1, 0\) are 2 and 2"):
        check_symmetric(matrix, 1e-10)


def test_operators_without_meaning_are_refused():
    with pytest.raises(DomainError, match="must be symmetric; xHy = "):
        symmetric_operator(lambda v: np.roll(v, 1), 5)
    with pytest.raises(DomainError, match=r"must be 3 real numbers; it is float64 of \(2,\)"):
        symmetric_operator(lambda v: v[:2], 3)
    with pytest.raises(DomainError, match=r"must be 3 real numbers; it is complex128"):
        symmetric_operator(lambda v: 1j * v, 3)
    with pytest.raises(DomainError, match="must be finite numbers"):
        symmetric_operator(lambda v: v * np.nan, 3)
    with pytest.raises(DomainError, match="whole number of directions from 1; dim is 0"):
        symmetric_operator(lambda v: v, 0)


def test_matrices_without_meaning_are_refused():
    with pytest.raises(DomainError, match=r"must be a square matrix; its shape is \(2, 3\)"):
        check_symmetric(np.zeros((2, 3)), 1e-8)
    with pytest.raises(DomainError, match="finite numbers; 1 of 4 are not"):
        check_symmetric(np.array([[1.0, 0.0], [0.0, np.inf]]), 1e-8)
