"""The codes that measure curvature, each as two functions of a model in evaluation mode.

Every code gets a copy of the model, mini-batches of equal size and a mean loss, and returns what it
found with the number of products with the whole Hessian.
"""

import copy
import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from entropic.nets import Carried, Hessian, Problem, curvature_at, leading_pairs, trace
from entropic.nets.losses import cross_entropy

Data = list[tuple[Tensor, Tensor]]
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Code:
    """One way to measure.

    eigenvalue(model, data) → λ_max and products.  probes(model, data, count) → zᵀHz of ``count``
    plain probes, or None for a code that has its own estimator with an error.
    """

    name: str
    eigenvalue: Callable[[nn.Module, Data], tuple[float, float]]
    probes: Callable[[nn.Module, Data, int], list[float]]


def problem(model: nn.Module, data: Data) -> Problem:
    """Our landscape of a model with fixed statistics."""
    inputs, targets = (torch.cat(parts) for parts in zip(*data, strict=True))
    return Problem(
        model, cross_entropy, inputs, targets, statistics="running", block=len(data[0][0])
    )


def our_operator(model: nn.Module, data: Data) -> Hessian:
    """The Hessian at the model's own parameters."""
    here = problem(model, data)
    return Hessian(here, torch.cat([p.detach().reshape(-1) for p in model.parameters()]))


def our_eigenvalue(model: nn.Module, data: Data) -> tuple[float, float]:
    """λ_max and products."""
    hessian = our_operator(model, data)
    pairs = leading_pairs(hessian, tolerance=TOLERANCE)
    return float(pairs.values[0]), hessian.used


def our_trace(model: nn.Module, data: Data, probes: int, seed: int = 0) -> tuple[float, float]:
    """The trace and its standard error from so many products."""
    found = trace(our_operator(model, data), probes=probes, seed=seed)
    return float(found.value), float(found.error)


def our_profile(points: list[nn.Module], data: Data, probes: int) -> list[tuple[float, ...]]:
    """Loss, λ_max, trace and its error at every point, each handing on to the next."""
    rows, carried = [], None
    here = problem(points[0], data)
    for model in points:
        theta = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
        found, carried = curvature_at(here, theta, carried, tolerance=TOLERANCE, probes=probes)
        value, error = float(found.trace.value), float(found.trace.error)
        rows.append((found.loss, float(found.lambda_max.value), value, error, found.products))
    assert isinstance(carried, Carried)
    return rows


def _quiet(work: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return work()


def pyhessian_eigenvalue(
    model: nn.Module, data: Data, tolerance: float = TOLERANCE
) -> tuple[float, float]:
    """Power iteration, until two values differ by less than the tolerance."""
    from pyhessian import hessian

    torch.manual_seed(0)
    operator = hessian(copy.deepcopy(model), nn.CrossEntropyLoss(), **_given(data), cuda=False)
    products = _counted(operator)
    values, _ = operator.eigenvalues(maxIter=1000, tol=tolerance)
    return values[0], products()


def pyhessian_converged(model: nn.Module, data: Data) -> tuple[float, float]:
    """The same at a hundredth of the tolerance, for an error of about the tolerance."""
    return pyhessian_eigenvalue(model, data, 0.01 * TOLERANCE)


def pyhessian_probes(model: nn.Module, data: Data, count: int) -> list[float]:
    """Its trace, which returns every probe."""
    from pyhessian import hessian

    torch.manual_seed(0)
    operator = hessian(copy.deepcopy(model), nn.CrossEntropyLoss(), **_given(data), cuda=False)
    return operator.trace(maxIter=count, tol=0.0)


def _given(data: Data) -> dict:
    return {"data": data[0]} if len(data) == 1 else {"dataloader": data}


def _counted(operator: object) -> Callable[[], float]:
    """Count the products of a PyHessian object."""
    from pyhessian import hessian as module_class
    from pyhessian import utils

    module = __import__(module_class.__module__, fromlist=["x"])
    calls = [0]
    one, many = utils.hessian_vector_product, operator.dataloader_hv_product

    def counted_one(*given: object) -> object:
        calls[0] += 1
        return one(*given)

    def counted_many(vector: object) -> object:
        calls[0] += 1
        return many(vector)

    module.hessian_vector_product, operator.dataloader_hv_product = counted_one, counted_many
    return lambda: float(calls[0])


def eigenthings_operator(model: nn.Module, data: Data):
    """Its Hessian."""
    from hessian_eigenthings import HessianOperator, supervised_loss

    return HessianOperator(copy.deepcopy(model), data, supervised_loss(nn.CrossEntropyLoss()))


def eigenthings_eigenvalue(model: nn.Module, data: Data) -> tuple[float, float]:
    """Ten steps of Lanczos: its default of two is no answer."""
    from hessian_eigenthings import lanczos

    operator = eigenthings_operator(model, data)
    found = lanczos(operator, k=1, max_iter=10, which="LA", tol=TOLERANCE, seed=0)
    return float(found.eigenvalues[0]), float(found.iterations)


def eigenthings_probes(model: nn.Module, data: Data, count: int) -> list[float]:
    """As its ``hutchinson`` does."""
    operator = eigenthings_operator(model, data)
    signs = torch.randint(2, (count, operator.size)).float() * 2 - 1
    return [float(sign @ operator.matvec(sign)) for sign in signs]


def curvlinops_operator(model: nn.Module, data: Data):
    """Its Hessian, without the check that doubles the price."""
    from curvlinops import HessianLinearOperator

    own = copy.deepcopy(model)
    parameters = [p for p in own.parameters() if p.requires_grad]
    return HessianLinearOperator(
        own, nn.CrossEntropyLoss(), parameters, data, check_deterministic=False
    )


def curvlinops_eigenvalue(model: nn.Module, data: Data) -> tuple[float, float]:
    """ARPACK on its SciPy operator, as its manual shows."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    operator = curvlinops_operator(model, data).to_scipy()
    calls = [0]

    def product(vector: np.ndarray) -> np.ndarray:
        calls[0] += 1
        return operator @ vector.reshape(-1).astype(np.float32)

    counted = LinearOperator(operator.shape, product, dtype=np.float32)
    first = np.random.default_rng(0).standard_normal(operator.shape[0]).astype(np.float32)
    values = eigsh(counted, k=1, which="LA", tol=TOLERANCE, v0=first, return_eigenvectors=False)
    return float(values[0]), float(calls[0])


def curvlinops_probes(model: nn.Module, data: Data, count: int) -> list[float]:
    """As its ``hutchinson_trace`` does, all probes in one product."""
    operator = curvlinops_operator(model, data)
    signs = torch.randint(2, (operator.shape[0], count)).float() * 2 - 1
    return (signs * (operator @ signs)).sum(dim=0).tolist()


PEERS = (
    Code("PyHessian", pyhessian_eigenvalue, pyhessian_probes),
    Code("hessian-eigenthings", eigenthings_eigenvalue, eigenthings_probes),
    Code("curvlinops", curvlinops_eigenvalue, curvlinops_probes),
)
