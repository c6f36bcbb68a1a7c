from dataclasses import replace

import numpy as np
import pytest
import torch
from landscapes import hessian, small_problem
from torch import nn

from entropic.nets import (
    CurvatureSettings,
    Polyline,
    Problem,
    fisher_trace,
    flat_parameters,
    minima_curvature,
    path_curvature,
    score_matrix,
)
from entropic.nets.curvature_profile import table_so_far
from entropic.nets.curvature_settings import QUANTITIES
from entropic.nets.log_dets import log_det_columns
from entropic.nets.losses import correct, cross_entropy
from entropic.nets.score_rows import usual_labels
from entropic.theory import DomainError
from entropic.theory.cleaning import AboveFloor, AboveMostNegative, TopRank

FEW = (0.3, 1.1, 2.0)


@pytest.fixture(scope="module")
def place():
    problem = small_problem(40)
    theta = flat_parameters(problem.model)
    generator = torch.Generator().manual_seed(3)
    steps = 0.5 * torch.randn(4, len(theta), generator=generator, dtype=theta.dtype)
    return problem, Polyline(theta + torch.cat([0 * steps[:1], steps]))


def measure(place, positions=FEW, **settings):
    return path_curvature(*place, np.array(positions), CurvatureSettings(**settings))


def test_a_small_matrix_is_diagonalised_and_everything_is_read_off_it(place):
    problem, path = place
    found = measure(place, quantities=QUANTITIES, eigenvalues=3)
    floor = max(-np.linalg.eigvalsh(hessian(problem, path.at(s)).numpy())[0] for s in FEW)
    for i, s in enumerate(FEW):
        dense = hessian(problem, path.at(s)).numpy()
        values = np.linalg.eigvalsh(dense)[::-1]
        row = {name: column[i] for name, column in found.columns.items()}
        assert row["loss"] == pytest.approx(problem.full(path.at(s)).item(), rel=1e-12)
        assert row["trace"] == pytest.approx(np.trace(dense), rel=1e-10)
        np.testing.assert_allclose(row["eigenvalues"], values[:3], rtol=1e-10)
        np.testing.assert_allclose(row["spectrum"], values, atol=1e-12)
        assert row["lambda_max"] == row["eigenvalues"][0]
        assert row["lambda_min"] == pytest.approx(values[-1], rel=1e-8)
        kept = values[values >= floor * (1 - 1e-12)]
        assert row["floor"] == pytest.approx(floor, rel=1e-9)
        assert row["logdet"] == pytest.approx(np.log(kept).sum(), rel=1e-9)
        assert row["logdet_excess"] == pytest.approx(np.log(kept / floor).sum(), rel=1e-8)
        assert (row["kept"], row["negative"]) == (len(kept), np.sum(values < 0))
        assert row["fisher_trace"] == pytest.approx(
            fisher_trace(problem, path.at(s), labels="model").value.item(), rel=1e-12
        )
        scores = score_matrix(problem, path.at(s), labels="model")
        np.testing.assert_allclose(row["score_singular_values"], scores.singular_values[:10])
        gauss = fisher_trace(problem, path.at(s), labels="model").value + problem.decay * 31
        assert abs(row["gauss_newton_trace"] - gauss) < 4 * row["gauss_newton_trace_stderr"]
    for name in ("trace_stderr", "logdet_stderr", "logdet_bias", "fisher_trace_stderr"):
        assert np.all(found.columns[name] == 0)
    assert np.all(found.columns["lambda_max_residual"] < 1e-13)


def test_along_and_across_a_path_are_those_of_the_projected_dense_matrix(place):
    problem, path = place
    found = measure(place, quantities=("along", "logdet_across"))
    spectra = []
    for s, along in zip(FEW, found.columns["t_H_t"], strict=True):
        dense, t = hessian(problem, path.at(s)), path.tangent(s)
        assert along == pytest.approx(float(t @ dense @ t), rel=1e-10)
        basis = torch.linalg.svd(torch.eye(len(t)).to(t) - torch.outer(t, t))[0][:, :-1]
        spectra.append(np.linalg.eigvalsh((basis.T @ dense @ basis).numpy()))
    floor = -min(values[0] for values in spectra)
    for i, values in enumerate(spectra):
        kept = values[values >= floor * (1 - 1e-12)]
        row = {name: column[i] for name, column in found.columns.items()}
        assert row["floor_across"] == pytest.approx(floor, rel=1e-9)
        assert row["logdet_across"] == pytest.approx(np.log(kept).sum(), rel=1e-9)
        assert row["logdet_across_excess"] == pytest.approx(np.log(kept / floor).sum(), rel=1e-8)
        assert (row["kept_across"], row["negative_across"]) == (len(kept), np.sum(values < 0))
    rule = AboveFloor(0.05)
    exact, probed = (
        measure(place, quantities=("logdet_across",), dense=d, probes=400, rule=rule).columns
        for d in (100, 0)
    )
    gap = abs(probed["logdet_across_excess"] - exact["logdet_across_excess"])
    assert np.all(gap < 4 * probed["logdet_across_excess_stderr"] + 1e-9)


def test_a_single_point_has_nothing_along_it_and_a_block_no_tangent(place):
    problem, path = place
    settings = CurvatureSettings(quantities=("loss", "along", "logdet_across"))
    found = minima_curvature(problem, {"0": path.at(0.0)}, settings)
    assert not {"t_H_t", "logdet_across"} & set(found.columns)
    with pytest.raises(DomainError, match="along is that of all parameters, among which"):
        CurvatureSettings(quantities=("along",), only=("0.weight",))


def test_without_the_matrix_it_is_the_same_within_the_errors_said(place):
    exact = measure(place, quantities=QUANTITIES).columns
    found = measure(
        place, quantities=QUANTITIES, dense=0, probes=400, steps=30, eigenvalues=2, tolerance=1e-5
    ).columns
    for name in ("trace", "logdet", "logdet_excess", "kept"):
        error, bias = found[f"{name}_stderr"], found.get(f"{name}_bias", 0.0)
        assert np.all(abs(found[name] - exact[name]) < 4 * error + bias + 1e-6 * abs(exact[name]))
    assert np.all(found["trace_stderr"] < 0.02 * exact["trace"])
    for name in ("lambda_max", "lambda_min"):
        assert np.all(abs(found[name] - exact[name]) <= found[f"{name}_residual"] + 1e-12)
    np.testing.assert_allclose(found["lambda_max"], exact["lambda_max"], rtol=1e-9)
    assert found["eigenvalues"].shape == (3, 2)
    assert np.all(found["lambda_max_converged"] == 1)


def test_the_slope_along_the_path_is_the_derivative_of_the_loss(place):
    h = 1e-4
    found = measure(place, (1.1 - h, 1.1, 1.1 + h), quantities=("loss",)).columns
    slope = (found["loss"][2] - found["loss"][0]) / (2 * h)
    assert found["gradient_along"][1] == pytest.approx(slope, rel=1e-6)
    assert found["gradient_norm"][1] >= abs(slope)


def test_shared_probes_make_the_error_of_a_profile_smooth(place):
    positions = np.linspace(0.3, 0.6, 9)
    how = {"quantities": ("trace",), "dense": 0, "probes": 8, "tolerance": 0.5}
    exact = measure(place, positions, quantities=("trace", "logdet")).columns["trace"]
    shared = measure(place, positions, **how).columns
    apart = [
        measure(place, [s], seed=i, **how).columns["trace"][0] for i, s in enumerate(positions)
    ]
    rough, smooth = (np.diff(t - exact).std() for t in (apart, shared["trace"]))
    assert smooth < 0.3 * rough
    # the probes are those of each point alone
    assert shared["trace"][0] == measure(place, positions[:1], **how).columns["trace"][0]


def test_a_profile_that_was_cut_goes_on_to_the_same_bits(place):
    problem, path = place
    settings = CurvatureSettings(quantities=QUANTITIES, dense=0, eigenvalues=2, steps=12)
    positions, states = np.linspace(0, path.length, 4), []
    whole = path_curvature(problem, path, positions, settings, keep=states.append)
    assert [len(table_so_far(problem, settings, state)) for state in states] == [1, 2, 3, 4]
    for state in states:
        again = path_curvature(problem, path, positions, settings, state=state)
        assert again.columns.keys() == whole.columns.keys()
        for name, values in whole.columns.items():
            np.testing.assert_array_equal(again.columns[name], values)
    cold = path_curvature(problem, path, positions[1:2], settings)
    assert cold.columns["lambda_max"] == pytest.approx(whole.columns["lambda_max"][1], rel=1e-5)
    assert cold.columns["lambda_max"] != whole.columns["lambda_max"][1]  # it began elsewhere


def test_the_density_has_unit_weight_and_is_that_of_the_matrix(place):
    exact = measure(place, quantities=("density",))
    found = measure(place, quantities=("density",), dense=0, probes=200, steps=31)
    for table in (exact, found):
        grid, density, error = table.density
        assert density.shape == error.shape == (3, len(grid))
        np.testing.assert_allclose(np.trapezoid(density, grid, axis=1), 1, rtol=5e-3)
    values = exact.columns["spectrum"]
    grid, density, error = found.density
    width = (values.max() - values.min()) / 150
    for i in range(3):
        peaks = np.exp(-0.5 * ((grid[:, None] - values[i]) / width) ** 2)
        expected = peaks.mean(1) / (width * (2 * np.pi) ** 0.5)
        miss = abs(density[i] - expected)
        assert np.mean(miss <= 4 * error[i] + 0.02 * expected.max()) > 0.99
    assert np.all(exact.density[2] == 0)
    assert measure(place, quantities=("trace",)).density is None


def test_minima_are_measured_one_by_one(place):
    problem, path = place
    settings = CurvatureSettings(dense=0)
    ends = {"a": path.at(0.0), "b": path.at(path.length)}
    seen = []
    found = minima_curvature(problem, ends, settings, progress=seen.append)
    alone = minima_curvature(problem, {"b": ends["b"]}, settings)
    assert seen == [0.5, 1.0]
    assert found.columns["lambda_max"][1] == alone.columns["lambda_max"][0]
    assert "gradient_along" not in found.columns


def test_some_parameters_alone_have_their_own_block_of_everything(place):
    problem, path = place
    found = measure(
        place, (0.5,), quantities=("loss", "trace", "logdet", "scores"), only=("2.*",)
    ).columns
    theta = path.at(0.5)
    block = hessian(problem, theta).numpy()[-15:, -15:]
    np.testing.assert_allclose(found["spectrum"][0], np.linalg.eigvalsh(block)[::-1], atol=1e-12)
    free = theta.clone().requires_grad_()
    slope = torch.autograd.grad(problem.full(free), free)[0][-15:]
    assert found["gradient_norm"][0] == pytest.approx(float(slope.norm()), rel=1e-10)
    along = float(slope @ path.tangent(0.5)[-15:])
    assert found["gradient_along"][0] == pytest.approx(along, rel=1e-10)
    part = score_matrix(problem, theta, only="2.*", labels="model").trace.value
    assert found["fisher_trace"][0] == pytest.approx(part)
    assert part < score_matrix(problem, theta, labels="model").trace.value


@pytest.mark.parametrize("dense", [0, 3000])
def test_one_floor_cuts_all_points_unless_each_is_to_be_cut_by_itself(place, dense):
    how = {"quantities": ("logdet",), "dense": dense, "probes": 4, "steps": 30}
    each = measure(place, rule=AboveMostNegative(), **how).columns
    shared = measure(place, **how).columns
    assert len(set(each["floor"])) == 3
    assert set(shared["floor"]) == {each["floor"].max()}
    assert "logdet_excess" not in each
    worst = each["floor"].argmax()
    assert shared["logdet"][worst] == each["logdet"][worst]
    again = measure(place, rule=AboveFloor(each["floor"].max()), **how).columns
    for name in ("logdet", "logdet_excess", "logdet_excess_stderr", "kept", "kept_stderr"):
        np.testing.assert_array_equal(again[name], shared[name])


def test_an_eigenvalue_that_crosses_the_floor_moves_the_excess_by_nothing():
    lowest = np.array([-0.1, -0.1])
    spectra = np.array([[3.0, 0.1 + 1e-9, -0.1], [3.0, 0.1 - 1e-9, -0.1]])
    found = log_det_columns({"lowest": lowest, "spectrum": spectra}, None)
    assert found["kept"].tolist() == [2, 1]
    assert abs(np.diff(found["logdet"])[0]) == pytest.approx(np.log(10), rel=1e-6)
    np.testing.assert_allclose(found["logdet_excess"], np.log(30), atol=1e-7)


def test_where_nothing_is_negative_all_that_is_positive_is_kept():
    lowest = np.array([0.2, 0.1])
    spectra = np.array([[3.0, 0.2], [2.0, 0.1]])
    found = log_det_columns({"lowest": lowest, "spectrum": spectra}, None)
    assert found["floor"].tolist() == [0.05, 0.05]
    np.testing.assert_allclose(found["logdet"], np.log([0.6, 0.2]))
    flat = log_det_columns({"lowest": lowest[:1], "spectrum": np.zeros((1, 2))}, None)
    assert (flat["kept"].tolist(), flat["floor"].tolist()) == ([0], [0])
    assert np.isnan(flat["logdet"][0])


@pytest.mark.parametrize("rule", [AboveFloor(0.05), TopRank(5)])
def test_the_cleaning_rule_is_the_users(place, rule):
    found = measure(place, quantities=("logdet",), rule=rule).columns
    for i in range(3):
        values = found["spectrum"][i]
        kept = values[:5] if isinstance(rule, TopRank) else values[values >= 0.05]
        assert found["logdet"][i] == pytest.approx(np.log(kept).sum(), rel=1e-12)
        assert found["kept"][i] == len(kept)


def normalised(**more) -> Problem:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 3)).double()
    inputs, targets = torch.randn(30, 5).double(), torch.randint(3, (30,))
    test = (torch.randn(9, 5).double(), torch.randint(3, (9,)))
    return Problem(
        model, cross_entropy, inputs, targets, 0.01, metric=correct, test=test, block=10, **more
    )


def test_batch_statistics_are_those_of_the_landscape_and_evaluation_has_its_own():
    problem = normalised()
    start = flat_parameters(problem.model)
    torch.manual_seed(2)
    place = problem, Polyline(torch.stack([start, start + 0.3 * torch.randn(len(start)).double()]))
    found = measure(place, (0.5,), quantities=QUANTITIES)
    theta = place[1].at(0.5)
    assert found.normalisation == "batch"
    assert found.columns["trace"][0] == pytest.approx(float(hessian(problem, theta).trace()))
    model = problem.reestimated(theta)
    outputs = model(problem.test[0])
    merit = correct(outputs, problem.test[1]).mean().item()
    assert found.columns["test_metric"][0] == pytest.approx(merit)
    loss = cross_entropy(model(problem.inputs), problem.targets).mean().item()
    assert found.columns["train_loss"][0] == pytest.approx(loss)
    both = [
        measure(place, (0.5,), quantities=("scores",), score_statistics=name).columns[
            "fisher_trace"
        ]
        for name in ("following", "reestimated")
    ]
    assert abs(both[0] / both[1] - 1) > 0.01


def test_power_iteration_finds_the_same_largest_eigenvalue_in_its_own_way(place):
    exact = measure(place, quantities=("lambda_max", "logdet")).columns["lambda_max"]
    found = measure(place, quantities=("lambda_max",), lambda_method="power").columns
    assert np.all(abs(found["lambda_max"] - exact) <= found["lambda_max_residual"])
    assert np.all(found["lambda_max_residual"] <= 1e-3 * exact)
    assert np.all(found["lambda_max"] != exact)


def test_a_largest_eigenvalue_that_does_not_converge_is_told(place, monkeypatch):
    from functools import partial

    from entropic.nets import point_curvature

    short = partial(point_curvature.leading_pairs, most=3)
    monkeypatch.setattr(point_curvature, "leading_pairs", short)
    found = measure(place, quantities=("lambda_max",), dense=0, tolerance=1e-9)
    assert found.unconverged.tolist() == [0, 1, 2]
    assert np.all(found.columns["lambda_max_residual"] > 0)


def test_what_is_not_finite_is_named_with_its_place_and_what_was_before_it_is_kept():
    def logarithm(outputs, targets):
        return outputs[:, 0].log()

    inputs = torch.ones(4, 1).double()
    problem = Problem(nn.Linear(1, 1).double(), logarithm, inputs, inputs)
    path, states = Polyline(torch.tensor([[2.0, 0.5], [-3.0, 0.5]]).double()), []
    with pytest.raises(DomainError, match=r"at s = 4 of 5: the loss .*must be finite"):
        path_curvature(problem, path, np.array([0.0, 4.0]), CurvatureSettings(), keep=states.append)
    (state,) = states
    assert len(table_so_far(problem, CurvatureSettings(), state)) == 1


def test_a_saddle_of_which_nothing_is_kept_has_no_log_det(place):
    found = measure(place, quantities=("logdet", "trace"), rule=AboveFloor(1e6)).columns
    assert np.all(np.isnan(found["logdet"]))
    assert found["kept"].tolist() == [0, 0, 0]


def test_bad_questions_are_refused(place):
    problem, path = place
    settings = CurvatureSettings()
    with pytest.raises(DomainError, match="there is no quantity 'entropy'; there are loss"):
        CurvatureSettings(quantities=("entropy",))
    with pytest.raises(DomainError, match="power iteration finds one eigenvalue; 2 were asked for"):
        CurvatureSettings(lambda_method="power", eigenvalues=2)
    with pytest.raises(DomainError, match="must be 'lanczos' or 'power'; it is 'qr'"):
        CurvatureSettings(lambda_method="qr")
    with pytest.raises(DomainError, match="probes must be at least 2; it is 1"):
        CurvatureSettings(probes=1)
    with pytest.raises(DomainError, match="the positions along the path must rise"):
        path_curvature(problem, path, np.array([0.5, 0.5]), settings)
    with pytest.raises(DomainError, match="must lie within"):
        path_curvature(problem, path, np.array([0.5, 1e3]), settings)
    other = Polyline(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
    with pytest.raises(DomainError, match="of this model has 31 numbers; those of the path have 2"):
        path_curvature(problem, other, np.array([0.5]), settings)
    with pytest.raises(DomainError, match="no parameter is called 'first'"):
        measure(place, only=("first",))


def test_scores_are_those_of_the_models_own_labels_where_it_has_probabilities(place):
    assert usual_labels(place[0]) == "model"
    assert usual_labels(normalised()) == "data"  # a backward pass per row there
    squared = replace(place[0], loss=lambda outputs, targets: outputs.square().sum(1))
    assert usual_labels(squared) == "data"
