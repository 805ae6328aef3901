"""CoNLL-U as a corpus: a stream of tokens that ends at a damaged line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from elmo_core.exceptions import CorpusError
from elmo_core.text.conllu import FORM, UPOS, read_conllu
from elmo_core.text.tagged import tag_token


def conllu_tokens(lines: Iterable[str], shard: Path, *, tagged: bool) -> Iterator[list[str] | None]:
    """Yield the tokens of each sentence, and None where a document begins.

    Args:
        lines: lines of the file, the blank ones included.
        shard: the file, for messages.
        tagged: whether tokens carry their part of speech (see `text.tagged`).

    Raises:
        CorpusError: a line is no row of the format.
    """
    for sentence in read_conllu(lines):
        if sentence.fault is not None:
            number, reason = sentence.fault
            raise CorpusError(f"Line {number} of {shard.name} {reason}; repair it or leave the file out.")
        if sentence.starts_document:
            yield None
        words = sentence.words
        if words:
            yield [tag_token(cells[FORM], cells[UPOS]) if tagged else cells[FORM] for cells in words]
