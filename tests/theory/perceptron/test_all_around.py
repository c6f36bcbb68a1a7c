import numpy as np
import pytest

from entropic.theory import saddle_point
from entropic.theory.perceptron.all_around import all_around
from entropic.theory.perceptron.many_clones import best_binary, best_spherical

MODELS = pytest.mark.parametrize("model", ["binary", "spherical"])


@MODELS
@pytest.mark.parametrize("margin", [0.1, 0.3])
def test_there_are_at_most_as_many_as_solutions_of_their_margin(model, margin):
    """Most are at one distance, where leaning costs nothing; there, all are counted."""
    entropy = float(saddle_point(0.4, margin, model).entropy)
    p = np.linspace(0.22, 0.34, 7)
    left = np.array([all_around(model, x, 0.4, (0.0, margin), 10).external for x in p])
    assert (left < entropy).all()
    top = np.polyfit(p, left, 6)
    roots = np.roots(np.polyder(top))
    best = next(x.real for x in roots if abs(x.imag) < 1e-9 and p[0] < x.real < p[-1])
    assert np.polyval(top, best) == pytest.approx(entropy, abs=1e-6)


def test_a_margin_that_is_no_hindrance_leaves_references_that_only_lean():
    for model, best in (("binary", best_binary), ("spherical", best_spherical)):
        free, held = best(0.4, 0.4, 0.0, 14), all_around(model, 0.4, 0.4, (0.0, -3.0), 14)
        assert held.external == pytest.approx(free.external, abs=1e-8)
        assert held.q_ref == pytest.approx(free.q_ref, abs=1e-8)
        assert held.local == free.local


@MODELS
def test_without_all_solutions_there_is_nothing_to_see(model):
    assert all_around(model, 0.3, 5.0, (0.0, 0.0), 10) is None
    assert all_around(model, 0.99, 0.4, (0.0, 0.0), 10) is None
