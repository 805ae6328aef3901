"""Two models in one comparison: the same test items and baselines, and one verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from elmo_core.learning.calibration import calibration
from elmo_core.learning.inside.inspection import Inspection
from elmo_core.learning.results import SkippedMethod, best_result
from elmo_core.learning.tags.results import FEATURES, LAYER_0, LOOK_UP, TagComparisonSettings
from elmo_core.learning.tags.results import LEARNED as LEARNED_TAGS
from elmo_core.learning.tags.sentences import TaggedSentences
from elmo_core.learning.tags.task import TagTask
from elmo_core.learning.texts.results import LEARNED, LEARNED_WORDS, TFIDF, ComparisonSettings, TextResult
from elmo_core.learning.texts.scores import score
from elmo_core.learning.verdict import _between_models, verdict
from elmo_core.learning.workflow import compare_methods, compare_taggers, run_classification
from elmo_core.models import load_encoder
from elmo_core.weights.folder import write_folder
from elmo_core.weights.tiny import tiny_model
from tests.learning.test_comparing_methods import LABELS, TEXTS
from tests.learning.test_workflow import dataset


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory):
    """The same weights under another name."""
    path = tmp_path_factory.mktemp("models") / "twin"
    write_folder(tiny_model(), path, dtype="float32")
    return load_encoder(path)


def made(method: str, gold: np.ndarray, predicted: np.ndarray, model: str) -> TextResult:
    """The result of a method on the biLM that has predicted this."""
    probabilities = np.eye(2)[predicted]
    return TextResult(
        method=method,
        needs_model=True,
        model=model,
        rows=np.arange(len(gold)),
        scores=score(gold, predicted, 2, seed=0),
        seed=0,
        classes=("a", "b"),
        gold=gold,
        probabilities=probabilities,
        calibration=calibration(probabilities, gold),
    )


def test_a_twin_gets_the_same_scores_against_the_same_baselines_and_is_not_told_apart(elmo, twin):
    settings = ComparisonSettings(time_limit_s=3600.0, methods=(TFIDF, LEARNED_WORDS))
    results = list(compare_methods(elmo, TEXTS, LABELS, settings, second=twin))
    names = [TFIDF, LEARNED, LEARNED_WORDS, f"{LEARNED}, twin", f"{LEARNED_WORDS}, twin"]
    assert [result.method for result in results] == names
    _, *own = results[:3]
    for first, second in zip(own, results[3:], strict=True):
        assert (first.model, second.model) == ("", "twin")
        np.testing.assert_array_equal(first.probabilities, second.probabilities)
        np.testing.assert_array_equal(first.rows, second.rows)
        assert first.against[TFIDF] == second.against[TFIDF]
    found = verdict(results)
    assert "Between the models, by the method that is best for both together" in found.sentence
    assert "a difference of +0.0 (95% interval +0.0 to +0.0, p = 1.0000); the two are" in found.sentence
    assert "Between the models" not in verdict(results[:3]).sentence
    assert best_result(results) is not None and not best_result(results).model


def test_the_better_of_two_models_is_named(elmo, twin):
    settings = ComparisonSettings(time_limit_s=3600.0, n_folds=2, methods=(TFIDF, "layer 0 + LR"))
    *others, first, second = compare_methods(elmo, TEXTS, LABELS, settings, second=twin)
    right = replace(
        second,
        probabilities=np.eye(2)[second.gold],
        scores=score(second.gold, second.gold, 2, seed=0),
    )
    sentence = verdict([*others, first, right]).sentence
    assert f"best for both together ({first.method}): twin has 100.0 against" in sentence
    assert sentence.endswith("; twin is better.")
    alone = replace(right, method="another, twin")
    assert "Between the models" not in verdict([*others, first, alone]).sentence


def test_picking_the_method_by_both_scores_does_not_raise_the_level():
    """Two models of five methods each, all right as often: at most one claim in twenty."""
    generator, n, claims = np.random.default_rng(0), 60, 0
    gold = np.arange(n) % 2
    for _ in range(40):
        results = []
        for model in ("", "twin"):
            for number in range(5):
                predicted = np.where(generator.random(n) < 0.75, gold, 1 - gold)
                found = made(f"m{number}{model and ', twin'}", gold, predicted, model)
                results.append(found)
        claims += "is better" in _between_models(results)
    assert claims <= 6  # 2 are expected; 7 or more have a probability of 0.3%


def test_methods_that_the_second_model_lacks_are_left_out_and_the_first_is_looked_into(
    elmo, random_bert: Path
):
    bert = load_encoder(random_bert, device="cpu")
    shares: list[float] = []
    settings = ComparisonSettings(time_limit_s=3600.0, methods=("layer 3 + LR",))
    *results, inspection = run_classification(
        bert, dataset(), settings, second=elmo, report=lambda _, share: shares.append(share)
    )
    assert [result.method for result in results] == ["layer 3 + LR"]  # tiny has three layers
    assert isinstance(inspection, Inspection) and inspection.best.method == "layer 3 + LR"
    assert shares == sorted(shares)


def test_taggers_of_two_models_stand_in_one_table(elmo, random_bert: Path):
    tokens = tuple(
        (name, "left", place, ".") for name in ("Ann", "Bob", "Cara") for place in ("Oslo", "Rome")
    )
    tags = tuple(("B-PER", "O", "B-LOC", "O") for _ in tokens)
    data = TaggedSentences("data", tokens, tags, (0,) * len(tokens), "BIO")
    settings = TagComparisonSettings(methods=(LOOK_UP, FEATURES, LAYER_0, LEARNED_TAGS), max_epochs=1)
    epochs: list[str] = []
    results = list(
        compare_taggers(
            TagTask(elmo, data, data, settings),
            second=load_encoder(random_bert, device="cpu"),
            on_epoch=lambda name, _: epochs.append(name),
        )
    )
    named = [f"{LAYER_0}, random-bert", f"{LEARNED_TAGS}, random-bert"]
    assert [result.method for result in results] == [LOOK_UP, FEATURES, LAYER_0, LEARNED_TAGS, *named]
    assert not any(isinstance(result, SkippedMethod) for result in results)
    assert set(results[-1].against) == set(results[-3].against) == {LOOK_UP, FEATURES}
    assert set(named) < set(epochs)
