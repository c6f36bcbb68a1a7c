"""Relaxation along a path: all replicas at once, beside a loop of torch modules, in one run.

    python benchmarks/nets/relaxing.py [--rounds 5] [--device cpu|cuda] [--only WORD]

The loop is what anybody would write: for every replica put the module to its place, take k = 15
steps of torch.optim.SGD, project onto the nearest segment.  Its minibatches are those of the
batched run, drawn beforehand; ours are drawn while the clock runs.  CPU: seconds of the process on
one thread, rounds of the two taken in turn, the best of each counts.  CUDA: seconds by the wall,
and the batched run beside the same program with one replica at a time.  The last column is how far
apart the two ended, relative to how far they came: both did the same.

    digits MLP 64-16-16-10, 32 replicas, B = 16     at least 3 times
    MLP 64-64-64-10, 32 replicas, B = 16            at least 3 times
"""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, process_time

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from entropic.nets import Problem, ProjectedSGD, Relaxing, initial_parameters
from entropic.nets.draws import Streams, minibatch_indices
from entropic.nets.problem import array
from entropic.nets.small_problems import digits_mlp
from entropic.theory import Path, straight

CYCLES = 4
BEADS = 401


@dataclass(frozen=True)
class Case:
    """One comparison; promised: the least ratio, None where nothing is promised."""

    name: str
    width: int
    replicas: int
    batch: int
    dtype: str = "float64"
    optimizer: str = "sgd"
    promised: float | None = None


CASES = (
    Case("64-16-16-10, R = 32, B = 16", 16, 32, 16, promised=3.0),
    Case("64-16-16-10, R = 128, B = 16", 16, 128, 16, promised=3.0),
    Case("64-16-16-10, R = 32, B = 16, float32", 16, 32, 16, "float32", promised=3.0),
    Case("64-16-16-10, R = 32, Nesterov", 16, 32, 16, optimizer="nesterov", promised=3.0),
    Case("64-16-16-10, R = 32, Adam", 16, 32, 16, optimizer="adam", promised=3.0),
    Case("64-64-64-10, R = 32, B = 16", 64, 32, 16, promised=3.0),
    Case("64-64-64-10, R = 32, B = 16, float32", 64, 32, 16, "float32", promised=3.0),
    Case("64-16-16-10, R = 32, B = 256", 16, 32, 256),
)


class Peer:
    """A module and an optimizer, one replica after the other."""

    def __init__(self, problem: Problem, path: Path, start: np.ndarray, sgd: ProjectedSGD) -> None:
        self.problem, self.path, self.sgd = problem, path, sgd
        self.s = start.copy()
        self.model = problem.model.requires_grad_(True)
        self.loss = nn.CrossEntropyLoss()
        self.optimizers = [self._optimizer() for _ in start]
        self.segments = np.diff(path.points, axis=0)
        self.lengths = np.linalg.norm(self.segments, axis=1)
        self.base = np.sum(path.points[:-1] * self.segments, axis=1)

    def _optimizer(self) -> torch.optim.Optimizer:
        weights, sgd = self.model.parameters(), self.sgd
        if sgd.optimizer == "adam":
            return torch.optim.Adam(weights, sgd.step, weight_decay=self.problem.decay)
        momentum = sgd.momentum if sgd.optimizer != "sgd" else 0.0
        nesterov = sgd.optimizer == "nesterov"
        return torch.optim.SGD(
            weights, sgd.step, momentum, nesterov=nesterov, weight_decay=self.problem.decay
        )

    def cycle(self, picks: torch.Tensor) -> None:
        """All replicas one cycle further; picks (k, R, B)."""
        for i, optimizer in enumerate(self.optimizers):
            theta = torch.tensor(self.path.at(self.s[i]), dtype=self.problem.dtype)
            with torch.no_grad():
                vector_to_parameters(theta, self.model.parameters())
            for batch in picks[:, i]:
                optimizer.zero_grad()
                found = self.model(self.problem.inputs[batch])
                self.loss(found, self.problem.targets[batch]).backward()
                optimizer.step()
            moved = parameters_to_vector(self.model.parameters()).detach().double().numpy()
            self.s[i] = self._project(moved)

    def _project(self, moved: np.ndarray) -> float:
        along = (self.segments @ moved - self.base) / self.lengths**2
        fraction = np.clip(along, 0, 1)
        apart = (
            np.sum(self.path.points[:-1] ** 2, axis=1)
            + fraction * (2 * self.base + fraction * self.lengths**2)
            - 2 * (self.path.points[:-1] @ moved + fraction * (self.segments @ moved))
        )
        j = int(np.argmin(apart))
        return float(self.path.arc[j] + fraction[j] * self.lengths[j])


def landscape(case: Case, device: str) -> tuple[Problem, Path]:
    """The digits, and a straight path of many beads between two random networks."""
    problem = digits_mlp(width=case.width, dtype=case.dtype)
    ends = [array(initial_parameters(problem, seed)) for seed in (0, 1)]
    return problem.to(device), straight(*ends, BEADS)


def timed(work: Callable[[], None], device: str) -> float:
    """Seconds: of the process on a CPU, by the wall on a card."""
    clock = perf_counter if device == "cuda" else process_time
    begun = clock()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return clock() - begun


def on_cpu(case: Case, rounds: int) -> str:
    """A line of the table."""
    problem, path = landscape(case, "cpu")
    rate = 1e-3 if case.optimizer == "adam" else 0.05
    sgd = ProjectedSGD(rate, case.batch, 15, case.optimizer, buffers="cold")  # type: ignore[arg-type]
    start = np.linspace(0.2, 0.8, case.replicas) * path.length
    ours = Relaxing(problem, path, start, sgd, seed=0)
    peer = Peer(landscape(case, "cpu")[0], path, start, sgd)
    ours.begin()
    streams, replicas = Streams(0), np.arange(case.replicas)
    taken: dict[str, list[float]] = {"peer": [], "ours": []}
    for round_ in range(rounds):
        drawn = [
            torch.from_numpy(
                minibatch_indices(problem.samples, case.batch, 15, streams.of(replicas, cycle))
            )
            for cycle in range(1 + CYCLES * round_, 1 + CYCLES * (round_ + 1))
        ]
        taken["peer"].append(timed(lambda drawn=drawn: [peer.cycle(d) for d in drawn], "cpu"))
        taken["ours"].append(timed(lambda: [ours.cycle() for _ in range(CYCLES)], "cpu"))
    steps = case.replicas * CYCLES * 15
    best = {name: min(times) for name, times in taken.items()}
    ratio = best["peer"] / best["ours"]
    apart = np.linalg.norm(ours.standing.s - peer.s) / np.linalg.norm(peer.s - start)
    kept = "" if case.promised is None else f">= {case.promised:g}"
    missed = case.promised is not None and ratio < case.promised
    return (
        f"{case.name:38} {steps / best['peer']:10.0f} {steps / best['ours']:10.0f} {ratio:6.2f} "
        f"{kept:>5}{' MISSED' if missed else ''} {apart:9.1e}"
    )


def on_card(case: Case, rounds: int) -> str:
    """Replica-steps a second, all at once and one at a time."""
    problem, path = landscape(case, "cuda")
    sgd = ProjectedSGD(0.01, case.batch, 15)
    rates = []
    for replicas in (case.replicas, 1):
        start = np.linspace(0.2, 0.8, replicas) * path.length
        run = Relaxing(problem, path, start, sgd, seed=0)
        run.begin()
        run.cycle()
        times = [timed(lambda run=run: [run.cycle() for _ in range(CYCLES)], "cuda")
                 for _ in range(rounds)]  # fmt: skip
        rates.append(replicas * CYCLES * 15 / min(times))
    together, single = rates
    return f"{case.name:38} {single:10.0f} {together:10.0f} {together / single:6.2f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--only", default="", help="cases whose name holds this word")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    card = torch.cuda.is_available()
    if asked.device == "cuda" and not card:
        parser.exit(1, "no GPU here\n")
    where = torch.cuda.get_device_name() if asked.device == "cuda" else "CPU, one thread"
    print(f"torch {torch.__version__}, {where}; replica-steps a second")
    first = "one" if asked.device == "cuda" else "loop"
    print(f"{'case':38} {first:>10} {'entropic':>10} {'ratio':>6} {'goal':>5} {'apart':>9}")
    for case in CASES:
        if asked.only in case.name:
            line = on_card if asked.device == "cuda" else on_cpu
            print(line(case, asked.rounds), flush=True)
    if not card:
        print("no GPU here")


if __name__ == "__main__":
    main()
