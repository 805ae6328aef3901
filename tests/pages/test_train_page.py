"""The page Train: all that a run may be doing, a text of one's own, and what becomes of a finished run."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from typer.testing import CliRunner

from bench.app import served_app
from bench.visitor import visiting
from elmo_core.__main__ import app as command_line
from elmo_core.locking import locked
from elmo_core.pretraining.checkpoint import load_checkpoint
from elmo_core.runs import queue
from elmo_core.runs.folder import RUNS_VARIABLE, About, Run, all_runs, create_run, find_run
from elmo_core.runs.outcome import model_archive, official_archive
from elmo_core.runs.progress import read_progress
from elmo_core.runs.texts import TextPart, write_texts
from elmo_core.runs.worker import NICE_VARIABLE
from elmo_core.weights.folder import write_folder
from elmo_core.weights.registry import MODELS_VARIABLE, load_model
from elmo_core.weights.tiny import tiny_model
from tests.pages.driver import captions, checked, messages, open_page, texts, wait_until
from tests.pages.gestures import PATIENCE_S, settle
from tests.pretraining.corpora import WORDS, small_settings, write_corpus

LONG = 100_000 * 20
"""Words of a run that does not end while a test looks."""


def make(name: str, text: Path, **settings: object) -> Run:
    about, config = About(created=0.0, text="a <b>text</b>"), small_settings(**settings)
    parts = [TextPart("a.txt", text)]
    return create_run(name, config, about, lambda folder: write_texts(folder, parts, about))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with a finished one, trained once for the tests of this file."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RUNS_VARIABLE, str(folder))
        run = make("mine", write_corpus(folder / "text.txt", 400), n_sampled=100)
        done = CliRunner().invoke(command_line, run.arguments())
        assert done.exit_code == 0, done.output
        queue.note(run, queue.Noted("finished"))
    return folder


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(RUNS_VARIABLE, str(tmp_path / "runs"))
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    monkeypatch.setenv(NICE_VARIABLE, "0")
    monkeypatch.setenv("ELMO_LOCAL_FILES", "on")
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


@pytest.fixture
def busy(runs: Path) -> Iterator[None]:
    """A worker that trains something else, so that nothing begins."""
    with locked(runs / queue.LOCK):
        yield


def with_finished(finished: Path, runs: Path) -> Run:
    shutil.copytree(finished / "mine", runs / "mine")
    return Run(runs / "mine")


def test_it_opens_on_one_button_and_only_where_training_is_allowed(monkeypatch: pytest.MonkeyPatch):
    app = open_page("train")
    assert "Watch a language model learn." in texts(app)
    (button,) = [button for button in app.button if button.proto.type == "primary"]
    assert button.label == "Start the two-minute demonstration"
    monkeypatch.setenv("ELMO_LOCAL_FILES", "off")
    app = open_page("train")
    assert not app.main.button and "Training is for whoever runs this server" in messages(app)
    monkeypatch.setenv("ELMO_TRAINING", "on")
    app = open_page("train")
    assert "train_demonstration" in {button.key for button in app.button}
    assert "Files of this machine" not in app.segmented_control(key="train_text").options


def test_the_demonstration_begins_with_a_click(busy: None):
    app = open_page("train")
    checked(app.button(key="train_demonstration").click().run())
    (run,) = all_runs()
    assert run.name == "demonstration" and run.about.n_words > 15_000 and queue.is_queued(run)
    assert app.query_params["run"] in ("demonstration", ["demonstration"])
    assert "It starts in a moment." in messages(app)
    again = open_page("train", run="New")  # a second one gets another name
    checked(again.button(key="train_demonstration").click().run())
    assert {run.name for run in all_runs()} == {"demonstration", "demonstration-2"}


def test_every_state_is_said_with_what_can_be_done(finished: Path, runs: Path, busy: None):
    run = with_finished(finished, runs)
    ticket, state = run.folder / "queued", queue.Noted

    def opened(noted: queue.Noted, *, is_queued: bool = False) -> tuple[str, set[str]]:
        ticket.unlink(missing_ok=True)
        queue.note(run, noted)
        if is_queued:
            ticket.write_text("1")
        app = open_page("train", run="mine")
        buttons = {str(button.key).removeprefix("train_") for button in app.main.button}
        bars = " ".join(bar.proto.text for bar in app.get("progress"))
        return f"{texts(app)} {bars}".replace("*", ""), buttons & {"pause", "resume", "finish", "use"}

    assert opened(state("paused"), is_queued=True)[1] == {"pause"}
    said, buttons = opened(state("running"), is_queued=True)
    assert "800 of 800 words" in said and buttons == {"pause", "finish"}
    said, buttons = opened(state("running"))  # its ticket was taken away
    assert "writes a checkpoint" in said and not buttons
    said, buttons = opened(state("paused"))
    assert "Paused after 800 of 800 words" in said and buttons == {"resume", "finish"}
    said, buttons = opened(state("failed", "The disk is full; <b>free</b> some space."))
    assert "The disk is full; <b>free</b> some space." in said and buttons == {"resume", "finish"}
    said, buttons = opened(state("finished"))
    assert "Finished after 800 of 800 words" in said and buttons == {"use"}


def test_a_run_whose_process_is_gone_is_found_again(runs: Path, tmp_path: Path):
    run = make("mine", write_corpus(tmp_path / "a.txt", 300))
    queue.note(run, queue.Noted("running", process=1))  # and nobody holds the lock
    app = open_page("train")
    assert "Its process is gone without a word" in messages(app)
    assert app.button(key="train_resume").label == "Start"
    checked(app.button(key="train_remove").click().run())
    assert not all_runs() and "train_demonstration" in {button.key for button in app.button}


def test_what_it_has_learned_is_shown_for_each_kept_model(finished: Path, runs: Path):
    with_finished(finished, runs)
    word = WORDS[0]
    app = open_page("train", run="mine", train_word=word, train_sentence=f"{WORDS[1]} {word} {WORDS[2]}")
    table = wait_until(lambda page: page.dataframe, app).dataframe[0].value
    assert list(table["Words read"]) == [800, 600, 400, 200, 0]
    assert table["Perplexity"].notna().sum() == 4
    assert table["Most like it"].str.count(",").min() == 5
    checked(app.text_input(key="train_word").set_value("zzz").run())
    assert "'zzz' is not in the sentence" in messages(app)
    checked(app.segmented_control(key="train_look").set_value("Its uses, in groups").run())
    assert "has 0 uses in the text of this run" in messages(app)
    checked(app.text_input(key="train_word").set_value(word).run())
    wait_until(lambda page: "by what the model expects in their place" in captions(page), app)
    assert "group" in texts(app)
    checked(app.select_slider(key="train_step_mine_0.0").set_value(0).run())
    wait_until(lambda page: "No groups proven" in texts(page), app)


def test_a_finished_run_becomes_the_model_of_all_pages(finished: Path, runs: Path, tmp_path: Path):
    run = with_finished(finished, runs)
    make("other", write_corpus(tmp_path / "a.txt", 300))
    app = open_page("train", run="mine", train_word=WORDS[0], train_sentence=WORDS[0])
    wait_until(lambda page: page.dataframe, app)
    assert run.command_line() in [code.value for code in app.code]
    cell = next(code.value for code in app.code if "find_run" in code.value)
    exec(cell.replace(".show()", ""), {})
    checked(app.multiselect(key="train_beside_mine").set_value(["other"]).run())
    assert (
        "train_curves" in {chart.key for chart in app.get("plotly_chart")}
        or len(app.get("plotly_chart")) == 3
    )
    checked(app.text_input(key="train_model_name_mine").set_value("English").run())
    checked(app.button(key="train_use").click().run())
    assert load_model_names(tmp_path) == []  # refused: a capital letter
    checked(app.text_input(key="train_model_name_mine").set_value("my-english").run())
    checked(app.button(key="train_use").click().run())
    assert "my-english is one of your models. All pages now read with it." in messages(app).replace("*", "")
    assert app.query_params["model"] in ("my-english", ["my-english"])
    card = (tmp_path / "models" / "my-english" / "README.md").read_text("utf-8")
    assert str(tmp_path) not in card and "--train text/train.txt" in card
    assert "a <b>text</b>" in card and "Its perplexity on lines that were held out is" in card
    assert load_model("my-english").about["words_seen"] == 800
    checked(app.switch_page("models/page.py").run())
    assert "All pages now read with **my-english**" in texts(app)
    with zipfile.ZipFile(io.BytesIO(model_archive(run))) as archive:
        assert {"mine/README.md", "mine/config.json", "mine/model.safetensors"} <= set(archive.namelist())
    with zipfile.ZipFile(io.BytesIO(official_archive(run))) as archive:
        assert any(name.endswith("options.json") for name in archive.namelist())


def load_model_names(tmp_path: Path) -> list[str]:
    folder = tmp_path / "models"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_text_of_ones_own_is_trained_on_with_all_settings_in_reach(busy: None, tmp_path: Path):
    text = write_corpus(tmp_path / "a.txt", 60).read_text()
    app = open_page("train")
    assert "A few hundred sentences show how it works" in captions(app)
    checked(app.text_area(key="train_pasted").set_value("One.").run())
    wait_until(lambda page: "words/s" in texts(page), app)
    checked(app.button(key="train_begin").click().run())
    wait_until(lambda page: "at least 40 are needed" in messages(page), app)
    checked(app.text_area(key="train_pasted").set_value(text).run())
    wait_until(lambda page: "words/s" in texts(page), app)
    assert "MB of memory" in texts(app) and "MB of disk" in texts(app)
    (rows,) = (str(field.key) for field in app.number_input if str(field.key).endswith("_rows"))
    prefix = rows.removesuffix("_rows")
    assert app.number_input(key=f"{prefix}_rows").value < 32  # fitted to a short text
    assert "Parallel streams" in app.number_input(key=f"{prefix}_rows").help
    checked(app.number_input(key=f"{prefix}_learning_rate").set_value(0.0).run())
    assert "learning_rate must be positive" in messages(app)
    checked(app.number_input(key=f"{prefix}_learning_rate").set_value(0.02).run())
    checked(app.number_input(key=f"{prefix}_n_layers").set_value(100_000).run())
    wait_until(lambda page: "100,000 layers are too many to train" in messages(page), app)
    checked(app.number_input(key=f"{prefix}_n_layers").set_value(2).run())
    checked(app.number_input(key=f"{prefix}_lstm_dim").set_value(64).run())
    wait_until(lambda page: "words/s" in texts(page), app)
    name = next(field for field in app.text_input if str(field.key).startswith("train_name_"))
    checked(name.set_value("../up").run())
    assert "cannot be the name of a run" in messages(app)
    name = next(field for field in app.text_input if str(field.key).startswith("train_name_"))
    checked(name.set_value("short").run())
    checked(app.button(key="train_begin").click().run())
    wait_until(lambda page: find_run("short"), app)
    wait_until(lambda page: "It starts in a moment." in messages(page), app)
    settings = json.loads((all_runs()[0].folder / "config.json").read_text())
    assert (settings["learning_rate"], settings["model"]["lstm_dim"]) == (0.02, 64)


def test_a_run_goes_on_from_a_model(busy: None, tmp_path: Path):
    (tmp_path / "models").mkdir()
    write_folder(tiny_model(), tmp_path / "models" / "second")
    app = open_page("train")
    checked(app.segmented_control(key="train_text").set_value("Files of this machine").run())
    for pattern in ("~nobody-of-this-name", "x" * 300, "nothing/*.txt"):
        checked(app.text_input(key="train_pattern").set_value(pattern).run())
        assert pattern in messages(app)
    checked(app.segmented_control(key="train_text").set_value("The bundled sample").run())
    wait_until(lambda page: "words/s" in texts(page), app)
    checked(app.selectbox(key="train_start").set_value("second").run())
    wait_until(lambda page: "words/s" in texts(page), app)
    prefix = "train_Two minutes_second_32"
    assert app.number_input(key=f"{prefix}_learning_rate").value == 1e-3  # so that it does not forget
    assert not [field for field in app.number_input if field.key == f"{prefix}_lstm_dim"]
    checked(app.button(key="train_begin").click().run())
    wait_until(lambda page: find_run("the-bundled-sample"), app)
    (run,) = all_runs()
    assert run.about.start == "second" and "--from second" in run.command_line()
    assert run.config.model.lstm_dim == tiny_model().model.config.lstm_dim


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows ends processes in its own way")
def test_a_run_outlives_the_visitor_and_the_server_that_started_it(tmp_path: Path):
    run = make("mine", write_corpus(tmp_path / "a.txt", 300), total_words=LONG)

    def wait_for_more() -> None:
        before, end = read_progress(run).words, time.monotonic() + PATIENCE_S
        while read_progress(run).words == before:
            assert time.monotonic() < end and queue.state_of(run).is_active, queue.state_of(run)
            time.sleep(0.05)

    with served_app() as (address, process):
        with visiting(address, patience_s=PATIENCE_S) as visitor:
            visitor.set(visitor.open("train", "run=mine"), "train_resume", trigger_value=True)
            visitor.run()
            wait_for_more()
        wait_for_more()  # nobody looks
        os.kill(process, signal.SIGKILL)
    wait_for_more()
    app = open_page("train")  # of another process: it has the files alone
    assert [bar.proto.text.startswith("Learning, about") for bar in app.get("progress")] == [True]
    checked(app.button(key="train_pause").click().run())
    wait_until(lambda page: "Paused after" in texts(page).replace("*", ""), app)
    assert load_checkpoint(run.output)[1]["step"] * run.config.words_per_step >= read_progress(run).words


@pytest.mark.browser
@pytest.mark.timeout(600)  # it starts four processes
def test_a_run_survives_a_reload_and_becomes_the_model_of_word_senses(
    visit: Callable[..., Page],
    folders_of_server: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv(RUNS_VARIABLE, folders_of_server[RUNS_VARIABLE])
    run = make("live", write_corpus(tmp_path / "a.txt", 400), total_words=LONG)
    page = visit("/train?run=live")

    def press(name: str) -> None:
        page.get_by_role("button", name=name, exact=True).first.click()

    press("Start")
    expect(page.get_by_text("Learning, about")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Learning, about")).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").first).not_to_have_text("not yet")
    press("Pause")
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    press("Go on")
    expect(page.get_by_text("Learning, about")).to_be_visible()
    press("Finish now")
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()
    assert not queue.state_of(run).is_active
    press("Use it on all pages")
    settle(page)
    page.get_by_role("link", name="See its word senses").first.click()
    expect(page.get_by_text("Model: live-finished").first).to_be_visible()
    expect(page.get_by_role("heading", name="One word, many meanings")).to_be_visible()
    settle(page)
    queue.remove(run)
