import numpy as np
import pytest
from tiny_archives import (
    CIFAR10,
    FOLDERS,
    files,
    real_data,
    records,
    write_archive,
    write_folder,
)

from entropic.nets import read_images
from entropic.nets.archives import ARCHIVES, archive
from entropic.theory import DomainError

FIRST = {
    "data_batch_1.bin": [6, 9, 9, 4, 1],
    "data_batch_2.bin": [1, 6, 6, 8, 8],
    "test_batch.bin": [3, 8, 8, 0, 6],
}


def inside(name: str, content: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{FOLDERS[name]}/{file}": what for file, what in content.items()}


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
@pytest.mark.parametrize(
    "layout", ["files", "folder", ".tar", ".tar.gz", ".tgz", ".tar.xz", "folder of an archive"]
)
def test_every_layout_holds_the_same_images(tmp_path, name, layout):
    content = files(name, 20)
    where = tmp_path
    if layout == "files":
        write_folder(tmp_path, content)
    elif layout == "folder":
        write_folder(tmp_path / FOLDERS[name], content)
    elif layout == "folder of an archive":
        write_archive(tmp_path / f"{FOLDERS[name]}-of-mine.tar.xz", inside(name, content))
    else:
        where = write_archive(tmp_path / f"any{layout}", inside(name, content))
    found = read_images(name, str(where))
    pixels, labels = found.part("train")
    parts = 5 if name == "cifar10" else 1
    assert pixels.shape == (20 * parts, 3, 32, 32)
    assert labels.tolist() == list(range(10)) * 10 if name == "cifar10" else list(range(20))
    assert [file.name for file in found.files] == list(content)
    assert all(file.checksum == "unknown" for file in found.files)
    last = list(content)[-1]
    test_pixels, test_labels = found.part("test")
    raw = np.frombuffer(content[last], np.uint8).reshape(20, -1)
    assert np.array_equal(test_pixels.reshape(20, -1), raw[:, -3072:])
    assert np.array_equal(test_labels, raw[:, -3073])
    assert found.classes == (10 if name == "cifar10" else 100)


def test_planes_are_red_green_blue_and_rows_are_rows(tmp_path):
    record = bytes([7]) + bytes(1024) + bytes([1] * 1024) + bytes([2] * 992) + bytes(range(32))
    write_folder(tmp_path, {"data_batch_1.bin": record})
    pixels, labels = read_images("cifar10", tmp_path).part("train")
    assert labels.tolist() == [7]
    assert [pixels[0, c, 0, 0] for c in range(3)] == [0, 1, 2]
    assert pixels[0, 2, 31].tolist() == list(range(32))


def test_a_first_part_of_the_batches_and_no_test_set_are_enough(tmp_path):
    write_folder(tmp_path, {name: records("cifar10", 10) for name in CIFAR10[:2]})
    found = read_images("cifar10", tmp_path)
    assert len(found.part("train")[1]) == 20
    assert found.part("test")[0].shape == (0, 3, 32, 32)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda c: {**c, "data_batch_2.bin": c["data_batch_2.bin"][:-1]}, "2.bin in .* truncated"),
        (lambda c: {**c, "test_batch.bin": b""}, "test_batch.bin in .* is truncated: its 0 bytes"),
        (
            lambda c: {**c, "test_batch.bin": bytes(3073) + bytes([10]) + bytes(3072)},
            "test_batch.bin in .* is no CIFAR-10: record 1 has label 10 of 10 classes",
        ),
        (lambda c: {n: w for n, w in c.items() if "1" not in n}, "without .*/data_batch_1.bin"),
        (lambda c: {n: w for n, w in c.items() if "3" not in n}, "without .*/data_batch_3.bin"),
        (
            lambda c: {**c, "data_batch_1.bin": bytes(3073 * 10001)},
            "data_batch_1.bin has 30733073 bytes and is foreign: the published file has 30730000",
        ),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_files_that_are_no_such_archive_are_named_and_refused(tmp_path, change, match, packed):
    content = change(files("cifar10", 10))
    where = tmp_path
    if packed:
        where = write_archive(tmp_path / "some.tar", inside("cifar10", content))
        match = match.replace("1.bin has", "1.bin in .* has")
    else:
        write_folder(tmp_path, content)
    with pytest.raises(DomainError, match=match):
        read_images("cifar10", where)


def test_a_coarse_label_out_of_range_is_refused(tmp_path):
    write_folder(tmp_path, {"train.bin": bytes([20, 0]) + bytes(3072)})
    with pytest.raises(DomainError, match="no CIFAR-100: record 0 has label 20 of 20 classes"):
        read_images("cifar100", tmp_path)


def test_a_whole_file_with_another_checksum_is_damaged_and_a_selection_as_long_is_not(tmp_path):
    whole = records("cifar10", 10_000)
    write_folder(tmp_path, {"data_batch_1.bin": whole})
    with pytest.raises(DomainError, match="1.bin in .* is damaged: its size is the published one"):
        read_images("cifar10", tmp_path)
    two = np.frombuffer(whole, np.uint8).reshape(10_000, 3073).copy()
    two[:, 0] %= 2
    write_folder(tmp_path, {"data_batch_1.bin": two.tobytes()})
    assert read_images("cifar10", tmp_path).files[0].checksum == "unknown"


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tar.xz"])
def test_a_truncated_archive_is_refused(tmp_path, ending):
    path = write_archive(tmp_path / f"a{ending}", inside("cifar10", files("cifar10", 10)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(
        DomainError, match=r"a\.tar.* is no readable archive, or truncated or damaged"
    ):
        read_images("cifar10", path)


@pytest.mark.parametrize("ending", [".tar.gz", ".tar.xz"])
def test_a_changed_byte_in_a_compressed_archive_is_found_by_its_own_checksum(tmp_path, ending):
    path = write_archive(tmp_path / f"a{ending}", inside("cifar10", files("cifar10", 10)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        DomainError, match=r"a\.tar.* is no readable archive, or truncated or damaged"
    ):
        read_images("cifar10", path)


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    (tmp_path / "x.tar.gz").write_text("<html>not found</html>" * 100)
    with pytest.raises(DomainError, match=r"x\.tar\.gz' is no readable archive"):
        read_images("cifar10", tmp_path / "x.tar.gz")


def test_members_of_other_names_and_places_are_not_read(tmp_path):
    good = inside("cifar10", files("cifar10", 10))
    foul = bytes(7)  # would be refused if it were read
    strange = {
        "../cifar-10-batches-bin/data_batch_1.bin": foul,
        "/cifar-10-batches-bin/data_batch_1.bin": foul,
        "elsewhere/data_batch_1.bin": foul,
        "cifar-10-batches-bin/../data_batch_1.bin": foul,
        "cifar-10-batches-bin/data_batch_6.bin": foul,
        "cifar-10-batches-bin/readme.html": foul,
    }
    path = write_archive(tmp_path / "a.tar", strange | good)
    assert len(read_images("cifar10", path).part("train")[1]) == 50
    assert [found.name for found in tmp_path.iterdir()] == ["a.tar"]


def test_a_link_inside_an_archive_is_not_followed(tmp_path):
    import tarfile

    secret = tmp_path / "secret"
    secret.write_bytes(records("cifar10", 10))
    with tarfile.open(tmp_path / "a.tar", "w") as made:
        link = tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin")
        link.type, link.linkname = tarfile.SYMTYPE, str(secret)
        made.addfile(link)
    with pytest.raises(DomainError, match="without cifar-10-batches-bin/data_batch_1.bin"):
        read_images("cifar10", tmp_path / "a.tar")


def test_a_member_that_comes_twice_is_refused(tmp_path):
    content = files("cifar10", 10)
    twice = inside("cifar10", content) | {"data_batch_1.bin": content["data_batch_1.bin"]}
    with pytest.raises(DomainError, match="holds data_batch_1.bin twice"):
        read_images("cifar10", write_archive(tmp_path / "a.tar", twice))


def test_several_archives_in_a_folder_must_be_named(tmp_path):
    for name in ("cifar-10-binary.tar", "cifar-10-batches-bin.tar.gz", "cifar-100-binary.tar"):
        write_archive(tmp_path / name, {})
    with pytest.raises(DomainError, match=r"several archives \(cifar-10-batches-bin.*; name one"):
        read_images("cifar10", tmp_path)


def test_the_python_version_is_said_to_be_pickled(tmp_path):
    (tmp_path / "cifar-10-python.tar.gz").touch()
    with pytest.raises(DomainError, match="neither cifar-10-batches-bin/ nor .* pickled"):
        read_images("cifar10", tmp_path)


def test_a_place_that_is_not_there_and_a_name_that_is_not_known_are_refused(tmp_path):
    with pytest.raises(DomainError, match="there is no folder or archive '.*nowhere'"):
        read_images("cifar10", tmp_path / "nowhere")
    with pytest.raises(DomainError, match="no data set 'mnist'; there are cifar10, cifar100"):
        read_images("mnist", tmp_path)
    with pytest.raises(DomainError, match="images of CIFAR-100 are needed: .* download cifar100"):
        read_images("cifar100", None)


def test_a_large_xz_archive_is_decompressed_once(tmp_path, monkeypatch):
    from entropic.nets import archive_files

    monkeypatch.setattr(archive_files, "LARGE", 0)
    cache = tmp_path / "cache"
    monkeypatch.setenv("ENTROPIC_CACHE_DIR", str(cache))
    path = write_archive(tmp_path / "a.tar.xz", inside("cifar10", files("cifar10", 10)))
    first = read_images("cifar10", path)
    opened = []
    streamed = archive_files._streamed
    monkeypatch.setattr(archive_files, "_streamed", lambda *a: opened.append(1) or streamed(*a))
    again = read_images("cifar10", path)
    assert not opened
    assert [f.sha256 for f in again.files] == [f.sha256 for f in first.files]
    (kept,) = cache.iterdir()
    (kept / "data_batch_1.bin").write_bytes(b"damaged")
    assert [f.sha256 for f in read_images("cifar10", path).files] == [f.sha256 for f in first.files]
    assert opened == [1]
    write_archive(path, inside("cifar10", files("cifar10", 20)))
    assert len(read_images("cifar10", path).part("train")[1]) == 100


def test_a_cache_that_cannot_be_written_is_no_matter(tmp_path, monkeypatch):
    from entropic.nets import archive_files

    monkeypatch.setattr(archive_files, "LARGE", 0)
    (tmp_path / "file").touch()
    monkeypatch.setenv("ENTROPIC_CACHE_DIR", str(tmp_path / "file" / "cache"))
    path = write_archive(tmp_path / "a.tar.xz", inside("cifar10", files("cifar10", 10)))
    assert len(read_images("cifar10", path).part("train")[1]) == 50


def test_sizes_are_those_that_the_publisher_states():
    assert archive("cifar10").sizes["data_batch_3.bin"] == 30_730_000
    assert archive("cifar100").sizes == {"train.bin": 153_700_000, "test.bin": 30_740_000}
    assert set(ARCHIVES["cifar10"].checksums) == set(CIFAR10)


def test_the_real_archive_of_ten_classes_is_the_published_one():
    found = read_images("cifar10", real_data("cifar10"))
    by_name = {file.name: file for file in found.files}
    assert {file.checksum for file in found.files} == {"official"}
    for name, labels in FIRST.items():
        assert by_name[name].labels[:5].tolist() == labels
    assert np.bincount(by_name["test_batch.bin"].labels).tolist() == [1000] * 10
    assert np.bincount(found.part("train")[1]).tolist() == [5000] * 10


def test_the_real_selection_of_a_hundred_classes_has_as_many_of_each():
    found = read_images("cifar100", real_data("cifar100"))
    for split in ("train", "test"):
        counts = np.bincount(found.part(split)[1], minlength=100)
        assert counts.min() == counts.max() > 0
