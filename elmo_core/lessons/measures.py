"""What a lesson can measure: numbers computed by the model at the moment they are asked for.

Each measure is a method of `Measures`. A lesson writes its name in `MEASURES`, and its keyword arguments.
The measures of words read the bundled sentences with their labelled senses.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.geometry.clustering import unit_rows
from elmo_core.geometry.separation import separation
from elmo_core.layers.labelled import label_texts, label_tokens
from elmo_core.layers.mixture import Mixture
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.progress import Report
from elmo_core.senses.groups import CandidateGroups, find_groups
from elmo_core.senses.study import CONTEXT, view_names
from elmo_core.senses.use_vectors import UseVectors, embed_uses
from elmo_core.senses.uses import Uses, find_uses
from elmo_core.senses.what_if import locate, place_use
from elmo_core.shipped import shipped
from elmo_core.tables.corpus import Text, read_column
from elmo_core.tables.reading import read_table_file
from elmo_core.text.tokenisation import tokenise

PERCENT, NUMBER = "percent", "number"
GUESSING, TFIDF, MODEL = "Guessing", "TF-IDF", "Model"
TRUE, REPAIRED = "true contexts", "re-paired contexts"

_FOLDS, _MOST_EPOCHS = 5, 20
_TINY_RUN = PretrainConfig(
    model=BiLMConfig(
        lstm_dim=64,
        projection_dim=32,
        n_words=4,
        has_softmax=True,
        char_cnn=CharCNNConfig(embedding_dim=8, filters=((1, 16), (2, 32), (3, 32)), n_highway=1),
    ),
    min_count=2,
    softmax="full",
    rows=64,
    unroll_steps=10,
    learning_rate=1e-2,
    warm_up_steps=5,
    average_decay=0.9,
    checkpoint_steps=10_000,
    log_steps=5,
    valid_tokens=500,
)
_SETS = {
    "topics": ("topics.csv", "text", "topic"),
    "reviews": ("reviews.csv", "text", "sentiment"),
    "words": ("senses.csv", "sentence", "word"),
}
"""File and columns of the bundled texts with labels."""


class Measures:
    """The measures, on one model; vectors that several of them need are computed once."""

    def __init__(self, elmo: Encoder, report: Report | None = None) -> None:
        """Take a model.

        Args:
            elmo: the model that is asked.
            report: told the progress of long work.
        """
        self._elmo, self.report = elmo, report
        self._uses: dict[str, tuple[Uses, UseVectors]] = {}
        self._texts: dict[str, np.ndarray] = {}
        self._groups: dict[str, CandidateGroups] = {}

    def nearest_sense(self, *, word: str, view: str) -> float:
        """Share of the uses of a word that lie nearest to the mean of their own labelled sense.

        Args:
            word: of the bundled sentences.
            view: "Context", a layer's name, "Uniform mix" or weights such as "0 1 2".
        """
        uses, _ = self._read(word)
        return separation(self._units(word, view), uses.labels, n_shuffles=2).accuracy

    def shuffled_senses(self, *, word: str, view: str) -> float:
        """Return what `nearest_sense` gives on average after dealing out the senses at random."""
        uses, _ = self._read(word)
        return separation(self._units(word, view), uses.labels).shuffled_mean

    def sense_probability(self, *, word: str, sense: str, sentence: str) -> float:
        """Probability that a new sentence uses the word in a sense, from its context.

        Args:
            word: of the bundled sentences.
            sense: one of its labelled senses.
            sentence: with the word in it.

        Raises:
            InputError: the word has no such sense, or the sentence lacks the word.
        """
        uses, vectors = self._read(word)
        senses = sorted({label for label in uses.labels if label})
        if sense not in senses:
            raise InputError(f"{word!r} has the senses {', '.join(senses)}; there is no {sense!r}.")
        tokens, place = locate(sentence, uses)
        labels = [senses.index(label) if label else -1 for label in uses.labels]
        return place_use(self._elmo, tokens, place, vectors, labels).posterior[senses.index(sense)]

    def cosine(self, *, word: str, view: str, sentences: list[str]) -> float:
        """Cosine of the vectors that a word has in two sentences.

        Args:
            word: one word.
            view: a layer's name, "Uniform mix" or weights.
            sentences: two, each with the word.
        """
        uses = find_uses(sentences, word)
        if len(sentences) != 2 or [use.sentence for use in uses.uses] != [0, 1]:
            raise InputError(f"A cosine needs two sentences, each with the word {word!r} once.")
        layers = embed_uses(self._elmo, uses).layers
        first, second = np.tensordot(self._weights(view), unit_rows(layers), axes=1)
        return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))

    def silhouette(self, *, word: str, of: str) -> float:
        """Silhouette of the best two groups of a word's uses.

        Args:
            word: of the bundled sentences.
            of: "true contexts", or "re-paired contexts" for the null.

        Raises:
            InputError: the model has no two directions whose contexts could be re-paired.
        """
        found = self._two_groups(word)
        if of == REPAIRED and not found.has_null:
            raise InputError(
                f"{self._elmo.name} reads both sides of a word at once, so no contexts can be re-paired; "
                "choose a biLM for this question."
            )
        return float(_choose(of, {TRUE: found.silhouette, REPAIRED: found.paired_mean}))

    def word_class(self, *, view: str) -> float:
        """Share of tokens that lie nearest to the mean of their own part of speech.

        Args:
            view: a layer's name, "Uniform mix" or weights.
        """
        table = read_table_file(shipped("data/samples/word_classes.csv"))
        pairs = zip(table.column("tokens"), table.column("tags"), strict=True)
        data = label_tokens(
            self._elmo, [list(zip(a.split(), b.split(), strict=True)) for a, b in pairs], self.report
        )
        mixed = np.tensordot(
            self._weights(view), data.layers - data.layers.mean(axis=1, keepdims=True), axes=1
        )
        return separation(mixed, data.labels, n_shuffles=2).accuracy

    def macro_f1(self, *, data: str, method: str) -> float:
        """Macro-F1 of a classifier of texts, each text tested once (five folds, seed 0).

        Args:
            data: "topics", "reviews", or "words" (which ambiguous word a bundled sentence holds).
            method: "Guessing" (the most frequent label), "TF-IDF" or "Model" (mean vector of all layers);
                the latter two with logistic regression.
        """
        from sklearn.dummy import DummyClassifier
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import f1_score
        from sklearn.model_selection import StratifiedKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        texts, labels = _labelled_texts(data)
        model = _choose(
            method,
            {
                GUESSING: DummyClassifier(strategy="most_frequent"),
                TFIDF: make_pipeline(
                    TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10, max_iter=1000)
                ),
                MODEL: make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000)),
            },
        )
        X = self._text_vectors(data, texts, labels) if method == MODEL else np.array(texts, dtype=object)
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
        predicted = cross_val_predict(model, X, labels, cv=folds)
        return float(f1_score(labels, predicted, average="macro", zero_division=0))

    def perplexity(self, *, epochs: int) -> float:
        """Perplexity of a very small model that is trained here and now, on sentences it has not read.

        Args:
            epochs: times that it reads the other bundled sentences; at most 20.
        """
        if not 1 <= epochs <= _MOST_EPOCHS:
            raise InputError(f"epochs is a number from 1 to {_MOST_EPOCHS}; got {epochs}.")
        return _train(epochs, self.report)

    def _read(self, word: str) -> tuple[Uses, UseVectors]:
        if word not in self._uses:
            text = _sentences()
            uses = find_uses(text.sentences, word, text.labels_of(word))
            if not any(uses.labels):
                offered = ", ".join(dict.fromkeys(text.words))
                raise InputError(f"The bundled sentences label no senses of {word!r}, only of {offered}.")
            self._uses[word] = uses, embed_uses(self._elmo, uses)
        return self._uses[word]

    def _units(self, word: str, view: str) -> np.ndarray:
        _, vectors = self._read(word)
        if view == CONTEXT:
            return vectors.contexts.units()
        return vectors.view(self._weights(view).tolist()).units()

    def _weights(self, view: str) -> np.ndarray:
        names, n = view_names(self._elmo.n_layers), self._elmo.n_layers
        if view == names[-1]:
            return np.full(n, 1 / n)
        if view in names:
            return np.asarray(np.eye(n)[names.index(view)])
        try:
            return np.array(Mixture.parse(view, n).weights)
        except InputError:
            raise InputError(
                f"There is no view {view!r} of this model; there are {', '.join(names)} and weights such as "
                f"{' '.join('1' * n)}."
            ) from None

    def _two_groups(self, word: str) -> CandidateGroups:
        if word not in self._groups:
            _, vectors = self._read(word)
            found = find_groups(
                vectors.contexts, numbers=(2,), n_resamples=1
            )  # the stability is not asked for
            (self._groups[word],) = found.candidates
        return self._groups[word]

    def _text_vectors(self, data: str, texts: list[str], labels: list[str]) -> np.ndarray:
        if data not in self._texts:
            layers = label_texts(self._elmo, texts, labels, self.report).layers
            self._texts[data] = np.concatenate(list(layers), axis=1)  # (n, L * D)
        return self._texts[data]


MEASURES: dict[str, tuple[Callable[..., float], str]] = {
    "nearest sense": (Measures.nearest_sense, PERCENT),
    "shuffled senses": (Measures.shuffled_senses, PERCENT),
    "sense probability": (Measures.sense_probability, PERCENT),
    "cosine": (Measures.cosine, NUMBER),
    "silhouette": (Measures.silhouette, NUMBER),
    "word class": (Measures.word_class, PERCENT),
    "macro-F1": (Measures.macro_f1, PERCENT),
    "perplexity": (Measures.perplexity, NUMBER),
}
"""Each measure by the name that a lesson writes, with its unit."""


def arguments_of(measure: str) -> dict[str, str]:
    """Return the arguments of a measure and their types, as written in its signature."""
    parameters = inspect.signature(MEASURES[measure][0]).parameters
    return {name: str(parameters[name].annotation) for name in parameters if name != "self"}


@cache
def _sentences() -> Text:
    table = read_table_file(shipped("data/samples/senses.csv"))
    return read_column(table, "sentence", "sense", "word")


def _labelled_texts(data: str) -> tuple[list[str], list[str]]:
    file, text, label = _choose(data, _SETS)
    table = read_table_file(shipped(f"data/samples/{file}"))
    return list(table.column(text)), list(table.column(label))


def _choose(name: str, values: dict[str, Any]) -> Any:
    if name not in values:
        raise InputError(f"There is no {name!r} here; there are {', '.join(values)}.")
    return values[name]


def _train(epochs: int, report: Report | None) -> float:
    """Train a very small model on four fifths of the sentences; return its perplexity on the rest."""
    from elmo_core.pretraining.cache import open_corpus
    from elmo_core.pretraining.evaluation import text_perplexity
    from elmo_core.pretraining.trainer import Trainer

    sentences = [tokenise(sentence) for sentence in _sentences().sentences if isinstance(sentence, str)]
    new, training = sentences[::5], [words for at, words in enumerate(sentences) if at % 5]
    config = replace(_TINY_RUN, total_words=epochs * sum(len(words) + 1 for words in training))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = folder / "training.txt"
        text.write_text("\n".join(" ".join(words) for words in training), encoding="utf-8")
        corpus = open_corpus(str(text), folder / "cache", tokenised=True)
        trainer = Trainer(config, corpus, new, folder / "run")
        try:
            for step in trainer.run():
                if report:
                    report("training a language model", min(1.0, step.words / config.total_words))
        finally:
            torch.set_flush_denormal(False)  # the trainer's setting, which would outlive it on this thread
        return text_perplexity(trainer.exported_model(), trainer.vocabulary, new).mean
