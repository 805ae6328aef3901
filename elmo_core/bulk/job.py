"""Text files of any size -> vectors in files: in constant memory, resumable after any end.

embed_files(elmo, [Path("corpus.txt.xz")], Path("vectors"), "arrays", RowSettings("mixed"))
"""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from elmo_core.bulk.arrays import ARRAYS
from elmo_core.bulk.distributed import Workers, embed_on_workers
from elmo_core.bulk.hdf5 import HDF5
from elmo_core.bulk.lines import LineReader, content_mark
from elmo_core.bulk.parquet import PARQUET
from elmo_core.bulk.parts import PartFolder
from elmo_core.bulk.rows import Format, Part, RowSettings
from elmo_core.bulk.stream import embed_carried, embed_stream
from elmo_core.embedder import Elmo, Embedding, State
from elmo_core.exceptions import ConfigError
from elmo_core.weights.fingerprint import fingerprint

FORMATS = {"hdf5": HDF5, "parquet": PARQUET, "arrays": ARRAYS}
Block = Iterable[tuple[list[str], np.ndarray]]
"""Tokens and rows of consecutive sentences."""

_PART_BYTES, _PART_SENTENCES = 64 << 20, 16_384


@dataclass(frozen=True)
class BulkProgress:
    """How far a job is."""

    sentences: int
    """Embedded so far, those of earlier runs included."""
    tokens: int
    share: float
    """Part of all bytes of text that is done."""
    words_per_s: float
    """Of this run."""
    seconds_left: float | None
    """Estimate; None before anything is known."""


@dataclass(frozen=True)
class Reading:
    """How the text is read."""

    tokenised: bool = False
    """Whether tokens are separated by blanks; otherwise lines are tokenised."""
    state: State = "zero"
    """As for `Elmo.embed`; with a carried state, a job that goes on computes once more what is there."""
    batch_size: int | None = None
    """Rows of a batch, for the carried state."""


@dataclass(frozen=True)
class Written:
    """What a job has written in all its runs."""

    sentences: int
    tokens: int


def embed_files(
    elmo: Elmo,
    files: Sequence[Path],
    target: Path,
    form: str,
    settings: RowSettings,
    reading: Reading = Reading(),
    *,
    workers: Workers | None = None,
    progress: Callable[[BulkProgress], None] | None = None,
) -> Written:
    """Embed all lines of all files, numbered through; a job that was stopped goes on where it was.

    Args:
        elmo: the model.
        files: UTF-8 text, one sentence a line; plain or `.gz`, `.xz`, `.zst`.
        target: the HDF5 file, or the folder of Parquet files or arrays.
        form: a name in `FORMATS`.
        settings: what is kept of each sentence.
        reading: how the text is read.
        workers: processes that embed; None = this one. They need Ray, and the state "zero".
        progress: told after each block; an error it raises stops the job, which can go on later.

    Returns:
        What is in the target now. A folder that is complete already stays as it is.

    Raises:
        ConfigError: the format is unknown, or the workers are impossible.
        InputError: the text cannot be read, the settings do not fit the model, or the target holds
            something else.
    """
    if form not in FORMATS:
        raise ConfigError(f"The format must be {', '.join(FORMATS)}, got {form!r}.")
    if workers is not None and reading.state != "zero":
        raise ConfigError('Workers read each sentence alone; leave them out for the state "carry".')
    settings.check(elmo.n_layers)
    chosen = FORMATS[form]
    facts = {
        "format": form,
        "text": [content_mark(file) for file in files],
        "model": elmo.name,
        "sha256": fingerprint(elmo.model),
        "dtype": elmo.dtype,
        **asdict(reading),
        **asdict(settings),
        "weights": None if settings.weights is None else list(settings.weights),
    }
    folder = target if chosen.join is None else target.with_name(f"{target.name}.parts")
    parts = PartFolder(folder, facts, chosen.suffix)
    if not parts.is_complete:
        try:
            lines = LineReader(files, reading.tokenised)
            blocks = _blocks(elmo, lines, parts.n_sentences, settings, reading, workers)
            _embed(blocks, lines, parts, chosen, settings, progress)
        except BaseException:
            parts.remove_if_empty()
            raise
        parts.finish()
    written = Written(parts.n_sentences, parts.n_tokens)
    if chosen.join is not None:
        partial = folder / f"_partial-joined{chosen.suffix}"
        chosen.join(parts.paths, partial, facts)
        os.replace(partial, target)
        shutil.rmtree(folder)
    return written


def _embed(
    blocks: Iterable[Block],
    lines: LineReader,
    parts: PartFolder,
    form: Format,
    settings: RowSettings,
    progress: Callable[[BulkProgress], None] | None,
) -> None:
    """Write the parts that are missing."""
    started, n_before = time.perf_counter(), parts.n_tokens
    part, n_tokens = Part(parts.n_sentences), n_before
    for block in blocks:
        for tokens, rows in block:
            part.add(tokens, rows)
            n_tokens += len(tokens)
        if part.n_bytes >= _PART_BYTES or len(part.tokens) >= _PART_SENTENCES:
            _write(part, parts, form, settings)
            part = Part(parts.n_sentences)
        if progress:
            speed = (n_tokens - n_before) / (time.perf_counter() - started)
            left = n_tokens * (1 / lines.share - 1) / speed if speed and lines.share else None
            progress(BulkProgress(part.first + len(part.tokens), n_tokens, lines.share, speed, left))
    if part.tokens:
        _write(part, parts, form, settings)


def _write(part: Part, parts: PartFolder, form: Format, settings: RowSettings) -> None:
    parts.append(len(part.tokens), part.n_tokens, lambda path: form.write_part(path, part, settings))


def _blocks(
    elmo: Elmo,
    lines: LineReader,
    n_done: int,
    settings: RowSettings,
    reading: Reading,
    workers: Workers | None,
) -> Iterator[Block]:
    """Results of the lines that are not done, block by block; parts end where blocks end."""
    if workers is not None:
        yield from embed_on_workers(elmo, lines, n_done, settings, workers)
        return
    found = (
        embed_stream(elmo, itertools.islice(lines, n_done, None))
        if reading.state == "zero"
        else _carried(elmo, lines, n_done, reading)
    )
    for block in found:
        yield ((one.tokens, settings.rows(one)) for one in block)


def _carried(elmo: Elmo, lines: LineReader, n_done: int, reading: Reading) -> Iterator[list[Embedding]]:
    n_read = 0  # the state of a text is known only to who has read it from the beginning
    for block in embed_carried(elmo, lines, reading.batch_size):
        yield block[max(0, n_done - n_read) :]
        n_read += len(block)
