"""Read thousands of damaged files of every kind, and count which are read, refused or at fault.

    python -m bench.robustness                       # 10,000 files, some minutes
    python -m bench.robustness --cases 500 --kind tables --keep failing/

Each file is a good one that was damaged: cut, with other bytes in it, with pieces doubled or moved, in
another encoding or with another delimiter, with wrong counts, packed once or twice. A file may be read or
refused. It is a fault if anything but an error of the package comes out, if a line is neither read nor
counted, if the file has changed afterwards, or if reading takes over 20 seconds.
"""

from __future__ import annotations

import hashlib
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench.reporting import arguments, progress, table
from bench.robustness.damage import damaged
from bench.robustness.good_files import Good, good_corpora, good_tables, good_tags, good_vectors, good_weights
from bench.robustness.readers import READERS
from elmo_core.exceptions import ElmoError

MOST_S = 20
MOST_BYTES = 8 << 30


@dataclass
class Count:
    """Numbers of files of one kind that were read, refused or at fault."""

    read: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    faults: list[str] = field(default_factory=list)


class TooSlowError(Exception):
    """Reading took too long."""


def try_one(kind: str, file: Good, folder: Path, count: Count) -> bool:
    """Read one file; return whether it showed no fault."""
    path = folder / file.name
    path.write_bytes(file.content)
    before, started = hashlib.sha256(file.content).digest(), time.monotonic()
    n_faults = len(count.faults)
    signal.alarm(MOST_S)
    try:
        READERS[kind](path)
        count.read += 1
    except ElmoError as error:
        count.refused += 1
        sentence = str(error)
        if not sentence or "\n" in sentence or "Traceback" in sentence:
            count.faults.append(f"no sentence: {sentence!r}")
    except (Exception, RecursionError, MemoryError) as error:
        count.faults.append(f"{type(error).__name__}: {error}"[:200])
    finally:
        signal.alarm(0)
    count.slowest_s = max(count.slowest_s, time.monotonic() - started)
    if not path.is_file() or hashlib.sha256(path.read_bytes()).digest() != before:
        count.faults.append("the file was changed")
    path.unlink(missing_ok=True)
    return len(count.faults) == n_faults


def good_files(kind: str, draw: Random, saved: list[Good]) -> list[Good]:
    """Make some good files of a kind."""
    makers = {"tables": good_tables, "tags": good_tags, "vectors": good_vectors, "corpora": good_corpora}
    return list(makers[kind](draw)) if kind in makers else saved


def run(kind: str, n: int, seed: int, keep: Path | None) -> Count:
    """Damage and read n files of a kind; the first `len(good)` are read undamaged and must be accepted."""
    draw, count = Random(f"{seed} {kind}"), Count()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        saved = good_weights(folder) if kind == "weights" else []
        for good in good_files(kind, draw, saved):
            READERS[kind](_written(folder, good))
        good_now = good_files(kind, draw, saved)
        for number in range(n):
            if number % 50 == 0:
                good_now = good_files(kind, draw, saved)
            file = damaged(draw.choice(good_now), draw)
            if not try_one(kind, file, folder, count) and keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{kind}-{number}-{file.name}").write_bytes(file.content)
            if number % 500 == 499:
                progress(f"{kind}: {number + 1} of {n}")
    return count


def _written(folder: Path, file: Good) -> Path:
    path = folder / file.name
    path.write_bytes(file.content)
    return path


def main() -> int:
    """Print a table of the counts; the exit status is 1 if there was a fault."""
    parser = arguments(__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="files in all")
    parser.add_argument("--kind", choices=list(READERS), action="append", help="default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files that show a fault")
    options = parser.parse_args()
    kinds = options.kind or list(READERS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))  # a bomb is a MemoryError
    signal.signal(signal.SIGALRM, _too_slow)
    warnings.simplefilter("error")
    counts = {kind: run(kind, options.cases // len(kinds), options.seed, options.keep) for kind in kinds}
    rows = [
        (kind, count.read + count.refused + len(count.faults), count.read, count.refused, len(count.faults),
         f"{count.slowest_s:.1f}")
        for kind, count in counts.items()
    ]  # fmt: skip
    sys.stdout.write(table(("kind", "files", "read", "refused", "faults", "slowest, s"), rows))
    for kind, count in counts.items():
        for fault, times in Counter(count.faults).most_common(20):
            sys.stdout.write(f"{kind}: {times} x {fault}\n")
    return int(any(count.faults for count in counts.values()))


def _too_slow(*_: object) -> None:
    raise TooSlowError(f"over {MOST_S} s")


if __name__ == "__main__":
    sys.exit(main())
