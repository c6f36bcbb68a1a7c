"""Hot and cold starts, and weights that keep a margin."""

import numpy as np
import pytest
from scipy.optimize import linprog

from entropic.sims.perceptron.patterns import draw
from entropic.sims.perceptron.starts import keeping, starts, widest
from entropic.sims.perceptron.tangent import uniform
from entropic.theory import DomainError, NotConverged


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_half_of_the_replicas_begin_at_random_and_half_at_the_teacher() -> None:
    instance = draw(40, 1.0, "teacher", seed=1)
    weights = starts(rng(), instance, 5, 0.0, 3.0)
    assert weights[:3] == pytest.approx(uniform(rng(), 5, 40)[:3])
    assert (weights[3:] == instance.teacher).all()


def test_cold_replicas_have_less_energy() -> None:
    instance = draw(40, 1.0, seed=1)
    weights = starts(rng(), instance, 4, 0.0, 3.0)
    missed = (instance.stabilities(weights) < 0).sum(axis=1)
    assert missed[2:].max() < missed[:2].min()


@pytest.mark.parametrize(("alpha", "kappa"), [(1.5, 0.0), (0.5, 0.6), (4.0, -1.0), (0.0, 2.0)])
def test_under_the_constraint_all_begin_at_solutions(alpha: float, kappa: float) -> None:
    instance = draw(50, alpha, seed=2)
    weights = starts(rng(), instance, 4, kappa, np.inf)
    assert instance.stabilities(weights).min(initial=np.inf) >= kappa
    assert (weights * weights).sum(axis=1) == pytest.approx(50)


def test_solutions_are_left_where_they_are() -> None:
    instance = draw(30, 1.0, "teacher", seed=1)
    assert instance.teacher is not None
    assert keeping(instance, instance.teacher[None], 0.0)[0] == pytest.approx(instance.teacher)


def test_the_widest_margin_has_no_descent_left() -> None:
    """Karush, Kuhn and Tucker: the best weights are a positive sum of the patterns that touch."""
    for seed in range(5):
        instance = draw(20, 1.3, seed=seed)
        best, margin = widest(instance)
        stability = instance.stabilities(best)
        assert stability.min() == pytest.approx(margin)
        touching = instance.patterns[stability < margin + 1e-9]
        share, residual, *_ = np.linalg.lstsq(touching.T, best, rcond=None)
        assert (share > 0).all()
        assert touching.T @ share == pytest.approx(best, abs=1e-8)


def test_whether_any_margin_is_positive_is_what_a_linear_programme_says() -> None:
    found, truth = [], []
    for seed in range(30):
        instance = draw(12, 2.0, seed=seed)
        rows = instance.patterns
        answer = linprog(np.zeros(12), -rows, -np.ones(len(rows)), bounds=(None, None))
        truth.append(answer.status == 0)
        found.append(widest(instance)[1] > 0)
    assert found == truth
    assert 5 < sum(found) < 25


def test_a_tight_margin_is_found_by_the_widest() -> None:
    instance = draw(30, 1.5, seed=4)
    _, margin = widest(instance)
    kept = keeping(instance, uniform(rng(), 2, 30), margin - 1e-6)
    assert instance.stabilities(kept).min() >= margin - 1e-6


def test_a_margin_that_no_weights_keep_is_refused() -> None:
    instance = draw(30, 1.5, seed=4)
    _, margin = widest(instance)
    with pytest.raises(DomainError, match=f"45 patterns, the widest margin is {margin:.4g}: lower"):
        keeping(instance, uniform(rng(), 2, 30), margin + 1e-3)
    with pytest.raises(DomainError, match="patterns, no margin is positive: lower alpha"):
        keeping(draw(20, 4.0, seed=1), uniform(rng(), 2, 20), 0.0)
    with pytest.raises(NotConverged, match=r"no weights were found that keep kappa = -0.2 on 120"):
        keeping(draw(20, 6.0, seed=1), uniform(rng(), 2, 20), -0.2)
