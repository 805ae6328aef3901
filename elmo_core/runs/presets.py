"""Settings to choose from: what a minute, an hour and a night on one processor core are good for."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.pretraining.settings import SMALL, PretrainConfig

_LEAST_STEPS_AN_EPOCH = 4


@dataclass(frozen=True)
class Preset:
    """Settings with a name."""

    name: str
    good_for: str
    """What to expect, in one sentence."""
    config: PretrainConfig


def _shape(lstm_dim: int, projection_dim: int, filters: tuple[tuple[int, int], ...]) -> BiLMConfig:
    characters = CharCNNConfig(filters=filters, n_highway=1)
    return BiLMConfig(
        lstm_dim=lstm_dim, projection_dim=projection_dim, char_cnn=characters, n_words=4, has_softmax=True
    )


MINUTES = Preset(
    "Two minutes",
    "Enough to see it learn which words are alike; a few hundred sentences suffice.",
    PretrainConfig(
        model=_shape(128, 64, ((1, 16), (2, 32), (3, 64), (4, 64))),
        vocabulary_size=10_000,
        min_count=2,
        rows=32,
        learning_rate=5e-3,
        warm_up_steps=20,
        decay_from=0.3,
        weight_decay=0.05,
        total_words=200_000,
        dropout=0.3,
        average_decay=0.9,
        checkpoint_steps=20,
        log_steps=5,
        valid_tokens=4_000,
    ),
)
HOUR = Preset(
    "An hour",
    "From a million words on it tells kinds of words apart, and the commonest senses begin to part.",
    PretrainConfig(
        model=_shape(256, 128, ((1, 32), (2, 32), (3, 64), (4, 64))),
        vocabulary_size=20_000,
        rows=64,
        n_sampled=1024,
        learning_rate=4e-3,
        warm_up_steps=100,
        decay_from=0.5,
        total_words=8_000_000,
        dropout=0.1,
        checkpoint_steps=200,
        log_steps=20,
    ),
)
NIGHT = Preset(
    "A night",
    "The shape and recipe of the model that ships; for ten million words and more.",
    PretrainConfig(model=SMALL, total_words=40_000_000, decay_from=0.7, checkpoint_steps=250, log_steps=25),
)
PRESETS = (MINUTES, HOUR, NIGHT)


_GENTLE = 1e-3  # a higher rate makes a trained model forget


def continued(config: PretrainConfig, model: BiLMConfig) -> PretrainConfig:
    """Return settings to go on from a model: its shape, and a rate at which it does not forget what it knows.

    Args:
        config: the settings.
        model: shape of the model.
    """
    shape = dataclasses.replace(model, has_softmax=True, n_words=max(model.n_words, 4))
    rate = min(config.learning_rate, _GENTLE)
    return dataclasses.replace(config, model=shape, learning_rate=rate, warm_start=False)


def fitted(config: PretrainConfig, n_sentences: int, n_words: int) -> PretrainConfig:
    """Return settings whose steps a text is long enough for: fewer rows where it is short.

    Args:
        config: the settings.
        n_sentences: of the text.
        n_words: of the text.
    """
    rows = config.rows
    while rows > 1 and (rows > n_sentences or rows * config.unroll_steps * _LEAST_STEPS_AN_EPOCH > n_words):
        rows //= 2
    return dataclasses.replace(config, rows=rows)
