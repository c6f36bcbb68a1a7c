"""Kernels made to measure: templates and a user's formula joined in one file, compiled, kept.

A kernel is specialised on its potential, its integrator and its precision, since only code that
the compiler sees whole runs at full speed.  The templates are ordinary functions; a name in them
that is bound otherwise (``stiffness``, ``move``, ``STATE``) is replaced, whatever they call is
gathered, and the source goes into a file named by its own hash.  Numba keeps the machine code
beside that file, so that the next process pays for loading alone; parameters are arguments, and a
scan over them compiles nothing.  A function that the user hands over instead of a formula has no
source to hash: such kernels live as long as the process.

The folder is $ENTROPIC_CACHE_DIR, else $XDG_CACHE_HOME/entropic, else ~/.cache/entropic; where it
cannot be written kernels are compiled afresh.
"""

import ast
import builtins
import hashlib
import importlib.util
import inspect
import os
import sys
import textwrap
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numba
import numpy as np

from . import lane_math

FAST = '{"contract", "nsz", "arcp", "afn"}'  # nothing that would hide a NaN
OPTIONS = f'nogil=True, error_model="numpy", fastmath={FAST}'
INNER = "no_cpython_wrapper=True, no_cfunc_wrapper=True, "  # never called from Python
INLINED = INNER + "forceinline=True, "  # a call would keep a loop over lanes scalar
HEAD = "import numpy as np\nfrom numba import njit\n"
_ASKED: dict[Any, ModuleType] = {}  # by what was asked for, since to write a text takes 10 ms
_MADE: dict[tuple[Any, ...], ModuleType] = {}


def uncompiled() -> np.errstate:
    """Silence about numbers that wrap around, of which NumPy warns and Numba does not.

    For NUMBA_DISABLE_JIT=1.
    """
    return np.errstate(all="ignore")


def kernel(
    entries: tuple[Callable[..., Any], ...],
    bindings: Mapping[str, Any],
    given: Mapping[str, Callable[..., Any]] | None = None,
) -> ModuleType:
    """A module with the compiled ``entries``, their free names bound as ``bindings`` say.

    bindings: a name → another template, a number, a NumPy type, or the source of an expression of
    lane arithmetic as ``(arguments, text)``.  given: a name → a function of the user's own.
    """
    asked = (entries, frozenset(bindings.items()), frozenset((given or {}).items()))
    if asked not in _ASKED:
        _ASKED[asked] = _made(entries, bindings, given)
    return _ASKED[asked]


def _made(
    entries: tuple[Callable[..., Any], ...],
    bindings: Mapping[str, Any],
    given: Mapping[str, Callable[..., Any]] | None,
) -> ModuleType:
    text = source(entries, bindings, set(given or ()))
    key = hashlib.sha256((text + _tools()).encode()).hexdigest()[:24]
    made = (key, *sorted((given or {}).items()))  # a function is itself, and no other
    if made not in _MADE:
        main = {entry.__name__ for entry in entries}
        _MADE[made] = _loaded(text, "<kernel>", given) if given else _from_file(text, key, main)
    return _MADE[made]


def source(
    entries: tuple[Callable[..., Any], ...], bindings: Mapping[str, Any], given: set[str]
) -> str:
    """The whole text of a kernel: constants, formulas, templates, what stands for what."""
    constants: dict[str, str] = {}
    functions: dict[str, str] = {}
    aliases: dict[str, str] = {}
    todo: list[Any] = list(entries)
    seen: set[str] = set()

    def meet(name: str, value: Any) -> None:
        if name in given or name in seen:
            return
        seen.add(name)
        if isinstance(value, tuple):
            arguments, expression = value
            functions[name] = f"def {name}({arguments}):\n    return {expression}\n"
            for inner in _free(expression) & bindings.keys():
                meet(inner, bindings[inner])
            todo.extend(f for f in map(vars(lane_math).get, _free(expression)) if f is not None)
        elif isinstance(value, FunctionType):
            if value.__name__ != name:
                aliases[name] = value.__name__
            todo.append(value)
        elif not isinstance(value, ModuleType):
            constants[name] = _constant(value)

    while todo:
        function = todo.pop()
        own, text = function.__name__, _written(function)
        if own in functions:
            assert functions[own] == text, f"two templates are called {own}"
            continue
        functions[own] = text
        for name in sorted(_names(function.__code__)):
            if name in bindings:
                meet(name, bindings[name])
            elif name in function.__globals__:
                meet(name, function.__globals__[name])
    main = {entry.__name__ for entry in entries}
    parts = [f"{name} = {value}" for name, value in sorted(constants.items())]
    for name in sorted(functions):
        called = ("" if given else "cache=True, ") if name in main else _inner(functions[name])
        parts.append(f"\n\n@njit({called}{OPTIONS})\n{functions[name].rstrip()}")
    parts.append("\n" + "\n".join(f"{a} = {b}" for a, b in sorted(aliases.items())))
    return HEAD + "\n".join(parts) + "\n"


def _inner(text: str) -> str:
    loops = any(isinstance(node, ast.For | ast.While) for node in ast.walk(ast.parse(text)))
    return INNER if loops else INLINED


@cache
def _written(function: FunctionType) -> str:
    """The text of a template; to find it takes a millisecond."""
    return textwrap.dedent(inspect.getsource(function))


@cache
def _names(code: CodeType) -> set[str]:
    """Every global name that a function may look up."""
    inner = (_names(c) for c in code.co_consts if isinstance(c, CodeType))
    return set(code.co_names).union(*inner)


def _free(expression: str) -> set[str]:
    """The names in an expression that are no built-in of Python."""
    nodes = ast.walk(ast.parse(expression))
    return {n.id for n in nodes if isinstance(n, ast.Name) and not hasattr(builtins, n.id)}


def _constant(value: Any) -> str:
    if isinstance(value, type):
        return f"np.{value.__name__}" if value.__module__ == "numpy" else value.__name__
    if isinstance(value, np.generic):
        return f"np.{type(value).__name__}({_constant(value.item())})"
    if isinstance(value, float) and not np.isfinite(value):
        return "np.inf" if value > 0 else "np.nan"
    return repr(value)


def _tools() -> str:
    return f"{numba.__version__} {sys.version_info[:2]} {np.__version__}"


def folder() -> Path | None:
    """Where kernels are kept; None if nowhere."""
    own = os.environ.get("ENTROPIC_CACHE_DIR")
    general = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    place = Path(own) if own else Path(general) / "entropic"
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (OSError, RuntimeError):
        return None
    return place if os.access(place, os.W_OK) else None


def _from_file(text: str, key: str, main: set[str]) -> ModuleType:
    """The module of a text that is, or now comes to be, in the folder."""
    place = folder()
    if place is None:
        return _loaded(text.replace("cache=True, ", ""), f"<kernel {key}>", {})
    path = place / f"entropic_kernel_{key}.py"
    try:
        if not path.exists() or path.read_bytes() != text.encode():
            temporary = place / f".{key}.{os.getpid()}"
            temporary.write_text(text, "utf-8", newline="")
            temporary.replace(path)
    except OSError:
        return _loaded(text.replace("cache=True, ", ""), f"<kernel {key}>", {})
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # what Numba keeps names its module, and looks for it here
    spec.loader.exec_module(module)
    for name in main:
        setattr(module, name, _Entry(getattr(module, name), path))
    return module


class _Entry:
    """A compiled function that throws away what is kept of it if that cannot be read."""

    def __init__(self, compiled: Callable[..., Any], path: Path) -> None:
        self.compiled, self.path, self.mended = compiled, path, False

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self.compiled(*arguments)
        except Exception:  # whatever a damaged file makes of its reader, before a step is taken
            if self.mended:
                raise
            self.mended = True
            for kept in self.path.parent.glob(f"__pycache__/{self.path.stem}.*"):
                kept.unlink(missing_ok=True)
            return self.compiled(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.compiled, name)


def _loaded(text: str, name: str, given: Mapping[str, Callable[..., Any]]) -> ModuleType:
    """The module of a text of ours that is nowhere on disk, with the user's functions in it."""
    module = ModuleType("kernel")
    for own, function in given.items():
        compiled = hasattr(function, "py_func") or bool(getattr(numba.config, "DISABLE_JIT", False))
        walks = numba.njit(nogil=True, error_model="numpy")
        setattr(module, own, function if compiled else walks(function))
    exec(compile(text, name, "exec"), vars(module))
    return module
