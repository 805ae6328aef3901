"""Our own folders: what is written comes back, and damage is told in one sentence."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from elmo_core.config import BiLMConfig
from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.files import atomic_folder
from elmo_core.nn.bilm import BiLM
from elmo_core.text.vocabulary import SPECIALS, Vocabulary
from elmo_core.weights.folder import MODEL_FOLDER, read_about, read_folder, write_folder
from elmo_core.weights.store import StoredModel
from elmo_core.weights.tiny import tiny_model


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    write_folder(tiny_model(), tmp_path / "saved")
    return tmp_path / "saved"


def test_float32_comes_back_bit_by_bit(tmp_path: Path):
    stored = tiny_model()
    write_folder(stored, tmp_path / "model", dtype="float32", card="# A card\n")
    again = read_folder(tmp_path / "model")
    assert again.model.config == stored.model.config
    assert again.vocabulary is not None and again.vocabulary.words == stored.vocabulary.words  # type: ignore[union-attr]
    assert not again.model.training
    for name, value in stored.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], value), name
    assert (tmp_path / "model" / "README.md").read_text() == "# A card\n"


def test_half_precision_is_for_the_disk_alone(saved: Path):
    stored, again = tiny_model(), read_folder(saved)
    assert {value.dtype for value in load_file(saved / "model.safetensors").values()} == {torch.float16}
    for name, value in again.model.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, stored.model.state_dict()[name].half().float())
    assert not (saved / "README.md").exists()


def test_facts_come_back_and_readers_add_where_from(tmp_path: Path):
    stored = dataclasses.replace(tiny_model(), about={"words_seen": 7, "format": "built-in", "langs": ["en"]})
    write_folder(stored, tmp_path / "mine")
    assert read_about(tmp_path / "mine") == {"words_seen": 7, "langs": ["en"]}
    again = read_folder(tmp_path / "mine")
    assert again.name == "mine"
    assert again.about == {
        "words_seen": 7,
        "langs": ["en"],
        "format": "folder",
        "source": str(tmp_path / "mine"),
    }


@pytest.mark.parametrize("has_characters", [True, False])
def test_a_model_without_softmax(has_characters: bool, tmp_path: Path):
    tiny = BiLMConfig.tiny()
    config = BiLMConfig(8, 8, char_cnn=tiny.char_cnn if has_characters else None, n_words=5)
    vocabulary = Vocabulary((*SPECIALS, "a", "b"))
    write_folder(StoredModel("x", BiLM(config), vocabulary), tmp_path / "x", dtype="float32")
    again = read_folder(tmp_path / "x")
    assert again.model.config == config and again.model.softmax is None


def test_a_model_without_vocabulary(tmp_path: Path):
    config = dataclasses.replace(BiLMConfig.tiny(), n_words=0, has_softmax=False)
    write_folder(StoredModel("x", BiLM(config), None), tmp_path / "x")
    assert read_folder(tmp_path / "x").vocabulary is None
    assert not (tmp_path / "x" / "vocab.txt").exists()


def _edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads((folder / "config.json").read_text())
    change(content)
    (folder / "config.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda content: content.pop("format"), "does not describe a model of this program"),
        (lambda content: content.pop("model"), "does not describe a model of this program"),
        (lambda content: content.update(about=3), "does not describe a model of this program"),
        (lambda content: content.update(format=2), "has format 2, this version reads format 1; use a newer"),
        (lambda content: content["model"].update(dim=3), "BiLMConfig has no setting dim"),
        (lambda content: content["model"].update(lstm_dim="x"), "lstm_dim must be of type int"),
        (lambda content: content["model"].update(lstm_dim=33), r"shape \(8, 128\) where the settings need"),
        (lambda content: content["model"].update(n_layers=3), r"lacks directions\.0\.2\.weight_input and 7"),
        (lambda content: content["model"].update(n_layers=1), r"also holds directions\.0\.1\."),
        (lambda content: content["model"].update(n_layers=10**12), "layers of one kind"),
        (lambda content: content["model"].update(lstm_dim=10**18), "sizes that no memory can hold"),
        (lambda content: content["model"].update(has_softmax=False), r"also holds softmax\."),
        (lambda content: content["model"].update(n_words=201), "lists 200 words where config.json says 201"),
    ],
)
def test_config_and_weights_do_not_belong_together(
    change: Callable[[dict[str, Any]], object], sentence: str, saved: Path
):
    _edit(saved, change)
    with pytest.raises(ModelError, match=sentence):
        read_folder(saved)


def _cut(share: float) -> Callable[[Path], None]:
    def cut(path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return cut


def _with(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        tensors = load_file(path)
        save_file({**tensors, name: change(tensors[name])}, path)

    return spoil


def _huge_header(path: Path) -> None:
    path.write_bytes((1 << 62).to_bytes(8, "little") + bytes(100))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_cut(0.9), "is truncated or damaged"),
        (_cut(0.01), "is truncated or damaged"),
        (_cut(0.0), "is truncated or damaged"),
        (_huge_header, "is truncated or damaged"),
        (_with("softmax.bias", lambda x: x * float("nan")), r"softmax\.bias holds NaN or infinity"),
        (_with("softmax.bias", lambda x: x / 0), r"softmax\.bias holds NaN or infinity"),
        (_with("softmax.bias", lambda x: x.double()), r"softmax\.bias is F64, neither F16 nor F32"),
        (_with("softmax.bias", lambda x: x[:-1].clone()), r"has shape \(199,\) where the settings need"),
    ],
)
def test_weights_are_damaged(spoil: Callable[[Path], None], sentence: str, saved: Path):
    spoil(saved / "model.safetensors")
    with pytest.raises(ModelError, match=sentence):
        read_folder(saved)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocab.txt"])
def test_a_file_is_missing(name: str, saved: Path):
    (saved / name).unlink()
    with pytest.raises(ModelNotFoundError, match="There is no"):
        read_folder(saved)


def test_numbers_that_half_precision_cannot_hold_are_not_written(tmp_path: Path):
    stored = tiny_model()
    with torch.no_grad():
        stored.model.char_cnn.embedding[5, 0] = 1e5  # type: ignore[union-attr]
    with pytest.raises(ModelError, match=r"char_cnn\.embedding holds numbers that float16 cannot hold"):
        write_folder(stored, tmp_path / "model")
    write_folder(stored, tmp_path / "model", dtype="float32")


def test_what_does_not_fit_is_not_written(tmp_path: Path):
    stored = tiny_model()
    with pytest.raises(ModelError, match="has 0 words, the model 200"):
        write_folder(dataclasses.replace(stored, vocabulary=None), tmp_path / "model")
    with pytest.raises(ModelError, match="facts about the model are not JSON"):
        write_folder(dataclasses.replace(stored, about={"perplexity": float("inf")}), tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_model_is_replaced_as_a_whole(saved: Path):
    write_folder(tiny_model(), saved, card="new")
    assert (saved / "README.md").read_text() == "new"
    write_folder(tiny_model(), saved)
    assert not (saved / "README.md").exists()
    assert [path.name for path in saved.parent.iterdir()] == ["saved"]


def test_only_models_and_empty_folders_are_replaced(tmp_path: Path):
    stored, target = tiny_model(), tmp_path / "there"
    target.mkdir()
    write_folder(stored, target)
    (target / "thesis.docx").write_text("years of work")
    with pytest.raises(ModelError, match=r"holds thesis\.docx, which is not part of a model"):
        write_folder(stored, target)
    assert (target / "thesis.docx").read_text() == "years of work"
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "README.md").write_text("mine")
    with pytest.raises(ModelError, match="is not empty and holds no model"):
        write_folder(stored, notes)
    with pytest.raises(ModelError, match="is a file; choose a new or empty folder"):
        write_folder(stored, notes / "README.md")


def test_an_error_on_the_way_leaves_the_old_folder(saved: Path):
    before = (saved / "config.json").read_bytes()
    with (
        pytest.raises(RuntimeError),
        atomic_folder(saved, MODEL_FOLDER) as new,
    ):
        (new / "config.json").write_text("half")
        raise RuntimeError
    assert (saved / "config.json").read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["saved"]


def test_a_disk_that_refuses_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"could not be written .*; nothing was changed"):
        write_folder(tiny_model(), tmp_path / "file" / "model")
