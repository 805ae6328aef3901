"""The official format: equal bit by bit after a round trip, and the same numbers as others get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from elmo_core.config import BiLMConfig
from elmo_core.nn.bilm import BiLM
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.official import read_official, write_official
from elmo_core.weights.options import config_to_options, options_to_config
from elmo_core.weights.tiny import tiny_model
from tests.nn.official_layout import config_of, options_of, run
from tests.reference import bilm, random_weights
from tests.weights.official_files import VARIANTS, WORDS, read_hdf5, write_hdf5, write_model


def _assert_same_weights(one: BiLM, other: BiLM) -> None:
    first, second = one.state_dict(), other.state_dict()
    assert list(first) == list(second)
    for name in first:
        assert torch.equal(first[name], second[name]), name


@pytest.mark.parametrize("name", VARIANTS)
def test_reading_agrees_with_the_reference(name: str, tmp_path: Path):
    options = VARIANTS[name]
    weights = write_model(tmp_path, options)
    stored = read_official(tmp_path)
    assert not stored.model.training
    assert {parameter.dtype for parameter in stored.model.parameters()} == {torch.float32}
    sentences: Any = [(0, 5, 7, 1), (6,)]
    if "char_cnn" in options:
        sentences = [("<S>", "Über", "x" * 60, "", "</S>"), ("river",)]
    found, _ = run(stored.model, sentences)
    wanted, _ = bilm(weights, options, sentences)
    for layers, expected in zip(found, wanted, strict=True):
        np.testing.assert_allclose(layers, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_file_written_again_is_equal_bit_by_bit(name: str, tmp_path: Path):
    weights = write_model(tmp_path / "theirs", VARIANTS[name])
    stored = read_official(tmp_path / "theirs")
    write_official(stored.model, stored.vocabulary, tmp_path / "ours")
    written = read_hdf5(tmp_path / "ours" / "weights.hdf5")
    assert written.keys() == weights.keys()
    for dataset, value in weights.items():
        assert written[dataset].dtype == np.float32
        np.testing.assert_array_equal(written[dataset], value)
    again = read_official(tmp_path / "ours")
    _assert_same_weights(stored.model, again.model)
    assert again.model.config == stored.model.config == config_of(VARIANTS[name], stored.model.config.n_words)


def test_export_of_a_model_with_softmax_loses_the_softmax_alone(tmp_path: Path):
    stored = tiny_model()
    write_official(stored.model, stored.vocabulary, tmp_path / "tiny")
    again = read_official(tmp_path / "tiny")
    assert again.model.softmax is None and not again.model.config.has_softmax
    assert again.vocabulary is not None and again.vocabulary.words == stored.vocabulary.words
    for name, value in again.model.state_dict().items():
        assert torch.equal(value, stored.model.state_dict()[name])
    assert again.name == "tiny"
    assert again.about == {"format": "official", "source": str(tmp_path / "tiny")}


def test_half_and_double_precision_and_compression_are_read_as_float32(tmp_path: Path):
    weights = write_model(tmp_path / "model")
    exact = {name: value.astype(np.float16) for name, value in weights.items()}
    models = []
    for dtype in ("float16", "float32", "float64"):
        write_hdf5(tmp_path / "model" / "weights.hdf5", exact, dtype)
        models.append(read_official(tmp_path / "model").model)
    with h5py.File(tmp_path / "model" / "weights.hdf5", "w") as file:
        for name, value in exact.items():
            file.create_dataset(name, data=value, compression="gzip", chunks=True)
    models.append(read_official(tmp_path / "model").model)
    for model in models[1:]:
        _assert_same_weights(models[0], model)


@pytest.mark.parametrize("stated", [261, 262, None])
def test_n_characters_is_read_off_the_table(stated: int | None, tmp_path: Path):
    options = options_of()
    options["char_cnn"]["n_characters"] = stated
    if stated is None:
        del options["char_cnn"]["n_characters"]
    weights = write_model(tmp_path, options)
    embedding = read_official(tmp_path).model.state_dict()["char_cnn.embedding"]
    assert embedding.shape == (262, 3)
    assert not embedding[0].any()
    np.testing.assert_array_equal(embedding[1:], weights["char_embed"])


@pytest.mark.parametrize("where", ["first", "last"])
def test_a_table_of_262_rows_keeps_the_261_that_mean_something(where: str, tmp_path: Path):
    weights = random_weights(options_of(), np.random.default_rng(2))
    table = weights["char_embed"]
    spare = np.zeros((1, 3)) if where == "first" else np.full((1, 3), 7.0)
    weights["char_embed"] = np.concatenate([spare, table] if where == "first" else [table, spare])
    write_model(tmp_path, weights=weights)
    embedding = read_official(tmp_path).model.state_dict()["char_cnn.embedding"]
    np.testing.assert_array_equal(embedding[1:], table.astype(np.float32))
    assert not embedding[0].any()


def test_the_only_layer_may_have_the_name_that_training_gives_it(tmp_path: Path):
    options = VARIANTS["one layer"]
    weights = write_model(tmp_path, options)
    wanted = read_official(tmp_path).model
    write_hdf5(
        tmp_path / "weights.hdf5",
        {name.replace("/MultiRNNCell/Cell0", ""): value for name, value in weights.items()},
    )
    _assert_same_weights(wanted, read_official(tmp_path).model)


def test_datasets_that_are_no_part_of_a_bilm_are_left_alone(tmp_path: Path):
    weights = write_model(tmp_path)
    write_hdf5(tmp_path / "weights.hdf5", {**weights, "global_step": np.zeros(1)})
    read_official(tmp_path)


def test_keys_that_bilm_tf_does_not_need_may_be_missing(tmp_path: Path):
    options = options_of(n_layers=1, cell_clip=None, proj_clip=None, char_cnn={"n_highway": 0})
    for key in ("n_layers", "cell_clip", "proj_clip"):
        del options["lstm"][key]
    del options["char_cnn"]["n_highway"]
    config = options_to_config(options, 0, tmp_path)
    assert (config.n_layers, config.cell_clip, config.projection_clip) == (1, None, None)
    assert config.char_cnn is not None and config.char_cnn.n_highway == 0
    assert not config.has_softmax


def test_options_have_every_key_that_others_require():
    options = config_to_options(BiLMConfig.tiny(), {"n_train_tokens": 63_600_000})
    assert {"cell_clip", "proj_clip", "dim", "projection_dim", "n_layers", "use_skip_connections"} <= set(
        options["lstm"]  # type: ignore[arg-type]
    )
    assert options["char_cnn"] == {
        "activation": "relu",
        "embedding": {"dim": 4},
        "filters": [[1, 4], [2, 8], [3, 16]],
        "max_characters_per_token": 50,
        "n_characters": 262,
        "n_highway": 1,
    }
    assert options["n_train_tokens"] == 63_600_000
    assert options["n_tokens_vocab"] == 200
    assert options["n_negative_samples_batch"] == 199  # fewer than words, as sampling requires
    assert json.loads(json.dumps(options)) == options
    assert options_to_config(options, 200, Path("o")) == BiLMConfig.from_dict(
        {**BiLMConfig.tiny().to_dict(), "has_softmax": False}
    )


def test_weights_are_found_by_the_name_of_the_options(tmp_path: Path):
    write_model(tmp_path, prefix="elmo_small_")
    write_model(tmp_path, options_of(dim=9), prefix="elmo_large_")
    write_hdf5(tmp_path / "lm_embeddings.hdf5", {"0": np.zeros(3)})
    assert read_official(tmp_path / "elmo_large_options.json").model.config.lstm_dim == 9
    assert read_official(tmp_path / "elmo_small_options.json").model.config.lstm_dim == 6
    weights = tmp_path / "elmo_large_weights.hdf5"
    options = tmp_path / "elsewhere_options.json"
    (tmp_path / "elmo_large_options.json").rename(options)
    assert read_official(options, weights).model.config.lstm_dim == 9


def test_other_hdf5_files_beside_the_weights_do_not_matter(tmp_path: Path):
    write_model(tmp_path)
    (tmp_path / "weights.hdf5").rename(tmp_path / "lm_weights.hdf5")
    write_hdf5(tmp_path / "lm_embeddings.hdf5", {"0": np.zeros(3)})
    read_official(tmp_path)
    (tmp_path / "lm_embeddings.hdf5").unlink()
    (tmp_path / "lm_weights.hdf5").rename(tmp_path / "model.hdf5")
    read_official(tmp_path)


def test_a_vocabulary_that_characters_do_not_need_may_be_unusable(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    write_model(tmp_path)
    (tmp_path / "vocab.txt").write_text("just\nwords\n")
    assert read_official(tmp_path).vocabulary is None
    assert "is left out" in caplog.text


def test_loading_leaves_the_random_state_alone(tmp_path: Path):
    write_model(tmp_path)
    before = torch.get_rng_state()
    read_official(tmp_path)
    assert torch.equal(before, torch.get_rng_state())


def test_words_of_a_model_with_word_ids_come_along(tmp_path: Path):
    write_model(tmp_path, VARIANTS["word ids"])
    stored = read_official(tmp_path)
    assert isinstance(stored.vocabulary, Vocabulary) and stored.vocabulary.words == WORDS


@pytest.mark.parametrize("folder", ["allennlp", "bilm_tf/model"])
def test_the_fixtures_of_others_give_their_vectors(folder: str, fixtures_dir: Path):
    directory = fixtures_dir / folder
    stored = read_official(directory)
    sentences_file = "sentences.json" if folder == "allennlp" else "lm_embeddings_sentences.json"
    batches = json.loads((directory / sentences_file).read_text())
    for row in range(3):
        sentence = ["<S>", *batches[row][0].split(), "</S>"]
        with h5py.File(directory / f"lm_embeddings_{row}.hdf5", "r") as file:
            forward, backward = file["0"][...]
        found, _ = run(stored.model, [sentence])
        top = found[0][-1, 1:-1]
        np.testing.assert_allclose(top, np.concatenate([forward, backward], axis=1), rtol=0, atol=2e-6)
