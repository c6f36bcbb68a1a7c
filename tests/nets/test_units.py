import torch

from entropic.nets.units import FIXED, ZERO, Units


def test_ties_are_transitive_and_a_fixed_unit_fixes_all_that_are_tied_to_it():
    units = Units()
    labels = units.new(5)
    units.tie(labels[:3], labels[1:4])
    assert units.roots(labels).tolist() == [1, 1, 1, 1, 5]
    units.tie(labels[3:4], torch.tensor([FIXED]))
    assert units.roots(labels).tolist() == [FIXED] * 4 + [5]


def test_padded_zeros_are_tied_to_nothing():
    units = Units()
    labels = units.new(2)
    units.tie(labels, torch.tensor([ZERO, ZERO]))
    assert units.roots(labels).tolist() == [1, 2]
    assert units.roots(torch.tensor([ZERO])).tolist() == [ZERO]


def test_one_unit_whose_sign_matters_speaks_for_all_that_are_tied_to_it():
    units = Units()
    labels = units.new(3)
    units.not_odd(labels[2:])
    assert [units.odd(i) for i in (1, 2, 3)] == [True, True, False]
    units.tie(labels[1:2], labels[2:])
    assert [units.odd(i) for i in (1, 2, 3)] == [True, False, False]
    assert not units.odd(FIXED)
