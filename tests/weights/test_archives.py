"""Zip files: models in them load like folders, and hostile ones touch nothing."""

from __future__ import annotations

import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.weights import archive as archive_module
from elmo_core.weights.folder import write_folder
from elmo_core.weights.formats import read_model
from elmo_core.weights.tiny import tiny_model
from tests.weights.official_files import write_model


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where archives are unpacked; empty again after every test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def _zip(folder: Path, archive: Path, prefix: str = "", compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(archive, "w", compression) as file:
        for path in sorted(folder.iterdir()):
            file.write(path, prefix + path.name)
    return archive


@pytest.mark.parametrize("prefix", ["", "english-small/", "a/b/"])
@pytest.mark.parametrize("is_official", [True, False])
def test_a_model_in_a_zip_loads_like_its_folder(
    is_official: bool, prefix: str, tmp_path: Path, temporary: Path
):
    folder = tmp_path / "model"
    if is_official:
        write_model(folder)
    else:
        write_folder(tiny_model(), folder)
    archive = _zip(folder, tmp_path / "my model.zip", prefix, zipfile.ZIP_DEFLATED)
    wanted, found = read_model(folder), read_model(archive)
    assert found.name == "my model"
    assert found.about == {**wanted.about, "source": str(archive)}
    for name, value in wanted.model.state_dict().items():
        assert torch.equal(found.model.state_dict()[name], value)
    assert not list(temporary.iterdir())


def test_litter_of_other_systems_and_unknown_files_are_not_unpacked(tmp_path: Path):
    write_folder(tiny_model(), tmp_path / "model")
    archive = _zip(tmp_path / "model", tmp_path / "model.zip", "model/")
    with zipfile.ZipFile(archive, "a") as file:
        for name in ("__MACOSX/model/._config.json", "model/.DS_Store", "model/run.sh", "model/old.ckpt"):
            file.writestr(name, "?")
    read_model(archive)


def _add(name: str, mode: int = 0) -> Callable[[Path], None]:
    def add(archive: Path) -> None:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        with zipfile.ZipFile(archive, "a") as file:
            file.writestr(info, "/etc/passwd")

    return add


def _many(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as file:
        for number in range(1_001):
            file.writestr(f"{number}.txt", "")


def _bomb(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("more.txt", bytes(100 << 20))


def _twice(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("config.json", "{}")


def _encrypted(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    archive.write_bytes(content)


def _flipped(archive: Path) -> None:
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)


def _damaged_deflation(archive: Path) -> None:
    folder = archive.with_suffix("")
    _zip(folder, archive, compression=zipfile.ZIP_DEFLATED)
    _flipped(archive)


def _unusual(archive: Path) -> None:
    _zip(archive.with_suffix(""), archive, compression=zipfile.ZIP_LZMA)


def _nameless(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes().replace(b"vocab.txt", b"\0ocab.txt"))


def _cut(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_add("../outside.txt"), r"is unsafe: '\.\./outside\.txt' would be written outside"),
        (_add("model/../../outside.txt"), "is unsafe: .* would be written outside of its folder"),
        (_add("/etc/outside.txt"), "is unsafe: .* would be written outside of its folder"),
        (_add("..\\outside.txt"), "is unsafe: .* would be written outside of its folder"),
        (_add("C:\\outside.txt"), "is unsafe: .* would be written outside of its folder"),
        (_add("vocab.link", stat.S_IFLNK | 0o777), r"'vocab\.link' is a link or a device"),
        (_add("pipe.txt", stat.S_IFIFO | 0o777), "is a link or a device"),
        (_many, r"holds 1,004 files, a model only a few"),
        (_bomb, "would unpack to .* bytes from .*, which no model does"),
        (_twice, r"holds config\.json twice"),
        (_encrypted, "is encrypted; unpack it yourself"),
        (_flipped, "is damaged or cannot be unpacked"),
        (_damaged_deflation, "is damaged or cannot be unpacked"),
        (_unusual, "has an unusual compression; unpack it yourself"),
        (_nameless, "There is no vocabulary at"),
        (_cut, "is damaged or cannot be unpacked"),
    ],
)
def test_an_unsafe_or_damaged_archive(
    spoil: Callable[[Path], None], sentence: str, tmp_path: Path, temporary: Path
):
    write_folder(tiny_model(), tmp_path / "model")
    archive = _zip(tmp_path / "model", tmp_path / "model.zip")
    spoil(archive)
    with pytest.raises(ModelError, match=sentence):
        read_model(archive)
    assert not list(temporary.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model.zip", "temporary"]


def test_an_archive_larger_than_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_folder(tiny_model(), tmp_path / "model")
    archive = _zip(tmp_path / "model", tmp_path / "model.zip")
    nearly_full = type("Usage", (), {"free": 10})
    monkeypatch.setattr(archive_module.shutil, "disk_usage", lambda _: nearly_full)
    with pytest.raises(ModelError, match=r"needs .* bytes in .* to unpack; free some space"):
        read_model(archive)


def test_damage_inside_is_told_by_the_name_of_the_archive(tmp_path: Path):
    write_folder(tiny_model(), tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text("{")
    archive = _zip(tmp_path / "model", tmp_path / "model.zip", "inner/")
    with pytest.raises(ModelError) as caught:
        read_model(archive)
    assert str(caught.value).startswith(f"{archive}/config.json is not readable JSON")


def test_an_archive_without_a_model(tmp_path: Path):
    archive = tmp_path / "texts.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "text")
        file.writestr("b.txt", "text")
    with pytest.raises(ModelNotFoundError, match=r"There is no model in .*texts\.zip; a model is"):
        read_model(archive)
    with zipfile.ZipFile(archive, "w"):
        pass
    with pytest.raises(ModelNotFoundError, match="There is no model in"):
        read_model(archive)
