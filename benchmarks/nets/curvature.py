"""What curvature costs, beside the public codes, at equal accuracy and in one run.

    python benchmarks/nets/curvature.py [--case mlp resnet20 ...] [--rounds 3] [--peers WORD ...]

CPU seconds of this process, one thread; codes take turns and the best round counts.  A code that is
not installed (the versions we used are in requirements.txt) is named and left out.

lambda_max   every code as its manual shows it, at a tolerance of 1e-3; "off" is the distance to a
             value with a residual of 1e-4, whose own error is of the order of its square.
             PyHessian stops on successive differences of power iteration, hessian-eigenthings after
             10 steps of Lanczos, eigsh on ARPACK's estimate.  A second row has PyHessian at 1e-5.
trace        what the standard error of our 16 products costs elsewhere: the peers' probes are
             independent, so with a spread s of each they need (s/error)² products; s is computed
             from the Hessian.
profile      loss, lambda_max and trace at 25 points from here to a few steps of SGD away, ours in
             one go, the peers' one by one with as many probes as the same standard error takes.

Batch normalisation uses fixed statistics in all of them, taken from the data: PyHessian knows no
other mode, and so it is the only landscape they share.
"""

import argparse
import copy
import platform
from time import process_time

import numpy as np
import torch
from peers import (
    PEERS,
    Code,
    Data,
    our_eigenvalue,
    our_operator,
    our_profile,
    our_trace,
    pyhessian_converged,
)
from torch import nn

from entropic.nets import Hessian, leading_pairs
from entropic.nets.losses import cross_entropy
from entropic.nets.traces import drawn_signs

PROBES = 16
PIVOTS = 25


def mlp_case() -> tuple[nn.Module, Data]:
    """10 062 parameters at torch's initial values, ReLU, the 1797 digits in one batch."""
    from sklearn.datasets import load_digits

    values, targets = load_digits(return_X_y=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Linear(64, 100), nn.ReLU(), nn.Linear(100, 32), nn.ReLU(), nn.Linear(32, 10)
        )
    return model, [(torch.tensor(values / 16, dtype=torch.float32), torch.tensor(targets))]


def trained_mlp_case() -> tuple[nn.Module, Data]:
    """The same after 20 epochs of SGD."""
    model, data = mlp_case()
    return trained(model, data[0], 600, 64, 0.1), data


def resnet20_case(images: int = 512) -> tuple[nn.Module, Data]:
    """269 722 parameters, 512 random images (--images) as batches of 64, statistics of these."""
    from entropic.nets.residual import resnet

    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(images, 3, 32, 32, generator=generator)
    targets = torch.randint(10, (images,), generator=generator)
    model = resnet(20, seed=0)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = None
    model.train()
    data = list(zip(inputs.split(64), targets.split(64), strict=True))
    with torch.no_grad():
        for batch, _ in data:
            model(batch)
    return model.eval(), data


CASES = {"mlp": mlp_case, "trained-mlp": trained_mlp_case, "resnet20": resnet20_case}


def trained(model: nn.Module, data: tuple, steps: int, batch: int, rate: float) -> nn.Module:
    """A copy after some steps of plain SGD, statistics unchanged."""
    model = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(3)
    parameters = list(model.parameters())
    for _ in range(steps):
        chosen = torch.randint(len(data[0]), (batch,), generator=generator)
        loss = cross_entropy(model(data[0][chosen]), data[1][chosen]).mean()
        with torch.no_grad():
            for p, slope in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                p -= rate * slope
    return model


def timed(work, *given):
    """What it returns, and the CPU seconds it takes."""
    start = process_time()
    found = work(*given)
    return found, process_time() - start


def line(*cells: object) -> None:
    """One line of a table."""
    print(
        "  ".join(f"{cell:>20}" if i else f"{cell:24}" for i, cell in enumerate(cells)), flush=True
    )


def eigenvalues(model: nn.Module, data: Data, codes: list[Code], rounds: int) -> dict[str, float]:
    """The table of λ_max; the seconds of each code."""
    exact = float(leading_pairs(our_operator(model, data), tolerance=1e-4).values[0])
    works = {"entropic": our_eigenvalue, **{code.name: code.eigenvalue for code in codes}}
    if "PyHessian" in works:
        works["PyHessian, tol 1e-5"] = pyhessian_converged
    found: dict[str, list] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(timed(work, model, data))
    seconds = {name: min(time for _, time in tries) for name, tries in found.items()}
    line("lambda_max", "value", "off", "products", "CPU seconds", "x entropic")
    for name, tries in found.items():
        (value, products), _ = tries[0]
        ratio = seconds[name] / seconds["entropic"]
        off = abs(value / exact - 1)
        line(
            name,
            f"{value:.6g}",
            f"{off:.1e}",
            f"{products:.1f}",
            f"{seconds[name]:.3f}",
            f"{ratio:.2f}",
        )
    return seconds


def probe_spread(operator: Hessian, probes: int) -> float:
    """The standard deviation of zᵀHz over random signs, √(2 tr H² − 2 Σ H_ii²).

    Quieter than that of few probes: in tr H² the subspace where H is large is exact, and Σ H_ii²
    is the mean over pairs of probes of (z∘Hz)·(z'∘Hz').
    """
    pairs = leading_pairs(operator, tolerance=1e-2)
    signs = drawn_signs(operator, probes, 5)
    inside = signs @ pairs.basis.T
    outside = operator.products(signs - inside @ pairs.basis)
    square = pairs.images.square().sum() + outside.square().sum() / probes
    diagonals = signs * (outside + inside @ pairs.images)
    both = diagonals.sum(dim=0).square().sum() - diagonals.square().sum()
    return float(2 * (square - both / (probes * (probes - 1)))) ** 0.5


def traces(
    model: nn.Module, data: Data, codes: list[Code], rounds: int
) -> tuple[dict[str, float], float]:
    """The table of the trace; the seconds of a product of each code, and the spread of a probe."""
    operator = our_operator(model, data)
    spread = probe_spread(operator, 64 if operator.dim < 50000 else 8)
    ours, peers = [], {code.name: [] for code in codes}
    count = 2 if operator.dim > 50000 else 16
    for _ in range(rounds):
        ours.append(timed(our_trace, model, data, PROBES))
        for code in codes:
            peers[code.name].append(timed(code.probes, model, data, count)[1] / count)
    (value, error), _ = ours[0]
    own = min(time for _, time in ours)
    line("trace", "value", "error", "products", "CPU seconds", "x entropic")
    line("entropic", f"{value:.6g}", f"{error:.3g}", PROBES, f"{own:.3f}", "1.00")
    each = {name: min(times) for name, times in peers.items()}
    needed = (spread / error) ** 2
    for name, time in each.items():
        line(
            name,
            "",
            f"{error:.3g}",
            f"{needed:.0f}",
            f"{needed * time:.3f}",
            f"{needed * time / own:.2f}",
        )
    return each, spread


def profiles(
    model: nn.Module,
    data: Data,
    codes: list[Code],
    seconds: tuple[dict[str, float], dict[str, float], float],
    pivots: int,
) -> None:
    """The table of the profile, from the costs of λ_max and products elsewhere."""
    whole = tuple(torch.cat(parts) for parts in zip(*data, strict=True))
    far = trained(model, whole, 30, 64, 0.02)
    points = []
    for s in np.linspace(0, 1, PIVOTS)[:pivots]:
        point = copy.deepcopy(model)
        with torch.no_grad():
            for p, end in zip(point.parameters(), far.parameters(), strict=True):
                p += s * (end - p)
        points.append(point)
    rows, own = timed(our_profile, points, data, PROBES)
    of_lambda, of_product, spread = seconds
    error = float(np.sqrt(np.mean([row[3] ** 2 for row in rows])))
    needed = (spread / error) ** 2
    line("profile", "pivots", "products each", "trace error", "CPU seconds", "x entropic")
    line(
        "entropic",
        pivots,
        f"{np.mean([row[4] for row in rows]):.1f}",
        f"{error:.3g}",
        f"{own:.3f}",
        "1.00",
    )
    for code in codes:
        one = of_lambda[code.name] + needed * of_product[code.name]
        line(
            code.name,
            pivots,
            f"{needed:.0f} + lambda",
            f"{error:.3g}",
            f"{pivots * one:.3f}",
            f"{pivots * one / own:.2f}",
        )


def installed(words: list[str]) -> list[Code]:
    """The peers that are here, of those asked for."""
    modules = {"PyHessian": "pyhessian", "hessian-eigenthings": "hessian_eigenthings"}
    found = []
    for code in PEERS:
        if words and not any(word in code.name for word in words):
            continue
        try:
            __import__(modules.get(code.name, code.name))
        except ImportError as error:
            print(f"{code.name} is left out: {error}")
        else:
            found.append(code)
    return found


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", nargs="*", choices=CASES, default=list(CASES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pivots", type=int, default=PIVOTS, help="fewer, of the same 25")
    parser.add_argument("--images", type=int, default=512, help="fewer, a multiple of 64")
    parser.add_argument("--peers", nargs="*", default=[])
    options = parser.parse_args()
    torch.set_num_threads(1)
    codes = installed(options.peers)
    print(f"torch {torch.__version__}, Python {platform.python_version()}, {platform.machine()}")
    for case in options.case:
        print(f"\n{case}: {CASES[case].__doc__}")
        model, data = CASES[case](**({"images": options.images} if case == "resnet20" else {}))
        of_lambda = eigenvalues(model, data, codes, options.rounds)
        of_product, spread = traces(model, data, codes, options.rounds)
        if options.pivots:
            profiles(model, data, codes, (of_lambda, of_product, spread), options.pivots)


if __name__ == "__main__":
    main()
