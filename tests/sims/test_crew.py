import threading
import time
from collections.abc import Iterator

import pytest

from entropic.sims.crew import crew_size, work
from entropic.theory import DomainError


class Counting:
    """A job of ``slices`` slices that notes whether it moves."""

    def __init__(self, slices: int, pause: float = 0.0) -> None:
        self.left, self.pause, self.moving = slices, pause, False

    def advance(self) -> bool:
        self.moving = True
        time.sleep(self.pause)
        self.left -= 1
        self.moving = False
        return self.left <= 0


def nothing() -> None:
    """To look at nothing."""


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_every_job_is_done_slice_by_slice(threads: int) -> None:
    jobs = [Counting(3) for _ in range(20)]
    work(iter(jobs), threads, nothing)
    assert [job.left for job in jobs] == [0] * 20


def test_nothing_moves_while_the_state_is_kept() -> None:
    jobs = [Counting(40, 0.002) for _ in range(6)]
    seen = []
    work(iter(jobs), 3, nothing, lambda: seen.append([j.moving for j in jobs]), keep_every=0.0)
    assert len(seen) > 0
    assert not any(map(any, seen))
    assert all(job.left == 0 for job in jobs)


def endless() -> Iterator[Counting]:
    while True:
        yield Counting(10**9, 0.001)


def test_an_interruption_stops_all_and_keeps() -> None:
    kept, looks = [], iter([None, None, KeyboardInterrupt])

    def look() -> None:
        raised = next(looks)
        if raised is not None:
            raise raised

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        work(endless(), 4, look, lambda: kept.append(1))
    assert kept == [1]
    assert threading.active_count() == before


class Failing(Counting):
    def advance(self) -> bool:
        msg = "a job went wrong"
        raise RuntimeError(msg)


def test_an_error_of_a_job_is_raised_in_the_thread_that_waits() -> None:
    kept = []
    with pytest.raises(RuntimeError, match="a job went wrong"):
        work(iter([Counting(10**9, 0.001), Failing(1)]), 2, nothing, lambda: kept.append(1))
    assert kept == [1]


def test_a_state_that_cannot_be_kept_ends_the_run() -> None:
    """And does not leave its threads waiting for ever."""

    def full() -> None:
        msg = "no space left on device"
        raise OSError(msg)

    before = threading.active_count()
    with pytest.raises(OSError, match="no space left"):
        work(endless(), 2, nothing, full, keep_every=0.0)
    assert threading.active_count() == before


def test_no_thread_is_refused() -> None:
    with pytest.raises(DomainError, match="threads must be at least 1; it is 0"):
        crew_size(0)
    assert crew_size(None) >= 1
    with pytest.raises(DomainError, match="threads must be a whole number; it is 1.5"):
        crew_size(1.5)  # type: ignore[arg-type]
