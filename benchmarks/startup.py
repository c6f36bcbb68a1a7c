"""How long the command takes to wake, over the imports that nothing can avoid.

    python benchmarks/startup.py [runs]

Each line runs a command and its yardstick alternately, ``runs`` times (default 9, at least 7), as
processes of their own, and prints the medians and their ratio.  The ratios to hold:

    every --help             at most 1.5 x  python -c "import click, numpy"
    entropic theory saddle   at most 1.5 x  python -c "import click, numpy, scipy.special"

Below them the CPU time of processes that walk 100 trajectories with a kernel that is compiled
already: at most 1 s, with ``import numba`` beside it, which nothing that walks can avoid.

A first untimed run of each fills the caches of the disk, of compiled bytecode and of kernels.  On
a shared machine a median moves by some ten per cent: run it twice before believing a ratio near the
line.
"""

import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

ENTROPIC = str(Path(sys.executable).with_name("entropic"))
HELP = "import click, numpy"
SADDLE = "import click, numpy, scipy.special"
LIMIT = 1.5
CASES = (
    (HELP, ["--help"]),
    (HELP, ["theory", "--help"]),
    (HELP, ["theory", "saddle", "--help"]),
    (HELP, ["theory", "potential", "--help"]),
    (HELP, ["theory", "relaxation", "--help"]),
    (HELP, ["compare", "--help"]),
    (HELP, ["sim", "--help"]),
    (HELP, ["sim", "langevin", "--help"]),
    (SADDLE, ["theory", "saddle", "--alpha", "0.5", "--format", "json"]),
    (SADDLE, ["theory", "saddle", "--alpha", "0.5"]),
    (SADDLE, ["theory", "saddle", "--alpha", "0:1.9:20", "--kappa", "0"]),
    (SADDLE, ["theory", "saddle", "--alpha", "0:1.9:200", "--model", "spherical"]),
    (SADDLE, ["theory", "saddle", "--model", "binary", "--alpha", "0.5"]),
)
VALLEY = ["--curvature", "4+y**2", "--energy", "0.5*y**2", "--temperature", "0.2"]
WALK = ["sim", "langevin", *VALLEY, "--step-size", "0.02", "--trajectories", "100"]
WALKS = (
    [*WALK, "--start", "0", "--absorb", "-1,1"],
    [*WALK, "--steps", "1000"],
)
CPU_LIMIT = 1.0  # seconds


def seconds(command: list[str]) -> float:
    """Wall time of one process."""
    start = perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return perf_counter() - start


def ratio(yardstick: str, arguments: list[str], runs: int) -> tuple[float, float]:
    """Median seconds of the yardstick and of the command, timed in turns."""
    both = [sys.executable, "-c", yardstick], [ENTROPIC, *arguments]
    for command in both:
        seconds(command)
    times = [[seconds(command) for command in both] for _ in range(runs)]
    return median(t[0] for t in times), median(t[1] for t in times)


def cpu_seconds(command: list[str], runs: int) -> float:
    """Median CPU time of a process and its threads, after an untimed run."""
    seconds(command)
    times = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds(command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return median(times)


def main() -> None:
    """Time every case and print the table."""
    runs = max(7, int(sys.argv[1])) if len(sys.argv) > 1 else 9
    print(f"{'command':58} {'yardstick':>9} {'command':>8} {'ratio':>6}")
    for yardstick, arguments in CASES:
        ground, taken = ratio(yardstick, arguments, runs)
        mark = "" if taken <= LIMIT * ground else "  over"
        name = " ".join(["entropic", *arguments])
        print(f"{name:58} {ground:8.3f}s {taken:7.3f}s {taken / ground:6.2f}{mark}")
    print(f"\n{'CPU time with a compiled kernel':58} {'numba':>9} {'command':>8}")
    for arguments in WALKS:
        ground = cpu_seconds([sys.executable, "-c", "import numba"], runs)
        taken = cpu_seconds([ENTROPIC, *arguments], runs)
        mark = "" if taken <= CPU_LIMIT else "  over"
        print(f"{' '.join(['entropic', *arguments[:2], '...', *arguments[-2:]]):58}", end=" ")
        print(f"{ground:8.3f}s {taken:7.3f}s{mark}")


if __name__ == "__main__":
    main()
