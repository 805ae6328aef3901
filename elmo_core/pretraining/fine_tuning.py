"""Start a run from an existing biLM, official or ours, instead of from random weights."""

from __future__ import annotations

import dataclasses

from elmo_core.config import BiLMConfig
from elmo_core.nn.bilm import BiLM
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.store import StoredModel

_LEAST_WORDS = 4  # what a configuration with a softmax must have; the run puts in its vocabulary's size


def with_softmax(initial: StoredModel) -> BiLMConfig:
    """The shape of a model to fine-tune; official files hold no softmax, training needs one."""
    config = initial.model.config
    return dataclasses.replace(config, has_softmax=True, n_words=max(config.n_words, _LEAST_WORDS))


def own_vocabulary(initial: StoredModel) -> Vocabulary | None:
    """The vocabulary that the model's softmax or its word-id input is bound to; None = it is free."""
    config = initial.model.config
    bound = config.has_softmax or config.char_cnn is None
    return initial.vocabulary if bound else None


def start_from(model: BiLM, initial: StoredModel) -> None:
    """Copy the weights of a model; a softmax that it does not have keeps the values it starts with.

    Args:
        model: made of `with_softmax(initial)`.
        initial: the model to start from.
    """
    weights = initial.model.state_dict()
    fresh = {name: tensor for name, tensor in model.state_dict().items() if name not in weights}
    model.load_state_dict({**weights, **fresh})
