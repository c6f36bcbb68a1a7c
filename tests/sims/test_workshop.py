"""Kernels on disk: kept, shared by processes, made afresh where something is wrong with them."""

import os
import subprocess
import sys
from pathlib import Path

import lane_kernels
import numpy as np
import pytest
from plain_kernels import uncompile

from entropic.sims import Langevin, observe, workshop
from entropic.theory import Shape, Surface, Thermal, Valley, constant, shape, surface

SQUARE = {"single": ("y, p", "y * y + p[0]"), "STATE": np.float64}


def answer(bindings: dict = SQUARE) -> float:
    """2² + 1, by a kernel that is not remembered from before."""
    workshop._MADE.clear()
    workshop._ASKED.clear()
    module = workshop.kernel((lane_kernels.along,), bindings)
    out = np.empty(64)
    module.along(np.full(64, 2.0), (1.0,), out)
    return float(out[0])


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("ENTROPIC_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr(workshop, "_MADE", {})
    monkeypatch.setattr(workshop, "_ASKED", {})
    return tmp_path / "kept"


def code(folder: Path) -> dict[Path, int]:
    """The files of machine code and when they were written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.nbc")}


def test_a_kernel_is_compiled_once(folder: Path) -> None:
    assert answer() == 5.0
    before = code(folder)
    assert len(list(folder.glob("*.py"))) == 1
    assert answer() == 5.0
    assert code(folder) == before


@pytest.mark.parametrize("suffix", [".py", ".nbi", ".nbc"])
@pytest.mark.parametrize("harm", [b"", b"raise SystemExit\n", None])
def test_a_file_that_was_harmed_is_made_afresh(
    folder: Path, suffix: str, harm: bytes | None
) -> None:
    assert answer() == 5.0
    for path in folder.rglob(f"*{suffix}"):
        path.write_bytes(path.read_bytes()[:100] if harm is None else harm)
    assert answer() == 5.0
    assert answer() == 5.0


@pytest.mark.parametrize("variable", ["ENTROPIC_CACHE_DIR", "XDG_CACHE_HOME"])
def test_a_folder_that_cannot_be_written_costs_compilation_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("ENTROPIC_CACHE_DIR", raising=False)
    monkeypatch.setenv(variable, str(tmp_path / "file" / "below"))
    assert workshop.folder() is None
    assert answer() == 5.0


def test_the_folder_is_the_users_own(folder: Path) -> None:
    answer()
    assert folder.stat().st_mode & 0o077 == 0


TWICE = """
import sys
sys.path[:0] = {path!r}
import lane_kernels
print(lane_kernels.evaluated(["exp(y) + p[0]"], lane_kernels.np.ones(3), (0.5,))[0, 0].hex())
"""


def test_two_processes_at_once_share_a_kernel_and_a_third_compiles_nothing(folder: Path) -> None:
    command = [sys.executable, "-c", TWICE.format(path=sys.path)]
    world = {**os.environ, "ENTROPIC_CACHE_DIR": str(folder)}
    both = [subprocess.Popen(command, env=world, stdout=subprocess.PIPE) for _ in range(2)]
    answers = {run.communicate()[0] for run in both}
    assert [run.returncode for run in both] == [0, 0]
    assert len(answers) == 1
    before = code(folder)
    assert len(list(folder.glob("*.py"))) == 1
    third = subprocess.run(command, env=world, capture_output=True, check=True)
    assert {third.stdout} == answers
    assert code(folder) == before


def test_a_scan_over_temperature_step_and_parameters_is_one_kernel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uncompile(monkeypatch, tmp_path / "plain")
    for heat, g in ((0.5, 1.0), (0.7, 2.0), (0.9, 3.0)):
        valley = Valley(shape("0.5*y**2"), shape("-g*(-1 - y**2)", g=g))
        walk = Langevin(valley, Thermal(heat), 0.01 * g, slow_temperature=g)
        observe(walk, trajectories=2, steps=10, seed=1, threads=1)
    assert len(list((tmp_path / "plain").glob("*.py"))) == 1


def half_square(y, p):
    """½ p₀ y²."""
    return 0.5 * p[0] * y * y


def pull(y, p):
    """Its slope."""
    return p[0] * y


def no_slope(y, p):
    """0."""
    return 0.0 * y


def test_functions_of_ones_own_walk_as_the_formula_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Plain or compiled; two of the same text are told apart; each is compiled once."""
    uncompile(monkeypatch, tmp_path)
    walks = {"trajectories": 2, "steps": 20, "every": 1, "seed": 1, "threads": 1}
    energy = Shape(half_square, pull, np.array([2.0]), "mine")
    compiled = Shape(half_square, workshop.numba.njit(pull), np.array([2.0]), "mine")
    double = Shape(half_square, lambda y, p: 2 * p[0] * y, np.array([2.0]), "mine")
    flat = constant(3.0)
    made, finals = workshop._loaded, []
    loads: list[str] = []
    monkeypatch.setattr(workshop, "_loaded", lambda *a: loads.append(a[1]) or made(*a))
    for mine in (energy, energy, compiled, double, shape("y**2"), shape("2*y**2")):
        run = observe(Langevin(Valley(mine, flat), Thermal(0.5), 0.1), **walks)
        finals.append(run.final)
    for same in (finals[1], finals[2], finals[4]):
        np.testing.assert_allclose(finals[0], same, rtol=1e-12)
    np.testing.assert_allclose(finals[3], finals[5], rtol=1e-12)
    assert len(loads) == 3  # not four: the second is the first again


@pytest.mark.parametrize("plain", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_surface_of_ones_own_uses_both_slopes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plain: bool
) -> None:
    if plain:
        uncompile(monkeypatch, tmp_path)

    def value(x, y, p):
        return 0.5 * x * x + 2.0 * y * y + x * y

    mine = Surface(value, lambda x, y, p: x + y, lambda x, y, p: 4.0 * y + x, np.zeros(0), "mine")
    walks = {"trajectories": 2, "steps": 20, "every": 1, "seed": 1, "threads": 1, "start": 0.3}
    formula = surface("0.5*x**2 + 2*y**2 + x*y")
    one, other = (observe(Langevin(v, Thermal(0.5), 0.1), **walks) for v in (mine, formula))
    np.testing.assert_allclose(one.final, other.final, rtol=1e-12)
