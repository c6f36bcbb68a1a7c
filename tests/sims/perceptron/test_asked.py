import numpy as np
import pytest

from entropic.sims.perceptron.asked import at_least, finite, temperatures
from entropic.theory import DomainError


def test_what_may_be_asked_passes() -> None:
    finite(kappa=-3.0)
    at_least(samples=(2, 2), seed=(np.int64(0), 0))
    assert temperatures([2.0, np.inf]).tolist() == [2.0, np.inf]


def test_what_may_not_is_named() -> None:
    with pytest.raises(DomainError, match="kappa must be finite; it is nan"):
        finite(kappa=np.nan)
    with pytest.raises(DomainError, match="samples must be a whole number of at least 2; it is 1"):
        at_least(size=(5, 2), samples=(1, 2))
    with pytest.raises(DomainError, match="seed must be a whole number of at least 0; it is 0.5"):
        at_least(seed=(0.5, 0))  # type: ignore[arg-type]
    with pytest.raises(DomainError, match="betas must be a list of different numbers"):
        temperatures([[1.0]])  # type: ignore[list-item]
    with pytest.raises(DomainError, match="beta must be above 0, or inf .* it is -1"):
        temperatures([2.0, -1.0])
