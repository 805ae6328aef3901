"""A read text, or two readings beside each other, as a table: one row a word, or a pair of words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import numpy as np

from elmo_core.encoders.likelihoods import N_EXPECTED, SIDES, Expected
from elmo_core.reading.comparison import PairedReadings
from elmo_core.reading.samples import SampleSurprise
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
SECOND = "second_"
"""Prefix of the columns of the second reading."""
PAIR_COLUMNS = (
    *COLUMNS,
    *(f"{SECOND}{name}" for name in COLUMNS),
    *(f"{side}_difference" for side in SIDES),
)
"""Those of two readings; a difference is the bits of the second minus those of the first."""

Record = dict[str, object]


def records(read: ReadText, samples: SampleSurprise, n_expected: int = N_EXPECTED) -> Iterator[Record]:
    """Yield one record a word; what was expected are (word, probability) pairs, the likeliest first.

    Where the model does not predict from a side, its numbers are None and nothing was expected.

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
                *(_rounded(bits) for bits in sentence.bits[:, place]),
                *(_rounded(percentile) for percentile in percentiles[:, place]),
                *(sentence.expected(side, place, n_expected) for side in SIDES),
            )
            yield dict(zip(COLUMNS, values, strict=True))


def pair_records(
    found: PairedReadings,
    first: SampleSurprise,
    second: SampleSurprise,
    n_expected: int = N_EXPECTED,
) -> Iterator[Record]:
    """Yield one record a pair of words, with `PAIR_COLUMNS`; None where there is no word or no difference.

    Args:
        found: the two readings.
        first: what percentiles of the first reading are taken among.
        second: the same of the second.
        n_expected: most expected words of each side.
    """
    here, there = records(found.first, first, n_expected), records(found.second, second, n_expected)
    differences = np.array([found.differences(side) for side in SIDES])  # (3, pairs)
    for number, (place, other) in enumerate(found.pairs):  # in the order of both texts
        own = next(here).values() if place is not None else [None] * len(COLUMNS)
        beside = next(there).values() if other is not None else [None] * len(COLUMNS)
        more = map(_rounded, differences[:, number])
        yield dict(zip(PAIR_COLUMNS, (*own, *beside, *more), strict=True))


def cells(
    read: ReadText, samples: SampleSurprise, n_expected: int = N_EXPECTED
) -> Iterator[tuple[str | float | None, ...]]:
    """Yield the records of a text as rows of a table."""
    return cells_of(records(read, samples, n_expected))


def cells_of(found: Iterable[Record]) -> Iterator[tuple[str | float | None, ...]]:
    """Yield records as rows of a table; what was expected is one cell: `sea 0.31 | ocean 0.20`."""
    for record in found:
        yield tuple(_cell(value) for value in record.values())


def to_jsonl(found: Iterable[Record]) -> Iterator[str]:
    """Yield records as lines of JSON."""
    for record in found:
        values = {
            name: [[word, round(probability, 4)] for word, probability in value]
            if isinstance(value, list)
            else value
            for name, value in record.items()
        }
        yield json.dumps(values, ensure_ascii=False) + "\n"


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 3)


def _cell(value: object) -> str | float | None:
    if isinstance(value, list):
        return listed(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    assert value is None or isinstance(value, str | int | float)
    return value


def listed(expected: list[Expected]) -> str:
    """Return expected words with their probabilities in one line."""
    return " | ".join(f"{word} {probability:.2f}" for word, probability in expected)
