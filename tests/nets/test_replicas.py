import pytest
import torch
from landscapes import small_problem
from torch import nn

from entropic.nets import Problem, mlp
from entropic.nets.arithmetic import Arithmetic
from entropic.nets.batched_mlp import batched_mlp
from entropic.nets.initial import initial_parameters
from entropic.nets.losses import cross_entropy
from entropic.nets.replicas import Replicas, gathered
from entropic.theory import DomainError


def _stack(problem: Problem, replicas: int = 3) -> torch.Tensor:
    return torch.stack([initial_parameters(problem, seed) for seed in range(replicas)])


def _picks(problem: Problem, replicas: int, batch: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(9)
    return torch.stack(
        [torch.randperm(problem.samples, generator=generator)[:batch] for _ in range(replicas)]
    )


def _images(normalised: bool, statistics="batch") -> Problem:
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(24, 2, 5, 5, generator=generator, dtype=torch.float64)
    targets = torch.randint(3, (24,), generator=generator)
    middle = nn.BatchNorm2d(4) if normalised else nn.Identity()
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3), middle, nn.ReLU(), nn.Flatten(), nn.Linear(36, 3)
    ).double()
    return Problem(model, cross_entropy, inputs, targets, 0.03, statistics=statistics, block=8)


def _perceptrons() -> dict[str, Problem]:
    plain = small_problem()
    layers = {
        "no biases": [nn.Linear(3, 4, bias=False), nn.Sigmoid(), nn.Linear(4, 3, bias=False)],
        "in place": [nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 3)],
        "nested, with dropout": [
            nn.Flatten(),
            nn.Sequential(nn.Linear(3, 4), nn.Softplus(beta=2.0)),
            nn.Dropout(0.5),
            nn.Linear(4, 3, bias=False),
        ],
    }
    made = {
        name: Problem(
            nn.Sequential(*found).double(), cross_entropy, plain.inputs, plain.targets, 0.1
        )
        for name, found in layers.items()
    }
    return {"tanh": plain, **made}


@pytest.mark.parametrize("name", _perceptrons())
@pytest.mark.parametrize("shared", [True, False])
def test_all_ways_agree_with_the_gradient_of_the_objective(name, shared):
    problem = _perceptrons()[name]
    thetas, picks = _stack(problem), _picks(problem, 3, 5)
    data = (problem.inputs, problem.targets)
    if not shared:
        data = tuple(gathered(values, picks) for values in data)
    for way in ("matmul", "vmap", "loop"):
        losses, slopes = Replicas(problem, way)(thetas, *data, shared)
        for i, theta in enumerate(thetas):
            own = data if shared else (data[0][i], data[1][i])
            slope, loss = torch.func.grad_and_value(problem.objective)(theta, *own)
            assert losses[i].item() == pytest.approx(loss.item(), rel=1e-13)
            torch.testing.assert_close(slopes[i], slope, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("normalised", [True, False])
def test_convolutions_go_by_vmap_and_one_by_one_and_agree(normalised):
    problem = _images(normalised)
    assert batched_mlp(problem) is None
    thetas, picks = _stack(problem), _picks(problem, 3, 6)
    data = (gathered(problem.inputs, picks), gathered(problem.targets, picks))
    one, many = (Replicas(problem, way)(thetas, *data) for way in ("loop", "vmap"))
    for a, b in zip(one, many, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-13)
    slope = torch.func.grad(problem.objective)(thetas[1], data[0][1], data[1][1])
    torch.testing.assert_close(one[1][1], slope, rtol=1e-10, atol=1e-13)


def test_weights_and_model_are_as_they_were():
    problem = small_problem()
    thetas, model = _stack(problem), [p.clone() for p in problem.model.parameters()]
    before = thetas.clone()
    for way in ("matmul", "vmap", "loop"):
        Replicas(problem, way)(thetas, problem.inputs, problem.targets, shared=True)
    assert torch.equal(thetas, before)
    assert not thetas.requires_grad
    for now, then in zip(problem.model.parameters(), model, strict=True):
        assert torch.equal(now, then)
        assert now.grad is None


class _Tied(nn.Module):
    def forward(self, inputs):
        return inputs


def _unlike_a_perceptron() -> list[nn.Module]:
    hooked = nn.Sequential(nn.Linear(3, 3))
    hooked[0].register_forward_hook(lambda module, given, found: 2 * found)
    twice = nn.Linear(3, 3)
    frozen = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    frozen[0].weight.requires_grad_(False)
    return [
        *(hooked, nn.Sequential(twice, nn.Tanh(), twice), frozen),
        *(nn.Sequential(nn.Linear(3, 3), _Tied()), nn.Sequential(nn.Linear(3, 3), nn.Softmax(1))),
    ]


@pytest.mark.parametrize("place", range(5))
def test_what_is_not_a_plain_perceptron_is_not_taken_for_one(place):
    plain, model = small_problem(), _unlike_a_perceptron()[place].double()
    problem = Problem(model, cross_entropy, plain.inputs, plain.targets)
    assert batched_mlp(problem) is None


class _Scarce(Replicas):
    """Fits at most two replicas."""

    room = 2

    def _matmul(self, thetas, *rest):
        if len(thetas) > self.room:
            msg = "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory"
            raise RuntimeError(msg)
        return super()._matmul(thetas, *rest)


def test_where_memory_runs_out_the_chunk_is_halved_and_that_is_said():
    problem, said = small_problem(), []
    thetas, picks = _stack(problem, 5), _picks(problem, 5, 4)
    data = (gathered(problem.inputs, picks), gathered(problem.targets, picks))
    scarce = _Scarce(problem, "matmul", said=said.append)
    losses, slopes = scarce(thetas, *data)
    expected = Replicas(problem, "loop")(thetas, *data)
    torch.testing.assert_close(losses, expected[0])
    torch.testing.assert_close(slopes, expected[1])
    assert scarce.chunk == 2
    assert said == ["out of memory with 5 replicas at once; going on with 2"]


def test_where_not_even_one_fits_that_is_said():
    problem = small_problem()
    scarce = _Scarce(problem, "matmul")
    scarce.room = 0
    with pytest.raises(MemoryError, match="one replica with its minibatch does not fit"):
        scarce(_stack(problem), problem.inputs, problem.targets, shared=True)


def test_an_error_of_another_kind_is_not_taken_for_want_of_memory():
    problem = small_problem()
    with pytest.raises(RuntimeError, match="Expected size"):
        Replicas(problem, "matmul")(_stack(problem), problem.inputs[:, :2], problem.targets, True)


@pytest.mark.parametrize("way", ["matmul", "vmap", "loop"])
def test_bfloat16_moves_a_gradient_by_a_hundredth_and_leaves_its_type(way):
    inputs, targets = small_problem(40).inputs.float(), small_problem(40).targets
    problem = Problem(mlp((3, 8, 3), 0, torch.float32), cross_entropy, inputs, targets)
    thetas = _stack(problem)
    coarse = Replicas(problem, way, Arithmetic("bf16"))(thetas, inputs, targets, True)[1]
    fine = Replicas(problem, way)(thetas, inputs, targets, True)[1]
    assert coarse.dtype == torch.float32
    assert 1e-4 < (coarse - fine).norm() / fine.norm() < 0.03


def test_channels_innermost_changes_the_layout_and_not_the_numbers():
    problem = _images(True)
    thetas, arithmetic = _stack(problem), Arithmetic(channels_last=True)
    laid = arithmetic.laid_out(problem.inputs)
    assert laid.is_contiguous(memory_format=torch.channels_last)
    found = Replicas(problem, "loop", arithmetic)(thetas, problem.inputs, problem.targets, True)
    plain = Replicas(problem, "loop")(thetas, problem.inputs, problem.targets, True)
    torch.testing.assert_close(found[1], plain[1], rtol=1e-10, atol=1e-13)


def test_another_precision_is_refused():
    with pytest.raises(DomainError, match="must be 'full' or 'bf16'; it is 'fp8'"):
        Arithmetic("fp8")


def test_bfloat16_of_doubles_would_do_nothing_and_is_refused():
    with pytest.raises(DomainError, match="bf16 is for a problem in float32; this one is in"):
        Replicas(small_problem(), "loop", Arithmetic("bf16"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_a_compiled_gradient_is_the_same():
    problem = small_problem(40)
    thetas = _stack(problem)
    compiled = Replicas(problem, "vmap", Arithmetic(compiled=True))
    found = compiled(thetas, problem.inputs, problem.targets, True)
    plain = Replicas(problem, "vmap")(thetas, problem.inputs, problem.targets, True)
    torch.testing.assert_close(found[1], plain[1], rtol=1e-9, atol=1e-12)
