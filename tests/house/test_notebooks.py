"""Every notebook runs from top to bottom, without Jupyter."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


def cells(notebook: Path, kind: str) -> list[dict]:
    whole = json.loads(notebook.read_text("utf-8"))
    assert whole["nbformat"] == 4
    return [cell for cell in whole["cells"] if cell["cell_type"] == kind]


def test_there_is_a_notebook():
    assert [path.name for path in NOTEBOOKS] == ["own_network.ipynb"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_cells_run_one_after_the_other(notebook, tmp_path):
    pytest.importorskip("torch")
    script = tmp_path / "cells.py"
    script.write_text("\n\n".join("".join(c["source"]) for c in cells(notebook, "code")), "utf-8")
    said = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", str(script)],
        env=os.environ | {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_keeps_no_output(notebook):
    assert all(not cell["outputs"] for cell in cells(notebook, "code"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_ends_with_an_assertion(notebook):
    assert "assert" in "".join(cells(notebook, "code")[-1]["source"])
