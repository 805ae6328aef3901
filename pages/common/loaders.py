"""The model, the bundled sample, and results about a text.

Results about the sample are kept for all sessions, those about a user's text for its own session only.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from hashlib import sha256
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np

from elmo_core import load_static
from elmo_core.senses.uses import frequent_words
from elmo_core.serving.shared import BUDGET, SharedElmo, load_shared
from elmo_core.shipped import shipped
from elmo_core.tables import corpus
from elmo_core.tables.corpus import Text
from elmo_core.tables.reading import read_table
from elmo_core.weights.registry import known_models
from pages.common.results import kept_for_all, kept_for_session

SHIPPED_MODEL, RANDOM_MODEL, STATIC_VECTORS = "english-small", "tiny", "english-word2vec"
FIRST_WORD = "play"
"""What the pages about a word open on in the sample: its uses do fall into groups."""

_SAMPLE = "data/samples/senses.csv"

_LOOKED_AT = 5_000  # sentences in which words to try are looked for

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Source:
    """A text to explore, and what its results are kept under."""

    key: str
    text: Text
    is_sample: bool = False
    recipe: tuple[str, ...] = ()
    """Lines of Python that make `text` of the same file."""
    summary: str = ""
    """One line about one's own text: where it is from, how much of it was read."""


def kept(function: Callable[Concatenate[str, Source, P], R]) -> Callable[Concatenate[Source, P], R]:
    """Keep results about a text: f(key, source, ...) becomes f(source, ...), its key that of the text."""
    for_all, for_session = kept_for_all(64)(function), kept_for_session(32)(function)

    @wraps(function)
    def of_source(source: Source, /, *args: P.args, **kwargs: P.kwargs) -> R:
        keep = for_all if source.is_sample else for_session
        return keep(source.key, source, *args, **kwargs)

    return of_source


def model_name() -> str:
    """The model of the app: ELMO_MODEL, else the one that ships, else the one of random weights."""
    if asked := os.environ.get("ELMO_MODEL"):
        return asked
    return SHIPPED_MODEL if any(entry.name == SHIPPED_MODEL for entry in known_models()) else RANDOM_MODEL


@kept_for_all(2)
def load_model(name: str) -> SharedElmo:
    """One model in memory for all sessions and pages, with the layers of what they asked for."""
    return load_shared(name, budget=kept_megabytes() << 20)


def kept_megabytes() -> int:
    """Most megabytes of layers that are kept: ELMO_CACHE_MB, a whole number, else what is usual."""
    asked = os.environ.get("ELMO_CACHE_MB", "")
    return int(asked) if asked.isascii() and asked.isdigit() else BUDGET >> 20


@cache
def sample() -> Source:
    """The bundled sentences with the gold senses of their words."""
    content = shipped(_SAMPLE).read_bytes()
    table = read_table(content, "senses.csv")
    text = corpus.read_column(table, "sentence", "sense", "word")
    recipe = (
        f'table = read_table_file(shipped("{_SAMPLE}"))',
        'text = read_column(table, "sentence", "sense", "word")',
    )
    return Source(digest(content), text, is_sample=True, recipe=recipe)


def digest(content: bytes) -> str:
    """The key of a text."""
    return sha256(content).hexdigest()


@kept
def words_to_try(key: str, _source: Source) -> tuple[str, ...]:
    """The words of the sample, or the most frequent telling words of a user's text."""
    text = _source.text
    return (
        tuple(dict.fromkeys(text.words)) if _source.is_sample else frequent_words(text.sentences[:_LOOKED_AT])
    )


@kept_for_all(64)
def static_neighbours(word: str, n: int = 8) -> tuple[tuple[str, float], ...]:
    """The words nearest to one by the static vectors that ship, with their cosines; none if it is unknown."""
    vectors = load_static(STATIC_VECTORS)
    spelling = vectors.spelling_of(word)
    if spelling is None:
        return ()
    cosines = vectors.cosines_with(vectors[spelling])
    order = [row for row in np.argsort(-cosines)[: n + 1].tolist() if vectors.words[row] != spelling]
    return tuple((vectors.words[row], float(cosines[row])) for row in order[:n])
