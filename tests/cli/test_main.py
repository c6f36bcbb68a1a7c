import errno
import os
import subprocess
import sys
import warnings
from pathlib import Path

import click
import pytest

from entropic.cli.main import entropic as root
from entropic.cli.main import run
from entropic.theory import DomainError, NotConverged, TooShort

ENTROPIC = str(Path(sys.executable).with_name("entropic"))
COMMANDS = [[], ["theory"], *(["theory", name] for name in ("saddle", "potential", "relaxation"))]
ASLEEP = {"numpy", "scipy", "numba", "torch", "sympy", "matplotlib", "rich", "entropic.theory"}


@pytest.mark.parametrize("words", [*COMMANDS, ["compare"]], ids=" ".join)
def test_every_help_is_printed_and_wakes_nothing_heavy(words):
    code = f"""
import sys
from entropic.cli.main import run
assert run({[*words, "--help"]}) == 0
print(*sys.modules, file=sys.stderr)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("Usage: entropic")
    assert not ASLEEP & set(said.stderr.split())


@pytest.mark.parametrize("words", [[], ["theory"]], ids=" ".join)
def test_a_bare_group_prints_its_help(entropic, words):
    bare, asked = entropic(*words), entropic(*words, "--help")
    assert bare == asked
    assert bare.code == 0
    assert "Commands:" in bare.out


def test_the_listing_of_the_command_names_its_rooms(entropic):
    out = entropic("--help").out
    assert "compare" in out
    assert "theory" in out


def test_the_version_is_that_of_the_package(entropic):
    from importlib.metadata import version

    assert entropic("--version").out == f"entropic {version('entropic')}\n"


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["theory", "sadle"], "sadle"),
        (["--bogus"], "No such option"),
        (["theory", "saddle", "--alhpa", "1"], "--alhpa"),
        (["theory", "saddle"], "Missing option '--alpha'"),
        (["theory", "saddle", "--alpha"], "requires an argument"),
        (["theory", "saddle", "--alpha", "1", "2"], "unexpected extra argument"),
    ],
)
def test_a_mistyped_command_line_is_refused_in_one_line(entropic, words, match):
    said = entropic(*words)
    assert said.refused()
    assert match in said.err


def _failing_with(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(root, "invoke", fail)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DomainError("too\n  hot"), 2),
        (NotConverged("too\n  hot", None), 1),
        (TooShort("too\n  hot", None), 1),
        (click.UsageError("too\n  hot"), 2),
        (OSError(errno.ENOSPC, "too\n  hot"), 1),
        (MemoryError("too\n  hot"), 1),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
    ],
    ids=repr,
)
def test_every_kind_of_failure_has_its_exit_code_and_one_line(entropic, monkeypatch, error, code):
    _failing_with(monkeypatch, error)
    said = entropic("theory")
    assert said.code == code
    (line,) = said.err.strip().splitlines()
    assert line.startswith("error: ")
    assert ("interrupted" if code == 130 else "too hot") in line


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch):
    _failing_with(monkeypatch, ZeroDivisionError("ours"))
    with pytest.raises(ZeroDivisionError, match="ours"):
        run(["theory"])


@pytest.mark.parametrize("num", [2, 30000])
def test_a_reader_that_has_seen_enough_is_not_talked_about(num):
    valley = ["--curvature", "1", "--temperature", "1", "--at", f"0:1:{num}"]
    command = [ENTROPIC, "theory", "potential", *valley, "--format", "csv"]
    reader, writer = os.pipe()
    os.close(reader)
    said = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (said.returncode, said.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_behind_stdout_is_one_line_and_exit_code_one():
    command = [ENTROPIC, "theory", "saddle", "--alpha", "0.5", "--format", "csv"]
    with open("/dev/full", "w") as full:
        said = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert said.returncode == 1
    assert len(said.stderr.splitlines()) == 1
    assert "No space left" in said.stderr


def test_a_warning_of_a_library_is_one_line_on_stderr(entropic, monkeypatch):
    def warn(*_, **__):
        warnings.warn("mind\n the step", UserWarning, stacklevel=2)

    monkeypatch.setattr(root, "invoke", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        said = entropic("theory")
    assert said == (0, "", "warning: mind the step\n")


def test_the_console_script_exits_with_the_code():
    said = subprocess.run([ENTROPIC, "theory", "saddle", "--alpha", "2"], capture_output=True)
    assert said.returncode == 2
    assert said.stdout == b""
    assert said.stderr.startswith(b"error: ")
    assert said.stderr.count(b"\n") == 1
