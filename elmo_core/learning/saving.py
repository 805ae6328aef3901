"""A fitted classifier as a folder or a `.zip`: JSON and safetensors, nothing that can run.

    classifier.json     {"format": 1, settings, classes, the biLM it belongs to, facts}
    head.safetensors    the parameters of the head, float32, and those of its TF-IDF, float64
    words.txt           the n-grams of its TF-IDF, if it has one
    predict.py          how to use it
    README.md           its card

The biLM itself is not in there: it is found by its name or path, and its weights must be the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from elmo_core.embedder import Elmo
from elmo_core.exceptions import ConfigError, ModelError, ModelNotFoundError
from elmo_core.files import OutputKind
from elmo_core.learning.classifier import ElmoClassifier, new_head
from elmo_core.learning.failures import require_fitted
from elmo_core.learning.head_files import (
    CARD,
    FORMAT,
    HEAD,
    as_json,
    check_model,
    fill,
    head_bytes,
    model_facts,
    opened,
    output_kind,
    read_config,
    read_facts,
    read_tensors,
    reference,
    require_file,
    section,
    settings_of,
    write_files,
)
from elmo_core.learning.inputs import seed_of
from elmo_core.learning.text_layers import resolve_model
from elmo_core.learning.texts.tfidf_files import PREFIX, words_from_files, words_to_files
from elmo_core.weights.store import JsonValue

CONFIG, SCRIPT, WORDS = "classifier.json", "predict.py", "words.txt"
_WHAT = "classifier"
_SETTINGS = tuple(name for name in ElmoClassifier().get_params(deep=False) if name != "model")
_PREDICT = '''"""Predict the class of every line of a text file: python predict.py TEXTS.txt"""

import sys
from pathlib import Path

from elmo_core.learning.saving import load_classifier

classifier = load_classifier(Path(__file__).parent)
with open(sys.argv[1], encoding="utf-8") as file:
    texts = [line.strip() for line in file]
for text, row in zip(texts, classifier.predict_proba(texts)):
    best = row.argmax()
    print(f"{classifier.classes_[best]}\\t{row[best]:.3f}\\t{text}")
'''


def classifier_output(path: Path) -> OutputKind:
    """What `save_classifier` writes to a path, to claim it before the work."""
    return output_kind(path, _WHAT, CONFIG, frozenset({CONFIG, HEAD, SCRIPT, CARD, WORDS}))


def save_classifier(
    classifier: ElmoClassifier, path: Path, *, facts: Mapping[str, JsonValue] | None = None, card: str = ""
) -> None:
    """Write a fitted classifier, complete or not at all.

    Args:
        classifier: fitted.
        path: a new or empty folder, one that holds such a classifier (then replaced), or a `.zip`.
        facts: to keep with it, such as scores.
        card: text of README.md.

    Raises:
        NotFittedError: it is not fitted.
        OutputError: it cannot be written there.
    """
    files = classifier_files(classifier, facts=facts, card=card)
    write_files(files, path, classifier_output(path))


def classifier_files(
    classifier: ElmoClassifier, *, facts: Mapping[str, JsonValue] | None = None, card: str = ""
) -> dict[str, bytes]:
    """The files of a fitted classifier by name, for a download; arguments and errors as `save_classifier`."""
    require_fitted(classifier, "head_")
    content = {
        "format": FORMAT,
        "settings": _settings(classifier),
        "classes": classifier.classes_.tolist(),
        "model": model_facts(classifier.model, classifier.elmo_),
        "fitted": {
            "temperature": classifier.temperature_,
            "words_weight": classifier.words_weight_,
            "penalty": classifier.penalty_,
            "layer_weights": list(classifier.layer_weights_),
            "gamma": classifier.gamma_,
            "n_cut": classifier.n_cut_,
        },
        "facts": dict(facts or {}),
    }
    files: dict[str, bytes] = {}
    others: dict[str, torch.Tensor] = {}
    if classifier.words_ is not None:
        files[WORDS], others = words_to_files(classifier.words_)
    readme = card or describe(classifier, facts or {})
    return files | {
        CONFIG: as_json(content, _WHAT),
        HEAD: head_bytes(classifier.head_, others),
        SCRIPT: _PREDICT.encode(),
        CARD: readme.encode(),
    }


def load_classifier(path: Path | str, *, model: Elmo | str | Path | None = None) -> ElmoClassifier:
    """Read a fitted classifier.

    Args:
        path: its folder or `.zip`.
        model: its biLM, where it is not found under the name it had.

    Raises:
        ModelNotFoundError: a file or the biLM is missing.
        ModelError: a file is damaged, or the biLM is not the one it was trained on.
    """
    with opened(path, _WHAT) as folder:
        return _read(folder, model)


def load_facts(path: Path | str) -> dict[str, JsonValue]:
    """The facts that were saved with a classifier; errors as `load_classifier`."""
    return read_facts(path, CONFIG, _WHAT)


def describe(classifier: ElmoClassifier, facts: Mapping[str, JsonValue]) -> str:
    """A model card in Markdown."""
    weights = ", ".join(f"{weight:.2f}" for weight in classifier.layer_weights_)
    classes = ", ".join(f"`{name}`" for name in classifier.classes_.tolist()[:50])
    lines = [
        "# A classifier of texts",
        "",
        f"- classes: {classes}",
        f"- biLM: {reference(classifier.model, classifier.elmo_)}, frozen",
        f"- head: {classifier.head}{', multiplied by TF-IDF' * classifier.words}",
        f"- mix of the layers: {classifier.mix} ({weights})",
        f"- temperature of the probabilities: {classifier.temperature_:.2f}",
        *(f"- {name.replace('_', ' ')}: {value}" for name, value in facts.items()),
        "",
        "Use it with `python predict.py TEXTS.txt`, which needs the package `elmo_core` and this biLM.",
        "Its scores hold for texts like those it was trained on, not for others.",
    ]
    return "\n".join(lines) + "\n"


def _settings(classifier: ElmoClassifier) -> dict[str, Any]:
    """Settings as JSON has them, class weights as pairs, since their names may be numbers."""
    found = settings_of(classifier, _SETTINGS)
    if isinstance(classifier.class_weight, Mapping):
        found["class_weight"] = [[name, float(one)] for name, one in classifier.class_weight.items()]
    return found


def _read(folder: Path, model: Elmo | str | Path | None) -> ElmoClassifier:
    content = read_config(folder / CONFIG)
    try:
        settings, about, fitted = (section(content, name) for name in ("settings", "model", "fitted"))
        classes = np.array(content["classes"])
        classifier = ElmoClassifier(
            about["name"] if model is None else model, **{k: settings[k] for k in _SETTINGS}
        )
        if isinstance(classifier.class_weight, list):
            classifier.class_weight = dict(classifier.class_weight)
        classifier.check()
        elmo = resolve_model(classifier.model)
        chosen = classifier.layers_of(elmo)
        head = new_head(
            classifier.head, elmo, len(classes), chosen, bool(classifier.mix == "learned"), classifier.dropout
        )
        temperature, words_weight = float(fitted["temperature"]), float(fitted["words_weight"])
    except (KeyError, TypeError, ConfigError) as error:
        raise ModelError(f"{CONFIG} is incomplete or damaged ({error}); use an undamaged copy.") from None
    except ModelNotFoundError as error:
        raise ModelNotFoundError(f"The biLM of this classifier is missing: {error}") from None
    check_model(elmo, about, _WHAT)
    tensors = read_tensors(folder, CONFIG, _WHAT)
    fill(head, {name: one for name, one in tensors.items() if not name.startswith(PREFIX)}, _WHAT)
    words = None
    if classifier.words:
        content_of_words = require_file(folder / WORDS, CONFIG, _WHAT).read_bytes()
        words = words_from_files(content_of_words, tensors, len(classes))
    classifier.seed_ = seed_of(classifier.random_state)
    classifier.temperature_, classifier.penalty_ = temperature, fitted.get("penalty")
    classifier.history_, classifier.n_cut_ = (), int(fitted.get("n_cut", 0))
    classifier.become_fitted(head, classes, words, words_weight)
    return classifier
