import numpy as np
import pytest

from entropic.theory import DomainError, Valley, constant, shape


def test_stiffness_and_energy_are_those_of_the_formulas():
    y = np.linspace(-1, 1, 5)
    valley = Valley(shape("y**4"), shape("1 + y**2"), fast_dims=3)
    assert valley.stiffness_at(y).tolist() == (1 + y**2).tolist()
    assert valley.energy_at(y).tolist() == (y**4).tolist()


@pytest.mark.parametrize("fast_dims", [0, -1, 1.5])
def test_fast_directions_are_counted_in_whole_numbers(fast_dims):
    with pytest.raises(DomainError, match=f"at least 1; it is {fast_dims}"):
        Valley(constant(0), constant(1), fast_dims)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("y", "stiffness 'y' must be positive on the whole interval; at y = -1 it is -1"),
        ("y**2", "at y = 0 it is 0"),
        ("1/y**2", "at y = 0 it is inf"),
        ("sqrt(y)", "at y = -1 it is nan"),
    ],
)
def test_a_stiffness_that_is_not_positive_is_refused_with_the_place(text, match):
    with pytest.raises(DomainError, match=match.replace("*", r"\*")):
        Valley(constant(0), shape(text)).stiffness_at(np.array([-1.0, 0.0, 1.0]))


def test_an_energy_that_is_not_finite_is_refused_with_the_place():
    with pytest.raises(DomainError, match="energy 'log.y.' must be finite .* at y = -1 it is nan"):
        Valley(shape("log(y)"), constant(1)).energy_at(np.array([1.0, -1.0]))


def test_no_number_is_no_number_of_directions():
    for k in (np.nan, np.inf):
        with pytest.raises(DomainError, match="whole number of at least 1; it is"):
            Valley(shape("0"), shape("1"), k)
