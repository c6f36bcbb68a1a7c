import naive_perceptron as naive
import numpy as np
import pytest

from entropic.theory.errors import DomainError
from entropic.theory.perceptron import stability
from entropic.theory.perceptron.capacity import capacity
from entropic.theory.perceptron.saddle import saddle_point
from entropic.theory.perceptron.stability import stability_line

MODELS = pytest.mark.parametrize("model", ["spherical", "binary"])


def test_binary_replica_symmetry_breaks_at_1_015_beyond_the_0_833_where_solutions_end():
    """W. Krauth and M. Mézard, J. Physique 50, 3057 (1989); E. Gardner and B. Derrida (1988)."""
    line = stability_line(0.0, "binary")
    assert line.alpha_at == pytest.approx(1.015, abs=5e-4)
    assert line.alpha_c == pytest.approx(0.833, abs=5e-4)
    assert "beyond the capacity" in str(line.reason)


@MODELS
@pytest.mark.parametrize("kappa", [-2.0, -0.5])
def test_a_split_of_replicas_neither_grows_nor_shrinks_on_the_line(model, kappa):
    line = stability_line(kappa, model)
    alpha, q = float(line.alpha_at), float(line.q)
    found = saddle_point(alpha, kappa, model)
    assert found.q == pytest.approx(q, rel=1e-10)
    growth = naive.split_growth(q, float(found.q_hat), alpha, kappa, model, 1e-6)
    assert growth == pytest.approx(1.0, abs=1e-5)


@MODELS
def test_the_eigenvalue_passes_one_there(model):
    kappa = np.array([-2.5, -1.0, -0.05])
    line = stability_line(kappa, model)
    below, above = (saddle_point(line.alpha_at * (1 + s), kappa, model) for s in (-1e-6, 1e-6))
    assert below.at_stable.all()
    assert not above.at_stable.any()
    assert (line.uncertainty < 1e-12 * line.alpha_at).all()
    assert line.distance == pytest.approx(0.5 * (1 - line.q), rel=1e-10)


def test_spherical_replica_symmetry_breaks_below_zero_margin_only_and_before_capacity():
    kappa = np.array([[-2.0, -1.0, -1e-3], [0.0, 0.5, 3.0]])
    line = stability_line(kappa)
    assert line.exists.tolist() == line.converged.tolist() == [[True] * 3, [False] * 3]
    assert (line.alpha_at[0] < line.alpha_c[0]).all()
    assert np.isnan(line.alpha_at[1]).all()
    assert np.isnan(line.q[1]).all()
    assert (line.reason[0] == "").all()
    assert (np.char.find(line.reason[1], "convex") > 0).all()


def test_one_step_lowers_the_capacity_exactly_where_the_line_exists():
    kappa = np.array([-2.0, -0.6, -0.1, 0.0, 0.4])
    lower = capacity(kappa, ansatz="1rsb").alpha < capacity(kappa).alpha * (1 - 1e-9)
    assert (lower == stability_line(kappa).exists).all()


def test_the_line_ends_at_covers_2():
    kappa = np.array([-1e-2, -1e-3, -1e-4])
    line = stability_line(kappa)
    short = (line.alpha_c - line.alpha_at) / line.alpha_c
    assert line.alpha_at[-1] == pytest.approx(2.0, abs=1e-3)
    # 1 − q shrinks with κ², and so does what is missing to the capacity
    assert np.log10(line.distance[:-1] / line.distance[1:]) == pytest.approx(2.0, abs=0.05)
    assert np.log10(short[:-1] / short[1:]) == pytest.approx(2.0, abs=0.05)


@MODELS
def test_along_the_curve_the_eigenvalue_only_rises(model):
    """Which is why the first crossing is the line."""
    for kappa in (-2.5, -1.0, 0.0, 2.0):
        scan = np.linspace(-20, 20, 161)
        kind = stability.KINDS[model]
        rise = np.diff(stability._log_eigenvalue(scan, np.full_like(scan, kappa), kind))
        assert (rise > -1e-12).all()


def test_no_margins_have_no_line():
    assert stability_line([]).alpha_at.shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((0.0, "symmetric"), "model must be 'spherical' or 'binary'; it is 'symmetric'"),
        (([0.0, -2.6],), "kappa must lie from -2.5 to 25; it is -2.6"),
        ((np.nan,), "it is nan"),
        ((26.0, "binary"), "it is 26"),
    ],
)
def test_what_has_no_answer_is_refused(arguments, match):
    with pytest.raises(DomainError, match=match):
        stability_line(*arguments)
