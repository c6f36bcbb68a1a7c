import pytest
import torch

from entropic.nets.graph_memory import KEPT, Scales, out_of_memory, room


def test_what_autograd_saves_is_weighed_once_and_without_what_the_caller_holds():
    inputs, weights = torch.ones(100, 10), torch.ones(10, 5, requires_grad=True)
    scales, both = Scales([inputs]), Scales([])
    with scales:
        outputs = torch.tanh(inputs @ weights)  # saves the inputs, and its own result
    assert scales.bytes == 100 * 5 * 4
    with both:
        again = torch.tanh(inputs @ weights)
    assert both.bytes == 100 * (10 + 5) * 4
    for value in (outputs, again):
        (slope,) = torch.autograd.grad(value.sum(), weights)
        assert slope.shape == (10, 5)


def test_a_cpu_keeps_a_fixed_amount():
    assert room(torch.device("cpu"), 5.0) == KEPT


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ..."), True),
        (RuntimeError("sizes do not match"), False),
    ],
)
def test_a_lack_of_memory_is_told_from_other_errors(error, answer):
    assert out_of_memory(error) is answer
