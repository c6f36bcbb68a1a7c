"""Every rung once with few walkers, for its form; and at its own scale, for its physics."""

from dataclasses import asdict, replace
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from entropic.cli.ladder import Row, Rung
from entropic.cli.rungs import digits, linear, perceptron, toy
from entropic.cli.rungs.toy_grid import Condition
from entropic.nets import Problem, flat_parameters, mlp, train_minimum
from entropic.nets import digits as handwritten
from entropic.nets.losses import cross_entropy
from entropic.sims import extrapolated
from entropic.theory import Estimate, saddle_point

SEED = 3
SMALL = {
    toy: toy.Settings(
        conditions=tuple(
            Condition(noise, 0.5, step=4e-3, curves=True, rest=True)
            for noise in ("isotropic", "hessian")
        ),
        walkers=100,
        clock_points=9,
        resting_walkers=8,
        resting_steps=2000,
        burn_in=200,
        bins=6,
    ),
    linear: linear.Settings(
        single=(
            linear.Condition("paper-underdetermined", 0.1, 2, 0.3, True),
            linear.Condition("overdetermined", 0.2, 8, 0.0, False),
        ),
        relaxing=(linear.Condition("paper-underdetermined", 0.15, 4, 0.2, False),),
        single_replicas=2000,
        replicas=20,
    ),
    digits: digits.Settings(
        samples=64,
        widths=(64, 4, 10),
        pivots=7,
        band_steps=15,
        beads=61,
        cycle=3,
        conditions=((0.05, 8), (0.08, 16)),
        starts=(0.2, 0.6),
        relaxing_conditions=1,
        positions=3,
        profile=5,
        fine=21,
        probes=4,
        drift_replicas=32,
        replicas=16,
        reach=0.01,
        horizon=30,
    ),
    perceptron: perceptron.Settings(
        points=(
            perceptron.Point("binary", "teacher", "count", 0.5, 0.0, (1.0, np.inf)),
            perceptron.Point("spherical", "storage", "hinge", 0.5, 0.3, (2.0,)),
        ),
        paths=(perceptron.Path(0.5, 0.0, (-0.3, 0.0)),),
        sizes=(8, 10, 12),
        weights=96,
        path_weights=96,
        gammas=5,
        binary_sweeps=40,
        spherical_sweeps=4,
        spherical_burn_in=4,
    ),
}


class Climbed(NamedTuple):
    module: Any
    rung: Rung
    progress: list[tuple[str, float]]


def climb(module: Any, seed: int = SEED) -> Climbed:
    seen: list[tuple[str, float]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(module.SCALES, "quick", SMALL[module])
        quickly = partial(train_minimum, steps=100, gradient_norm=0.05)
        patch.setattr(digits, "train_minimum", quickly)
        rung = module.climb("quick", seed, lambda *said: seen.append(said))
    return Climbed(module, rung, seen)


@cache
def first_climb(module: Any) -> Climbed:
    return climb(module)


@pytest.fixture(params=[*SMALL], ids=["toy", "linear", "digits", "perceptron"])
def climbed(request) -> Climbed:
    return first_climb(request.param)


def test_rows_are_finite_and_their_arithmetic_is_right(climbed):
    assert climbed.rung.rows
    for row in climbed.rung.rows:
        assert isinstance(row, Row)
        assert np.all(np.isfinite([row.predicted, row.measured, row.ratio, row.z]))
        assert row.stderr > 0
        assert row.ratio == pytest.approx(row.predicted / row.measured)
        assert np.sign(row.z) == np.sign(row.predicted - row.measured)
        assert abs(row.z) <= abs(row.predicted - row.measured) / row.stderr * (1 + 1e-9)
        assert row.valid or row.note.startswith("outside validity: ")
        assert all(isinstance(value, float) for value in row.extra.values())


def test_rows_carry_the_name_of_their_rung_and_none_comes_twice(climbed):
    assert climbed.rung.name == climbed.module.__name__.rsplit(".", 1)[-1]
    assert {row.rung for row in climbed.rung.rows} == {climbed.rung.name}
    named = [(row.condition, row.quantity) for row in climbed.rung.rows]
    assert len(set(named)) == len(named)


def test_the_settings_are_handed_over_whole(climbed):
    assert climbed.rung.settings == asdict(SMALL[climbed.module])


def test_progress_goes_forward_and_names_the_rung(climbed):
    fractions = [fraction for _, fraction in climbed.progress]
    assert np.all(np.diff(fractions) >= -1e-12)
    assert fractions[0] >= 0
    assert 0.6 < fractions[-1] <= 1 + 1e-12
    assert all(label.startswith(f"{climbed.rung.name}: ") for label, _ in climbed.progress)


def test_the_same_seed_climbs_to_identical_rows_and_curves(climbed):
    again = climb(climbed.module).rung
    assert again.rows == climbed.rung.rows
    assert again.data.identical(climbed.rung.data)
    assert again.weights.keys() == climbed.rung.weights.keys()
    for name, values in again.weights.items():
        assert np.array_equal(values, climbed.rung.weights[name])


def test_another_seed_measures_other_numbers(climbed):
    other = climb(climbed.module, SEED + 1).rung
    pairs = zip(climbed.rung.rows, other.rows, strict=False)
    counted = ("cycles", "P(")  # whole numbers may meet by chance
    for first, second in pairs:
        assert first.measured != second.measured or first.quantity.startswith(counted)


DIMS = {
    "toy": {
        "survival_predicted": ("exit_case", "clock_index"),
        "survival_measured": ("exit_case", "clock_index"),
        "clock": ("exit_case", "clock_index"),
        "histogram_measured": ("case", "bin"),
        "histogram_stderr": ("case", "bin"),
        "histogram_predicted": ("case", "bin"),
        "histogram_rival": ("case", "bin"),
        "bin_left": ("case", "bin"),
        "bin_right": ("case", "bin"),
        "adiabaticity": ("condition",),
        "over_first": ("condition",),
        "over_adiabatic": ("condition",),
        "over_stderr": ("condition",),
    },
    "linear": {
        "time": ("condition", "time_index"),
        "balance_predicted": ("condition", "time_index"),
        "balance_measured": ("condition", "time_index"),
        "balance_stderr": ("condition", "time_index"),
        "trace_predicted": ("condition", "time_index"),
    },
    "digits": {
        "s": ("position",),
        "loss": ("position",),
        "trace": ("position",),
        "trace_stderr": ("position",),
        "lambda_max": ("position",),
        "noise_trace": ("position",),
        "start_s": ("start",),
        "clock": ("cycle",),
        "drift_energetic": ("setting", "fine"),
        "drift_entropic": ("setting", "fine"),
        "drift_total": ("setting", "fine"),
        "drift_measured": ("setting", "start"),
        "drift_stderr": ("setting", "start"),
        "survival_predicted": ("setting", "start", "cycle"),
        "survival_measured": ("setting", "start", "cycle"),
    },
    "perceptron": {
        **{
            f"{name}_{what}": ("point", "size")[:dims]
            for name in ("overlap", "entropy")
            for what, dims in {
                **dict.fromkeys(("measured", "stderr"), 2),
                **dict.fromkeys(("predicted", "limit", "limit_stderr", "slope"), 1),
            }.items()
        },
        "gamma": ("gamma",),
        "error_rate_predicted": ("path", "fine_gamma"),
        "error_rate_limit": ("path", "gamma"),
        "error_rate_limit_stderr": ("path", "gamma"),
    },
}
SIZES = {
    "toy": {"exit_case": 4, "clock_index": 9, "case": 2, "bin": 6, "condition": 4},
    "linear": {"condition": 1, "time_index": 13},
    "digits": {"position": 5, "fine": 21, "start": 2, "cycle": 31, "setting": 2},
    "perceptron": {"point": 3, "size": 3, "path": 1, "gamma": 5, "fine_gamma": 41},
}


def test_the_curves_have_the_dimensions_that_the_figures_read(climbed):
    data, name = climbed.rung.data, climbed.rung.name
    for variable, dims in DIMS[name].items():
        assert data[variable].dims == dims, variable
        if not variable.startswith("survival_") or name == "toy":
            assert np.all(np.isfinite(data[variable])), variable
    assert dict(data.sizes) == SIZES[name]


def test_survival_starts_at_one_and_never_rises(climbed):
    for name in ("survival_predicted", "survival_measured"):
        if name not in climbed.rung.data:
            continue
        curves = climbed.rung.data[name].values
        watched = curves[np.isfinite(curves).all(axis=-1)]
        assert len(watched) > 0
        np.testing.assert_allclose(watched[:, 0], 1, atol=1e-6)
        assert np.all(np.diff(watched, axis=1) <= 1e-6)


def test_the_toy_measures_exits_and_rest_for_both_noises():
    small_toy = first_climb(toy).rung
    assert [row.quantity for row in small_toy.rows] == [
        "mean exit time",
        "mean exit time",
        "<y²>",
        "P(y in [0, 0.333333))",
    ] * 2
    assert [row.condition.split(",")[0] for row in small_toy.rows] == (
        ["isotropic noise"] * 4 + ["hessian noise"] * 4
    )
    for row in small_toy.rows[:2] + small_toy.rows[4:6]:
        assert row.extra["rival"] != row.predicted
    histogram = small_toy.data["histogram_predicted"].sum("bin").values
    np.testing.assert_allclose(histogram, 1, atol=1e-9)


def test_a_toy_whose_fast_directions_are_not_fast_is_outside_validity():
    slow = (Condition(coarse=0.02, step=4e-3, curves=True, rest=True),)
    loose = replace(SMALL[toy], conditions=slow, walkers=20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(toy.SCALES, "quick", loose)
        rows = toy.climb("quick", 0, lambda *_: None).rows
    exits = [row for row in rows if row.quantity == "mean exit time"]
    assert not any(row.valid for row in exits)
    assert all(row.note.startswith("outside validity: adiabaticity") for row in exits)


def test_the_linear_rung_measures_single_steps_then_relaxations():
    small_linear = first_climb(linear).rung
    quantities = [row.quantity for row in small_linear.rows]
    assert quantities[:2] == ["drift of |W₂|²−|W₁|² per step"] * 2
    assert quantities[2].startswith("|W₂|²−|W₁|² after ")
    assert quantities[3] == "half-time (steps)"
    after = small_linear.rows[2]
    assert int(quantities[2].split()[2]) in small_linear.data["time"].values
    assert after.predicted in small_linear.data["balance_predicted"].values
    assert set(after.extra) == {"rival", "adiabaticity", "fluctuation"}


def test_digits_measure_drift_and_variance_from_every_start_and_watch_the_first_settings():
    small_digits = first_climb(digits).rung
    moved = [row for row in small_digits.rows if row.quantity.endswith("per cycle")]
    assert [row.quantity for row in moved] == [
        "drift per cycle",
        "entropic drift per cycle",
        "variance per cycle",
    ] * 4
    watched = [row for row in small_digits.rows if row.quantity == "cycles to move 0.01 L"]
    assert 1 <= len(watched) <= 2
    assert all(row.condition.startswith("η=0.05, B=8, ") for row in watched)
    assert all(0 <= row.extra["censored"] <= 1 for row in watched)


def test_the_parts_of_the_digits_drift_add_up_to_the_prediction():
    for row in first_climb(digits).rung.rows:
        if row.quantity == "drift per cycle":
            total = sum(row.extra[name] for name in ("energetic", "entropic", "bending"))
            assert row.predicted == pytest.approx(total, rel=1e-12)
            assert {"kurtosis", "cubic_ratio", "curvature_noise", "growth"} <= set(row.extra)


def test_the_digits_weights_are_two_minima_and_the_band_between_them():
    settings, weights = SMALL[digits], first_climb(digits).rung.weights
    assert sorted(weights) == ["minimum_0", "minimum_1", "pivots"]
    assert weights["pivots"].shape == (settings.pivots, len(weights["minimum_0"]))
    data = handwritten(settings.samples, SEED, settings.label_noise)
    model = mlp(settings.widths, SEED)
    problem = Problem(model, cross_entropy, *data, settings.decay)
    assert len(flat_parameters(model)) == len(weights["minimum_0"])
    for i, end in enumerate((0, -1)):
        assert np.array_equal(weights[f"minimum_{i}"], weights["pivots"][end])
        slope = torch.func.grad(problem.full)(torch.tensor(weights[f"minimum_{i}"]))
        assert float(slope.norm()) <= 0.05


def test_the_perceptron_puts_every_quantity_of_a_point_beside_the_saddle_point():
    rows = first_climb(perceptron).rung.rows
    named = [(row.condition.rpartition(", ")[2], row.quantity) for row in rows]
    assert named == [
        ("β=1", "overlap q"),
        ("β=1", "teacher overlap R"),
        ("β=1", "energy e"),
        ("β=1", "entropy s"),
        ("β=inf", "overlap q"),
        ("β=inf", "teacher overlap R"),
        ("β=inf", "entropy s"),
        ("β=2", "overlap q"),
        ("β=2", "energy e"),
        ("β=2", "entropy s"),
        ("between margins -0.3 and 0", "overlap p"),
        ("between margins -0.3 and 0", "error rate at γ=0.5"),
        ("between margins -0.3 and 0", "error rate at γ=0.75"),
    ]
    saddle = saddle_point(0.5, model="binary", setting="teacher", beta=1.0)
    assert [row.predicted for row in rows[:4]] == [
        saddle.q,
        saddle.teacher_overlap,
        saddle.energy,
        saddle.entropy,
    ]
    assert all(row.predicted_error == 0 for row in rows[:10])
    assert {"slope", "parabola", "parabola_stderr", "misfit"} <= set(rows[0].extra)
    assert {"hot_cold", "r_hat"} <= set(rows[0].extra)


def test_sizes_that_lie_on_no_line_are_outside_validity():
    crooked = extrapolated([10, 20, 40], [Estimate(v, 0.1, "") for v in (1.0, 3.0, 1.0)])
    row = perceptron._row("here", "overlap q", Estimate(1.0, 0.0, "theory"), crooked, {})
    assert not row.valid
    assert row.note.startswith("outside validity: misfit")


def test_the_sizes_of_the_perceptron_make_its_loads_exact():
    for settings in perceptron.SCALES.values():
        for task in (*settings.points, *settings.paths):
            for size in settings.sizes:
                assert round(task.alpha * size, 9) % 1 == 0
    quick = perceptron.SCALES["quick"]
    assert sum(len(point.betas) for point in quick.points) >= 10
    kinds = {(point.model, point.setting) for point in quick.points}
    assert len(kinds) == 4


def test_the_full_scale_asks_for_more_of_everything_than_the_quick_one():
    for module, names in (
        (toy, ("walkers", "resting_walkers", "resting_steps")),
        (linear, ("single_replicas", "replicas")),
        (digits, ("drift_replicas", "replicas", "profile", "positions", "horizon", "probes")),
        (perceptron, ("sizes", "binary_points", "weights", "path_weights", "gammas")),
    ):
        quick, full = module.SCALES["quick"], module.SCALES["full"]
        assert quick == module.Settings()
        assert all(getattr(full, name) > getattr(quick, name) for name in names)


def test_every_scale_asks_for_no_more_places_than_the_path_has_segments():
    for settings in digits.SCALES.values():
        assert max(settings.fine, settings.profile, settings.positions) < settings.beads


@pytest.mark.slow
@pytest.mark.parametrize("module", [toy, linear], ids=["toy", "linear"])
def test_at_quick_scale_every_valid_row_agrees_and_every_row_is_valid(module):
    rows = module.climb("quick", 0, lambda *_: None).rows
    assert all(row.valid for row in rows)
    apart = [row for row in rows if not row.agrees]
    assert not apart, apart
    for row in rows:
        if "rival" in row.extra and module is toy:
            assert abs(row.extra["rival"] - row.measured) > 5 * row.stderr


@pytest.mark.slow
def test_at_quick_scale_the_drift_on_digits_agrees_wherever_the_theory_vouches_for_it():
    rows = digits.climb("quick", 0, lambda *_: None).rows
    drifts = [row for row in rows if row.quantity == "drift per cycle"]
    vouched = [row for row in drifts if row.valid]
    assert len(vouched) >= len(drifts) / 2
    apart = [row for row in vouched if not row.agrees]
    assert not apart, apart
    assert any(abs(row.extra["entropic"]) > 3 * row.stderr for row in vouched)


@pytest.mark.slow
def test_a_third_of_the_quick_perceptron_is_within_four_errors_of_every_saddle_point(monkeypatch):
    third = replace(perceptron.Settings(), weights=2000, path_weights=1200)
    monkeypatch.setitem(perceptron.SCALES, "quick", third)
    rows = perceptron.climb("quick", 0, lambda *_: None).rows
    assert all(row.valid for row in rows)
    apart = [row for row in rows if abs(row.z) > 4]
    assert not apart, apart
    named = [row for row in rows if row.quantity in ("overlap q", "entropy s")]
    assert len(named) >= 20
    for row in named:
        assert row.stderr < max(0.05 * abs(row.measured), 0.02), row
