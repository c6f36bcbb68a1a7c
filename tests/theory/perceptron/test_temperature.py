import naive_perceptron as slow
import naive_temperature as naive
import numpy as np
import pytest

from entropic.theory.perceptron.saddle import critical_capacity, saddle_point

ENERGIES = pytest.mark.parametrize("energy", ["count", "hinge", "quadratic"])
MODELS = pytest.mark.parametrize("model", ["spherical", "binary"])
ALPHA, KAPPA, BETA = 1.3, 0.4, 5.0  # for hard constraints too many


@ENERGIES
def test_the_free_entropy_of_the_sphere_is_the_functional_and_stationary(energy):
    found = saddle_point(ALPHA, KAPPA, energy=energy, beta=BETA)
    q, step = float(found.q), 2e-3 * float(1 - found.q)
    rest = ALPHA, KAPPA, BETA, energy
    at = [naive.spherical_functional(q + s, 0.0, *rest) for s in (-step, 0, step)]
    assert found.free_entropy == pytest.approx(at[1], rel=1e-10)
    curvature = (at[0] - 2 * at[1] + at[2]) / step**2
    assert abs(at[2] - at[0]) / (2 * step) < 1e-4 * abs(curvature)


@ENERGIES
def test_the_free_entropy_of_spins_is_the_functional_and_stationary(energy):
    found = saddle_point(ALPHA, KAPPA, "binary", energy=energy, beta=BETA)
    q, q_hat, rest = float(found.q), float(found.q_hat), (ALPHA, KAPPA, BETA, energy)
    assert found.free_entropy == pytest.approx(
        naive.binary_functional(q, 0.0, q_hat, 0.0, *rest), rel=1e-10, abs=1e-11
    )
    for dq, dh in ((1e-4, 0.0), (0.0, 1e-4)):
        up, down = (
            naive.binary_functional(q + s * dq, 0.0, q_hat + s * dh, 0.0, *rest) for s in (1, -1)
        )
        assert abs(up - down) / 2e-4 < 1e-6


@MODELS
@ENERGIES
def test_energy_and_entropy_are_slopes_of_the_free_entropy_in_the_temperature(model, energy):
    beta, step = np.array([0.3, 4.0, 50.0]), 1e-4
    found = saddle_point(ALPHA, KAPPA, model, energy=energy, beta=beta)
    up, down = (
        saddle_point(ALPHA, KAPPA, model, energy=energy, beta=beta * (1 + s)).free_entropy
        for s in (step, -step)
    )
    assert found.energy == pytest.approx(-(up - down) / (2 * step * beta), rel=1e-6)
    assert found.free_entropy == pytest.approx(found.entropy - beta * found.energy, abs=1e-13)


@MODELS
def test_the_rate_of_errors_of_a_hinge_is_the_slope_in_the_margin(model):
    # ∂v/∂κ = Θ(κ − Δ)
    step = 1e-4
    found = saddle_point(ALPHA, KAPPA, model, energy="hinge", beta=BETA)
    up, down = saddle_point(
        ALPHA, KAPPA + step * np.array([1, -1]), model, energy="hinge", beta=BETA
    ).free_entropy
    assert found.error_rate == pytest.approx(-(up - down) / (2 * step * BETA * ALPHA), rel=1e-6)


@MODELS
def test_counted_errors_are_the_energy(model):
    found = saddle_point(ALPHA, KAPPA, model, beta=[0.5, 3.0])
    assert found.error_rate == pytest.approx(found.energy / ALPHA, rel=1e-13)


@MODELS
@ENERGIES
def test_one_more_pattern_costs_its_mean_log_f(model, energy):
    step = 1e-4
    q = float(saddle_point(ALPHA, KAPPA, model, energy=energy, beta=BETA).q)
    up, down = saddle_point(
        ALPHA + step * np.array([1, -1]), KAPPA, model, energy=energy, beta=BETA
    ).free_entropy
    wanted = naive.log_fraction(q, 0.0, KAPPA, BETA, energy)
    assert (up - down) / (2 * step) == pytest.approx(wanted, rel=1e-7)


@MODELS
@ENERGIES
def test_below_capacity_the_cold_is_the_hard_constraint(model, energy):
    alpha = 0.5 * critical_capacity(KAPPA, model)
    hard = saddle_point(alpha, KAPPA, model)
    cold = saddle_point(alpha, KAPPA, model, energy=energy, beta=1e12)
    for name in ("q", "entropy", "free_entropy", "at_eigenvalue"):
        assert getattr(cold, name) == pytest.approx(getattr(hard, name), rel=3e-6)
    if energy == "count":  # e^{−β} at once
        known = saddle_point(alpha, KAPPA, model, beta=40.0)
        assert known.free_entropy == pytest.approx(hard.entropy, rel=1e-10)


@pytest.mark.parametrize("share", [1.5, 4.0])
def test_above_capacity_the_quadratic_ground_state_is_known(share):
    # ½(√(α/α_c) − 1)² per weight: q → 1 turns the saddle into α/α_c = (1 + 1/β(1 − q))²
    found = saddle_point(share * critical_capacity(KAPPA), KAPPA, energy="quadratic", beta=1e9)
    assert found.energy == pytest.approx(0.5 * (np.sqrt(share) - 1) ** 2, rel=1e-7)


@ENERGIES
def test_hot_weights_do_not_feel_the_patterns(energy):
    # φ = φ₀ − βα⟨v⟩, over Δ of a standard normal
    beta = 1e-5
    found = saddle_point(ALPHA, KAPPA, energy=energy, beta=beta)
    wanted = slow.over_normal(lambda z: naive.COSTS[energy](KAPPA - z), KAPPA, 1e-3)
    assert found.energy / ALPHA == pytest.approx(wanted, rel=1e-4)
    assert found.free_entropy == pytest.approx(-beta * ALPHA * wanted, rel=1e-4)


@MODELS
@ENERGIES
def test_the_equations_hold_to_1e_12_from_hot_to_cold_and_from_few_to_many(model, energy):
    alpha = np.array([1e-200, 1e-6, 0.1, 1.0, 2.1, 50.0])[:, None, None]
    kappa, beta = np.array([-2.2, 0.0, 1.0, 3.0])[:, None], np.array([1e-6, 0.1, 5, 1e3, 1e6, 1e12])
    found = saddle_point(alpha, kappa, model, energy=energy, beta=beta)
    assert found.converged.all()
    assert found.residual.max() < 1e-12
    assert (found.reason == "").all()


@MODELS
def test_the_at_eigenvalue_multiplies_curvatures_of_ln_f_and_of_the_weights(model):
    found = saddle_point(ALPHA, KAPPA, model, energy="hinge", beta=BETA)
    q, q_hat = float(found.q), float(found.q_hat)
    weights = (1 - q) ** 2
    if model == "binary":
        weights = naive.field_average(lambda h: np.cosh(h) ** -4, q_hat, 0.0)
    patterns = ALPHA * naive.curvature_squared(q, 0.0, KAPPA, BETA, "hinge")
    assert found.at_eigenvalue == pytest.approx(patterns * weights, rel=1e-6)


@MODELS
def test_temperatures_and_the_hard_constraint_mix_in_one_question(model):
    found = saddle_point(0.2, [[0.0], [0.5]], model, energy="hinge", beta=[1.0, np.inf, 20.0])
    assert found.q.shape == (2, 3)
    assert found.energy[:, 1].tolist() == [0, 0]
    alone = saddle_point(0.2, 0.5, model)
    assert found.entropy[1, 1] == pytest.approx(alone.entropy, rel=1e-13)


@pytest.mark.slow
@ENERGIES
def test_summing_over_all_spins_gives_the_free_entropy(energy):
    """(1/N)⟨ln Σ e^{−βE}⟩ over samples at N = 9, 12, 18, and its line in 1/N."""
    rng, rows = np.random.default_rng(3), []
    alpha, kappa, beta = 1.0, 0.2, 2.0
    for n, samples in ((9, 4000), (12, 2000), (18, 250)):
        w = 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1) - 1
        logs = []
        for _ in range(samples):
            short = kappa - w @ rng.normal(size=(n, round(alpha * n))) / np.sqrt(n)
            weight = -beta * naive.COSTS[energy](short).sum(axis=1)
            logs.append((weight.max() + np.log(np.exp(weight - weight.max()).sum())) / n)
        rows.append((1 / n, np.mean(logs), np.std(logs) / np.sqrt(samples)))
    inverse, mean, error = np.array(rows).T
    fit, cov = np.polyfit(inverse, mean, 1, w=1 / error, cov="unscaled")
    found = saddle_point(alpha, kappa, "binary", energy=energy, beta=beta).free_entropy
    assert abs(fit[1] - found) < 4 * np.sqrt(cov[1, 1])
    assert np.sqrt(cov[1, 1]) < 0.02
