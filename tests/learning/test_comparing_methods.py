"""The comparison of methods: what it yields, when, within which time, and what it says at the end."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.embedder import load_elmo
from elmo_core.exceptions import CancelledError, ConfigError, InputError
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.inside.deciding_words import occlude
from elmo_core.learning.inside.label_errors import out_of_fold
from elmo_core.learning.inside.learning_curve import learning_curve
from elmo_core.learning.results import SkippedMethod
from elmo_core.learning.texts.methods import text_methods
from elmo_core.learning.texts.results import (
    ATTENTION,
    LEARNED,
    LEARNED_WORDS,
    MAJORITY,
    PRODUCT,
    STATIC,
    TFIDF,
    ComparisonSettings,
)
from elmo_core.learning.texts.task import TextTask
from elmo_core.learning.time_budget import measured_rate
from elmo_core.learning.verdict import verdict
from elmo_core.learning.workflow import compare_methods
from elmo_core.measuring.splitting import Split
from elmo_core.tables.reading import read_table_file
from tests.conftest import ROOT

RNG = np.random.default_rng(3)
NOUNS = ["tea", "soup", "room", "walk", "book", "film", "song", "view", "train", "garden"]


def sentences(n: int, words: dict[str, list[str]]) -> tuple[list[str], list[str]]:
    labels = [sorted(words)[i % len(words)] for i in range(n)]
    texts = [
        f"the {RNG.choice(NOUNS)} was {RNG.choice(words[label])} and the {RNG.choice(NOUNS)} number {i}"
        for i, label in enumerate(labels)
    ]
    return texts, labels


TEXTS, LABELS = sentences(120, {"bad": ["rude", "cold", "dull"], "good": ["fine", "lovely", "warm"]})
NAMES = [method.name for method in text_methods(load_elmo("tiny"), has_static=False)]
RANDOM = [str(label) for label in RNG.choice(["x", "y"], 120)]


HOUR = 3600.0


@pytest.fixture(scope="module")
def results(elmo):
    return list(compare_methods(elmo, TEXTS, LABELS, ComparisonSettings(time_limit_s=HOUR)))


def test_all_methods_on_the_same_rows(elmo, results):
    assert [result.method for result in results] == NAMES
    for result in results:
        np.testing.assert_array_equal(result.rows, results[0].rows)
        np.testing.assert_allclose(result.probabilities.sum(axis=1), 1)
        assert (result.n_train, result.scores.n) == (96, 24)
    by_name = {result.method: result for result in results}
    assert by_name[MAJORITY].scores.accuracy.value == pytest.approx(0.5)
    assert by_name[TFIDF].scores.accuracy.value > 0.9
    assert by_name[LEARNED].classifier.predict(["the soup was cold"])[0] in ("bad", "good")
    assert by_name[MAJORITY].against == {}
    assert list(by_name[ATTENTION].against) == [TFIDF]
    assert sum(by_name[LEARNED].layer_weights) == pytest.approx(1)


def test_the_same_seed_gives_the_same_results(elmo, results):
    chosen = (TFIDF, LEARNED)
    again = compare_methods(elmo, TEXTS, LABELS, ComparisonSettings(time_limit_s=HOUR, methods=chosen))
    before = {result.method: result for result in results}
    for result in again:
        np.testing.assert_array_equal(result.probabilities, before[result.method].probabilities)


def test_baselines_come_first(elmo):
    seen = []
    run = compare_methods(elmo, TEXTS, LABELS, report=lambda doing, share: seen.append(doing))
    assert [next(run).method, next(run).method] == [MAJORITY, TFIDF]
    assert TFIDF in seen
    run.close()


def test_cross_validation_tests_every_row_once(elmo):
    settings = ComparisonSettings(n_folds=3, methods=(TFIDF, LEARNED))
    for result in compare_methods(elmo, TEXTS, LABELS, settings):
        assert sorted(result.rows.tolist()) == list(range(120))
        assert result.classifier is None
        assert result.n_train == 80


def test_static_vectors_take_part(elmo):
    static = {
        word: np.eye(4)[i % 4] for i, word in enumerate(["rude", "cold", "dull", "fine", "lovely", "warm"])
    }
    static |= {word: np.eye(4)[0] if word in ("rude", "cold", "dull") else np.eye(4)[1] for word in static}
    settings = ComparisonSettings(methods=(STATIC,))
    (result,) = compare_methods(elmo, TEXTS, LABELS, settings, static=static)
    assert result.scores.accuracy.value == 1.0


def test_it_keeps_to_its_time(elmo):
    """Without any time, what takes some is left out or cut short, and says so."""
    texts = [f"{text} {'and so on ' * 30}" for text in TEXTS * 10]
    found = list(compare_methods(elmo, texts, LABELS * 10, ComparisonSettings(time_limit_s=0.05)))
    assert len(found) == len(NAMES)
    assert any(isinstance(one, SkippedMethod) or "time limit" in one.note for one in found)


@pytest.mark.parametrize(("n_folds", "said"), [(0, "tested on"), (3, "ran on")])
def test_too_many_rows_are_sampled_and_it_says_so(elmo, monkeypatch, n_folds, said):
    monkeypatch.setattr("elmo_core.learning.texts.task.measured_rate", lambda *_: 1e-3)
    texts, labels = TEXTS * 10, LABELS * 10
    settings = ComparisonSettings(time_limit_s=60, n_folds=n_folds, methods=(TFIDF, LEARNED))
    baseline, learned = compare_methods(elmo, texts, labels, settings)
    assert said in baseline.note
    np.testing.assert_array_equal(baseline.rows, learned.rows)
    assert len(learned.rows) < (1200 if n_folds else 240)
    assert learned.n_train < 960


def test_a_listener_can_stop_it(elmo):
    def stop(doing, share):
        if doing == "reading the texts":
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        list(compare_methods(elmo, TEXTS, LABELS, report=stop))


def test_verdicts(elmo, results):
    found = verdict(results)
    assert found.kind in ("undecided", "as good", "reference better")
    assert "TF-IDF" in found.sentence
    settings = ComparisonSettings(methods=(MAJORITY, TFIDF, LEARNED_WORDS))
    at_random = verdict(compare_methods(elmo, TEXTS, RANDOM, settings))
    assert at_random.kind == "guessing"
    assert at_random.sentence.startswith("No better than guessing")


def test_a_model_of_random_weights_is_not_said_to_beat_tfidf(elmo):
    """TF-IDF is tuned with the same care as the heads: else noise beside it would look like a gain."""
    table = read_table_file(ROOT / "data" / "samples" / "reviews.csv")
    settings = ComparisonSettings(n_folds=3, methods=(TFIDF, LEARNED_WORDS))
    found = list(compare_methods(elmo, table.column("text"), table.column("sentiment"), settings))
    assert [one.method for one in found] == [TFIDF, LEARNED, LEARNED_WORDS]
    assert found[0].scores.macro_f1.value > 0.5
    assert verdict(found).kind in ("as good", "undecided")


def test_unusable_comparisons(elmo):
    with pytest.raises(InputError, match="two classes"):
        next(compare_methods(elmo, ["a", "b"], ["x", "y"]))
    with pytest.raises(InputError, match="2 texts but 1"):
        next(compare_methods(elmo, ["a", "b"], ["x"]))
    with pytest.raises(ConfigError, match="no method"):
        next(compare_methods(elmo, TEXTS, LABELS, ComparisonSettings(methods=("magic",))))
    for wrong in ({"time_limit_s": 0}, {"test_share": 1.0}, {"n_folds": 1}):
        with pytest.raises(ConfigError):
            ComparisonSettings(**wrong)


def test_learning_curve_and_folds(elmo):
    task = TextTask(elmo, TEXTS, LABELS, ComparisonSettings(test_share=0.25))
    task.embed(np.arange(len(TEXTS)), keep_tokens=False, report=None)
    (split,) = task.splits()
    points = list(learning_curve(task, task.method(LEARNED), split))
    assert [point.n_train for point in points] == [12, 22, 44, 90]
    assert points[-1].scores.n == len(split.test)
    found = out_of_fold(ElmoClassifier(elmo, penalty=0.03), task.layers, task.codes, n_folds=3)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_words_that_decided(elmo):
    classifier = ElmoClassifier(elmo).fit(TEXTS, LABELS)
    found = occlude(classifier, "the soup was cold")
    assert found.tokens == ("the", "soup", "was", "cold")
    whole, without = classifier.predict_proba([list(found.tokens), ["the", "soup", "was"]])
    assert found.probability == pytest.approx(whole.max())
    assert found.effects[3] == pytest.approx(whole[found.class_index] - without[found.class_index])
    assert occlude(classifier, "word " * 130).n_left_out == 30
    with pytest.raises(InputError, match="no words"):
        occlude(classifier, "  ")
    with pytest.raises(InputError, match="classes 0 to 1"):
        occlude(classifier, "a", 2)


def test_a_class_that_only_test_texts_have_is_never_predicted(elmo):
    texts, labels = [*TEXTS[:30], "a text of its own", "another text of its own"], [*LABELS[:30], "a", "a"]
    split = Split(np.arange(24), np.arange(24, 32))
    settings = ComparisonSettings(time_limit_s=HOUR, methods=(MAJORITY, TFIDF, LEARNED_WORDS, PRODUCT))
    for result in compare_methods(elmo, texts, labels, settings, split=split):
        assert result.classes == ("a", "bad", "good")
        assert (result.predicted > 0).all()
        np.testing.assert_allclose(result.probabilities.sum(axis=1), 1)
    *_, product = result.additions
    assert product.scores.value == result.scores.value


def test_a_program_that_holds_up_the_measurement_for_a_moment_does_not_count(monkeypatch: pytest.MonkeyPatch):
    clock, calls = [0.0], []

    def embed(rows: np.ndarray) -> None:
        calls.append(len(rows))
        clock[0] += 30.0 if len(calls) == 2 else 1e-3 * len(rows)  # seconds; the first part is held up

    monkeypatch.setattr("elmo_core.learning.time_budget.time.monotonic", lambda: clock[0])
    assert measured_rate(embed, np.full(400, 200), seed=0) == pytest.approx(1e-3 / 200)


@pytest.mark.parametrize("seed", range(5))
def test_the_rate_is_measured_where_one_text_is_a_whole_document(seed):
    read: list[int] = []
    lengths = np.array([14_000, 40, 14_000, 60_000, 9_000, 30_000])
    assert 0 <= measured_rate(lambda rows: read.extend(rows), lengths, seed) < 1
    assert len(read) >= 2
