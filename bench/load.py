"""How long do pages take when many people use one server? Also a test that nothing fails under load.

    python -m bench.load [--sessions 20] [--jobs 3] [--minutes 10] [--think 8] [--address http://host:port]
    python -m bench.load --run --sessions 1 --jobs 0 --think 1

Each session speaks Streamlit's own protocol and reads as a person does: it opens a page, waits for the end
of its run, thinks, and goes on, on Word senses to another word of the sample. Some sessions train classifiers
all the time. With `--run`, a language model of the shipped shape learns meanwhile, as on the page Train.
Without an address the app is started on a free port and its memory is watched, that of its work
processes included. Printed are the 50th and 95th
percentile of the seconds of each kind of page run, the errors, and the memory at three times.
"""

from __future__ import annotations

import os
import random
import threading
import time
from argparse import Namespace
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.app import served_app
from bench.memory import tree_mb
from bench.reporting import arguments, progress, table
from bench.visitor import ScriptedVisitor, visiting
from elmo_core.locking import is_locked
from elmo_core.runs import queue
from elmo_core.runs.folder import RUNS_VARIABLE, About, create_run
from elmo_core.runs.presets import NIGHT, fitted
from elmo_core.runs.progress import read_progress
from elmo_core.runs.texts import sample_text, words_of, write_texts

WORD, PAGE_CHANGES = "a word on Word senses", "all page changes but these words"
PAGES = ("static", "layers", "maps", "read", "classify", "entities", "lessons", "train", "models")
WORDS = ("bank", "spring", "light", "bat", "crane", "seal", "plant", "charge", "draw", "bear", "play")
_SHARE_OF_SENSES = 0.4
_PATIENCE_S = 300.0
_LOOK_S = 0.2


@dataclass
class Measured:
    """What all sessions saw, written by their threads."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)


def read_as_a_person(visitor: ScriptedVisitor, seen: Measured, seed: int, end: float, think_s: float) -> None:
    """Open one page after another until the time is over."""
    rng = random.Random(seed)
    while time.monotonic() < end:
        if rng.random() < _SHARE_OF_SENSES:
            kind, page, query = WORD, "senses", f"word={rng.choice(WORDS)}"
        else:
            page = rng.choice(PAGES)
            kind, query = page, ""
        run = visitor.open(page, query)
        seen.seconds[kind].append(run.seconds)
        seen.errors += run.exceptions
        time.sleep(min(rng.expovariate(1 / think_s), max(end - time.monotonic(), 0)))


def train_again_and_again(visitor: ScriptedVisitor, seen: Measured, end: float) -> None:
    """Compare classifiers on a sample, each time with another seed, until the time is over."""
    seed = 0
    while time.monotonic() < end:
        seed += 1
        run = visitor.open("classify", f"data=Reviews&test=one+split&limit=15+s&seed={seed}")
        visitor.set(run, "classify_start", trigger_value=True)
        started, run = time.monotonic(), visitor.run()
        seen.errors += run.exceptions
        while run.timer and time.monotonic() < end:
            fragment, interval = run.timer
            time.sleep(interval)
            part = visitor.run(fragment)
            seen.errors += part.exceptions
            run = part if visitor.last is part else run
        if not run.timer:
            seen.seconds["a training"].append(time.monotonic() - started)


def measure(address: str, n_sessions: int, n_jobs: int, minutes: float, think_s: float) -> Measured:
    """Let sessions use a server at the same time.

    Args:
        address: of the app.
        n_sessions: sessions that read.
        n_jobs: sessions that train.
        minutes: how long.
        think_s: mean seconds between two pages of a session.
    """
    seen, end = Measured(), time.monotonic() + 60 * minutes

    def session(number: int) -> None:
        try:
            with visiting(address, patience_s=_PATIENCE_S) as visitor:
                if number < n_jobs:
                    train_again_and_again(visitor, seen, end)
                else:
                    read_as_a_person(visitor, seen, number, end, think_s)
        except Exception as error:  # a session that breaks off is what is looked for
            seen.errors.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=session, args=(number,)) for number in range(n_jobs + n_sessions)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    return seen


def seconds_of_additions() -> float:
    """Return the processor seconds of ten million additions: how fast this machine is now."""
    started, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - started


def report(seen: Measured) -> str:
    """Return a table of the seconds by kind, and the errors by number."""
    kinds = dict(sorted(seen.seconds.items()))
    kinds[PAGE_CHANGES] = [one for kind, taken in kinds.items() if kind in PAGES for one in taken]
    rows = [
        (kind, len(taken), *(f"{np.percentile(taken, share):.2f}" for share in (50, 95)))
        for kind, taken in kinds.items()
        if taken
    ]
    counted = {error: seen.errors.count(error) for error in dict.fromkeys(seen.errors)}
    errors = "\n".join(f"{n} x {error}" for error, n in counted.items()) or "no error"
    return f"{table(('run', 'n', '50% within s', '95% within s'), rows)}\n{errors}\n"


@contextmanager
def learning_meanwhile() -> Iterator[None]:
    """Let a language model of the shipped shape learn in a folder of its own, from its first steps on."""
    with TemporaryDirectory() as folder:
        os.environ[RUNS_VARIABLE] = folder
        text, about = sample_text(), About(time.time(), "the bundled sample")
        lines = list(text.lines())
        config = fitted(NIGHT.config, len(lines), sum(len(words_of(line)) for line in lines))
        config = replace(config, log_steps=1)  # each step is seen
        run = create_run("load", config, about, lambda own: write_texts(own, [text], about))
        try:
            queue.start(run)
            while not read_progress(run).rows:
                if not queue.state_of(run).is_active:
                    raise RuntimeError(queue.state_of(run).said)
                time.sleep(_LOOK_S)
            yield
            state, row = queue.state_of(run), read_progress(run).rows[-1]
            progress(f"the run is {state.kind}: {row.words:,} words, {row.words_per_s:,.0f} words/s at last")
        finally:
            queue.remove(run)
            while run.folder.exists() or is_locked(Path(folder) / queue.LOCK):
                time.sleep(_LOOK_S)


def main() -> None:
    """Run the measurement and print its table."""
    parser = arguments(__doc__)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument(
        "--think", type=float, default=8.0, help="mean seconds between two pages of a session"
    )
    parser.add_argument("--run", action="store_true", help="let a language model learn meanwhile")
    parser.add_argument("--address", help="of an app that runs already")
    asked = parser.parse_args()
    with learning_meanwhile() if asked.run else nullcontext():
        measure_and_print(asked)


def measure_and_print(asked: Namespace) -> None:
    """Measure as the arguments say, and print what was found."""
    load = (asked.sessions, asked.jobs, asked.minutes, asked.think)
    progress(f"ten million additions of Python: {seconds_of_additions():.2f} s of this processor")
    if asked.address:
        print(report(measure(asked.address, *load)))
        return
    with served_app() as (address, process):
        with visiting(address, patience_s=_PATIENCE_S) as first:
            first.open("senses")  # the first page waits for the warm-up
        memory = [tree_mb(process)]
        progress(f"{asked.sessions} sessions and {asked.jobs} that train, for {asked.minutes:g} minutes")
        for name, part in (("first third", 1 / 3), ("the rest", 2 / 3)):  # then memory must be flat
            seen = measure(address, asked.sessions, asked.jobs, asked.minutes * part, asked.think)
            memory.append(tree_mb(process))
            print(f"{name}:\n\n{report(seen)}")
        print(
            f"memory in MB, at first, after a third, at the end: {', '.join(f'{one:,.0f}' for one in memory)}"
        )


if __name__ == "__main__":
    main()
