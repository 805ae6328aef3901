"""CoNLL-U: a word a line in ten columns divided by tabs, a blank line after each sentence."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from elmo_core.text.unpacking import content_suffix

COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
FORM, UPOS = COLUMNS.index("form"), COLUMNS.index("upos")
_MOST_COMMENTS = 200
_FIRST_ROW = re.compile(r"1(?:-\d+)?\t[^\t]+(?:\t[^\t]*){8}")
_ID, _BETWEEN = re.compile(r"\d+(?:[-.]\d+)?"), re.compile(r"\d+[-.]\d+")


@dataclass
class ConlluSentence:
    """One sentence, with what of it was left out."""

    line: int
    """Number of its first line in the file."""
    words: list[tuple[str, ...]] = field(default_factory=list)
    """The cells of each word. Words in several parts are given by their parts."""
    n_between: int = 0
    """Lines of ranges (1-2) and of words that are not written (8.1), which were left out."""
    fault: tuple[int, str] | None = None
    """Number of the first line that is no row of the format, and why."""
    starts_document: bool = False


def is_id(cell: str) -> bool:
    """Whether a cell numbers a word, a range of words (1-2), or a word that is not written (8.1)."""
    return bool(_ID.fullmatch(cell))


def is_between(cell: str) -> bool:
    """Whether an id is that of a range of words (1-2), or of a word that is not written (8.1)."""
    return bool(_BETWEEN.fullmatch(cell))


def detect_conllu(name: str, lines: Iterator[str]) -> tuple[bool, Iterator[str]]:
    """Find out whether a file is CoNLL-U, by its name or by its first row.

    Args:
        name: name of the file, packed or not.
        lines: lines of the file, without their ends.

    Returns:
        The answer, and the lines, none of which is lost.
    """
    head: list[str] = []
    for line in itertools.islice(lines, _MOST_COMMENTS):
        head.append(line)
        if line and not line.startswith("#"):
            break
    is_conllu = content_suffix(name) == ".conllu" or bool(head and _FIRST_ROW.fullmatch(head[-1]))
    return is_conllu, itertools.chain(head, lines)


def read_conllu(lines: Iterable[str]) -> Iterator[ConlluSentence]:
    """Read sentences line by line, as a stream; what to do about a fault is up to the caller.

    Args:
        lines: lines of the file, without their ends, the blank ones included.

    Yields:
        Each sentence that has a word or a fault.
    """
    sentence: ConlluSentence | None = None
    starts_document = False
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            if sentence is not None:
                yield sentence
            sentence = None
        elif line.startswith("#"):
            starts_document = starts_document or line.startswith("# newdoc")
        else:
            if sentence is None:
                sentence = ConlluSentence(number, starts_document=starts_document)
                starts_document = False
            _add(sentence, number, tuple(line.split("\t")))
    if sentence is not None:
        yield sentence


def _add(sentence: ConlluSentence, number: int, cells: tuple[str, ...]) -> None:
    if len(cells) != len(COLUMNS):
        reason = f"has {len(cells)} columns separated by tabs, CoNLL-U has {len(COLUMNS)}"
        sentence.fault = sentence.fault or (number, reason)
    elif is_between(cells[0]):
        sentence.n_between += 1
    elif is_id(cells[0]):
        sentence.words.append(cells)
    else:
        reason = f"has the id {cells[0][:20]!r}, which is no number"
        sentence.fault = sentence.fault or (number, reason)
