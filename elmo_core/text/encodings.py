"""The encoding of a text, from its mark, its zero bytes, valid UTF-8, or a guess that is reported.

The rule, in this order:

1. A byte order mark counts.
2. Zero bytes at every second or fourth place are UTF-16 or UTF-32; a few others are left out of the text.
3. Bytes that are UTF-8 for the greater part are UTF-8. What is damaged in them becomes U+FFFD, counted.
4. Otherwise the encoding is guessed (see `guessing`), which `Decoded.guess` says in one sentence.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from elmo_core.exceptions import InputError
from elmo_core.text.guessing import guess_encoding

SAMPLE = 1 << 20
"""Bytes that decide on an encoding."""
HEAD = 1 << 16
"""Bytes at the beginning that are looked at for marks and zero bytes."""
CONTEXT = 64
"""Bytes before the first one above 127 that are looked at with it."""
DAMAGED, MARK = "\ufffd", "\ufeff"
NOT_ASCII = re.compile(rb"[\x80-\xff]")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_BINARY = (
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"PK\x03\x04", "a workbook or an archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"PAR1", "a Parquet file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3", "a database"),
    (b"$FL2", "an SPSS file"),
    (b"$FL3", "an SPSS file"),
    (b"<stata_dta>", "a Stata file"),
    (b"ARROW1\0\0", "a Feather file"),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "a SAS file"),
    (b"RDX3\n", "a file of R"),
    (b"X\n\0\0\0", "a file of R"),
    (b"%!PS", "PostScript"),
    *(
        (b"\x80" + bytes([version, mark]), "a pickle of Python")
        for version in range(2, 6)
        for mark in b"\x95}](c"
    ),
    (b"{\\rtf", "an RTF file"),
    (b"\x93NUMPY", "an array of NumPy"),
)
_POINTER = b"version https://git-lfs.github.com/spec"
_TAR_MARK, _TAR_PLACE = b"ustar", 257
_STATEFUL = ("iso2022", "hz", "utf-7")
_SEQUENCES = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_TRAILS = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xC0))
_TWICE = re.compile(
    rf"[\u00c2\u00c3][{re.escape(_TRAILS)}]|\u00e2[\u20ac\u201a\u0080\u0082][{re.escape(_TRAILS)}]"
    rf"|(?:[\u00d0\u00d1][{re.escape(_TRAILS)}]){{2,}}"
)
"""UTF-8 that was read as Windows-1252 or Latin-1: of Latin letters, of punctuation, of Cyrillic words."""
_CONTROLS = re.compile(rb"\x00+|[\x01-\x08\x0e-\x19\x1c-\x1f\x7f]")
_JIS_ESCAPE = re.compile(rb"\x1b\$[@B]")
_MOST_CONTROLS, _FREE_CONTROLS = 0.05, 2


@dataclass(frozen=True)
class Encoding:
    """The encoding of a text."""

    name: str
    """Its name in Python, in lower case."""
    is_guessed: bool = False
    mark: bytes = b""
    """The byte order mark that says so."""

    @property
    def writes_ascii(self) -> bool:
        """Whether ASCII is written as in ASCII, so that lines can be told before decoding."""
        return "\r\n".encode(self.name) == b"\r\n" and not self.name.startswith(_STATEFUL)


UNDECIDED = Encoding("utf-8")
"""Before the first byte above 127, all encodings in use are alike."""


@dataclass(frozen=True)
class Decoded:
    """The characters of a file."""

    text: str
    encoding: str
    is_guessed: bool
    n_damaged: int = 0
    """Places that are not of this encoding and stand as U+FFFD."""
    n_nul: int = 0
    """NUL characters that were left out."""

    @property
    def n_twice(self) -> int:
        """Places near the beginning that were UTF-8, read in another encoding and saved."""
        return len(_TWICE.findall(self.text[:SAMPLE]))

    def guess(self) -> str | None:
        """What was guessed, in one sentence to show; None where nothing was."""
        return f"Encoding guessed: {self.encoding}." if self.is_guessed else None

    def remarks(self) -> tuple[str, ...]:
        """What was guessed, replaced or left out, one sentence each."""
        guess = self.guess()
        return (*([guess] if guess else []), *self.faults())

    def faults(self) -> tuple[str, ...]:
        """What was replaced or left out, one sentence each."""
        found = []
        if self.n_damaged:
            places = "1 place is" if self.n_damaged == 1 else f"{self.n_damaged:,} places are"
            found.append(f"{places} not {self.encoding} and read as {DAMAGED}.")
        if n := self.n_twice:
            example = next(_TWICE.finditer(self.text))[0]
            found.append(
                f"{n:,} place{'s' * (n != 1)} such as {example} seem to be UTF-8 that another program read "
                "wrongly and saved; export the text again, as UTF-8."
            )
        if self.n_nul:
            found.append(f"Left out {self.n_nul:,} NUL character{'s' * (self.n_nul != 1)}.")
        return tuple(found)


def decode(content: bytes, name: str, encoding: str | None = None) -> Decoded:
    """Decode a text file.

    Args:
        content: its bytes, unpacked.
        name: for messages.
        encoding: as Python names it; None = find out.

    Raises:
        InputError: it is not text, or not in this encoding.
    """
    chosen = choose_encoding(content[:HEAD], name, encoding)
    body = content[len(chosen.mark) :]
    if encoding is not None:
        try:
            text = body.decode(chosen.name)
        except UnicodeDecodeError as error:
            raise wrong_encoding(name, encoding, f"byte {error.start:,}") from None
        return Decoded(text.replace("\0", "").lstrip(MARK), chosen.name, False, 0, text.count("\0"))
    if chosen == UNDECIDED and (first := NOT_ASCII.search(body)):
        chosen = choose_for(body, first.start())
    text, n_damaged, n_nul = decode_part(body, chosen.name)
    return Decoded(text.lstrip(MARK), chosen.name, chosen.is_guessed, n_damaged, n_nul)


def choose_encoding(head: bytes, name: str, given: str | None = None) -> Encoding:
    """Find the encoding as far as the beginning of a file says it: its mark, zero bytes, or "utf-8".

    Args:
        head: the beginning of the file.
        name: for messages.
        given: what the user says; None = find out.

    Returns:
        The encoding; `UNDECIDED` where the first byte above 127 has to decide (see `choose_for`).

    Raises:
        InputError: the file is not text, or there is no such encoding.
    """
    _refuse_binary(head, name)
    if given is not None:
        return _given(head, given)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return Encoding(encoding, mark=mark)
    if not _is_plain(head):
        wide = _wide(head)
        if wide is None:
            raise InputError(
                f"{name} is not a text file; save it as TXT or CSV in UTF-8 and choose it again."
            )
        return Encoding(wide)
    if _JIS_ESCAPE.search(head) and not NOT_ASCII.search(head):
        return Encoding("iso2022_jp", is_guessed=True)
    return UNDECIDED


def _refuse_binary(head: bytes, name: str) -> None:
    """Refuse what other programs read, by its first bytes.

    Raises:
        InputError: the file is of a kind that is known.
    """
    if head.startswith(_POINTER):
        raise InputError(f"{name} is a pointer of Git LFS and not the file itself; run `git lfs pull` first.")
    if head[_TAR_PLACE : _TAR_PLACE + len(_TAR_MARK)] == _TAR_MARK:
        raise InputError(f"{name} is a tar archive; unpack it and choose the file itself.")
    for start, kind in _BINARY:
        if head.startswith(start):
            raise InputError(f"{name} is {kind}; save its text or table as TXT, CSV or XLSX and choose that.")


def choose_for(content: bytes, first: int) -> Encoding:
    """Choose between UTF-8 and a guess.

    Args:
        content: a part of a text, or all of it.
        first: where its first byte above 127 is; `SAMPLE` bytes from there decide.
    """
    sample = content[max(0, first - CONTEXT) : first + SAMPLE]
    n_valid = len(_SEQUENCES.findall(sample))
    n_invalid = len(NOT_ASCII.findall(_SEQUENCES.sub(b"", sample)))
    is_cut = len(content) > first + SAMPLE
    if n_valid >= n_invalid - 3 * is_cut:  # a sample may end within a character
        return Encoding("utf-8")
    return Encoding(guess_encoding(sample), is_guessed=True)


def decode_part(content: bytes, encoding: str) -> tuple[str, int, int]:
    """Decode whole lines.

    Returns:
        The text without NUL characters, how many places became U+FFFD, and how many NUL were left out.
    """
    n_damaged = 0
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode(encoding, errors="replace")
        n_damaged = max(1, text.count(DAMAGED) - content.count(DAMAGED.encode()))
    if "\0" not in text:
        return text, n_damaged, 0
    return text.replace("\0", ""), n_damaged, text.count("\0")


def wrong_encoding(name: str, encoding: str, where: str) -> InputError:
    """The error for a file that is not in the encoding that the user says."""
    return InputError(f"{name} is not {encoding} ({where}); choose another encoding.")


def _given(head: bytes, given: str) -> Encoding:
    """The encoding a user asks for, with the mark that belongs to it."""
    try:
        info = codecs.lookup(given)
        if not info._is_text_encoding:
            raise LookupError(given)
    except (LookupError, ValueError):
        raise InputError(f"There is no encoding {given!r}; utf-8, cp1252 and gb18030 are some.") from None
    name = "utf-8" if info.name == "utf-8-sig" else info.name
    for mark, encoding in _MARKS:
        if head.startswith(mark) and encoding.startswith(name):
            return Encoding(encoding, mark=mark)
    return Encoding({"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name, name))


def _is_plain(head: bytes) -> bool:
    """Whether control characters are few among the bytes of a text; those of a run of NUL are one."""
    return len(_CONTROLS.findall(head)) <= _FREE_CONTROLS + _MOST_CONTROLS * len(head)


def _wide(head: bytes) -> str | None:
    """Tell UTF-16 and UTF-32 without a mark: read rightly, they have blanks and no control characters."""
    for encoding in _WIDE:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            text = decoder.decode(head)
        except UnicodeDecodeError:
            continue
        n_controls = len(_CONTROLS.findall(text.encode("utf-8")))
        n_blanks = sum(text.count(blank) for blank in " \n,.")
        if text and n_controls == 0 and 100 * n_blanks >= len(text):
            return encoding
    return None
