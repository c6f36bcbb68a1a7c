import numpy as np
import pytest
import torch
from landscapes import hessian, small_problem

from entropic.nets import Hessian, Matrix, flat_parameters, leading_pairs, power_iteration
from entropic.theory import DomainError, NotConverged


def rotated(values: list[float], seed: int = 0, addends: int = 1) -> Matrix:
    """A random symmetric matrix with these eigenvalues, or so many unequal ones that add up."""
    generator = torch.Generator().manual_seed(seed)
    size = len(values)
    turn = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))[0]
    whole = turn @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ turn.T
    if addends == 1:
        return Matrix(whole)
    parts = torch.randn(addends, size, size, generator=generator, dtype=torch.float64)
    parts = 0.001 * (parts + parts.mT)
    return Matrix(whole / addends + parts - parts.mean(dim=0))


WIDE = [9.0, 7.0, 6.5, *np.linspace(1, -2, 57)]


@pytest.mark.parametrize("count", [1, 3, 60])
def test_leading_pairs_are_those_of_a_known_spectrum(count):
    operator = rotated(WIDE)
    found = leading_pairs(operator, count, tolerance=1e-6)
    np.testing.assert_allclose(found.values, WIDE[:count], atol=1e-9)
    torch.testing.assert_close(found.vectors @ found.vectors.T, torch.eye(count).double())
    apart = operator.values @ found.vectors.T - found.vectors.T * torch.tensor(found.values)
    np.testing.assert_allclose(apart.norm(dim=0), found.residuals, atol=1e-9)
    assert np.all(found.residuals <= 1e-6 * abs(found.values) + 1e-13)
    assert found.products == operator.used <= 60


def test_the_largest_eigenvalue_of_a_network_is_that_of_its_dense_hessian():
    problem = small_problem()
    theta = flat_parameters(problem.model)
    exact = torch.linalg.eigvalsh(hessian(problem, theta))
    found = leading_pairs(Hessian(problem, theta))
    assert found.largest.value == pytest.approx(float(exact[-1]), rel=1e-4)
    assert abs(float(found.largest.value) - float(exact[-1])) <= found.largest.error
    assert float(exact[0]) <= found.smallest < 0


@pytest.mark.parametrize("copies", [2, 4])
def test_a_multiple_eigenvalue_is_found_as_often_as_it_is_there(copies):
    values = [5.0] * copies + list(np.linspace(2, 0, 40))
    found = leading_pairs(rotated(values), copies + 1, tolerance=1e-8)
    np.testing.assert_allclose(found.values, [5.0] * copies + [2.0], atol=1e-9)


def test_when_the_basis_is_full_the_search_goes_on_from_its_best_vectors():
    values = list(np.linspace(1, 0, 400) ** 0.5)  # no gaps
    operator = rotated(values)
    found = leading_pairs(operator, tolerance=1e-6)
    assert found.products > 40
    assert len(found.basis) <= 34
    assert found.values[0] == pytest.approx(1.0, abs=1e-9)


def test_eigenvectors_of_the_neighbour_save_products_and_a_random_start_does_not():
    here, there = rotated(WIDE), rotated(WIDE)
    bend = torch.randn(60, 60, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    there.values += 1e-3 * (bend + bend.T)
    exact = torch.linalg.eigvalsh(there.values)[-1]
    cold = leading_pairs(there, tolerance=1e-4)
    warm = leading_pairs(there, tolerance=1e-4, start=leading_pairs(here, tolerance=1e-4).vectors)
    assert warm.values[0] == pytest.approx(float(exact), rel=1e-7)
    assert warm.products <= 0.7 * cold.products  # half of them look whether another overtook


def test_a_part_of_the_addends_is_searched_first_for_its_share_of_the_price():
    parted, whole = rotated(WIDE, addends=16), rotated(WIDE)
    found, plain = (leading_pairs(operator, tolerance=1e-4) for operator in (parted, whole))
    assert found.values[0] == pytest.approx(9.0, rel=1e-6)
    assert found.products == pytest.approx(parted.used)
    assert found.products < plain.products


def test_an_eigenvalue_that_overtakes_is_noticed_beside_the_one_that_is_followed():
    one, two = torch.zeros(2, 30, 30, dtype=torch.float64)
    one[0, 0], two[1, 1] = 3.0, 4.0  # the vector followed stays an eigenvector
    one.diagonal()[2:] = torch.linspace(1, 0, 28)
    operator = Matrix(((one + two) / 16).repeat(16, 1, 1))
    start = torch.zeros(1, 30, dtype=torch.float64)
    start[0, 0] = 1.0
    assert leading_pairs(operator, start=start).values[0] == pytest.approx(4.0, rel=1e-6)


def test_zero_one_dimension_and_negative_spectra_have_answers():
    zero = leading_pairs(Matrix(torch.zeros(5, 5)), 2)
    assert (zero.values.tolist(), zero.residuals.tolist()) == ([0, 0], [0, 0])
    single = leading_pairs(Matrix(torch.tensor([[-2.0]])))
    assert (single.values.tolist(), single.negative_dominates) == ([-2.0], True)
    assert leading_pairs(rotated([-1.0, -2.0, -3.0])).values[0] == pytest.approx(-1)


def test_it_is_said_when_the_negative_end_is_the_larger_one():
    assert leading_pairs(rotated([1.0, 0.5, 0.0, -3.0]), tolerance=1e-8).negative_dominates
    assert not leading_pairs(rotated([3.0, 0.5, 0.0, -1.0]), tolerance=1e-8).negative_dominates
    low = leading_pairs(rotated(WIDE), 3, tolerance=1e-8)
    vector = low.lowest_vector()
    form = vector @ rotated(WIDE).values @ vector.T
    assert float(form) == pytest.approx(low.smallest, rel=1e-9)


def test_two_close_eigenvalues_are_told_apart_before_the_search_ends():
    # (r² over the gap to the second Ritz value ends it too early in a third of the cases)
    values = [1.0, 0.99, *np.linspace(0.6, -0.3, 100)]
    found = [leading_pairs(rotated(values, 100 + s), seed=s).values[0] for s in range(40)]
    assert np.sum(np.abs(np.array(found) - 1) > 1e-3) <= 5


def test_power_iteration_stops_on_the_residual_and_not_on_small_differences():
    slow = rotated([1.0, 0.97, *np.linspace(0.9, 0, 50)])
    found = power_iteration(slow, tolerance=1e-3)
    assert abs(float(found.value) - 1) <= found.error <= 1e-3
    spent = slow.used
    lanczos = leading_pairs(slow, tolerance=1e-3)
    assert lanczos.products < 0.3 * spent
    # what stops when two values agree to 1e-3 is further off than that
    vector = torch.randn(1, 52, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    before, value = 0.0, 1.0
    while abs(value - before) > 1e-3 * value:
        vector = vector @ slow.values / vector.norm()
        before, value = value, float((vector @ slow.values * vector).sum() / vector.square().sum())
    assert abs(value - 1) > 3e-3
    signed = power_iteration(rotated([1.0, 0.0, -2.0]), tolerance=1e-6)
    assert float(signed.value) == pytest.approx(-2)


def test_results_follow_from_the_seed_and_leave_the_global_generator_alone():
    state = torch.random.get_rng_state()
    first, again, other = (leading_pairs(rotated(WIDE), seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.vectors, again.vectors)
    assert not torch.equal(first.vectors, other.vectors)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_too_few_products_end_with_what_was_found():
    with pytest.raises(NotConverged, match="1 of 1 eigenvalues have residuals above 1e-06") as seen:
        leading_pairs(rotated(WIDE), tolerance=1e-6, most=4)
    assert seen.value.found.products == 4
    with pytest.raises(NotConverged, match="power iteration has a residual of") as seen:
        power_iteration(rotated(WIDE), tolerance=1e-9, most=3)
    assert 0 < float(seen.value.found.value) < 9


def test_what_is_no_question_is_refused():
    operator = rotated(WIDE)
    with pytest.raises(DomainError, match="1 to 60 eigenvalues to find; 61 were asked for"):
        leading_pairs(operator, 61)
    with pytest.raises(DomainError, match="tolerance must lie between 0 and 1; it is 0"):
        leading_pairs(operator, tolerance=0.0)
    with pytest.raises(DomainError, match=r"rows of 60 numbers; they are \(1, 3\)"):
        leading_pairs(operator, start=torch.zeros(1, 3))
    with pytest.raises(DomainError, match="must be finite numbers; some are not"):
        leading_pairs(Matrix(torch.full((3, 3), torch.nan)))


def test_an_eigenvalue_that_has_overtaken_is_found_though_the_old_vector_still_is_one():
    size = 200
    turn = torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(0)))[0]
    old, new = turn[0], turn[1]
    rest = 0.01 * torch.eye(size)
    before = 4 * torch.outer(old, old) + torch.outer(new, new)
    after = 4 * torch.outer(old, old) + 9 * torch.outer(new, new)
    carried = leading_pairs(Matrix(before + rest)).vectors
    found = leading_pairs(Matrix(after + rest), start=carried)
    assert found.values[0] == pytest.approx(9.01, rel=1e-3)
    assert found.products < 12
