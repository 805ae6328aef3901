"""Sentences to try with the words of the sample: the first fills the field, the others are a click away."""

from __future__ import annotations

import json
from functools import cache

from elmo_core.shipped import shipped

_FILE = "data/samples/sentences.json"


def sentences_to_try(word: str) -> tuple[str, ...]:
    """Return the example sentences of a word; none where it is not a word of the sample."""
    return tuple(_sentences().get(word.strip().casefold(), ()))


@cache
def _sentences() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(shipped(_FILE).read_text("utf-8"))
    return found
