import math

import pytest
import torch

from entropic.nets.losses import cross_entropy, half_square


def test_cross_entropy_is_minus_the_log_of_the_softmax():
    outputs = torch.randn(7, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([0, 1, 2, 3, 0, 1, 2])
    found = cross_entropy(outputs, targets)
    for i, (row, target) in enumerate(zip(outputs.tolist(), targets.tolist(), strict=True)):
        probability = math.exp(row[target]) / sum(math.exp(value) for value in row)
        assert found[i].item() == pytest.approx(-math.log(probability), rel=1e-12)


def test_cross_entropy_does_not_feel_a_common_shift_and_survives_large_outputs():
    outputs, targets = torch.tensor([[0.3, -0.2]]).double(), torch.tensor([1])
    torch.testing.assert_close(
        cross_entropy(outputs + 500, targets), cross_entropy(outputs, targets)
    )
    assert cross_entropy(torch.tensor([[1000.0, 0.0]]), targets).item() == 1000


def test_the_square_is_summed_over_all_a_sample_puts_out_and_halved():
    outputs = torch.arange(12.0).reshape(2, 3, 2)
    found = half_square(outputs, torch.ones(2, 3, 2))
    assert found.tolist() == [0.5 * (1 + 0 + 1 + 4 + 9 + 16), 0.5 * (25 + 36 + 49 + 64 + 81 + 100)]


def test_a_single_number_per_sample_is_squared_too():
    assert half_square(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0])).tolist() == [0.0, 2.0]


def test_the_slope_of_half_a_square_is_the_residual():
    outputs = torch.tensor([[1.0, -2.0], [0.5, 0.25]], requires_grad=True)
    targets = torch.tensor([[0.0, 1.0], [0.5, 0.0]])
    half_square(outputs, targets).sum().backward()
    assert torch.equal(outputs.grad, outputs.detach() - targets)
