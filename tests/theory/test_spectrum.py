import math

import numpy as np
import pytest
from scipy.sparse.linalg import ArpackNoConvergence

from entropic.theory import (
    AboveFloor,
    AboveMostNegative,
    DomainError,
    NotConverged,
    Spectrum,
    TopRank,
    WholeSpectrum,
    clean_eigenvalues,
    lanczos_spectrum,
    matrix_spectrum,
    operator_spectrum,
    symmetric_operator,
)


def rotated(values: np.ndarray, seed: int = 0) -> np.ndarray:
    """A full matrix with these eigenvalues."""
    normal = np.random.default_rng(seed).normal(size=(len(values), len(values)))
    turn = np.linalg.qr(normal)[0]
    return (turn * values) @ turn.T


VALUES = np.array([9.0, 4.0, 1.0, 0.25, 0.0, -0.5])


def test_the_log_determinant_is_that_of_the_matrix():
    rng = np.random.default_rng(2)
    factor = rng.normal(size=(20, 30))
    matrix = factor @ factor.T
    spectrum = matrix_spectrum(matrix, WholeSpectrum())
    assert spectrum.log_det.value == pytest.approx(np.linalg.slogdet(matrix)[1], rel=1e-12)
    assert spectrum.trace() == pytest.approx(np.trace(matrix), rel=1e-12)
    assert (spectrum.kept, spectrum.unseen, len(spectrum.discarded)) == (20, 0, 0)


def test_eigenvalues_matrix_and_operator_are_three_ways_to_one_spectrum():
    matrix = rotated(VALUES)
    ways = [
        clean_eigenvalues(VALUES, AboveMostNegative()),
        matrix_spectrum(matrix, AboveMostNegative()),
        operator_spectrum(symmetric_operator(lambda v: matrix @ v, 6), AboveMostNegative()),
    ]
    for spectrum in ways:
        assert spectrum.eigenvalues == pytest.approx([9, 4, 1], rel=1e-12)
        assert spectrum.floor == pytest.approx(0.5)
        assert spectrum.log_det.value == pytest.approx(math.log(36))


def test_lanczos_finds_the_largest_and_says_that_it_saw_no_others():
    values = np.concatenate([[50, 40, 40, 30], np.linspace(-1, 5, 196)])
    matrix = rotated(values)
    spectrum = lanczos_spectrum(symmetric_operator(lambda v: matrix @ v, 200), 4)
    assert spectrum.eigenvalues == pytest.approx([50, 40, 40, 30], rel=1e-12)
    assert (spectrum.unseen, spectrum.rule) == (196, "top")
    with pytest.raises(DomainError, match="trace needs all 200 eigenvalues; 196 were never"):
        spectrum.trace()


def test_a_large_operator_keeps_a_rank_and_refuses_other_rules():
    slope = np.linspace(1, 2, 3000)
    operator = symmetric_operator(lambda v: slope * v + 100 * v.mean(), 3000)
    spectrum = operator_spectrum(operator, TopRank(1))
    # one eigenvalue above the band: 1 = Σ (100/3000)/(λ − slope)
    assert (100 / 3000 / (spectrum.eigenvalues[0] - slope)).sum() == pytest.approx(1, rel=1e-10)
    with pytest.raises(DomainError, match="at most 2000 directions to be assembled; it has 3000"):
        operator_spectrum(operator, AboveMostNegative())


def test_a_scaled_hessian_adds_the_same_to_every_logarithm():
    spectrum = clean_eigenvalues(VALUES, AboveFloor(0.2))
    tripled = spectrum.scaled(3.0)
    again = clean_eigenvalues(3 * VALUES, AboveFloor(0.6))
    assert tripled.eigenvalues == pytest.approx(again.eigenvalues)
    assert tripled.discarded == pytest.approx(again.discarded)
    assert tripled.floor == pytest.approx(again.floor)
    gap = tripled.log_det.value - spectrum.log_det.value
    assert gap == pytest.approx(4 * math.log(3))


def test_fewer_of_the_kept_are_the_top_of_them():
    spectrum = clean_eigenvalues(VALUES, AboveFloor(0.2)).top(2)
    assert spectrum.eigenvalues.tolist() == [9, 4]
    assert spectrum.discarded.tolist() == [1, 0.25, 0, -0.5]
    with pytest.raises(DomainError, match="from 1 to the 2 that are kept; it is 3"):
        spectrum.top(3)


def test_spectra_are_read_only():
    spectrum = clean_eigenvalues(VALUES, TopRank(2))
    with pytest.raises(ValueError, match="read-only"):
        spectrum.eigenvalues[0] = 1.0


def test_numbers_without_meaning_are_refused(monkeypatch):
    with pytest.raises(DomainError, match=r"at least one number; their shape is \(0,\)"):
        clean_eigenvalues([], WholeSpectrum())
    with pytest.raises(DomainError, match="finite numbers; 1 of 2 are not"):
        clean_eigenvalues([1.0, np.nan], WholeSpectrum())
    with pytest.raises(DomainError, match=r"must be symmetric; its elements \(0, 1\)"):
        matrix_spectrum([[1.0, 2.0], [0.0, 1.0]], WholeSpectrum())
    with pytest.raises(
        DomainError, match="must keep positive, finite numbers; it keeps 2 from 0 to 1"
    ):
        Spectrum(np.array([1.0, 0.0]), 2, 0.0, np.empty(0), "none")
    with pytest.raises(DomainError, match="not be below the number of known eigenvalues, 3"):
        Spectrum(np.array([1.0, 0.5]), 2, 0.0, np.zeros(1), "none")
    with pytest.raises(DomainError, match="factor of a Hessian must be a positive number"):
        clean_eigenvalues(VALUES, TopRank(2)).scaled(0.0)
    operator = symmetric_operator(lambda v: v, 4)
    with pytest.raises(DomainError, match="from 1 to N - 1 = 3 eigenvalues; it was asked for 4"):
        lanczos_spectrum(operator, 4)

    def give_up(*_, **__):
        msg = "no"
        raise ArpackNoConvergence(msg, np.array([2.0]), np.zeros((4, 1)))

    monkeypatch.setattr("entropic.theory.spectrum.eigsh", give_up)
    with pytest.raises(NotConverged, match="found 1 of 2 eigenvalues before its limit") as lost:
        lanczos_spectrum(operator, 2)
    assert lost.value.found.tolist() == [2.0]
