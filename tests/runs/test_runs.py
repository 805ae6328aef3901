"""Training runs as processes of their own: found again, paused, killed, finished, one after the other."""

from __future__ import annotations

import csv
import errno
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.exceptions import InputError, OutputError, TrainingError
from elmo_core.pretraining.checkpoint import load_checkpoint
from elmo_core.pretraining.kept_models import is_kept, kept_models
from elmo_core.runs import queue, worker
from elmo_core.runs.endings import ending_of
from elmo_core.runs.folder import (
    HELD_OUT,
    RUNS_VARIABLE,
    TRAIN,
    About,
    Run,
    all_doomed,
    all_runs,
    create_finishing_run,
    create_run,
    doom,
    find_run,
    free_run_name,
)
from elmo_core.runs.progress import read_progress
from elmo_core.runs.texts import TextPart, write_texts
from elmo_core.runs.worker import NICE_VARIABLE
from elmo_core.weights.folder import read_folder
from tests.pretraining.corpora import small_settings, write_corpus
from tests.pretraining.runs import assert_same_weights

PATIENCE_S = 240
LONG = 100_000 * 20
"""Words of a run that does not end by itself while a test looks."""


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(RUNS_VARIABLE, str(tmp_path / "runs"))
    monkeypatch.setenv(NICE_VARIABLE, "0")
    return tmp_path / "runs"


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> TextPart:
    return TextPart("a.txt", write_corpus(tmp_path_factory.mktemp("text") / "a.txt", 300))


def make(name: str, text: TextPart, **settings: object) -> Run:
    about = About(created=time.time(), text=text.name)
    return create_run(
        name, small_settings(**settings), about, lambda folder: write_texts(folder, [text], about)
    )


def wait_for(what: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def wait_until_over(*runs: Run) -> None:
    wait_for(lambda: not any(queue.state_of(run).is_active for run in runs))


def process_of(run: Run, step: int = 10) -> int:
    """Number of the process that trains a run, once it has come so far."""
    before = read_progress(run).rows[-1:]
    wait_for(lambda: queue.state_of(run).kind == "running")
    wait_for(lambda: read_progress(run).rows[-1:] != before and read_progress(run).rows[-1].step >= step)
    noted = queue.read_note(run)
    assert noted is not None and noted.outcome == "running"
    return noted.process


def history(folder: Path) -> list[tuple[str, ...]]:
    """All of the history but its times, which differ from run to run."""
    with (folder / "history.csv").open(newline="") as stream:
        return [
            tuple(value for name, value in row.items() if name != "words_per_s")
            for row in csv.DictReader(stream)
        ]


def test_a_run_that_was_killed_has_the_bits_of_the_command_line(text: TextPart, tmp_path: Path):
    """Its process is killed, then its worker: nothing is lost, and nothing differs."""
    run = make("mine", text, total_words=90 * 20, checkpoint_steps=15, log_steps=2)
    assert queue.state_of(run).kind == "paused" and run.about.n_lines == 285
    queue.start(run)
    os.kill(process_of(run, 20), signal.SIGKILL)
    wait_for(lambda: queue.state_of(run).kind == "ended")
    assert "SIGKILL" in queue.state_of(run).said and "can go on" in queue.state_of(run).said

    queue.start(run)
    os.kill(parent_of(process_of(run)), signal.SIGKILL)  # the worker; its child stops after a step
    wait_for(lambda: not queue.state_of(run).is_active)
    seen = load_checkpoint(run.output)[1]["step"]
    assert seen >= read_progress(run).rows[-1].step  # of the step that was made, not the last one measured
    if queue.state_of(run).kind != "finished":
        assert "without a word" in queue.state_of(run).said
        queue.start(run)
        wait_until_over(run)
    assert queue.state_of(run).kind == "finished", queue.state_of(run).said

    again = CliRunner().invoke(app, run.arguments(output=tmp_path / "again"))
    assert again.exit_code == 0, again.output
    assert history(run.output) == history(tmp_path / "again")
    ours, theirs = read_folder(run.model), read_folder(tmp_path / "again" / "model")
    assert_same_weights(ours.model, theirs.model)
    assert ours.about["perplexity"] == theirs.about["perplexity"]
    assert list(kept_models(run.output)) == list(kept_models(tmp_path / "again"))
    assert 2 < len(kept_models(run.output)) < 30
    progress = read_progress(run)
    assert progress.share == 1 and progress.guessing > progress.measured[-1].perplexity > 1


def test_a_run_that_goes_on_after_a_death_waits_at_every_moment(
    text: TextPart, monkeypatch: pytest.MonkeyPatch
):
    run = make("mine", text)
    queue.note(run, queue.Noted("running", began=time.time()))  # and nobody holds the lock
    assert queue.state_of(run).kind == "ended"
    with monkeypatch.context() as patch:
        patch.setattr(queue, "wake_worker", lambda: None)  # it has not come yet
        queue.start(run)
        seen = [queue.state_of(run).kind]
        patch.setattr(queue, "write_json", lambda *_: seen.append(queue.state_of(run).kind))
        queue.note_the_dead()
    assert [*seen, queue.state_of(run).kind] == ["waiting"] * 3


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def test_finish_now_trains_a_copy_and_remove_stops_what_it_deletes(text: TextPart, runs: Path):
    run, behind = make("long", text, total_words=LONG), make("behind", text, total_words=LONG)
    with pytest.raises(TrainingError, match="no checkpoint to finish yet"):
        queue.finish_now(run)
    queue.start(run)
    queue.start(behind)
    wait_for(lambda: run.has_checkpoint)
    assert queue.state_of(run).kind == "running"
    assert queue.state_of(behind) == queue.RunState("waiting", n_before=1)
    copy = queue.finish_now(run)
    assert copy.name == "long-finished" and copy.about.finishes == "long"
    wait_until_over(copy)
    assert queue.state_of(copy).kind == "finished", queue.state_of(copy).said
    assert queue.state_of(run) == queue.RunState("paused")
    steps = read_folder(copy.model).about["steps"]
    assert steps * copy.config.words_per_step == copy.total_words() < LONG
    assert history(run.output) == history(copy.output)[: len(history(run.output))]

    process_of(behind)  # it was its turn
    queue.remove(behind)
    assert behind not in all_runs() and find_run("behind") is None
    wait_for(lambda: not behind.folder.exists())
    queue.remove(run)
    wait_for(lambda: not queue.is_locked(runs / queue.LOCK))
    assert all_runs() == [copy]
    assert sorted(path.name for path in runs.iterdir()) == ["long-finished", "worker.log"]
    assert (runs / "worker.log").read_bytes() == b""


def test_what_cannot_be_finished_or_removed_yet_stays_as_it_is(
    text: TextPart, monkeypatch: pytest.MonkeyPatch
):
    run = make("mine", text)
    (run.output / "checkpoint-00000009").mkdir(parents=True)
    assert run.has_checkpoint
    copy = create_finishing_run(run)
    assert copy.total_words() == run.total_words()
    with pytest.raises(TrainingError, match="mine-finished has not taken the checkpoint of mine yet"):
        queue.remove(run)
    queue.remove(copy)
    (run.output / "checkpoint-00000009" / "state.json").write_text('{"step": 1000000}')
    with pytest.raises(TrainingError, match="has made its last step"):
        queue.finish_now(run)
    assert all_runs() == [run]

    def refuse(path: Path) -> bool:
        raise OSError(errno.ENOLCK, "No locks available", str(path))

    queue.note(run, queue.Noted("running"))
    monkeypatch.setattr(queue, "is_locked", refuse)
    with pytest.raises(OutputError, match=r"cannot be locked \(No locks available\)"):
        queue.state_of(run)


def test_what_cannot_be_deleted_is_left_by_the_worker(text: TextPart, runs: Path):
    run = make("mine", text)
    doom(run)
    hidden = runs / ".old.1234.old"
    run.folder.rename(hidden)
    assert all_doomed() == []
    hidden.rename(run.folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "delete", lambda run: None)
        worker.work(runs)  # ends
    assert all_doomed() == [run]
    queue.wake_worker()
    wait_for(lambda: not run.folder.exists())


def test_what_went_wrong_is_said_in_one_sentence(text: TextPart, tmp_path: Path):
    run, log = make("mine", text), tmp_path / "log"

    def said(printed: str, code: int) -> str:
        log.write_text(f"Error: an earlier one\n{printed}\n")
        return ending_of(run, code, (log, 22), was_asked=False).said

    assert said("Error: The corpus is too small.\n", 2) == "The corpus is too small."
    assert said("OSError: [Errno 28] No space left on device", 2).startswith("The disk is full;")
    assert said("RuntimeError: DefaultCPUAllocator: can't allocate memory", 1).startswith("Memory ran out.")
    assert said("ValueError: odd", 1).startswith("An error of the program: ValueError: odd")
    assert "where memory runs out" in said("", -signal.SIGKILL)
    assert ending_of(run, 143, (log, 0), was_asked=True) == queue.Noted("paused")


def test_a_text_becomes_lines_with_some_held_out(tmp_path: Path):
    about = About(created=0.0, text="mine")
    (tmp_path / "a").mkdir()
    prose = TextPart("typed", "One went home. Two stayed here. Three are gone. Four slept late. " * 20)
    told = write_texts(
        tmp_path / "a", [prose, TextPart("b.txt", "Zürich liegt dort.\r\n".encode("cp1252"))], about
    )
    train = (tmp_path / "a" / TRAIN).read_text("utf-8").split("\n")
    assert told.n_lines == len([line for line in train if line]) == 77 and "Zürich liegt dort." in train
    assert len((tmp_path / "a" / HELD_OUT).read_text("utf-8").split("\n")) == 5
    with pytest.raises(InputError, match="has 1 sentences; at least 40 are needed"):
        write_texts(tmp_path / "a", [TextPart("typed", "One went home.")], about)
    conllu = "1\ta\ta\tDET\t_\t_\t2\tdet\t_\t_\n"
    with pytest.raises(InputError, match="is CoNLL-U"):
        write_texts(tmp_path / "a", [TextPart("x.txt", conllu)], about)


def test_a_run_is_made_whole_or_not_at_all(text: TextPart, runs: Path):
    make("mine", text)
    assert free_run_name("Mine!") == "mine-2" and free_run_name("…") == "my-model"
    for name in ("mine", "../x", "", ".hidden"):
        with pytest.raises(InputError):
            make(name, text)
    with pytest.raises(InputError, match="at least 40"):
        make("short", TextPart("typed", "One. Two."))

    def cancel(n_lines: int, _: int) -> None:
        assert n_lines == 1_000
        raise KeyboardInterrupt  # no Exception, as where a page cancels it

    about, long = About(created=0.0, text=""), TextPart("typed", "One goes.\n" * 1_500)
    with pytest.raises(KeyboardInterrupt):
        create_run(
            "stopped", small_settings(), about, lambda folder: write_texts(folder, [long], about, cancel)
        )
    assert [path.name for path in runs.iterdir()] == ["mine"]
    assert find_run("../runs/mine") is None


@pytest.mark.parametrize("every", [1, 10, 500])
def test_kept_models_grow_by_a_quarter(every: int):
    kept = [step for step in range(0, 401 * every, every) if is_kept(step, every, 400 * every)]
    assert kept[0] == 0 and kept[1] == every and kept[-1] == 400 * every
    assert 15 < len(kept) < 30
