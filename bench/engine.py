"""How fast `embed` is, beside a plain implementation and the machine's ceiling.

    make bench                                             the whole table, as Markdown (some minutes)
    python -m bench.engine --shapes english-small --inputs batch --rounds 1        a quick look
    python -m bench.engine --text my.txt --json engine.json

Engine (float32, bfloat16), plain implementation (`bench.plain_bilm`, float32) and ceiling (`bench.ceiling`)
take turns in one process; the median of the rounds counts. Each call of the engine starts with an empty cache
of words. The speed of the plain implementation does not depend on the number of sentences, so it is measured
on at most 256. Errors are the largest differences to plain loops in float64 on the first sentences. Peak
memory is that of a fresh process that loads the model and embeds the batch.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from bench.ceiling import Ceiling
from bench.engine_inputs import INPUTS, SHAPES, choose_input, load_shape, read_sentences
from bench.plain_bilm import PlainBiLM
from bench.reporting import arguments, progress
from elmo_core.embedder import Elmo
from elmo_core.embedding.machine import DTYPES, has_bfloat16
from elmo_core.nn.bilm import BiLM
from elmo_core.weights.store import StoredModel

Sentences = list[list[str]]
PLAIN = "plain"
_PLAIN_SENTENCES, _EXACT_SENTENCES, _EXACT_WORDS = 256, 32, 200
_REPEATS = {"one": 10}
"""Calls timed together, where one takes too little to be timed."""


@dataclass(frozen=True)
class SpeedRow:
    """One line of the table."""

    shape: str
    weights: str
    input: str
    words: int
    implementation: str
    words_per_s: float
    ms: float
    """Median of one call."""
    times_plain: float
    of_ceiling: float | None
    """Share of the speed of the products alone, in the same number format; None for the plain one."""
    gflops: float | None
    """Of the ceiling, in 10^9 operations a second."""
    error: float | None
    """Largest difference to float64."""
    peak_mb: float | None


CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


def seconds(work: Callable[[], object], repeats: int, clock: Callable[[], float]) -> float:
    """Time one call."""
    start = clock()
    for _ in range(repeats):
        work()
    return (clock() - start) / repeats


@dataclass(frozen=True)
class Bench:
    """The settings that all rows share."""

    sentences: Sentences
    n_sentences: int
    n_words: int
    rounds: int
    dtypes: tuple[str, ...]
    threads: int
    text: Path | None
    with_memory: bool
    clock: str
    """A name in `CLOCKS`: on a busy machine the processor time of one thread tells more than the wall's."""

    def rows(self, shape: str, inputs: Sequence[str]) -> list[SpeedRow]:
        """Measure all rows of one shape."""
        stored, weights = load_shape(shape)
        models = {
            dtype: stored.model if dtype == "float32" else copy.deepcopy(stored.model).to(DTYPES[dtype])
            for dtype in self.dtypes
        }
        found = []
        for name in inputs:
            given = choose_input(name, self.sentences, self.n_sentences, self.n_words)
            found += self._measure(stored, weights, models, name, given)
        return found

    def _measure(
        self, stored: StoredModel, weights: str, models: dict[str, BiLM], name: str, given: Sentences
    ) -> list[SpeedRow]:
        some = given[:_PLAIN_SENTENCES]
        plain = PlainBiLM(stored.model)
        ceilings = {dtype: Ceiling(model) for dtype, model in models.items()}
        operations: dict[str, float] = {}
        taken: dict[tuple[str, str], list[float]] = {}
        repeats, clock = _REPEATS.get(name, 1), CLOCKS[self.clock]
        for _ in range(self.rounds):
            taken.setdefault((PLAIN, ""), []).append(seconds(lambda: plain.embed(some), repeats, clock))
            for dtype in models:
                left = iter([Elmo(stored, dtype=dtype, threads=self.threads) for _ in range(repeats)])

                def embed(left: Iterator[Elmo] = left) -> None:
                    next(left).embed(given)

                taken.setdefault(("engine", dtype), []).append(seconds(embed, repeats, clock))

                def products(dtype: str = dtype) -> None:
                    operations[dtype] = ceilings[dtype].run(given, self.threads)

                taken.setdefault(("ceiling", dtype), []).append(seconds(products, repeats, clock))
        median = {who: statistics.median(times) for who, times in taken.items()}
        n_words, n_some = (sum(map(len, part)) for part in (given, some))
        plain_speed = n_some / median[PLAIN, ""]
        errors = self._errors(stored, given)
        peaks = {who: self._peak(stored.name, who) if name == "batch" else None for who in errors}
        facts = (stored.name, weights, name)
        rows = [
            SpeedRow(*facts, n_some, PLAIN, plain_speed, 1e3 * median[PLAIN, ""], 1.0, None, None,
                errors[PLAIN], peaks[PLAIN])
        ]  # fmt: skip
        for dtype in models:
            time_s, ceiling_s = median["engine", dtype], median["ceiling", dtype]
            rows.append(
                SpeedRow(*facts, n_words, dtype, n_words / time_s, 1e3 * time_s,
                    n_words / time_s / plain_speed, ceiling_s / time_s,
                    operations[dtype] / ceiling_s / 1e9, errors[dtype], peaks[dtype])
            )  # fmt: skip
        return rows

    def _errors(self, stored: StoredModel, given: Sentences) -> dict[str, float]:
        """Return the largest difference to float64, and check that no denormal number arose."""
        some = [tokens[:_EXACT_WORDS] for tokens in given[:_EXACT_SENTENCES]]
        plain = PlainBiLM(stored.model).embed(some)
        torch.set_flush_denormal(True)
        flushed = PlainBiLM(stored.model).embed(some)
        torch.set_flush_denormal(False)
        if not all((a == b).all() for a, b in zip(plain, flushed, strict=True)):
            progress(f"{stored.name}: denormal numbers arise, the plain speed is not to be trusted")
        exact = PlainBiLM(copy.deepcopy(stored.model).double()).embed(some)
        found = {PLAIN: plain}
        for dtype in self.dtypes:
            embedded = Elmo(stored, dtype=dtype, threads=self.threads).embed(some)
            found[dtype] = [item.layers for item in embedded]
        return {
            who: float(max(np.abs(a - b).max() for a, b in zip(layers, exact, strict=True)))
            for who, layers in found.items()
        }

    def _peak(self, shape: str, who: str) -> float | None:
        """Return the peak memory in MB of a fresh process that embeds the batch."""
        if not self.with_memory:
            return None
        command = [sys.executable, "-m", "bench.engine", "--one-use", shape, who]
        command += ["--sentences", str(self.n_sentences), "--threads", str(self.threads)]
        command += ["--text", str(self.text)] if self.text else []
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def one_use(shape: str, who: str, given: Sentences, threads: int) -> None:
    """Embed once and print the peak memory of this process in MB."""
    stored, _ = load_shape(shape)
    if who == PLAIN:
        PlainBiLM(stored.model).embed(given)
    else:
        Elmo(stored, dtype=who, threads=threads).embed(given)
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    sys.stdout.write(next(line.split()[1] for line in lines if line.startswith("VmHWM"))[:-3] + "\n")


def native_dtypes() -> list[str]:
    """Return the number formats for which the processor has its own products."""
    return [name for name in DTYPES if name != "bfloat16" or has_bfloat16(torch.device("cpu"))]


def conditions(bench: Bench) -> dict[str, object]:
    """Return the machine and the settings that the numbers depend on."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.processor(),
        "threads": bench.threads,
        "clock": bench.clock,
        "load_before": round(os.getloadavg()[0], 1),
        "torch": torch.__version__,
        "rounds": bench.rounds,
        "text": str(bench.text or "bundled samples"),
    }


def markdown(rows: Sequence[SpeedRow]) -> str:
    """Format the rows as a Markdown table."""
    head = (
        "model", "input", "words", "implementation", "words/s", "ms", "times plain", "of ceiling",
        "ceiling GFLOP/s", "error", "peak MB",
    )  # fmt: skip
    lines = [" | ".join(head), " | ".join(["---"] * 4 + ["---:"] * 7)]
    for row in rows:
        cells = (
            f"{row.shape} ({row.weights})", row.input, f"{row.words:,}", row.implementation,
            f"{row.words_per_s:,.0f}", f"{row.ms:,.1f}", f"{row.times_plain:.1f}",
            _or_blank(row.of_ceiling, "{:.0%}"), _or_blank(row.gflops, "{:.0f}"),
            _or_blank(row.error, "{:.1e}"), _or_blank(row.peak_mb, "{:,.0f}"),
        )  # fmt: skip
        lines.append(" | ".join(cells))
    return "\n".join(f"| {line} |" for line in lines)


def _or_blank(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=SHAPES)
    parser.add_argument("--inputs", nargs="+", choices=INPUTS, default=INPUTS)
    parser.add_argument(
        "--dtypes",
        nargs="+",
        choices=list(DTYPES),
        default=native_dtypes(),
        help="default: those for which the processor has products",
    )
    parser.add_argument("--text", type=Path, help="UTF-8 text; default: the bundled samples")
    parser.add_argument("--sentences", type=int, default=1000, help="of the batch")
    parser.add_argument("--words", type=int, default=500, help="of the document")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="processor: with one thread only")
    parser.add_argument("--no-memory", action="store_true", help="leave out the fresh processes")
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    parser.add_argument("--one-use", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sentences = read_sentences(options.text)
    if options.one_use:
        shape, who = options.one_use
        one_use(shape, who, sentences[: options.sentences], options.threads)
        return
    bench = Bench(
        sentences, options.sentences, options.words, options.rounds, tuple(options.dtypes),
        options.threads, options.text, not options.no_memory and Path("/proc/self/status").exists(),
        options.clock,
    )  # fmt: skip
    facts, rows = conditions(bench), []
    for shape in options.shapes:
        progress(f"{shape} ...")
        rows += bench.rows(shape, options.inputs)
    facts["load_after"] = round(os.getloadavg()[0], 1)
    sys.stdout.write(", ".join(f"{name} {value}" for name, value in facts.items()) + "\n\n")
    sys.stdout.write(markdown(rows) + "\n")
    if options.json:
        table = {"conditions": facts, "rows": [dataclasses.asdict(row) for row in rows]}
        options.json.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
