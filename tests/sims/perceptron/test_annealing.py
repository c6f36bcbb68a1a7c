import numpy as np
import pytest

from entropic.sims.perceptron.annealing import annealing, ladder
from entropic.sims.perceptron.integration import integration_points


def test_every_temperature_asked_for_is_a_rung_and_so_is_every_point():
    asked = np.array([np.inf, 0.5, 3.0])
    found = ladder(asked, 7)
    assert np.all(np.diff(found.beta[:-1]) > 0)
    np.testing.assert_array_equal(found.beta[found.asked], asked)
    np.testing.assert_array_equal(found.beta[found.points], integration_points(6.0, 7))
    assert len(found.beta) == 10


def test_a_ladder_ends_at_the_coldest_that_was_asked():
    assert ladder(np.array([2.0, 9.0]), 5).beta[-1] == 9
    assert ladder(np.array([np.inf, 9.0]), 5).beta[-2] == 9


@pytest.mark.parametrize("sweeps", [0, 1, 7, 100])
def test_the_way_down_takes_all_its_sweeps_and_ends_on_the_ladder(sweeps):
    beta = np.array([0.0, 0.4, 1.0, np.inf])
    stages = annealing(beta, sweeps)
    assert sum(length for _, length in stages) == sweeps
    np.testing.assert_array_equal(stages[0][0], 0 * np.ones(4))
    np.testing.assert_array_equal(stages[-1][0], beta)
    for (warm, _), (cold, _) in zip(stages, stages[1:], strict=False):
        assert np.all(warm <= cold)
