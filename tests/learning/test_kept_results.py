"""The results of a comparison as JSON, and those that ship with the model."""

from __future__ import annotations

import json

import numpy as np
import pytest

from elmo_core import load_elmo
from elmo_core.learning.texts.kept import results_from_json, results_to_json
from elmo_core.learning.texts.results import ComparisonSettings
from elmo_core.learning.verdict import verdict
from elmo_core.learning.workflow import compare_methods
from elmo_core.shipped import shipped
from elmo_core.tables.reading import read_table_file
from elmo_core.weights.fingerprint import fingerprint

KEPT = json.loads(shipped("data/samples/openings.json").read_text("utf-8"))


def test_the_kept_comparison_is_of_the_shipped_model_and_agrees_with_one_computed_now():
    elmo = load_elmo("english-small")
    kept = results_from_json(KEPT[fingerprint(elmo.model)]["comparison"])
    table = read_table_file(shipped("data/samples/topics.csv"))
    texts, labels = table.column("text"), table.column("topic")
    assert [kept[0].classes[code] for code in kept[0].gold] == [labels[row] for row in kept[0].rows]
    settings = ComparisonSettings(n_folds=5, methods=("majority class", "TF-IDF + LR"))
    for now in compare_methods(elmo, texts, labels, settings):
        before = next(one for one in kept if one.method == now.method)
        assert before.scores.value.value == pytest.approx(now.scores.value.value, abs=0.03)
    assert verdict(kept).sentence.startswith("product of experts is better than TF-IDF")


def test_results_come_back_as_they_were():
    texts = [f"{word} day number {row}" for row in range(30) for word in ("good", "bad")]
    settings = ComparisonSettings(n_folds=3, methods=("majority class", "TF-IDF + LR"))
    found = list(compare_methods(load_elmo("tiny"), texts, ["good", "bad"] * 30, settings))
    again = results_from_json(json.loads(json.dumps(results_to_json(found))))
    for old, new in zip(found, again, strict=True):
        assert np.array_equal(old.predicted, new.predicted)
        assert (old.scores, old.against) == (new.scores, new.against)
    assert verdict(found).sentence == verdict(again).sentence
