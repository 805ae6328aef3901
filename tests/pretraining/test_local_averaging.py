"""Workers that average their weights without waiting: exact sums, real processes, damage, refusals."""

from __future__ import annotations

import errno
import itertools
import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.exceptions import ConfigError, TrainingError
from elmo_core.pretraining import shared_folder
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.checkpoint import checkpoints, load_checkpoint
from elmo_core.pretraining.finishing import copy_to_finish, with_schedule_of
from elmo_core.pretraining.local_averaging import LocalAveraging, Worker
from elmo_core.pretraining.shared_folder import read_weights, write_weights
from elmo_core.pretraining.snapshot import read_snapshot
from elmo_core.pretraining.trainer import Trainer
from elmo_core.text.vocabulary import SPECIALS, Vocabulary
from elmo_core.weights.folder import read_folder
from tests.pretraining.corpora import small_settings, write_corpus
from tests.pretraining.runs import PATIENCE_S, valid_of, wait_for_new_checkpoint


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return open_corpus(str(write_corpus(folder / "a.txt")), folder / "cache", tokenised=True)


class Simulated:
    """A worker whose movements a test makes up."""

    def __init__(self, folder: Path, number: int, **outer: float) -> None:
        self.model, self.average, self.step = nn.Linear(3, 2, bias=False), {}, 0
        worker = Worker(number, 2, folder / "shared", **outer)
        run = folder / f"run-{number}"
        run.mkdir(exist_ok=True)
        self.averaging = LocalAveraging(worker, run)
        identity = {"corpus": "c", "config": small_settings().to_dict()}
        self.averaging.begin(self.model, Vocabulary(SPECIALS), identity, lambda: None)

    def move(self, movement: torch.Tensor, steps: int = 100) -> None:
        """Train for some steps, and make a round."""
        with torch.no_grad():
            self.model.weight += movement
        self.average = {"weight": self.model.weight.detach().clone()}
        self.step += steps
        self.averaging.exchange(self.model, self.average, self.step)
        self.averaging.publish(self.average)

    @property
    def weights(self) -> torch.Tensor:
        return self.model.weight.detach().clone()


def test_rounds_in_turn_are_nesterov_momentum_on_the_mean_movement(tmp_path):
    outer = {"outer_rate": 0.7, "outer_momentum": 0.9}
    one, two = (Simulated(tmp_path, number, **outer) for number in (1, 2))
    assert torch.equal(one.weights, two.weights)
    reference = nn.Parameter(one.weights)
    optimiser = torch.optim.SGD([reference], lr=0.7, momentum=0.9, nesterov=True)
    generator = torch.Generator().manual_seed(1)
    for _ in range(4):
        movements = [torch.randn(2, 3, generator=generator) for _ in range(2)]
        one.move(movements[0])
        two.move(movements[1])
        reference.grad = -(movements[0] + movements[1]) / 2
        optimiser.step()
        torch.testing.assert_close(two.weights, reference.detach(), atol=1e-5, rtol=1e-5)


def test_a_worker_counts_by_its_steps_and_a_dead_one_holds_nobody_back(tmp_path):
    one, two = (Simulated(tmp_path, number, outer_rate=1.0, outer_momentum=0.0) for number in (1, 2))
    start, unit = one.weights, torch.ones(2, 3)
    one.move(unit)  # a first round: the other is taken to have made as many steps
    two.move(unit)
    torch.testing.assert_close(two.weights, start + unit)
    one.move(unit, steps=300)  # 300 of the 400 since its last round
    torch.testing.assert_close(one.weights, start + 1.75 * unit)
    averages = read_weights(tmp_path / "shared" / "worker-2.safetensors").tensor("average:weight")
    torch.testing.assert_close(one.average["weight"], 0.75 * (start + 1.5 * unit) + 0.25 * averages)
    for _ in range(2):  # nothing new of the other: all of the movement counts, and nothing is lost
        one.move(unit)
    torch.testing.assert_close(one.weights, start + 3.75 * unit)
    two.move(8 * unit)  # back after long: 100 of 600 steps
    torch.testing.assert_close(two.weights, start + (3.75 + 8 / 6) * unit)
    one.move(0 * unit)
    assert torch.equal(one.weights, two.weights)
    again = Simulated(tmp_path, 2, outer_rate=1.0, outer_momentum=0.0)  # its run folder is lost
    assert torch.equal(again.weights, two.weights)
    again.move(unit)
    one.move(0 * unit)
    assert torch.equal(one.weights, again.weights)


def test_momentum_fades_with_the_rounds_of_the_others(tmp_path):
    one, two = (Simulated(tmp_path, number, outer_rate=1.0, outer_momentum=0.5) for number in (1, 2))
    one.move(torch.ones(2, 3))
    for _ in range(30):
        two.move(torch.zeros(2, 3))
    before = two.weights
    one.move(torch.zeros(2, 3))
    torch.testing.assert_close(one.weights, before, atol=1e-6, rtol=0)


def trainer_of(corpus, folder: Path, number: int, *, resume=False, worker=True, **changes):
    """A worker of a small run of three rounds of 10 steps."""
    who = Worker(number, 2, folder / "shared") if worker else None
    settings = small_settings(**{"log_steps": 10, "total_words": 30 * 20, **changes})
    return Trainer(settings, corpus, valid_of(corpus), folder / f"run-{number}", worker=who, resume=resume)


@pytest.fixture(scope="module")
def two_runs(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    runs = [trainer_of(corpus, folder, number).run() for number in (1, 2)]
    for _ in range(2):
        for run in runs:
            next(run)
    return folder


@pytest.fixture
def two(two_runs, tmp_path):
    """Two workers that have made two rounds each, in turn."""
    return Path(shutil.copytree(two_runs, tmp_path / "two"))


def shared_file(folder: Path, number: int) -> Path:
    return folder / "shared" / f"worker-{number}.safetensors"


def with_files_of_the_other(two_runs: Path, folder: Path) -> Path:
    """A folder in which worker 1 has not begun, and worker 2 has made its rounds and is gone."""
    (folder / "shared").mkdir(parents=True)
    for name in ("start.safetensors", "worker-2.safetensors"):
        shutil.copy(two_runs / "shared" / name, folder / "shared")
    return folder


@pytest.fixture(scope="module")
def undisturbed(corpus, two_runs, tmp_path_factory):
    folder = with_files_of_the_other(two_runs, tmp_path_factory.mktemp("undisturbed"))
    list(trainer_of(corpus, folder, 1).run())
    return folder


@pytest.mark.parametrize("moment", ["in a round", "before publishing", "asked to stop"])
def test_resumption_is_bitwise_given_the_files_of_the_others(corpus, two_runs, undisturbed, tmp_path, moment):
    folder = with_files_of_the_other(two_runs, tmp_path / "disturbed")
    asked = itertools.count()
    should_stop = (lambda: next(asked) == 25) if moment == "asked to stop" else None
    for row in trainer_of(corpus, folder, 1, log_steps=5).run(should_stop):
        if row.step == 10:
            published = shared_file(folder, 1).read_bytes()
        if row.step == (20 if moment == "before publishing" else 25):
            break
    if moment == "before publishing":  # killed after its checkpoint
        shared_file(folder, 1).write_bytes(published)
    resumed = trainer_of(corpus, folder, 1, resume=True)
    assert read_weights(shared_file(folder, 1)).facts["rounds"] == 2
    list(resumed.run())
    for file in ("shared/worker-1.safetensors", "run-1/checkpoint-00000030/state.safetensors"):
        assert (folder / file).read_bytes() == (undisturbed / file).read_bytes(), file
    assert resumed.words_seen == (30 + 20) * 20


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "a bit flipped":
        path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    elif how == "another run":
        found = read_weights(path)
        tensors = {name: found.tensor(name) for name in found.shapes()}
        write_weights(path, tensors, {**found.facts, "start": "another"})
    elif how == "not finite":
        found = read_weights(path)
        tensors = {name: torch.full(shape, torch.nan) for name, shape in found.shapes().items()}
        write_weights(path, tensors, found.facts)
    elif how == "text":
        path.write_text("not weights")
    else:
        path.unlink()


def test_a_folder_that_refuses_to_be_read_for_a_while_stops_nobody(corpus, two, caplog, monkeypatch):
    trainer = trainer_of(corpus, two, 1, resume=True)
    shared_file(two, 2).touch()

    def refuse(source, target):
        raise OSError(errno.EIO, "Input/output error")  # of a mount; it names no file

    monkeypatch.setattr(shared_folder, "_checksum_noted", lambda _: None)
    monkeypatch.setattr(shared_folder.shutil, "copyfile", refuse)
    with caplog.at_level(logging.WARNING):
        next(trainer.run())
    assert "Input/output error" in caplog.text and "it is left out." in caplog.text


@pytest.mark.parametrize("how", ["cut", "a bit flipped", "text", "another run", "not finite", "removed"])
def test_a_damaged_file_of_another_worker_is_left_out_in_one_sentence(corpus, two, caplog, how):
    trainer = trainer_of(corpus, two, 1, resume=True)  # it has read the first round of worker 2 alone
    damage(shared_file(two, 2), how)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        next(trainer.run())
    warnings = [record.message for record in caplog.records]
    assert len(warnings) == (how != "removed")
    for warning in warnings:
        assert str(shared_file(two, 2)) in warning and warning.endswith("; it is left out.")
    start = read_weights(two / "shared" / "start.safetensors")
    theirs = read_weights(two / "run-1" / "others" / "worker-2.safetensors")
    ours = read_weights(shared_file(two, 1))
    assert (theirs.facts["rounds"], ours.facts["rounds"]) == (1, 3)
    for name, parameter in trainer.model.named_parameters():
        summed = start.tensor(name) + ours.tensor(f"sum:{name}") + theirs.tensor(f"sum:{name}")
        assert torch.equal(parameter, summed), name


def test_a_folder_that_is_away_for_a_while_stops_nobody(corpus, two, caplog):
    trainer = trainer_of(corpus, two, 1, resume=True, total_words=40 * 20)
    run = trainer.run()
    (two / "shared").rename(two / "away")
    next(run)
    assert "cannot be read" in caplog.text and "The next round publishes this one as well." in caplog.text
    (two / "away").rename(two / "shared")
    next(run)
    assert read_weights(shared_file(two, 1)).facts["rounds"] == 4


def test_what_does_not_belong_together_is_refused_in_one_sentence(corpus, two, tmp_path):
    other_text = write_corpus(tmp_path / "b.txt", seed=3)
    other = open_corpus(str(other_text), tmp_path / "cache", tokenised=True)
    shared, run = two / "shared", two / "run-3"
    with pytest.raises(TrainingError, match=r"have another rows \(4, not 2\); give all of them the same"):
        Trainer(small_settings(rows=2), corpus, valid_of(corpus), run, worker=Worker(3, 3, shared))
    with pytest.raises(TrainingError, match="have another training text"):
        Trainer(small_settings(), other, valid_of(corpus), run, worker=Worker(3, 3, shared))
    words = Vocabulary([*SPECIALS, "bara"])
    with pytest.raises(TrainingError, match="have another vocabulary"):
        Trainer(
            small_settings(), corpus, valid_of(corpus), run, worker=Worker(3, 3, shared), vocabulary=words
        )
    with pytest.raises(TrainingError, match="is the run of worker 1; resume it with --worker 1/N"):
        trainer_of(corpus, two, 1, resume=True, worker=False)
    (two / "run-2").rename(two / "run-2x")
    (two / "run-1").rename(two / "run-2")
    with pytest.raises(TrainingError, match="is the run of worker 1; resume it"):
        trainer_of(corpus, two, 2, resume=True)
    (two / "run-2").rename(two / "run-1")
    (two / "foreign").mkdir()
    (two / "foreign" / "letter.txt").write_text("Dear")
    with pytest.raises(TrainingError, match=r"holds letter.txt and no start.safetensors"):
        Trainer(small_settings(), corpus, valid_of(corpus), run, worker=Worker(3, 3, two / "foreign"))
    shared.rename(two / "elsewhere")
    with pytest.raises(TrainingError, match="is not the folder that this worker shared before"):
        trainer_of(corpus, two, 1, resume=True)
    (two / "elsewhere").rename(shared)
    (shared / "start.safetensors").write_bytes(b"damaged")
    with pytest.raises(TrainingError, match=r"start.safetensors is damaged or holds something else"):
        Trainer(small_settings(), corpus, valid_of(corpus), run, worker=Worker(3, 3, shared))
    assert not checkpoints(run)
    with pytest.raises(ConfigError, match="K from 1 to N"):
        Worker(3, 2, shared)


def test_two_processes_with_one_number_are_told_apart(corpus, two):
    first = trainer_of(corpus, two, 1, resume=True).run()
    settings, who = small_settings(log_steps=10), Worker(1, 2, two / "shared")
    next(Trainer(settings, corpus, valid_of(corpus), two / "copy", worker=who).run())
    with pytest.raises(
        TrainingError, match="was written by another process; start every worker with a number"
    ):
        next(first)


def test_a_run_without_workers_does_not_become_one(corpus, tmp_path):
    next(trainer_of(corpus, tmp_path, 1, worker=False).run())
    with pytest.raises(TrainingError, match="is a run without other workers"):
        trainer_of(corpus, tmp_path, 1, resume=True)


@pytest.mark.parametrize("number", [1, 2])
def test_snapshot_and_finish_take_the_mean(corpus, two, number):
    stored, (_, values) = read_snapshot(two / "run-2"), load_checkpoint(two / "run-2")
    assert stored.about["words_seen"] == (20 + 20) * 20 and values["averaging"]["seen"] == {"1": [2, 20]}
    copy_to_finish(two / f"run-{number}", two / "finished")
    settings = with_schedule_of(two / "finished", small_settings())
    alone = Trainer(settings, corpus, valid_of(corpus), two / "finished", resume=True)
    list(alone.run())
    assert alone.step == 23 and "averaging" not in load_checkpoint(two / "finished")[1]


def pretrain(folder: Path, name: str, *more: object) -> list[str]:
    text, cache = folder / "a.txt", folder / "cache"
    options = {"--train": text, "--valid": text, "--cache": cache, "--output": folder / name}
    pairs = itertools.chain.from_iterable(options.items())
    return list(map(str, ["pretrain", folder / f"{name}.json", "--tokenised", *pairs, *more]))


def start(folder: Path, number: int, steps: int, *more: str) -> subprocess.Popen:
    """Start a worker in a process of its own."""
    settings = small_settings(total_words=steps * 20)
    (folder / f"run-{number}.json").write_text(settings.to_json())
    options = ("--worker", f"{number}/2", "--shared", folder / "shared", *more)
    command = [sys.executable, "-m", "elmo_core", *pretrain(folder, f"run-{number}", *options)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )


def test_processes_come_late_die_and_return(tmp_path):
    write_corpus(tmp_path / "a.txt")
    first = start(tmp_path, 1, 10**6)
    wait_for_new_checkpoint(tmp_path / "run-1", first)
    late = start(tmp_path, 2, 40)
    wait_for_new_checkpoint(tmp_path / "run-2", late)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=PATIENCE_S)
    output, _ = late.communicate(timeout=PATIENCE_S)
    assert late.returncode == 0 and "worker 1" in output, output
    reached = int(checkpoints(tmp_path / "run-1")[-1].name.split("-")[1])
    back = start(tmp_path, 1, reached + 20, "--resume")
    output, _ = back.communicate(timeout=PATIENCE_S)
    assert back.returncode == 0 and "worker 2: 40" in output, output
    assert read_folder(tmp_path / "run-1" / "model").about["words_seen"] == (reached + 20 + 40) * 20
    files = [read_weights(shared_file(tmp_path, number)).facts["steps"] for number in (1, 2)]
    assert files == [reached + 20, 40]
    assert not list((tmp_path / "shared").glob(".*"))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--worker", "1/2"], "takes both --worker K/N and --shared FOLDER"),
        (["--worker", "3/2", "--shared", "s"], "K/N with K from 1 to N, as in 1/2; got 3/2"),
        (["--worker", "one", "--shared", "s"], "got 'one'"),
        (["--worker", "1/2", "--shared", "s", "--finish", "x"], "finishes on its own"),
        (["--worker", "1/2", "--shared", "run/inside"], "is the folder of one run"),
    ],
)
def test_misuse_on_the_command_line(tmp_path, monkeypatch, options, sentence):
    monkeypatch.chdir(tmp_path)
    write_corpus(tmp_path / "a.txt")
    (tmp_path / "run.json").write_text(small_settings().to_json())
    result = CliRunner().invoke(app, pretrain(tmp_path, "run", *options))
    assert result.exit_code == 2 and sentence in result.stderr and len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "run").exists() and not (tmp_path / "s").exists()
