"""The index of uses at several sizes: time to build, size on disk, latency and recall against exact search.

    python -m bench.use_index english-small '../shared/corpora/*.train.txt.xz' FOLDER --uses 100000 1000000

Queries are uses in held-out sentences of the same corpus, which are not in the index; embedding the query is
not timed. Indexes are kept in FOLDER, and a stopped build resumes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.reporting import arguments, progress
from elmo_core import load_elmo
from elmo_core.embedder import Elmo
from elmo_core.index.building import build_use_index
from elmo_core.index.records import CorpusSentence, is_use
from elmo_core.index.use_index import UseIndex
from elmo_core.pretraining.cache import TokenCache, open_corpus

N_QUERIES, N_ANSWERS = 200, 10
_LONGEST = 60  # tokens of a sentence that is indexed


def sentences_of(cache: TokenCache, start: int = 0) -> Iterator[CorpusSentence]:
    """Return the sentences of the corpus in an order that mixes its documents."""
    order = np.random.default_rng(42).permutation(cache.n_sentences)
    for number in order[start:]:
        words = cache.words(int(number))
        if len(words) <= _LONGEST:
            yield CorpusSentence(tuple(words), source=f"block {number // 100_000}")


def queries_of(elmo: Elmo, cache: TokenCache) -> list[np.ndarray]:
    """Return the layers (L, D) of one use in each of the last sentences."""
    draw = np.random.default_rng(7)
    found: list[np.ndarray] = []
    for sentence in sentences_of(cache, cache.n_sentences - 3 * N_QUERIES):
        positions = [at for at, token in enumerate(sentence.tokens) if is_use(token)]
        if positions and len(found) < N_QUERIES:
            (embedding,) = elmo.embed([list(sentence.tokens)])
            found.append(embedding.layers[:, int(draw.choice(positions))])
    return found


def measure(index: UseIndex, queries: list[np.ndarray]) -> dict[str, float]:
    """Measure latency in ms and recall of the first answers."""
    index.nearest(queries[0], N_ANSWERS)
    times, recalls, exact_times = [], [], []
    for query in queries:
        started = time.perf_counter()
        found = {one.id for one in index.nearest(query, N_ANSWERS)}
        middle = time.perf_counter()
        exact = {one.id for one in index.nearest(query, N_ANSWERS, exact=True)}
        exact_times.append(1000 * (time.perf_counter() - middle))
        times.append(1000 * (middle - started))
        recalls.append(len(found & exact) / N_ANSWERS)
    half = 1.96 * float(np.std(recalls, ddof=1)) / len(recalls) ** 0.5
    return {
        "p50 ms": float(np.median(times)),
        "p95 ms": float(np.quantile(times, 0.95)),
        "exact p50 ms": float(np.median(exact_times)),
        "recall@10": float(np.mean(recalls)),
        "± (95%)": half,
    }


def main() -> None:
    """Build, measure, print one row for each size."""
    parser = arguments(__doc__)
    parser.add_argument("model")
    parser.add_argument("pattern")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--uses", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument(
        "--cache", type=Path, default=None, help="of tokenised corpora; default: FOLDER/cache"
    )
    options = parser.parse_args()
    elmo = load_elmo(options.model, threads=1)
    cache = open_corpus(options.pattern, options.cache or options.folder / "cache")
    queries = queries_of(elmo, cache)
    for n_uses in options.uses:
        started, written = time.perf_counter(), [0.0]

        def report(
            doing: str, share: float, started: float = started, written: list[float] = written
        ) -> None:
            before, written[0] = written[0], time.perf_counter() - started
            if before // 10 < written[0] // 10:
                progress(f"{doing}, {written[0]:,.0f} s")

        index = build_use_index(
            elmo, sentences_of(cache), options.folder / f"uses-{n_uses}", corpus=cache.folder.name,
            max_uses=n_uses, report=report,
        )  # fmt: skip
        total = time.perf_counter() - started
        facts: dict[str, float] = {
            "uses": index.n_uses,
            "embed and write s": written[0],
            "index s": total - written[0],
            "MB on disk": index.size_bytes / 1e6,
            **measure(UseIndex(index.folder), queries),
        }
        sys.stdout.write("| " + " | ".join(f"{name} {value:,.2f}" for name, value in facts.items()) + " |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
