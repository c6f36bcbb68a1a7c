"""Kernels kept on disk, and those of a house that may not be written in."""

import pytest
from numba.core import caching

from entropic.sims.perceptron.compiled import compiled


def doubled(x):
    return 2 * x


def test_a_kernel_compiles_where_nothing_can_be_written(monkeypatch):
    def full(self):
        raise OSError

    monkeypatch.setattr(caching._CacheLocator, "ensure_cache_path", full)
    with pytest.raises(RuntimeError, match="no locator available"):
        caching.FunctionCache(doubled)
    assert compiled(error_model="numpy")(doubled)(3.0) == 6.0
