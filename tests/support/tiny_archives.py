"""Archives of images in the published layouts, small enough to write in a test."""

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

CIFAR10 = (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")
CIFAR100 = ("train.bin", "test.bin")
FOLDERS = {"cifar10": "cifar-10-batches-bin", "cifar100": "cifar-100-binary"}


def records(name: str, count: int, seed: int = 0) -> bytes:
    """``count`` records whose classes follow one another and whose pixels are random."""
    rng = np.random.default_rng(seed)
    classes = 10 if name == "cifar10" else 100
    labels = (np.arange(count) % classes).astype(np.uint8)
    columns = [labels[:, None]] if name == "cifar10" else [labels[:, None] // 5, labels[:, None]]
    pixels = rng.integers(256, size=(count, 3072), dtype=np.uint8)
    return np.hstack([*columns, pixels]).tobytes()


def files(name: str, count: int) -> dict[str, bytes]:
    """The content of every file of the data set, ``count`` records each."""
    names = CIFAR10 if name == "cifar10" else CIFAR100
    return {file: records(name, count, seed) for seed, file in enumerate(names)}


def write_folder(place: Path, content: dict[str, bytes]) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for file, what in content.items():
        (place / file).write_bytes(what)
    return place


def write_archive(path: Path, content: dict[str, bytes]) -> Path:
    """A tar of ``content`` by path inside; the ending of ``path`` says how it is compressed."""
    modes = {".gz": "w:gz", ".tgz": "w:gz", ".xz": "w:xz", ".tar": "w"}
    with tarfile.open(path, modes[path.suffix]) as archive:
        for name, what in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(what)
            archive.addfile(member, io.BytesIO(what))
    return path


def write(place: Path, name: str, count: int = 20) -> Path:
    """The whole data set as a folder inside ``place``, and where that is."""
    return write_folder(place / FOLDERS[name], files(name, count))


def real_data(name: str) -> Path:
    """Where the archives of real images are: $ENTROPIC_DATA or ../shared/data; else skip."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    place = Path(os.environ.get("ENTROPIC_DATA", beside))
    if not list(place.glob({"cifar10": "cifar-10-b*", "cifar100": "cifar-100-b*"}[name])):
        pytest.skip(f"no archive of {name} in {place}; $ENTROPIC_DATA says where one is")
    return place
