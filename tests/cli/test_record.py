import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
import xarray

from entropic.cli.record import Record, csv_text, deliver, json_text, print_table, write

RECORD = Record(
    "height",
    {"temperature": np.float64(0.5), "at": np.array([0.0, 1.0, 2.0]), "model": "toy", "none": None},
    [
        {"y": np.float64(0.1), "n": np.int64(3), "flat": np.bool_(True), "height": 1 / 3},
        {"y": 0.2, "n": 4, "flat": False, "height": float("nan")},
        {"y": 0.3, "n": 5, "flat": False, "height": 1e-300},
    ],
    {"height": "m"},
)


def test_json_holds_plain_numbers_in_full_and_null_for_none():
    found = json.loads(json_text(RECORD))
    assert {"quantity", "parameters", "rows"} <= set(found)
    assert found["quantity"] == "height"
    assert found["parameters"] == {
        "temperature": 0.5,
        "at": [0, 1, 2],
        "model": "toy",
        "none": None,
    }
    assert found["rows"][0] == {"y": 0.1, "n": 3, "flat": True, "height": 1 / 3}
    assert found["rows"][1]["height"] is None
    assert found["rows"][2]["height"] == 1e-300
    assert "numpy" in found["versions"]


def test_the_formats_agree_to_the_last_digit(tmp_path):
    for suffix in ("json", "csv", "nc"):
        write(RECORD, tmp_path / f"a.{suffix}")
    rows = json.loads((tmp_path / "a.json").read_text())["rows"]
    lines = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    data = xarray.load_dataset(tmp_path / "a.nc")
    for i, row in enumerate(rows):
        assert list(row) == list(lines[i]) == list(data)
        assert float(lines[i]["y"]) == row["y"] == data.y[i].item()
        assert int(lines[i]["n"]) == row["n"] == data.n[i].item()
        assert lines[i]["flat"] == str(row["flat"]).lower()
        assert data.flat[i].item() is row["flat"]
        height = np.nan if row["height"] is None else row["height"]
        np.testing.assert_equal([float(lines[i]["height"]), data.height[i].item()], [height] * 2)


def test_netcdf_carries_the_units_and_the_parameters(tmp_path):
    write(RECORD, tmp_path / "a.nc")
    data = xarray.load_dataset(tmp_path / "a.nc")
    assert dict(data.sizes) == {"row": 3}
    assert data.height.attrs == {"units": "m"}
    assert data.attrs["quantity"] == "height"
    assert data.attrs["temperature"] == 0.5
    assert json.loads(data.attrs["at"]) == [0, 1, 2]


def test_a_table_without_a_terminal_is_never_cut(capsys):
    names = [f"a_rather_long_name_of_a_column_{i}" for i in range(20)]
    record = Record("wide", {}, [dict.fromkeys(names, 1 / 3)] * 2)
    print_table(record)
    out = capsys.readouterr().out
    assert all(name in out for name in names)
    assert out.count("0.333333") == 40
    assert "…" not in out


def test_a_table_without_a_terminal_wakes_nothing_slow():
    code = (
        "import sys; from entropic.cli.record import Record, print_table;"
        "print_table(Record('a', {}, [{'b': 1.5}] * 3)); print(*sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"rich", "numpy"} & set(out.stdout.split())


def test_a_record_without_rows_is_a_table_all_the_same(capsys):
    print_table(Record("none", {}, []))
    assert capsys.readouterr().out.split() == ["none"]


def test_a_single_row_stands_upright_with_its_units(capsys):
    print_table(Record("height", {}, RECORD.rows[:1], RECORD.units))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["height", "0.333333", "m"] in lines
    assert ["flat", "yes"] in lines


@pytest.mark.parametrize("suffix", ["json", "nc"])
def test_a_failing_write_leaves_nothing(tmp_path, suffix):
    record = Record("broken", {"what": object()}, [{"a": object()}])
    with pytest.raises((TypeError, ValueError)):
        write(record, tmp_path / f"a.{suffix}")
    assert not list(tmp_path.iterdir())


def test_files_are_written_before_the_result_is_printed(tmp_path, capsys):
    deliver(RECORD, "csv", tmp_path / "a.csv")
    out, err = capsys.readouterr()
    assert out == csv_text(RECORD) == (tmp_path / "a.csv").read_text()
    assert err == f"wrote {tmp_path / 'a.csv'}\n"


def test_versions_are_of_what_took_part(monkeypatch):
    for name in ("torch", "numba", "sklearn"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert set(json.loads(json_text(RECORD))["versions"]) <= {"entropic", "numpy", "scipy"}


def test_netcdf_takes_a_flag_among_the_parameters(tmp_path):
    write(Record("height", {"flag": True}, [{"y": 1.0}]), tmp_path / "a.nc")
    assert json.loads(xarray.load_dataset(tmp_path / "a.nc").attrs["flag"]) is True
