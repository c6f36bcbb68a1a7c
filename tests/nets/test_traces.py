import numpy as np
import pytest
import torch
from landscapes import hessian, small_problem

from entropic.nets import Hessian, Matrix, flat_parameters, leading_pairs, trace
from entropic.theory import DomainError, NotConverged

METHODS = {"hutchinson": 12, "hutch++": 24, "xtrace": 32}


def falling(size: int = 200, addends: int = 1, strength: float = 0.1) -> Matrix:
    """A few large eigenvalues over a bulk of both signs, in so many unequal addends."""
    generator = torch.Generator().manual_seed(0)
    values = torch.cat(
        [torch.tensor([30.0, 12.0, 5.0]), 0.3 * torch.randn(size - 3, generator=generator)]
    ).double()
    turn = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))[0]
    whole = turn @ torch.diag(values) @ turn.T
    if addends == 1:
        return Matrix(whole)
    parts = torch.randn(addends, size, size, generator=generator, dtype=torch.float64)
    parts = strength * (parts + parts.mT) / addends
    return Matrix(whole / addends + parts - parts.mean(dim=0))


def deviations(operator, exact: float, seeds: int, **given) -> np.ndarray:
    found = [trace(operator, seed=seed, **given) for seed in range(seeds)]
    return np.array([(float(e.value) - exact) / float(e.error) for e in found])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("deflated", [False, True])
def test_estimates_scatter_about_the_trace_as_their_errors_say(method, deflated):
    operator = falling()
    pairs = leading_pairs(operator, 2) if deflated else None
    exact = float(operator.values.trace())
    off = deviations(operator, exact, 80, method=method, probes=METHODS[method], deflate=pairs)
    assert 0.5 < np.mean(abs(off) < 1) < 0.82
    assert abs(off.mean()) < 4 * off.std(ddof=1) / 80**0.5


@pytest.mark.slow
@pytest.mark.parametrize("method", ["hutchinson", "hutch++"])
def test_one_error_covers_the_trace_of_a_network_as_often_as_a_normal_law_says(method):
    problem = small_problem(samples=160)
    theta = flat_parameters(problem.model)
    exact = float(hessian(problem, theta).trace())
    operator = Hessian(problem, theta)
    off = deviations(operator, exact, 400, method=method, probes=24)
    expected = 0.68 if method == "hutchinson" else 0.65  # Student's t with 7 degrees of freedom
    assert abs(np.mean(abs(off) < 1) - expected) < 3 * (expected * (1 - expected) / 400) ** 0.5
    assert abs(off.mean()) < 4 / 400**0.5


def test_probes_of_their_own_for_every_addend_shrink_the_error():
    shared, own = falling(), falling(addends=16)
    one, other = (trace(operator, probes=40) for operator in (shared, own))
    off_diagonal = shared.values.square().sum() - shared.values.diagonal().square().sum()
    assert float(one.error) == pytest.approx(float(2 * off_diagonal / 40) ** 0.5, rel=0.25)
    squares = sum(a.square().sum() - a.diagonal().square().sum() for a in own.values)
    assert float(other.error) == pytest.approx(float(2 * squares / 40) ** 0.5, rel=0.25)
    assert float(other.error) < 0.4 * float(one.error)
    assert own.used == pytest.approx(40)


def test_what_is_known_is_taken_exactly_and_leaves_less_to_chance():
    operator = falling()
    pairs = leading_pairs(operator, 3)
    plain, helped = trace(operator), trace(operator, deflate=pairs)
    assert float(helped.error) < 0.4 * float(plain.error)
    exact = float(operator.values.trace())
    assert abs(float(helped.value) - exact) < 4 * float(helped.error)
    all_known = trace(operator, deflate=leading_pairs(operator, 200))
    assert float(all_known.value) == pytest.approx(exact, rel=1e-12)
    assert float(all_known.error) == 0


def test_where_a_few_eigenvalues_dominate_the_sketches_need_fewer_products():
    operator = falling()
    errors = {m: float(trace(operator, method=m, probes=48).error) for m in METHODS}
    assert errors["hutch++"] < 0.5 * errors["hutchinson"]
    assert errors["xtrace"] < 0.5 * errors["hutchinson"]
    for method in METHODS:
        before = operator.used
        trace(operator, method=method, probes=48)
        assert operator.used - before == 48


def test_a_matrix_of_low_rank_is_seen_exactly():
    vector = torch.randn(30, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    operator = Matrix(vector @ vector.T)
    found = trace(operator, method="hutch++", probes=9)
    assert float(found.value) == pytest.approx(float(operator.values.trace()), rel=1e-9)
    with pytest.raises(DomainError, match="xtrace needs images that are independent"):
        trace(operator, method="xtrace", probes=12)


def test_it_goes_on_until_the_error_is_small_enough():
    operator = falling(addends=8)
    found = trace(operator, probes=2, error=1.0)
    assert float(found.error) <= 1.0
    assert abs(float(found.value) - float(operator.values.sum(dim=0).trace())) < 4
    with pytest.raises(NotConverged, match="standard error of .* after 64 products") as seen:
        trace(operator, error=0.01, most=64)
    assert float(seen.value.found.error) > 0.01


def test_probes_follow_from_the_seed_and_not_from_how_many_are_drawn_at_once(monkeypatch):
    operator = falling(addends=4)
    found = trace(operator, probes=6, seed=3)
    monkeypatch.setattr("entropic.nets.traces.NUMBERS", 1)
    again = trace(operator, probes=6, seed=3)
    assert float(found.value) == pytest.approx(float(again.value), rel=1e-12)
    assert float(found.value) != float(trace(operator, probes=6, seed=4).value)


def test_the_same_probes_at_neighbouring_points_make_the_profile_smooth():
    problem = small_problem(samples=64)
    theta = flat_parameters(problem.model)
    along = torch.linspace(0, 0.1, 8).double()[:, None] * torch.ones_like(theta)
    found = [trace(Hessian(problem, theta + step), probes=4) for step in along]
    exact = [float(hessian(problem, theta + step).trace()) for step in along]
    off = np.array([float(e.value) for e in found]) - exact
    assert off.std() < 0.2 * float(found[0].error)


def test_what_gives_no_error_is_refused():
    operator = falling()
    for method, fewest in {"hutchinson": 2, "hutch++": 6, "xtrace": 8}.items():
        with pytest.raises(DomainError, match=f"needs at least {fewest} probes; there are 1"):
            trace(operator, method=method, probes=1)
    with pytest.raises(DomainError, match="one of hutchinson, hutch"):
        trace(operator, method="guess")
    with pytest.raises(DomainError, match="aimed at must be positive; it is -1"):
        trace(operator, error=-1)
    with pytest.raises(DomainError, match="only hutchinson can go on"):
        trace(operator, method="xtrace", probes=12, error=1.0)
    with pytest.raises(DomainError, match="seed must be a whole number from 0; it is -1"):
        trace(operator, seed=-1)
