"""The branch-free functions against the C library's in extended precision."""

import re

import lane_kernels
import numpy as np
import pytest
from lane_kernels import evaluated

from entropic.sims import workshop

# name: range that is swept, allowed units in the last place
RANGES = {
    "exp": (-708.0, 709.7, 2.0),
    "log": (1e-300, 1e300, 1.5),
    "log1p": (-0.999999, 1e15, 3.0),
    "expm1": (-50.0, 709.0, 2.0),
    "sin": (-1e5, 1e5, 2.0),
    "cos": (-1e5, 1e5, 2.0),
    "tan": (-1e5, 1e5, 4.0),
    "sinh": (-700.0, 700.0, 3.5),
    "cosh": (-700.0, 700.0, 4.0),
    "tanh": (-20.0, 20.0, 3.5),
    "arctan": (-1e10, 1e10, 2.0),
    "arcsin": (-1.0, 1.0, 4.0),
    "arccos": (-1.0, 1.0, 4.0),
    "sqrt": (0.0, 1e300, 0.5),
    "sign": (-1.0, 1.0, 0.0),
}
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1e-310, -1e-310, 1.0, -1.0, 800.0])
TEXTS = [f"{name}(y)" for name in RANGES]


def sweep(low: float, high: float) -> np.ndarray:
    """Evenly, and in orders of magnitude towards 0 and to the ends."""
    even = np.linspace(low, high, 20_001)
    tiny = np.geomspace(1e-300, max(abs(low), abs(high)), 20_001)
    near = np.geomspace(1e-12, 1, 5_001)
    every = np.concatenate([even, tiny, -tiny, near, -near, low + near, high - near])
    return every[(every >= low) & (every <= high)]


def exact(name: str, y: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return getattr(np, name)(y.astype(np.longdouble))


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="no extended precision here")
@pytest.mark.parametrize("name", RANGES)
def test_a_function_is_good_to_a_few_units_in_the_last_place(name: str) -> None:
    low, high, units = RANGES[name]
    y = sweep(low, high)
    found = evaluated(TEXTS, y)[list(RANGES).index(name)]
    wanted = exact(name, y)
    spacing = np.spacing(np.maximum(np.abs(wanted.astype(float)), np.finfo(float).tiny))
    off = np.abs(found - wanted) / spacing
    assert np.max(off) <= units, (y[np.argmax(off)], np.max(off))


def test_special_arguments_are_answered_as_the_library_does() -> None:
    found = evaluated(TEXTS, SPECIAL)
    for row, name in zip(found, RANGES, strict=True):
        with np.errstate(over="ignore"):
            wanted = exact(name, SPECIAL).astype(float)
        if name in ("sin", "cos", "tan"):
            wanted[np.isinf(SPECIAL)] = np.nan
        np.testing.assert_allclose(row, wanted, rtol=1e-15, atol=1e-320, err_msg=name)


def test_an_angle_too_far_to_be_reduced_has_no_sine() -> None:
    found = evaluated(TEXTS, np.array([1.59e6, 1.61e6, -1e300]))
    for name in ("sin", "cos", "tan"):
        assert np.isnan(found[list(RANGES).index(name)]).tolist() == [False, True, True]


def test_a_power_of_a_negative_base_is_real_for_whole_exponents() -> None:
    y = np.array([0.0, 1e-300, 0.3, 1.0, 2.0, 1e200, np.inf, -1.0, -0.7, -1e9, np.nan])
    powers = (0.3, -0.7, 1.5, 0.0, 2.0, 3.0, -1.0, 65.0)
    found = evaluated([f"power(y, {b!r})" for b in powers], y)
    with np.errstate(all="ignore"):
        for row, b in zip(found, powers, strict=True):
            np.testing.assert_allclose(row, y**b, rtol=3e-13, err_msg=str(b))


def test_a_loop_over_lanes_runs_on_vectors(monkeypatch, tmp_path) -> None:
    """In the machine code of a formula of many functions; compiled here, for no cache keeps it."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ENTROPIC_CACHE_DIR", str(tmp_path / "file" / "nowhere"))
    text = "exp(y) + tanh(y) * sin(y) + log(y) ** 2"
    module = workshop.kernel((lane_kernels.along,), {"single": ("y, p", text), "STATE": np.float64})
    if not hasattr(module.along, "inspect_asm"):
        pytest.skip("Numba is disabled")
    module.along(np.ones(64), (0.0,), np.empty(64))
    (assembly,) = module.along.inspect_asm().values()
    if not re.search(r"%[yz]mm", assembly):
        pytest.skip("a machine without wide vectors")
    assert re.search(r"v(fmadd|mul)\w*pd\s.*%[yz]mm", assembly)
