"""The records of an index of uses: sentences in, uses out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.files import file_fingerprint
from elmo_core.pretraining.corpus import CorpusReport, read_sentences
from elmo_core.text.levelling import fold
from elmo_core.text.tokenisation import TOKENISATION_VERSION, Phrase, phrases_of

_CONTEXT_WORDS = 12


@dataclass(frozen=True)
class CorpusSentence:
    """One sentence of a corpus with what is known of it."""

    tokens: tuple[str, ...]
    source: str = ""
    """Its source, such as the name of a file."""
    label: str = ""
    """Any group it belongs to, such as a year or an author."""


@dataclass(frozen=True)
class FoundUse:
    """One use of a word in the corpus."""

    id: int
    sentence: int
    """Number of its sentence in the corpus."""
    position: int
    word: str
    left: str
    right: str
    source: str
    label: str
    cosine: float | None
    """With what was searched for; None where it was found by its word alone."""
    percentile: float | None
    """Share of random pairs of uses that are less alike."""


@dataclass(frozen=True)
class UseFilter:
    """Filter of uses; None = all count."""

    word: str | None = None
    """Upper and lower case alike. A phrase (New York) counts where it begins: its use is that of its first
    token with a letter."""
    source: str | None = None
    label: str | None = None

    def sql(self) -> str:
        """The condition as the store reads it; empty for no condition.

        Raises:
            InputError: the word has no letter, so no index holds it.
        """
        wanted = {"source": self.source, "label": self.label}
        parts = [f"{column} = {_quoted(value)}" for column, value in wanted.items() if value is not None]
        if self.word is not None:
            phrases = [_sql_of(phrase) for phrase in phrases_of(self.word) if any(map(is_use, phrase))]
            if not phrases:
                raise InputError(f"An index holds words; {self.word.strip()!r} has no letter.")
            parts.insert(0, f"({' OR '.join(phrases)})")
        return " AND ".join(parts)


def schema(dim: int) -> Any:
    """The columns of the table, vectors of width `dim`."""
    import pyarrow as pa

    return pa.schema(
        [
            ("id", pa.int64()),
            ("sentence", pa.int64()),
            ("position", pa.int32()),
            ("word", pa.string()),
            ("folded", pa.string()),
            ("left", pa.string()),
            ("right", pa.string()),
            ("source", pa.string()),
            ("label", pa.string()),
            ("vector", pa.list_(pa.float32(), dim)),
        ]
    )


def to_rows(places: Sequence[tuple[int, int, CorpusSentence]], first_id: int, units: np.ndarray) -> Any:
    """A batch of uses as an Arrow table.

    Args:
        places: number of the sentence, position in it, the sentence.
        first_id: of the first use.
        units: float32 (n, D).
    """
    import pyarrow as pa

    words = [sentence.tokens[position] for _, position, sentence in places]
    columns = {
        "id": list(range(first_id, first_id + len(places))),
        "sentence": [number for number, _, _ in places],
        "position": [position for _, position, _ in places],
        "word": words,
        "folded": [fold(word) for word in words],
        "left": [" ".join(s.tokens[max(0, at - _CONTEXT_WORDS) : at]) for _, at, s in places],
        "right": [" ".join(s.tokens[at + 1 : at + 1 + _CONTEXT_WORDS]) for _, at, s in places],
        "source": [sentence.source for _, _, sentence in places],
        "label": [sentence.label for _, _, sentence in places],
    }
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(units.ravel()), units.shape[1])
    return pa.table({**columns, "vector": vectors}, schema=schema(units.shape[1]))


def corpus_digest(shards: Sequence[Path]) -> str:
    """Identify a corpus by every byte of its files and by their names, which uses keep."""
    digest = hashlib.sha256(str(TOKENISATION_VERSION).encode())
    for shard in shards:
        digest.update(f"{shard.name}\0{file_fingerprint(shard)}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def sentences_of_shards(
    shards: Sequence[Path],
    report: CorpusReport | None = None,
    *,
    language: str = "en",
    encoding: str | None = None,
) -> Iterator[CorpusSentence]:
    """The sentences of text files (see `pretraining.corpus.read_sentences`), a file's name as their source.

    Args:
        shards: files, in order.
        report: counts and remarks are added to it.
        language: for the tokeniser.
        encoding: encoding of the files, as Python names it; None = find out for each.

    Raises:
        CorpusError: a file is damaged or no text.
    """
    report = report or CorpusReport()
    for shard in shards:
        for tokens in read_sentences(shard, report, language=language, encoding=encoding):
            if tokens:
                yield CorpusSentence(tuple(tokens), source=shard.name)


def is_use(token: str) -> bool:
    """Whether a token is a word, not punctuation or a number."""
    return any(map(str.isalpha, token))


def _sql_of(phrase: Phrase) -> str:
    """The condition that a use is the first word of a phrase: its other tokens stand beside it."""
    at = next(at for at, token in enumerate(phrase) if is_use(token))
    parts = [f"folded = {_quoted(phrase[at])}"]
    before, after = " ".join(phrase[:at]), " ".join(phrase[at + 1 :])
    if before:
        parts.append(f"ends_with(concat(' ', lower(`left`)), {_quoted(f' {before}')})")
    if after:
        parts.append(f"starts_with(concat(lower(`right`), ' '), {_quoted(f'{after} ')})")
    return f"({' AND '.join(parts)})"


def _quoted(value: str) -> str:
    """A string literal of SQL."""
    return "'" + value.replace("'", "''") + "'"
