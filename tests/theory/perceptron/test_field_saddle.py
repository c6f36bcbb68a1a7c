import numpy as np
import pytest

from entropic.theory.perceptron.binary import Binary
from entropic.theory.perceptron.field_saddle import FieldSaddle
from entropic.theory.perceptron.spherical import Spherical
from entropic.theory.perceptron.taught_pattern import Constraint
from entropic.theory.perceptron.weights_in_field import Sphere, Spins

PAIRS = pytest.mark.parametrize(("kind", "known"), [(Sphere, Spherical), (Spins, Binary)])


@PAIRS
@pytest.mark.parametrize("kappa", [-2.0, 0.0, 1.0])
def test_without_teacher_or_temperature_it_is_the_curve_of_storage(kind, known, kappa):
    x = np.linspace(-10, 25, 36)
    margin = np.full_like(x, kappa)
    found = FieldSaddle(kind, x, 0 * x, Constraint(margin, margin, "hard"))
    wanted = known(x, margin)
    load = wanted.load()
    assert found.load() == pytest.approx(load, rel=1e-13)
    assert found.load_growth() == pytest.approx(wanted.load_growth(), abs=1e-12)
    assert found.entropy(load) == pytest.approx(wanted.entropy(load), rel=1e-9, abs=1e-13)
    assert found.at_eigenvalue(load) == pytest.approx(wanted.at_eigenvalue(load), rel=1e-12)


@pytest.mark.parametrize("kind", [Sphere, Spins])
@pytest.mark.parametrize("cost", ["count", "hinge", "quadratic"])
@pytest.mark.parametrize("kappa", [-2.2, 0.0, 3.0])
def test_at_any_temperature_the_load_of_random_labels_rises_all_along_the_curve(kind, cost, kappa):
    x = np.linspace(-20, 20, 81)
    for beta in (1e-3, 1.0, 30.0, 1e6):
        o = np.ones_like(x)
        found = FieldSaddle(kind, x, 0 * x, Constraint(kappa * o, beta * o, cost))
        assert (found.load_growth() > 0).all()
        assert found.residual(found.load()).max() < 1e-11


@pytest.mark.parametrize("kind", [Sphere, Spins])
def test_the_growth_is_the_slope_of_the_load(kind):
    x, step = np.linspace(-6, 8, 15), 1e-5
    rest = 0 * x, Constraint(0.3 + 0 * x, 7 + 0 * x, "hinge")
    up, down = (np.log(FieldSaddle(kind, x + s, *rest).load()) for s in (step, -step))
    slope = (up - down) / (2 * step)
    assert FieldSaddle(kind, x, *rest).load_growth() == pytest.approx(slope, abs=1e-8)


def test_on_nishimoris_line_there_is_no_mismatch():
    x = np.linspace(-5, 3, 9)
    hard = Constraint(0 * x, 0 * x, "hard")
    spins = FieldSaddle(Spins, x, np.exp(x / 2), hard)
    sphere = FieldSaddle(Sphere, x, np.exp(x / 2), hard)  # γ² = q/(1 − q)
    assert spins.mismatch() == pytest.approx(np.zeros(9), abs=1e-11)
    assert sphere.mismatch() == pytest.approx(np.zeros(9), abs=1e-11)
