"""CIFAR-10 and CIFAR-100 in their published binary layouts: what a file holds, and what is refused.

    CIFAR-10     data_batch_1.bin … data_batch_5.bin, test_batch.bin;  record = label, pixels
    CIFAR-100    train.bin, test.bin;                   record = coarse label, fine label, pixels

A label is one byte, pixels are 3072: red, green and blue planes of 32 rows of 32.  The number of
records follows from the size of a file, so that a selection in the same layout is read as well.
A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009);
https://www.cs.toronto.edu/~kriz/cifar.html describes the layouts.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..theory.errors import DomainError
from .archive_files import members

PIXELS = (3, 32, 32)
_BYTES = 3 * 32 * 32
Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Place = Path | str | None


@dataclass(frozen=True)
class Archive:
    """A published data set.

    folder: its top folder; train, test: files, in order; classes: number of values of each label
    byte, the last of which is the class; records: of a whole file; url, md5: of the published
    archive; checksums: SHA-256 of whole files, where known.
    """

    name: str
    title: str
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    classes: tuple[int, ...]
    records: Mapping[str, int]
    url: str
    md5: str
    checksums: Mapping[str, str] = field(default_factory=dict)

    @property
    def record(self) -> int:
        """Bytes of one record."""
        return len(self.classes) + _BYTES

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of every file as published, and at most."""
        return {name: count * self.record for name, count in self.records.items()}


_BATCHES = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
ARCHIVES = {
    "cifar10": Archive(
        name="cifar10",
        title="CIFAR-10",
        folder="cifar-10-batches-bin",
        train=_BATCHES,
        test=("test_batch.bin",),
        classes=(10,),
        records=dict.fromkeys((*_BATCHES, "test_batch.bin"), 10_000),
        url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        md5="c32a1d4ab5d03f1284b67883e8d87530",
        # of files whose pixels and labels equal those of the published Python batches
        checksums={
            "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
            "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
            "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
            "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
            "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
            "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
        },
    ),
    "cifar100": Archive(
        name="cifar100",
        title="CIFAR-100",
        folder="cifar-100-binary",
        train=("train.bin",),
        test=("test.bin",),
        classes=(20, 100),
        records={"train.bin": 50_000, "test.bin": 10_000},
        url="https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
        md5="03b5dce01913d631647c71ecec9e9cb8",
    ),
}


@dataclass(frozen=True)
class ImageFile:
    """One file of an archive: pixels (n, 3, 32, 32), labels (n,).

    checksum: "official" for a whole file as published, "unknown" for a selection, and where none
    is known.
    """

    name: str
    split: Literal["train", "test"]
    pixels: Pixels
    labels: Labels
    sha256: str
    checksum: Literal["official", "unknown"]


@dataclass(frozen=True)
class ImageSet:
    """What was found at ``where``: the files of ``archive`` that are there."""

    archive: Archive
    where: Path
    files: tuple[ImageFile, ...]

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.archive.classes[-1]

    def part(self, split: Literal["train", "test"]) -> tuple[Pixels, Labels]:
        """Pixels (n, 3, 32, 32) and labels (n,) in the order of the files; n = 0 without any."""
        chosen = [file for file in self.files if file.split == split]
        pixels = [np.empty((0, *PIXELS), np.uint8), *(file.pixels for file in chosen)]
        labels = [np.empty(0, np.int64), *(file.labels for file in chosen)]
        return np.concatenate(pixels), np.concatenate(labels)


def archive(name: str) -> Archive:
    """The archive of that name; DomainError lists the names there are."""
    if name not in ARCHIVES:
        msg = f"there is no data set {name!r}; there are {', '.join(ARCHIVES)}"
        raise DomainError(msg)
    return ARCHIVES[name]


def read_images(name: str, where: Place) -> ImageSet:
    """The data set ``name`` ("cifar10", "cifar100") from a folder or an archive.

    where: the folder of the files, a .tar.gz, .tar.xz or .tar that holds it, or a folder that holds
    either.  Nothing is unpacked or unpickled.  Raises DomainError, naming the file, for one that is
    missing, truncated, damaged or foreign; OSError where reading fails.
    """
    known = archive(name)
    if where is None:
        msg = (
            f"the images of {known.title} are needed: say where their folder or archive is "
            f"(`entropic data download {name} DIR` fetches them)"
        )
        raise DomainError(msg)
    where = Path(where)
    found = members(where, known.folder, known.sizes)
    trained = [file in found for file in known.train]
    count = sum(trained)
    if not all(trained[:count]) or count == 0:
        missing = known.train[trained.index(False)]
        msg = f"{str(where)!r} holds no {known.title} without {known.folder}/{missing}"
        raise DomainError(msg)
    train = [_decoded(known, file, "train", found[file], where) for file in known.train[:count]]
    test = [_decoded(known, f, "test", found[f], where) for f in known.test if f in found]
    return ImageSet(known, where, (*train, *test))


def _decoded(
    known: Archive, name: str, split: Literal["train", "test"], content: bytes, where: Path
) -> ImageFile:
    at = f"{known.folder}/{name} in {str(where)!r}"
    size, left = divmod(len(content), known.record)
    if left or not size:
        msg = (
            f"{at} is truncated: its {len(content)} bytes are no whole number of records of "
            f"{known.record}"
        )
        raise DomainError(msg)
    records = np.frombuffer(content, np.uint8).reshape(size, known.record)
    for column, classes in enumerate(known.classes):
        largest = int(records[:, column].max())
        if largest >= classes:
            row = int(records[:, column].argmax())
            msg = f"{at} is no {known.title}: record {row} has label {largest} of {classes} classes"
            raise DomainError(msg)
    labels = records[:, len(known.classes) - 1].astype(np.int64)
    pixels = records[:, len(known.classes) :].reshape(size, *PIXELS)
    digest = hashlib.sha256(content).hexdigest()
    official = known.checksums.get(name)
    # a whole file holds every class; one that does not is a selection of the same length
    if official and size == known.records[name] and len(np.unique(labels)) == known.classes[-1]:
        if digest != official:
            msg = f"{at} is damaged: its size is the published one and its checksum is not"
            raise DomainError(msg)
        return ImageFile(name, split, pixels, labels, digest, "official")
    return ImageFile(name, split, pixels, labels, digest, "unknown")
