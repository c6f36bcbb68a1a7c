"""Every name that a package offers is there."""

from importlib import import_module

import pytest


@pytest.mark.parametrize("package", ["theory", "sims"])
def test_every_public_name_is_found(package):
    module = import_module(f"entropic.{package}")
    assert all(getattr(module, name) is not None for name in module.__all__)
