"""Readers of all kinds of files that people give, each as one function of a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from elmo_core.bulk.lines import LineReader
from elmo_core.exceptions import ElmoError
from elmo_core.learning.tags.reading import read_token_file
from elmo_core.learning.tags.saving import load_tagger
from elmo_core.learning.tags.sentences import tagged_sentences
from elmo_core.learning.texts.saving import load_classifier
from elmo_core.pretraining.corpus import CorpusReport, read_lines
from elmo_core.static.loading import load_vectors_file
from elmo_core.tables.reading import read_table
from elmo_core.tables.vectors import read_vectors
from elmo_core.weights.registry import load_model


class LostLineError(Exception):
    """A line was neither read nor counted."""


def read_a_table(path: Path) -> None:
    """Read, and check that each line is kept or counted where lines are plain records."""
    content = path.read_bytes()
    found = read_table(content, path.name)
    if any(len(row) != len(found.columns) for row in found.rows):
        raise LostLineError("a row has not the width of the header")
    if found.reading.delimiter and not re.search(rb"[\"'\\\0]", content):
        _check_lines(
            content, {*found.lines, *(record.line for record in found.skipped)}, found.reading.encoding
        )


def _check_lines(content: bytes, seen: set[int], encoding: str | None) -> None:
    """All lines but the header must be among the seen ones."""
    if (
        content[:4] in (b"PK\3\4",)
        or content[:2] in (b"\x1f\x8b", b"BZ")
        or content[:3] in (b"\xfd7z", b"\x28\xb5\x2f")
    ):
        return
    lines = re.split(r"\r\n|\n|\r", content.decode(encoding or "utf-8", "replace"))
    missing = {number for number, line in enumerate(lines, start=1) if line.strip()} - seen
    if len(missing) > 1:
        raise LostLineError(f"lines {sorted(missing)[:5]} are neither read nor counted")


def read_tags(path: Path) -> None:
    """Read the tokens, and their tags where there are any."""
    tagged_sentences(read_token_file(path.read_bytes(), path.name))


def read_some_vectors(path: Path) -> None:
    """Read as vectors of words, and as one's own vectors."""
    errors = []
    for read in (
        lambda: load_vectors_file(path, kept_in=path.parent / "kept"),
        lambda: read_vectors(path.read_bytes(), path.name),
    ):
        try:
            read()
        except ElmoError as error:
            errors.append(error)
    if len(errors) == 2:
        raise errors[0]


def read_a_corpus(path: Path) -> None:
    """Read with the readers of `embed` and of `pretrain`, which must find the same number of lines."""
    report = CorpusReport()
    n_read = sum(1 for _ in read_lines(path, report))
    if n_read + len(report.skipped_lines) != report.lines:
        raise LostLineError(f"{report.lines} lines, {n_read} read, {len(report.skipped_lines)} skipped")
    n_embedded = sum(1 for _ in LineReader([path]))
    if n_embedded != report.lines:
        raise LostLineError(f"{report.lines} lines for one reader, {n_embedded} for the other")


def read_weights(path: Path) -> None:
    """Load a model, a classifier or a tagger."""
    if path.name.startswith("classifier"):
        load_classifier(path)
    elif path.name.startswith("tagger"):
        load_tagger(path)
    else:
        load_model(path)


READERS: dict[str, Callable[[Path], None]] = {
    "tables": read_a_table,
    "tags": read_tags,
    "vectors": read_some_vectors,
    "corpora": read_a_corpus,
    "weights": read_weights,
}
