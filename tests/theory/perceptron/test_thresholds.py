import dataclasses

import numpy as np
import pytest
from scipy.optimize import brentq

from entropic.theory.errors import DomainError
from entropic.theory.perceptron.local_entropy import local_entropy
from entropic.theory.perceptron.max_margin import max_margin
from entropic.theory.perceptron.saddle import critical_capacity
from entropic.theory.perceptron.thresholds import algorithmic_thresholds, landscape_thresholds

ALPHA = 0.5


@pytest.fixture(scope="module")
def landscape():
    return landscape_thresholds([[ALPHA], [0.8]])


@pytest.fixture(scope="module")
def loads():
    return algorithmic_thresholds()


def lowest(quantity, alpha, margin, near, far):
    """Of φ or φ' on 60 distances before the typical one, with the parabola around it."""
    d = np.geomspace(near, far, 60)
    found = local_entropy(d, alpha, 0.0, margin)
    values = getattr(found, quantity)
    i = int(np.nanargmin(values))
    assert 0 < i < len(d) - 1
    around = np.linspace(d[i - 1], d[i + 1], 9)
    values = getattr(local_entropy(around, alpha, 0.0, margin), quantity)
    fit = np.polynomial.Polynomial.fit(around, values, 4)
    return fit(np.linspace(around[0], around[-1], 2000)).min()


def test_no_solution_is_nearer_to_a_typical_one_than_d_min(landscape):
    for i, alpha in ((0, ALPHA), (1, 0.8)):
        d_min, error = float(landscape.d_min.value[i, 0]), float(landscape.d_min.error[i, 0])
        root = brentq(
            lambda d, a=alpha: float(local_entropy(d, a).local_entropy),
            0.7 * d_min,
            1.5 * d_min,
            xtol=1e-9,
        )
        assert error < 1e-6
        assert d_min == pytest.approx(root, abs=2e-9)
        assert local_entropy(0.9 * d_min, alpha).local_entropy < 0
        beyond = local_entropy(np.linspace(1.05 * d_min, 0.35, 12), alpha).local_entropy
        assert (beyond[: 8 if alpha > 0.7 else 12] > 0).all()


@pytest.mark.parametrize(
    ("name", "quantity"), [("kappa_min", "local_entropy"), ("kappa_u", "slope")]
)
def test_at_each_margin_the_local_entropy_or_its_slope_just_touches_zero(landscape, name, quantity):
    margin = getattr(landscape, name)
    kappa, error = float(margin.value[0, 0]), float(margin.error[0, 0])
    assert error < 1e-6
    at, less, more = (
        lowest(quantity, ALPHA, kappa + step, 3e-4, 0.05) for step in (0, -1e-4, 1e-4)
    )
    assert less < 0 < more
    assert abs(at) < 1e-4 * (more - less)


def test_the_margins_stand_in_their_order_and_the_largest_is_that_of_the_capacity(landscape):
    low, up, most = (
        float(getattr(landscape, name).value[0, 0])
        for name in ("kappa_min", "kappa_u", "kappa_max")
    )
    assert 0 < low < up < most
    assert critical_capacity(most, "binary") == pytest.approx(ALPHA, rel=1e-10)
    assert landscape.reason[0, 0] == ""


def test_beyond_the_overlap_gap_there_is_no_such_margin_and_it_says_so(landscape, loads):
    assert loads.alpha_ogp.value < 0.8
    assert np.isnan(landscape.kappa_min.value[1, 0])
    assert np.isnan(landscape.kappa_u.error[1, 0])
    reason = str(landscape.reason[1, 0])
    assert "kappa_min: at no margin up to kappa_max the local entropy is nowhere negative" in reason
    assert "kappa_u: at no margin up to kappa_max the local entropy is monotonic" in reason
    assert np.isfinite(landscape.kappa_max.value).all()


@pytest.mark.parametrize(
    ("name", "quantity"), [("alpha_le", "slope"), ("alpha_ogp", "local_entropy")]
)
def test_at_each_load_the_most_robust_references_just_touch_zero(loads, name, quantity):
    """0.729 and 0.748 with flat references: those of largest local entropy change later."""
    load = getattr(loads, name)
    alpha = float(load.value)
    assert load.error < 1e-6
    at, less, more = (
        lowest(
            quantity, alpha + step, float(max_margin(alpha + step, "binary").kappa_max), 2e-3, 0.12
        )
        for step in (0, -1e-4, 1e-4)
    )
    assert less > 0 > more
    assert abs(at) < 1e-4 * (less - more)


def test_the_loads_stand_in_their_order(loads):
    """W. Krauth and M. Mézard, J. Physique 50, 3057 (1989): α_c ≈ 0.833."""
    assert loads.alpha_le.value < loads.alpha_ogp.value < loads.alpha_c.value
    assert loads.alpha_c.value == pytest.approx(0.833, abs=5e-4)
    assert loads.alpha_c.error < 1e-10


def test_what_was_found_cannot_be_changed(landscape, loads):
    with pytest.raises(dataclasses.FrozenInstanceError):
        loads.alpha_c = 1
    assert not landscape.alpha.flags.writeable
    assert not landscape.reason.flags.writeable
    assert landscape.d_min.value.shape == (2, 1)


@pytest.mark.parametrize("alpha", [0.0, -0.1, np.nan, [0.5, 0.834], np.inf])
def test_loads_without_solutions_or_without_patterns_are_refused(alpha):
    with pytest.raises(DomainError, match="alpha must lie between 0 and 0.83307859.*it is"):
        landscape_thresholds(alpha)


def test_at_tiny_loads_what_could_not_be_followed_is_not_said_to_have_no_threshold():
    found = landscape_thresholds(0.0011)
    assert "no margin" not in str(found.reason)
    assert "kappa_min: it was not found" in str(found.reason)


def test_loads_at_which_margins_beyond_25_can_be_kept_are_refused():
    with pytest.raises(DomainError, match=r"alpha must lie from 0\.0010168"):
        landscape_thresholds([0.5, 0.001])
