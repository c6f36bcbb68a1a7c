import numpy as np
import pytest

from entropic.sims.perceptron.cost import cost, floors, pull

GRID = np.linspace(-3, 3, 61) + 1e-3


@pytest.mark.parametrize("energy", ["hinge", "quadratic"])
def test_the_pull_is_minus_the_slope_of_the_cost(energy: str) -> None:
    slope = (cost(GRID + 1e-5, 0.3, energy) - cost(GRID - 1e-5, 0.3, energy)) / 2e-5
    assert pull(GRID, 0.3, energy) == pytest.approx(-slope, abs=1e-9)


@pytest.mark.parametrize("energy", ["count", "hinge", "quadratic"])
def test_a_floor_lies_below_a_stability_as_often_as_boltzmann_weighs_it(energy: str) -> None:
    """What makes Boltzmann's weight of the constraint: from Δ, a Δ′ is held back rightly.

    The chance that a floor drawn at Δ leaves room for Δ′ is exp(−β(v(Δ′) − v(Δ))₊).
    """
    rng, n, beta, kappa = np.random.default_rng(1), 200_000, 1.7, 0.4
    for here, there in [(1.0, -0.5), (-0.2, -0.9), (-0.9, -0.2), (0.6, 2.0)]:
        low = floors(rng, np.full(n, here), kappa, beta, energy)
        gap = cost(np.array([there]), kappa, energy) - cost(np.array([here]), kappa, energy)
        expected = float(np.exp(-beta * max(gap.item(), 0.0)))
        error = np.sqrt(expected * (1 - expected) / n)
        assert (low <= here).all()
        assert abs((low <= there).mean() - expected) <= 4 * error


def test_the_constraint_has_its_margin_for_a_floor_and_freedom_none() -> None:
    rng = np.random.default_rng(0)
    assert (floors(rng, GRID, 0.3, np.inf, "hinge") == 0.3).all()
    assert (floors(rng, GRID, 0.3, 0.0, "hinge") == -np.inf).all()
