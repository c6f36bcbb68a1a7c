import pytest
import torch
from convolving import convolving_problem, some_points
from landscapes import small_problem
from torch import nn

from entropic.nets import Problem
from entropic.nets.losses import cross_entropy
from entropic.nets.many_points import ManyPoints, points_at_once


@pytest.mark.parametrize("make", [small_problem, convolving_problem])
@pytest.mark.parametrize("at_once", [1, 2, 64])
def test_losses_and_gradients_are_those_of_the_landscape(make, at_once):
    problem = make()
    points = some_points(problem, 5)
    landscape = ManyPoints(problem, at_once)
    losses, gradients = landscape.losses_and_gradients(points)
    expected = torch.stack([problem.full(theta) for theta in points])
    torch.testing.assert_close(losses, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(landscape.losses(points), expected, rtol=1e-12, atol=1e-12)
    slopes = torch.stack([torch.func.grad(problem.full)(theta) for theta in points])
    torch.testing.assert_close(gradients, slopes, rtol=1e-9, atol=1e-12)


def test_a_minibatch_is_the_objective_of_its_samples():
    problem = small_problem()
    points, pick = some_points(problem, 3), torch.tensor([1, 4, 7, 9])
    found = ManyPoints(problem).losses(points, pick)
    expected = [problem.objective(p, problem.inputs[pick], problem.targets[pick]) for p in points]
    torch.testing.assert_close(found, torch.stack(expected), rtol=1e-12, atol=1e-12)


def test_a_minibatch_is_normalised_in_parts_as_small_as_the_blocks_of_the_landscape():
    problem = convolving_problem(decay=0.0, block=4)
    points, pick = some_points(problem, 2), torch.tensor([3, 1, 5, 9, 2, 8, 7, 6])
    found = ManyPoints(problem).losses(points, pick)
    halves = [
        problem.objective(points[0], problem.inputs[half], problem.targets[half])
        for half in (pick[:4], pick[4:])
    ]
    assert found[0].item() == pytest.approx(sum(halves).item() / 2, rel=1e-12)
    whole = problem.objective(points[0], problem.inputs[pick], problem.targets[pick])
    assert abs(found[0].item() - whole.item()) > 1e-3


def test_networks_that_convolve_are_taken_one_by_one_on_a_cpu():
    assert points_at_once(convolving_problem()) == 1
    assert points_at_once(small_problem()) == 64


def test_the_model_is_left_as_it_was():
    problem = convolving_problem()
    before = {name: values.clone() for name, values in problem.model.state_dict().items()}
    ManyPoints(problem).losses_and_gradients(some_points(problem, 2))
    for name, values in problem.model.state_dict().items():
        assert torch.equal(values, before[name])
    assert all(p.grad is None for p in problem.model.parameters())


class Hungry(nn.Module):
    """Cannot work for more than ``most`` points at once, told from the shape inside vmap."""

    def __init__(self, model: nn.Module, most: int, error: Exception) -> None:
        super().__init__()
        self.model, self.most, self.error = model, most, error

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        weight = self.model[0].weight
        while torch._C._functorch.is_gradtrackingtensor(weight):
            weight = torch._C._functorch.get_unwrapped(weight)
        batched = torch._C._functorch.is_batchedtensor(weight)
        count = len(torch._C._functorch.get_unwrapped(weight)) if batched else 1
        if count > self.most:
            raise self.error
        outputs: torch.Tensor = self.model(inputs)
        return outputs


def hungry(most: int, error: Exception) -> Problem:
    problem = small_problem()
    made = Problem(problem.model, cross_entropy, problem.inputs, problem.targets, problem.decay)
    object.__setattr__(made, "model", Hungry(made.model, most, error))
    made.__dict__.pop("layout", None)
    return made


def test_where_memory_runs_out_fewer_points_are_taken_and_it_is_said():
    error = RuntimeError("DefaultCPUAllocator: can't allocate memory")
    problem = hungry(3, error)
    landscape = ManyPoints(problem, 8)
    points = some_points(small_problem(), 8)
    with pytest.warns(UserWarning, match="memory ran out: [42] points at once from here on"):
        found = landscape.losses(points)
    assert landscape.at_once == 2
    torch.testing.assert_close(found, ManyPoints(small_problem()).losses(points))


def test_where_memory_does_not_do_for_one_point_the_way_out_is_said():
    problem = hungry(0, torch.OutOfMemoryError("CUDA out of memory"))
    points = some_points(small_problem(), 1)
    with pytest.raises(MemoryError, match="one point on 128 samples; a smaller block needs less"):
        ManyPoints(problem, 1).losses(points)


def test_a_model_that_cannot_be_batched_is_computed_point_by_point():
    problem = hungry(1, RuntimeError("vmap: data-dependent control flow"))
    points = some_points(small_problem(), 3)
    with pytest.warns(UserWarning, match="the model cannot be batched .vmap: data-dependent"):
        found = ManyPoints(problem, 8).losses(points)
    torch.testing.assert_close(found, ManyPoints(small_problem()).losses(points))


def test_a_fault_of_the_model_itself_comes_through():
    problem = hungry(0, RuntimeError("shapes cannot be multiplied"))
    points = some_points(small_problem(), 1)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        ManyPoints(problem, 1).losses(points)
