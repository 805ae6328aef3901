"""Many sessions with one model that joins requests and keeps layers, and with one that does neither.

    python -m bench.serving english-small
    python -m bench.serving MODEL --sessions 1 2 8 --requests 20

Every session sends one sentence of the bundled sample after another, each of them new, and waits for its
vectors; then all sessions send the same sentences again.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from bench.reporting import arguments
from elmo_core.embedder import load_elmo
from elmo_core.encoders.protocol import Encoder
from elmo_core.serving.shared import load_shared
from elmo_core.shipped import shipped
from elmo_core.tables.reading import read_table
from elmo_core.text.tokenisation import tokenise

_SAMPLE = shipped("data/samples/senses.csv")


def sentences() -> list[list[str]]:
    """Return the tokenised sentences of the sample."""
    table = read_table(_SAMPLE.read_bytes(), _SAMPLE.name)
    return [tokenise(text) for text in table.column("sentence")]


def waits(elmo: Encoder, requests: Sequence[Sequence[list[str]]]) -> tuple[float, list[float]]:
    """Return the seconds for all requests and the wait of each, if every session sends them one by one."""

    def session(own: Sequence[list[str]]) -> list[float]:
        taken = []
        for tokens in own:
            started = time.perf_counter()
            elmo.embed([tokens])
            taken.append(time.perf_counter() - started)
        return taken

    started = time.perf_counter()
    with ThreadPoolExecutor(len(requests)) as pool:
        found = list(pool.map(session, requests))
    return time.perf_counter() - started, [one for own in found for one in own]


def row(name: str, n_sessions: int, seconds: float, each: list[float], n_words: int) -> str:
    """Measure one line of the table."""
    each = sorted(each)
    middle, late = each[len(each) // 2], each[int(0.95 * (len(each) - 1))]
    cells = [
        n_sessions,
        name,
        f"{1000 * middle:.1f} ms",
        f"{1000 * late:.1f} ms",
        f"{n_words / seconds:,.0f}",
    ]
    return f"| {' | '.join(map(str, cells))} |\n"


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("model")
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--requests", type=int, default=20, help="of each session")
    options = parser.parse_args()
    plain = load_elmo(options.model)
    known = sentences()
    plain.embed(known[:50])
    sys.stdout.write("| sessions | model | wait, median | wait, 95% | words/s |\n|---|---|---|---|---|\n")
    for n_sessions in options.sessions:
        chosen = [known[at % len(known)] for at in range(n_sessions * options.requests)]
        requests = [chosen[at::n_sessions] for at in range(n_sessions)]
        n_words = sum(map(len, chosen))
        shared = load_shared(options.model)
        for name, elmo in (("plain", plain), ("joined", shared), ("joined, again", shared)):
            sys.stdout.write(row(name, n_sessions, *waits(elmo, requests), n_words))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
