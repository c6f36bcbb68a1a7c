import mpmath as mp
import numpy as np
import pytest

from entropic.theory.perceptron.spherical import Spherical, critical_capacity


def test_without_margin_twice_as_many_patterns_as_weights_can_be_stored():
    """T. M. Cover, IEEE Trans. Electron. Comput. EC-14, 326 (1965)."""
    assert critical_capacity(0.0) == 2.0


@pytest.mark.parametrize("kappa", [-20.0, -6.0, -3.0, -1.0, -1e-3, 0.3, 1.0, 5.0])
def test_the_capacity_is_the_inverse_of_gardners_integral(kappa):
    with mp.workdps(30):
        k = mp.mpf(kappa)
        # t = z + κ, and φ(t − κ) = φ(κ) exp(κt − t²/2), lest the integral be a tiny number
        panels = [t / (1 + abs(k) / 8) for t in mp.linspace(0, 20, 25)]
        integral = mp.npdf(k) * mp.quad(lambda t: t**2 * mp.exp(k * t - t * t / 2), panels)
        assert float(critical_capacity(kappa)) == pytest.approx(float(1 / integral), rel=1e-14)


def test_the_capacity_at_margin_one_is_0_5196():
    # (1 + 1) Φ(1) + φ(1) = 2 × 0.841345 + 0.241971 = 1.924661 from a table of the normal
    assert critical_capacity(1.0) == pytest.approx(1 / 1.924661, rel=1e-6)


def test_the_capacity_takes_any_shape_and_falls_with_the_margin():
    capacity = critical_capacity(np.linspace(-9, 9, 60).reshape(3, 20))
    assert capacity.shape == (3, 20)
    assert (np.diff(capacity.ravel()) < 0).all()


@pytest.mark.parametrize("kappa", [-4.0, -1.0, 0.0, 2.0])
def test_the_growth_is_the_slope_of_the_load(kappa):
    x, step = np.linspace(-6, 8, 29), 1e-5
    k = np.full_like(x, kappa)
    up, down = (np.log(Spherical(x + s, k).load()) for s in (step, -step))
    assert Spherical(x, k).load_growth() == pytest.approx((up - down) / (2 * step), abs=1e-8)


@pytest.mark.parametrize("kappa", [-2.0, 0.0, 1.0, 4.0])
def test_close_to_capacity_the_overlap_misses_one_in_proportion(kappa):
    # (1−q)⟨G²⟩ → 1/α_c + (1−q) Φ(κ), hence 1 − α/α_c → (1−q)(1 + α_c Φ(κ)) as q → 1
    gap = 1e-7
    load = Spherical(-np.log([gap]), np.array([kappa])).load()
    capacity = critical_capacity(kappa)
    ratio = (1 - load / capacity) / gap / (1 + capacity * float(mp.ncdf(kappa)))
    assert ratio == pytest.approx(1.0, abs=2e-3)
