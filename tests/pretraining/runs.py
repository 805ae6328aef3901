"""Whole small runs, for the tests of the loop."""

from __future__ import annotations

import torch

from elmo_core.pretraining.trainer import Trainer
from tests.pretraining.corpora import small_settings


def valid_of(corpus):
    return [corpus.words(index) for index in range(20)]


def train(corpus, folder, *, resume=False, **changes):
    trainer = Trainer(small_settings(**changes), corpus, valid_of(corpus), folder, resume=resume)
    return trainer, list(trainer.run())


def assert_same_weights(ours, theirs):
    for (name, a), b in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
