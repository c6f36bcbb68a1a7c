import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click import UsageError
from click.exceptions import BadParameter

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from entropic.cli.net.folders import read_minima, read_path, write_minima, write_path  # noqa: E402
from entropic.cli.net.source import Source, setting, source_of  # noqa: E402
from entropic.nets import flat_parameters  # noqa: E402

SOURCE = Source("digits-mlp", {"samples": 32, "width": 4})
CONFIG = {"problem": SOURCE.as_table()}
OWN = """
import torch
from torch import nn
from entropic.nets import Problem
from entropic.nets.losses import half_square


def make(width=3, data=None):
    model = nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width), nn.Linear(width, 1))
    return Problem(model, half_square, torch.ones(8, 2), torch.zeros(8, 1))


def forget():
    return 3


def fail():
    raise KeyError("lost")
"""


@pytest.fixture(scope="module")
def problem():
    return SOURCE.problem()


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    yield tmp_path
    sys.modules.pop("mine", None)


def test_minima_come_back_to_the_last_bit_in_the_order_of_their_numbers(tmp_path, problem):
    theta = flat_parameters(problem.model)
    points = {"10": theta + 1, "2": theta}
    rows = [{"seed": 2, "metric": float("nan")}, {"seed": 10, "metric": 0.5}]
    write_minima(tmp_path, problem, points, CONFIG, rows)
    found = read_minima(tmp_path, None)
    assert list(found.points) == ["2", "10"]
    assert all(torch.equal(found.points[name], points[name]) for name in points)
    assert found.source == SOURCE
    assert "versions" in found.config
    told = json.loads((tmp_path / "summary.json").read_text())["rows"]
    assert told == [{"seed": 2, "metric": None}, rows[1]]


def test_a_path_comes_back_to_the_last_bit(tmp_path, problem):
    points = torch.randn(4, problem.layout.size, dtype=torch.float64)
    write_path(tmp_path, problem, points, CONFIG, [])
    assert torch.equal(read_path(tmp_path, None).points, points)
    with pytest.raises(UsageError, match="holds a path; a folder of minima is wanted"):
        read_minima(tmp_path, None)


def test_weights_by_name_are_enough_when_the_user_names_the_problem(own):
    from safetensors.torch import save_file

    module = Source("mine:make", {"width": 5}).problem()
    named = module.layout.unflatten(torch.arange(module.layout.size).float())
    statistics = {"1.running_mean": torch.ones(5), "1.num_batches_tracked": torch.tensor(3)}
    save_file({**named, **statistics}, own / "best.safetensors")
    found = read_minima(own, Source("mine:make", {"width": 5}))
    assert found.points["best"].tolist() == list(range(module.layout.size))
    with pytest.raises(UsageError, match="does not say which problem it belongs to"):
        read_minima(own, None)


def test_no_folder_makes_the_command_run_code(own):
    config = {"problem": {"reference": "mine:make"}}
    with pytest.raises(UsageError, match=r"was made with --problem mine:make; give it again"):
        source_of(config, None, "minima")
    assert "mine" not in sys.modules
    assert source_of(config, Source("mine:make"), "minima").problem().layout.size == 19
    with pytest.raises(UsageError, match="belongs to the problem 'mine:make', not 'digits-mlp'"):
        source_of(config, SOURCE, "minima")


def test_settings_on_the_command_line_lie_on_top_of_those_in_the_folder():
    found = source_of(CONFIG, Source("digits-mlp", {"width": 6}, "here"), "minima")
    assert found == Source("digits-mlp", {"samples": 32, "width": 6}, "here")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (Source("mine:make", {"depth": 3}), "'mine:make' has no setting 'depth'; it has width"),
        (Source("mine:make", {"width": "big"}), "'width' must be like 3; it is 'big'"),
        (Source("mine:nothing"), "'mine' has no function 'nothing'"),
        (Source("nowhere:make"), "cannot import 'nowhere' of 'nowhere:make': ModuleNotFound"),
        (Source("mine:forget"), "must return a Problem; it returns int"),
        (Source("digits-mlp", {}, "here"), "'digits-mlp' reads no archive"),
        (Source("mine:fail"), "'mine:fail' failed: KeyError: 'lost'"),
    ],
)
def test_a_problem_that_cannot_be_made_is_explained(own, source, said):
    with pytest.raises(UsageError, match=said):
        source.problem()


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="the device 'nonsense' is not to be had here"):
        SOURCE.problem("nonsense")


def test_a_setting_reads_name_equals_value():
    assert setting("a=1e-2") == ("a", 0.01)
    with pytest.raises(BadParameter, match="must read name=value"):
        setting("width")


def _tensors(problem) -> dict:
    return dict(problem.layout.unflatten(flat_parameters(problem.model)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("0.bias"), "lacks the parameter '0.bias'"),
        (lambda t: t.update({"0.bias": torch.zeros(3)}), r"has the shape \(3,\).*has \(4,\)"),
        (lambda t: t.update({"9.bias": torch.zeros(3)}), "has '9.bias', which is no parameter"),
        (lambda t: t.update({"0.bias": torch.full((4,), np.nan)}), "must be finite real numbers"),
    ],
)
def test_weights_that_do_not_fit_the_model_are_named(tmp_path, problem, change, said):
    from safetensors.torch import save_file

    tensors = {name: values.clone() for name, values in _tensors(problem).items()}
    change(tensors)
    save_file(tensors, tmp_path / "minimum_0.safetensors")
    with pytest.raises(UsageError, match=said):
        read_minima(tmp_path, SOURCE)


def test_a_pickle_is_never_read(tmp_path):
    (tmp_path / "best.pth").write_bytes(b"\x80\x04.")
    with pytest.raises(UsageError, match=r"best\.pth' may hold code.*safetensors"):
        read_minima(tmp_path, SOURCE)


def test_files_that_are_no_safetensors_are_named(tmp_path):
    Path(tmp_path / "minimum_0.safetensors").write_bytes(b"not at all" * 10)
    with pytest.raises(UsageError, match="minimum_0.safetensors' as safetensors"):
        read_minima(tmp_path, SOURCE)


def test_folders_that_hold_nothing_are_refused(tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        read_minima(tmp_path / "none", SOURCE)
    with pytest.raises(UsageError, match="holds no minima"):
        read_minima(tmp_path, SOURCE)
    with pytest.raises(UsageError, match="holds no path"):
        read_path(tmp_path, SOURCE)
    (tmp_path / "config.toml").write_text("= 3")
    with pytest.raises(UsageError, match="cannot read"):
        read_path(tmp_path, SOURCE)


def test_a_path_of_another_model_is_refused(tmp_path, problem):
    write_path(tmp_path, problem, torch.randn(4, problem.layout.size), CONFIG, [])
    with pytest.raises(UsageError, match="have 330 numbers; the model of 'digits-mlp' has 1482"):
        read_path(tmp_path, Source("digits-mlp", {"width": 16}))


@pytest.mark.parametrize("statistics", ["batch", "running"])
def test_running_statistics_in_a_file_must_be_those_of_the_problem(own, statistics):
    code = OWN.replace("torch.zeros(8, 1))", f"torch.zeros(8, 1), statistics={statistics!r})")
    (own / "mine.py").write_text(code)
    source = Source("mine:make")
    model = torch.nn.Sequential(
        torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 1)
    )
    folder = own / "minima"
    folder.mkdir()
    plain = {name: values.clone() for name, values in model.state_dict().items()}
    save_file(plain, folder / "minimum_0.safetensors")
    assert list(read_minima(folder, source).points) == ["0"]
    plain["1.running_mean"] += 0.5
    save_file(plain, folder / "minimum_0.safetensors")
    if statistics == "batch":  # the landscape has none: they play no part
        assert list(read_minima(folder, source).points) == ["0"]
        return
    with pytest.raises(UsageError, match=r"'1.running_mean' in .* does not train it"):
        read_minima(folder, source)
