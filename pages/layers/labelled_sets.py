"""The choice of labelled vectors: bundled senses, word classes and texts, or the visitor's own."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.layers.labelled import (
    Labelled,
    join_words,
    label_texts,
    label_tokens,
    label_uses,
)
from elmo_core.progress import Report
from elmo_core.senses.uses import find_uses
from elmo_core.shipped import shipped
from elmo_core.tables.corpus import Text
from elmo_core.tables.reading import read_table
from pages.common import jobs
from pages.common.chosen_model import model_name
from pages.common.loaders import Source, load_model, sample, words_to_try
from pages.common.openings import opening
from pages.common.results import ResultStore, results_about
from pages.common.sources import choose_source
from pages.layers.cells import DataCode, tagged_recipe, texts_recipe, uses_recipe, words_recipe

MOST = 2000
"""Most instances of a visitor's data; more are sampled with a seed."""
_SAMPLES = shipped("data/samples")
_ALL_SENSES, _CLASSES, _OWN = "All words: senses", "Word classes", "My own text"
_TABLES = {"Reviews: sentiment": ("reviews.csv", "sentiment"), "Notes: topics": ("topics.csv", "topic")}
CHARACTERS_PER_S = 15_000
"""Characters of text that one core embeds in a second."""


@dataclass(frozen=True)
class LabelledSet:
    """Labelled data before it is embedded."""

    title: str
    key: str
    sentences: tuple[str, ...]
    """The text that contains the instances."""
    n_read: int
    """Number of characters that the model reads."""
    make: Callable[[Encoder, Report], Labelled]
    """Reads it; a function of a module, so that a work process can call it."""
    recipe: DataCode
    """The same data in Python."""
    is_sample: bool

    @property
    def results(self) -> ResultStore:
        """Where results about the set are kept."""
        return results_about(is_sample=self.is_sample)

    def key_of(self, what: Hashable) -> tuple[Hashable, ...]:
        """Return the key of a result about the set."""
        return model_name(), self.key, what


def choose_set(page: str) -> LabelledSet | None:
    """Let the visitor choose labelled data, at first the senses of a word; None while there is none.

    Args:
        page: prefix of the keys of all widgets.
    """
    words = words_to_try(sample())
    named = {f"{word}: senses": word for word in words}
    options = [*named, _ALL_SENSES, _CLASSES, *_TABLES, _OWN]
    first = list(named.values()).index(opening(model_name()))
    chosen = st.selectbox("Labelled data", options, first, key=f"{page}_data", bind="query-params", width=260)
    if chosen == _OWN:
        st.session_state[f"{page}_is_own"] = True
        return _own(page)
    if chosen in named:
        return _senses_of(sample(), named[chosen], chosen)
    if chosen == _ALL_SENSES:
        return _all_senses(words)
    return _word_classes() if chosen == _CLASSES else _texts_of_sample(chosen)


def read_set(page: str, chosen: LabelledSet) -> Labelled:
    """Return the vectors of a set; the page stops until they are there.

    Args:
        page: prefix of the keys of all widgets.
        chosen: the set.
    """
    elmo = load_model(model_name())
    return jobs.run_or_offer(
        f"{page}_read",
        chosen.key_of("labelled"),
        f"Reading {chosen.title}",
        lambda job: job.apart(chosen.make, elmo),
        seconds=min(chosen.n_read / CHARACTERS_PER_S, jobs.OFFERED_S),
        results=chosen.results,
    )


def _senses_of(source: Source, word: str, title: str) -> LabelledSet:
    recipe = uses_recipe(word)
    if not source.is_sample:
        recipe = uses_recipe(word, "my-table.csv", reads_file=True)
    sentences = source.text.sentences
    n_read = sum(len(sentence) for sentence in sentences if word.casefold() in sentence.casefold())
    make = partial(_read_senses, source.text, word)
    return LabelledSet(title, f"{source.key} {word}", sentences, n_read, make, recipe, source.is_sample)


def _read_senses(text: Text, word: str, elmo: Encoder, report: Report) -> Labelled:
    uses = find_uses(text.sentences, word, text.labels_of(word), max_uses=MOST)
    if not uses.uses:
        raise InputError(f"{word} is not in this text; choose a word that is.")
    if not any(uses.labels):
        raise InputError(f"The uses of {word} have no labels; choose the column that holds them.")
    return label_uses(elmo, uses, report)


def _all_senses(words: tuple[str, ...]) -> LabelledSet:
    source = sample()
    sentences = source.text.sentences
    return LabelledSet(
        "the senses of all words",
        f"{source.key} all",
        sentences,
        sum(map(len, sentences)),
        partial(_read_all_senses, source.text, words),
        words_recipe(words),
        True,
    )


def _read_all_senses(text: Text, words: tuple[str, ...], elmo: Encoder, report: Report) -> Labelled:
    return join_words({word: _read_senses(text, word, elmo, report) for word in words})


def _word_classes() -> LabelledSet:
    table = read_table((_SAMPLES / "word_classes.csv").read_bytes(), "word_classes.csv")
    sentences = [
        list(zip(tokens.split(), tags.split(), strict=True))
        for tokens, tags in zip(table.column("tokens"), table.column("tags"), strict=True)
    ]
    texts = table.column("tokens")
    n_read = sum(map(len, texts))
    make = partial(_read_tokens, sentences)
    return LabelledSet("word classes", "word_classes.csv", texts, n_read, make, tagged_recipe(), True)


def _read_tokens(sentences: list[list[tuple[str, str]]], elmo: Encoder, report: Report) -> Labelled:
    return label_tokens(elmo, sentences, report)


def _texts_of_sample(title: str) -> LabelledSet:
    name, column = _TABLES[title]
    table = read_table((_SAMPLES / name).read_bytes(), name)
    texts, labels = table.column("text"), table.column(column)
    make = partial(_read_texts, texts, labels)
    recipe = texts_recipe(f"data/samples/{name}", column)
    return LabelledSet(title, name, texts, sum(map(len, texts)), make, recipe, True)


def _own(page: str) -> LabelledSet | None:
    """Return uses of a word, or whole texts, by the labels of the visitor's table."""
    source = choose_source(page)
    if source is None:
        st.info(
            "Choose a table with a column of text and one of labels (under Labelled sense). Name a word to "
            "study its uses; without one, every text is an instance."
        )
        return None
    word = st.text_input("Word (optional)", key=f"{page}_own_word", max_chars=100, width=260).strip()
    if word:
        return _senses_of(source, word, f"the uses of {word}")
    texts, labels = _whole_texts(source)
    make = partial(_read_texts, texts[:MOST], labels[:MOST])
    recipe = texts_recipe("my-table.csv", "label", reads_file=True)
    sentences = source.text.sentences
    n_read = sum(map(len, texts[:MOST]))
    return LabelledSet("your texts", f"{source.key} texts", sentences, n_read, make, recipe, False)


def _read_texts(
    texts: Sequence[str], labels: Sequence[str | None], elmo: Encoder, report: Report
) -> Labelled:
    if not any(labels):
        raise InputError("This text has no labels; choose the column that holds them.")
    return label_texts(elmo, texts, labels, report)


def _whole_texts(source: Source) -> tuple[list[str], list[str | None]]:
    """Return the rows of a table with their sentences joined, and their labels, in a seeded order."""
    import numpy as np

    text = source.text
    parts: dict[int, list[str]] = {}
    labels: dict[int, str | None] = {}
    for number, sentence in enumerate(text.sentences):
        row = text.rows[number] if text.rows else number
        parts.setdefault(row, []).append(sentence)
        labels[row] = text.labels[number] if text.labels else None
    order = np.random.default_rng(42).permutation(len(parts)).tolist()
    rows = list(parts)
    return [" ".join(parts[rows[at]]) for at in order], [labels[rows[at]] for at in order]
