import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from fake_rungs import invented_rung

from entropic.cli.main import run
from entropic.theory.errors import TooShort

compare = import_module("entropic.cli.compare")


class Mountain:
    """Stands for the rungs: remembers who was climbed, and fails where it is told to."""

    def __init__(self) -> None:
        self.climbed: list[tuple[str, str, int]] = []
        self.failing: dict[str, BaseException] = {}

    def __call__(self, name: str) -> Callable[..., object]:
        def climb(scale: str, seed: int, progress: Callable[[str, float], None]) -> object:
            progress("half way", 0.5)
            if name in self.failing:
                raise self.failing[name]
            self.climbed.append((name, scale, seed))
            return invented_rung(name, seed)

        return climb


@pytest.fixture
def mountain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Mountain:
    mountain = Mountain()
    monkeypatch.setattr(compare, "climber", mountain)
    monkeypatch.chdir(tmp_path)
    return mountain


def test_without_a_name_the_three_relaxations_are_climbed_in_order(
    mountain: Mountain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", "--seed", "7", "--out", "here"]) == 0
    assert mountain.climbed == [(name, "quick", 7) for name in ("toy", "linear", "digits")]
    out, err = capsys.readouterr()
    assert "All 3 predictions within their validity agree" in out
    assert "3 rows lie outside it, of which none within 10 %" in out
    assert "wrote here" in err


def test_a_name_climbs_that_rung_alone(mountain: Mountain) -> None:
    assert run(["compare", "linear", "--full", "--out", "here"]) == 0
    assert mountain.climbed == [("linear", "full", 0)]


def test_json_on_stdout_is_the_summary_on_disk(
    mountain: Mountain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", "toy", "--format", "json", "--out", "here"]) == 0
    out = capsys.readouterr().out
    assert out == Path("here/summary.json").read_text("utf-8")
    assert json.loads(out)["command"] == "entropic compare toy --quick --seed 0"


def test_csv_on_stdout_has_a_line_per_row(
    mountain: Mountain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["compare", "toy", "--format", "csv", "--out", "here"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["valid"] for row in rows] == ["true", "false"]
    assert [row["energetic"] for row in rows] == ["-0.25", ""]


def test_the_same_seed_gives_the_same_bytes_wherever_they_are_written(mountain: Mountain) -> None:
    for out, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run(["compare", "toy", "--seed", seed, "--out", out]) == 0
    a, b, c = (Path(out, "summary.json").read_bytes() for out in "abc")
    assert a == b != c


def test_without_a_folder_each_run_finds_its_own(
    mountain: Mountain, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert run(["compare", "toy"]) == 0
    first, second = sorted(Path("runs").iterdir())
    assert first.name[15:23] == second.name[15:23] == "-compare"
    assert f"if cut short, continue with --out {first}" in capsys.readouterr().err


def test_off_a_terminal_progress_is_plain_lines(
    mountain: Mountain, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["compare", "toy", "--out", "here"])
    err = capsys.readouterr().err
    assert err.splitlines() == ["toy: climbing", "toy: 2 rows, 0 s", "wrote here"]


@pytest.mark.parametrize("out", ["file/out", "taken"])
def test_a_folder_that_cannot_be_had_is_refused_before_any_climbing(
    mountain: Mountain, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    Path("file").write_text("")
    Path("taken").mkdir()
    Path("taken/thesis.tex").write_text("")
    before = sorted(Path().rglob("*"))
    assert run(["compare", "--out", out]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert out in line
    assert not mountain.climbed
    assert sorted(Path().rglob("*")) == before


def test_an_empty_folder_is_taken(mountain: Mountain) -> None:
    Path("empty").mkdir()
    assert run(["compare", "toy", "--out", "empty"]) == 0
    assert Path("empty/summary.json").exists()


@pytest.mark.parametrize("arguments", [["mars"], ["--seed", "-1"], ["--format", "xml"]])
def test_what_is_not_understood_is_one_line_and_two(
    mountain: Mountain, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run(["compare", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")


def test_a_rung_that_fails_leaves_no_folder_and_keeps_the_finished(
    mountain: Mountain, capsys: pytest.CaptureFixture[str]
) -> None:
    mountain.failing["linear"] = TooShort("the run is too short; raise steps")
    assert run(["compare", "--out", "here"]) == 1
    err = capsys.readouterr().err
    assert "kept in here.partial: toy; to continue: entropic compare toy linear digits" in err
    assert err.splitlines()[-1] == "error: the run is too short; raise steps"
    assert [path.name for path in Path().iterdir()] == ["here.partial"]


def test_the_same_command_goes_on_where_it_was_cut(
    mountain: Mountain, capsys: pytest.CaptureFixture[str]
) -> None:
    mountain.failing["digits"] = KeyboardInterrupt()
    assert run(["compare", "--seed", "3", "--out", "here"]) == 130
    told = capsys.readouterr().err.splitlines()[-1]
    again = "entropic compare toy linear digits --quick --seed 3 --out here"
    assert told == f"error: interrupted; kept in here.partial: linear, toy; to continue: {again}"
    mountain.failing.clear()
    mountain.climbed.clear()
    assert run(again.split()[1:]) == 0
    assert mountain.climbed == [("digits", "quick", 3)]
    assert "toy: taken from here.partial" in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["here"]
    assert run(["compare", "--seed", "3", "--out", "straight"]) == 0
    for name in ("summary.json", "figures/overview.svg"):
        assert Path("here", name).read_bytes() == Path("straight", name).read_bytes()


def test_interrupted_in_the_first_rung_nothing_is_left(
    mountain: Mountain, capsys: pytest.CaptureFixture[str]
) -> None:
    mountain.failing["toy"] = KeyboardInterrupt()
    assert run(["compare", "--out", "here"]) == 130
    assert "no rung was finished, nothing is kept" in capsys.readouterr().err
    assert not list(Path().iterdir())


@pytest.mark.parametrize("change", [["--seed", "4"], ["--full"], ["toy"]])
def test_what_another_command_kept_is_not_mixed_in(
    mountain: Mountain, capsys: pytest.CaptureFixture[str], change: list[str]
) -> None:
    mountain.failing["linear"] = KeyboardInterrupt()
    run(["compare", "--out", "here"])
    capsys.readouterr()
    assert run(["compare", *change, "--out", "here"]) == 2
    err = capsys.readouterr().err
    assert "keeps what is finished of 'entropic compare toy linear digits --quick --seed 0'" in err
    assert [path.name for path in Path("here.partial").glob("*/rung.json")] == ["rung.json"]


def test_the_help_wakes_nothing_heavy() -> None:
    code = (
        "import sys; from entropic.cli.main import run; run(['compare', '--help']); "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[toy|linear|digits|perceptron|net]" in done.stdout
    assert not {"numpy", "rich", "xarray", "matplotlib", "torch"} & set(done.stderr.split())
