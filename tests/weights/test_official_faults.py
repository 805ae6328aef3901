"""Official files that cannot be used: one sentence each, and before memory is taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.weights.official import check_official, read_official, write_official
from elmo_core.weights.options import config_to_options
from elmo_core.weights.tiny import tiny_model
from tests.nn.official_layout import options_of
from tests.weights.official_files import VARIANTS, write_hdf5, write_model

Options = dict[str, Any]


def _set(options: Options, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        options = options[parent]
    options[last] = value


def _delete(options: Options, path: str) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        options = options[parent]
    del options[last]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("lstm", "has no section 'lstm'"),
        ("lstm.dim", "lacks 'dim' in 'lstm'"),
        ("lstm.projection_dim", "lacks 'projection_dim' in 'lstm'"),
        ("lstm.use_skip_connections", "lacks 'use_skip_connections' in 'lstm'.*add it as it was trained"),
        ("char_cnn.embedding", "lacks 'embedding' in 'char_cnn'"),
        ("char_cnn.embedding.dim", r"lacks 'dim' in 'char_cnn\.embedding'"),
        ("char_cnn.filters", "lacks 'filters'"),
        ("char_cnn.activation", "lacks 'activation'"),
        ("char_cnn.max_characters_per_token", "lacks 'max_characters_per_token'"),
    ],
)
def test_a_required_key_is_missing(path: str, sentence: str, tmp_path: Path):
    options = options_of()
    write_model(tmp_path)
    _delete(options, path)
    (tmp_path / "options.json").write_text(json.dumps(options))
    with pytest.raises(ModelError, match=sentence):
        read_official(tmp_path)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("lstm.dim", "4096", "options.json cannot be used: .*lstm_dim must be of type int, got '4096'"),
        ("lstm.dim", True, "lstm_dim must be of type int"),
        ("lstm.dim", 0, "lstm_dim must be positive"),
        ("lstm.dim", 2, "projection_dim must not exceed lstm_dim"),
        ("lstm.n_layers", -1, "n_layers must be positive"),
        ("lstm.cell_clip", 0, "cell_clip must be positive"),
        ("lstm", [], "has no section 'lstm'"),
        ("char_cnn", None, "has no section 'char_cnn'"),
        ("char_cnn.embedding", 4, "has no section 'embedding'"),
        ("char_cnn.activation", "gelu", "activation must be one of"),
        ("char_cnn.filters", [[1, 2, 3]], "filters must hold 2 values"),
        ("char_cnn.filters", [], "filters must name at least one"),
        ("char_cnn.filters", [[51, 3]], "a filter needs a width"),
        ("char_cnn.n_highway", -3, "n_highway must be 0 or more"),
    ],
)
def test_a_value_is_impossible(path: str, value: Any, sentence: str, tmp_path: Path):
    options = options_of()
    write_model(tmp_path)
    _set(options, path, value)
    (tmp_path / "options.json").write_text(json.dumps(options))
    with pytest.raises(ModelError, match=sentence):
        read_official(tmp_path)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("lstm.dim", 7, r"W_0 has shape \(8, 24\) where the settings need \(8, 28\)"),
        ("lstm.dim", 4, r"also holds RNN_0/.*/W_P_0 and 3 more, which its settings have no place for"),
        ("lstm.n_layers", 1, "also holds RNN_0/RNN/MultiRNNCell/Cell1/.* and 5 more"),
        ("lstm.n_layers", 3, "lacks RNN_0/RNN/MultiRNNCell/Cell2/.* and 5 more"),
        ("lstm.n_layers", 10**12, "its settings ask for 2000000000000 layers of one kind"),
        ("lstm.dim", 10**18, "sizes that no memory can hold"),
        ("char_cnn.n_highway", 1, "also holds CNN_high_1"),
        ("char_cnn.n_highway", 10**12, "ask for 1000000000000 layers of one kind"),
        ("char_cnn.embedding.dim", 5, r"char_embed has shape \(261, 3\) where the settings need \(261, 5\)"),
        ("char_cnn.filters", [[1, 3], [2, 4]], "also holds CNN/W_cnn_2"),
        ("char_cnn.filters", [[1, 3], [2, 4], [4, 3]], r"CNN/W_cnn_2 has shape \(1, 5, 3, 3\)"),
    ],
)
def test_options_and_weights_do_not_belong_together(path: str, value: Any, sentence: str, tmp_path: Path):
    options = options_of()
    write_model(tmp_path)
    _set(options, path, value)
    (tmp_path / "options.json").write_text(json.dumps(options))
    with pytest.raises(ModelError, match=sentence):
        read_official(tmp_path)
    with pytest.raises(ModelError, match=sentence):
        check_official(tmp_path / "options.json", tmp_path / "weights.hdf5")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "options.json is not readable JSON"),
        (b"{", "is not readable JSON"),
        (b"\xff\xfe", "is not readable JSON"),
        (b'{"lstm": NaN}', "NaN is not a number of JSON"),
        (b"[" * 100_000, "is not readable JSON"),
        (b"9" * 5_000, "is not readable JSON"),
        (b"[1]", "must hold a JSON object, found a list"),
        (b" " * ((1 << 20) + 1), "is larger than settings can be"),
    ],
)
def test_options_are_not_json(content: bytes, sentence: str, tmp_path: Path):
    write_model(tmp_path)
    (tmp_path / "options.json").write_bytes(content)
    with pytest.raises(ModelError, match=sentence):
        read_official(tmp_path)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def _is_text(path: Path) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\n")


def _claims_more(path: Path) -> None:
    """The right shapes, but numbers that were never written."""
    with h5py.File(path, "r") as file:
        shapes: dict[str, tuple[int, ...]] = {}
        file.visititems(
            lambda name, item: shapes.update({name: item.shape} if isinstance(item, h5py.Dataset) else {})
        )
    with h5py.File(path, "w") as file:
        for name, shape in shapes.items():
            file.create_dataset(name, shape, dtype="float32")


def _whole_numbers(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["char_embed"]
        file["char_embed"] = np.zeros((261, 3), dtype=np.int32)


def _reads_elsewhere(path: Path) -> None:
    secret = path.with_name("secret")
    secret.write_bytes(bytes(261 * 3 * 4))
    with h5py.File(path, "a") as file:
        del file["char_embed"]
        file.create_dataset("char_embed", (261, 3), "float32", external=[(str(secret), 0, 261 * 3 * 4)])


def _large_chunks(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["char_embed"]
        file.create_dataset("char_embed", (261, 3), "float32", chunks=(1 << 20, 3), maxshape=(None, 3))


def _links_elsewhere(path: Path) -> None:
    other = write_hdf5(path.with_name("other.h5"), {"char_embed": np.zeros((261, 3))})
    with h5py.File(path, "a") as file:
        del file["char_embed"]
        file["char_embed"] = h5py.ExternalLink(str(other), "/char_embed")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_are_not_finite(bad: float, tmp_path: Path):
    weights = write_model(tmp_path)
    weights["RNN_1/RNN/MultiRNNCell/Cell0/LSTMCell/W_0"][5, 3] = bad
    write_hdf5(tmp_path / "weights.hdf5", weights)
    with pytest.raises(ModelError, match=r"directions\.1\.0\.weight_hidden holds NaN or infinity"):
        read_official(tmp_path)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_truncate, "is damaged or not an HDF5 file"),
        (_is_text, "is damaged or not an HDF5 file"),
        (_whole_numbers, "char_embed is not a plain table of floating-point numbers"),
        (_reads_elsewhere, "char_embed is not a plain table"),
        (_large_chunks, "char_embed is not a plain table"),
        (_links_elsewhere, "lacks char_embed"),
    ],
)
def test_the_weights_file_is_damaged_or_unsafe(spoil: Callable[[Path], None], sentence: str, tmp_path: Path):
    write_model(tmp_path)
    spoil(tmp_path / "weights.hdf5")
    with pytest.raises(ModelError, match=sentence):
        read_official(tmp_path)


def test_flipped_bytes_anywhere_give_a_sentence_or_a_model(tmp_path: Path):
    write_model(tmp_path)
    path, generator = tmp_path / "weights.hdf5", np.random.default_rng(0)
    good, n_refused = path.read_bytes(), 0
    for _ in range(60):
        content = bytearray(good)
        for place in generator.integers(0, 3000, size=3):
            content[place] = generator.integers(256)
        path.write_bytes(content)
        try:
            read_official(tmp_path)
        except ModelError:
            n_refused += 1
    assert n_refused > 5


def test_the_weights_file_is_smaller_than_what_it_claims(tmp_path: Path):
    write_model(tmp_path, options_of(dim=512, projection_dim=256))
    _claims_more(tmp_path / "weights.hdf5")
    with pytest.raises(ModelError, match=r"claims .* bytes of weights in a file of .*; it is incomplete"):
        read_official(tmp_path)


def test_files_are_missing(tmp_path: Path):
    write_model(tmp_path)
    (tmp_path / "weights.hdf5").rename(tmp_path / "weights.gone")
    with pytest.raises(ModelNotFoundError, match=r"There is no weights\.hdf5 in"):
        read_official(tmp_path)
    with pytest.raises(ModelNotFoundError, match=r"There is no file .*gone\.hdf5"):
        read_official(tmp_path, tmp_path / "gone.hdf5")
    (tmp_path / "options.json").unlink()
    with pytest.raises(ModelNotFoundError, match=r"There is no options\.json in"):
        read_official(tmp_path)


def test_several_models_in_one_folder(tmp_path: Path):
    for prefix in ("small_", "large_"):
        write_model(tmp_path, prefix=prefix)
    with pytest.raises(
        ModelError, match=r"holds 2 files that could be options\.json \(large_options\.json, "
    ):
        read_official(tmp_path)
    (tmp_path / "small_options.json").rename(tmp_path / "middle_options.json")
    with pytest.raises(ModelError, match=r"holds 2 files that could be weights\.hdf5"):
        read_official(tmp_path / "middle_options.json")


def test_word_ids_need_their_vocabulary(tmp_path: Path):
    write_model(tmp_path, VARIANTS["word ids"])
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text(vocabulary.read_text() + "one-more\n")
    with pytest.raises(ModelError, match=r"has vectors for 12 words, but the vocab\.txt .* lists 13"):
        read_official(tmp_path)
    vocabulary.write_text("no\nspecial\nwords\n")
    with pytest.raises(ModelError, match="must hold <S>, </S>, <UNK>"):
        read_official(tmp_path)
    vocabulary.unlink()
    with pytest.raises(ModelNotFoundError, match="There is no vocabulary at"):
        read_official(tmp_path)


def test_what_cannot_be_written(tmp_path: Path):
    stored = tiny_model()
    write_model(tmp_path / "words", VARIANTS["word ids"])
    words = read_official(tmp_path / "words")
    with pytest.raises(ModelError, match="has 12 words, the model 200"):
        write_official(stored.model, words.vocabulary, tmp_path / "out")
    with pytest.raises(ModelError, match="cannot be written without its vocabulary"):
        write_official(words.model, None, tmp_path / "out")
    with pytest.raises(ModelError, match="bilm-tf has no training option 'epochs'"):
        config_to_options(stored.model.config, {"epochs": 3})
    assert not (tmp_path / "out").exists()
