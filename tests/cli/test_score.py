import math

import pytest
from fake_rungs import invented_row

from entropic.cli.ladder import Row
from entropic.cli.score import score, told


def time(start: float, predicted: float, measured: float, z: float, **more: float) -> Row:
    extra = {"counted": 1.0, "control": 0.0, **more}
    valid = bool(extra.pop("valid", 1.0))
    where = ("net", f"sgd, η=0.1, B=8, k=15, s={start:.2f} L", "relaxation time")
    return Row(*where, predicted, measured, 1.0, predicted / measured, z, valid, "", extra)


def drift(
    start: float, parts: tuple[float, float, float], z: float = 0.0, ratio: float = 1.0
) -> Row:
    extra = {**dict(zip(("energetic", "entropic", "bending"), parts, strict=True)), "control": 0.0}
    where = ("net", f"adam 0.9, η=0.1, B=8, k=15, s={start:.2f} L", "drift per cycle")
    return Row(*where, sum(parts), sum(parts), 1.0, ratio, z, True, "", extra)


def test_the_score_is_that_of_the_counted_rows_by_hand():
    rows = [
        time(0.1, 11.0, 10.0, 1.0, adiabatic_white=20.0, adiabatic_sgd=10.0),
        time(0.2, 10.0, 10.0, 0.0, adiabatic_white=40.0, adiabatic_sgd=20.0),
        time(0.3, 8.0, 10.0, -2.5, adiabatic_white=10.0, adiabatic_sgd=math.nan),
        time(0.4, 99.0, 10.0, 50.0, valid=0.0),
        time(0.5, 99.0, 10.0, 50.0, counted=0.0),
        time(0.6, 20.0, 10.0, 9.0, control=1.0),
    ]
    found = score(rows)
    assert found["conditions"] == 3
    assert found["algorithms"] == 1
    assert found["median_abs_log_ratio"] == pytest.approx(math.log(1.1))
    assert found["coverage"] == pytest.approx(2 / 3)
    assert found["nominal_coverage"] == pytest.approx(0.9545)
    assert found["predictions"] == {
        "finite_k": found["median_abs_log_ratio"],
        "adiabatic_white": pytest.approx(math.log(2)),
        "adiabatic_sgd": pytest.approx(math.log(2) / 2),
    }
    assert (found["outside_validity"], found["not_counted"]) == (1, 1)
    assert found["controls"]["conditions"] == 1
    assert found["controls"]["median_abs_log_ratio"] == pytest.approx(math.log(2))


def test_the_entropic_share_sums_moduli_over_starts():
    rows = [drift(0.1, (-3.0, 1.0, 0.0)), drift(0.2, (1.0, -1.0, 2.0))]
    assert score(rows)["entropic_share"] == pytest.approx(2 / 8)
    assert score(rows)["entropic_share_by_algorithm"] == {
        "adam 0.9, η=0.1, B=8, k=15": pytest.approx(2 / 8)
    }


def test_a_drift_agrees_within_three_errors_or_five_per_cent():
    parts = (1.0, 0.0, 0.0)
    rows = [drift(0.1, parts, 2.9, 2.0), drift(0.2, parts, 9.0, 1.04), drift(0.3, parts, 3.1, 1.06)]
    assert score(rows)["drifts"] == {"conditions": 3, "agreeing": 2, "share": pytest.approx(2 / 3)}


def test_without_a_counted_row_nothing_is_claimed():
    found = score([time(0.4, 99.0, 10.0, 50.0, valid=0.0), invented_row("net")])
    assert found["median_abs_log_ratio"] is found["coverage"] is found["entropic_share"] is None
    assert told(found).startswith("No relaxation time can be scored: 1 lie outside validity")


def test_the_score_is_told_in_percent_and_factors():
    rows = [
        time(0.1, 11.0, 10.0, 1.0, adiabatic_white=30.0, adiabatic_sgd=12.0),
        drift(0.1, (-3.0, 1.0, 0.0)),
    ]
    words = told(score(rows))
    assert (
        "1 condition of 1 algorithm are predicted, with nothing fitted, to a median of 10.0 %"
        in words
    )
    assert (
        "Adiabatic theory is off by a factor 3 with white noise and 20.0 % with SGD's noise"
        in words
    )
    assert "25% of the drift is entropic" in words
