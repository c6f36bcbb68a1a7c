import pytest

from entropic.theory.perceptron import held_reference as held_module
from entropic.theory.perceptron.held_reference import held_reference
from entropic.theory.perceptron.many_clones import best_binary, best_spherical

FREE = {"binary": best_binary, "spherical": best_spherical}
MODELS = pytest.mark.parametrize("model", FREE)


@MODELS
def test_a_margin_that_is_no_hindrance_leaves_the_best_reference_of_all(model, monkeypatch):
    """By equations of its own, which are else not asked."""
    monkeypatch.setattr(held_module, "UNHELD", 0.0)
    held, free = held_reference(model, 0.8, 0.4, (0.0, -3.0), 14), FREE[model](0.8, 0.4, 0.0, 14)
    assert held.local == pytest.approx(free.local, abs=1e-11)
    assert held.q == pytest.approx(free.q, abs=1e-11)
    assert held.yielding.delta == pytest.approx(free.delta, rel=1e-9)
    assert held.held < 1e-200


@MODELS
def test_the_slope_is_that_of_the_curve(model):
    """Only where φ is stationary in all but the distance."""
    step = 2e-4
    middle, load, margin = (0.75, 0.4, 0.5) if model == "binary" else (0.85, 1.0, 0.4)
    near, here, far = (
        held_reference(model, p, load, (0.0, margin), 14)
        for p in (middle + step, middle, middle - step)
    )
    assert here.slope == pytest.approx((far.local - near.local) / step, rel=1e-5)
    assert here.held > 1e-3


@MODELS
def test_the_local_entropy_falls_with_the_load_and_with_the_margin(model):
    loads = (0.3, 0.4, 0.45) if model == "binary" else (0.8, 0.9, 1.0)
    local = [held_reference(model, 0.8, a, (0.0, 0.3), 14).local for a in loads]
    assert local[0] > local[1] > local[2]
    local = [held_reference(model, 0.85, loads[1], (0.0, m), 14).local for m in (0.2, 0.3, 0.4)]
    assert local[0] > local[1] > local[2]


@MODELS
def test_the_finer_rule_agrees(model):
    rough, fine = (held_reference(model, 0.7, 0.4, (0.1, 0.3), order) for order in (12, 20))
    assert rough.local == pytest.approx(fine.local, abs=1e-10)
    assert fine.residual < 1e-9
