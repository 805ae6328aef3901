"""Taggers beside their baselines, on one task that the biLM reads once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from elmo_core import load_elmo
from elmo_core.exceptions import CancelledError, ConfigError, InputError, TrainingError
from elmo_core.learning.inside.learning_curve import learning_curve, trend
from elmo_core.learning.results import SkippedMethod
from elmo_core.learning.tags import results as methods
from elmo_core.learning.tags.baselines import look_up
from elmo_core.learning.tags.feature_crf import feature_crf, features
from elmo_core.learning.tags.reading import read_token_path
from elmo_core.learning.tags.results import TagComparisonSettings
from elmo_core.learning.tags.sentences import TaggedSentences, tagged_sentences
from elmo_core.learning.tags.task import TagTask
from elmo_core.learning.workflow import compare_taggers
from elmo_core.static.vectors import StaticVectors
from tests.conftest import ROOT

TOKENS = [["Ann", "Lee", "met", "Bob"], ["Bob", "saw", "Rome"], ["Rome", "slept"], ["Ann", "Lee", "slept"]]
TAGS = [["B-PER", "I-PER", "O", "B-PER"], ["B-PER", "O", "B-LOC"], ["B-LOC", "O"], ["B-PER", "I-PER", "O"]]


@pytest.fixture(scope="module")
def parts():
    return [
        tagged_sentences(read_token_path(ROOT / "data" / "samples" / f"entities.{part}.conll")).take(range(n))
        for part, n in (("train", 40), ("test", 20))
    ]


@pytest.fixture(scope="module")
def run(elmo, parts):
    """Run a comparison, with its task."""

    def run(settings=None, *, model=elmo, data=parts, static=None, **listeners):
        task = TagTask(model, *data, settings, static=static)
        return task, list(compare_taggers(task, **listeners))

    return run


def test_look_up_finds_the_longest_known_names():
    test = [["Ann", "Lee", "and", "Lee"], ["Rome", "Bob"], []]
    assert look_up(TOKENS, TAGS, test, is_spans=True) == [
        ["B-PER", "I-PER", "O", "O"],
        ["B-LOC", "B-PER"],
        [],
    ]
    plain = [["N", "N", "V", "N"], ["N", "V", "N"], ["N", "V"], ["N", "N", "V"]]
    assert look_up(TOKENS, plain, [["saw", "who"]], is_spans=False) == [["V", "N"]]


def test_feature_crf_learns_what_it_is_shown():
    assert feature_crf(TOKENS * 5, TAGS * 5, [*TOKENS, []]) == [*TAGS, []]
    assert "0 shape=Xx" in features(["Ann"])[0]
    with pytest.raises(InputError):
        feature_crf([[]], [[]], TOKENS)
    with pytest.raises(TrainingError, match="could not be learned"):
        feature_crf(TOKENS, TAGS[:-1], TOKENS)


def test_feature_crf_can_be_stopped_at_once():
    def tick():
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):  # an hour of work; the test's own time limit would end it
        feature_crf(TOKENS * 20_000, TAGS * 20_000, TOKENS, tick=tick)


def test_all_methods_on_the_same_sentences(run):
    told, shares = [], []
    task, results = run(
        TagComparisonSettings(max_epochs=2, hidden=16),
        report=lambda doing, share: shares.append(share),
        on_epoch=lambda name, epoch: told.append(name),
    )
    assert [one.method for one in results] == list(methods.METHODS)
    assert shares == sorted(shares)
    assert set(told) == set(methods.METHODS[2:])
    for one in results:
        assert [len(tags) for tags in one.predicted] == [len(tokens) for tokens in task.test.tokens]
        assert one.scores.n == sum(task.test.label_counts.values())
        before = methods.BASELINES[: methods.METHODS.index(one.method)]
        assert list(one.against) == list(before)
        assert (one.layer_weights is None) == (one.method in methods.BASELINES)
    by_name = {one.method: one for one in results}
    assert by_name[methods.LAYER_0].layer_weights == (1, 0, 0)
    assert by_name[methods.FEATURES].scores.value.value > by_name[methods.LOOK_UP].scores.value.value
    assert [one.tags for one in by_name[methods.LEARNED].tagged] == list(by_name[methods.LEARNED].predicted)


def test_a_model_without_a_softmax_has_no_static_vectors(run):
    elmo = load_elmo("tiny")
    elmo.model.softmax = None
    _, (only,) = run(TagComparisonSettings((methods.STATIC,)), model=elmo)
    assert isinstance(only, SkippedMethod)
    assert "no softmax" in only.reason


def test_unknown_methods_are_refused():
    for names in (("magic",), ()):
        with pytest.raises(ConfigError, match="methods must be"):
            TagComparisonSettings(names)


def test_learning_curve_grows(run):
    task, _ = run(TagComparisonSettings((methods.LEARNED,), max_epochs=1, hidden=8))
    (split,) = task.splits()
    points = list(learning_curve(task, task.method(methods.LEARNED), split))
    assert [point.n_train for point in points] == [10, 20, 40]
    assert "to 40 sentences" in trend(points, "sentence").sentence
    assert {point.scores.n_sentences for point in points} == {20}


def test_word_classes_go_the_same_way(run):
    tags = [["N", "N", "V", "N"], ["N", "V", "N"], ["N", "V"], ["N", "N", "V"]]
    parts = (tuple(map(tuple, values)) for values in (TOKENS * 3, tags * 3))
    data = TaggedSentences("words", *parts, tuple(range(12)), "plain")
    settings = TagComparisonSettings((methods.LOOK_UP, methods.FEATURES, methods.LEARNED), max_epochs=2)
    _, results = run(settings, data=(data, data))
    assert {one.scores.measure for one in results} == {"accuracy"}
    assert results[1].scores.value.value == 1.0


def test_ones_own_static_vectors_take_the_place_of_the_models(run, parts):
    words = tuple(dict.fromkeys(word for row in parts[0].tokens for word in row))
    matrix = np.random.default_rng(0).standard_normal((len(words), 7)).astype(np.float32)
    own = StaticVectors("own", words, matrix)
    settings = TagComparisonSettings((methods.STATIC, methods.LEARNED), max_epochs=1)
    _, (static, learned) = run(settings, static=own)
    assert static.tagger.static is own and static.tagger.head_.shape.static_dim == 7
    assert learned.tagger.static is None
    _, (before,) = run(replace(settings, methods=(methods.STATIC,)))
    assert before.tagger.static == "output"
