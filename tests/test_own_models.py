"""The user's own models: taken in whole with their bits, refused in one sentence, removed without a trace."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from elmo_core import load_elmo
from elmo_core.exceptions import InputError, ModelError
from elmo_core.own_models import add_model, free_model_name, remove_model
from elmo_core.weights.folder import read_folder, write_folder
from elmo_core.weights.registry import MODELS_VARIABLE, known_models
from elmo_core.weights.tiny import tiny_model


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv(MODELS_VARIABLE, str(folder))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_folder(tiny_model(), tmp_path / "source", dtype="float32", card="# Mine")
    return tmp_path / "source"


def names() -> set[str]:
    return {entry.name for entry in known_models() if entry.kind == "local"}


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_model_is_taken_in_with_its_bits_and_goes_again(
    model: Path, tmp_path: Path, own_folder: Path, form: str
):
    source = model if form == "folder" else Path(shutil.make_archive(str(tmp_path / "packed"), "zip", model))
    entry = add_model(source, "mine")
    assert (entry.kind, entry.available, names()) == ("local", True, {"mine"})
    before, after = tiny_model().model.state_dict(), read_folder(own_folder / "mine").model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert load_elmo("mine").name == "mine"
    assert (own_folder / "mine" / "README.md").read_text() == "# Mine"
    remove_model("mine")
    assert (names(), list(own_folder.iterdir())) == (set(), [])
    assert source.exists()


def test_weights_that_fit_into_half_precision_take_half_the_disk(
    model: Path, own_folder: Path, tmp_path: Path
):
    write_folder(tiny_model(), tmp_path / "half")
    add_model(model, "whole")
    add_model(tmp_path / "half", "half")
    sizes = [(own_folder / name / "model.safetensors").stat().st_size for name in ("whole", "half")]
    assert sizes[1] < 0.6 * sizes[0]


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", ".hidden", "x" * 61, "a b", "\u00e9", "con:1"])
def test_impossible_names_add_nothing(model: Path, own_folder: Path, name: str):
    with pytest.raises(InputError, match="cannot be the name"):
        add_model(model, name)
    assert not own_folder.exists()


def test_a_name_stands_for_one_model(model: Path):
    for taken in ("tiny", "official-small"):
        with pytest.raises(InputError, match="already"):
            add_model(model, taken)
    add_model(model, "mine")
    with pytest.raises(InputError, match="already"):
        add_model(model, "mine")
    wishes = {"Mine": "mine-2", "My Model (2)": "my-model-2", "v1.2": "v1.2", "...": "my-model"}
    assert {wish: free_model_name(wish) for wish in wishes} == wishes


def test_what_is_no_model_adds_nothing(tmp_path: Path, own_folder: Path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "model.safetensors").write_bytes(b"no weights")
    for source in ("empty", "broken", "missing"):
        with pytest.raises(ModelError):
            add_model(tmp_path / source, "mine")
    assert not own_folder.exists()


@pytest.mark.parametrize("name", ["tiny", "official-small", "nobody", "../source", ""])
def test_only_own_models_are_removed(model: Path, name: str):
    with pytest.raises(ModelError, match="none of your own"):
        remove_model(name)
    assert model.exists()
