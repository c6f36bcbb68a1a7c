"""Threads that take jobs in slices, so that a run can be looked at, kept and cut at any moment.

A job does a fraction of a second's work per call of ``advance``.  Between two slices nothing is
in motion: there a run's state can be copied whole, and there an interruption ends it.  Which thread
does which job, and when, decides nothing about its result.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Protocol

import numpy as np

from ..theory.errors import DomainError

KEEP_EVERY = 10.0  # seconds between two copies of the state
_LOOK_EVERY = 0.1


class Job(Protocol):
    """A piece of work."""

    def advance(self) -> bool:
        """Do one slice; whether all is done."""


def crew_size(threads: int | None) -> int:
    """The number of threads: all cores if None.  Raises DomainError below 1 or between numbers."""
    size = (os.cpu_count() or 1) if threads is None else threads
    if not isinstance(size, int | np.integer) or size < 1:
        number = "at least 1" if size < 1 else "a whole number"
        msg = f"threads must be {number}; it is {size}"
        raise DomainError(msg)
    return size


def work(
    jobs: Iterator[Job],
    threads: int,
    look: Callable[[], None],
    keep: Callable[[], None] | None = None,
    keep_every: float = KEEP_EVERY,
) -> None:
    """Have all jobs done by ``threads`` threads.

    look: called in this thread several times a second, and once at the end; what it raises ends
    the run.  keep: called every ``keep_every`` seconds, and when the run is cut, while no job is in
    motion.  Raises whatever a job, ``look`` or Ctrl-C raises.
    """
    crew = _Crew(jobs, threads)
    kept = time.monotonic()
    try:
        while crew.working():
            look()
            if keep is not None and time.monotonic() - kept > keep_every:
                crew.pause(keep)
                kept = time.monotonic()
        look()
    except BaseException:  # KeyboardInterrupt above all
        crew.stop.set()
        crew.join()
        if keep is not None:
            keep()
        raise


class _Crew:
    def __init__(self, jobs: Iterator[Job], threads: int) -> None:
        self.jobs, self.stop, self.go = jobs, threading.Event(), threading.Event()
        self.go.set()
        self.errors: list[BaseException] = []
        self.next_job, self.wake = threading.Lock(), threading.Condition()
        self.busy = [threading.Lock() for _ in range(threads)]
        self.threads = [threading.Thread(target=self._run, args=(b,)) for b in self.busy]
        for thread in self.threads:
            thread.daemon = True
            thread.start()

    def working(self) -> bool:
        """Whether anybody still works, after at most a tenth of a second; raises their errors."""
        with self.wake:
            if any(thread.is_alive() for thread in self.threads) and not self.errors:
                self.wake.wait(_LOOK_EVERY)
        if self.errors:
            raise self.errors[0]
        return any(thread.is_alive() for thread in self.threads)

    def pause(self, action: Callable[[], None]) -> None:
        """Call ``action`` while every thread waits between two slices."""
        self.go.clear()  # a thread that lets its lock go would otherwise take it back at once
        try:
            with ExitStack() as held:
                for lock in self.busy:
                    held.enter_context(lock)
                action()
        finally:  # whoever waits must hear that the run ends
            self.go.set()

    def join(self) -> None:
        for thread in self.threads:
            thread.join()

    def _run(self, busy: threading.Lock) -> None:
        try:
            while not self.stop.is_set():
                self.go.wait()
                with busy, self.next_job:
                    job = next(self.jobs, None)
                if job is None:
                    return
                done = False
                while not done and not self.stop.is_set():
                    self.go.wait()
                    with busy:
                        done = job.advance()
        except BaseException as error:  # handed to the thread that waits
            self.errors.append(error)
        finally:
            with self.wake:
                self.wake.notify()
