import numpy as np
import pytest

from entropic.theory import (
    AboveFloor,
    AboveMostNegative,
    DomainError,
    TopRank,
    WholeSpectrum,
    clean_eigenvalues,
)

VALUES = [3.0, 0.5, 0.2, 0.1, 0.0, -0.2]


@pytest.mark.parametrize(
    ("rule", "kept", "floor"),
    [
        (AboveMostNegative(), [3.0, 0.5, 0.2], 0.2),  # less than the magnitude is ignored
        (TopRank(2), [3.0, 0.5], 0.5),
        (AboveFloor(0.15), [3.0, 0.5, 0.2], 0.15),
    ],
)
def test_a_rule_keeps_what_it_says_and_reports_the_rest(rule, kept, floor):
    spectrum = clean_eigenvalues(np.random.default_rng(1).permutation(VALUES), rule)
    assert spectrum.eigenvalues.tolist() == kept
    assert spectrum.discarded.tolist() == VALUES[len(kept) :]
    assert (spectrum.floor, spectrum.rule) == (floor, rule.name)


def test_without_negative_eigenvalues_only_exact_zeros_are_noise():
    spectrum = clean_eigenvalues([1.0, 1e-18, 0.0], AboveMostNegative())
    assert spectrum.eigenvalues.tolist() == [1.0, 1e-18]
    assert spectrum.floor == 0.0


@pytest.mark.parametrize("rule", [AboveMostNegative(), TopRank(3)])
def test_units_do_not_change_what_is_kept_except_under_a_floor(rule):
    scaled = clean_eigenvalues(1e-3 * np.array(VALUES), rule)
    assert scaled.kept == clean_eigenvalues(VALUES, rule).kept
    floor = AboveFloor(0.15)
    assert clean_eigenvalues(VALUES, floor).kept == 3
    assert clean_eigenvalues(0.5 * np.array(VALUES), floor).kept == 2


def test_the_rank_agrees_with_any_other_rule_that_keeps_as_many():
    by_rank = clean_eigenvalues(VALUES, TopRank(3))
    for rule in (AboveMostNegative(), AboveFloor(0.2)):
        assert (clean_eigenvalues(VALUES, rule).eigenvalues == by_rank.eigenvalues).all()


def test_a_rule_without_meaning_is_refused():
    with pytest.raises(DomainError, match="rank must be a whole number from 1; it is 0"):
        TopRank(0)
    with pytest.raises(DomainError, match="rank must not exceed the 6 eigenvalues; it is 7"):
        clean_eigenvalues(VALUES, TopRank(7))
    with pytest.raises(DomainError, match="5 largest .* must be positive; only 4 are"):
        clean_eigenvalues(VALUES, TopRank(5))
    with pytest.raises(DomainError, match="floor must be a positive number; it is 0"):
        AboveFloor(0.0)
    with pytest.raises(DomainError, match="all eigenvalues must be positive; 2 of 6"):
        clean_eigenvalues(VALUES, WholeSpectrum())
    with pytest.raises(DomainError, match="must keep an eigenvalue; it drops all 6 below 4"):
        clean_eigenvalues(VALUES, AboveFloor(4.0))
    with pytest.raises(DomainError, match="'negative' must keep .* below 2, the largest is 1"):
        clean_eigenvalues([1.0, -2.0], AboveMostNegative())
