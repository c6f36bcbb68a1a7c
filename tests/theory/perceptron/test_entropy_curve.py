import numpy as np
import pytest
from scipy.special import xlogy

from entropic.theory.errors import DomainError
from entropic.theory.perceptron import entropy_curve
from entropic.theory.perceptron.entropy_curve import RESULTS, EntropyCurve, reference, upper_bound


def test_the_bound_is_the_number_of_weights_at_a_distance():
    d = np.array([0.2, 0.5, 0.97])
    np.testing.assert_allclose(upper_bound(d), -xlogy(d, d) - xlogy(1 - d, 1 - d))
    np.testing.assert_allclose(upper_bound(d, "spherical"), 0.5 * np.log(1 - (1 - 2 * d) ** 2))


def test_the_rows_do_not_depend_on_what_else_is_asked():
    curve = EntropyCurve(0.5, 0.0, 0.2, "binary")
    d = np.linspace(0.02, 0.5, 40)
    many, reason, ended = curve.at(d)
    few, _, _ = curve.at(d[[3, 30]])
    assert not ended.any()
    assert (reason == "").all()
    for name, row, alone in zip(RESULTS[:4], many, few, strict=False):
        assert row[[3, 30]] == pytest.approx(alone, rel=1e-7), name


def test_the_stated_error_covers_the_change_to_a_much_finer_rule(monkeypatch):
    d = np.linspace(0.02, 0.5, 9)
    plain, _, _ = EntropyCurve(0.5, 0.0, 0.2, "binary").at(d)
    monkeypatch.setattr(entropy_curve, "FINE", 0.07)
    finer, _, _ = EntropyCurve(0.5, 0.0, 0.2, "binary").at(d)
    assert (np.abs(finer[0] - plain[0]) <= plain[7]).all()
    assert (plain[7] < 1e-8).all()


def test_what_has_left_the_branch_is_no_result(monkeypatch):
    monkeypatch.setattr(entropy_curve, "STRAYED", 0.0)
    table, reason, _ = EntropyCurve(0.5, 0.0, 0.2, "binary").at(np.array([0.1, 0.4]))
    assert np.isnan(table).all()
    assert set(reason) == {"Newton's method did not come to rest"}


def test_a_reference_must_exist():
    assert reference(0.5, 0.0, 0.3, "binary").margin == 0.3
    with pytest.raises(DomainError, match="at most 0.41806"):
        reference(0.5, 0.0, 0.45, "binary")
    with pytest.raises(DomainError, match="no reference of reference_margin = 1"):
        reference(0.6, 0.0, 1.0, "spherical")
