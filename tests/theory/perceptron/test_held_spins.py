import numpy as np
import pytest

from entropic.theory.perceptron.clones import log_2cosh
from entropic.theory.perceptron.held_spins import Hats, held_spins

HATS = {"ref": 0.4, "t": 0.2, "q": 1.2, "delta": 0.5, "pi": 0.3}


def spins(**moved):
    return held_spins(Hats(**HATS | moved), 16)


def slope(name):
    step = 1e-4
    up, down = (spins(**{name: HATS[name] + s}).value for s in (step, -step))
    return (up - down) / (2 * step)


def test_overlaps_are_the_slopes_by_their_conjugates():
    found = spins()
    assert 2 * slope("ref") == pytest.approx(found.yielding.chi, rel=1e-6)
    assert slope("t") == pytest.approx(found.yielding.tau, rel=1e-6)
    assert 2 * slope("q") == pytest.approx(found.gap + found.yielding.delta, rel=1e-6)
    assert 2 * slope("delta") == pytest.approx(1 - found.gap, rel=1e-6)
    assert slope("pi") == pytest.approx(1 - found.miss, rel=1e-6)


def test_the_maximum_is_the_one_of_a_grid():
    n, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = np.outer(weight, weight) / (2 * np.pi)
    B = np.sqrt(HATS["q"]) * n[:, None]
    A = HATS["t"] / HATS["q"] * B + np.sqrt(HATS["ref"] - HATS["t"] ** 2 / HATS["q"]) * n
    zeta = np.linspace(-5, 5, 1001)

    def group(field):
        lift = log_2cosh(field[..., None] + np.sqrt(HATS["delta"]) * zeta)
        return (lift - 0.5 * zeta**2).max(axis=-1)

    best = np.maximum(A + group(B + HATS["pi"]), group(B - HATS["pi"]) - A)
    # Hermite's nodes see the kink as wide as they are apart
    assert spins().value == pytest.approx((weight * best).sum(), abs=3e-3)


def test_fields_far_beyond_the_clones_leave_the_reference_to_itself():
    found = spins(ref=1e6, t=0.0, pi=0.1)
    assert found.miss > 0.9
    assert found.yielding.chi == pytest.approx(2 / np.sqrt(2 * np.pi * 1e6), rel=1e-4)
