"""Inputs of the engine's measurements: shapes of models, and sentences of a file or of the samples."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.shipped import shipped
from elmo_core.text.tokenisation import tokenised_sentences
from elmo_core.weights.published import PUBLISHED
from elmo_core.weights.registry import load_model
from elmo_core.weights.store import StoredModel
from elmo_core.weights.tiny import random_model

SHIPPED = "english-small"
OFFICIAL = {
    "official-small": BiLMConfig(1024, 128, char_cnn=CharCNNConfig(n_highway=1)),
    "official-original": BiLMConfig(4096, 512),
}
SHAPES = (SHIPPED, *OFFICIAL)
INPUTS = ("one", "batch", "document")
_SAMPLES = shipped("data/samples")
_SAMPLE_COLUMNS = {"senses.csv": "sentence", "reviews.csv": "text", "topics.csv": "text"}
_ONE_WORDS = 10


def load_shape(name: str) -> tuple[StoredModel, str]:
    """Load a model of a shape, and say where its weights come from.

    Official weights are used if they are on this machine. Otherwise weights are random, scaled so that no
    layer dies out or saturates and no denormal number arises (which the bench checks).
    """
    if name not in OFFICIAL or any(one.name == name and one.is_available for one in PUBLISHED):
        return load_model(name), "trained weights"
    return StoredModel(name, random_model(OFFICIAL[name], seed=42), None), "random weights"


def read_sentences(path: Path | None) -> list[list[str]]:
    """Read the tokenised sentences of a UTF-8 text, by default of the bundled samples."""
    return [tokens for text in _texts(path) for tokens in tokenised_sentences(text)]


def _texts(path: Path | None) -> Iterator[str]:
    if path is not None:
        yield from path.read_text(encoding="utf-8").splitlines()
        return
    for name, column in _SAMPLE_COLUMNS.items():
        with (_SAMPLES / name).open(encoding="utf-8", newline="") as file:
            yield from (row[column] for row in csv.DictReader(file))


def choose_input(name: str, sentences: list[list[str]], n_sentences: int, n_words: int) -> list[list[str]]:
    """Choose one of the inputs.

    Args:
        name: "one" (the first sentence of exactly ten words, or else the first ten words), "batch" (many
            sentences), "document" (running text read as one sequence: nothing can be done side by side).
        sentences: where to take them from.
        n_sentences: of the batch; a shorter text is taken as it is.
        n_words: of the document; a shorter text is repeated.
    """
    if name == "batch":
        return sentences[:n_sentences]
    running = itertools.chain.from_iterable(itertools.cycle(sentences))
    if name == "document":
        return [list(itertools.islice(running, n_words))]
    ten = (tokens for tokens in sentences if len(tokens) == _ONE_WORDS)
    return [next(ten, None) or list(itertools.islice(running, _ONE_WORDS))]
