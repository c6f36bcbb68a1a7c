import numpy as np
import pytest
import torch
from landscapes import hessian, small_problem
from torch import nn

import entropic.nets.hessian as operators
from entropic.nets import Hessian, Problem, flat_parameters, trace
from entropic.nets.losses import cross_entropy, half_square
from entropic.theory import DomainError


def images(count: int, seed: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(count, 2, 6, 6, generator=generator, dtype=torch.float64)
    return inputs, torch.randint(3, (count,), generator=generator)


def convolutional(statistics: str = "batch", block: int = 7, count: int = 20) -> Problem:
    """ReLU kinks, batch normalisation, strides: what finite differences get wrong."""
    torch.manual_seed(4)
    model = nn.Sequential(
        nn.Conv2d(2, 3, 3, 2, 1, bias=False), nn.BatchNorm2d(3), nn.ReLU(),
        nn.Conv2d(3, 3, 3, 1, 1), nn.BatchNorm2d(3), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3),
    ).double()  # fmt: skip
    return Problem(model, cross_entropy, *images(count), 0.03, statistics=statistics, block=block)


@pytest.mark.parametrize("statistics", ["batch", "running"])
def test_products_of_a_convolutional_net_are_those_of_the_dense_hessian(statistics):
    problem = convolutional(statistics)
    theta = flat_parameters(problem.model)
    found = Hessian(problem, theta)
    torch.testing.assert_close(found.dense(), hessian(problem, theta))
    assert found.addends == 3
    assert found.loss == pytest.approx(problem.full(theta).item(), rel=1e-12)
    slope = torch.func.grad(problem.full)
    torch.testing.assert_close(found.gradient, slope(theta))
    # torch.func.hessian is no second route: in 2.13 it errs on normalised convolutions
    vectors = torch.randn(3, len(theta), dtype=torch.float64)
    step = 1e-6  # too small to meet a kink
    grown = [(slope(theta + step * v) - slope(theta - step * v)) / (2 * step) for v in vectors]
    torch.testing.assert_close(found.products(vectors), torch.stack(grown), rtol=0, atol=1e-8)


@pytest.mark.parametrize("one_by_one", [False, True])
def test_the_addends_add_up_to_the_whole_and_so_do_their_prices(one_by_one, monkeypatch):
    if one_by_one:
        monkeypatch.setattr(operators, "SMALL", 0)
    problem = convolutional()
    theta = flat_parameters(problem.model)
    vectors = torch.randn(4, len(theta), dtype=torch.float64)
    found = Hessian(problem, theta)
    parts = [found.products_of(range(i, i + 1), vectors) for i in range(3)]
    assert found.used == pytest.approx(4, rel=1e-12)
    torch.testing.assert_close(sum(parts), vectors @ hessian(problem, theta))
    torch.testing.assert_close(found.products_of(range(1, 3), vectors), parts[1] + parts[2])
    assert found.used == pytest.approx(4 + 4 * 14 / 20, rel=1e-12)


def test_parameters_chosen_by_pattern_give_the_square_block_of_the_hessian():
    problem = convolutional()
    theta = flat_parameters(problem.model)
    whole = hessian(problem, theta)
    names = [n for n, shape in zip(problem.layout.names, problem.layout.shapes, strict=True)
             for _ in range(shape.numel())]  # fmt: skip
    inside = torch.tensor([name.startswith("3.") or name == "8.bias" for name in names])
    found = Hessian(problem, theta, only=["8.bias", "3.*"])
    assert found.names == ("3.weight", "3.bias", "8.bias")
    torch.testing.assert_close(found.dense(), whole[inside][:, inside])
    torch.testing.assert_close(found.gradient, torch.func.grad(problem.full)(theta)[inside])
    assert found.loss == pytest.approx(problem.full(theta).item(), rel=1e-12)


def test_gauss_newton_is_the_jacobian_on_both_sides_of_the_loss_curvature():
    problem = small_problem()
    theta = flat_parameters(problem.model)

    def outputs(place):
        weights = problem.layout.unflatten(place)
        return torch.func.functional_call(problem.model, weights, (problem.inputs,))

    jacobian = torch.func.jacrev(outputs)(theta)  # (n, classes, P)
    p = torch.softmax(outputs(theta), dim=1)
    bends = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    expected = torch.einsum("nap,nab,nbq->pq", jacobian, bends, jacobian) / problem.samples
    expected += problem.decay * torch.eye(len(theta), dtype=torch.float64)
    found = Hessian(problem, theta, kind="gauss-newton")
    torch.testing.assert_close(found.dense(), expected)
    torch.testing.assert_close(found.gradient, torch.func.grad(problem.full)(theta))


def test_gauss_newton_is_the_hessian_of_a_linear_model_with_half_the_square():
    inputs = torch.randn(9, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    model = nn.Linear(4, 2).double()
    problem = Problem(model, half_square, inputs, torch.zeros(9, 2, dtype=torch.float64), 0.1)
    theta = flat_parameters(model)
    found = [Hessian(problem, theta, kind=kind).dense() for kind in ("hessian", "gauss-newton")]
    torch.testing.assert_close(*found)
    design = torch.cat([inputs, torch.ones(9, 1, dtype=torch.float64)], dim=1)
    values = torch.linalg.eigvalsh(design.T @ design / 9 + 0.1 * torch.eye(5)).repeat_interleave(2)
    torch.testing.assert_close(torch.linalg.eigvalsh(found[0]), values)


@pytest.mark.parametrize("kind", ["hessian", "gauss-newton"])
def test_a_loss_linear_in_the_parameters_has_no_curvature_but_the_decay(kind):
    model = nn.Linear(1, 1, bias=False).double()
    inputs = torch.ones(3, 1, dtype=torch.float64)
    problem = Problem(model, lambda x, _: x[:, 0], inputs, inputs, 0.25)
    found = Hessian(problem, torch.tensor([2.0]).double(), kind=kind)
    assert found.dense().tolist() == [[0.25]]
    assert (found.loss, found.gradient.tolist()) == (2.5, [1.5])


def test_a_parameter_that_nothing_depends_on_has_a_row_of_zeros():
    class Idle(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.idle = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(3))

        def forward(self, inputs):
            return inputs * self.used**2

    inputs = torch.ones(4, 2)
    problem = Problem(Idle(), half_square, inputs, 0 * inputs)
    found = Hessian(problem, torch.ones(5)).dense()
    torch.testing.assert_close(found, torch.diag(torch.tensor([6.0, 6.0, 0, 0, 0])))


def test_what_memory_keeps_does_not_change_the_results():
    problem = convolutional("running", block=7, count=40)
    theta = flat_parameters(problem.model)
    vector = torch.randn(1, len(theta), dtype=torch.float64)
    all_kept, none_kept = Hessian(problem, theta), Hessian(problem, theta, memory=0)
    torch.testing.assert_close(all_kept.products(vector), none_kept.products(vector))
    assert none_kept._kept == {}
    assert len(all_kept._kept) > 0


def test_without_memory_fewer_samples_are_taken_at_a_time_and_it_is_said(monkeypatch):
    problem = small_problem(samples=40)
    theta = flat_parameters(problem.model)
    made = operators.curvature_graph

    def short_of_memory(problem, free, fixed, block, kind):
        if block.stop - block.start > 9:
            msg = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes"
            raise RuntimeError(msg)
        return made(problem, free, fixed, block, kind)

    monkeypatch.setattr(operators, "curvature_graph", short_of_memory)
    words = []
    found = Hessian(problem, theta, said=words.append)
    torch.testing.assert_close(found.dense(), hessian(problem, theta))
    assert words == [f"out of memory; the curvature goes on with {k} samples at once"
                     for k in (10, 5)]  # fmt: skip
    with pytest.warns(UserWarning, match="goes on with 8 samples at once"):
        _ = Hessian(small_problem(samples=16), theta).loss


def test_batch_statistics_forbid_to_take_fewer_samples(monkeypatch):
    problem = convolutional()

    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr(operators, "curvature_graph", no_memory)
    with pytest.raises(MemoryError, match="blocks of 7 samples, which batch statistics define"):
        _ = Hessian(problem, flat_parameters(problem.model)).loss
    small = small_problem()
    with pytest.raises(MemoryError, match="out of memory with a single sample"):
        _ = Hessian(small, flat_parameters(small.model), said=lambda _: None).loss


def test_a_graph_is_gone_when_nothing_refers_to_its_operator():
    made, gone = [], []

    class Watched(torch.autograd.Function):  # its context dies with the graph
        @staticmethod
        def forward(ctx, x):
            ctx.guard = Guard()
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, slope):
            (x,) = ctx.saved_tensors
            return 3 * x**2 * slope

    class Guard:
        def __init__(self):
            made.append(True)

        def __del__(self):
            gone.append(True)

    class Cubed(nn.Linear):
        def forward(self, inputs):
            return torch.tanh(Watched.apply(super().forward(inputs)))

    inputs = torch.randn(40, 2, dtype=torch.float64)
    problem = Problem(Cubed(2, 2).double(), half_square, inputs, inputs)
    found = Hessian(problem, flat_parameters(problem.model))
    torch.testing.assert_close(found.dense(), hessian(problem, found.theta))
    assert len(gone) < len(made)
    del found
    assert len(gone) == len(made)


def test_other_errors_of_torch_are_not_taken_for_a_lack_of_memory(monkeypatch):
    def broken(*_):
        msg = "shape mismatch"
        raise RuntimeError(msg)

    monkeypatch.setattr(operators, "curvature_graph", broken)
    problem = small_problem()
    with pytest.raises(RuntimeError, match="shape mismatch"):
        _ = Hessian(problem, flat_parameters(problem.model)).loss


def test_the_model_is_as_it_was():
    problem = convolutional("running")
    before = {name: value.clone() for name, value in problem.model.state_dict().items()}
    theta = flat_parameters(problem.model)
    state = torch.random.get_rng_state()
    found = Hessian(problem, theta)
    trace(found, probes=2)
    Hessian(problem, theta, kind="gauss-newton").products(theta[None])
    assert all(torch.equal(value, before[k]) for k, value in problem.model.state_dict().items())
    assert all(p.grad is None for p in problem.model.parameters())
    assert not any(module.training for module in problem.model.modules())
    assert not theta.requires_grad
    assert torch.equal(torch.random.get_rng_state(), state)


def test_operations_that_torch_cannot_batch_are_done_one_by_one():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, slope):
            (x,) = ctx.saved_tensors
            return Square.apply(x, slope)

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, slope):
            ctx.save_for_backward(x, slope)
            return 3 * x**2 * slope

        @staticmethod
        def backward(ctx, other):
            x, slope = ctx.saved_tensors
            float(other.sum())  # asks for a number, which no batch has
            return 6 * x * slope * other, 3 * x**2 * other

    class Cubed(nn.Module):
        def __init__(self):
            super().__init__()
            self.place = nn.Parameter(torch.tensor([1.0, 2.0]))

        def forward(self, inputs):
            return Cube.apply(self.place) * inputs

    problem = Problem(Cubed(), lambda x, _: x.sum(dim=1), torch.ones(3, 2), torch.ones(3))
    found = Hessian(problem, torch.tensor([1.0, 2.0])).dense()
    torch.testing.assert_close(found, torch.diag(torch.tensor([6.0, 12.0])))


def test_single_precision_gives_single_precision():
    problem = small_problem().to(dtype=torch.float32)
    theta = flat_parameters(problem.model)
    found = Hessian(problem, theta)
    exact = hessian(small_problem(), theta.double())
    assert found.dense().dtype == torch.float32
    np.testing.assert_allclose(found.dense(), exact, atol=1e-6)


def test_numbers_that_are_not_finite_are_refused_by_name():
    problem = small_problem(samples=40)
    theta = flat_parameters(problem.model)
    with pytest.raises(DomainError, match="the loss and the gradient of the loss must be finite"):
        _ = Hessian(problem, theta * torch.nan).loss
    root = Problem(
        nn.Linear(1, 1, bias=False).double(),
        lambda x, _: x[:, 0].abs().sqrt(),
        torch.ones(2, 1, dtype=torch.float64),
        torch.ones(2),
    )
    with pytest.raises(DomainError, match="^the gradient of the loss must be finite; over samples"):
        Hessian(root, torch.zeros(1, dtype=torch.float64)).products(torch.ones(1, 1).double())


def test_what_fits_no_parameter_is_refused():
    problem = small_problem()
    theta = flat_parameters(problem.model)
    with pytest.raises(DomainError, match=r"no parameter is called 'layer\*'; there are 0.weight"):
        Hessian(problem, theta, only="layer*")
    with pytest.raises(DomainError, match="at least one pattern"):
        Hessian(problem, theta, only=[])
    with pytest.raises(DomainError, match="must be 'hessian' or 'gauss-newton'; it is 'fisher'"):
        Hessian(problem, theta, kind="fisher")
    with pytest.raises(DomainError, match="a point of this model has 31 numbers"):
        Hessian(problem, theta[1:])
