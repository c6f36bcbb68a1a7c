"""Published statistical batteries on the engine's random bits, in the orders of their use.

    python benchmarks/random_battery.py --practrand DIR/RNG_test --testu01 PREFIX [--bytes 33]
                                        [--crush across] [--orders ...] [--out docs/results/...]

Builds ``random_stream.c``, an independent version of the engine's stream, checks it against the
published answers, and hands its bits to PractRand (its core tests with all foldings, up to 2^BYTES
bytes) and to TestU01's SmallCrush (as they are, and with the bits of each word reversed, since
TestU01 looks at the high ones), and to Crush for the orders named.  The spoilt generators must be
rejected by the same reading of the same output, else the battery proves nothing.

PractRand and TestU01 are built from their public sources: RNG_test from ``tools/RNG_test.cpp``,
TestU01 with its ``configure --prefix PREFIX``; what is not given is left out, and said so.
A battery looks at hundreds of numbers: a lone "unusual" of PractRand is expected, a "FAIL" is not.
TestU01 shows p-values outside [0.001, 0.999]: one in five hundred, so that where one is shown the
battery is run again with two other seeds, and the same test must not be shown again.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

HERE = Path(__file__).parent
SOURCE = HERE / "random_stream.c"
ORDERS = ("along", "block", "across", "segments", "seeds", "opening")
SPOILT = ("randu", "lcg", "unhashed", "repeated")
SEEDS = (20261124, 1, 2)
SEED = SEEDS[0]
SPOILT_BYTES = 28
FLAGS = ("-O3", "-march=native")

# Random123's tests/kat_vectors, "philox4x32 10": counter, key, answer
PHILOX = """
00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8
ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd
243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1
00000001 00000000 00000000 00000000 00000001 00000000 ac08141b dfc5ccbe 79c07a47 a7f66093
00000000 00000001 00000000 00000000 00000001 00000000 833ff8dc 225c963c 232b88b3 0b334b07
00000000 00000000 00000001 00000000 00000001 00000000 07071c12 428264b6 3909104b 6da2bda2
00000000 00000000 00000000 00000001 00000001 00000000 127bee41 1e047488 48842b20 0a393496
00000000 ffffffff 00000000 00000000 00000001 00000000 04e2eae1 463cc999 e7786310 65b3dc49
"""
# Blackman and Vigna's xoshiro128plusplus.c from the state 1, 2, 3, 4, as rand_xoshiro tests it
XOSHIRO = (
    "641 1573767 3222811527 3517856514 836907274 "
    "4247214768 3867114732 1355841295 495546011 621204420"
)


def built(folder: Path, testu01: Path | None) -> dict[str, Path]:
    """The stream as a program, and with TestU01 where that is given."""
    stream = folder / "random_stream"
    subprocess.run(["gcc", *FLAGS, SOURCE, "-o", stream], check=True)
    programs = {"stream": stream}
    if testu01:
        programs["testu01"] = folder / "random_testu01"
        libraries = ("-ltestu01", "-lprobdist", "-lmylib", "-lm")
        where = ("-DTESTU01", f"-I{testu01}/include", f"-L{testu01}/lib")
        command = ["gcc", *FLAGS, SOURCE, *where, *libraries, "-o", programs["testu01"]]
        subprocess.run(command, check=True)
    return programs


def check_vectors(stream: Path) -> str:
    """The published answers, or an AssertionError that shows both."""
    lines = [line.split() for line in PHILOX.split("\n") if line]
    asked = "\n".join(" ".join(words[:6]) for words in lines)
    done = subprocess.run([stream, "vectors"], input=asked, text=True, capture_output=True)
    expected = [" ".join(words[6:]) for words in lines] + [XOSHIRO]
    found = done.stdout.strip().split("\n")
    assert found == expected, (found, expected)
    return f"Philox4x32-10: {len(lines)} of {len(lines)} vectors; xoshiro128++: 10 of 10 outputs"


def check_engine(stream: Path) -> str:
    """That the engine's own functions give these bits: 64 trajectories, two segments' starts."""
    from entropic.sims import lane_random as own

    lanes, draws, length = 64, 16, 2 * own.SEGMENT
    pipe = subprocess.Popen([stream, "block", str(SEED)], stdout=subprocess.PIPE)
    told = np.frombuffer(pipe.stdout.read(4 * lanes * (length + draws)), "<u4")
    pipe.kill()
    pipe.wait()
    told = told.reshape(-1, lanes)
    with np.errstate(over="ignore"):
        for segment in range(2):
            s = np.zeros((4, lanes), np.uint32)
            for i in range(lanes):
                own.open_stream(s, i, np.uint64(SEED), i, segment, own.NOISE)
            for draw in range(draws):
                *state, bits = own.next_bits(*s)
                s = np.array(state)
                assert (bits == told[segment * length + draw]).all(), (segment, draw)
    return f"the engine's bits: equal for {lanes} trajectories, {draws} draws of 2 segments"


def practrand(program: Path, stream: Path, order: str, power: int) -> tuple[str, bool]:
    """The verdict at 2^power bytes, with every anomaly on the way; whether all was well."""
    pipe = subprocess.Popen([stream, order, str(SEED)], stdout=subprocess.PIPE)
    length = ["-tlmin", str(min(power, 28)), "-tlmax", str(power)]
    done = subprocess.run(
        [program, "stdin32", *length], stdin=pipe.stdout, text=True, capture_output=True
    )
    pipe.kill()
    pipe.wait()
    text = done.stdout
    reached = re.findall(r"length= .*\(2\^(\d+) bytes\)", text)
    results = [int(n) for n in re.findall(r"(\d+) test result\(s\)", text)]
    words = ("FAIL", "VERY SUSPICIOUS", "suspicious", "unusual")
    odd = [line for line in text.split("\n") if any(word in line for word in words)]
    failed = any("FAIL" in line or "VERY" in line for line in odd)
    verdict = f"2^{reached[-1] if reached else '?'} bytes, last {results[-1] if results else '?'} "
    verdict += "results without anomaly"
    shown = [" ".join(line.split()) for line in odd]
    if failed:
        shown = [f"{len(odd)} anomalies, among them"] + [s for s in shown if "FAIL" in s][:2]
    return "\n      ".join([verdict, *shown]), not failed and bool(reached)


def crushed(program: Path, order: str, *words: str, seeds: tuple[int, ...]) -> tuple[str, bool]:
    """The summary of a TestU01 battery and whether all tests were passed, at the latest again."""
    done = subprocess.run(
        [program, order, str(seeds[0]), *words], text=True, capture_output=True, check=True
    )
    text = done.stdout[done.stdout.rfind("Summary results") :]
    number = re.search(r"Number of statistics:\s+(\d+)", text)
    passed = "All tests were passed" in text
    odd = [" ".join(line.split()) for line in text.split("\n") if re.match(r"\s+\d+\s+\S", line)]
    verdict = f"{number[1] if number else '?'} statistics, " + (
        "all passed" if passed else f"{len(odd)} outside [0.001, 0.9990]"
    )
    verdict = "\n      ".join([verdict, *odd[:4]])
    if len(seeds) > 1 and not passed:
        for seed in seeds[1:]:
            again, _ = crushed(program, order, *words, seeds=(seed,))
            verdict += f"\n      again with seed {seed}: {again}"
            names = {line.split()[1] for line in odd}
            odd = [
                line for line in re.findall(r"^ +\d+ .*", again, re.M) if line.split()[1] in names
            ]
        passed = not odd
    return verdict, passed


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--practrand", type=Path)
    parser.add_argument("--testu01", type=Path)
    parser.add_argument("--bytes", type=int, default=33, help="PractRand reads 2^BYTES bytes")
    parser.add_argument("--crush", nargs="*", default=[], help="orders that go through Crush")
    parser.add_argument("--orders", nargs="*", default=ORDERS)
    parser.add_argument("--spoilt", nargs="*", default=SPOILT)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def main() -> int:
    """Run what is there; 1 if a good order was rejected or a spoilt one was not."""
    asked = arguments()
    out = asked.out.open("a") if asked.out else None
    wrong = 0

    def say(line: str) -> None:
        print(line, flush=True)
        if out:
            print(line, file=out, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        programs = built(Path(folder), asked.testu01)
        say(check_vectors(programs["stream"]))
        try:
            say(check_engine(programs["stream"]))
        except ImportError:
            say("the engine's bits: no engine here, not compared")
        say(f"seed {SEED}, segments of 1024 steps, two draws a step")
        for missing in [n for n in ("practrand", "testu01") if not getattr(asked, n)]:
            say(f"{missing}: not given, left out")
        for order in (*asked.spoilt, *asked.orders):
            spoilt = order in SPOILT
            say(f"{order}{' (spoilt: must be rejected)' if spoilt else ''}")
            runs = {}
            seeds = SEEDS[:1] if spoilt else SEEDS
            if asked.testu01:
                name = programs["testu01"]
                runs["SmallCrush"] = lambda o=order, n=name, t=seeds: crushed(
                    n, o, "smallcrush", seeds=t
                )
                if not spoilt:
                    runs["SmallCrush, bits reversed"] = lambda o=order, n=name: crushed(
                        n, o, "smallcrush", "reversed", seeds=SEEDS
                    )
                if order in asked.crush:
                    runs["Crush"] = lambda o=order, n=name: crushed(n, o, "crush", seeds=SEEDS)
            if asked.practrand:
                power = SPOILT_BYTES if spoilt else asked.bytes
                runs["PractRand"] = lambda o=order, p=power: practrand(
                    asked.practrand, programs["stream"], o, p
                )
            verdicts = []
            for battery, run in runs.items():
                start = perf_counter()
                words, well = run()
                verdicts.append(well)
                say(f"   {battery} ({perf_counter() - start:.0f} s): {words}")
            wrong += all(verdicts) if spoilt else not all(verdicts)
    if asked.practrand or asked.testu01:
        say(f"{wrong} orders wrong" if wrong else "every spoilt one rejected, every order passed")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
