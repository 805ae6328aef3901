"""Annotations of brat: a `.zip` with a `.ann` beside each `.txt`."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from itertools import pairwise
from pathlib import Path

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.sentences import TokenFile
from elmo_core.learning.tags.span_records import make_span_file, notes_on
from elmo_core.learning.tags.span_texts import RawSpan, TextRecord
from elmo_core.tables.records import MAX_BYTES, Skipped
from elmo_core.text.encodings import decode
from elmo_core.text.opening import split_lines

_SPAN = re.compile(r"T\d+\t(?P<label>\S+) (?P<places>\d+ \d+(?:;\d+ \d+)*)(?:\t(?P<text>.*))?")


def is_brat(source: Path | bytes) -> bool:
    """Whether a file is an archive with annotations of brat."""
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        if not zipfile.is_zipfile(stream):
            return False
        with zipfile.ZipFile(stream) as archive:
            return any(_is_annotation(name) for name in archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError):
        return False


def read_brat(source: Path | bytes, name: str) -> TokenFile:
    """Read an archive with annotations of brat.

    A document takes the place of a line: it is in the file of tokens, or left out with its number.

    Args:
        source: the archive.
        name: for messages.

    Raises:
        InputError: it is damaged or too large, or no document can be used.
    """
    counts = Counter[str]()
    texts: list[TextRecord] = []
    skipped: list[Skipped] = []
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with zipfile.ZipFile(stream) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
                raise InputError(f"{name} unpacks to more than {MAX_BYTES >> 20} MB; use a part of it.")
            names = set(archive.namelist())
            annotated = sorted(one for one in names if _is_annotation(one))
            for number, one in enumerate(annotated, start=1):
                text = f"{one.removesuffix('.ann')}.txt"
                if text not in names:
                    skipped.append(Skipped(number, f"{one} has no text {text} beside it", ""))
                    continue
                lines = split_lines(decode(archive.read(one), one).text)
                spans = tuple(span for line in lines if (span := _span(line, counts)))
                texts.append(TextRecord(number, decode(archive.read(text), text).text, spans))
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise InputError(f"{name} is damaged or cannot be unpacked ({error}); pack it anew.") from None
    counts["without spans"] += sum(not one.spans for one in texts)
    return make_span_file(name, "brat", texts, [], skipped, notes=notes_on(counts))


def _is_annotation(name: str) -> bool:
    return name.endswith(".ann") and "__MACOSX" not in name


def _span(line: str, counts: Counter[str]) -> RawSpan | None:
    """A span in one piece; relations, events and attributes are counted."""
    match = _SPAN.fullmatch(line)
    if match is None:
        counts["other kind"] += line[:1] in tuple("REAM*")
        return None
    pieces = [tuple(map(int, piece.split())) for piece in match["places"].split(";")]
    if any(piece[1] != after[0] - 1 for piece, after in pairwise(pieces)):
        counts["discontinuous"] += 1  # pieces with a line end alone between them are one span
        return None
    return RawSpan(pieces[0][0], pieces[-1][1], match["label"], match["text"])
