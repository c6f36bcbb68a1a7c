import numpy as np
import pytest
from scipy.special import gamma

from entropic.theory import (
    DomainError,
    Modes,
    NotConverged,
    constant,
    lattice_potential,
    marginal_potential,
    modes_potential,
    surface,
)

Y = np.linspace(-0.5, 0.5, 3)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_a_valley_of_turning_axes_feels_its_log_determinant(k):
    root = np.random.default_rng(k).standard_normal((k, k))

    def hessian(y):
        return root @ root.T + np.exp(y) * np.eye(k)

    def energy(x, y):
        away = x - np.sin(y)
        return y**2 + 0.5 * np.einsum("im,ij,jm->m", away, hessian(y), away)

    found = lattice_potential(energy, 0.3, Y, np.ones(k))
    exact = Y**2 + [0.15 * np.linalg.slogdet(hessian(y))[1] for y in Y]
    np.testing.assert_allclose(found.value, exact, atol=1e-11)
    modes = Modes(constant(0.0), hessian, lambda y: 0.3 * np.eye(k))
    work = np.diff(modes_potential(modes, Y).value)
    np.testing.assert_allclose(np.diff(found.value - Y**2), work, atol=1e-10)


def test_one_direction_is_the_marginal():
    v = surface("x**4/4 + y*x**2/2 + exp(x*y)")
    found = lattice_potential(lambda x, y: v(x[0], y), 0.2, Y, [0.0])
    exact = marginal_potential(v, 0.2, Y).potential
    np.testing.assert_allclose(found.value, exact.value, atol=1e-10)


def test_a_round_quartic_in_three_directions():
    """∫ exp(−r⁴) d³x = 4π ∫ r² exp(−r⁴) dr = π Γ(3/4); no curvature at its floor."""
    found = lattice_potential(lambda x, y: 0.2 * (x**2).sum(axis=0) ** 2, 0.2, [0.0], [0.1, 0, 0])
    exact = 0.3 * np.log(2 * np.pi * 0.2) - 0.2 * np.log(np.pi * gamma(0.75))
    assert found.value[0] == pytest.approx(exact, abs=1e-9)


def test_a_mexican_hat_is_counted_all_around():
    """V = (r² − 1)²/4 in two directions: ∫ = π √(πT) erfc(−1/(2√T))."""
    from scipy.special import erfc

    found = lattice_potential(
        lambda x, y: ((x**2).sum(axis=0) - 1) ** 2 / 4, 0.05, [0.0], [1.0, 0.2]
    )
    mass = np.pi * np.sqrt(np.pi * 0.05) * erfc(-1 / (2 * np.sqrt(0.05)))
    exact = 0.05 * np.log(2 * np.pi * 0.05) - 0.05 * np.log(mass)
    assert found.value[0] == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize(
    ("energy", "start", "match"),
    [
        (lambda x, y: x[0], [0.0, 0.0], "must rise by 40 temperatures on all sides"),
        (lambda x, y: np.sqrt(1 - x[0] ** 2 - x[1] ** 2), [0.0, 0.0], "must be defined around"),
        (lambda x, y: np.log(x[0]), [-1.0, 0.0], "must be finite at the start"),
        (lambda x, y: x[0] ** 2, [[0.0]], "must be one place in x"),
    ],
)
def test_what_a_lattice_cannot_hold_is_refused(energy, start, match):
    with pytest.raises(DomainError, match=match):
        lattice_potential(energy, 0.1, [0.0], start)


def test_kinks_settle_slowly_and_say_so():
    with pytest.raises(NotConverged, match="points give the potential at y = 0 to no") as lost:
        lattice_potential(lambda x, y: np.abs(x).sum(axis=0), 0.3, [0.0], [0.1, 0.2])
    found = lost.value.found
    exact = 0.3 * np.log(2 * np.pi * 0.3) - 0.6 * np.log(0.6)
    assert abs(found.value[0] - exact) < 3 * found.error[0] < 0.1
