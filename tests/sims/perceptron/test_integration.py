import numpy as np
import pytest

from entropic.sims.perceptron.integration import integration_points, thermodynamic_integration
from entropic.theory import DomainError, NotConverged, saddle_point


@pytest.mark.parametrize("model", ["binary", "spherical"])
@pytest.mark.parametrize("setting", ["storage", "teacher"])
@pytest.mark.parametrize("energy", ["count", "hinge", "quadratic"])
def test_the_energies_of_a_saddle_point_integrate_to_its_entropy(model, setting, energy):
    names = {"model": model, "setting": setting, "energy": energy}
    for alpha, kappa in ((0.4, 0.0), (0.4, 0.5)):
        beta = integration_points(5.0)
        saddle = saddle_point(alpha, kappa, **names, beta=np.maximum(beta, 1e-6))
        found = thermodynamic_integration(beta, [saddle.energy] * 2, model)
        np.testing.assert_allclose(found.entropy.value, saddle.entropy, atol=1e-5)
        np.testing.assert_allclose(found.free_entropy.value, saddle.free_entropy, atol=1e-5)


def test_between_the_points_entropies_are_as_good():
    beta, at = integration_points(5.0), np.array([0.3, 1.7, 4.0])
    energy = saddle_point(0.5, model="binary", beta=np.maximum(beta, 1e-6)).energy
    wanted = saddle_point(0.5, model="binary", beta=at)
    found = thermodynamic_integration(beta, [energy] * 2, "binary", at, [wanted.energy] * 2)
    np.testing.assert_allclose(found.entropy.value, wanted.entropy, atol=1e-5)


def test_the_error_of_the_quadrature_is_announced():
    for number in (6, 8, 10):
        beta = integration_points(8.0, number)
        energy = 3 / (1 + 5 * np.exp(3 * beta))
        found = thermodynamic_integration(beta, [energy] * 2, "spherical")
        truth = np.log((5 + np.exp(-3 * beta)) / 6)
        miss = abs(found.free_entropy.value - truth)
        assert miss.max() < 2 * found.quadrature
    assert found.quadrature < 1e-3


def test_points_too_few_for_the_bends_of_the_energy_are_refused():
    """A gap of 3 opens late: five points are too few for it; noise is not taken for bends."""
    beta = integration_points(50.0, 5)
    energy = 3 / (1 + 5 * np.exp(3 * beta))
    with pytest.raises(NotConverged, match="5 points up to beta = 50 must leave") as caught:
        thermodynamic_integration(beta, [energy] * 2, "spherical")
    assert caught.value.found.quadrature > 0.01
    thermodynamic_integration(beta, np.array([[3.0], [-1.0]]) * energy, "spherical")


def test_errors_are_those_of_whole_curves():
    rng = np.random.default_rng(4)
    beta = integration_points(3.0)
    tilt = 1 + 0.1 * rng.standard_normal(500)[:, None]  # every curve is too high or too low
    found = thermodynamic_integration(beta, tilt * np.exp(-beta), "spherical")
    expected = 0.1 / np.sqrt(500) * (1 - np.exp(-3.0))
    assert found.free_entropy.error[-1] == pytest.approx(expected, rel=0.15)
    np.testing.assert_allclose(found.free_entropy_by_sample.mean(axis=0), found.free_entropy.value)


def test_the_points_lie_thicker_where_the_energy_falls():
    points = integration_points(100.0, 9)
    assert points[0] == 0
    assert points[-1] == 100
    np.testing.assert_allclose(np.diff(np.log1p(points))[::-1], np.diff(np.log1p(points)))


@pytest.mark.parametrize(
    ("beta", "number", "what"),
    [
        (np.inf, 8, "a finite positive beta; it is inf"),
        (0.0, 8, "a finite positive beta; it is 0"),
        (1.0, 3, "at least 4 points; there are 3"),
    ],
)
def test_points_that_make_no_sense_are_refused(beta, number, what):
    with pytest.raises(DomainError, match=what):
        integration_points(beta, number)


def test_energies_that_do_not_fit_are_refused():
    beta = integration_points(2.0)
    with pytest.raises(DomainError, match=r"energies must be \(samples, betas\)"):
        thermodynamic_integration(beta, np.ones((3, 7)), "binary")
    with pytest.raises(DomainError, match="numbers that rise from 0"):
        thermodynamic_integration(beta[1:], np.ones((3, 7)), "binary")
    with pytest.raises(DomainError, match="known from beta = 0 to 2; 3 was wanted"):
        thermodynamic_integration(beta, np.ones((3, 8)), "binary", [3.0], np.ones((3, 1)))
