"""The codec of fitted taggers; see `elmo_core.learning.saving` for the format.

    tagger.json         also: labels, word classes, and what the static vectors were
    tag.py              the script

A user's own static vectors are not in there: they are given anew, and must be the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from elmo_core.exceptions import ModelError
from elmo_core.learning.head_files import section
from elmo_core.learning.saving import Codec, Model
from elmo_core.learning.tagger import ElmoTagger
from elmo_core.learning.tags.schemes import named
from elmo_core.learning.tags.tag_set import TagSet
from elmo_core.learning.text_layers import resolve_model
from elmo_core.learning.word_vectors import WordVectors, width_of
from elmo_core.weights.store import JsonValue

_OWN = "own"
_PROBES = ("the", "of", "and", "in", "London", "Mary", "2019", ",")
_TAG = '''"""Tag every line of a text file: python tag.py TEXT.txt"""

import sys
from pathlib import Path

from elmo_core.learning.tags.prediction import tag_stream
from elmo_core.learning.tags.saving import load_tagger
from elmo_core.text.tokenisation import tokenise

tagger = load_tagger(Path(__file__).parent)
with open(sys.argv[1], encoding="utf-8") as file:
    for sentence in tag_stream(tagger, (tokenise(line) for line in file)):
        print(" ".join(sentence.tokens))
        for one in sentence.found:
            words = " ".join(sentence.tokens[one.span.start : one.span.end])
            print(f"    {one.span.label}\\t{one.probability:.2f}\\t{words}")
'''


class TaggerCodec(Codec[ElmoTagger]):
    """Saves labels, word classes and the mark of the static vectors beside the head."""

    what: ClassVar[str] = "tagger"
    config: ClassVar[str] = "tagger.json"
    script: ClassVar[str] = "tag.py"
    script_text: ClassVar[str] = _TAG
    settings: ClassVar[tuple[str, ...]] = tuple(
        name for name in ElmoTagger().get_params(deep=False) if name not in ("model", "static")
    )

    def __init__(self, static: WordVectors | None = None) -> None:
        """Take the static vectors for a tagger that has learned from a user's own."""
        self._given = static

    def sections(self, estimator: ElmoTagger) -> dict[str, Any]:
        """Labels, word classes, static vectors, and the numbers of the fit."""
        head = estimator.head_
        static: dict[str, JsonValue] | None = None
        if estimator.static is not None and head.static is not None:
            kind = "output" if isinstance(estimator.static, str) else _OWN
            static = {"kind": kind, "sha256": _probe(head.static)}
        return {
            "labels": list(head.tags.labels),
            "is_spans": head.tags.is_spans,
            "word_classes": list(head.shape.word_classes),
            "static": static,
            "fitted": {"layer_weights": list(estimator.layer_weights_), "gamma": estimator.gamma_},
        }

    def card(self, estimator: ElmoTagger) -> tuple[str, list[str]]:
        """Labels and head."""
        labels = ", ".join(f"`{named(name)}`" for name in estimator.head_.tags.labels[:50])
        kind = "spans" if estimator.head_.tags.is_spans else "word classes"
        return "A tagger of tokens", [
            f"{kind}: {labels}",
            f"head: {estimator.head}, {estimator.hidden} cells, CRF",
        ]

    def make(self, content: Mapping[str, Any], model: Model) -> tuple[ElmoTagger, Any]:
        """From settings, labels and static vectors."""
        settings = section(content, "settings")
        tagger = ElmoTagger(
            model,
            static=_static(content["static"], self._given),
            **{name: settings[name] for name in self.settings},
        )
        tagger.check()
        tags = TagSet(_names(content, "labels"), bool(content["is_spans"]))
        return tagger, tagger.new_head(resolve_model(model), tags, _names(content, "word_classes"))

    def finish(
        self, estimator: ElmoTagger, head: Any, content: Mapping[str, Any], folder: Path,
        tensors: dict[str, torch.Tensor],
    ) -> None:  # fmt: skip
        """Check the static vectors, and fill the head."""
        if head.static is not None and _probe(head.static) != content["static"].get("sha256"):
            raise ModelError(
                "These are not the static vectors this tagger was trained on; give those as static."
            )
        estimator.history_, estimator.n_repaired_ = (), 0
        super().finish(estimator, head, content, folder, tensors)


def _probe(static: WordVectors) -> str:
    """Identify static vectors by a SHA-256 over those of a few words."""
    found = hashlib.sha256(str(width_of(static)).encode())
    for word in _PROBES:
        if word in static:
            found.update(np.asarray(static[word], dtype=np.float16).tobytes())
    return found.hexdigest()


def _static(kept: Any, given: WordVectors | None) -> Any:
    """The static vectors of a saved tagger."""
    if kept is None:
        return None
    if kept["kind"] == _OWN:
        if given is None:
            raise ModelError("This tagger has learned from static vectors of your own; give them as static.")
        return given
    return kept["kind"]


def _names(content: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = content[name]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(f"{name} is no list of names")
    return tuple(values)


_CODEC = TaggerCodec()
tagger_output, tagger_files, save_tagger = _CODEC.output, _CODEC.files, _CODEC.save
load_facts = _CODEC.facts


def load_tagger(
    path: Path | str, *, model: Model | None = None, static: WordVectors | None = None
) -> ElmoTagger:
    """Read a fitted tagger; arguments and errors as `Codec.load`, and `static` = its static vectors.

    Static vectors are needed where it has learned from a user's own.
    """
    return TaggerCodec(static).load(path, model)
