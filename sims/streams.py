"""Each walker draws from a stream of its own, so that threads leave no trace in a result.

A stream is named by the seed and the walker's place, not by the moment it is made: order, chunks
and threads decide when a walker runs and never what it does.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np

from .crew import crew_size

Progress = Callable[[float], None]
CHUNK = 32  # walkers


def stream(seed: int, *place: int) -> np.random.Generator:
    """The generator at ``place``: what ``SeedSequence(seed)`` spawns as child place[0], and so on.

    >>> child = np.random.SeedSequence(1).spawn(4)[3].spawn(6)[5]
    >>> bool(stream(1, 3, 5).random() == np.random.default_rng(child).random())
    True
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=place))


def each_walker(
    walk: Callable[[int, threading.Event], None],
    walkers: int,
    threads: int | None = None,
    progress: Progress | None = None,
    chunk_size: int = CHUNK,
) -> None:
    """Call ``walk(i, stop)`` once for each i below ``walkers``, on ``threads`` threads.

    walk: writes what it finds in the place of walker i, and returns early once ``stop`` is set.
    threads: all cores if None.  progress: hears in the calling thread, chunk by chunk, which
    fraction is done.  chunk_size: walkers that a thread takes at a time.  After an error or Ctrl-C
    what waits is dropped and what runs is stopped.
    Raises DomainError for less than one thread, and whatever ``walk`` raises.
    """
    size = crew_size(threads)
    stop = threading.Event()

    def chunk(first: int) -> None:
        for walker in range(first, min(first + chunk_size, walkers)):
            if stop.is_set():
                return
            walk(walker, stop)

    with ThreadPoolExecutor(size) as pool:
        try:
            chunks = [pool.submit(chunk, first) for first in range(0, walkers, chunk_size)]
            for done, future in enumerate(as_completed(chunks), start=1):
                future.result()
                if progress is not None:
                    progress(done / len(chunks))
        except BaseException:  # KeyboardInterrupt above all
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
