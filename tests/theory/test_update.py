import numpy as np
import pytest
from naive_updates import at_rest, baoab_at_rest
from scipy.integrate import quad

from entropic.theory import DomainError, Update
from entropic.theory.update import INTEGRATORS

UPDATES = [
    Update(),
    Update(0.3),
    Update(0.0, momentum=0.9),
    Update(0.3, momentum=0.5),
    Update(0.05, momentum=0.95),
    Update(0.3, integrator="heun"),
    Update(0.3, integrator="leimkuhler-matthews"),
    Update(0.3, integrator="exact"),
]
IDS = [f"{u.integrator}-{u.step}-{u.momentum}" for u in UPDATES]
HEAVY_AND_CALM = [0.0, 0.9]


def edge(update: Update) -> float:
    """The stiffness at which a plain walk with this step blows up."""
    rims = {"euler": 2.0, "heun": 2.0, "leimkuhler-matthews": 2.0, "exact": np.inf}
    rim = rims[update.integrator]
    return rim * (1 + update.momentum) / update.step if update.step else np.inf


@pytest.mark.parametrize("update", UPDATES, ids=IDS)
def test_two_directions_come_to_rest_where_the_lyapunov_equation_says(update):
    """A noise that they share, with the eigenvalues of the Hessian apart up to the edge."""
    top = min(0.97 * edge(update), 8.0)
    shared = np.array([[1.0, 0.6], [0.6, 0.8]])
    for g, h in ((0.3, 0.3), (0.2, 0.9 * top), (top, 0.4 * top)):
        law, push = at_rest(
            *(update.integrator, np.diag([g, h]), shared),
            *((update.step, update.momentum) if update.step else (0.0,)),
        )
        if not update.step:  # a vanishing step with momentum is a matter of the clock alone
            law, push = law * update.mobility, push * update.mobility
        pair = np.array([[g], [h]]), np.array([g, h])
        np.testing.assert_allclose(update.response(*pair) * shared, law, rtol=1e-9)
        np.testing.assert_allclose(update.push(*pair) * shared, push, rtol=1e-9)
        for i, alone in enumerate((g, h)):
            assert update.response(alone) == pytest.approx(law[i, i] / shared[i, i], rel=1e-9)
            assert update.push(alone) == pytest.approx(push[i, i] / shared[i, i], rel=1e-9)


@pytest.mark.parametrize("friction", [0.1, 1.0, 20.0])
def test_the_positions_of_baoab_are_right_at_any_step_and_friction(friction):
    for step in (0.1, 0.9, 1.9):
        found = Update(step, integrator="baoab").response(0.9)
        assert found * 0.4 == pytest.approx(baoab_at_rest(0.9, 0.4, step, friction), rel=1e-9)


@pytest.mark.parametrize("update", UPDATES, ids=IDS)
def test_what_white_and_aligned_noise_feel_are_the_integrals_of_the_push(update):
    for low, high in ((1e-3, 0.02), (0.5, 0.6), (0.1, min(5.0, 0.95 * edge(update)))):
        for feel, weight in ((update.white, lambda g: 1.0), (update.aligned, lambda g: g)):
            by_hand = quad(
                lambda g, weight=weight: weight(g) * float(update.push(g)), low, high, epsrel=1e-12
            )[0]
            assert feel(high) - feel(low) == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize("momentum", HEAVY_AND_CALM)
def test_a_vanishing_step_is_continuous_time_at_a_raised_temperature(momentum):
    g, h = np.array([0.5, 2.0]), np.array([3.0, 2.0])
    tiny, none = Update(1e-9, momentum), Update(0.0, momentum)
    for ask in ("response", "push"):
        np.testing.assert_allclose(getattr(tiny, ask)(g, h), getattr(none, ask)(g, h), rtol=1e-6)
        np.testing.assert_allclose(getattr(none, ask)(g, h), 2 / (g + h) / (1 - momentum))
    np.testing.assert_allclose(tiny.aligned(g), none.aligned(g), rtol=1e-6)
    np.testing.assert_allclose(none.aligned(g) * (1 - momentum), g)
    np.testing.assert_allclose(none.white(g) * (1 - momentum), np.log(g))


@pytest.mark.parametrize(
    ("integrator", "order"), [("euler", 1), ("heun", 2), ("leimkuhler-matthews", None)]
)
def test_each_integrator_has_its_order(integrator, order):
    gaps = [float(Update(h, integrator=integrator).response(2.0)) - 0.5 for h in (1e-3, 5e-4)]
    if order is None:
        assert gaps == pytest.approx([0, 0], abs=1e-15)
    else:
        assert np.log2(gaps[0] / gaps[1]) == pytest.approx(order, abs=0.01)


def test_heun_hands_out_too_little_and_pushes_as_much_too_hard():
    coarse = Update(0.5, integrator="heun")
    g = np.array([0.2, 1.0, 3.0])
    np.testing.assert_allclose(g * (coarse.response(g) + coarse.push(g)), 2, rtol=1e-14)
    assert np.all(coarse.response(g) < 1 / g)


def test_leimkuhler_matthews_is_exact_for_one_direction_but_not_for_two_that_share_a_noise():
    coarse = Update(0.5, integrator="leimkuhler-matthews")
    assert coarse.response(3.0) == pytest.approx(1 / 3)
    assert coarse.response(1.0, 3.0) == pytest.approx(0.4)  # (2 − 1)/(4 − 1.5), not 2/4


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_edge_of_stability_is_where_the_map_stops_to_contract(momentum):
    step = 0.1
    for stiffness, stable in ((0.999, True), (1.001, False)):
        g = stiffness * 2 * (1 + momentum) / step
        map_ = np.array([[1 - step * g, momentum], [-step * g, momentum]])
        assert (np.abs(np.linalg.eigvals(map_)).max() < 1) == stable
        if stable:
            assert Update(step, momentum).response(g) > 0
        else:
            with pytest.raises(DomainError, match="must stay below .*, the edge of stability"):
                Update(step, momentum).response(g)


def test_a_fast_direction_forgets_no_faster_than_its_momentum():
    update = Update(0.01, momentum=0.9)
    assert update.rate(np.array(0.1)) == pytest.approx(1.0)
    slowest = np.abs(np.linalg.eigvals([[1 - 1, 0.9], [-1, 0.9]])).max()
    assert update.rate(np.array(100.0)) == pytest.approx(-np.log(slowest) / 0.01)
    assert Update(0.01).rate(np.array(7.0)) == 7


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((-0.1,), "zero .continuous time. or positive; it is -0.1"),
        ((np.nan,), "it is nan"),
        ((np.inf,), "it is inf"),
        ((0.1, 1.0), "momentum must be from 0 to below 1; it is 1"),
        ((0.1, -0.1), "momentum must be from 0 to below 1; it is -0.1"),
        ((0.1, np.nan), "momentum must be from 0 to below 1"),
        ((0.1, 0.0, "rk4"), "integrator must be one of euler, heun, .*; it is 'rk4'"),
        ((0.1, 0.5, "heun"), "momentum goes with the euler integrator alone; this one is heun"),
    ],
)
def test_a_step_that_cannot_be_taken_is_refused(arguments, match):
    with pytest.raises(DomainError, match=match):
        Update(*arguments)


@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_only_the_exact_step_has_no_edge(integrator):
    update = Update(1.0, integrator=integrator)
    if integrator == "exact":
        assert update.response(100.0) == 0.01
        return
    must = "step.*2 . stiffness must stay below 4" if integrator == "baoab" else "below 2"
    for ask in (update.response, update.push, update.white, update.aligned):
        with pytest.raises(DomainError, match=f"{must}, the edge of stability; it reaches 100"):
            ask(100.0)


def test_two_directions_under_baoab_depend_on_the_friction():
    with pytest.raises(DomainError, match="depends on the friction"):
        Update(0.1, integrator="baoab").response(1.0, 2.0)


def test_a_stiffness_that_is_not_positive_is_refused():
    for g in (0.0, -1.0, -np.inf):
        for ask in (Update(0.1).response, Update(0.1).white, Update(0.1, integrator="heun").push):
            with pytest.raises(DomainError, match="stiffness must be positive and finite; it is"):
                ask(g)
