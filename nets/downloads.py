"""The published archives, fetched once and checked."""

from collections.abc import Callable
from pathlib import Path

from ..theory.errors import DomainError
from .archives import archive

Progress = Callable[[int, int], None]
"""Bytes that are there, and bytes in all; 0 where the server does not say."""


def download(name: str, folder: Path | str, progress: Progress | None = None) -> Path:
    """Fetch the archive of data set ``name`` into ``folder``, and say where it is.

    It is there whole and with the published checksum, or not at all; one that is there already is
    only checked.  Raises DomainError for an unknown name and for a folder that cannot be written,
    OSError where the archive cannot be had or is not the published one.
    """
    known = archive(name)
    folder = Path(folder)
    target = folder / known.url.rsplit("/", 1)[1]
    import pooch  # type: ignore[import-untyped]

    pooch.get_logger().setLevel("ERROR")  # this room does not talk
    fetch = pooch.HTTPDownloader(progressbar=_Bar(progress) if progress else False, timeout=60)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(known.url, f"md5:{known.md5}", target.name, folder, downloader=fetch)
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        msg = f"cannot write to {str(folder)!r}: {error.strerror}"
        raise DomainError(msg) from None
    except ValueError:
        msg = f"what {known.url} sent is not the published archive: its checksum differs"
        raise OSError(msg) from None
    except OSError as error:
        if error.errno is not None and not hasattr(error, "request"):
            raise  # a full disk, say
        msg = f"cannot fetch {known.url}: {_reason(error)}"
        raise OSError(msg) from None
    return target


def _reason(error: BaseException) -> str:
    """The innermost of what libraries wrapped in one another."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error)


class _Bar:
    """What pooch moves while it reads: an object like a bar of tqdm."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.total, self.there = progress, 0, 0

    def update(self, amount: int) -> None:
        self.there += amount  # the last chunk counts whole
        self.progress(min(self.there, self.total or self.there), self.total)

    def reset(self) -> None:
        self.there = 0

    def close(self) -> None:
        pass
