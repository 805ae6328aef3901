"""Predictions for many texts, a block at a time, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.failures import require_fitted
from elmo_core.progress import Report
from elmo_core.tables.columns import texts_of
from elmo_core.tables.records import Table, unique_names

_TEXTS_PER_BLOCK = 256


@dataclass(frozen=True, eq=False)
class Prediction:
    """What one text is taken for."""

    label: str
    """Empty for a text without words."""
    probability: float
    """Of this class; 0 for a text without words."""
    probabilities: np.ndarray
    """float64 (K,), in the order of `classes_`; zeros for a text without words."""


def predict_table(
    classifier: ElmoClassifier, table: Table, text: str, *, report: Report | None = None
) -> tuple[list[str], Iterator[tuple[list[str | float | None], Prediction]]]:
    """Predict a column of a table; all columns, such as ids, stay beside the predictions.

    Args:
        classifier: fitted.
        table: of any number of rows.
        text: the column to predict.
        report: called with the progress; an error it raises stops the work.

    Returns:
        The names of the line, of all columns as they are, of the prediction and of the probabilities, and
        the cells of each row with its prediction. A new name that a column has already gets a number.

    Raises:
        InputError: there is no such column, or it holds no texts.
        NotFittedError: the classifier is not fitted.
    """
    require_fitted(classifier, "head_")
    texts, n = texts_of(table, text), len(table.columns)
    new = ["line", "predicted", *(f"p({label})" for label in classifier.classes_.tolist())]
    line, *others = unique_names([*table.columns, *new])[n:]

    def rows() -> Iterator[tuple[list[str | float | None], Prediction]]:
        found = predict_texts(classifier, texts, report=report)
        for number, row, one in zip(table.lines, table.rows, found, strict=True):
            yield [number, *row, one.label, *np.round(one.probabilities, 6).tolist()], one

    return [line, *table.columns, *others], rows()


def predict_texts(
    classifier: ElmoClassifier, texts: Sequence[str], *, report: Report | None = None
) -> Iterator[Prediction]:
    """Predict texts in order.

    Args:
        classifier: fitted.
        texts: of any number.
        report: called with the progress; an error it raises stops the work.

    Raises:
        NotFittedError: the classifier is not fitted.
    """
    require_fitted(classifier, "head_")
    names = [str(name) for name in classifier.classes_]
    nothing = Prediction("", 0.0, np.zeros(len(names)))
    for start in range(0, len(texts), _TEXTS_PER_BLOCK):
        block = texts[start : start + _TEXTS_PER_BLOCK]
        filled = [text for text in block if text.strip()]
        found = iter(classifier.predict_proba(filled) if filled else ())
        for text in block:
            if not text.strip():
                yield nothing
                continue
            row = next(found)
            best = int(row.argmax())
            yield Prediction(names[best], float(row[best]), row)
        if report is not None:
            report("predicting", min(start + _TEXTS_PER_BLOCK, len(texts)) / len(texts))
