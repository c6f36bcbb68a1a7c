import math

import pytest
from fake_rungs import invented_row as row

from entropic.cli.verdict import deviation, verdict


def test_when_all_agree_the_sentence_says_all_and_names_the_largest_deviation() -> None:
    assert verdict([row(), row(z=2.0, condition="k=4")]) == (
        "All 2 predictions within their validity agree (ratio within 10 % or |z| ≤ 3); "
        "largest deviation: toy, thermal, k=2, mean exit time (ratio 1.01, z +0.5)."
    )


def test_when_some_disagree_they_are_counted_and_the_worst_is_named() -> None:
    said = verdict([row(), row(), row("digits", "B=8", 0.7, -8.1)])
    assert said == (
        "2 of 3 predictions within their validity agree (ratio within 10 % or |z| ≤ 3); "
        "largest disagreement: digits, B=8, mean exit time (ratio 0.7, z -8.1)."
    )


def test_rows_outside_their_validity_are_no_success_and_no_failure() -> None:
    far, near = row(ratio=0.2, z=-30.0, valid=False), row(valid=False)
    assert "All 2 predictions" in verdict([row(), row(), far])
    assert "1 row lies outside it, not within 10 %;" in verdict([row(), far])
    assert "1 row lies outside it, within 10 %;" in verdict([row(), near])
    assert "3 rows lie outside it, of which 1 within 10 %;" in verdict([row(), far, far, near])
    assert "2 rows lie outside it, of which none within 10 %;" in verdict([row(), far, far])


def test_without_a_valid_row_nothing_is_confirmed() -> None:
    said = verdict([row(valid=False)])
    assert said.startswith("No prediction lies within its validity, so nothing here is confirmed;")
    assert verdict([]) == "Nothing was compared."


def test_a_single_prediction_is_spoken_of_in_the_singular() -> None:
    assert verdict([row()]).startswith("The one prediction within its validity agrees ")
    assert verdict([row(ratio=2.0, z=9.0)]).startswith(
        "The one prediction within its validity disagrees "
    )


def test_who_came_through_one_door_only_is_told() -> None:
    wide, sharp = row(ratio=0.6, z=-2.0), row(ratio=1.02, z=5.0)
    assert "(ratio within 10 % or |z| ≤ 3; 1 by |z| alone, 2 by ratio alone)" in verdict(
        [row(), wide, sharp, sharp]
    )


@pytest.mark.parametrize(("ratio", "z"), [(math.nan, math.nan), (math.inf, math.inf)])
def test_a_missing_number_cannot_agree(ratio: float, z: float) -> None:
    said = verdict([row(), row(ratio=ratio, z=z)])
    assert said.startswith("1 of 2 predictions within their validity agrees")
    assert "1 row has no finite ratio or z and cannot agree" in said


@pytest.mark.parametrize("ratio", [0.5, 0.9, 1.0, 1.0999, 1.5, math.nan])
@pytest.mark.parametrize("z", [-5.0, -3.0, 0.0, 3.0, 3.1, math.nan])
def test_a_row_agrees_exactly_where_its_deviation_is_at_most_one(ratio: float, z: float) -> None:
    one = row(ratio=ratio, z=z)
    assert one.agrees == (deviation(one) <= 1)
