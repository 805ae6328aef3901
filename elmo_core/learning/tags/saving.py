"""A fitted tagger as a folder or a `.zip`: JSON and safetensors, nothing that can run.

    tagger.json         {"format": 1, settings, tags, the biLM it belongs to, facts}
    head.safetensors    the parameters of the head, float32
    tag.py              how to use it
    README.md           its card

Neither the biLM nor a user's own static vectors are in there: the biLM is found by its name or path, the
vectors are given anew, and both must be the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from elmo_core.embedder import Elmo
from elmo_core.exceptions import ConfigError, ModelError, ModelNotFoundError
from elmo_core.files import OutputKind
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
    section,
    settings_of,
    write_files,
)
from elmo_core.learning.inputs import seed_of
from elmo_core.learning.tagger import ElmoTagger
from elmo_core.learning.tags.schemes import named
from elmo_core.learning.tags.tag_set import TagSet
from elmo_core.learning.text_layers import resolve_model
from elmo_core.learning.word_vectors import WordVectors, width_of
from elmo_core.weights.store import JsonValue

CONFIG, SCRIPT = "tagger.json", "tag.py"
_WHAT = "tagger"
_OWN = "own"
_PROBES = ("the", "of", "and", "in", "London", "Mary", "2019", ",")
_SETTINGS = tuple(name for name in ElmoTagger().get_params(deep=False) if name not in ("model", "static"))
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


def tagger_output(path: Path) -> OutputKind:
    """What `save_tagger` writes to a path, to claim it before the work."""
    return output_kind(path, _WHAT, CONFIG, frozenset({CONFIG, HEAD, SCRIPT, CARD}))


def save_tagger(
    tagger: ElmoTagger, path: Path, *, facts: Mapping[str, JsonValue] | None = None, card: str = ""
) -> None:
    """Write a fitted tagger, complete or not at all.

    Args:
        tagger: fitted.
        path: a new or empty folder, one that holds such a tagger (then replaced), or a `.zip`.
        facts: to keep with it, such as scores.
        card: text of README.md.

    Raises:
        NotFittedError: it is not fitted.
        OutputError: it cannot be written there.
    """
    write_files(tagger_files(tagger, facts=facts, card=card), path, tagger_output(path))


def tagger_files(
    tagger: ElmoTagger, *, facts: Mapping[str, JsonValue] | None = None, card: str = ""
) -> dict[str, bytes]:
    """The files of a fitted tagger by name, for a download; arguments and errors as `save_tagger`."""
    require_fitted(tagger, "head_")
    head = tagger.head_
    static: dict[str, JsonValue] | None = None
    if tagger.static is not None and head.static is not None:
        kind = "output" if isinstance(tagger.static, str) else _OWN
        static = {"kind": kind, "sha256": _probe(head.static)}
    content = {
        "format": FORMAT,
        "settings": settings_of(tagger, _SETTINGS),
        "labels": list(head.tags.labels),
        "is_spans": head.tags.is_spans,
        "word_classes": list(head.shape.word_classes),
        "static": static,
        "model": model_facts(tagger.model, tagger.elmo_),
        "fitted": {"layer_weights": list(tagger.layer_weights_), "gamma": tagger.gamma_},
        "facts": dict(facts or {}),
    }
    readme = card or describe(tagger, facts or {})
    return {
        CONFIG: as_json(content, _WHAT),
        HEAD: head_bytes(head),
        SCRIPT: _TAG.encode(),
        CARD: readme.encode(),
    }


def load_tagger(
    path: Path | str, *, model: Elmo | str | Path | None = None, static: WordVectors | None = None
) -> ElmoTagger:
    """Read a fitted tagger.

    Args:
        path: its folder or `.zip`.
        model: its biLM, where it is not found under the name it had.
        static: its static vectors, where it has learned from a user's own.

    Raises:
        ModelNotFoundError: a file or the biLM is missing.
        ModelError: a file is damaged, or biLM or vectors are not those it was trained on.
    """
    with opened(path, _WHAT) as folder:
        return _read(folder, model, static)


def load_facts(path: Path | str) -> dict[str, JsonValue]:
    """The facts that were saved with a tagger; errors as `load_tagger`."""
    return read_facts(path, CONFIG, _WHAT)


def describe(tagger: ElmoTagger, facts: Mapping[str, JsonValue]) -> str:
    """A model card in Markdown."""
    weights = ", ".join(f"{weight:.2f}" for weight in tagger.layer_weights_)
    labels = ", ".join(f"`{named(name)}`" for name in tagger.head_.tags.labels[:50])
    kind = "spans" if tagger.head_.tags.is_spans else "word classes"
    lines = [
        "# A tagger of tokens",
        "",
        f"- {kind}: {labels}",
        f"- biLM: {reference(tagger.model, tagger.elmo_)}, frozen",
        f"- mix of the layers: {tagger.mix} ({weights}); head: {tagger.head}, {tagger.hidden} cells, CRF",
        *(f"- {name.replace('_', ' ')}: {value}" for name, value in facts.items()),
        "",
        "Use it with `python tag.py TEXT.txt`, which needs the package `elmo_core` and this biLM.",
        "Its scores hold for texts like those it was trained on, not for others.",
    ]
    return "\n".join(lines) + "\n"


def _probe(static: WordVectors) -> str:
    """What tells static vectors from others: a SHA-256 over those of a few words."""
    found = hashlib.sha256(str(width_of(static)).encode())
    for word in _PROBES:
        if word in static:
            found.update(np.asarray(static[word], dtype=np.float16).tobytes())
    return found.hexdigest()


def _read(folder: Path, model: Elmo | str | Path | None, static: WordVectors | None) -> ElmoTagger:
    content = read_config(folder / CONFIG)
    try:
        settings, about = section(content, "settings"), section(content, "model")
        kept = content["static"]
        tagger = ElmoTagger(
            about["name"] if model is None else model,
            static=_static(kept, static),
            **{name: settings[name] for name in _SETTINGS},
        )
        tagger.check()
        elmo = resolve_model(tagger.model)
        tags = TagSet(_names(content, "labels"), bool(content["is_spans"]))
        head = tagger.new_head(elmo, tags, _names(content, "word_classes"))
    except (KeyError, TypeError, ConfigError) as error:
        raise ModelError(f"{CONFIG} is incomplete or damaged ({error}); use an undamaged copy.") from None
    except ModelNotFoundError as error:
        raise ModelNotFoundError(f"The biLM of this tagger is missing: {error}") from None
    check_model(elmo, about, _WHAT)
    if head.static is not None and _probe(head.static) != kept.get("sha256"):
        raise ModelError("These are not the static vectors this tagger was trained on; give those as static.")
    fill(head, read_tensors(folder, CONFIG, _WHAT), _WHAT)
    tagger.seed_ = seed_of(tagger.random_state)
    tagger.history_, tagger.n_repaired_ = (), 0
    tagger.become_fitted(elmo, head)
    return tagger


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
