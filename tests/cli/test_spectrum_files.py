import io
import json
import pickle

import click
import numpy as np
import pytest

from entropic.cli.spectrum_files import read_matrix, read_spectrum

VALUES = np.array([3.0, 0.25, -1e-3])


def npy(values: np.ndarray, **how) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, values, **how)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.npy", npy(VALUES)),
        ("b.npy", npy(VALUES, version=(2, 0))),
        ("a.csv", b"3,0.25,-0.001\n"),
        ("b.csv", b"# by rank\n3.0\n0.25 # second\n\n-1e-3\n"),
        ("a.txt", b"3 0.25\n-1e-3"),
        ("a.json", b"[3, 0.25, -0.001]"),
        ("b.json", b'{"eigenvalues": [3.0, 0.25, -1e-3], "by": "hand"}'),
    ],
)
def test_eigenvalues_are_read_from_every_format(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert read_spectrum(str(path)).tolist() == VALUES.tolist()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.npy", npy(np.array([[2, 1], [1, 3]]))),
        ("b.npy", npy(np.array([[2, 1], [1, 3]], dtype=np.float32, order="F"))),
        ("a.csv", b"2,1\n1,3\n"),
        ("a.txt", b"2 1\n1 3\n"),
    ],
)
def test_matrices_are_read_from_every_format(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    matrix = read_matrix(str(path))
    assert matrix.tolist() == [[2, 1], [1, 3]]
    assert matrix.dtype == np.float64


class Trap:
    """What would be run by a reader of pickles."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was read",))


HUGE = npy(VALUES).replace(b"(3,)", b"(3000000000000,)")


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.npy", npy(VALUES)[:-1], "is cut short: 24 bytes of numbers should follow, 23 do"),
        ("a.npy", npy(VALUES)[:20], "is not a .npy file of numbers"),
        ("a.npy", b"", "is not a .npy file of numbers"),
        ("a.npy", b"PK\x03\x04" + bytes(60), "is not a .npy file of numbers"),
        ("a.npy", pickle.dumps(Trap()), "is not a .npy file of numbers"),
        ("a.npy", npy(np.array([Trap()])), "holds pickled Python objects, which are never read"),
        ("a.npy", HUGE, "is cut short"),
        ("a.npy", npy(VALUES).replace(b"(3,)", b"(-3,)"), "is (cut short|not a .npy)"),
        ("a.npy", npy(VALUES).replace(b"(3,)", b"{{{{"), "is not a .npy file of numbers"),
        ("a.npy", npy(VALUES * 1j), "must hold real numbers; it holds complex128"),
        ("a.npy", npy(np.array(["a"])), "must hold real numbers"),
        ("a.npy", npy(VALUES > 0), "must hold real numbers; it holds bool"),
        ("a.npy", npy(np.eye(2)), r"must hold a list of eigenvalues; its shape is \(2, 2\)"),
        ("a.npy", npy(np.array([1.0, np.nan])), "finite numbers; that at index 1 is nan"),
        ("a.npy", npy(np.empty(0)), r"list of eigenvalues; its shape is \(0,\)"),
        ("a.csv", b"1,inf\n", "finite numbers; that at index 1 is inf"),
        ("a.csv", b"1\nlambda\n", "must hold numbers only; line 2 is 'lambda'"),
        ("a.csv", b"", "must hold a list of eigenvalues"),
        ("a.txt", b"\xff\xfe1", "is not a text of numbers"),
        ("a.json", b"[1, 2", "is not JSON"),
        ("a.json", b"[" * 100_000, "is not JSON"),
        ("a.json", b"[1, NaN]", "finite numbers; that at index 1 is nan"),
        ("a.json", b"[1, true]", "must be a list of numbers"),
        ("a.json", b'{"values": [1]}', "must be a list of numbers, or an object"),
        ("a.json", b"[1" + b"0" * 400 + b"]", "beyond the range of floats"),
        ("a.pkl", b"", "must end in .npy, .csv, .txt or .json"),
    ],
)
def test_eigenvalues_that_are_none_are_refused(tmp_path, name, content, match):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(click.UsageError, match=match):
        read_spectrum(str(path))


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.csv", b"1,2\n3\n", "must have rows of one length; they are 1 to 2"),
        ("a.csv", b"1,2\n", r"must hold a square matrix; its shape is \(1, 2\)"),
        ("a.csv", b"", r"must hold a square matrix; its shape is \(0,\)"),
        ("a.npy", npy(np.array([[1.0, np.inf], [0.0, 1.0]])), "that at index 0, 1 is inf"),
        ("a.npy", npy(VALUES), "must hold a square matrix"),
        ("a.json", b"[[1]]", "must end in .npy, .csv or .txt"),
    ],
)
def test_matrices_that_are_none_are_refused(tmp_path, name, content, match):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(click.UsageError, match=match):
        read_matrix(str(path))


def test_a_file_that_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(click.UsageError, match="cannot be read: No such file"):
        read_spectrum(str(tmp_path / "a.npy"))
    (tmp_path / "b.npy").mkdir()
    with pytest.raises(click.UsageError, match="cannot be read: Is a directory"):
        read_spectrum(str(tmp_path / "b.npy"))
    with pytest.raises(click.UsageError, match="cannot be read: embedded null"):
        read_spectrum("a\0.npy")


def test_what_the_command_writes_as_json_can_hold_a_spectrum(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"eigenvalues": VALUES.tolist()}), "utf-8")
    assert read_spectrum(str(path)).tolist() == VALUES.tolist()
