"""Streams of noise: of nobody but their own, and minibatches uniform over all subsets."""

from itertools import combinations

import numpy as np

from entropic.nets.draws import HELD, Streams, minibatch_indices, normals, shuffled


def test_a_replica_draws_the_same_whoever_is_drawn_beside_it():
    streams = Streams(5)
    alone = minibatch_indices(20, 4, 3, streams.of(np.array([7]), 2))
    beside = minibatch_indices(20, 4, 3, streams.of(np.array([1, 7, 9]), 2))
    assert np.array_equal(alone[:, 0], beside[:, 1])
    for other in (Streams(6).of(np.array([7]), 2), streams.of(np.array([7]), 3),
                  streams.of(np.array([8]), 2), streams.of(np.array([7]), 2, HELD)):  # fmt: skip
        assert not np.array_equal(alone, minibatch_indices(20, 4, 3, other))


def test_minibatches_are_uniform_over_all_subsets():
    picks = minibatch_indices(5, 3, 10_000, Streams(0).of(np.arange(2), 0)).reshape(-1, 3)
    assert picks.min() == 0
    assert picks.max() == 4
    found = [tuple(row) for row in np.sort(picks, axis=1).tolist()]
    subsets = list(combinations(range(5), 3))
    counts = np.array([found.count(subset) for subset in subsets])
    assert counts.sum() == len(found) == 20_000
    expected = len(found) / len(subsets)
    chi_square = ((counts - expected) ** 2 / expected).sum()
    assert chi_square < 9 + 4 * 18**0.5  # 9 degrees of freedom


def test_a_batch_of_all_samples_is_all_samples():
    picks = minibatch_indices(6, 6, 4, Streams(1).of(np.arange(3), 0))
    assert np.array_equal(np.sort(picks, axis=2), np.broadcast_to(np.arange(6), (4, 3, 6)))


def test_shuffles_and_normal_numbers_are_of_each_replica_by_itself():
    generators = Streams(0).of(np.arange(3), 1)
    order = shuffled(9, generators)
    assert np.array_equal(np.sort(order, axis=1), np.tile(np.arange(9), (3, 1)))
    assert len(np.unique(order, axis=0)) == 3
    numbers = normals(40_000, generators)
    assert abs(numbers.mean(axis=1)).max() < 4 / 200
    assert abs(numbers.var(axis=1) - 1).max() < 4 * (2 / 40_000) ** 0.5
    assert abs(np.corrcoef(numbers)[np.triu_indices(3, 1)]).max() < 4 / 200
