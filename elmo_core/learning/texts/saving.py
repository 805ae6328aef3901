"""The codec of fitted classifiers; see `elmo_core.learning.saving` for the format.

classifier.json     also: classes, temperature and the other numbers of the fit
head.safetensors    also: the numbers of the experts beside the head
words.txt           the n-grams of the TF-IDF, if it has one
characters.txt      those of the expert on characters, static.txt the words of that on static vectors

A fine-tuned biLM is in head.safetensors too: its LSTMs and its regression, whole and in float32. Its token
encoder is that of the biLM, which fine-tuning leaves as it is.

predict.py          the script
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.head_files import fill, require_file, section
from elmo_core.learning.saving import Codec, Model
from elmo_core.learning.text_layers import resolve_model
from elmo_core.learning.texts.expert_files import (
    FILES,
    expert_from_files,
    expert_to_files,
    is_of_expert,
    tuned_from_tensors,
    tuned_to_tensors,
)
from elmo_core.learning.texts.experts import ALL, TUNED, WORDS, Experts
from elmo_core.learning.texts.fine_tuned import FineTuned
from elmo_core.learning.texts.tfidf import WordModel

_PREDICT = '''"""Predict the class of every line of a text file: python predict.py TEXTS.txt"""

import sys
from pathlib import Path

from elmo_core.learning.texts.saving import load_classifier

classifier = load_classifier(Path(__file__).parent)
with open(sys.argv[1], encoding="utf-8") as file:
    texts = [line.strip() for line in file]
for text, row in zip(texts, classifier.predict_proba(texts)):
    best = row.argmax()
    print(f"{classifier.classes_[best]}\\t{row[best]:.3f}\\t{text}")
'''


class ClassifierCodec(Codec[ElmoClassifier]):
    """Saves classes, TF-IDF and calibration beside the head."""

    what: ClassVar[str] = "classifier"
    config: ClassVar[str] = "classifier.json"
    script: ClassVar[str] = "predict.py"
    script_text: ClassVar[str] = _PREDICT
    settings: ClassVar[tuple[str, ...]] = tuple(
        name for name in ElmoClassifier().get_params(deep=False) if name not in ("model", "static")
    )
    other_files: ClassVar[frozenset[str]] = frozenset(FILES.values())

    def sections(self, estimator: ElmoClassifier) -> dict[str, Any]:
        """Classes, and the numbers of the fit."""
        static = estimator.static
        return {
            "classes": estimator.classes_.tolist(),
            "static": str(static) if isinstance(static, str | Path) else getattr(static, "name", None),
            "fitted": {
                "temperature": estimator.temperature_,
                "expert_weights": estimator.experts_.weights,
                "penalty": estimator.penalty_,
                "layer_weights": list(estimator.layer_weights_),
                "gamma": estimator.gamma_,
                "n_cut": estimator.n_cut_,
            },
        }

    def card(self, estimator: ElmoClassifier) -> tuple[str, list[str]]:
        """Classes, head and temperature."""
        classes = ", ".join(f"`{name}`" for name in estimator.classes_.tolist()[:50])
        return "A classifier of texts", [
            f"classes: {classes}",
            f"head: {estimator.head}{''.join(f', x {name}' for name in estimator.experts_.models)}",
            f"temperature of the probabilities: {estimator.temperature_:.2f}",
            *(["a fine-tuned copy of the biLM stands beside it"] * (TUNED in estimator.experts_.models)),
        ]

    def other_contents(self, estimator: ElmoClassifier) -> tuple[dict[str, bytes], dict[str, torch.Tensor]]:
        """The experts."""
        files: dict[str, bytes] = {}
        tensors: dict[str, torch.Tensor] = {}
        for kind, model in estimator.experts_.models.items():
            if isinstance(model, FineTuned):
                tensors |= tuned_to_tensors(model)
            elif isinstance(model, WordModel):
                files[FILES[kind]], own = expert_to_files(kind, model)
                tensors |= own
        return files, tensors

    def make(self, content: Mapping[str, Any], model: Model) -> tuple[ElmoClassifier, Any]:
        """From settings and classes."""
        settings, fitted = section(content, "settings"), section(content, "fitted")
        settings = {"fine_tune": False} | settings  # which earlier versions did not have
        own = {name: settings[name] for name in self.settings}
        classifier = ElmoClassifier(model, static=content.get("static"), **own)
        if isinstance(classifier.class_weight, list):
            classifier.class_weight = dict(classifier.class_weight)
        classifier.check()
        classifier.temperature_, classifier.penalty_ = float(fitted["temperature"]), fitted.get("penalty")
        classifier.history_, classifier.n_cut_ = (), int(fitted.get("n_cut", 0))
        classifier.classes_ = np.array(content["classes"])
        classifier.experts_ = Experts({}, _expert_weights(settings, fitted))
        return classifier, classifier.new_head(resolve_model(model), len(classifier.classes_))

    def finish(
        self, estimator: ElmoClassifier, head: Any, content: Mapping[str, Any], folder: Path,
        tensors: dict[str, torch.Tensor],
    ) -> None:  # fmt: skip
        """Fill the head, and read the experts."""
        fill(head, {name: one for name, one in tensors.items() if not is_of_expert(name)}, self.what)
        n_classes, models = len(estimator.classes_), estimator.experts_.models
        for kind in estimator.experts_.weights:
            if kind == TUNED:
                models[kind] = tuned_from_tensors(estimator.elmo_, tensors, n_classes)
                continue
            lines = require_file(folder / FILES[kind], self.config, self.what).read_bytes()
            models[kind] = expert_from_files(kind, lines, tensors, n_classes)
        estimator.set_fitted_state(head)


def _expert_weights(settings: Mapping[str, Any], fitted: Mapping[str, Any]) -> dict[str, float]:
    """The weights of the experts by name; files of earlier versions have at most one, on words."""
    if "expert_weights" not in fitted:
        return {WORDS: float(fitted["words_weight"])} if settings["words"] else {}
    weights = section(fitted, "expert_weights")
    return {kind: float(weights[kind]) for kind in sorted(weights, key=ALL.index)}


_CODEC = ClassifierCodec()
SCRIPT = _CODEC.script
classifier_output, classifier_files, save_classifier = _CODEC.output, _CODEC.files, _CODEC.save
load_facts = _CODEC.facts


def load_classifier(path: Path | str, *, model: Model | None = None) -> ElmoClassifier:
    """Read a fitted classifier; arguments and errors as `Codec.load`."""
    return _CODEC.load(path, model)
