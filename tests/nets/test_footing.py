"""The nearest segment among few against a search over all of them."""

import numpy as np
import pytest

from entropic.nets.footing import Footing
from entropic.theory import Path


@pytest.mark.parametrize("beads", [2, 5, 80])
@pytest.mark.parametrize("far", [0.01, 0.3, 30.0])
@pytest.mark.parametrize("replicas", [1, 70])
def test_it_is_the_nearest_of_all_segments(beads, far, replicas):
    rng = np.random.default_rng(beads)
    turns = rng.normal(size=(beads, 40))
    path = Path(5 + np.cumsum(turns, axis=0) if beads < 80 else 5 + turns)  # a tangle
    s = rng.uniform(0, path.length, replicas)
    s[0] = path.length
    moved = path.at(s) + far * rng.normal(size=(replicas, 40))
    footing = Footing(path)
    np.testing.assert_allclose(footing.project(moved, s), path.project(moved), atol=1e-9)


def test_few_segments_are_tried_where_nobody_went_far():
    path = Path(np.cumsum(np.random.default_rng(0).normal(size=(60, 30)), axis=0))
    asked = []

    class Counting(Footing):
        def _foot(self, beads, j):
            asked.append(len(j))
            return super()._foot(beads, j)

    s = np.linspace(0.4, 0.5, 8) * path.length
    moved = path.at(s) + 0.01
    np.testing.assert_allclose(Counting(path).project(moved, s), path.project(moved), atol=1e-9)
    assert asked[0] == 59
    assert asked[1] < 12


def test_a_point_of_the_path_stays_where_it_is():
    path = Path(np.cumsum(np.random.default_rng(1).normal(size=(9, 30)), axis=0))
    s = np.concatenate([path.arc, path.arc[:-1] + 0.1])
    np.testing.assert_allclose(Footing(path).project(path.at(s), s), s, atol=1e-9)
