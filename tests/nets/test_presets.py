import inspect

import numpy as np
import pytest
import torch
from tiny_archives import real_data, write

from entropic.nets import PRESETS, evaluate, flat_parameters, initial_parameters, preset
from entropic.theory import DomainError, LinearNetwork
from entropic.theory.deep_linear import LinearData, hessian_trace, teacher_data

SMALL = {"samples": 20, "test_samples": 10}
PUBLISHED = {
    "digits-mlp": 1482,
    "digits-noisy": 1210,
    "linear": 77,
    "airplane-automobile": 1320,
    "cifar10-cnn": 4154,
    "cifar10-resnet20": 269_722,
    "cifar10-resnet20-small": 68_050,
    "cifar10-resnet110": 1_727_962,
    "cifar10-wrn16-4": 2_748_890,
    "cifar100-resnet20": 269_722 + 90 * 65,
    "cifar100-wrn16-4": 2_748_890 + 90 * 257,
    "rochetnet": 300,
}


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    place = tmp_path_factory.mktemp("archives")
    write(place, "cifar10", 20)
    write(place, "cifar100", 200)
    return place


def made(name, archives, **settings):
    if preset(name).archive == "cifar100":
        settings = {"samples": 100, "test_samples": 100} | settings
    elif name == "airplane-automobile":
        settings = {"samples": 10} | settings
    elif preset(name).archive:
        settings = SMALL | settings
    if preset(name).archive:
        settings["data"] = archives
    return preset(name).make(**settings)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_preset_makes_the_problem_that_it_announces(name, archives):
    it = preset(name)
    problem = made(name, archives)
    assert it.parameters == problem.layout.size == PUBLISHED[name]
    assert it.name in PRESETS
    assert it.samples == (problem.samples if not it.archive else it.samples)
    assert problem.metric is not None or name == "linear"
    first, again = initial_parameters(problem, 1), initial_parameters(problem, 1)
    assert torch.equal(first, again)
    assert not torch.equal(first, initial_parameters(problem, 2))
    assert problem.fresh is not None
    if "110" not in name and "wrn" not in name:
        assert np.isfinite(evaluate(problem, first).loss)
    assert problem.normalisation == ("batch" if "res" in name or "wrn" in name else "none")


def test_the_presets_are_those_of_the_list():
    assert set(PRESETS) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_settings_are_numbers_and_words_with_defaults(name):
    for setting in inspect.signature(preset(name).make).parameters.values():
        assert setting.kind is setting.KEYWORD_ONLY
        assert setting.name == "data" or type(setting.default) in (bool, int, float, str)


def test_the_published_recipe_is_that_of_the_source():
    """Rate 0.1, momentum 0.9, ÷5 at 30, 60, 80 and 90 % of 200 epochs, batch 256, decay 5e-4."""
    recipe = preset("cifar10-wrn16-4").recipe
    assert (recipe.rate, recipe.momentum, recipe.batch, recipe.epochs) == (0.1, 0.9, 256, 200)
    assert [recipe.rate_at(f) for f in (0.29, 0.31, 0.95)] == pytest.approx([0.1, 0.02, 1.6e-4])
    makes = inspect.signature(preset("cifar10-wrn16-4").make).parameters
    assert (makes["decay"].default, makes["augment"].default) == (5e-4, True)


def test_images_are_standardised_and_averaged_and_kept_apart(archives):
    problem = made("cifar10-resnet20-small", archives, samples=50, augment=True)
    assert problem.inputs.shape == (50, 3, 16, 16)
    means = problem.inputs.mean(dim=(0, 2, 3)), problem.inputs.var(dim=(0, 2, 3), correction=0)
    torch.testing.assert_close(means, (torch.zeros(3), torch.ones(3)), rtol=1e-4, atol=1e-5)
    assert torch.bincount(problem.targets).tolist() == [5] * 10
    assert torch.bincount(problem.test[1]).tolist() == [1] * 10
    grown = problem.augment(problem.inputs, torch.Generator().manual_seed(0))
    assert grown.shape == problem.inputs.shape


def test_a_random_choice_and_noisy_labels_follow_from_the_seed(archives):
    settings = {"choice": "random", "label_noise": 0.5}
    first = made("cifar10-resnet20", archives, **settings)
    again = made("cifar10-resnet20", archives, **settings)
    other = made("cifar10-resnet20", archives, **settings, seed=1)
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.inputs, other.inputs)


def test_airplanes_and_automobiles_are_all_either_trained_on_or_kept_aside(archives):
    problem = made("airplane-automobile", archives, samples=7)
    assert problem.inputs.shape == (7, 100)
    assert len(problem.test[0]) == 24 - 7  # 2 of 10 classes in 6 files of 20
    assert problem.inputs.mean().item() == pytest.approx(0, abs=1e-12)
    assert problem.inputs.var(correction=0).item() == pytest.approx(1, rel=1e-10)
    everything = torch.cat([problem.targets, problem.test[1]])
    assert torch.bincount(everything).tolist() == [12, 12]
    assert len(torch.cat([problem.inputs, problem.test[0]]).unique(dim=0)) == 24


def test_real_airplanes_and_automobiles_are_twelve_thousand():
    problem = preset("airplane-automobile").make(data=real_data("cifar10"))
    assert (problem.samples, len(problem.test[0])) == (500, 11_500)
    assert 180 < problem.targets.sum() < 320
    assert problem.inputs.abs().max() < 5


def test_the_linear_preset_is_the_theory_s_network_and_data():
    problem = preset("linear").make(seed=3, target_noise=0.1)
    theta = flat_parameters(problem.model)
    first, second = (w.detach().numpy() for w in problem.model.parameters())
    data = teacher_data(10, 5, 0.1, 3)
    network = LinearNetwork(first, second[0])
    loss = (network.residuals(data) ** 2).mean() / 2
    assert problem.full(theta).item() == pytest.approx(loss, rel=1e-12)
    hessian = torch.func.hessian(problem.full)(theta)
    assert hessian.trace().item() == pytest.approx(hessian_trace(network, data), rel=1e-12)
    assert isinstance(data, LinearData)
    assert preset("linear").make(depth=3).layout.size == 70 + 49 + 49 + 7


def test_digits_may_be_deeper_wider_and_of_another_type():
    problem = preset("digits-mlp").make(width=8, depth=3, activation="relu", dtype="float32")
    assert problem.layout.size == 64 * 8 + 8 + 2 * (64 + 8) + 80 + 10
    assert problem.dtype == problem.inputs.dtype == torch.float32
    assert flat_parameters(problem.fresh(0)).dtype == torch.float32


@pytest.mark.parametrize(
    ("name", "settings", "match"),
    [
        ("digits-mlp", {"depth": 0}, "the depth must be at least 1; it is 0"),
        ("digits-mlp", {"dtype": "bfloat16"}, "must be one of float32, float64; it is 'bfloat16'"),
        ("linear", {"width": 0}, "the width must be at least 1"),
        ("cifar10-resnet20", {"data": None}, "images of CIFAR-10 are needed"),
        ("cifar10-resnet20", {"choice": "last"}, "choice must be 'first' or 'random'"),
        ("cifar10-resnet20", {"samples": 15}, "must be a multiple of the 10 classes"),
        ("cifar10-resnet20", {"size": 64}, "can be had on 1 to 32; 64 were asked for"),
        ("cifar10-resnet20", {"archive": "mnist"}, "there is no data set 'mnist'"),
        ("airplane-automobile", {"samples": 24}, "from 2 to below the 24 images; they are 24"),
    ],
)
def test_settings_that_make_no_problem_are_refused(name, settings, match, archives):
    given = {"data": archives} if preset(name).archive else {}
    with pytest.raises(DomainError, match=match):
        preset(name).make(**(given | settings))


def test_an_unknown_preset_is_refused_with_the_names_there_are():
    with pytest.raises(DomainError, match="no preset 'digits'; there are airplane-automobile, "):
        preset("digits")
