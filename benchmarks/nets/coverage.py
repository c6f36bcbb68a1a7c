"""How often curvature is right within its own error, against dense Hessians.

    python benchmarks/nets/coverage.py [--seeds 200]

The digits MLP of 1482 parameters, trained by its preset (decay 0.01, float64): its Hessian is
assembled and diagonalised once, then every estimate is repeated for so many seeds.

1 sigma      how often the truth lies within one standard error; 68.3 % where errors are normal and
             well known, 66.7 % with the 15 degrees of freedom of 16 probes.  +-: the binomial error
spread/error the scatter of the estimates over the mean of what they state
lambda_max   the greatest relative error and residual among the seeds, at a tolerance of 1e-4
logdet       of all eigenvalues above half the decay, where the flat directions lie close above
             the floor, and above 0.1; quadrature adds a bias to the noise, and its bound is stated
             apart
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch

from entropic.nets import Hessian, Matrix, leading_pairs, log_det, preset, trace, train
from entropic.theory import AboveFloor

PROBES = 16


def report(name: str, exact: float, found: np.ndarray) -> None:
    """One line: ``found`` (seeds, 2), values and errors."""
    values, errors = found.T
    inside = np.abs(values - exact) <= errors
    share = inside.mean()
    binomial = (share * (1 - share) / len(inside)) ** 0.5
    print(
        f"{name:34} {exact:12.6g} {values.mean():12.6g} {errors.mean():10.3g} "
        f"{values.std(ddof=1) / errors.mean():12.2f} {100 * share:8.1f} +- {100 * binomial:.1f} %",
        flush=True,
    )


def repeated(estimate: Callable[[int], object], seeds: int) -> np.ndarray:
    """(seeds, 2): value and error of every seed."""
    found = [estimate(seed) for seed in range(seeds)]
    return np.array([(float(each.value), float(each.error)) for each in found])


def log_determinants(matrix: Matrix, eigenvalues: np.ndarray, floor: float, seeds: int) -> None:
    """Two lines; products with the matrix are those of the Hessian."""
    exact = np.log(eigenvalues[eigenvalues >= floor]).sum()
    runs = [
        log_det(matrix, AboveFloor(floor), probes=PROBES, seed=seed, dense=0)
        for seed in range(seeds)
    ]
    found = np.array([(float(each.log_det.value), float(each.log_det.error)) for each in runs])
    report(f"logdet above {floor:g}", exact, found)
    bias = np.array([each.log_det_bias for each in runs])
    inside = 100 * np.mean(np.abs(found[:, 0] - exact) <= found[:, 1] + bias)
    words = f"bias stated: at most {bias.mean():.3g}; within error and bias: {inside:.1f} %"
    print(f"{'':34} {words}", flush=True)


def main() -> None:
    """Train, diagonalise, repeat."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    seeds = parser.parse_args().seeds
    torch.set_num_threads(1)
    chosen = preset("digits-mlp")
    problem = chosen.make()
    minimum = train(problem, chosen.recipe, (0,))
    theta = torch.tensor(minimum.points[0])
    hessian = Hessian(problem, theta)
    dense = hessian.dense()
    eigenvalues = torch.linalg.eigvalsh(dense).numpy()
    print(f"{hessian.dim} parameters, |gradient| {minimum.gradient_norm[0]:.1e}, {seeds} seeds")
    print(f"eigenvalues from {eigenvalues[0]:.4g} to {eigenvalues[-1]:.4g}")

    pairs = [leading_pairs(hessian, tolerance=1e-4, seed=seed) for seed in range(min(seeds, 50))]
    off = max(abs(found.values[0] / eigenvalues[-1] - 1) for found in pairs)
    bound = max(found.residuals[0] / found.values[0] for found in pairs)
    count = np.mean([found.products for found in pairs])
    print(
        f"lambda_max {eigenvalues[-1]:.8g}: {len(pairs)} seeds, {count:.1f} products, relative "
        f"error at most {off:.1e}, residual at most {bound:.1e}"
    )
    print(f"{'':34} {'exact':>12} {'mean':>12} {'error':>10} {'spread/error':>12} {'1 sigma':>8}")
    for name, operator, known in (
        ("trace, a probe for every addend", hessian, None),
        ("the same, lambda_max taken out", hessian, pairs[0]),
        ("trace of the matrix as a whole", Matrix(dense), None),
        ("the same, lambda_max taken out", Matrix(dense), pairs[0]),
    ):
        found = repeated(
            lambda seed, h=operator, p=known: trace(h, probes=PROBES, seed=seed, deflate=p), seeds
        )
        report(name, eigenvalues.sum(), found)
    for floor in (problem.decay / 2, 0.1):
        log_determinants(Matrix(dense), eigenvalues, floor, seeds)


if __name__ == "__main__":
    main()
