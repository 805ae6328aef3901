"""Write one small file of each kind that the program saves, with what it answers.

    python -m tests.saved_files.write tests/saved_files/2026-11

A folder here was written by the program of its day and never changes: `test_saved_files.py` reads it with
the program of today. When a format changes, write a new folder and keep the old ones.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from elmo_core import ElmoClassifier, ElmoTagger, load_elmo
from elmo_core.index.building import build_use_index
from elmo_core.index.records import CorpusSentence
from elmo_core.learning.tags.saving import save_tagger
from elmo_core.learning.texts.saving import save_classifier
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.trainer import Trainer
from elmo_core.weights.folder import write_folder
from elmo_core.weights.registry import load_model
from tests.pretraining.corpora import small_settings, write_corpus

GOOD = ["a fine cup of tea", "what a lovely warm place", "fine cakes and a lovely view", "lovely tea"]
BAD = ["cold soup !", "the soup was cold and the waiter rude !", "a rude waiter !", "cold and rude !"]
TEXTS = [f"{text} {number}" for number in range(5) for text in GOOD + BAD]
LABELS = (["good"] * 4 + ["bad"] * 4) * 5
NEW_TEXTS = ["a lovely cup of tea", "rude , cold soup", "the view"]
SENTENCES = [
    ["Ann", "Lee", "lives", "in", "Oslo", "."],
    ["In", "New", "York", ",", "Bob", "sleeps"],
    ["Bob", "lives", "in", "Rome", "."],
    ["In", "Oslo", ",", "Cara", "Day", "sleeps"],
] * 4
TAGS = [
    ["B-PER", "I-PER", "O", "O", "B-LOC", "O"],
    ["O", "B-LOC", "I-LOC", "O", "B-PER", "O"],
    ["B-PER", "O", "O", "B-LOC", "O"],
    ["O", "B-LOC", "O", "B-PER", "I-PER", "O"],
] * 4
CORPUS = [CorpusSentence(tuple(sentence), f"file {row % 2}") for row, sentence in enumerate(SENTENCES)]
QUERY, POSITION = ["Bob", "lives", "in", "Oslo", "."], 4
STOPPED_AT = 25


def main(folder: Path) -> None:
    folder.mkdir(parents=True)
    elmo = load_elmo("tiny")
    expected: dict[str, Any] = {}

    classifier = ElmoClassifier("tiny").fit(TEXTS, LABELS)
    save_classifier(classifier, folder / "classifier.zip")
    expected["classifier"] = classifier.predict_proba(NEW_TEXTS).tolist()

    tagger = ElmoTagger("tiny", hidden=8, learning_rate=0.01, batch_size=4, max_epochs=12, patience=12)
    tagger.fit(SENTENCES, TAGS)
    save_tagger(tagger, folder / "tagger.zip")
    expected["tagger"] = [list(tags) for tags in tagger.predict(SENTENCES[:4])]

    index = build_use_index(elmo, CORPUS, folder / "index", corpus="saved")
    layers = elmo.embed([QUERY])[0].layers[:, POSITION]
    expected["index"] = [use.word for use in index.nearest(layers, 3)]

    write_folder(load_model("tiny"), folder / "model")
    expected["model"] = load_elmo(folder / "model").embed([QUERY])[0].layers[:, POSITION, :4].tolist()

    run = folder / "run"
    write_corpus(folder / "corpus.txt")
    corpus = open_corpus(str(folder / "corpus.txt"), folder / "cache", tokenised=True)
    trainer = Trainer(small_settings(), corpus, [corpus.words(index) for index in range(20)], run)
    for row in trainer.run():
        if row.step == STOPPED_AT:
            break
    shutil.rmtree(folder / "cache")
    shutil.rmtree(run / "checkpoint-00000010")
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
