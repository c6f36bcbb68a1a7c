"""What is written is there whole or not at all: a temporary name beside the target, then a rename.

A path that cannot be written is the user's mistake (exit code 2); a full disk is the world's.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

_USER = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR),
    *(errno.EEXIST, errno.ENOTEMPTY, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL),
}


@contextmanager
def _blaming_the_path(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _USER:
            raise
        msg = f"cannot write {str(path)!r}: {error.strerror}."
        raise click.UsageError(msg) from None


def _temporary(path: Path) -> Path:
    """A sibling's name that keeps the suffix, by which libraries choose a format."""
    return path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")


@contextmanager
def writing_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside ``path``; it becomes ``path`` if the block succeeds.

    Raises click.UsageError where the path cannot be written.
    """
    temporary = _temporary(path)
    with _blaming_the_path(path):
        temporary.touch(exist_ok=False)
    try:
        yield temporary
        with _blaming_the_path(path):
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writing_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path``; it becomes ``path`` if the block succeeds.

    Missing parents are made, and taken away again if the block fails.
    Raises click.UsageError if ``path`` exists and is not an empty folder, or cannot be written.
    """
    path = Path(path)
    temporary = _temporary(path)
    missing = [parent for parent in path.parents if not parent.exists()]
    with _blaming_the_path(path):
        if path.exists() and not (path.is_dir() and not any(path.iterdir())):
            msg = f"{str(path)!r} exists already; name a new folder or an empty one."
            raise click.UsageError(msg)
    try:
        with _blaming_the_path(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.mkdir()
        yield temporary
        with _blaming_the_path(path):
            temporary.replace(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        for parent in missing:  # nearest first; one that others filled meanwhile stays
            try:
                parent.rmdir()
            except OSError:
                break
        raise


def check_free(out: Path) -> None:
    """Find out now, not after the work, whether the folder ``out`` can be written."""
    if os.path.lexists(out) and not (out.is_dir() and not any(out.iterdir())):
        msg = f"{str(out)!r} exists already; name a new folder or an empty one."
        raise click.UsageError(msg)
    parent = next(folder for folder in out.absolute().parents if os.path.lexists(folder))
    if not (os.path.isdir(parent) and os.access(parent, os.W_OK)):
        msg = f"the folder {str(parent)!r} is not writable."
        raise click.UsageError(msg)
