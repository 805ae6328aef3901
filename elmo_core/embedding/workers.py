"""Worker threads that each compute on one core.

Two directions on two cores beat one product on two cores, and single-threaded products give the same
bits on every machine setting. A thread's number of cores and its treatment of denormal numbers are its
own, but torch also takes the former as the default of threads to come; it is put back at once.
"""

from __future__ import annotations

import functools
import os
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import torch

Task = Iterator[int]
"""Work in small pieces: each step does one and yields its cost."""

_settings = threading.Lock()


def _become_worker() -> None:
    """Set up the calling thread, and nothing but it."""
    with _settings:
        default = torch.get_num_threads()
        torch.set_num_threads(1)
        restore = threading.Thread(target=torch.set_num_threads, args=(default,))
        restore.start()
        restore.join()
    torch.set_flush_denormal(True)  # denormals slow the recurrence 2.5 times


@functools.cache
def _pool(n_threads: int, process: int) -> ThreadPoolExecutor:
    """The workers of a process (one that was forked has none of its parent's threads)."""
    return ThreadPoolExecutor(n_threads, "elmo", initializer=_become_worker)


def _advance(task: Task) -> int | None:
    with torch.inference_mode():
        return next(task, None)


def side_by_side(tasks: Iterable[Task], n_threads: int) -> Generator[int, None, None]:
    """Run tasks on worker threads and yield the costs of their pieces as they get done.

    The workers belong to the whole process: between two pieces of a task, those of other calls get
    their turn. Where the caller stops iterating, the work stops with the pieces that are under way.

    Args:
        tasks: started in this order; each is run by one thread at a time.
        n_threads: most tasks at a time.
    """
    pool = _pool(n_threads, os.getpid())
    waiting = deque(tasks)
    running: dict[Future[int | None], Task] = {}
    try:
        while waiting or running:
            while waiting and len(running) < n_threads:
                task = waiting.popleft()
                running[pool.submit(_advance, task)] = task
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                task, cost = running.pop(future), future.result()
                if cost is not None:
                    waiting.appendleft(task)
                    yield cost
    finally:
        wait(running)
