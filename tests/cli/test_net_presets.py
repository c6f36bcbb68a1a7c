import json

import pytest

from entropic.nets import PRESETS


def test_the_presets_are_listed_with_their_sizes_and_without_data(entropic):
    said = entropic("net", "presets", "--format", "json")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert found["quantity"] == "presets"
    rows = {row["name"]: row for row in found["rows"]}
    assert list(rows) == list(PRESETS)
    assert set(rows["rochetnet"]) == {"name", "parameters", "samples", "archive", "summary"}
    assert rows["cifar10-wrn16-4"]["parameters"] == 2_748_890
    assert rows["airplane-automobile"]["archive"] == "cifar10"
    assert rows["digits-mlp"]["archive"] == ""


def test_the_table_names_every_preset(entropic):
    out = entropic("net", "presets").out
    assert all(name in out for name in PRESETS)


def test_one_preset_tells_its_settings_and_its_training(entropic):
    said = entropic("net", "presets", "cifar10-resnet20-small", "--format", "json")
    found = json.loads(said.out)
    assert found["parameters"]["parameters"] == 68_050
    rows = {(row["kind"], row["name"]): row["value"] for row in found["rows"]}
    assert rows["setting", "size"] == "16"
    assert rows["training", "epochs"] == "60"
    assert ("setting", "data") not in rows


@pytest.mark.parametrize("words", [["nothing"], ["--format", "xml"], ["a", "b"]])
def test_a_name_that_is_none_is_refused(entropic, words):
    assert entropic("net", "presets", *words).refused()


def test_a_mistyped_name_is_told_the_names_there_are(entropic):
    assert (
        "there is no preset 'digits'; there are airplane"
        in entropic("net", "presets", "digits").err
    )
