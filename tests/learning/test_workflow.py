"""A whole run of classification: what it yields, how it reports its progress, what it leaves behind."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

from elmo_core.exceptions import CancelledError, InputError
from elmo_core.learning.inside.inspection import Inspection
from elmo_core.learning.results import SkippedMethod
from elmo_core.learning.texts.dataset import prepare
from elmo_core.learning.texts.results import (
    ATTENTION,
    LEARNED,
    LEARNED_WORDS,
    MAJORITY,
    TFIDF,
    ComparisonSettings,
)
from elmo_core.learning.texts.task import TextTask
from elmo_core.learning.time_budget import READING, StepProgress, expected_steps
from elmo_core.learning.verdict import verdict
from elmo_core.learning.workflow import classification_facts, run_classification
from elmo_core.tables.reading import read_table

WORDS = {"bad": ("rude", "cold", "dull"), "good": ("fine", "lovely", "warm")}
NOUNS = ("tea", "soup", "room", "walk", "book", "film", "song", "view")


def dataset(n: int = 80):
    rng = np.random.default_rng(2)
    labels = [sorted(WORDS)[row % 2] for row in range(n)]
    labels[10] = "good"  # which it is not
    rows = []
    for row, label in enumerate(labels):
        first, second, word = rng.choice(NOUNS), rng.choice(NOUNS), rng.choice(WORDS[sorted(WORDS)[row % 2]])
        rows.append(f"{first} and {second} were {word} {row},{label}")
    return prepare(read_table("\n".join(["text,label", *rows]).encode(), "d.csv"), "text", "label")


@pytest.mark.parametrize("n_folds", [0, 3])
def test_a_session_ends_with_a_look_inside(elmo, n_folds):
    data, told = dataset(), []
    settings = ComparisonSettings(n_folds=n_folds, methods=(TFIDF, LEARNED_WORDS))
    *results, found = run_classification(
        elmo, data, settings, report=lambda doing, share: told.append((doing, share))
    )
    assert [one.method for one in results] == [TFIDF, LEARNED, LEARNED_WORDS]
    assert isinstance(found, Inspection)
    assert found.best.method in (LEARNED, LEARNED_WORDS)
    assert found.classifier.classes_.tolist() == ["bad", "good"]
    assert found.n_learned == (len(data.texts) if n_folds else found.best.n_train)
    assert found.rows.tolist() == list(range(len(data.texts)))
    assert found.means.shape == (len(data.texts), elmo.dim)
    assert [point.n_train for point in found.curve][-1] >= len(data.texts) / 2
    assert 10 in [one.row for one in found.suspects]
    assert not found.left_out
    facts = classification_facts(found, data, ("text", "label"), verdict(results))
    assert facts["macro_f1"] == found.best.scores.macro_f1.value  # as in the verdict, rounded once
    assert (facts["rows_learned_from"], facts["data"]) == (found.n_learned, "d.csv")
    shares = [share for _, share in told]
    assert all(0 <= share <= 1 for share in shares)
    backwards = sum(after < before - 0.02 for before, after in pairwise(shares))
    assert backwards <= 1  # once the speed is measured, the whole is known
    assert {"learning curve", "label errors", TFIDF} <= {doing for doing, _ in told}


def test_without_a_method_on_the_bilm_there_is_nothing_inside(elmo):
    parts = list(run_classification(elmo, dataset(), ComparisonSettings(methods=(MAJORITY, TFIDF))))
    assert [one.method for one in parts] == [MAJORITY, TFIDF]


def test_unusable_data_is_refused(elmo):
    table = read_table(b"text,label\nfine,a\nbad,a\n", "a.csv")
    with pytest.raises(InputError, match="two classes"):
        next(run_classification(elmo, prepare(table, "text", "label"), ComparisonSettings()))


def test_it_keeps_to_its_time_and_says_what_is_missing(elmo):
    data = dataset(1200)
    parts = list(run_classification(elmo, data, ComparisonSettings(time_limit_s=0.05)))
    cut = [one for one in parts if isinstance(one, SkippedMethod)]
    missing = [one for one in parts if isinstance(one, Inspection) and one.left_out]
    short = [one for one in parts if getattr(one, "note", "")]
    assert cut or missing or short


def test_it_can_be_stopped_anywhere(elmo):
    for wanted in (TFIDF, LEARNED, "label errors"):

        def stop(doing, share, wanted=wanted):
            if doing == wanted:
                raise CancelledError(wanted)

        settings = ComparisonSettings(methods=(TFIDF, LEARNED))
        with pytest.raises(CancelledError, match=re.escape(wanted)):
            list(run_classification(elmo, dataset(40), settings, report=stop))


def test_progress_is_that_of_the_whole():
    told: list[tuple[str, float]] = []
    progress = StepProgress(lambda doing, share: told.append((doing, round(share, 3))))
    progress("measuring", 0.5)
    progress.expect({"a": 1.0, "b": 3.0})
    progress.start("a")
    progress("inner", 0.5)
    progress.start("b", 1, 2)
    progress("inner", 1.0)
    assert told == [("measuring", 0.0), ("a", 0.0), ("a", 0.125), ("b", 0.625), ("b", 1.0)]


def test_estimates_grow_with_the_work(elmo):
    def steps(texts, n_splits=1, limit_s=600.0, rate=1e-4):
        settings = ComparisonSettings(methods=(TFIDF, LEARNED, ATTENTION))
        task = TextTask(elmo, texts, ["a", "b"] * (len(texts) // 2), settings)
        return expected_steps(task, task.methods, rate, n_splits, limit_s)

    first = steps(["ten letters"] * 1000)
    assert list(first) == [TFIDF, READING, LEARNED, ATTENTION]
    assert sum(steps(["ten letters " * 2] * 1000).values()) > sum(first.values())
    assert steps(["ten letters"] * 1000, n_splits=5)[LEARNED] == pytest.approx(5 * first[LEARNED], rel=0.2)
    assert sum(steps(["ten letters"] * 1000, limit_s=4.0).values()) <= 4.01
