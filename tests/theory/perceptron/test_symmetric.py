import mpmath as mp
import numpy as np
import pytest

from entropic.theory.errors import DomainError
from entropic.theory.perceptron.saddle import critical_capacity, saddle_limit, saddle_point


def test_the_capacity_is_one_bit_over_the_surprise_of_a_pattern():
    for kappa in (0.1, 1.0, 3.0, 8.0):
        with mp.workdps(40):
            wanted = -mp.log(2) / mp.log(1 - mp.erfc(mp.mpf(kappa) / mp.sqrt(2)))
        assert critical_capacity(kappa, "symmetric") == pytest.approx(float(wanted), rel=1e-13)


def test_without_room_there_is_no_capacity():
    assert critical_capacity(0.0, "symmetric") == 0
    assert np.isnan(critical_capacity(-1.0, "symmetric"))


def test_the_entropy_vanishes_at_capacity():
    kappa = np.array([0.3, 1.0, 2.5])
    found = saddle_point(critical_capacity(kappa, "symmetric"), kappa, "symmetric")
    assert found.entropy == pytest.approx(np.zeros(3), abs=1e-14)
    beyond = saddle_point(1.01 * critical_capacity(kappa, "symmetric"), kappa, "symmetric")
    assert beyond.without_solutions().all()


def test_a_finite_field_adds_to_the_free_entropy_what_the_at_eigenvalue_says():
    # ln f(ω) around ω = 0 by plain integration: λ = α (∂² ln f)², and no first derivative
    alpha, kappa, beta, d = 0.9, 0.8, 2.0, 1e-3
    t = np.linspace(-10, 10, 200001)
    normal = np.exp(-t * t / 2) / np.sqrt(2 * np.pi)

    def log_f(omega):
        inside = np.clip((kappa - np.abs(omega + t)) / (t[1] - t[0]) + 0.5, 0, 1)
        return np.log((normal * (inside + np.exp(-beta) * (1 - inside))).sum() * (t[1] - t[0]))

    second = (log_f(d * 30) - 2 * log_f(0) + log_f(-d * 30)) / (30 * d) ** 2
    found = saddle_point(alpha, kappa, "symmetric", beta=beta)
    assert found.free_entropy == pytest.approx(np.log(2) + alpha * log_f(0.0), rel=1e-7)
    assert found.at_eigenvalue == pytest.approx(alpha * second**2, rel=1e-2)


def test_energy_is_minus_the_slope_in_beta():
    step = 1e-5
    up, down = saddle_point(0.7, 1.2, "symmetric", beta=1.5 + step * np.array([1, -1])).free_entropy
    found = saddle_point(0.7, 1.2, "symmetric", beta=1.5)
    assert found.energy == pytest.approx(-(up - down) / (2 * step), rel=1e-8)
    assert found.free_entropy == pytest.approx(found.entropy - 1.5 * found.energy, rel=1e-14)
    assert found.error_rate == pytest.approx(found.energy / 0.7, rel=1e-14)


def test_nothing_orders_the_weights():
    found = saddle_point([0.0, 0.5], 1.0, "symmetric")
    assert found.q.tolist() == [0, 0]
    assert found.converged.all()
    assert saddle_limit([0.5, 1.0], "symmetric").tolist() == [np.inf, np.inf]


@pytest.mark.parametrize(
    ("kappa", "more", "message"),
    [
        (0.0, {}, "kappa must be finite and above 0 in the symmetric model"),
        (1.0, {"setting": "teacher"}, "symmetric model has random labels"),
        (1.0, {"energy": "hinge"}, "symmetric model has random labels and counts errors"),
    ],
)
def test_what_the_symmetric_model_does_not_know_is_refused(kappa, more, message):
    with pytest.raises(DomainError, match=message):
        saddle_point(0.5, kappa, "symmetric", **more)


@pytest.mark.slow
def test_counting_all_weights_gives_the_annealed_entropy():
    """(1/N)⟨ln Z⟩ at N = 15 and 19, 300 samples each: a lognormal factor of order 1 over N."""
    rng = np.random.default_rng(7)
    alpha, kappa, rows = 2 / 3, 1.0, []
    for n in (9, 15, 18):
        w = 2.0 * ((np.arange(2 ** (n - 1))[:, None] >> np.arange(n)) & 1) - 1
        logs = []
        for _ in range(300):
            stability = w @ rng.normal(size=(n, round(alpha * n))) / np.sqrt(n)
            logs.append(np.log(2 * (np.abs(stability) <= kappa).all(axis=1).sum()) / n)
        rows.append((1 / n, np.mean(logs), np.std(logs) / np.sqrt(300)))
    inverse, mean, error = np.array(rows).T
    fit, cov = np.polyfit(inverse, mean, 1, w=1 / error, cov="unscaled")
    wanted = saddle_point(alpha, kappa, "symmetric").entropy
    assert abs(fit[1] - wanted) < 4 * np.sqrt(cov[1, 1])
    assert np.sqrt(cov[1, 1]) < 0.02 * wanted
