"""The state of a cut run, on disk."""

import json
from pathlib import Path

import click
import numpy as np
import pytest

from entropic.cli.sim.kept_state import KeptState

STATE = {"steps": np.arange(5), "place": np.linspace(0, 1, 3, dtype=np.float32)}


def kept(folder: Path, **changes: object) -> KeptState:
    return KeptState(folder / "a.json", {"step_size": 0.1, "absorb": [-1.0, 1.0], **changes})


def test_what_is_kept_is_what_is_found(tmp_path: Path) -> None:
    kept(tmp_path).keep(STATE)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json.partial"]
    found = kept(tmp_path).begin(resume=True)
    assert found is not None
    assert found.keys() == STATE.keys()
    for name, values in STATE.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype


def test_a_new_run_begins_only_where_none_was_cut(tmp_path: Path) -> None:
    assert kept(tmp_path).begin(resume=False) is None
    with pytest.raises(
        click.UsageError, match=r"no '.*a.json.partial' to resume from; run without"
    ):
        kept(tmp_path).begin(resume=True)
    kept(tmp_path).keep(STATE)
    with pytest.raises(click.UsageError, match="go on with --resume, or remove it"):
        kept(tmp_path).begin(resume=False)
    kept(tmp_path).remove()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step_size": 0.2}, r"was cut in a run with step_size = 0.1; here it is 0.2"),
        ({"absorb": [1.0]}, r"with absorb = \[-1.0, 1.0\]; here it is \[1.0\]"),
        ({"momentum": 0.5}, "with momentum = none; here it is 0.5"),
    ],
)
def test_the_state_of_another_run_is_refused_by_name(tmp_path, changes, message) -> None:
    kept(tmp_path).keep(STATE)
    with pytest.raises(click.UsageError, match=message):
        kept(tmp_path, **changes).begin(resume=True)


def test_a_state_made_by_other_versions_is_refused(tmp_path, monkeypatch) -> None:
    kept(tmp_path).keep(STATE)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "99")
    with pytest.raises(click.UsageError, match=r"was made by entropic = 0.*; here it is 99"):
        kept(tmp_path).begin(resume=True)


def test_what_is_damaged_or_foreign_is_refused(tmp_path: Path) -> None:
    place = kept(tmp_path)
    place.keep(STATE)
    whole = place.path.read_bytes()
    stamp = np.frombuffer(json.dumps({"command": "make tea"}).encode(), np.uint8)

    def foreign(**arrays: np.ndarray) -> bytes:
        path = tmp_path / "foreign.npz"
        np.savez(path, **arrays)
        return path.read_bytes()

    for data in (
        *(b"", b"hello", whole[:100], whole[: len(whole) // 2], whole[:-10]),
        whole.replace(STATE["steps"].tobytes(), STATE["steps"][::-1].tobytes()),
        *(foreign(**STATE), foreign(stamp=stamp), foreign(stamp=np.array(["x"], object))),
        *(foreign(stamp=stamp[:5]), foreign(stamp=np.frombuffer(b"[]", np.uint8))),
    ):
        place.path.write_bytes(data)
        with pytest.raises(click.UsageError, match=r"is damaged or no state of entropic sim lang"):
            place.begin(resume=True)


def test_a_write_that_is_cut_leaves_the_last_state(tmp_path: Path, monkeypatch) -> None:
    place = kept(tmp_path)
    place.keep(STATE)
    whole = place.path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        place.keep({"steps": np.zeros(9)})
    assert place.path.read_bytes() == whole
    place.remove()
    assert not list(tmp_path.iterdir())
