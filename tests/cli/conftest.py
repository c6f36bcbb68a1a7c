"""The command as a user meets it: arguments in; exit code, stdout and stderr out."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from entropic.cli.main import run


class Said(NamedTuple):
    code: int
    out: str
    err: str

    def refused(self) -> bool:
        """One line that begins ``error:``, exit code 2, nothing on stdout."""
        lines = self.err.splitlines()
        return (
            self.code == 2 and not self.out and len(lines) == 1 and lines[0].startswith("error: ")
        )


@pytest.fixture
def entropic(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def call(*arguments: str) -> Said:
        code = run(arguments)
        return Said(code, *capsys.readouterr())

    return call
