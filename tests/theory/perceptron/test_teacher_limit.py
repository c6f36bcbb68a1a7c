import naive_temperature as naive
import numpy as np
import pytest

from entropic.theory.perceptron.saddle import saddle_limit, saddle_point
from entropic.theory.perceptron.teacher_limit import teacher_limit

MODELS = pytest.mark.parametrize("model", ["spherical", "binary"])


@MODELS
@pytest.mark.parametrize("kappa", [0.2, 1.0, 2.5])
def test_the_limit_solves_its_equations_by_adaptive_quadrature(model, kappa):
    assert teacher_limit(kappa, model) == pytest.approx(
        naive.teacher_limit(kappa, model), rel=1e-10
    )


@MODELS
def test_the_curve_of_saddle_points_runs_into_its_limit(model):
    kappa, short = 0.5, np.array([1e-3, 1e-4])
    found = saddle_point((1 - short) * teacher_limit(kappa, model), kappa, model, setting="teacher")
    gap = 2 * found.distance
    assert gap[1] / gap[0] == pytest.approx(0.1, rel=0.05)


@MODELS
def test_labels_help_and_small_margins_can_always_be_kept(model):
    kappa = np.array([1e-3, 0.1, 1.0, 3.0])
    limit = teacher_limit(kappa, model)
    assert (limit > saddle_limit(kappa, model)).all()
    assert (np.diff(limit) < 0).all()
    assert np.isinf(teacher_limit([-2.0, 0.0], model)).all()
    assert saddle_limit(kappa, model, "teacher").tolist() == limit.tolist()


def test_a_large_margin_leaves_the_labels_no_say():
    assert teacher_limit(300.0) == pytest.approx(saddle_limit(300.0), rel=1e-4)
    assert teacher_limit(np.ones((2, 3))).shape == (2, 3)
