import numpy as np
import pytest

from entropic.theory.perceptron.anderson import fixed_point


def test_a_slow_linear_map_is_solved_in_as_many_steps_as_it_has_directions():
    matrix = np.diag([0.999, 0.9, -0.8])
    shift = np.array([1.0, 2.0, 3.0])
    calls = []

    def step(x):
        calls.append(1)
        return matrix @ x + shift

    x, move = fixed_point(step, np.zeros(3), 1e-9)
    assert x == pytest.approx(np.linalg.solve(np.eye(3) - matrix, shift), rel=1e-6)
    assert move <= 1e-9
    assert len(calls) < 8


def test_a_repelling_fixed_point_is_found_too():
    x, _ = fixed_point(lambda x: 2.5 * x * (1 - x) + 0 * x, np.array([0.3]), 1e-12)
    assert x == pytest.approx([0.6], abs=1e-10)


def test_it_comes_back_from_where_there_is_no_number():
    with np.errstate(invalid="ignore"):
        x, move = fixed_point(lambda x: np.sqrt(2.0 - x), np.array([-30.0]), 1e-12)
    assert x == pytest.approx([1.0], abs=1e-10)
    assert move <= 1e-12


def test_a_start_without_numbers_is_said():
    assert fixed_point(lambda x: x * np.nan, np.ones(2), 1e-9)[1] == np.inf


def test_what_does_not_rest_says_how_far_it_moves():
    _, move = fixed_point(lambda x: x + 1, np.zeros(1), 1e-9, rounds=7)
    assert move == pytest.approx(1.0)
