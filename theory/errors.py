"""Errors for people: one class per cause that a caller would treat differently.

Every message says what must hold, what was found and, where there is one, the way out.
"""

from typing import Any


class EntropicError(Exception):
    """Root of all errors that this package raises on purpose."""


class DomainError(EntropicError, ValueError):
    """An argument lies where the question has no answer (the user's input; exit code 2)."""


class NotConverged(EntropicError, RuntimeError):
    """An iteration ended before its tolerance; ``found`` holds the best point so far."""

    def __init__(self, message: str, found: Any = None) -> None:
        super().__init__(message)
        self.found = found


class TooShort(EntropicError, RuntimeError):
    """A run ended before it could carry an estimate; ``found`` holds what was measured."""

    def __init__(self, message: str, found: Any = None) -> None:
        super().__init__(message)
        self.found = found
