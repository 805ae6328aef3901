"""Models by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.weights import published, registry
from elmo_core.weights.assembly import skeleton
from elmo_core.weights.folder import write_folder
from elmo_core.weights.registry import download, known_models, load_model
from elmo_core.weights.tiny import tiny_model
from tests.weights.official_files import write_model

SMALL = published.PUBLISHED[0]


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No models but those of the test."""
    monkeypatch.setattr(registry, "_SHIPPED", tmp_path / "shipped")
    monkeypatch.setattr(published.platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    monkeypatch.setenv(registry.MODELS_VARIABLE, str(tmp_path / "own"))
    for name in ("shipped", "own"):
        (tmp_path / name).mkdir()


def _save(folder: Path, title: str | None = None) -> None:
    stored = tiny_model()
    stored.about.pop("title")
    if title:
        stored.about["title"] = title
    write_folder(stored, folder)


def test_without_any_folder_there_are_the_official_models_and_the_tiny_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(registry.MODELS_VARIABLE)
    monkeypatch.setattr(registry, "_SHIPPED", Path("nowhere"))
    entries = known_models()
    assert [entry.name for entry in entries] == [
        "official-small",
        "official-medium",
        "official-original",
        "official-5.5b",
        "tiny",
    ]
    assert [entry.available for entry in entries] == [False] * 4 + [True]
    assert [entry.path is None for entry in entries] == [False] * 4 + [True]
    assert entries[2].size_bytes == 374_434_792


def test_folders_beside_the_program_and_of_the_user_have_names(tmp_path: Path):
    _save(tmp_path / "shipped" / "english-small", "English, small")
    _save(tmp_path / "own" / "novels")
    _save(tmp_path / "own" / ".half-written")
    (tmp_path / "own" / "notes").mkdir()
    write_model(tmp_path / "own" / "theirs")
    entries = {entry.name: entry for entry in known_models()}
    assert list(entries)[:3] == ["english-small", "novels", "theirs"]
    assert entries["english-small"].title == "English, small"
    assert entries["novels"].title == "novels"
    assert [entries[name].kind for name in list(entries)[:3]] == ["shipped", "local", "local"]
    folder = tmp_path / "own" / "novels"
    assert entries["novels"].size_bytes == sum(path.stat().st_size for path in folder.iterdir())
    assert load_model("novels").about["source"] == str(folder)
    assert load_model("theirs").about["format"] == "official"


def test_a_damaged_folder_is_listed_and_says_why_when_loaded(tmp_path: Path):
    _save(tmp_path / "own" / "novels")
    (tmp_path / "own" / "novels" / "config.json").write_text("{")
    assert "novels" in [entry.name for entry in known_models()]
    with pytest.raises(ModelError, match=r"config\.json is not readable JSON"):
        load_model("novels")


def test_a_name_that_two_have(tmp_path: Path):
    _save(tmp_path / "own" / "tiny")
    _save(tmp_path / "own" / "english", "mine")
    _save(tmp_path / "shipped" / "english", "shipped")
    assert [entry.title for entry in known_models() if entry.name == "english"] == ["shipped"]
    assert load_model("tiny").about["format"] == "built-in"
    assert load_model(tmp_path / "own" / "tiny").about["format"] == "folder"


def test_paths_load_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_model(tmp_path / "theirs")
    assert load_model(tmp_path / "theirs").name == "theirs"
    assert load_model(str(tmp_path / "theirs" / "options.json")).name == "theirs"
    monkeypatch.chdir(tmp_path / "theirs")
    assert load_model(".").name == "theirs"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_model("~/theirs").name == "theirs"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("tinny", r"There is no model named 'tinny', nor such a folder or \.zip; did you mean tiny\?"),
        ("official-smal", "did you mean official-small"),
        ("zzz", "there are official-small, official-medium"),
        ("models/gone", "There is no file or folder models/gone"),
        ("gone.zip", r"There is no file or folder gone\.zip"),
    ],
)
def test_unknown_names(name: str, sentence: str):
    with pytest.raises(ModelNotFoundError, match=sentence):
        load_model(name)


def test_an_official_model_that_is_not_here_says_where_to_put_it(tmp_path: Path):
    with pytest.raises(ModelNotFoundError) as caught:
        load_model("official-small")
    for part in ("54 MB", "download=True", SMALL.options_name, SMALL.weights_name, str(tmp_path / "cache")):
        assert part in str(caught.value)


def test_an_official_model_placed_by_hand(tmp_path: Path):
    SMALL.folder.parent.mkdir(parents=True)
    write_model(SMALL.folder, prefix=f"elmo_{SMALL.stem}_")
    (entry,) = (entry for entry in known_models() if entry.name == SMALL.name)
    assert entry.available
    assert load_model(SMALL.name).name == SMALL.name


def test_only_official_models_are_downloaded():
    (entry,) = (entry for entry in known_models() if entry.name == "tiny")
    with pytest.raises(ModelError, match="tiny is not a model to download"):
        download(entry)


@pytest.mark.parametrize("model", published.PUBLISHED, ids=lambda model: model.name)
def test_published_numbers_of_parameters(model: published.PublishedModel):
    shape, highway = model.stem.split("_2048cnn_")
    dim, projection = map(int, shape.removeprefix("2x").split("_"))
    config = BiLMConfig(dim, projection, char_cnn=CharCNNConfig(n_highway=int(highway[0])))
    mask_row = 16
    assert sum(p.numel() for p in skeleton(config).parameters()) - mask_row == model.n_parameters
    assert model.is_size_possible(model.size_bytes)
    assert not model.is_size_possible(model.size_bytes - 1)
    assert not model.is_size_possible(2 * model.size_bytes)
