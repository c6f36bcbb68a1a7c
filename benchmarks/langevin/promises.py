"""What the engine promises besides speed, measured: bias, threads, memory, the command's waking.

python benchmarks/langevin/promises.py

bias      <x²> of the toy at rest, steps of 0.1 (step · stiffness = 0.1 at the bottom and more
          elsewhere), against T ∫ e^{−y²/4T} g^{−3/2} dy / ∫ e^{−y²/4T} g^{−1/2} dy; below 0.3 %
          for Leimkuhler and Matthews' integrator, Euler's beside it
threads   the same work by one and by two threads: the ratio of wall times, and what it would be
          if both cores were free, 2 · CPU time of one / CPU time of two; at least 1.9
memory    the largest resident memory of a process that walks 100 times as many steps
waking    CPU time of ``entropic sim langevin`` with its kernel kept from before; at most 1 s
"""

import os
import resource
import subprocess
import sys
import time

import numpy as np
from peer_entropic import langevin
from scipy.integrate import quad
from toy import TEMPERATURE

ROUNDS = 5
MAIN = "from entropic.cli.main import main; main()"
COMMAND = "sim langevin --curvature 1+y**2 --energy y**2/4 --temperature 0.5 --step-size 0.002"
COMMAND += " --steps 1000 --trajectories 1000 --seed 1 --format json"
WALK = (
    "import sys, resource; sys.path.insert(0, sys.argv[1]); from peer_entropic import _make;"
    "_make('mixed')(4096, int(sys.argv[2]), 1);"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
)


def exact() -> float:
    """<x²> at rest, every step infinitely small."""

    def moment(power: float) -> float:
        def weight(y: float) -> float:
            return np.exp(-(y**2) / (4 * TEMPERATURE)) * (1 + y * y / (1 + y * y)) ** power

        return float(quad(weight, -np.inf, np.inf, epsabs=0, epsrel=1e-11)[0])

    return TEMPERATURE * moment(-1.5) / moment(-0.5)


def bias(integrator: str) -> str:
    """The deviation in per cent, and its standard error."""
    from entropic.sims import observe

    toy = langevin("mixed", 0.1, integrator, stiffness="1 + y**2/(1 + y**2)")
    seen = observe(toy, trajectories=65536, burn_in=400, steps=8000, every=2, seed=1, threads=1)
    found, wanted = seen.fast_variance, exact()
    percent = 100 * (float(found.value) / wanted - 1)
    return f"bias, {integrator}: {percent:+.3f} ± {100 * float(found.error) / wanted:.3f} %"


def threads() -> str:
    """One thread against two."""
    from entropic.sims import observe

    toy = langevin("mixed")
    best = {1: [np.inf, np.inf], 2: [np.inf, np.inf]}
    for _ in range(ROUNDS):
        for crew in best:
            wall, cpu = time.perf_counter(), time.process_time()
            observe(toy, trajectories=32768, steps=8000, every=8000, seed=1, threads=crew)
            taken = time.perf_counter() - wall, time.process_time() - cpu
            best[crew] = [min(b, t) for b, t in zip(best[crew], taken, strict=True)]
    (wall1, cpu1), (wall2, cpu2) = best[1], best[2]
    load = os.getloadavg()[0]
    return (
        f"two threads: {wall1 / wall2:.2f} times one by the wall (load {load:.1f}), "
        f"{2 * cpu1 / cpu2:.2f} by CPU time"
    )


def memory() -> str:
    """Megabytes of a short and of a long walk."""
    here = os.path.dirname(os.path.abspath(__file__))
    sizes = []
    for steps in (1000, 100_000):
        command = [sys.executable, "-c", WALK, here, str(steps)]
        done = subprocess.run(command, text=True, capture_output=True, check=True)
        sizes.append(int(done.stdout) / 1024)
    return f"memory: {sizes[0]:.1f} MB for 1000 steps, {sizes[1]:.1f} MB for 100000"


def waking() -> str:
    """CPU seconds of the command, best of a few, the first one left out."""
    times = []
    for _ in range(ROUNDS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", MAIN, *COMMAND.split()], text=True, capture_output=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            return f"waking: the command failed: {done.stderr.strip().splitlines()[-1]}"
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return f"waking: {min(times[1:]):.2f} CPU-s, the first time {times[0]:.2f}"


def main() -> None:
    """Print all."""
    print(bias("leimkuhler-matthews"), flush=True)
    print(bias("euler"), flush=True)
    print(threads(), flush=True)
    print(memory(), flush=True)
    print(waking(), flush=True)


if __name__ == "__main__":
    main()
