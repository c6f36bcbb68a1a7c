import json
from dataclasses import replace

import pytest
from tiny_archives import files, write, write_folder

from entropic.nets import archives


def test_an_archive_is_told_file_by_file(entropic, tmp_path):
    where = write(tmp_path, "cifar10", 20)
    said = entropic("data", "cifar10", "--data", str(tmp_path), "--format", "json")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert found["quantity"] == "images"
    assert found["parameters"]["data_set"] == "cifar10"
    assert len(found["parameters"]["sha256"]["test_batch.bin"]) == 64
    rows = found["rows"]
    assert [row["file"] for row in rows] == [*sorted(p.name for p in where.iterdir()), "all"]
    assert [row["records"] for row in rows] == [20] * 6 + [100]
    assert {row["checksum"] for row in rows[:-1]} == {"unknown"}
    assert rows[0]["smallest_class"] == rows[0]["largest_class"] == 2
    assert rows[0]["mean_red"] == pytest.approx(0.5, abs=0.02)
    assert rows[0]["std_blue"] == pytest.approx(12**-0.5, abs=0.02)


def test_classes_are_counted(entropic, tmp_path):
    write(tmp_path, "cifar100", 200)
    said = entropic("data", "cifar100", "--data", str(tmp_path), "--classes", "--format", "csv")
    lines = said.out.splitlines()
    assert lines[:2] == ["class,train,test", "0,2,2"]
    assert len(lines) == 101


def test_a_result_is_written(entropic, tmp_path):
    write(tmp_path, "cifar10", 10)
    out = tmp_path / "found.nc"
    said = entropic("data", "cifar10", "--data", str(tmp_path), "--out", str(out))
    assert said.code == 0
    assert out.exists()
    assert "data_batch_5.bin" in said.out


@pytest.mark.parametrize("words", [["--help"], []])
def test_a_bare_word_prints_help_that_names_what_there_is(entropic, words):
    said = entropic("data", *words)
    assert said.code == 0
    assert all(name in said.out for name in ("cifar10", "cifar100", "download"))
    assert "records" in entropic("data", "cifar100", "--help").out


def test_what_is_no_archive_is_refused_in_one_line(entropic, tmp_path):
    content = files("cifar10", 10)
    write_folder(tmp_path / "cut", content | {"data_batch_4.bin": b"short"})
    for where, match in (
        (tmp_path / "cut", "data_batch_4.bin in '"),
        (tmp_path, "holds neither cifar-10-batches-bin/ nor"),
        (tmp_path / "none", "there is no folder or archive"),
    ):
        said = entropic("data", "cifar10", "--data", str(where))
        assert said.refused()
        assert match in said.err
    for words in (["cifar10"], ["mnist"], ["download", "mnist", "."], ["download", "cifar10"]):
        assert entropic("data", *words).refused()
    (tmp_path / "file").touch()
    said = entropic("data", "download", "cifar10", str(tmp_path / "file"))
    assert said.refused()
    assert "cannot write to" in said.err


def test_a_server_out_of_reach_is_no_fault_of_the_user_s(entropic, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    known = replace(archives.ARCHIVES["cifar10"], url="http://127.0.0.1:1/a.tar.gz")
    monkeypatch.setitem(archives.ARCHIVES, "cifar10", known)
    said = entropic("data", "download", "cifar10", str(tmp_path))
    assert said.code == 1
    assert said.err.startswith("error: cannot fetch http://127.0.0.1:1/a.tar.gz: ")
    assert len(said.err.splitlines()) == 1


def test_what_is_fetched_is_said(entropic, tmp_path, monkeypatch):
    from entropic.nets import downloads

    def fetch(name, folder, progress):
        progress(5, 10)
        return folder / f"{name}.tar.gz"

    monkeypatch.setattr(downloads, "download", fetch)
    said = entropic("data", "download", "cifar100", str(tmp_path))
    assert (said.code, said.out) == (0, "")
    assert said.err == f"{tmp_path / 'cifar100.tar.gz'} has the published checksum\n"
