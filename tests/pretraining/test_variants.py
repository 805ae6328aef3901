"""Other inputs than characters alone: word ids with a full softmax, and parts of speech beside the words."""

from __future__ import annotations

import lzma
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from elmo_core.embedder import Elmo
from elmo_core.exceptions import ConfigError, CorpusError, ModelError
from elmo_core.nn.bilm import BACKWARD, FORWARD
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.pretraining.trainer import Trainer
from elmo_core.text.tagged import tag_token
from elmo_core.weights.folder import read_folder
from elmo_core.weights.official import read_official, write_official
from tests.pretraining.corpora import WORDS, small_settings, write_corpus
from tests.pretraining.runs import assert_same_weights


def write_tagged_corpus(path: Path, n_sentences: int = 300) -> Path:
    """Sentences in which the tag of a word alone tells which words come before and after it."""
    generator = np.random.default_rng(0)
    lines = []
    for _ in range(n_sentences):
        lines.append("# text")
        tag = int(generator.integers(3))
        for position in range(1, int(generator.integers(3, 9))):
            word = WORDS[int(generator.integers(5)) + 5 * tag]
            following = int(generator.integers(3))
            lines.append("\t".join([str(position), word, "_", f"T{following}", *["_"] * 6]))
            if position == 2:
                lines.append("2.1\tunwritten\t_\tX" + "\t_" * 6)
            tag = following
        lines.append("")
    path.write_bytes(lzma.compress("\n".join(lines).encode()))
    return path


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    return write_tagged_corpus(tmp_path_factory.mktemp("corpus") / "a.conllu.xz")


@dataclass(frozen=True)
class Run:
    trainer: Trainer
    valid: list[list[str]]
    elmo: Elmo
    """What the run wrote, read back."""


def run(shard: Path, folder: Path, **changes: object) -> Run:
    cache = open_corpus(str(shard), folder / "cache", tagged=bool(changes.get("tagged")))
    valid = [cache.words(index) for index in range(100)]
    recipe = {"dropout": 0.0, "learning_rate": 0.03, "total_words": 150 * 20, "valid_tokens": 300}
    settings = small_settings(**recipe, checkpoint_steps=75, **changes)
    trainer = Trainer(settings, cache, valid, folder / "run")
    list(trainer.run())
    trainer.write_model(folder / "model")
    return Run(trainer, valid, Elmo(read_folder(folder / "model")))


@pytest.fixture(scope="module")
def told(shard, tmp_path_factory):
    return run(shard, tmp_path_factory.mktemp("told"), tagged=True)


@pytest.fixture(scope="module")
def untold(shard, tmp_path_factory):
    return run(shard, tmp_path_factory.mktemp("untold"))


def test_tags_help_where_they_say_what_comes_next(told, untold):
    assert set(told.trainer.vocabulary.words) == set(untold.trainer.vocabulary.words)
    assert told.trainer.config.model.tags == ("T0", "T1", "T2")
    assert told.trainer.best < 0.85 * untold.trainer.best


def test_a_tagged_model_is_saved_and_loaded_and_tells_tags_apart(told, tmp_path):
    vocabulary = told.trainer.vocabulary
    before, after = (
        text_perplexity(model, vocabulary, told.valid).mean
        for model in (told.trainer.exported_model(), told.elmo.model)
    )
    assert after == pytest.approx(before, rel=0.01)
    sentences = [[tag_token(WORDS[0], tag), WORDS[1]] for tag in ("T0", "T1", "unknown")] + [WORDS[:2]]
    first, second, unknown, plain = (found.layers for found in told.elmo.embed(sentences))
    assert not np.allclose(first, second)
    np.testing.assert_allclose(unknown, plain, atol=1e-6)
    with pytest.raises(ModelError, match="no place for them"):
        write_official(told.elmo.model, vocabulary, tmp_path / "official")


def test_a_tag_is_added_to_the_word_that_carries_it(told):
    found = told.elmo.embed([[tag_token(WORDS[0], "T1")], [WORDS[0]]])
    difference = found[0].layers[0, 0] - found[1].layers[0, 0]
    weight = told.elmo.model.tag_embedding.weight.detach().numpy()
    np.testing.assert_allclose(difference, np.tile(weight[2] - weight[0], 2), atol=1e-6)


def test_a_tagged_run_resumes_bitwise(told, shard, tmp_path):
    cache = open_corpus(str(shard), tmp_path / "cache", tagged=True)
    whole = told.trainer.config
    half = replace(whole, total_words=whole.total_words // 2, decay_from=0.999)
    held = replace(whole, decay_from=0.999)
    list(Trainer(half, cache, told.valid, tmp_path / "run").run())
    resumed = Trainer(held, cache, told.valid, tmp_path / "run", resume=True)
    assert resumed.step == half.total_steps
    list(resumed.run())
    straight = Trainer(held, cache, told.valid, tmp_path / "straight")
    list(straight.run())
    assert_same_weights(resumed.model, straight.model)


def test_word_ids_with_a_full_softmax_learn_and_keep_the_official_format(tmp_path):
    words = replace(small_settings().model, char_cnn=None)
    found = run(write_corpus(tmp_path / "a.txt"), tmp_path, model=words, softmax="full")
    assert not found.trainer.sampled
    assert found.trainer.best < 26  # of 33 words; the unigram distribution alone reaches 27
    write_official(found.elmo.model, found.trainer.vocabulary, tmp_path / "official")
    again = read_official(tmp_path / "official").model
    torch.testing.assert_close(again.word_embedding.weight, found.elmo.model.word_embedding.weight)


@pytest.mark.parametrize("direction", [FORWARD, BACKWARD])
def test_no_direction_sees_its_target(told, untold, direction):
    """The output that predicts a token does not change with it, nor with its tag."""
    tagged = [
        [tag_token(word, tag) for word, tag in zip(words, (f"T{n}" for n in tags), strict=True)]
        for words, tags in ((WORDS[:3], "012"), ([WORDS[0], WORDS[9], WORDS[2]], "002"))
    ]
    plain = [WORDS[:3], [WORDS[0], WORDS[9], WORDS[2]]]
    for elmo, sentences in ((told.elmo, tagged), (untold.elmo, plain)):
        half = elmo.dim // 2
        columns = slice(0, half) if direction == FORWARD else slice(half, None)
        neighbour = 0 if direction == FORWARD else 2
        first, second = (found.layers[1:, neighbour, columns] for found in elmo.embed(sentences))
        np.testing.assert_allclose(first, second, atol=1e-6)


def test_faults_of_tagged_corpora(tmp_path):
    plain = tmp_path / "plain.txt"
    plain.write_text("some words\n")
    with pytest.raises(CorpusError, match="it is not CoNLL-U"):
        open_corpus(str(plain), tmp_path / "cache", tagged=True)
    damaged = tmp_path / "damaged.conllu"
    damaged.write_text("1\tword\n")
    with pytest.raises(CorpusError, match=r"Line 1 of damaged\.conllu has 2 columns"):
        open_corpus(str(damaged), tmp_path / "cache", tagged=True)
    with pytest.raises(ConfigError, match="warm_start"):
        small_settings(tagged=True, warm_start=True)
