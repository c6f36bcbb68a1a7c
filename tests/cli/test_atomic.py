import errno

import click
import pytest

from entropic.cli.atomic import writing_file, writing_folder


def test_a_file_appears_when_all_of_it_is_written(tmp_path):
    target = tmp_path / "a.csv"
    with writing_file(target) as temporary:
        temporary.write_text("all")
        assert not target.exists()
        assert temporary.suffix == ".csv"
    assert target.read_text() == "all"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failing_write_leaves_what_was_there_before(tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("before")

    def fail():
        with writing_file(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_an_unwritable_place_is_the_users_mistake_and_a_full_disk_is_not(tmp_path):
    def write(path, error=None):
        with writing_file(path):
            if error is not None:
                raise error

    with pytest.raises(click.UsageError, match="cannot write"):
        write(tmp_path / "none" / "a.csv")
    with pytest.raises(click.UsageError, match="cannot write"):
        write(tmp_path / ("a" * 300 + ".csv"))
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "a.csv", OSError(errno.ENOSPC, "No space"))
    assert not list(tmp_path.iterdir())


def test_a_folder_appears_when_all_of_it_is_written(tmp_path):
    target = tmp_path / "runs" / "first"
    with writing_folder(target) as temporary:
        (temporary / "a").write_text("all")
        assert not target.exists()
    assert (target / "a").read_text() == "all"
    assert list(target.parent.iterdir()) == [target]


def test_a_failing_folder_leaves_nothing_not_even_the_parents_it_made(tmp_path):
    def fail():
        with writing_folder(tmp_path / "runs" / "deep" / "first") as temporary:
            (temporary / "a").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_filled_and_a_full_one_is_refused(tmp_path):
    def write(path):
        with writing_folder(path) as temporary:
            (temporary / "a").write_text("all")

    target = tmp_path / "first"
    target.mkdir()
    write(target)
    with pytest.raises(click.UsageError, match="exists already"):
        write(target)
    with pytest.raises(click.UsageError, match="exists already"):
        write(target / "a")
    with pytest.raises(click.UsageError, match="cannot write"):
        write(target / "a" / "b")
    assert [path.name for path in target.iterdir()] == ["a"]
