import math

import numpy as np
import pytest
import xarray as xr
from fake_rungs import invented_row

from entropic.cli.ladder import Rung, part, row
from entropic.theory import Estimate


def made(predicted, measured, **more):
    return row("toy", "case", "time", predicted, measured, **more)


def test_a_row_holds_the_ratio_and_the_gap_in_errors_of_both():
    found = made(Estimate(11.0, 0.3, "theory"), Estimate(10.0, 0.4, "sgd"))
    assert (found.predicted, found.measured, found.stderr) == (11.0, 10.0, 0.4)
    assert found.ratio == pytest.approx(1.1)
    assert found.z == pytest.approx(1.0 / 0.5)  # 0.3, 0.4, 0.5
    assert (found.rung, found.condition, found.quantity) == ("toy", "case", "time")
    assert found.valid
    assert found.note == ""


def test_a_prediction_below_the_measurement_has_a_negative_gap():
    assert made(Estimate(9.0, 0.0, "theory"), Estimate(10.0, 0.5, "sgd")).z == -2


def test_numbers_of_a_row_are_plain_so_that_json_can_hold_them():
    found = made(
        Estimate(np.float64(2), 0.0, "theory"),
        Estimate(np.float64(1), 0.5, "sgd"),
        valid=np.bool_(False),
        note="why",
        extra={"part": np.float64(0.25)},
    )
    for name, kind in (("predicted", float), ("z", float), ("ratio", float), ("valid", bool)):
        assert type(getattr(found, name)) is kind
    assert {name: type(value) for name, value in found.extra.items()} == {"part": float}
    assert found.as_dict() == {
        "rung": "toy",
        "condition": "case",
        "quantity": "time",
        "predicted": 2.0,
        "measured": 1.0,
        "stderr": 0.5,
        "ratio": 2.0,
        "z": 2.0,
        "valid": False,
        "note": "why",
        "predicted_error": 0.0,
        "part": 0.25,
    }


@pytest.mark.parametrize(
    ("ratio", "z", "agrees"),
    [
        (1.0, 0.0, True),
        (1.099, 50.0, True),  # within 10 %, however small the error
        (0.901, -50.0, True),
        (1.3, 2.9, True),  # within 3 errors, however large the gap
        (0.5, -3.0, True),
        (1.101, 3.01, False),
        (0.899, -3.01, False),
        (-1.0, -9.0, False),
        (math.nan, math.nan, False),
        (math.inf, math.inf, False),
    ],
)
def test_within_ten_percent_or_three_errors_a_row_agrees(ratio, z, agrees):
    assert invented_row(ratio=ratio, z=z).agrees is agrees


def test_exact_numbers_that_are_equal_agree_and_those_that_differ_do_not():
    two, three = Estimate(2.0, 0.0, "theory"), Estimate(3.0, 0.0, "by hand")
    assert made(two, two).z == 0
    assert made(two, two).agrees
    assert made(two, three).z == -math.inf
    assert not made(two, three).agrees


def test_a_part_fills_its_slice_of_the_whole():
    seen = []
    tick = part(lambda label, fraction: seen.append((label, fraction)), "walking", 0.25, 0.5)
    for fraction in (0.0, 0.5, 1.0):
        tick(fraction)
    assert seen == [("walking", 0.25), ("walking", 0.5), ("walking", 0.75)]


def test_parts_of_parts_stay_inside():
    seen = []
    outer = part(lambda _, fraction: seen.append(fraction), "all", 0.5, 0.5)
    inner = part(lambda _, fraction: outer(fraction), "some", 0.2, 0.4)
    inner(0.0)
    inner(1.0)
    assert seen == pytest.approx([0.6, 0.8])


def test_a_rung_without_weights_has_none():
    rung = Rung("toy", (invented_row(),), xr.Dataset(), {})
    assert rung.weights == {}
