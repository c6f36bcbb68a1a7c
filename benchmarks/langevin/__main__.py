"""How fast the Langevin engine is, beside what else there is, on one toy and in one run.

    python benchmarks/langevin [--rounds 5] [--steps 4000] [--only WORD ...] [--out FILE]

Every code of the ``peer_*.py`` files gets a process of its own on one core and one thread, and is
called ``rounds`` times in turn with the others, so that a busy machine hurts all alike.  What
counts is CPU time of that process and its children, of the integration alone: importing and
compiling come before and stand apart.  The best round counts.  A code that is not installed (the
versions that we used are in requirements.txt) is named and left out.

The last columns show that all did the same: <x²> and <y²> at the end with their standard errors,
and how many of these the two lie, at most, from the mean of the others.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from toy import Code

HERE = Path(__file__).parent
PEERS = ("entropic", "c", "numpy", "jax", "torch", "openmm")
PACKAGES = ("numpy", "numba", "llvmlite", "jax", "diffrax", "torch", "torchsde", "openmm")
ALONE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "OPENMM_CPU_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


def codes() -> list[Code]:
    """All codes, ours first."""
    return [code for peer in PEERS for code in importlib.import_module(f"peer_{peer}").CODES]


def cpu_seconds() -> float:
    """CPU time of this process with all its threads and finished children."""
    t = os.times()
    return time.process_time() + t.children_user + t.children_system


def work(name: str, steps: int) -> None:
    """A worker: prepare the code, then run it once for every seed that comes in, answer in JSON."""
    answers = os.fdopen(os.dup(1), "w")  # what a library prints shall not be taken for an answer
    os.dup2(2, 1)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    code = next(code for code in codes() if code.name == name)

    def answer(**fields) -> None:
        print(json.dumps(fields), file=answers, flush=True)

    begin = cpu_seconds()
    try:
        run = code.make()
    except (ImportError, OSError, subprocess.CalledProcessError) as missing:
        answer(missing=str(missing).split("\n")[0])
        return
    run(code.trajectories, steps, 0)
    answer(prepared=cpu_seconds() - begin)
    for line in sys.stdin:
        begin = cpu_seconds()
        ends = run(code.trajectories, steps, int(line))
        seconds = cpu_seconds() - begin
        squares = [np.asarray(end, float) ** 2 for end in ends]
        means = [float(s.mean()) for s in squares]
        answer(seconds=seconds, means=means, variances=[float(s.var() / s.size) for s in squares])


class Worker:
    """A code in a process of its own, and what it has said."""

    def __init__(self, code: Code, steps: int) -> None:
        self.code, self.work = code, code.trajectories * steps
        command = [sys.executable, str(HERE), "--worker", code.name, "--steps", str(steps)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, env=os.environ | ALONE
        )
        self.first = self.listen()
        self.rounds: list[dict] = []

    def listen(self) -> dict:
        """The next answer."""
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"missing": "it died; see the messages above"}

    def go(self, seed: int) -> None:
        """One round."""
        self.process.stdin.write(f"{seed}\n")
        self.process.stdin.flush()
        self.rounds.append(self.listen())

    @property
    def rate(self) -> float:
        """Million trajectory-steps per CPU-second in the best round."""
        return self.work / min(r["seconds"] for r in self.rounds) * 1e-6

    def squares(self) -> tuple[np.ndarray, np.ndarray]:
        """<x²>, <y²> over all rounds and their variances."""
        means = np.array([r["means"] for r in self.rounds])
        variances = np.array([r["variances"] for r in self.rounds])
        return means.mean(axis=0), variances.sum(axis=0) / len(self.rounds) ** 2


def pull(worker: Worker, workers: list[Worker]) -> float:
    """The larger distance of the two squares from the others' mean, in standard errors."""
    rest = [w.squares() for w in workers if w is not worker and not w.code.ideal]
    if not rest:
        return np.nan
    weights = np.array([1 / v for _, v in rest])
    others = sum(w * m for w, (m, _) in zip(weights, rest, strict=True)) / weights.sum(axis=0)
    means, variances = worker.squares()
    return float(np.abs((means - others) / np.sqrt(variances + 1 / weights.sum(axis=0))).max())


def table(workers: list[Worker]) -> list[str]:
    """One line a code; ours over it for each of our precisions."""
    ours = [w for w in workers if w.code.name.startswith("entropic")]
    heads = "".join(f"{w.code.name.split(', ')[1].split(':')[0] + '/':>9}" for w in ours)
    squares = f"{'<x²>':>9} ± {'':6}{'<y²>':>9} ± {'':6}{'max |z|':>8}"
    lines = [f"{'':42}{'M steps':>10}{heads}{squares}{'prepared':>10}"]
    lines.append(f"{'':42}{'per CPU-s':>10}{'':{9 * len(ours) + 44}}{'CPU-s':>10}")
    for w in workers:
        ratios = "".join(f"{o.rate / w.rate:9.2f}" for o in ours)
        line = f"{w.code.name:42}{w.rate:10.1f}{ratios}"
        if w.code.ideal:
            line += " " * 44
        else:
            (x, y), errors = w.squares()
            dx, dy = np.sqrt(errors)
            line += f"{x:9.4f} ± {dx:.4f}{y:9.4f} ± {dy:.4f}{pull(w, workers):8.1f}"
        lines.append(line + f"{w.first['prepared']:10.1f}")
    return lines


def machine() -> list[str]:
    """Where and with what this was measured."""
    told = Path("/proc/cpuinfo").read_text().split("\n")
    model = next((s.split(":")[1].strip() for s in told if s.startswith("model name")), "?")
    flags = next((s for s in told if s.startswith("flags")), "")
    vectors = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "?"
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return [
        f"{model}, {vectors}, {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}; one thread",
        f"Python {platform.python_version()}, " + ", ".join(found),
    ]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--only", nargs="*", default=[""], help="codes whose name has a WORD")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Measure and print."""
    asked = arguments()
    if asked.worker:
        work(asked.worker, asked.steps)
        return 0
    workers, missing = [], []
    for code in codes():
        if any(word.lower() in code.name.lower() for word in asked.only):
            worker = Worker(code, asked.steps)
            if "missing" in worker.first:
                missing.append(f"left out: {code.name}: {worker.first['missing']}")
            else:
                workers.append(worker)
            print(f"prepared {code.name}", file=sys.stderr, flush=True)
    for seed in range(1, asked.rounds + 1):
        for place, worker in enumerate(list(workers)):
            worker.go(1000 * seed + place)
            if "missing" in worker.rounds[-1]:
                missing.append(f"left out: {worker.code.name}: {worker.rounds[-1]['missing']}")
                workers.remove(worker)
    for worker in workers:
        worker.process.stdin.close()
        worker.process.wait()
    lines = [*machine(), f"{asked.steps} steps of 0.002, best of {asked.rounds} rounds in turn", ""]
    lines += [*table(workers), *missing]
    print("\n".join(lines))
    if asked.out:
        asked.out.write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
