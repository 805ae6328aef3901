"""Bytes -> characters: byte order marks, UTF-8, or what charset-normalizer says."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from elmo_core.exceptions import InputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 1 << 20
_USUAL = "cp1252"
_BINARY = (
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
)


@dataclass(frozen=True)
class Decoded:
    """The characters of a file."""

    text: str
    encoding: str
    is_guessed: bool


def decode(content: bytes, name: str, encoding: str | None = None) -> Decoded:
    """Decode a text file.

    Args:
        content: its bytes.
        name: for messages.
        encoding: as Python names it; None = find out.

    Raises:
        InputError: it is not text, or not in this encoding.
    """
    for start, kind in _BINARY:
        if content.startswith(start):
            raise InputError(f"{name} is {kind}; save its text or table as TXT, CSV or XLSX and choose that.")
    decoded = _given(content, name, encoding) if encoding else _found(content)
    if decoded is None or "\0" in decoded.text[:_SAMPLE]:
        raise InputError(f"{name} is not a text file; save it as TXT or CSV in UTF-8 and choose it again.")
    return decoded


def _given(content: bytes, name: str, encoding: str) -> Decoded:
    try:
        if not codecs.lookup(encoding)._is_text_encoding:
            raise LookupError(encoding)
        text = content.decode(encoding)
    except LookupError:
        raise InputError(f"There is no encoding {encoding!r}; utf-8, cp1252 and gb18030 are some.") from None
    except UnicodeError as error:
        where = f" (byte {error.start:,})" if isinstance(error, UnicodeDecodeError) else ""
        raise InputError(f"{name} is not {encoding}{where}; choose another encoding.") from None
    return Decoded(text.removeprefix("\ufeff"), encoding, False)


def _found(content: bytes) -> Decoded | None:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decoded(content, encoding, is_guessed=False)
    return _decoded(content, "utf-8", is_guessed=False) or _guessed(content)


def _decoded(content: bytes, encoding: str, *, is_guessed: bool) -> Decoded | None:
    try:
        return Decoded(content.decode(encoding), encoding, is_guessed)
    except UnicodeError:
        return None


def _guessed(content: bytes) -> Decoded | None:
    """Ask charset-normalizer about the beginning; Windows-1252 wins if it reads as much like a language."""
    from charset_normalizer import from_bytes

    matches = from_bytes(content[:_SAMPLE])
    best = matches.best()
    if best is None:
        return None
    names = [match.encoding for match in matches if match.coherence >= best.coherence]
    order = [_USUAL, best.encoding] if _USUAL in names else [best.encoding, _USUAL]
    found = (_decoded(content, encoding, is_guessed=True) for encoding in order)
    return next((decoded for decoded in found if decoded), None)
