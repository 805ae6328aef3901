"""Language-model fine-tuning on a task's texts: the first step of ULMFiT (Howard and Ruder 2018)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from elmo_core.nn.bilm import BiLM
from elmo_core.pretraining.cache import TokenCache
from elmo_core.pretraining.fine_tuning import start_from
from elmo_core.pretraining.learner import Learner
from elmo_core.pretraining.replicas import Replicas
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.progress import Report
from elmo_core.text.vocabulary import SPECIALS
from elmo_core.weights.store import StoredModel

_ROWS, _STEPS = 32, 20
_RATE = 3e-4
"""A fifth of the rate of pretraining, so that the model forgets little."""


def adapt(
    initial: StoredModel, texts: Sequence[Sequence[str]], *, seed: int, report: Report | None = None
) -> BiLM | None:
    """Let a biLM read a task's texts once, as a language model; its token vectors stay as they are.

    Args:
        initial: the model to start from, which is not changed.
        texts: n lists of tokens.
        seed: seed of the order of texts, and of the words that are sampled.
        report: called with the progress after each step; an error it raises stops the work.

    Returns:
        The adapted model; None where the model has no softmax (official files hold none) or there are too few
        words for a step.

    Raises:
        TrainingError: the loss is not finite.
    """
    vocabulary, cache = initial.vocabulary, _in_memory([text for text in texts if text])
    n_rows = min(_ROWS, cache.n_sentences, (len(cache.tokens) + cache.n_sentences) // _STEPS)
    if initial.model.softmax is None or vocabulary is None or not n_rows:
        return None
    settings = PretrainConfig(
        model=initial.model.config,
        rows=n_rows,
        unroll_steps=_STEPS,
        learning_rate=_RATE,
        warm_up_steps=0,
        decay_from=0.0,
        total_words=len(cache.tokens) + cache.n_sentences,
        average_decay=0.0,
        device="cpu",
        seed=seed,
    )
    learner = Learner(settings, cache, vocabulary, Replicas())
    start_from(learner.model, initial)
    for module in (learner.model.char_cnn, learner.model.word_embedding, learner.model.tag_embedding):
        if module is not None:
            module.requires_grad_(False)
    for step in range(settings.total_steps):
        if report is not None:
            report("reading the texts as a language model", step / settings.total_steps)
        learner.train_step(step)
    return learner.exported_model()


def _in_memory(texts: Sequence[Sequence[str]]) -> TokenCache:
    """Texts as the corpus of a run, each of them a sentence."""
    counts = Counter(chain.from_iterable(texts))
    words = [word for word, _ in counts.most_common() if word not in SPECIALS]
    types = (*SPECIALS, *words)
    number = {word: index for index, word in enumerate(types)}
    starts = np.cumsum([0, *map(len, texts)]).astype(np.uint64)
    return TokenCache(
        folder=Path(),
        types=types,
        counts=np.array([counts[word] for word in types]),
        tokens=np.array([number[word] for word in chain.from_iterable(texts)], dtype=np.uint32),
        sentences=starts,
        documents=np.arange(len(texts) + 1, dtype=np.uint64),
    )
