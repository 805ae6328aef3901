"""Models of other families are refused by name, with what to do instead."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.weights.folder import write_folder
from elmo_core.weights.formats import read_model
from elmo_core.weights.tiny import tiny_model
from tests.weights.official_files import write_model

MANY_LANGS = "is an ELMoForManyLangs model, .*official format"
TENSORFLOW = "is a TensorFlow checkpoint, .*dump_weights"
PICKLE = "(is|holds no model, but) a PyTorch or pickle file, .*never is; use the official"
FAMILIES = {
    "ManyLangs": (["char.dic", "word.dic", "config.json", "encoder.pkl", "token_embedder.pkl"], MANY_LANGS),
    "ManyLangs without words": (["char.dic", "config.json", "encoder.pkl", "token_embedder.pkl"], MANY_LANGS),
    "TensorFlow": (
        ["checkpoint", "options.txt", "model.ckpt-935588.data-00000-of-00001", "model.ckpt-935588.index"],
        TENSORFLOW,
    ),
    "TensorFlow beside options.json": (
        [
            "options.json",
            "checkpoint",
            "model.ckpt-1.meta",
            "model.ckpt-1.index",
            "model.ckpt-1.data-00000-of-1",
        ],
        TENSORFLOW,
    ),
    "PyTorch beside options.json": (["options.json", "model.pt"], PICKLE),
    "TensorFlow, meta alone": (["model.ckpt-935588.meta"], TENSORFLOW),
    "TensorFlow Hub": (["saved_model.pb", "tfhub_module.pb"], TENSORFLOW),
    "PyTorch": (["config.json", "pytorch_model.bin"], PICKLE),
    "AllenNLP": (["best.th", "metrics.json"], PICKLE),
    "pickle": (["model.pkl"], PICKLE),
}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("is_zip", [False, True])
def test_a_folder_or_zip_of_another_family(name: str, is_zip: bool, tmp_path: Path):
    names, sentence = FAMILIES[name]
    path = tmp_path / "model"
    if is_zip:
        path = tmp_path / "model.zip"
        with zipfile.ZipFile(path, "w") as file:
            for member in names:
                file.writestr(f"144/{member}", "{}")
    else:
        path.mkdir()
        for member in names:
            (path / member).write_text("{}")
    with pytest.raises(ModelError, match=sentence):
        read_model(path)


@pytest.mark.parametrize("keys", [{"config_path": "c"}, {"encoder": {}, "token_embedder": {}}])
def test_many_langs_are_told_by_their_config_alone(keys: dict[str, object], tmp_path: Path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "config.json").write_text(json.dumps(keys))
    with pytest.raises(ModelError, match=MANY_LANGS):
        read_model(tmp_path)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("model.pt", PICKLE),
        ("pytorch_model.bin", PICKLE),
        ("Model.PKL", PICKLE),
        ("model.ckpt-935588.index", TENSORFLOW),
        ("weights.hdf5", r"is neither a folder nor a \.zip; a model is .*give the folder"),
        ("model.safetensors", r"is neither a folder nor a \.zip"),
        ("vectors.txt", r"is neither a folder nor a \.zip"),
    ],
)
def test_a_single_file(name: str, sentence: str, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / name, "w") as file:  # torch.save writes zip files too
        file.writestr("data.pkl", "")
    if sentence.startswith("is neither"):
        (tmp_path / name).write_text("the 0.1 0.2")
    with pytest.raises(ModelError, match=sentence):
        read_model(tmp_path / name)


def test_checkpoints_beside_a_model_do_not_matter(tmp_path: Path):
    write_model(tmp_path / "official")
    write_folder(tiny_model(), tmp_path / "ours")
    for folder in ("official", "ours"):
        (tmp_path / folder / "model.ckpt-1.index").write_text("")
        (tmp_path / folder / "optimizer.pt").write_text("")
        read_model(tmp_path / folder)


def test_a_folder_of_another_program_with_our_file_names(tmp_path: Path):
    write_folder(tiny_model(), tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text('{"architectures": ["BertModel"]}')
    with pytest.raises(ModelError, match="does not describe a model of this program"):
        read_model(tmp_path / "model")


def test_half_a_model(tmp_path: Path):
    write_folder(tiny_model(), tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").unlink()
    with pytest.raises(ModelNotFoundError, match=r"There is no model\.safetensors in"):
        read_model(tmp_path / "model")


def test_nothing_there(tmp_path: Path):
    with pytest.raises(ModelNotFoundError, match=r"There is no model in .*; a model is config"):
        read_model(tmp_path)
    with pytest.raises(ModelNotFoundError, match=r"There is no file or folder .*gone; check the path"):
        read_model(tmp_path / "gone")
