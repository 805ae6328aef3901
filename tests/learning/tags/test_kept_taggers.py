"""The results of compared taggers as JSON, and those that ship with the model."""

from __future__ import annotations

import json

from elmo_core import load_elmo
from elmo_core.learning.results import best_result
from elmo_core.learning.tags.kept import results_from_json, results_to_json, rounded, settings_of
from elmo_core.learning.tags.prediction import tag_stream
from elmo_core.learning.tags.reading import read_token_path
from elmo_core.learning.tags.results import FEATURES, LEARNED, LOOK_UP, TagComparisonSettings
from elmo_core.learning.tags.saving import load_tagger, save_tagger
from elmo_core.learning.tags.sentences import tagged_sentences
from elmo_core.learning.tags.task import TagTask
from elmo_core.learning.verdict import verdict
from elmo_core.learning.workflow import compare_taggers
from elmo_core.shipped import shipped
from elmo_core.weights.fingerprint import fingerprint

SAMPLES = shipped("data/samples")
TRAIN, TEST = (
    tagged_sentences(read_token_path(SAMPLES / f"entities.{part}.conll")) for part in ("train", "test")
)


def test_results_and_their_tagger_come_back_as_they_were(tmp_path):
    elmo = load_elmo("tiny")
    settings = TagComparisonSettings((LOOK_UP, LEARNED), max_epochs=2, hidden=8)
    found = list(compare_taggers(TagTask(elmo, TRAIN, TEST, settings)))
    best = best_result(found)
    save_tagger(rounded(best.tagger), tmp_path / "tagger.zip")
    kept = json.loads(json.dumps(results_to_json(found, settings, TRAIN, TEST)))
    tagger = load_tagger(tmp_path / "tagger.zip", model=elmo)
    again = results_from_json(kept, TRAIN, TEST, tagger, LEARNED)
    assert settings_of(kept) == settings
    for old, new in zip(found, again, strict=True):
        assert (old.predicted, old.scores, old.against) == (new.predicted, new.scores, new.against)
        assert [len(one.found) for one in old.tagged] == [len(one.found) for one in new.tagged]
        assert [epoch.score for epoch in old.history] == [epoch.score for epoch in new.history]
    assert verdict(found).sentence == verdict(again).sentence
    assert results_from_json(kept, TEST, TRAIN, tagger, LEARNED) == ()  # of other sentences


def test_the_kept_tagger_is_of_the_shipped_model_and_small():
    elmo = load_elmo("english-small")
    kept = json.loads((SAMPLES / "openings.json").read_text("utf-8"))[fingerprint(elmo.model)]["tagging"]
    path = SAMPLES / kept["tagger"]
    tagger = load_tagger(path, model=elmo)
    results = results_from_json(kept, TRAIN, TEST, tagger, kept["tagger_of"])
    scores = {one.method: one.scores.value.value for one in results}
    assert scores[kept["tagger_of"]] > scores[FEATURES]
    (tagged,) = tag_stream(tagger, [["Tariq", "Nguyen", "flew", "from", "Cairo", "."]])
    assert [one.span.label for one in tagged.found] == ["PER", "LOC"]
    assert path.stat().st_size < 1_000_000
