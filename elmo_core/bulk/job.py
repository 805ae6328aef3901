"""Text files of any size -> vectors in files: in constant memory, resumable after any end.

embed_files(elmo, [Path("corpus.txt.xz")], Path("vectors"), "arrays", RowSettings("mixed"))
"""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from elmo_core.bulk.arrays import ARRAYS
from elmo_core.bulk.distributed import WorkerPool, embed_on_workers
from elmo_core.bulk.hdf5 import HDF5, is_ours
from elmo_core.bulk.lines import LineReader, is_stream, require_file
from elmo_core.bulk.parquet import PARQUET
from elmo_core.bulk.parts import PartFolder, disk_refusals, is_part_folder
from elmo_core.bulk.rows import Format, Part, RowSettings
from elmo_core.embedder import Elmo, State
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ConfigError, InputError
from elmo_core.files import OutputKind, claim_output, file_fingerprint, require_space
from elmo_core.text.tokenisation import TOKENISATION_VERSION, check_language

FORMATS = {"hdf5": HDF5, "parquet": PARQUET, "arrays": ARRAYS}
Block = Iterable[tuple[list[str], np.ndarray]]
"""Tokens and rows of consecutive sentences."""

_PART_BYTES, _PART_SENTENCES = 64 << 20, 16_384
_SAMPLE_CHARACTERS = 1 << 20
_ONE_FILE = OutputKind("an HDF5 file of vectors", is_ours)
_FOLDER = OutputKind("a folder of vectors", is_part_folder, grows=True)


@dataclass(frozen=True)
class BulkProgress:
    """The progress of a job."""

    sentences: int
    """Sentences embedded so far, including those of earlier runs."""
    tokens: int
    share: float
    """Part of all bytes of text that is done."""
    words_per_s: float
    """Speed of this run."""
    seconds_left: float | None
    """Estimate; None before the first measurement."""


@dataclass(frozen=True)
class TextOptions:
    """Options for reading the text."""

    tokenised: bool = False
    """Whether tokens are separated by blanks; otherwise lines are tokenised."""
    state: State = "zero"
    """As for `Elmo.embed`; with a carried state, a resumed job computes its earlier sentences again."""
    batch_size: int | None = None
    """Rows of a batch, for the carried state."""
    language: str = "en"
    """Code of the language for the tokeniser (see `text.tokenisation.check_language`)."""
    encoding: str | None = None
    """Encoding of the files, as Python names it; None = find out for each."""


@dataclass(frozen=True)
class Written:
    """The totals that a job has written in all its runs."""

    sentences: int
    tokens: int
    remarks: tuple[str, ...] = ()
    """What was guessed or replaced in the text that this run read, one sentence each."""


def output_kind(form: str) -> OutputKind:
    """The kind of output that a format in `FORMATS` writes, to claim it before the work.

    Raises:
        ConfigError: the format is unknown.
    """
    if form not in FORMATS:
        raise ConfigError(f"The format must be {', '.join(FORMATS)}, got {form!r}.")
    return _FOLDER if FORMATS[form].join is None else _ONE_FILE


def embed_files(
    elmo: Encoder,
    files: Sequence[Path],
    target: Path,
    form: str,
    settings: RowSettings,
    reading: TextOptions = TextOptions(),
    *,
    workers: WorkerPool | None = None,
    progress: Callable[[BulkProgress], None] | None = None,
    overwrite: bool = False,
) -> Written:
    """Embed all lines of all files, numbered through; a job that was stopped goes on where it was.

    The same job is the same model, settings and content of all files, to the last byte. What is begun when
    the work is stopped (Ctrl-C, SIGTERM, an error of `progress`) is written.

    Args:
        elmo: the model.
        files: text, one sentence a line, or CoNLL-U, in any encoding and packing (see `text.opening`).
        target: the HDF5 file, or the folder of Parquet files or arrays.
        form: a name in `FORMATS`.
        settings: what is kept of each sentence.
        reading: how the text is read.
        workers: processes that embed; None = this one. They need Ray, and the state "zero".
        progress: called after each block; an error that it raises stops the job, which can be resumed.
        overwrite: whether a target that holds something else, or another job, is replaced; never an input.

    Returns:
        What is in the target now. A folder that is complete already stays as it is.

    Raises:
        ConfigError: the format is unknown, or the workers are impossible.
        InputError: the text cannot be read, or the settings do not fit the model.
        OutputError: the target is an input, holds something else, or cannot be written.
    """
    kind = output_kind(form)
    if reading.state != "zero" and not isinstance(elmo, Elmo):
        raise ConfigError(f'{elmo.name} is a transformer, which carries no state; use the state "zero".')
    if workers is not None and reading.state != "zero":
        raise ConfigError('Workers read each sentence alone; leave them out for the state "carry".')
    if workers is not None and any(map(is_stream, files)):
        raise ConfigError("Workers cannot read standard input or a pipe; give files.")
    settings.check(elmo.n_layers)
    with claim_output(target, kind=kind, inputs=files, overwrite=overwrite) as place:
        facts = {
            "format": form,
            "text": [_fingerprint(file) for file in files],
            "model": elmo.name,
            "sha256": elmo.fingerprint,
            "dtype": elmo.dtype,
            **asdict(reading),
            "tokenisation": None if reading.tokenised else TOKENISATION_VERSION,
            "language": check_language(reading.language),
            **asdict(settings),
            "weights": None if settings.weights is None else list(settings.weights),
        }
        join, suffix = FORMATS[form].join, FORMATS[form].suffix
        folder = place if join is None else place.with_name(f"{place.name}.parts")
        parts = PartFolder(folder, facts, suffix, overwrite)
        lines = LineReader(files, reading.tokenised, reading.language, reading.encoding)
        if not parts.is_complete:
            try:
                _require_space(elmo, files, parts, FORMATS[form], settings, reading)
                blocks = _blocks(elmo, lines, parts.n_sentences, settings, reading, workers)
                _embed(blocks, lines, parts, FORMATS[form], settings, progress)
            except BaseException:
                parts.remove_if_empty()
                raise
            parts.finish()
        written = Written(parts.n_sentences, parts.n_tokens, tuple(lines.remarks))
        if join is not None:
            partial = folder / f"_partial-joined{suffix}"
            require_space(folder, sum(path.stat().st_size for path in parts.paths), f"Joining {folder}")
            with disk_refusals(folder, partial):
                join(parts.paths, partial, facts)
                os.replace(partial, place)
            shutil.rmtree(folder)
        return written


def _fingerprint(file: Path) -> str:
    """Identify a text by its content; a stream, which is read once, is different from all others."""
    if is_stream(file):
        return secrets.token_hex(32)
    require_file(file)
    return file_fingerprint(file)


def _require_space(
    elmo: Encoder,
    files: Sequence[Path],
    parts: PartFolder,
    form: Format,
    settings: RowSettings,
    reading: TextOptions,
) -> None:
    """Refuse a text whose vectors cannot fit on the disk, judged by the density of its beginning.

    Words between blanks are counted: there are at least as many tokens.
    """
    if any(map(is_stream, files)):
        return
    lines = LineReader(files, reading.tokenised, reading.language, reading.encoding)
    n_rows = n_characters = 0
    for line in lines:
        words = line.split() if isinstance(line, str) else line
        n_rows += 1 if settings.vectors == "pooled" else len(words)
        n_characters += sum(map(len, words))
        if n_characters > _SAMPLE_CHARACTERS:
            break
    width = elmo.dim * (elmo.n_layers if settings.vectors == "all" else 1)
    whole = n_rows / max(lines.share, 1e-9) * width * np.dtype(settings.precision).itemsize
    n_copies = 1 if form.join is None else 2  # the parts, and the file that they are joined to
    require_space(parts.folder, n_copies * whole - parts.n_bytes, "The output")


def _embed(
    blocks: Iterable[Block],
    lines: LineReader,
    parts: PartFolder,
    form: Format,
    settings: RowSettings,
    progress: Callable[[BulkProgress], None] | None,
) -> None:
    """Write the parts that are missing; where the work is stopped, also the one that is begun."""
    started, n_before = time.perf_counter(), parts.n_tokens
    part, n_tokens, n_whole = Part(parts.n_sentences), n_before, 0
    try:
        for block in blocks:
            for tokens, rows in block:
                part.add(tokens, rows)
                n_tokens += len(tokens)
            n_whole = len(part.tokens)
            if part.n_bytes >= _PART_BYTES or n_whole >= _PART_SENTENCES:
                _write(part, parts, form, settings)
                part, n_whole = Part(parts.n_sentences), 0
            if progress:
                speed = (n_tokens - n_before) / (time.perf_counter() - started)
                left = n_tokens * (1 / lines.share - 1) / speed if speed and lines.share else None
                progress(BulkProgress(part.first + n_whole, n_tokens, lines.share, speed, left))
    except InputError:  # of a text or a disk: what comes next must be another one
        raise
    except BaseException:
        parts.recount()  # the interruption may have come while a part was written
        part.cut(n_whole)
        if part.tokens and part.first == parts.n_sentences:
            _write(part, parts, form, settings)
        raise
    if part.tokens:
        _write(part, parts, form, settings)


def _write(part: Part, parts: PartFolder, form: Format, settings: RowSettings) -> None:
    parts.append(len(part.tokens), part.n_tokens, lambda path: form.write_part(path, part, settings))


def _blocks(
    elmo: Encoder,
    lines: LineReader,
    n_done: int,
    settings: RowSettings,
    reading: TextOptions,
    workers: WorkerPool | None,
) -> Iterator[Block]:
    """Results of the lines that are not done, block by block; parts end where blocks end."""
    if workers is not None:
        yield from embed_on_workers(elmo, lines, n_done, settings, workers)
        return
    # a carried state depends on all lines before, so the stream starts with the first one
    n_read = 0 if reading.state == "carry" else n_done
    unread = itertools.islice(lines, n_read, None)
    if isinstance(elmo, Elmo):
        blocks = elmo.stream(
            unread, state=reading.state, batch_size=reading.batch_size, language=reading.language
        )
    else:
        blocks = elmo.stream(unread, language=reading.language)
    for found in blocks:
        new = found[max(0, n_done - n_read) :]
        n_read += len(found)
        yield ((embedding.tokens, settings.rows(embedding)) for embedding in new)
