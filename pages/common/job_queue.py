"""A queue that serves its owners in turn, so that one who waits for much holds up nobody else."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping, Sized
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

N_WORKERS = 2
"""Jobs at a time; each computes on one thread, so that the pages of others stay responsive."""

J = TypeVar("J")


class FairQueue(Generic[J]):
    """Jobs that wait for a worker, by owner.

    A free worker takes the oldest job of the owner who has the fewest running; among owners with equally
    many, the one who was served longest ago. So an owner runs two jobs at once only while nobody else waits.
    """

    def __init__(self, n_workers: int = N_WORKERS) -> None:
        """Start with no job; worker threads start with the first ones.

        Args:
            n_workers: most jobs at a time.
        """
        self._workers = ThreadPoolExecutor(n_workers, thread_name_prefix="job")
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, deque[tuple[J, Callable[[], object]]]] = OrderedDict()
        self._running: Counter[str] = Counter()

    def add(self, owner: str, job: J, run: Callable[[], object]) -> None:
        """Queue a job.

        Args:
            owner: whose turn it takes.
            job: names it for `n_before`.
            run: does the work, and raises nothing.
        """
        with self._lock:
            self._waiting.setdefault(owner, deque()).append((job, run))
        self._workers.submit(self._run_next)

    def discard(self, job: J) -> None:
        """Remove a job that still waits."""
        with self._lock:
            for owner, jobs in list(self._waiting.items()):
                kept = deque(entry for entry in jobs if entry[0] != job)
                if kept:
                    self._waiting[owner] = kept
                else:
                    del self._waiting[owner]

    def n_before(self, job: J) -> int:
        """Return how many jobs run or are to be run before one that waits; 0 for one that does not wait."""
        with self._lock:
            queues = {owner: [waiting for waiting, _ in jobs] for owner, jobs in self._waiting.items()}
            turns = dict(self._running)
            n_running = self._running.total()
        n_before = 0
        while any(queues.values()):
            owner = _next_owner(queues, turns)
            if queues[owner].pop(0) == job:
                return n_running + n_before
            turns[owner] = turns.get(owner, 0) + 1
            queues[owner] = queues.pop(owner)
            n_before += 1
        return 0

    def _run_next(self) -> None:
        with self._lock:
            if not self._waiting:  # its job was removed
                return
            owner = _next_owner(self._waiting, self._running)
            _, run = self._waiting[owner].popleft()
            self._waiting.move_to_end(owner)
            if not self._waiting[owner]:
                del self._waiting[owner]
            self._running[owner] += 1
        try:
            run()
        finally:
            with self._lock:
                self._running[owner] -= 1
                self._running += Counter()  # drops the owners with none


def _next_owner(waiting: Mapping[str, Sized], running: Mapping[str, int]) -> str:
    """The owner who is served next: the fewest running, then served longest ago."""
    return min((owner for owner, jobs in waiting.items() if jobs), key=lambda owner: running.get(owner, 0))
