"""A read text as a table, one row a word: for the page's downloads and the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from elmo_core.reading.samples import SampleSurprise
from elmo_core.reading.surprise import N_EXPECTED, SIDES, Expected
from elmo_core.reading.text import ReadText

COLUMNS = (
    "sentence",
    "place",
    "word",
    "is_unknown",
    *(f"{side}_bits" for side in SIDES),
    *(f"{side}_percentile" for side in SIDES),
    *(f"expected_{side}" for side in SIDES),
)
"""Sentences and places are counted from 1."""


def records(
    read: ReadText, samples: SampleSurprise, n_expected: int = N_EXPECTED
) -> Iterator[dict[str, object]]:
    """Yield one record a word; what was expected are (word, probability) pairs, the likeliest first.

    Args:
        read: the text.
        samples: what percentiles are taken among.
        n_expected: most expected words of each side.
    """
    for number, sentence in enumerate(read.sentences, start=1):
        percentiles = samples.percentiles(sentence.bits)
        for place, word in enumerate(sentence.tokens):
            values: tuple[object, ...] = (
                number,
                place + 1,
                word,
                bool(sentence.is_unknown[place]),
                *(round(float(bits), 3) for bits in sentence.bits[:, place]),
                *(float(percentile) for percentile in percentiles[:, place]),
                *(sentence.expected(side, place, n_expected) for side in SIDES),
            )
            yield dict(zip(COLUMNS, values, strict=True))


def cells(
    read: ReadText, samples: SampleSurprise, n_expected: int = N_EXPECTED
) -> Iterator[tuple[str | float | None, ...]]:
    """Yield the same as rows of a table; what was expected is one cell: `sea 0.31 | ocean 0.20`."""
    for record in records(read, samples, n_expected):
        yield tuple(_cell(value) for value in record.values())


def to_jsonl(read: ReadText, samples: SampleSurprise, n_expected: int = N_EXPECTED) -> Iterator[str]:
    """Yield the records as lines of JSON."""
    for record in records(read, samples, n_expected):
        for side in SIDES:
            record[f"expected_{side}"] = [
                [word, round(probability, 4)]
                for word, probability in record[f"expected_{side}"]  # type: ignore[attr-defined]
            ]
        yield json.dumps(record, ensure_ascii=False) + "\n"


def _cell(value: object) -> str | float | None:
    if isinstance(value, list):
        return listed(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    assert isinstance(value, str | int | float)
    return value


def listed(expected: list[Expected]) -> str:
    """Return expected words with their probabilities in one line."""
    return " | ".join(f"{word} {probability:.2f}" for word, probability in expected)
