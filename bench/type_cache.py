"""What a cache of token vectors on disk could save: the char CNN of words that an earlier process has read.

    python -m bench.type_cache FOLDER [--shapes english-small official-small official-original]
        [--sentences 1000] [--rounds 3] [--text FILE]

* In a process that runs: sentences whose words are all new to it, and the same with all words known, beside
  reading the vectors of these words from a file that is mapped into memory.
* In a process of its own for each call, from its start to its end: one sentence of ten words, with the char
  CNN, and with the vectors from the mapped file. The two take turns.

The file is what the best cache would find: the vectors of exactly these words, at no cost for checksums,
locks or eviction. FOLDER receives the models and the files.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

START = time.perf_counter()

import numpy as np  # noqa: E402  # a process's own time begins before its imports

from bench.engine_inputs import SHAPES, choose_input, load_shape, read_sentences  # noqa: E402
from bench.reporting import arguments  # noqa: E402
from elmo_core.embedder import Elmo, load_elmo  # noqa: E402
from elmo_core.weights.folder import write_folder  # noqa: E402

_IN_PROCESS = (
    "| model | words (distinct) | new words ms | known words ms | char CNN | mapped file ms |\n",
    "|---|---|---|---|---|---|\n",
)
_OF_ITS_OWN = (
    "\n| model | process s | mapped process s | imports s | loading s | sentence ms | mapped sentence ms |\n",
    "|---|---|---|---|---|---|---|\n",
)
_VECTORS, _WORDS = "vectors.npy", "words.json"


def write_vectors(elmo: Elmo, sentences: list[list[str]], folder: Path) -> None:
    """The vectors of all words: the forward half of layer 0."""
    words = sorted({token for tokens in sentences for token in tokens})
    vectors = elmo.embed([words])[0].layers[0, :, : elmo.dim // 2]
    np.save(folder / _VECTORS, np.ascontiguousarray(vectors))
    (folder / _WORDS).write_text(json.dumps(words), encoding="utf-8")


def read_vectors(folder: Path, sentences: list[list[str]]) -> tuple[list[str], np.ndarray]:
    """Words of these sentences and their vectors (U, P), from the mapped file."""
    vectors = np.load(folder / _VECTORS, mmap_mode="r", allow_pickle=False)
    rows = {word: row for row, word in enumerate(json.loads((folder / _WORDS).read_text(encoding="utf-8")))}
    words = list({token: None for tokens in sentences for token in tokens})
    return words, np.asarray(vectors[[rows[word] for word in words]])


def milliseconds(elmo: Elmo, sentences: list[list[str]]) -> float:
    """Of one call."""
    start = time.perf_counter()
    elmo.embed(sentences)
    return 1000 * (time.perf_counter() - start)


def run_once(folder: Path, mapped: Path | None, sentences: list[list[str]]) -> dict[str, float]:
    """What a process of its own does, and how long each step takes in seconds."""
    imported = time.perf_counter()
    elmo = load_elmo(folder, threads=1)
    loaded = time.perf_counter()
    if mapped is not None:
        elmo._engine._vectors._remember(*read_vectors(mapped, sentences))  # what a cache would do
    elmo.embed(sentences)
    ended = time.perf_counter()
    return {"imports": imported - START, "loading": loaded - imported, "sentence": ended - loaded}


def start_once(folder: Path, mapped: Path | None, one: list[list[str]]) -> dict[str, float]:
    """The same in a new process, and how long that lived."""
    arguments = [sys.executable, "-m", "bench.type_cache", str(folder), "--once", json.dumps(one)]
    start = time.perf_counter()
    done = subprocess.run(
        [*arguments, *(["--mapped", str(mapped)] if mapped else [])], capture_output=True, check=True
    )
    return {**json.loads(done.stdout), "process": time.perf_counter() - start}


def measure(name: str, options: argparse.Namespace, sentences: list[list[str]]) -> tuple[str, str]:
    """A row of each table, of the least times."""
    stored, _ = load_shape(name)
    folder, mapped = options.folder / name, options.folder / f"{name}-vectors"
    mapped.mkdir(parents=True, exist_ok=True)
    write_folder(stored, folder, dtype="float32")
    batch = choose_input("batch", sentences, options.sentences, 0)
    one = choose_input("one", sentences, 0, 0)
    write_vectors(Elmo(stored, threads=1), [*batch, *one], mapped)
    new, known, read = [], [], []
    for _ in range(options.rounds):
        elmo = Elmo(stored, threads=1)
        elmo.embed([["\N{BULLET}"]])  # whatever only the first call does
        new.append(milliseconds(elmo, batch))
        known.append(milliseconds(elmo, batch))
        start = time.perf_counter()
        n_types = len(read_vectors(mapped, batch)[0])
        read.append(1000 * (time.perf_counter() - start))
    in_process = (
        f"| {name} | {sum(map(len, batch)):,} ({n_types:,}) | {min(new):,.0f} | {min(known):,.0f} "
        f"| {1 - min(known) / min(new):.0%} | {min(read):,.1f} |\n"
    )
    turns = [(start_once(folder, None, one), start_once(folder, mapped, one)) for _ in range(options.rounds)]
    plain, cached = (
        {step: min(turn[which][step] for turn in turns) for step in turns[0][which]} for which in (0, 1)
    )
    of_its_own = (
        f"| {name} | {plain['process']:.2f} | {cached['process']:.2f} | {plain['imports']:.2f} "
        f"| {plain['loading']:.2f} | {1000 * plain['sentence']:.0f} | {1000 * cached['sentence']:.0f} |\n"
    )
    return in_process, of_its_own


def main() -> None:
    """Measure and print two tables."""
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=SHAPES)
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--text", type=Path, help="UTF-8 text; default: the bundled samples")
    parser.add_argument("--once", help=argparse.SUPPRESS)
    parser.add_argument("--mapped", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        sys.stdout.write(json.dumps(run_once(options.folder, options.mapped, json.loads(options.once))))
        return
    sentences = read_sentences(options.text)
    rows = [measure(name, options, sentences) for name in options.shapes]
    sys.stdout.write(
        "".join([*_IN_PROCESS, *(row for row, _ in rows), *_OF_ITS_OWN, *(row for _, row in rows)])
    )


if __name__ == "__main__":
    main()
