import numpy as np
import pytest
from scipy.special import log_ndtr

from entropic.theory.perceptron.held_pattern import Yielding, held_pattern

P, FREE, GAP, MARGINS = 0.5, 0.06, 0.69, (0.1, 0.5)
YIELDING = {"chi": 2.0, "tau": 0.8, "delta": 0.9}


def pattern(p=P, q=P * P + FREE, gap=None, margins=MARGINS, **moved):
    yielding = Yielding(**YIELDING | moved)
    return held_pattern(p, q - p * p, 1 - q if gap is None else gap, yielding, margins, 16)


def slope(name, at):
    step = 1e-4
    return (pattern(**{name: at + step}).value - pattern(**{name: at - step}).value) / (2 * step)


def test_pulls_are_the_slopes_by_how_far_a_group_yields():
    found = pattern()
    assert slope("chi", 2.0) == pytest.approx(0.5 * found.ref, rel=1e-7)
    assert slope("tau", 0.8) == pytest.approx(found.cross, rel=1e-7)
    assert slope("delta", 0.9) == pytest.approx(0.5 * found.square, rel=1e-7)
    assert slope("p", P) == pytest.approx(found.mixed, rel=1e-7)
    assert 2 * slope("q", P * P + FREE) == pytest.approx(found.stretch - found.square, rel=1e-6)


def test_the_maximum_is_the_one_of_a_grid():
    """Over Z′; the best X′ for it is known."""
    nodes, weight = np.polynomial.hermite_e.hermegauss(60)
    weight = np.outer(weight, weight).ravel() / (2 * np.pi)
    q, (kappa, kappa_ref) = P * P + FREE, MARGINS
    x, other = (part.ravel() for part in np.meshgrid(nodes, nodes, indexing="ij"))
    z = P * x + np.sqrt(q - P * P) * other
    inverse = np.linalg.inv([[2.0, 0.8], [0.8, 0.9]])
    moved = np.linspace(-1, 9, 2001)
    best = []
    for X, Z in zip(x, z, strict=True):
        high = moved
        low = np.maximum(0.8 / 0.9 * high, kappa_ref - X)
        cost = inverse[0, 0] * low**2 + 2 * inverse[0, 1] * low * high + inverse[1, 1] * high**2
        best.append((-0.5 * cost + log_ndtr((Z + high - kappa) / np.sqrt(1 - q))).max())
    assert pattern().value == pytest.approx(weight @ best, abs=2e-4)


def test_a_margin_that_is_no_hindrance_holds_nobody():
    found = pattern(margins=(0.1, -20.0))
    assert max(found.held, found.ref, found.cross, found.mixed) < 1e-100
    assert found.square == pytest.approx(pattern(margins=(0.1, -20.0), tau=0.1).square, rel=1e-12)


def test_the_higher_the_margin_the_more_patterns_hold_the_reference():
    held = [pattern(margins=(0.1, kappa_ref)).held for kappa_ref in (-1.0, 0.0, 1.0, 6.0)]
    assert np.diff(held).min() > 0
    assert held[-1] == pytest.approx(1.0, abs=1e-6)
