import numpy as np
import pytest
import torch

from entropic.nets import Polyline
from entropic.theory import DomainError, Path

CORNERS = np.random.default_rng(2).normal(size=(6, 5))


def test_it_is_the_same_polygon_as_the_path_in_double_precision():
    line, path = Polyline(torch.tensor(CORNERS)), Path(CORNERS)
    np.testing.assert_allclose(line.arc, path.arc, rtol=1e-14)
    assert line.length == pytest.approx(path.length, rel=1e-14)
    for s in np.linspace(0.01, 0.99, 17) * line.length:
        np.testing.assert_allclose(line.at(s).numpy(), path.at(s), rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(line.tangent(s).numpy(), path.tangent(s), rtol=1e-12)


def test_at_a_pivot_it_is_the_pivot_to_the_last_bit():
    line = Polyline(torch.tensor(CORNERS, dtype=torch.float32))
    for s, pivot in zip(line.arc, line.points, strict=True):
        assert torch.equal(line.at(float(s)), pivot)


def test_the_tangent_halves_the_angle_at_a_pivot():
    line = Polyline(torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0], [3.0, 2.0]]))
    assert line.tangent(3.0).tolist() == pytest.approx([0.5**0.5, 0.5**0.5])
    assert line.tangent(0.0).tolist() == [1, 0]
    assert line.tangent(line.length).tolist() == [0, -1]
    assert line.tangent(7.0).norm() == 1  # a hairpin


def test_what_is_no_path_is_refused():
    with pytest.raises(DomainError, match=r"points of shape \(n >= 2, P\); they have \(1, 3\)"):
        Polyline(torch.zeros(1, 3))
    with pytest.raises(DomainError, match="must be finite"):
        Polyline(torch.tensor([[0.0], [float("nan")]]))
    with pytest.raises(DomainError, match="the length of a path must be finite"):
        Polyline(torch.tensor([[0.0], [1e308], [-1e308]], dtype=torch.float64))
    with pytest.raises(DomainError, match="neighbouring points of a path must differ"):
        Polyline(torch.zeros(3, 2))
    with pytest.raises(DomainError, match=r"must lie within \[0, 1\]; it is 1.1"):
        Polyline(torch.tensor([[0.0], [1.0]])).at(1.1)
