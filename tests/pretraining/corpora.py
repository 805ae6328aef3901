"""Small corpora that the tests of pretraining share."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.pretraining.settings import PretrainConfig

WORDS = [a + b for a in ("ba", "de", "fi", "go", "lu") for b in ("ra", "ne", "si", "tol", "vum", "x")]


def write_corpus(path: Path, n_sentences: int = 200, seed: int = 0) -> Path:
    """Sentences of a seeded chain of words, so that there is something to learn."""
    generator = np.random.default_rng(seed)
    lines = []
    for _ in range(n_sentences):
        word, words = int(generator.integers(len(WORDS))), []
        for _ in range(int(generator.integers(2, 12))):
            words.append(WORDS[word])
            word = (3 * word + int(generator.integers(3))) % len(WORDS)
        lines.append(" ".join(words))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def small_settings(**changes: object) -> PretrainConfig:
    """A run of seconds."""
    model = BiLMConfig(
        lstm_dim=12,
        projection_dim=6,
        n_words=4,
        has_softmax=True,
        char_cnn=CharCNNConfig(embedding_dim=4, filters=((1, 4), (2, 8)), n_highway=1),
    )
    values: dict[str, object] = {
        "model": model,
        "rows": 4,
        "unroll_steps": 5,
        "min_count": 1,
        "n_sampled": 8,
        "warm_up_steps": 5,
        "checkpoint_steps": 10,
        "log_steps": 5,
        "valid_tokens": 50,
        "total_words": 40 * 20,
        "dropout": 0.1,
        "average_decay": 0.5,
    }
    return PretrainConfig(**{**values, **changes})  # type: ignore[arg-type]
