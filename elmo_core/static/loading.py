"""Files of GloVe, word2vec and fastText as static vectors, read once and mapped into memory afterwards."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from elmo_core.exceptions import InputError, ModelError
from elmo_core.files import atomic_folder
from elmo_core.locking import locked
from elmo_core.progress import Progress
from elmo_core.static.binary_rows import binary_rows, is_binary
from elmo_core.static.faults import LoadReport
from elmo_core.static.folder import (
    VECTORS_FOLDER,
    VectorsWriter,
    read_vectors_folder,
    write_config,
)
from elmo_core.static.recognising import (
    is_narrow,
    refuse_other_archives,
    refuse_other_formats,
    unknown_binary,
)
from elmo_core.static.text_rows import Block, ByteLines, text_rows
from elmo_core.static.vectors import StaticVectors
from elmo_core.text.opening import OpenedText
from elmo_core.text.unpacking import OpenedBytes, open_bytes

"""Called with (bytes read, bytes of the file); an error it raises stops the work."""
_READER = 2
"""Goes up when the same file is read otherwise than before, so that what older versions kept is not used."""
_MOST_FAULTS = 500_000  # of a file in which hardly a line is a new word with its numbers
_SPARE_BYTES = 64 << 20


@dataclass(frozen=True)
class LoadedVectors:
    """Static vectors from a file, and what of the file was not usable."""

    vectors: StaticVectors
    report: LoadReport


def load_vectors_file(
    path: str | Path,
    *,
    member: str | None = None,
    max_words: int | None = None,
    kept_in: Path | None = None,
    progress: Progress | None = None,
) -> LoadedVectors:
    """Read vectors that another program wrote; a second call maps what the first one kept.

    GloVe, word2vec (text and binary) and fastText `.vec`, packed or not (see `text.unpacking`), are told
    apart by content. Faulty lines, repeated words (the first counts) and numbers that are not finite are
    left out and reported; a binary file out of step is refused, and so are other formats, by their name.

    Args:
        path: the file.
        member: which file of a `.zip` with several.
        max_words: stop after that many; None = read all.
        kept_in: folder of what is kept; None = the user's cache folder.
        progress: called with (bytes read, bytes in all).

    Raises:
        InputError: it is no such file, damaged, or holds no vector.
        ModelError: what is kept cannot be written.
    """
    path = Path(path).expanduser()
    if max_words is not None and max_words < 1:
        raise InputError(f"max_words must be 1 or more, got {max_words}.")
    refuse_other_archives(path)
    with open_bytes(path, member=member) as file:
        kept = _root(kept_in) / _key(path, file.name, max_words)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with locked(kept.with_suffix(".lock"), wait=True):  # a second reader of the file finds what is kept
            if (found := _kept(kept)) is not None:
                return found
            _convert(file, kept, max_words, progress)
            return _read_kept(kept)


def forget(loaded: LoadedVectors) -> None:
    """Remove what is kept of a file."""
    matrix = loaded.vectors.matrix
    if isinstance(matrix, np.memmap) and matrix.filename is not None:
        shutil.rmtree(Path(matrix.filename).parent, ignore_errors=True)


def _root(kept_in: Path | None) -> Path:
    return kept_in or Path(platformdirs.user_cache_dir("elmo-explorer", appauthor=False)) / "static"


def _key(path: Path, name: str, max_words: int | None) -> str:
    """Changes with the file."""
    facts = path.stat()
    times = f"{facts.st_mtime_ns}|{facts.st_ctime_ns}"  # a copy can keep the first, not the second
    text = f"{_READER}|{path.resolve()}|{name}|{facts.st_size}|{times}|{max_words}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _kept(folder: Path) -> LoadedVectors | None:
    try:
        return _read_kept(folder) if folder.is_dir() else None
    except (ModelError, KeyError, TypeError):  # damaged: read the file again
        return None


def _read_kept(folder: Path) -> LoadedVectors:
    vectors = read_vectors_folder(folder)
    vectors.report = LoadReport.from_dict(vectors.about["report"])
    return LoadedVectors(vectors, vectors.report)


def _convert(file: OpenedBytes, folder: Path, max_words: int | None, progress: Progress | None) -> None:
    """Write the vectors of a file as our own folder, completely or not at all."""
    refuse_other_formats(file.head(), file.name)
    if is_binary(file.head()):
        report = LoadReport("binary", "record")
        rows = binary_rows(file.stream, file.name, report)
    else:
        report = LoadReport("text", "line")
        rows = text_rows(_utf8(file), file.name, report)
    seen: dict[str, int] = {}
    if folder.exists():
        shutil.rmtree(folder)
    with atomic_folder(folder, VECTORS_FOLDER) as partial:
        with ExitStack() as files:
            writer: VectorsWriter | None = None
            for block in rows:
                if progress:
                    progress(file.position(), file.size)
                words, matrix = _new_words(block, seen, max_words, report)
                writer = writer or files.enter_context(VectorsWriter(partial, matrix.shape[1], "float32"))
                _require_space(partial, matrix.nbytes)
                writer.add(words, matrix)
                if report.has_limit:
                    break
                if report.n_faults > max(_MOST_FAULTS, 99 * len(seen)):
                    raise InputError(
                        f"{file.name} is hardly a file of vectors: of its first {report.n_lines:,} "
                        f"{report.unit}s {len(seen):,} are a new word with its numbers. {report.summary()}"
                    )
        if not seen:
            why = f" {report.summary()}" if report.counts else ""
            raise InputError(f"{file.name} holds no word with a usable vector.{why}")
        report.n_read = len(seen)
        about = {"name": Path(file.name).stem, "source": file.name, "report": report.to_dict()}
        write_config(partial, about)


def _utf8(file: OpenedBytes) -> ByteLines:
    """The lines of a text, transcoded where it is in UTF-16 or UTF-32; otherwise each line is looked at."""
    if is_narrow(file.head()):
        return file.stream
    try:
        return _Transcoded(OpenedText(file, None).lines())
    except InputError:
        raise unknown_binary(file.name) from None


class _Transcoded:
    """Lines of text as bytes."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._rest = lines, b""

    def readline(self, limit: int = -1, /) -> bytes:
        """The next line with its end, or a part of it; empty at the end."""
        if not self._rest and (line := next(self._lines, None)) is not None:
            self._rest = line.encode("utf-8", "replace") + b"\n"
        end = limit if limit >= 0 else len(self._rest)
        part, self._rest = self._rest[:end], self._rest[end:]
        return part


def _new_words(
    block: Block, seen: dict[str, int], max_words: int | None, report: LoadReport
) -> tuple[list[str], np.ndarray]:
    """The words of a block that are usable and were not there before."""
    words, matrix, lines = block
    is_finite = np.asarray(np.isfinite(matrix).all(axis=1))
    kept = []
    for place, (word, line) in enumerate(zip(words, lines, strict=True)):
        if max_words is not None and len(seen) == max_words:
            report.has_limit = True
            break
        if not word.strip() or "\n" in word:
            report.add(line, "no word", word)
        elif not is_finite[place]:
            report.add(line, "a number that is not finite", word)
        elif word in seen:
            report.add(line, "word twice", word, f": it stands in {report.unit} {seen[word]:,} already")
        else:
            seen[word] = line
            kept.append(place)
    return [words[place] for place in kept], matrix[kept]


def _require_space(folder: Path, n_bytes: int) -> None:
    if shutil.disk_usage(folder).free < n_bytes + _SPARE_BYTES:
        raise InputError(f"The disk of {folder.parent} is full; free some space or read fewer words.")
