"""Sentences of a file in CoNLL-U: words, with their universal parts of speech where these are wanted."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from elmo_core.exceptions import CorpusError
from elmo_core.text.tagged import tag_token
from elmo_core.text.unpacking import content_suffix

_MOST_COMMENTS = 200
_FIRST_ROW = re.compile(r"1(?:-\d+)?\t[^\t]+(?:\t[^\t]*){8}")
_FORM, _UPOS, _N_COLUMNS = 1, 3, 10


def detect_conllu(name: str, lines: Iterator[str]) -> tuple[bool, Iterator[str]]:
    """Find out whether a file is CoNLL-U, by its name or by its first row.

    Args:
        name: of the file, packed or not.
        lines: of the file, without their ends.

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


def read_conllu(lines: Iterable[str], shard: Path, *, tagged: bool) -> Iterator[list[str] | None]:
    """Read sentences line by line.

    Words in several parts count by their parts (the line `1-2` is left out), words that are not written
    (`8.1`) do not count.

    Args:
        lines: of the file, the blank ones included.
        shard: for messages.
        tagged: whether tokens carry their part of speech (see `text.tagged`).

    Yields:
        Tokens of each sentence; None where a document ends.

    Raises:
        CorpusError: a line has not the ten columns of the format.
    """
    tokens: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line:
            if tokens:
                yield tokens
            tokens = []
        elif line.startswith("#"):
            if line.startswith("# newdoc"):
                yield None
        else:
            columns = line.split("\t")
            if len(columns) != _N_COLUMNS:
                raise CorpusError(
                    f"Line {number} of {shard.name} has {len(columns)} columns separated by tabs, "
                    f"CoNLL-U has {_N_COLUMNS}; repair it or leave the file out."
                )
            if columns[0].isdigit():
                word = columns[_FORM]
                tokens.append(tag_token(word, columns[_UPOS]) if tagged else word)
    if tokens:
        yield tokens
