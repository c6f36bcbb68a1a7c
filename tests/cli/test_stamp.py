import errno

import pytest

from entropic.cli.stamp import Stamp


def test_what_cannot_be_written_leaves_the_state_before_it_and_nothing_else(tmp_path):
    stamp = Stamp(tmp_path / "a.partial", "entropic net path", {"rate": 1.0}, ("numpy",))
    with stamp.writing() as temporary:
        temporary.write_text("before", "utf-8")

    def fill(temporary):
        temporary.write_text("half", "utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match=r"No space left on device: '.*a\.partial'"):  # noqa: SIM117
        with stamp.writing() as temporary:
            fill(temporary)
    assert [path.name for path in tmp_path.iterdir()] == ["a.partial"]
    assert stamp.path.read_text("utf-8") == "before"
