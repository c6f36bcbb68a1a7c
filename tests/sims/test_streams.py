import threading
import time

import numpy as np
import pytest

from entropic.sims.streams import CHUNK, each_walker, stream
from entropic.theory import DomainError


def test_a_stream_is_what_the_seed_spawns_at_that_place() -> None:
    spawned = np.random.SeedSequence(7).spawn(3)[2].spawn(5)[4]
    expected = np.random.default_rng(spawned).standard_normal(4)
    np.testing.assert_array_equal(stream(7, 2, 4).standard_normal(4), expected)


def test_seed_and_place_both_name_a_stream() -> None:
    draws = [stream(*name).random() for name in ((1, 0), (1, 1), (2, 0), (1, 0, 0))]
    assert len(set(draws)) == 4


@pytest.mark.parametrize("threads", [1, 3])
def test_every_walker_walks_once(threads: int) -> None:
    walkers = 3 * CHUNK + 5
    visits = np.zeros(walkers, int)

    def walk(walker: int, _: threading.Event) -> None:
        visits[walker] += 1

    each_walker(walk, walkers, threads)
    np.testing.assert_array_equal(visits, 1)


def test_progress_rises_to_one_in_the_calling_thread() -> None:
    heard = []
    each_walker(
        lambda *_: None,
        4 * CHUNK,
        threads=2,
        progress=lambda part: heard.append((part, threading.current_thread())),
    )
    assert [part for part, _ in heard] == [0.25, 0.5, 0.75, 1.0]
    assert {thread for _, thread in heard} == {threading.current_thread()}


def test_an_interruption_stops_walkers_that_run_and_drops_those_that_wait() -> None:
    begun = []

    def walk(walker: int, stop: threading.Event) -> None:
        begun.append(walker)
        if walker >= CHUNK:
            stop.wait(60)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        each_walker(walk, 100 * CHUNK, threads=2, progress=interrupt)
    assert time.monotonic() - began < 5
    assert len(begun) < 4 * CHUNK


def test_no_thread_is_refused() -> None:
    with pytest.raises(DomainError, match="threads must be at least 1; it is 0"):
        each_walker(lambda *_: None, 1, threads=0)
