import pytest
import torch
from landscapes import hessian, small_problem, third_derivative

from entropic.nets import Problem, mlp
from entropic.nets.operators import (
    cubic_to_quadratic,
    dense_hessian,
    hessian_products,
    losses_and_gradients,
    point,
    sample_curvatures,
    sample_hessian_products,
    scores,
    third_forms,
    third_products,
)
from entropic.nets.parameters import flat_parameters
from entropic.nets.problem import array
from entropic.theory import DomainError


@pytest.fixture(scope="module")
def place():
    problem = small_problem()
    theta = flat_parameters(problem.model)
    generator = torch.Generator().manual_seed(1)
    return problem, theta, torch.randn(5, len(theta), generator=generator, dtype=torch.float64)


def test_hessian_products_are_rows_of_the_double_backward_hessian(place):
    problem, theta, vectors = place
    expected = vectors @ hessian(problem, theta)
    torch.testing.assert_close(hessian_products(problem, theta, vectors), expected)
    torch.testing.assert_close(dense_hessian(problem, theta), hessian(problem, theta))


def test_third_products_are_the_growth_of_hessian_products(place):
    problem, theta, vectors = place
    expected = vectors @ third_derivative(problem, theta, vectors[0])
    torch.testing.assert_close(
        third_products(problem, theta, vectors[0], vectors), expected, rtol=1e-8, atol=1e-8
    )
    assert third_products(problem, theta, vectors[0], vectors[:0]).shape == (0, len(theta))


def test_third_forms_are_the_growth_of_the_curvature(place):
    problem, theta, vectors = place
    grown = third_derivative(problem, theta, vectors[0])
    expected = torch.einsum("mi,ij,mj->m", vectors, grown, vectors)
    found = third_forms(problem, theta, vectors[0], vectors)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)


def test_third_and_second_order_of_the_loss_are_its_taylor_terms(place):
    problem, theta, vectors = place
    v = 0.003 * vectors[1]
    cubic, quadratic = cubic_to_quadratic(problem, theta, v[None])
    ahead, behind, here = problem.full(theta + v), problem.full(theta - v), problem.full(theta)
    even = (ahead + behind) / 2 - here
    torch.testing.assert_close(quadratic[0], even.abs(), rtol=1e-3, atol=0)
    # the odd part is the slope plus the cubic term
    slope = torch.func.jvp(problem.full, (theta,), (v,))[1]
    torch.testing.assert_close(cubic[0], ((ahead - behind) / 2 - slope).abs(), rtol=1e-3, atol=0)


def test_sample_operators_add_up_to_the_whole(place):
    problem, theta, vectors = place
    decay = problem.decay
    left, right = vectors[0], vectors[1:3]
    mean = sample_curvatures(problem, theta, left, right).mean(dim=1)
    expected = right @ hessian(problem, theta) @ left - decay * right @ left
    torch.testing.assert_close(mean, expected)
    same = vectors[0].expand(problem.samples, -1)
    products = sample_hessian_products(problem, theta, same).mean(dim=0)
    torch.testing.assert_close(products, hessian(problem, theta) @ left - decay * left)


def test_scores_are_the_gradients_of_single_samples_about_their_mean(place):
    problem, theta, _ = place
    rows = []
    for i in range(problem.samples):
        free = theta.clone().requires_grad_()
        loss = problem.sample_losses(free, problem.inputs[i : i + 1], problem.targets[i : i + 1])
        rows.append(torch.autograd.grad(loss.sum(), free)[0])
    expected = torch.stack(rows)
    torch.testing.assert_close(scores(problem, theta), expected - expected.mean(dim=0))


def test_losses_and_gradients_agree_with_autograd_and_leave_no_trace_in_the_model(place):
    problem, theta, vectors = place
    points = array(theta + 0.1 * vectors)
    losses, gradients = losses_and_gradients(problem, points)
    free = problem.tensor(points[2]).requires_grad_()
    loss = problem.full(free)
    assert losses[2] == pytest.approx(loss.item(), rel=1e-12)
    assert gradients[2] == pytest.approx(torch.autograd.grad(loss, free)[0].numpy(), rel=1e-10)
    assert all(p.grad is None for p in problem.model.parameters())


def test_a_point_of_another_model_is_refused(place):
    problem = place[0]
    with pytest.raises(DomainError, match=r"a point of this model has 31 numbers"):
        point(problem, array(flat_parameters(mlp((3, 5, 3), 0))))


def test_a_loss_that_is_not_one_number_per_sample_is_refused():
    problem = small_problem()
    with pytest.raises(DomainError, match=r"one number per sample; for 2 it gave \(\)"):
        Problem(problem.model, torch.nn.functional.cross_entropy, problem.inputs, problem.targets)


def test_a_model_without_parameters_is_refused():
    model = torch.nn.Identity()
    with pytest.raises(DomainError, match="Identity has no trainable parameters"):
        _ = Problem(model, lambda x, _: x[:, 0], torch.ones(3, 2), torch.ones(3)).layout
