import click
import numpy as np
import pytest

from entropic.cli.options import formula, number, numbers, picture_file, result_file


def test_a_list_is_numbers_between_commas_or_a_range_with_both_ends():
    assert numbers("1,2.5,-3e-1") == [1, 2.5, -0.3]
    assert numbers("7") == [7]
    assert numbers("2:2:1") == [2]
    assert numbers("0:1.9:20") == pytest.approx(np.linspace(0, 1.9, 20), abs=0, rel=1e-15)
    assert numbers("-0.1:0.7:7")[-1] == 0.7


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "'' is not a finite number"),
        ("1,,2", "'' is not a finite number"),
        ("1,two", "'two' is not a finite number"),
        ("nan", "'nan' is not a finite number"),
        ("1,inf", "'inf' is not a finite number"),
        ("1e999", "'1e999' is not a finite number"),
        ("0:1", "neither a list 1,2,3 nor a range"),
        ("0:1:2:3", "neither a list 1,2,3 nor a range"),
        ("0:nan:3", "'nan' is not a finite number"),
        ("0:1:0", "whole number from 1"),
        ("0:1:-3", "whole number from 1"),
        ("0:1:2.5", "whole number from 1"),
        ("0:1:2000000", "whole number from 1 to 1000000"),
        ("1:0:3", "must rise"),
        ("0:1:1", "must rise"),
        ("1:1:3", "must rise"),
        ("-1e308:1e308:3", "wider than a float"),
    ],
)
def test_a_list_that_is_none_is_refused_with_what_is_wrong(text, match):
    with pytest.raises(click.BadParameter, match=match):
        numbers(text)


@pytest.mark.parametrize("text", ["x", "nan", "-inf", ""])
def test_a_number_is_finite(text):
    with pytest.raises(click.BadParameter, match="not a finite number"):
        number(text)


def test_a_formula_goes_through_the_whitelist():
    assert formula("1+y**2")(2.0) == 5
    with pytest.raises(click.BadParameter, match="'__import__' is not allowed"):
        formula('__import__("os")')


def test_the_suffix_of_a_file_is_its_format(tmp_path):
    assert result_file(str(tmp_path / "a.nc")) == tmp_path / "a.nc"
    assert picture_file(str(tmp_path / "a.pdf")) == tmp_path / "a.pdf"
    with pytest.raises(click.BadParameter, match=r"must end in .json, .csv or .nc"):
        result_file(str(tmp_path / "a.png"))
    with pytest.raises(click.BadParameter, match=r"must end in .png, .svg or .pdf"):
        picture_file(str(tmp_path / "a"))


def test_a_file_needs_a_folder_that_can_be_written(tmp_path, monkeypatch):
    with pytest.raises(click.BadParameter, match="does not exist"):
        result_file(str(tmp_path / "none" / "a.nc"))
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(click.BadParameter, match="is a folder"):
        result_file(str(tmp_path / "a.csv"))
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(click.BadParameter, match="is not writable"):
        result_file(str(tmp_path / "a.nc"))
