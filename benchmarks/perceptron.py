"""How much faster the perceptron's curves are than scipy's quad and iterated equations.

    python benchmarks/perceptron.py

Both solve the same equations in this process, in turn.  The peer, ``quad_perceptron.py``, is what
a paper's script does; its local entropies take half a minute each, so that it is given POINTS of
the 50 distances and its time is scaled up.  The ratios to hold:

    a replica-symmetric curve of 200 loads    at least 100 x
    a local-entropy curve of 50 distances     at least  30 x
"""

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import quad_perceptron as peer

from entropic.theory import local_entropy, saddle_limit, saddle_point

ROUNDS = 7  # of the house; the best counts
POINTS = 3


def seconds(work: Callable[[], Any], rounds: int = 1) -> tuple[float, Any]:
    """The least wall time of a few rounds, and the last result."""
    best = np.inf
    for _ in range(rounds):
        start = perf_counter()
        result = work()
        best = min(best, perf_counter() - start)
    return best, result


def say(name: str, slow: float, fast: float, gap: float) -> None:
    """One line of the table."""
    print(f"{name:44} {slow:9.2f}s {1e3 * fast:9.1f}ms {slow / fast:9.0f}x   {gap:.1e}", flush=True)


def saddles(model: str) -> None:
    """200 loads up to 95 % of where the saddle point ends."""
    loads = np.linspace(0, 0.95 * float(saddle_limit(0.0, model)), 200)
    fast, found = seconds(lambda: saddle_point(loads, 0.0, model), ROUNDS)
    slow, entropies = seconds(lambda: [peer.saddle(a, 0.0, model)[2] for a in loads])
    say(f"saddle, {model}, 200 loads", slow, fast, np.abs(found.entropy - entropies).max())


def local_entropies() -> None:
    """50 distances around a typical binary solution."""
    distances = np.linspace(0.02, 0.48, 50)
    fast, found = seconds(lambda: local_entropy(distances, 0.4), ROUNDS)
    some = np.linspace(10, 45, POINTS).astype(int)
    slow, values = seconds(lambda: [peer.local_entropy(distances[i], 0.4, 0.0)[0] for i in some])
    gap = np.abs(found.local_entropy[some] - values).max()
    say("local entropy, binary, 50 distances", slow * 50 / POINTS, fast, gap)


def main() -> None:
    """Time all and print the table."""
    print(f"{'':44} {'quad':>10} {'house':>11} {'ratio':>10}   largest gap", flush=True)
    saddles("spherical")
    saddles("binary")
    local_entropies()


if __name__ == "__main__":
    sys.exit(main())
