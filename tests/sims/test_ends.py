import numpy as np
import pytest

from entropic.sims.ends import absorbing, increasing, mirrored
from entropic.theory import DomainError

START = np.array([0.2, 0.5])


def test_one_absorbing_end_is_left_or_right_as_the_starts_see_it() -> None:
    assert absorbing(START, 1.0, None) == (-np.inf, 1.0, -np.inf, np.inf)
    assert absorbing(START, [-1.0], None) == (-1.0, np.inf, -np.inf, np.inf)


def test_the_mirror_stands_at_the_other_end() -> None:
    assert absorbing(START, (1.0,), 0.0) == (-np.inf, 1.0, 0.0, np.inf)
    assert absorbing(START, (0.0,), 1.0) == (0.0, np.inf, -np.inf, 1.0)


def test_two_ends_enclose_the_starts() -> None:
    assert absorbing(START, (0.0, 1.0), None)[:2] == (0.0, 1.0)


@pytest.mark.parametrize(
    ("start", "ends", "reflect", "message"),
    [
        ([0.2, 1.0], (0.0, 1.0), None, "a start must lie between 0 and 1; 1 does not"),
        ([0.2, 3.0], (1.0,), None, "a start must lie between -inf and 1; 3 does not"),
        ([0.2, -1.0], (1.0,), 0.0, "a start must lie between 0 and 1; -1 does not"),
        ([0.2], (1.0,), 2.0, "a start must lie between 2 and 1; 0.2 does not"),
        ([0.2], (1.0, 0.0), None, "the absorbing ends must be finite and increase; they are"),
        ([0.2], (0.0, np.nan), None, "the absorbing ends must be finite and increase; they are"),
        ([0.2], (0.0, 1.0), 0.5, "a valley has two ends"),
        ([0.2], (), None, "a valley has two ends"),
        ([0.2], (0.0, 1.0, 2.0), None, "a valley has two ends"),
        ([np.nan], (0.0, 1.0), None, "the starts must be one finite number"),
        ([], (0.0, 1.0), None, "the starts must be one finite number"),
    ],
)
def test_ends_that_do_not_enclose_the_starts_are_refused(
    start: list[float], ends: tuple[float, ...], reflect: float | None, message: str
) -> None:
    with pytest.raises(DomainError, match=message):
        absorbing(np.array(start), ends, reflect)


def test_mirrors_stand_on_one_side_or_both() -> None:
    assert mirrored(0.5, None)[2:] == (-np.inf, np.inf)
    assert mirrored(0.5, 0.0)[2:] == (0.0, np.inf)
    assert mirrored(-0.5, 0.0)[2:] == (-np.inf, 0.0)
    low, high, floor, ceiling = mirrored(0.5, (0.0, 1.0))
    assert low < floor == 0.0 < ceiling == 1.0 < high


@pytest.mark.parametrize(
    ("start", "reflect"), [(2.0, (0.0, 1.0)), (np.nan, None), (0.5, (0.0, 1.0, 2.0))]
)
def test_a_start_beyond_the_mirrors_is_refused(start: float, reflect: tuple[float, ...]) -> None:
    with pytest.raises(DomainError, match="the start must lie between at most two mirrors; it is"):
        mirrored(start, reflect)


def test_what_must_increase_is_refused_otherwise() -> None:
    with pytest.raises(DomainError, match=r"the edges must be finite and increase; they are \[1"):
        increasing("edges", [1.0, 1.0])
