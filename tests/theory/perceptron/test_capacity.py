import mpmath as mp
import naive_perceptron as naive
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import comb

from entropic.theory.errors import DomainError
from entropic.theory.perceptron import capacity as module
from entropic.theory.perceptron.binary import zero_entropy
from entropic.theory.perceptron.capacity import capacity
from entropic.theory.perceptron.replica_breaking import Staircase, least_staircase
from entropic.theory.perceptron.saddle import saddle_point

# what others have found


def test_covers_count_of_dichotomies_is_one_half_at_two_patterns_a_weight():
    """T. M. Cover (1965): of P points in N dimensions 2 Σ_{i<N} C(P−1, i) halves are separable."""
    for weights in (3, 10, 50):
        patterns = int(2 * weights)
        separable = 2 * sum(comb(patterns - 1, i, exact=True) for i in range(weights))
        assert separable / 2**patterns == 0.5
    assert capacity(0.0).alpha == 2.0


def test_the_capacity_at_margin_one_is_not_the_half_that_is_in_circulation():
    integral = mp.quad(lambda z: (z + 1) ** 2 * mp.npdf(z), [-1, 0, 3, 12])
    assert capacity(1.0).alpha == pytest.approx(float(1 / integral), rel=1e-14)
    assert round(float(capacity(1.0).alpha), 4) == 0.5196


def test_binary_weights_store_0_833_patterns_each():
    """W. Krauth and M. Mézard, J. Physique 50, 3057 (1989)."""
    assert round(float(capacity(0.0, "binary").alpha), 3) == 0.833


def test_symmetric_binary_weights_store_1_816_patterns_each_of_margin_one():
    """Published m-clone thresholds approach it from below: 1.7001 for two clones."""
    alpha = capacity(1.0, "symmetric").alpha
    assert alpha == pytest.approx(-np.log(2) / np.log(float(mp.erf(1 / mp.sqrt(2)))), rel=1e-14)
    assert 1.7001 < alpha < 1.82


# second routes


@pytest.mark.parametrize("kappa", [-20.0, -2.0, -0.3, 0.0, 0.4, 3.0, 50.0])
def test_the_spherical_capacity_is_the_integral_to_its_uncertainty(kappa):
    with mp.workdps(40):
        k = mp.mpf(kappa)
        # ∫(z + κ)² Dz with forty digits to lose
        exact = 1 / ((1 + k**2) * mp.ncdf(k) + k * mp.npdf(k))
        found = capacity(kappa)
        assert abs(float(found.alpha) - exact) <= float(found.uncertainty)


def binary_point(q_hat):
    """α and entropy with many digits of the saddle point at this q̂ without margin."""
    root = mp.sqrt(mp.mpf(q_hat))
    edges = [0, 0.5, 1, 2, 3, 5, 7, 11]
    gap = 2 * mp.quad(lambda z: mp.npdf(z) * mp.sech(root * z) ** 2, edges)

    def spin(z):
        h = root * z
        return mp.npdf(z) * (mp.log(2 * mp.cosh(h)) - h * mp.tanh(h))

    force, _, log_and_half = naive.pattern_averages(None, gap, 0.0)
    alpha = root**2 * gap / force
    return alpha, 2 * mp.quad(spin, edges) + alpha * log_and_half


def test_the_binary_capacity_without_margin_has_ten_digits_and_more():
    load, uncertainty, _ = zero_entropy(0.0)
    with mp.workdps(25):
        exact, entropy = binary_point(float(saddle_point(load, 0.0, "binary").q_hat))
        # dS/dα = ⟨ln H⟩ is below −½
        assert abs(entropy) < 0.5 * 1e-14
    assert float(load) == pytest.approx(float(exact), rel=1e-14)
    assert 1e-16 < uncertainty < 1e-13
    assert round(float(load), 12) == 0.83307859974


@pytest.mark.parametrize("kappa", [-2.0, 0.0, 1.5])
def test_at_the_binary_capacity_the_entropy_of_the_functional_is_zero(kappa):
    alpha = float(capacity(kappa, "binary").alpha)
    found = saddle_point(alpha, kappa, "binary")
    entropy = naive.binary_functional(float(found.q), float(found.q_hat), alpha, kappa)
    assert abs(entropy) < 1e-9


def test_the_symmetric_count_of_pairs_is_stable_at_capacity():
    """λ = α (⟨z²⟩ − 1)², from the pairs' mean by finite differences in their overlap."""
    kappa, q = 1.0, 1e-3
    found = capacity(kappa, "symmetric")

    def both(q):
        def inner(z):
            root = mp.sqrt(1 - q * q)
            high, low = mp.ncdf((kappa - q * z) / root), mp.ncdf((-kappa - q * z) / root)
            return mp.npdf(z) * (high - low)

        return mp.quad(inner, [-kappa, 0, kappa])

    growth = 2 * mp.log(both(q) / both(0)) / q**2
    assert found.at_eigenvalue == pytest.approx(float(found.alpha * growth), rel=1e-5)
    assert found.stable


def descent(load, kappa, seed, weights=200):
    """The quadratic hinge energy where a descent from a random start ends; 0 is a solution."""
    rng = np.random.default_rng(seed)
    patterns = rng.standard_normal((int(load * weights), weights))
    root = np.sqrt(weights)

    def energy(free):
        length = np.linalg.norm(free)
        w = free / length * root
        lack = np.maximum(kappa - patterns @ w / root, 0)
        slope = -(patterns.T @ lack) / root
        slope -= (slope @ w) * w / weights
        return 0.5 * lack @ lack, slope * root / length

    options = {"maxiter": 4000, "ftol": 1e-16, "gtol": 1e-9}
    start = rng.standard_normal(weights)
    return minimize(energy, start, jac=True, method="L-BFGS-B", options=options).fun


@pytest.mark.slow
def test_descents_in_200_weights_end_in_solutions_below_the_capacity_and_in_none_above():
    full = float(capacity(-0.5, ansatz="frsb").alpha)
    assert max(descent(0.8 * full, -0.5, seed) for seed in range(6)) < 1e-12
    assert min(descent(1.2 * full, -0.5, seed) for seed in range(6)) > 1e-2


# what breaking does


@pytest.mark.parametrize("ansatz", ["1rsb", "3rsb", "frsb"])
def test_convex_sets_of_solutions_break_no_symmetry(ansatz):
    kappa = np.array([0.0, 0.5, 2.0])
    found = capacity(kappa, ansatz=ansatz)
    assert (found.alpha == capacity(kappa).alpha).all()
    assert found.stable.all()
    assert (np.char.find(found.reason, "convex") > 0).all()
    assert np.isnan(found.gap).all()


def test_each_ansatz_says_whether_a_finer_one_lies_lower():
    kappa = [[-1.0, 0.3], [-0.2, 1.0]]
    rs, one, full = (capacity(kappa, ansatz=name) for name in ("rs", "1rsb", "frsb"))
    negative = np.array(kappa) < 0
    for found in (rs, one):
        assert (found.stable == ~negative).all()
        assert (np.char.find(found.reason, "upper bound") >= 0)[negative].all()
    assert full.stable.all()
    assert (full.alpha[negative] < one.alpha[negative]).all()
    assert (one.alpha[negative] < rs.alpha[negative]).all()
    assert ((rs.at_eigenvalue > 1) == negative).all()
    assert one.gap.shape == (2, 2, 1)
    stairs = least_staircase(-1.0, 1)
    assert (one.gap[0, 0], one.height[0, 0]) == (stairs.gap, stairs.height)


def test_near_zero_margin_all_capacities_meet_covers_2():
    for ansatz in ("rs", "1rsb", "frsb"):
        assert capacity(-1e-6, ansatz=ansatz).alpha == pytest.approx(2.0, abs=1e-5)


def test_binary_replicas_freeze_in_one_step_at_the_same_load():
    kappa = np.array([-1.0, 0.0, 1.0])
    one, rs = capacity(kappa, "binary", "1rsb"), capacity(kappa, "binary")
    assert (one.alpha == rs.alpha).all()
    assert (np.char.find(one.reason, "one step") > 0).all()
    assert one.stable.all()


def test_the_uncertainties_keep_what_is_promised():
    kappa = np.array([-2.0, -1.0, -0.1])
    for ansatz, promised in (("rs", 1e-10), ("1rsb", 1e-10), ("2rsb", 1e-10), ("frsb", 1e-6)):
        found = capacity(kappa, ansatz=ansatz)
        assert (found.uncertainty > 0).all()
        assert (found.uncertainty <= promised * found.alpha).all()
    assert (capacity([-2.0, 0.0, 3.0], "binary").uncertainty < 1e-11).all()


def test_what_does_not_converge_is_nan_and_says_so(monkeypatch):
    lost = Staircase(12.0, 1.0, np.array([0.3]), np.array([10.0]), converged=False)
    monkeypatch.setattr(module, "least_staircase", lambda *_: lost)
    found = capacity([-1.0, 0.0], ansatz="1rsb")
    assert found.converged.tolist() == [False, True]
    assert np.isnan(found.alpha).tolist() == [True, False]
    assert "did not converge" in found.reason[0]


def test_margins_of_any_shape_are_answered_in_that_shape():
    assert capacity([]).alpha.shape == (0,)
    assert capacity([], ansatz="1rsb").gap.shape == (0, 1)
    assert capacity(np.zeros((2, 3)), "binary").reason.shape == (2, 3)
    assert capacity(0.0).alpha.shape == ()
    with pytest.raises(ValueError, match="read-only"):
        capacity(0.0).alpha[...] = 1.0


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((0.0, "ternary"), "model must be 'spherical', 'binary' or 'symmetric'; it is 'ternary'"),
        ((0.0, "spherical", "2"), "ansatz must be rs, 1rsb, 2rsb, ... 10rsb or frsb; it is '2'"),
        ((0.0, "spherical", "11rsb"), "10rsb or frsb; it is '11rsb'"),
        ((0.0, "spherical", "0rsb"), "it is '0rsb'"),
        ((0.0, "binary", "2rsb"), "rs or 1rsb for binary weights"),
        ((0.0, "binary", "frsb"), "freeze in one step"),
        ((1.0, "symmetric", "1rsb"), "must be rs for symmetric weights"),
        (([0.0, -3.5], "spherical", "1rsb"), "from -3 to 1000 .* broken .*; it is -3.5"),
        ((-26.0,), "from -25 to 1000 for spherical weights; it is -26"),
        ((np.nan,), "it is nan"),
        ((-8.0, "binary"), "from -7 to 25 for binary weights; it is -8"),
        ((0.0, "symmetric"), "from 1e-06 to 35 for symmetric weights; it is 0"),
    ],
)
def test_what_has_no_answer_is_refused(arguments, match):
    with pytest.raises(DomainError, match=match):
        capacity(*arguments)


@pytest.mark.parametrize("kappa", [0.05, 5.0, 20.0, 35.0])
def test_the_stated_uncertainty_of_a_symmetric_window_covers_what_rounding_leaves(kappa):
    with mp.workdps(330):
        exact = -mp.log(2) / mp.log(mp.erf(mp.mpf(kappa) / mp.sqrt(2)))
        found = capacity(kappa, "symmetric")
        assert abs(mp.mpf(float(found.alpha)) - exact) <= float(found.uncertainty)


@pytest.mark.parametrize(
    ("kappa", "exact"), [(-5.0, 2418082.2615515000216), (-7.0, 541600552261.29552990)]
)
def test_the_stated_uncertainty_of_binary_weights_covers_a_margin_in_the_tail(kappa, exact):
    """The load at which mpmath, with 40 digits, finds that the entropy vanishes."""
    found = capacity(kappa, "binary")
    assert abs(float(found.alpha) - exact) <= float(found.uncertainty)
