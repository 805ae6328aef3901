"""Bulk embedding of many words: memory over time, and its speed beside `embed` in memory.

    python -m bench.bulk_embedding FOLDER --words 1000000 [--text FILE] [--model english-small]
        [--format arrays] [--vectors pooled] [--dtype bfloat16] [--precision float16]

The text (by default the bundled samples) is repeated with a new word in every sentence, so that the cache
of words does not answer everything. Before and after, a piece of it is embedded in memory. All layers of
ten million words of english-small take 61 GB of disk; pooled vectors take a few hundred MB.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from bench.engine_inputs import SHIPPED, read_sentences
from elmo_core.bulk.job import FORMATS, BulkProgress, Reading, embed_files
from elmo_core.bulk.rows import Precision, RowSettings, Vectors
from elmo_core.embedder import Elmo, load_elmo

_PIECE_SENTENCES = 2000
_STEADY_AFTER_S = 60.0


def long_text(sentences: list[list[str]], n_words: int) -> Iterator[list[str]]:
    """Sentences again and again, the first word of each replaced by a new one."""
    done = 0
    for number, tokens in enumerate(itertools.cycle(sentences)):
        if done >= n_words:
            return
        yield [f"w{number}", *tokens[1:]]
        done += len(tokens)


def resident_mb() -> float:
    """Memory of this process now."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


def in_memory_speed(elmo: Elmo, piece: list[list[str]]) -> float:
    """Words per second of one call."""
    start = time.perf_counter()
    elmo.embed(piece)
    return sum(map(len, piece)) / (time.perf_counter() - start)


def steady(memory: list[tuple[float, float]]) -> list[float]:
    """Memory after the first minute, or in the second half of a shorter run."""
    start = min(_STEADY_AFTER_S, memory[-1][0] / 2)
    return [mb for at, mb in memory if at >= start]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="receives the text and the vectors; both are removed again")
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--text", type=Path, help="UTF-8 text; default: the bundled samples")
    parser.add_argument("--model", default=SHIPPED)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--format", choices=FORMATS, default="arrays")
    parser.add_argument("--vectors", choices=get_args(Vectors), default="pooled")
    parser.add_argument("--precision", choices=get_args(Precision), default="float32")
    options = parser.parse_args()
    elmo, sentences = load_elmo(options.model, dtype=options.dtype), read_sentences(options.text)
    options.folder.mkdir(parents=True, exist_ok=True)
    text, target = options.folder / "bulk-text.txt", options.folder / "bulk-vectors"
    with text.open("w", encoding="utf-8") as file:
        file.writelines(" ".join(tokens) + "\n" for tokens in long_text(sentences, options.words))
    piece = list(itertools.islice(long_text(sentences, options.words), _PIECE_SENTENCES))
    speeds = [in_memory_speed(elmo, piece)]
    memory, start = [(0.0, resident_mb())], time.perf_counter()

    def note(now: BulkProgress) -> None:
        memory.append((time.perf_counter() - start, resident_mb()))
        sys.stderr.write(f"{now.share:.1%}, {now.words_per_s:,.0f} words/s, {memory[-1][1]:,.0f} MB\n")

    settings = RowSettings(options.vectors, precision=options.precision)
    try:
        written = embed_files(
            elmo, [text], target, options.format, settings, Reading(tokenised=True), progress=note
        )
    finally:
        text.unlink()
        if target.is_dir():
            shutil.rmtree(target)
        target.unlink(missing_ok=True)
    taken = time.perf_counter() - start
    speeds.append(in_memory_speed(elmo, piece))
    kept, in_memory = steady(memory), statistics.mean(speeds)
    sys.stdout.write(
        f"{written.tokens:,} words in {taken:,.0f} s: {written.tokens / taken:,.0f} words/s, "
        f"{written.tokens / taken / in_memory:.0%} of `embed` in memory ({speeds[0]:,.0f} before, "
        f"{speeds[1]:,.0f} after); steady memory {min(kept):,.0f} to {max(kept):,.0f} MB\n"
    )


if __name__ == "__main__":
    main()
