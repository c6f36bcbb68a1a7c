"""Many trainings at once, beside a loop of torch modules with torch.optim.SGD, in one run.

    python benchmarks/nets/replicas.py [--rounds 5] [--only WORD]

Both start from the same weights, draw the same minibatches, and take whole epochs: shuffle, gather,
forward, backward, update.  What counts is CPU time on one thread, rounds of the two taken in turn
so that a busy machine hurts both alike; the best round of each counts.  The last column is how far
the two ended from each other, relative to how far they came: both did the same.  (A convolutional
network by vmap may part by a per cent: a ReLU at its kink turns rounding into another gradient.)

    1320 parameters, 50 runs, B = 50      at least 7 times
    digits MLP, 32 runs, B = 16           at least 3 times
    convolutions                          no promise: batching does not pay there on a CPU, and the
                                          measured choice has to find that out (ratio near 1)
"""

import argparse
import os
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from time import process_time

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import torch
from torch import Tensor, nn

from entropic.nets import Problem, Recipe, digits, initial_parameters
from entropic.nets.arithmetic import Arithmetic
from entropic.nets.energy_entropy import energy_entropy_network
from entropic.nets.losses import cross_entropy
from entropic.nets.training_run import TrainingRun, Watch
from entropic.nets.training_state import noise_generators


@dataclass(frozen=True)
class Case:
    """One comparison; promised: the least ratio, None where nothing is promised."""

    name: str
    make: Callable[[], Problem]
    runs: int
    batch: int
    epochs: int
    promised: float | None = None
    together: bool | None = None


def network_1320() -> Problem:
    """The network of Zhang et al. on noise, with the loss torch has: only time counts here."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(500, 100, generator=generator)
    targets = torch.randint(2, (500,), generator=generator)
    model = energy_entropy_network(0, dtype=torch.float32)
    return Problem(
        model,
        cross_entropy,
        inputs,
        targets,
        fresh=lambda seed: energy_entropy_network(seed, dtype=torch.float32),
    )


def digits_network() -> Problem:
    """10 230 parameters on all the digits that fill minibatches of 256."""
    inputs, targets = digits(1792, 0, dtype=torch.float32)
    model = nn.Sequential(
        *(nn.Linear(64, 70), nn.Tanh(), nn.Linear(70, 70), nn.Tanh(), nn.Linear(70, 10))
    )
    return Problem(model, cross_entropy, inputs, targets)


def convolutions() -> Problem:
    """A small convolutional network with batch normalisation on 16×16 noise."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(128, 3, 16, 16, generator=generator)
    targets = torch.randint(10, (128,), generator=generator)

    def block(before: int, after: int, stride: int) -> list[nn.Module]:
        layer = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        return [layer, nn.BatchNorm2d(after), nn.ReLU()]

    body = [*block(3, 16, 1), *block(16, 16, 1), *block(16, 32, 2), *block(32, 32, 1)]
    model = nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
    return Problem(model, cross_entropy, inputs, targets)


CASES = (
    Case("1320 parameters, 50 runs, B = 50", network_1320, 50, 50, 10, 7.0),
    Case("digits MLP, 32 runs, B = 16", digits_network, 32, 16, 1, 3.0),
    Case("digits MLP, 32 runs, B = 256", digits_network, 32, 256, 4),
    Case("convolutions, 8 runs, B = 16", convolutions, 8, 16, 1),
    Case("convolutions, vmap forced", convolutions, 8, 16, 1, together=True),
)


class Peer:
    """What anybody would write: a module and an optimizer for each run."""

    def __init__(self, problem: Problem, recipe: Recipe, seeds: range) -> None:
        self.problem, self.recipe = problem, recipe
        self.models = [self._model(seed) for seed in seeds]
        self.optimizers = [
            torch.optim.SGD(model.parameters(), recipe.rate, recipe.momentum)
            for model in self.models
        ]
        self.generators = noise_generators(seeds)
        self.loss = nn.CrossEntropyLoss()

    def _model(self, seed: int) -> nn.Module:
        model = deepcopy(self.problem.model)
        weights = self.problem.layout.unflatten(initial_parameters(self.problem, seed))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(weights[name])
        return model

    def epochs(self, count: int) -> None:
        """Train all of them, one after the other."""
        inputs, targets = self.problem.inputs, self.problem.targets
        ours = zip(self.models, self.optimizers, self.generators, strict=True)
        for model, optimizer, generator in ours:
            for _ in range(count):
                order = torch.randperm(len(inputs), generator=generator)
                for pick in order.split(self.recipe.batch):
                    optimizer.zero_grad()
                    self.loss(model(inputs[pick]), targets[pick]).backward()
                    optimizer.step()

    def weights(self) -> Tensor:
        """(R, P)."""
        flat = [torch.cat([p.detach().flatten() for p in m.parameters()]) for m in self.models]
        return torch.stack(flat)


class Ours:
    """The house's training, stopped after every few epochs."""

    def __init__(
        self, problem: Problem, recipe: Recipe, seeds: range, together: bool | None
    ) -> None:
        self.run = TrainingRun(problem, recipe, Arithmetic(), Watch())
        self.run.begin(tuple(seeds), together)
        self.epochs = self.run.epochs


def compare(case: Case, rounds: int) -> str:
    """A line of the table."""
    problem = case.make()
    recipe = Recipe("sgd", 0.05, 0.9, batch=case.batch, epochs=10**6, drops=())
    seeds = range(case.runs)
    peer, ours = Peer(problem, recipe, seeds), Ours(problem, recipe, seeds, case.together)
    start = torch.stack([initial_parameters(problem, seed) for seed in seeds])
    taken: dict[str, list[float]] = {"peer": [], "ours": []}
    for _ in range(rounds):
        for name, code in (("peer", peer), ("ours", ours)):
            begun = process_time()
            code.epochs(case.epochs)
            taken[name].append(process_time() - begun)
    steps = case.epochs * -(-problem.samples // case.batch)
    best = {name: 1e3 * min(times) / steps for name, times in taken.items()}
    ratio = best["peer"] / best["ours"]
    apart = (ours.run.thetas - peer.weights()).norm() / (start - peer.weights()).norm()
    kept = "" if case.promised is None else f">= {case.promised:g}"
    missed = case.promised is not None and ratio < case.promised
    return (
        f"{case.name:34} {ours.run.replicas.way:7} {best['peer']:9.3f} {best['ours']:9.3f} "
        f"{ratio:7.2f} {kept:>6}{' MISSED' if missed else ''} {apart:10.1e}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="cases whose name holds this word")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread; CPU milliseconds for a step of all runs")
    names = f"{'loop':>9} {'entropic':>9} {'ratio':>7} {'goal':>6} {'apart':>10}"
    print(f"{'case':34} {'way':7} {names}")
    for case in CASES:
        if asked.only in case.name:
            print(compare(case, asked.rounds), flush=True)


if __name__ == "__main__":
    main()
