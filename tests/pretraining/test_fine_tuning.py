"""Fine-tuning an existing model, and its way back to the official files."""

from __future__ import annotations

import pytest
import torch

from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.pretraining.trainer import Trainer
from elmo_core.weights.folder import read_folder
from elmo_core.weights.official import read_official, write_official
from elmo_core.weights.registry import load_model
from tests.pretraining.corpora import small_settings, write_corpus


@pytest.fixture
def corpus(tmp_path):
    return open_corpus(str(write_corpus(tmp_path / "a.txt")), tmp_path / "cache", tokenised=True)


def fine_tune(corpus, folder, initial, **changes):
    valid = [corpus.words(index) for index in range(20)]
    trainer = Trainer(small_settings(**changes), corpus, valid, folder, initial=initial)
    before = text_perplexity(trainer.model.eval(), trainer.vocabulary, valid).mean
    trainer.model.train()
    list(trainer.run())
    return trainer, before


def test_a_model_with_softmax_keeps_its_vocabulary_and_gets_better(corpus, tmp_path):
    initial = load_model("tiny")
    trainer, before = fine_tune(corpus, tmp_path / "run", initial, learning_rate=0.01)
    assert trainer.vocabulary.words == initial.vocabulary.words
    assert trainer.model.config == initial.model.config
    assert trainer.best < before
    trainer.write_model(tmp_path / "model")
    assert read_folder(tmp_path / "model").model.config == initial.model.config


def test_it_starts_exactly_from_the_given_weights(corpus, tmp_path):
    initial = load_model("tiny")
    trainer = Trainer(small_settings(), corpus, [["ba"]], tmp_path / "run", initial=initial)
    for name, tensor in initial.model.state_dict().items():
        assert torch.equal(trainer.model.state_dict()[name], tensor), name


def test_official_files_gain_a_softmax_and_go_back_to_official_files(corpus, tmp_path):
    tiny = load_model("tiny")
    write_official(tiny.model, tiny.vocabulary, tmp_path / "official")
    initial = read_official(tmp_path / "official")
    assert not initial.model.config.has_softmax
    trainer, before = fine_tune(corpus, tmp_path / "run", initial, learning_rate=0.01, average_decay=0.0)
    assert len(trainer.vocabulary) == len(corpus.types)
    assert trainer.best < before
    write_official(trainer.exported_model(), trainer.vocabulary, tmp_path / "tuned")
    again, tuned = read_official(tmp_path / "tuned").model.state_dict(), trainer.exported_model().state_dict()
    for name, tensor in again.items():
        assert torch.equal(tensor, tuned[name]), name


def test_the_official_fixture_can_be_fine_tuned(corpus, fixtures_dir, tmp_path):
    trainer, before = fine_tune(
        corpus, tmp_path / "run", load_model(fixtures_dir / "allennlp"), learning_rate=0.01
    )
    assert trainer.best < before
