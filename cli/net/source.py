"""Where a problem comes from: a preset or a function of the user's own, its settings, its data.

A folder says in its config.toml which problem it belongs to.  A preset is followed; a function of
the user's own only if the user names it again, so that no folder makes this command run code.
"""

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ...nets.problem import Problem

Value = bool | int | float | str


@dataclass(frozen=True)
class Source:
    """A preset's name or ``package.module:function``, settings by name, the folder of data."""

    reference: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    data: str | None = None

    @property
    def is_own(self) -> bool:
        """Whether the reference is to a function of the user's own."""
        return ":" in self.reference

    def problem(self, device: str = "cpu") -> "Problem":
        """The problem, on ``device``.

        Raises click.UsageError for a function that is not there, for settings that it does not
        take, and where it fails or returns something else.
        """
        from ...nets.problem import Problem

        made = self._own() if self.is_own else self._preset()
        if not isinstance(made, Problem):
            msg = f"{self.reference!r} must return a Problem; it returns {type(made).__name__}."
            raise click.UsageError(msg)
        try:
            return made if str(made.device) == device else made.to(device)
        except (RuntimeError, AssertionError) as error:
            msg = f"the device {device!r} is not to be had here: {str(error).splitlines()[0]}"
            raise click.UsageError(msg) from None

    def as_table(self) -> dict[str, Any]:
        """What config.toml keeps of it."""
        table: dict[str, Any] = {"reference": self.reference, "settings": dict(self.settings)}
        return table | ({"data": self.data} if self.data else {})

    def _preset(self) -> Any:
        from ...nets.presets import preset

        found = preset(self.reference)
        _check_settings(self.reference, found.make, self.settings)
        given: dict[str, Any] = dict(self.settings)
        if found.archive is not None:
            given["data"] = self.data
        elif self.data is not None:
            msg = f"{self.reference!r} reads no archive; leave --data out."
            raise click.UsageError(msg)
        return found.make(**given)

    def _own(self) -> Any:
        module, _, name = self.reference.partition(":")
        function = _function(self.reference, module, name)
        given: dict[str, Any] = dict(self.settings)
        if self.data is not None:
            given["data"] = self.data
        _check_settings(self.reference, function, given)
        from ...theory.errors import EntropicError

        try:
            return function(**given)
        except EntropicError:
            raise
        except (Exception, SystemExit) as error:
            msg = f"{self.reference!r} failed: {type(error).__name__}: {error}"
            raise click.UsageError(msg) from None


def _function(reference: str, module: str, name: str) -> Callable[..., Any]:
    sys.path.insert(0, "")  # the folder where the command was called, as for python -m
    try:
        found = getattr(import_module(module), name, None)
    except (Exception, SystemExit) as error:
        msg = f"cannot import {module!r} of {reference!r}: {type(error).__name__}: {error}"
        raise click.UsageError(msg) from None
    finally:
        sys.path.remove("")
    if not callable(found):
        msg = f"{module!r} has no function {name!r}."
        raise click.UsageError(msg)
    return found  # type: ignore[no-any-return]


def _check_settings(
    reference: str, function: Callable[..., Any], settings: Mapping[str, Any]
) -> None:
    """Refuse settings that ``function`` does not take, or not of that kind."""
    takes = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in takes.values()):
        return
    for name, value in settings.items():
        if name not in takes or (name == "data" and reference == name):
            there = ", ".join(n for n in takes if n != "data") or "none"
            msg = f"{reference!r} has no setting {name!r}; it has {there}."
            raise click.UsageError(msg)
        default = takes[name].default
        kind = type(default)
        if kind in (bool, int, float, str) and not (
            type(value) is kind or (kind is float and type(value) is int)
        ):
            msg = f"the setting {name!r} must be like {default!r}; it is {value!r}."
            raise click.UsageError(msg)


def setting(text: str) -> tuple[str, Value]:
    """``name=value``: a whole number, a number, true or false, or a word.

    >>> setting("width=32"), setting("decay=1e-3"), setting("bias=false"), setting("mode=fast")
    (('width', 32), ('decay', 0.001), ('bias', False), ('mode', 'fast'))
    """
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        msg = f"{text!r} must read name=value."
        raise click.BadParameter(msg)
    if value in ("true", "false"):
        return name, value == "true"
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


def source_of(config: Mapping[str, Any], given: Source | None, where: str) -> Source:
    """The source that ``config`` names, with what the user gave on top.

    Raises click.UsageError where neither names one, where they name different ones, and where the
    folder names a function of the user's own that the user has not.
    """
    table = config.get("problem", {})
    reference = table.get("reference") if isinstance(table, Mapping) else None
    if not isinstance(reference, str):
        if given is None or not given.reference:
            msg = f"{where!r} does not say which problem it belongs to; give --problem."
            raise click.UsageError(msg)
        return given
    found = Source(reference, dict(table.get("settings", {})), table.get("data"))
    if given is None or not given.reference:
        if found.is_own:
            msg = f"{where!r} was made with --problem {reference}; give it again to run that code."
            raise click.UsageError(msg)
    elif given.reference != reference:
        msg = f"{where!r} belongs to the problem {reference!r}, not {given.reference!r}."
        raise click.UsageError(msg)
    if given is None:
        return found
    settings = {**found.settings, **given.settings}
    return replace(found, settings=settings, data=given.data or found.data)
