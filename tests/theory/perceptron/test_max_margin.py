import mpmath as mp
import numpy as np
import pytest
from scipy.optimize import brentq

from entropic.theory.errors import DomainError
from entropic.theory.perceptron.capacity import capacity
from entropic.theory.perceptron.max_margin import max_margin
from entropic.theory.perceptron.saddle import saddle_point

KAPPA = np.array([-5.0, -2.0, -0.5, -0.01, 0.0, 0.01, 0.5, 1.0, 3.0, 15.0])
MODELS = pytest.mark.parametrize("model", ["spherical", "binary"])


@MODELS
def test_there_and_back_again_is_the_same_margin(model):
    alpha = capacity(KAPPA, model).alpha
    found = max_margin(alpha, model)
    assert found.converged.all()
    assert found.kappa_max == pytest.approx(KAPPA, rel=1e-12, abs=1e-12)
    assert capacity(found.kappa_max, model).alpha == pytest.approx(alpha, rel=1e-12)


@MODELS
def test_the_uncertainty_covers_the_way_back(model):
    found = max_margin(capacity(KAPPA, model).alpha, model)
    assert (np.abs(found.kappa_max - KAPPA) <= found.uncertainty).all()
    assert (found.uncertainty < 1e-11).all()


@pytest.mark.parametrize("alpha", [0.05, 0.5, 1.5, 2.0, 6.0])
def test_spherical_margins_solve_the_integral_with_many_digits(alpha):
    def excess(k):
        return 1 / ((1 + k**2) * mp.ncdf(k) + k * mp.npdf(k)) - alpha

    with mp.workdps(30):
        exact = mp.findroot(excess, (-2, 6), solver="anderson", tol=1e-24)
    assert max_margin(alpha).kappa_max == pytest.approx(float(exact), abs=1e-13)


@pytest.mark.parametrize("alpha", [0.3, 0.6, 1.2])
def test_binary_entropy_vanishes_at_the_largest_margin(alpha):
    found = float(max_margin(alpha, "binary").kappa_max)

    def entropy(kappa):
        return saddle_point(alpha, kappa, "binary").entropy

    root = brentq(entropy, found - 0.1, found + 0.05, xtol=1e-13)
    assert found == pytest.approx(root, abs=1e-10)


def test_few_patterns_leave_a_margin_of_one_over_the_root_of_the_load():
    """Orthogonal patterns: w = Σ ξ κ/√N has |w|² = κ² α N."""
    alpha = np.array([1e-3, 1e-5])
    assert max_margin(alpha).kappa_max * np.sqrt(alpha) == pytest.approx([1, 1], rel=1e-3)


def test_more_patterns_leave_less_margin():
    for model in ("spherical", "binary"):
        assert (np.diff(max_margin(np.linspace(0.1, 5, 60), model).kappa_max) < 0).all()


def test_spherical_margins_above_a_load_of_two_are_bounds_and_say_so():
    found = max_margin([[1.0, 2.0], [2.1, 5.0]])
    assert found.stable.tolist() == [[True, True], [False, False]]
    assert (np.char.find(found.reason[1], "upper bound") > 0).all()
    assert (found.reason[0] == "").all()
    # full breaking at that margin stores fewer patterns than the load asked for
    assert capacity(found.kappa_max[1], ansatz="frsb").alpha[1] < 5.0
    assert max_margin([0.5, 5.0], "binary").stable.all()


def test_no_loads_have_no_margins():
    assert max_margin([]).kappa_max.shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((0.5, "symmetric"), "model must be 'spherical' or 'binary'; it is 'symmetric'"),
        (([0.5, 0.0],), "alpha must lie from 9.99999e-07 to .* for spherical weights; it is 0"),
        ((-1.0,), "it is -1"),
        ((np.nan,), "it is nan"),
        ((1e-4, "binary"), "alpha must lie from 0.00101689 to 7.0257e.08 for binary weights"),
    ],
)
def test_what_has_no_answer_is_refused(arguments, match):
    with pytest.raises(DomainError, match=match):
        max_margin(*arguments)
