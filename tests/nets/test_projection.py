import numpy as np
import pytest
import torch

from entropic.nets import projection
from entropic.nets.projection import project_onto_path
from entropic.theory import DomainError, Path


def walk(seed: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    path = torch.randn(7, 5, generator=generator, dtype=torch.float64).cumsum(0) + 40
    points = path.mean(0) + 2 * torch.randn(30, 5, generator=generator, dtype=torch.float64)
    return path.to(dtype), points.to(dtype)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("columns", [2, 1 << 18])
def test_the_projection_is_that_of_the_small_path(seed, columns, monkeypatch):
    monkeypatch.setattr(projection, "COLUMNS", columns)
    path, points = walk(seed)
    found, small = project_onto_path(path, points), Path(path.numpy())
    np.testing.assert_allclose(found.s, small.project(points.numpy()), atol=1e-10)
    gaps = np.linalg.norm(small.at(found.s) - points.numpy(), axis=1)
    np.testing.assert_allclose(found.distance, gaps, atol=1e-7)


def test_no_point_of_the_path_is_nearer():
    path, points = walk(9)
    found, small = project_onto_path(path, points), Path(path.numpy())
    fine = small.at(np.linspace(0, small.length, 4001))
    nearest = np.linalg.norm(points.numpy()[:, None] - fine, axis=2).min(axis=1)
    assert np.all(found.distance <= nearest + 1e-9)
    assert np.all(nearest - found.distance < 1e-3)


def test_weights_of_single_precision_are_summed_in_double():
    path, points = walk(1, torch.float32)
    found = project_onto_path(path, points)
    exact = Path(path.double().numpy()).project(points.double().numpy())
    np.testing.assert_allclose(found.s, exact, atol=1e-9)


def test_a_bead_lies_on_the_path_where_it_stands():
    path, _ = walk(2)
    found = project_onto_path(path, path)
    np.testing.assert_allclose(found.s, Path(path.numpy()).arc, atol=1e-10)
    np.testing.assert_allclose(found.distance, 0, atol=1e-6)


def test_points_of_another_model_are_refused():
    path, points = walk(0)
    with pytest.raises(DomainError, match=r"must match; they are \(7, 5\) and \(30, 4\)"):
        project_onto_path(path, points[:, :4])
    with pytest.raises(DomainError, match="neighbouring points of a path must differ"):
        project_onto_path(path[[0, 0, 1]], points)
