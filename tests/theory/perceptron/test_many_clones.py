import numpy as np
import pytest

from entropic.theory import large_deviation_entropy, saddle_point
from entropic.theory.perceptron.many_clones import best_binary, best_spherical

BINARY = [(0.9, 0.4, 0.0), (0.5, 0.4, 0.0), (0.8, 0.7, -0.3)]


@pytest.mark.parametrize(("p", "alpha", "kappa"), BINARY)
def test_many_clones_tend_to_infinitely_many(p, alpha, kappa):
    """φ(y) = φ∞ − c/y² and Σ(y) = Σ∞ + 2c/y, since dΣ/dy = −y dφ/dy."""
    best = best_binary(p, alpha, kappa, 16)
    many = large_deviation_entropy((1 - p) / 2, alpha, kappa, y=[1000.0, 2000.0])
    local = (4 * many.local_entropy[1] - many.local_entropy[0]) / 3
    assert best.local == pytest.approx(local, abs=3e-8)
    external = 2 * many.external_entropy[1] - many.external_entropy[0]
    assert best.external == pytest.approx(external, abs=2e-4)
    assert best.q == pytest.approx(float(many.q[1]), abs=2e-4)


def test_many_spherical_clones_tend_to_infinitely_many():
    best = best_spherical(0.5, 0.4, 0.0, 16)
    many = large_deviation_entropy(0.25, 0.4, 0.0, y=[1000.0, 2000.0, 4000.0], model="spherical")
    short = best.local - many.local_entropy
    assert (short > 0).all()
    # -Σ grows like ½ ln y per weight: dΦ is short of it by about 1/(2y)
    assert short[2] == pytest.approx(0.5 * short[1], rel=0.1)
    assert short[2] < 1.5e-4


@pytest.mark.parametrize("solve", [best_binary, best_spherical])
def test_the_finer_rule_agrees(solve):
    rough, fine = (solve(0.9, 0.4, 0.2, order) for order in (14, 20))
    assert rough.local == pytest.approx(fine.local, abs=1e-10)
    assert rough.residual < 1e-9


def test_beyond_the_best_reference_of_all_many_have_all_solutions_around_them():
    typical = saddle_point(0.4, 0.0, "binary")
    z, weight = np.polynomial.hermite_e.hermegauss(200)
    tanh = np.tanh(np.sqrt(typical.q_hat) * z)
    weight = weight / np.sqrt(2 * np.pi)
    farthest = weight @ np.abs(tanh)
    assert best_binary(0.99 * farthest, 0.4, 0.0, 14).local == typical.entropy
    nearer = best_binary(1.02 * farthest, 0.4, 0.0, 14)
    assert typical.entropy - 1e-3 < nearer.local < typical.entropy
    # references w̃ of overlap p with the mean solution, for a small p: ½ p²/q short of ln 2
    p = 0.01
    assert np.log(2) - best_binary(p, 0.4, 0.0, 14).external == pytest.approx(
        0.5 * p**2 / float(typical.q), rel=1e-3
    )
    sphere = saddle_point(0.4)
    assert best_spherical(0.3, 0.4, 0.0, 14).local == sphere.entropy
    assert best_spherical(1.001 * np.sqrt(sphere.q), 0.4, 0.0, 14).local < sphere.entropy


def test_without_patterns_every_reference_is_best():
    assert best_binary(0.5, 0.01, 0.0, 14).local == pytest.approx(
        -0.25 * np.log(0.25) - 0.75 * np.log(0.75), abs=1e-5
    )
    assert best_spherical(0.6, 0.1, -1.0, 14).local == pytest.approx(np.log(0.8), abs=1e-4)
