import math
import sys

import pytest
from fake_rungs import BARE, invented_row, invented_rung

from entropic.cli.compare_table import cells, print_comparison, remarks, side_by_side
from entropic.cli.ladder import Rung


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ((2.0, 1.9634, 0.0241), ("2.000", "1.963 ± 0.024")),
        ((2.0, 1.9634, 0.0999), ("2.00", "1.96 ± 0.10")),
        ((23.0, 34.2, 1.84), ("23.0", "34.2 ± 1.8")),
        ((56000.0, 56789.0, 1234.0), ("56000", "56800 ± 1200")),
        ((-2.3e-4, -2.35e-4, 6.9e-6), ("-2.300e-04", "(-2.350 ± 0.069)e-04")),
        ((-0.00404, -0.004042, 1.1e-5), ("-4.040e-03", "(-4.042 ± 0.011)e-03")),
        ((1e-9, 0.1, 0.03), ("1e-09", "0.100 ± 0.030")),
        ((1e12, 0.1, 0.03), ("1e+12", "0.100 ± 0.030")),
        ((0.5, 0.5, 0.0), ("0.5", "0.5")),
        ((0.5, 0.5, math.nan), ("0.5", "0.5 ± ?")),
        ((0.5, math.nan, 0.1), ("0.5", "nan ± ?")),
    ],
)
def test_the_error_has_two_digits_and_the_value_matches(
    numbers: tuple[float, float, float], texts: tuple[str, str]
) -> None:
    assert side_by_side(*numbers) == texts


def test_a_row_outside_its_validity_says_so_in_words() -> None:
    invalid = invented_row(valid=False, note="ε = 0.6 exceeds 0.05")
    silent = invented_row(valid=False)
    noted = invented_row(note="3 walkers still inside")
    said = remarks([invented_row(), invalid, invalid, silent, noted])
    assert said == [
        "outside its validity: ε = 0.6 exceeds 0.05",
        "outside its validity: the theory does not vouch for this prediction",
        "3 walkers still inside",
    ]
    assert [cells(row, said)[-1] for row in (invented_row(), invalid, noted)] == [
        *("yes", "no [1]", "yes [3]"),
    ]


def test_a_narrow_terminal_folds_words_and_never_numbers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    row = invented_row(condition="a condition that would not fit beside the numbers, N_i=10")
    print_comparison([Rung("toy", (row,), BARE, {})], "All is well.")
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "2.020 2.000 ± 0.040 1.010 +0.5 yes" in " ".join(out.split())
    assert "…" not in out


def test_the_table_is_grouped_by_rung_and_ends_with_the_verdict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_comparison([invented_rung("toy"), invented_rung("linear", data=BARE)], "All is well.")
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert sum(line.startswith("toy ") for line in lines) == 1
    assert sum(line.startswith("linear ") for line in lines) == 1
    assert "[1] outside its validity: the step is past the edge" in lines
    assert lines[-1] == "All is well."
