import json
from pathlib import Path

import click
import numpy as np
import pytest
from fake_rungs import digits_curves, invented_rung

from entropic.cli.kept import Kept, begin

STAMP = {"command": "entropic compare toy", "versions": {"entropic": "1"}}


def test_a_rung_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    kept = begin(tmp_path / "out", STAMP)
    rung = invented_rung("digits", data=digits_curves())
    kept.keep(rung, 1.5)
    back, seconds = kept.rung("digits")
    assert kept.names == ["digits"]
    assert seconds == 1.5
    assert repr(back.rows) == repr(rung.rows)  # repr, since NaN is not NaN
    assert back.settings == {"walkers": 64, "widths": [64, 16], "nothing": None, "step": 0.05}
    assert back.data.identical(rung.data)
    np.testing.assert_array_equal(back.weights["minimum"], rung.weights["minimum"])


def test_a_rung_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    kept = begin(tmp_path / "out", STAMP)
    rung = invented_rung("toy", data=digits_curves().assign_attrs(bad=object()))
    with pytest.raises(TypeError):
        kept.keep(rung, 1.0)
    assert [path.name for path in kept.folder.iterdir()] == ["stamp.json"]


def test_what_other_versions_kept_is_refused(tmp_path: Path) -> None:
    begin(tmp_path / "out", STAMP)
    with pytest.raises(click.UsageError, match="made by other versions"):
        begin(tmp_path / "out", STAMP | {"versions": {"entropic": "2"}})


@pytest.mark.parametrize("text", [None, "no json", "[]", "{}"])
def test_a_folder_that_keeps_no_run_is_refused(tmp_path: Path, text: str | None) -> None:
    folder = Kept(tmp_path / "out").folder
    folder.mkdir()
    if text is not None:
        (folder / "stamp.json").write_text(text)
    with pytest.raises(click.UsageError, match="keeps no run"):
        begin(tmp_path / "out", STAMP)


def test_the_stamp_is_readable_json(tmp_path: Path) -> None:
    kept = begin(tmp_path / "deep" / "out", STAMP)
    assert json.loads((kept.folder / "stamp.json").read_text()) == STAMP
