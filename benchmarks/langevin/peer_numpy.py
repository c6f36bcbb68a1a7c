"""NumPy, as one writes it, and with its fastest generator and as few temporaries as it allows."""

import numpy as np
from toy import KICK, STEP, Code, force


def _plain():
    def run(trajectories, steps, seed):
        rng = np.random.default_rng(seed)
        x, y = np.zeros(trajectories), np.zeros(trajectories)
        for _ in range(steps):
            fx, fy = force(x, y)
            x = x + STEP * fx + KICK * rng.standard_normal(trajectories)
            y = y + STEP * fy + KICK * rng.standard_normal(trajectories)
        return x, y

    return run


def _in_place(dtype):
    def run(trajectories, steps, seed):
        rng = np.random.Generator(np.random.SFC64(seed))
        x, y = np.zeros(trajectories, dtype), np.zeros(trajectories, dtype)
        step, kick = dtype(STEP), dtype(KICK)
        noise = np.empty((2, trajectories), dtype)
        for _ in range(steps):
            rng.standard_normal(out=noise, dtype=dtype)
            noise *= kick
            fx, fy = force(x, y)
            x += step * fx + noise[0]
            y += step * fy + noise[1]
        return x, y

    return run


CODES = (
    Code("NumPy, vectorised, f64", _plain, 8192),
    Code("NumPy, SFC64, in place, f64", lambda: _in_place(np.float64), 8192),
    Code("NumPy, SFC64, in place, f32", lambda: _in_place(np.float32), 8192),
)
