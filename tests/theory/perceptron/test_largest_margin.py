import numpy as np
import pytest

from entropic.theory.errors import DomainError
from entropic.theory.perceptron.binary import critical_capacity
from entropic.theory.perceptron.largest_margin import largest_margin
from entropic.theory.perceptron.saddle import saddle_point


@pytest.mark.parametrize("alpha", [0.02, 0.1, 0.5, 0.8, 2.0, 40.0])
def test_it_is_the_inverse_of_the_capacity_and_leaves_no_entropy(alpha):
    kappa = largest_margin(alpha)
    assert critical_capacity(kappa) == pytest.approx(alpha, rel=1e-11)
    assert abs(saddle_point(alpha, kappa, "binary").entropy) < 1e-10


def test_more_patterns_leave_smaller_margins():
    margins = [largest_margin(alpha) for alpha in (0.1, 0.3, 0.6, 0.9)]
    assert (np.diff(margins) < 0).all()
    assert margins[2] > 0 > margins[3]


def test_at_the_capacity_of_zero_margin_it_is_zero():
    assert abs(largest_margin(float(critical_capacity(0.0)))) < 1e-12


@pytest.mark.parametrize("alpha", [0.0, -1.0, np.nan, 1e12])
def test_loads_beyond_every_margin_are_refused(alpha):
    with pytest.raises(DomainError, match="alpha must lie between .* it is"):
        largest_margin(alpha)
