"""The model, the bundled sample, and the static vectors that ship: loaded once for all visitors."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import numpy as np

from elmo_core import load_static
from elmo_core.exceptions import ModelError
from elmo_core.memory import require_memory_for_model
from elmo_core.senses.uses import frequent_words
from elmo_core.serving.shared import BUDGET, SharedElmo, SharedTransformer, load_shared
from elmo_core.shipped import shipped
from elmo_core.tables import corpus
from elmo_core.tables.corpus import Text
from elmo_core.tables.reading import read_table
from elmo_core.weights.registry import ModelEntry
from pages.common.chosen_model import model_here
from pages.common.results import ResultStore, kept_for_all, note_change, results_about

STATIC_VECTORS = "english-word2vec"
WORDS, TOPICS, REVIEWS = "Words", "Topics", "Reviews"
"""The bundled texts: sentences by the sense of a word, notes by topic, reviews by sentiment."""

_SAMPLES = {
    WORDS: ("data/samples/senses.csv", "sentence", "sense", "word"),
    TOPICS: ("data/samples/topics.csv", "text", "topic", None),
    REVIEWS: ("data/samples/reviews.csv", "text", "sentiment", None),
}
"""File and columns of each bundled text."""

_LOOKED_AT = 5_000  # sentences in which words to try are looked for


@dataclass(frozen=True)
class Source:
    """A text to explore, and the key of its results."""

    key: str
    text: Text
    is_sample: bool = False
    recipe: tuple[str, ...] = ()
    """Lines of Python that create `text` from the same file."""
    summary: str = ""
    """One line about a user's text: where it is from, how much of it was read."""

    @property
    def results(self) -> ResultStore:
        """Where results about the text are kept."""
        return results_about(is_sample=self.is_sample)


def load_model(name: str) -> SharedElmo | SharedTransformer:
    """Load a model once for all visitors and pages; the last three that were asked for stay loaded.

    Raises:
        ModelError: see `load_encoder`.
        InputError: its weights do not fit into the memory that is free.
    """
    entry = model_here(name)
    changed = _changed(entry)
    note_change(name, changed)
    return _loaded(name, changed, entry)


def load_bilm(name: str) -> SharedElmo:
    """Load a model that must be a biLM; errors as of `load_model`.

    Raises:
        ModelError: it is a transformer.
    """
    found = load_model(name)
    if not isinstance(found, SharedElmo):
        raise ModelError(f"{name} is a transformer, and a biLM is needed here; choose a biLM.")
    return found


def _changed(entry: ModelEntry | None) -> int:
    """When the files of a model changed last: the same name may be given to another model."""
    return (
        max((file.stat().st_mtime_ns for file in entry.path.iterdir()), default=0)
        if entry and entry.path
        else 0
    )


@kept_for_all(3)
def _loaded(name: str, changed: int, _entry: ModelEntry | None) -> SharedElmo | SharedTransformer:
    if _entry is not None:
        require_memory_for_model(_entry.name, _entry.memory_bytes)
    return load_shared(name, budget=kept_megabytes() << 20)


def kept_megabytes() -> int:
    """Return the most megabytes of layers to keep: ELMO_CACHE_MB, a whole number, else the default."""
    asked = os.environ.get("ELMO_CACHE_MB", "")
    return int(asked) if asked.isascii() and asked.isdigit() else BUDGET >> 20


@cache
def sample(name: str = WORDS) -> Source:
    """Return a bundled text with its labels, by default sentences with the senses of their words."""
    path, sentence, label, word = _SAMPLES[name]
    file = shipped(path)
    content = file.read_bytes()
    text = corpus.read_column(read_table(content, file.name), sentence, label, word)
    given = ", ".join(f'"{column}"' for column in (sentence, label, word) if column)
    recipe = (
        f'table = read_table_file(shipped("{path}"))',
        f"text = read_column(table, {given})",
    )
    return Source(digest(content), text, is_sample=True, recipe=recipe)


def digest(content: bytes) -> str:
    """Return the SHA-256 of content, which serves as its key."""
    return sha256(content).hexdigest()


def words_to_try(source: Source) -> tuple[str, ...]:
    """Return the words of the sample, or the most frequent content words of a user's text."""
    if source.is_sample:
        return tuple(dict.fromkeys(source.text.words))
    sentences = source.text.sentences[:_LOOKED_AT]
    return source.results.get_or_compute(("words to try", source.key), lambda: frequent_words(sentences))


@kept_for_all(64)
def static_neighbours(word: str, n: int = 8) -> tuple[tuple[str, float], ...]:
    """Return the words nearest to one by the shipped static vectors, with cosines; none if it is unknown."""
    vectors = load_static(STATIC_VECTORS)
    spelling = vectors.spelling_of(word)
    if spelling is None:
        return ()
    cosines = vectors.cosines_with(vectors[spelling])
    order = [row for row in np.argsort(-cosines)[: n + 1].tolist() if vectors.words[row] != spelling]
    return tuple((vectors.words[row], float(cosines[row])) for row in order[:n])
