"""Where the files of a published data set are: in a folder, or inside an archive, read in place.

Members of an archive are streamed one after the other and only those of known names are read:
nothing is unpacked, and no path inside an archive is followed.  To decompress a whole xz archive
takes many seconds, so its members are kept, as they are, in the user's cache folder, under a name
that changes with the archive; what is kept is checked like anything else, and is never needed.
"""

import hashlib
import lzma
import os
import shutil
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from ..theory.errors import DomainError

ENDINGS = (".tar.gz", ".tgz", ".tar.xz", ".tar")
SLOW = ".tar.xz"
SUMS = "checksums.txt"
LARGE = 32 * 2**20  # bytes; a smaller archive takes less than two seconds
_BROKEN = (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error)


def members(where: Path, folder: str, sizes: Mapping[str, int]) -> dict[str, bytes]:
    """The content of the files called as in ``sizes`` that ``where`` holds, by name.

    where: a folder with such files, or with a ``folder`` of that name, or with an archive whose
    name begins as ``folder`` does; or an archive.  sizes: the most bytes that a file may have.
    Raises DomainError where there is nothing of the kind, or it cannot be read.
    """
    try:
        if where.is_file():
            return _from_archive(where, folder, sizes)
        for place in (where, where / folder):
            found = [name for name in sizes if (place / name).is_file()]
            if found:
                return {name: _content(place / name, sizes[name]) for name in found}
        if where.is_dir():
            return _from_archive(_only_archive(where, folder), folder, sizes)
    except PermissionError as error:
        msg = f"cannot read {str(where)!r}: {error.strerror}"
        raise DomainError(msg) from None
    msg = f"there is no folder or archive {str(where)!r}"
    raise DomainError(msg)


def _content(path: Path, most: int) -> bytes:
    _check_size(path.stat().st_size, most, str(path))
    return path.read_bytes()


def _check_size(size: int, most: int, name: str) -> None:
    if size > most:
        msg = f"{name} has {size} bytes and is foreign: the published file has {most}"
        raise DomainError(msg)


def _only_archive(where: Path, folder: str) -> Path:
    """The one archive in ``where`` of the binary layout; the Python version is another."""
    start = folder[: folder.index("-b") + 2]  # cifar-10-b…: -batches-bin and -binary, not -python
    found = sorted(p for p in where.glob(f"{start}*") if p.name.endswith(ENDINGS) and p.is_file())
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        msg = f"{str(where)!r} holds several archives ({names}); name one of them"
        raise DomainError(msg)
    other = " (the Python version is pickled and is not read)" if _has_pickles(where) else ""
    msg = f"{str(where)!r} holds neither {folder}/ nor an archive {start}*.tar.gz or .tar.xz{other}"
    raise DomainError(msg)


def _has_pickles(where: Path) -> bool:
    return any(where.glob("cifar*-py*")) or any(where.glob("data_batch_?"))


def _from_archive(path: Path, folder: str, sizes: Mapping[str, int]) -> dict[str, bytes]:
    if not (path.name.endswith(SLOW) and path.stat().st_size > LARGE):
        return _streamed(path, folder, sizes)
    place = _cache(path)
    kept = _kept(place)
    if kept is None:
        kept = _streamed(path, folder, sizes)
        _keep(kept, place)
    return kept


def _streamed(path: Path, folder: str, sizes: Mapping[str, int]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                place = PurePosixPath(member.name)
                name = place.name
                if not member.isreg() or name not in sizes or place.parent.name not in ("", folder):
                    continue
                if place.is_absolute() or ".." in place.parts:
                    continue
                _check_size(member.size, sizes[name], f"{name} in {str(path)!r}")
                if name in found:
                    msg = f"{str(path)!r} holds {name} twice"
                    raise DomainError(msg)
                stream = archive.extractfile(member)
                found[name] = stream.read() if stream is not None else b""
                if len(found[name]) != member.size:
                    msg = f"{str(path)!r} is truncated within {name}"
                    raise DomainError(msg)
            while archive.fileobj is not None and archive.fileobj.read(2**20):
                pass  # a compressed file's own checksum stands at its very end
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        msg = f"{str(path)!r} is no readable archive, or truncated or damaged: {error}"
        raise DomainError(msg) from None
    return found


def _cache(path: Path) -> Path:
    """Where the members of ``path`` are kept: a name made of its own name, size and date."""
    own = os.environ.get("ENTROPIC_CACHE_DIR")
    general = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    place = Path(own) if own else Path(general) / "entropic"
    about = path.stat()
    key = f"{path.resolve()} {about.st_size} {about.st_mtime_ns}"
    return place / f"images_{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def _kept(place: Path) -> dict[str, bytes] | None:
    """What is kept at ``place``, if it is whole: each file under its name and checksum."""
    try:
        found = {}
        for line in (place / SUMS).read_text("utf-8").splitlines():
            digest, name = line.split()
            found[name] = (place / name).read_bytes()
            if hashlib.sha256(found[name]).hexdigest() != digest:
                return None
    except (OSError, ValueError):
        return None
    return found


def _keep(found: Mapping[str, bytes], place: Path) -> None:
    """All of it or nothing; a folder that cannot be written is no matter."""
    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        temporary.mkdir(parents=True, mode=0o700)
        sums = []
        for name, content in found.items():
            (temporary / name).write_bytes(content)
            sums.append(f"{hashlib.sha256(content).hexdigest()} {name}\n")
        (temporary / SUMS).write_text("".join(sums), "utf-8")
        shutil.rmtree(place, ignore_errors=True)
        temporary.replace(place)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
