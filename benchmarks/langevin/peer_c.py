"""C: scalar, lanes with libmvec, and the hand-tuned kernels of the engine's own algorithm."""

import ctypes
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from toy import STEP, TEMPERATURE, Code

FAST = ("-O3", "-march=native", "-ffast-math", "-mprefer-vector-width=512")
FLAGS = {
    "scalar": ("-O3", "-march=native"),
    "libmvec": (*FAST, "-fopenmp-simd"),
    "tuned": (*FAST, "-fno-associative-math"),
}
_ARRAY = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
_LONG, _DOUBLE = ctypes.c_long, ctypes.c_double


@cache
def _library(name):
    folder = tempfile.mkdtemp(prefix="langevin-")
    source, built = Path(__file__).with_name(f"{name}.c"), Path(folder, f"{name}.so")
    command = ["gcc", *FLAGS[name], "-shared", "-fPIC", source, "-o", built, "-lmvec", "-lm"]
    subprocess.run(command, check=True)
    library = ctypes.CDLL(str(built))
    built.unlink()
    Path(folder).rmdir()
    return library


def _make(name, function="run"):
    kernel = _library(name)[function]
    kernel.argtypes = [_LONG, _LONG, _DOUBLE, _DOUBLE, ctypes.c_uint64, _ARRAY, _ARRAY]
    kernel.restype = None

    def run(trajectories, steps, seed):
        x, y = np.empty(trajectories), np.empty(trajectories)
        kernel(trajectories, steps, STEP, TEMPERATURE, seed, x, y)
        return x, y

    return run


CODES = (
    Code("C, scalar, libm, f64", lambda: _make("scalar"), 4096),
    Code("C, lanes, libmvec, f64", lambda: _make("libmvec"), 32768),
    Code("C, hand-tuned, f64 state, f32 noise", lambda: _make("tuned", "mixed"), 32768),
    Code("C, hand-tuned, compensated f32", lambda: _make("tuned", "compensated"), 32768),
    Code("C, hand-tuned, f32", lambda: _make("tuned", "single"), 32768),
    Code("C, normal numbers only, f32", lambda: _make("tuned", "normals"), 32768, ideal=True),
)
