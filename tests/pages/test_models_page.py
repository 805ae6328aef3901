"""The page Models: a model is added, chosen for all pages, named in links, and removed again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from elmo_core.weights.folder import write_folder
from elmo_core.weights.registry import MODELS_VARIABLE
from elmo_core.weights.tiny import tiny_model
from pages.common.chosen_model import model_name, reading_with
from tests.pages.driver import checked, open_page, texts, wait_until


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv(MODELS_VARIABLE, str(folder))
    monkeypatch.setenv("ELMO_LOCAL_FILES", "on")
    folder.mkdir()
    write_folder(tiny_model(), folder / "second", card="# <b>Mine</b> $x$")
    return folder


def reads_with(app: AppTest, name: str) -> bool:
    return f"All pages now read with **{name}**" in texts(app)


def test_a_model_is_chosen_for_all_pages_and_stands_in_links_and_cells():
    app = open_page("models")
    assert reads_with(app, "tiny")
    assert "Random choices show their seed." in texts(app)
    checked(app.button(key="models_second_use").click().run())
    assert reads_with(app, "second")
    assert app.query_params["model"] in ("second", ["second"])
    checked(app.switch_page("layers/page.py").run())
    assert app.query_params["model"] in ("second", ["second"])
    assert any("load_elmo('second')" in code.value for code in app.code)
    again = open_page("models", model="second")  # the link in another session
    assert reads_with(again, "second")
    checked(again.button(key="models_back").click().run())
    assert reads_with(again, "tiny")
    assert "model" not in again.query_params
    assert reads_with(checked(app.switch_page("models/page.py").run()), "second")  # keeps its own


@pytest.mark.parametrize("name", ["nobody", "../../etc", "official-small", "<b>x</b>"])
def test_a_link_with_an_unknown_model_opens_with_the_usual_one(name: str):
    app = open_page("models", model=name)
    assert reads_with(app, "tiny")
    assert "There is no model named" in texts(app)


def test_a_model_is_removed_after_a_question(own_folder: Path):
    app = open_page("models", model="second")
    assert reads_with(app, "second")
    checked(app.button(key="models_second_remove").click().run())
    assert reads_with(app, "tiny")
    assert not (own_folder / "second").exists()


def test_a_model_of_this_machine_is_added(tmp_path: Path, own_folder: Path):
    source = Path(shutil.copytree(own_folder / "second", tmp_path / "elsewhere" / "Third model"))
    app = open_page("models")
    checked(app.text_input(key="models_path").set_value(str(source)).run())
    checked(app.button(key="models_add_start").click().run())
    wait_until(lambda page: "third-model is added" in texts(page), app)
    checked(app.button(key="models_third-model_remove").click().run())
    assert "third-model" not in texts(app)
    checked(app.button(key="models_add_start").click().run())
    wait_until(lambda page: "third-model is added" in texts(page), app)
    checked(app.button(key="models_use_new").click().run())
    assert reads_with(app, "third-model")


def test_files_that_are_uploaded_one_by_one_become_a_model(random_bert: Path, own_folder: Path):
    app = open_page("models")
    field = app.file_uploader(key="models_file")
    for file in random_bert.iterdir():
        field.upload(file.name, file.read_bytes())
    checked(field.run())
    checked(app.button(key="models_add_start").click().run())
    wait_until(lambda page: "my-model is added" in texts(page), app)
    checked(app.button(key="models_use_new").click().run())
    assert reads_with(app, "my-model")
    assert "a transformer (bert)" in texts(app)


def test_files_that_are_no_model_are_refused_in_one_sentence(own_folder: Path):
    app = open_page("models")
    checked(app.file_uploader(key="models_file").upload("config.json", b'{"model_type": "bert"}').run())
    checked(app.button(key="models_add_start").click().run())
    wait_until(lambda page: "holds no weights" in texts(page), app)
    assert [entry.name for entry in own_folder.iterdir()] == ["second"]


def test_work_on_another_thread_reads_with_the_model_it_was_started_with():
    before = model_name()
    with reading_with("second"):
        assert model_name() == "second"
    assert model_name() == before
