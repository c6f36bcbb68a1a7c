import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from convolving import convolving_problem, some_points
from landscapes import small_problem

from entropic.nets import evaluate, evaluate_path
from entropic.nets.losses import correct
from entropic.nets.path_evaluation import PathEvaluation
from entropic.theory import DomainError


def test_every_network_of_the_path_is_evaluated_with_statistics_of_its_own():
    problem = convolving_problem()
    problem = replace(
        problem, metric=correct, test=(problem.inputs.flip(0) * 1.3, problem.targets.flip(0))
    )
    points = some_points(problem, 3)
    found = evaluate_path(problem, points, 1)
    middle = 0.5 * (points[1] + points[2])
    test = evaluate(problem, middle, "test")
    assert found.metric[3] == evaluate(problem, middle).metric
    assert (found.test_loss[3], found.test_metric[3]) == (test.loss, test.metric)
    assert found.metric.shape == (5,)


def test_the_drop_of_a_metric_is_measured_from_the_worse_end():
    rows = ([0.9, 0.4, 1.0], [1.0, 3.0, 2.0], [0.8, 0.7, 0.6])
    found = PathEvaluation(*(np.array(row) for row in rows))
    assert found.metric_drop == pytest.approx(0.5)
    assert found.test_barrier == pytest.approx(1.0)
    assert found.test_metric_drop == 0


def test_what_a_problem_does_not_have_is_no_number():
    problem, seen = small_problem(), []
    found = evaluate_path(problem, some_points(problem, 2), 0, seen.append)
    assert np.isnan(found.metric).all()
    assert math.isnan(found.test_barrier)
    assert seen == [0.5, 1.0]


def test_a_path_of_another_model_is_refused():
    with pytest.raises(DomainError, match=r"points \(n >= 2, 31\), .*; they are \(3, 5\)"):
        evaluate_path(small_problem(), torch.zeros(3, 5))
