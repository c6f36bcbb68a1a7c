import json
import subprocess
import sys

import pytest

from entropic.theory import derivation

DERIVE = ("theory", "derive")


@pytest.mark.parametrize("style", ["text", "latex"])
def test_it_prints_the_derivation_of_the_house(entropic, style):
    said = entropic(*DERIVE, "--model", "binary", "--setting", "storage", "--format", style)
    found = derivation("binary", "storage")
    assert said == (0, found.text() if style == "text" else found.latex(), "")


def test_json_has_a_row_for_every_equation(entropic):
    found = json.loads(entropic(*DERIVE, "--format", "json").out)
    assert found["quantity"] == "derive"
    assert found["parameters"] == {"model": "spherical", "setting": "storage"}
    assert all({"name", "latex", "text"} <= set(row) for row in found["rows"])
    assert "q/(1 − q) = α ⟨G(u)²⟩" in [row["text"] for row in found["rows"]]
    assert len(found["rows"]) == sum(len(step.equations) for step in derivation().steps)


@pytest.mark.parametrize(("suffix", "style"), [("txt", "text"), ("tex", "latex"), ("json", "json")])
def test_a_file_holds_what_is_printed_in_its_format(entropic, tmp_path, suffix, style):
    path = tmp_path / f"a.{suffix}"
    said = entropic(*DERIVE, "--model", "binary", "--format", style, "--out", str(path))
    assert (said.code, said.err) == (0, f"wrote {path}\n")
    assert path.read_text("utf-8") == said.out


@pytest.mark.parametrize(
    ("more", "match"),
    [
        (["--model", "ising"], "'ising' is not one of"),
        (["--setting", "learning"], "'learning' is not one of"),
        (["--format", "table"], "'table' is not one of"),
        (["--out", "a.pdf"], "must end in .txt, .tex or .json"),
        (["--out", "no/such/a.tex"], "does not exist"),
    ],
)
def test_what_it_does_not_know_is_refused(entropic, more, match):
    said = entropic(*DERIVE, *more)
    assert said.refused()
    assert match in said.err


def test_its_help_does_not_wake_the_computer_algebra():
    code = (
        "import sys; from entropic.cli.main import run; run(['theory', 'derive', '--help']);"
        "print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"sympy", "numpy"} & set(out.stdout.split())
