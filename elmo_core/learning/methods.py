"""The methods of a comparison by name, and the classifiers behind them."""

from __future__ import annotations

from elmo_core.embedder import Elmo
from elmo_core.learning.classifier import ElmoClassifier, Mix
from elmo_core.learning.results import (
    ATTENTION,
    ATTENTION_WORDS,
    LEARNED,
    LEARNED_WORDS,
    MAJORITY,
    STATIC,
    TFIDF,
    UNIFORM,
)

BASE = {LEARNED_WORDS: LEARNED, ATTENTION_WORDS: ATTENTION}
"""Methods that put TF-IDF beside the head of another one."""


def method_names(elmo: Elmo, *, has_static: bool = False) -> tuple[str, ...]:
    """All methods in the order in which they run."""
    layers = tuple(f"layer {index} + LR" for index in range(elmo.n_layers))
    heads = (UNIFORM, LEARNED, LEARNED_WORDS, ATTENTION, ATTENTION_WORDS)
    return (MAJORITY, TFIDF, *((STATIC,) if has_static else ()), *layers, *heads)


def classifier_of(
    method: str,
    model: Elmo | str,
    *,
    seed: int = 0,
    balanced: bool = False,
    max_characters: int = 2000,
    time_limit_s: float | None = None,
) -> ElmoClassifier:
    """The unfitted classifier behind the name of a method on the biLM; settings as of `ElmoClassifier`."""
    base = BASE.get(method, method)
    mix: Mix = "learned" if base in (LEARNED, ATTENTION) else "uniform"
    if method.startswith("layer "):
        mix = int(method.split()[1])
    return ElmoClassifier(
        model,
        mix=mix,
        head="attention" if base == ATTENTION else "linear",
        words=method in BASE,
        class_weight="balanced" if balanced else None,
        max_characters=max_characters,
        time_limit_s=time_limit_s,
        random_state=seed,
    )
