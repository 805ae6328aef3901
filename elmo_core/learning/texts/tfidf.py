"""TF-IDF with logistic regression: the baseline every biLM has to beat, and a partner for its heads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Protocol, TypeAlias

import numpy as np

from elmo_core.learning.calibration import scaled_loss
from elmo_core.measuring.splitting import Split
from elmo_core.progress import Report

STRENGTHS = (1.0, 10.0, 100.0)
"""Inverse penalties that are tried."""
_BLANKS = 0.05  # share of blanks below which a language writes without them
_ABSENT = -30.0  # logit of a class that no training text has


@dataclass(frozen=True)
class WordSettings:
    """What is counted in a text."""

    analyser: str
    """"word", "char" for scripts without blanks, "char_wb" for characters within words, or "mean" for the
    shares of the words of a vocabulary, as they are or case-folded."""
    longest: int
    """Words, or signs, of the longest n-gram."""
    shortest: int = 1
    """Words, or signs, of the shortest n-gram."""
    fewest: int = 1
    """Training texts that an n-gram must occur in."""


CHARACTERS = WordSettings("char_wb", longest=5, shortest=2, fewest=2)
"""Two to five characters within a word; those of one text only would double the vocabulary."""


@dataclass(frozen=True, eq=False)
class WordModel:
    """A fitted logistic regression on the TF-IDF or the shares of V n-grams, for K classes."""

    settings: WordSettings
    vocabulary: tuple[str, ...]
    idf: np.ndarray
    """float64 (V,)."""
    weights: np.ndarray
    """float64 (K, V)."""
    bias: np.ndarray
    """float64 (K,)."""

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """Logits float64 (n, K)."""
        return self.logits_of(self.count(texts))

    def count(self, texts: Sequence[str]) -> Any:
        """TF-IDF of texts: sparse (n, V)."""
        return self._fitted_vectoriser.transform(texts)

    @cached_property
    def _fitted_vectoriser(self) -> Any:
        vectoriser = _vectoriser(self.settings, self.vocabulary)
        vectoriser.idf_ = self.idf
        return vectoriser

    def logits_of(self, counts: Any) -> np.ndarray:
        """Logits float64 (n, K) of what `count` returned."""
        return np.asarray(counts @ self.weights.T + self.bias)


def word_settings(texts: Sequence[str]) -> WordSettings:
    """Words and pairs of words; signs up to triples where texts have hardly any blanks."""
    sample = "".join(texts[:500])
    if sample and sum(map(str.isspace, sample)) / len(sample) < _BLANKS:
        return WordSettings("char", 3)
    return WordSettings("word", 2)


class Trial(Protocol):
    """A model that `choose_strength` tries on held-out texts."""

    def count(self, texts: Any, /) -> Any:
        """Turn texts into what `logits_of` reads, the same for all strengths."""

    def logits_of(self, counts: Any, /) -> np.ndarray:
        """Logits float64 (n, K) of what `count` returned."""


Trials: TypeAlias = "Callable[[Any, np.ndarray, np.ndarray, Sequence[float]], Iterator[Trial]]"
"""Fits to n texts, their classes and their weights one model for each strength."""


def fit_words(
    texts: Sequence[str],
    codes: np.ndarray,
    n_classes: int,
    splits: Sequence[Split],
    *,
    weights: np.ndarray | None = None,
    settings: WordSettings | None = None,
    report: Report | None = None,
) -> tuple[WordModel, np.ndarray]:
    """Fit TF-IDF and logistic regression, the strength chosen on held-out texts.

    Args:
        texts: n texts.
        codes: int (n,), their classes.
        n_classes: K.
        splits: the test rows of each are held out once.
        weights: float (n,), how much each text counts, up to a factor; None = all the same.
        settings: what is counted; None = as `word_settings` says.
        report: called with the progress.

    Returns:
        The model of all texts, and held-out logits (m, K), split by split.
    """
    settings = settings or word_settings(texts)
    trials = partial(_fit, n_classes, settings)
    weights = np.ones(len(texts)) if weights is None else weights / weights.mean()
    best, held_out = choose_strength(
        trials, STRENGTHS, texts, codes, n_classes, splits, weights=weights, report=report
    )
    (model,) = _fit(n_classes, settings, texts, codes, weights, (best,))
    return model, held_out


def choose_strength(
    trials: Trials,
    strengths: Sequence[float],
    texts: Sequence[Any],
    codes: np.ndarray,
    n_classes: int,
    splits: Sequence[Split],
    *,
    weights: np.ndarray,
    report: Report | None = None,
) -> tuple[float, np.ndarray]:
    """Choose the inverse penalty of a model on held-out texts.

    Args:
        trials: fits models.
        strengths: inverse penalties to try.
        texts: n texts, in the form that the trials read.
        codes: int (n,), their classes.
        n_classes: K.
        splits: the test rows of each are held out once.
        weights: float (n,), how much each text counts, with mean 1.
        report: called with the progress.

    Returns:
        The best strength, and its held-out logits (m, K), split by split.
    """
    held_out: dict[float, list[np.ndarray]] = {strength: [] for strength in strengths}
    for number, split in enumerate(splits):
        part, others = ([texts[row] for row in rows] for rows in (split.train, split.test))
        counts: Any = None
        for index, (strength, trial) in enumerate(
            zip(strengths, trials(part, codes[split.train], weights[split.train], strengths), strict=True)
        ):
            counts = trial.count(others) if counts is None else counts  # the same for all strengths
            held_out[strength].append(trial.logits_of(counts))
            if report is not None:
                report("counting words", (number + (index + 1) / len(strengths)) / (len(splits) + 0.5))
    nothing = np.empty((0, n_classes))
    logits = {strength: np.concatenate([nothing, *parts]) for strength, parts in held_out.items()}
    gold = np.concatenate([codes[:0], *(codes[split.test] for split in splits)])
    best = min(reversed(strengths), key=lambda one: scaled_loss(logits[one], gold))
    return best, logits[best]


def _fit(
    n_classes: int,
    settings: WordSettings,
    texts: Sequence[str],
    codes: np.ndarray,
    row_weights: np.ndarray,
    strengths: Sequence[float],
) -> Iterator[WordModel]:
    """One model for each strength, the n-grams counted once."""
    vectoriser = _vectoriser(settings)
    try:
        counts = vectoriser.fit_transform(texts)
    except ValueError:  # not one n-gram in enough of these texts
        nothing = WordModel(settings, ("",), np.ones(1), np.zeros((n_classes, 1)), np.zeros(n_classes))
        yield from [nothing] * len(strengths)
        return
    vocabulary = tuple(sorted(vectoriser.vocabulary_, key=vectoriser.vocabulary_.__getitem__))
    for strength in strengths:
        weights, bias = regress(counts, codes, row_weights, n_classes, strength)
        yield WordModel(settings, vocabulary, vectoriser.idf_, weights, bias)


def regress(
    counts: Any, codes: np.ndarray, row_weights: np.ndarray, n_classes: int, strength: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a logistic regression.

    Args:
        counts: (n, V), dense or sparse.
        codes: int (n,), the classes of the rows, of which some of the K may be absent.
        row_weights: float (n,), how much each row counts.
        n_classes: K.
        strength: inverse penalty C.

    Returns:
        Weights (K, V) and bias (K,).
    """
    from sklearn.linear_model import LogisticRegression

    weights, bias = np.zeros((n_classes, counts.shape[1])), np.full(n_classes, _ABSENT)
    present = np.unique(codes)
    bias[present] = 0.0
    if len(present) > 1:
        # on sparse counts, Newton's method needs a fifth of the time of L-BFGS
        model = LogisticRegression(C=strength, solver="newton-cg", max_iter=1000)
        model.fit(counts, codes, sample_weight=row_weights)
        is_pair = len(present) == 2  # then one row stands for the difference of both classes
        for fitted, own in ((weights, model.coef_), (bias, model.intercept_)):
            fitted[present] = np.concatenate([-own, own]) / 2 if is_pair else own
    return weights, bias


def _vectoriser(settings: WordSettings, vocabulary: Sequence[str] | None = None) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    if settings.analyser == "mean":
        known = frozenset(vocabulary or ())
        return TfidfVectorizer(analyzer=partial(_known_words, known), norm="l1", vocabulary=vocabulary)
    is_word = settings.analyser == "word"
    return TfidfVectorizer(
        analyzer=settings.analyser,
        ngram_range=(settings.shortest, settings.longest),
        min_df=settings.fewest,
        sublinear_tf=True,
        token_pattern=r"(?u)\w+" if is_word else None,
        vocabulary=vocabulary,
    )


def _known_words(known: frozenset[str], text: str) -> list[str]:
    """The words of a text that are known, as they are or case-folded."""
    words = (word if word in known else word.casefold() for word in text.split())
    return [word for word in words if word in known]
