"""Finish now: a copy of a run whose rate falls to 0, while the run goes on."""

from __future__ import annotations

import dataclasses
import json

import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.exceptions import TrainingError
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.checkpoint import load_checkpoint
from elmo_core.pretraining.finishing import copy_to_finish, finishing_config, with_schedule_of
from elmo_core.pretraining.optimisation import learning_rate
from elmo_core.pretraining.trainer import Trainer
from elmo_core.weights.folder import read_folder
from tests.pretraining.corpora import small_settings, write_corpus
from tests.pretraining.runs import assert_same_weights, train, valid_of


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    return open_corpus(str(write_corpus(folder / "a.txt")), folder / "cache", tokenised=True)


def go_on(corpus, folder, settings, until=None):
    trainer = Trainer(with_schedule_of(folder, settings), corpus, valid_of(corpus), folder, resume=True)
    for row in trainer.run():
        if until and row.step >= until:
            break
    return trainer


def test_the_copy_has_the_bits_of_a_run_that_was_planned_so(corpus, tmp_path):
    settings = small_settings(warm_up_steps=2, decay_from=0.99)
    run = Trainer(settings, corpus, valid_of(corpus), tmp_path / "run")
    for row in run.run():
        if row.step == 20:
            break
    rest = [path.read_bytes() for path in sorted((tmp_path / "run").glob("checkpoint-*/*"))]
    copy_to_finish(tmp_path / "run", tmp_path / "copy")
    with pytest.raises(TrainingError, match="resume it or give another folder"):
        copy_to_finish(tmp_path / "run", tmp_path / "copy")
    go_on(corpus, tmp_path / "copy", settings, until=21)  # stopped, and resumed from its checkpoint
    finished = go_on(corpus, tmp_path / "copy", settings)
    planned = dataclasses.replace(finishing_config(settings, 20), warm_up_steps=2)
    assert finished.step == planned.total_steps == 23
    whole = Trainer(planned, corpus, valid_of(corpus), tmp_path / "planned")
    list(whole.run())
    assert_same_weights(whole.model, finished.model)
    assert_same_weights(whole.exported_model(), finished.exported_model())
    assert [path.read_bytes() for path in sorted((tmp_path / "run").glob("checkpoint-*/*"))] == rest


@pytest.mark.parametrize("step", [1, 5, 50, 90, 99])
def test_the_rate_falls_from_where_it_was_to_zero(step):
    config = small_settings(total_words=100 * small_settings().words_per_step, warm_up_steps=10)
    finishing = finishing_config(config, step)
    rates = [learning_rate(finishing, at) for at in range(step, finishing.total_steps + 1)]
    assert rates[0] == pytest.approx(learning_rate(config, step)) and rates[-1] == pytest.approx(0, abs=1e-9)
    assert rates == sorted(rates, reverse=True)
    assert finishing.total_steps - step == max(1, -(-step // 9))


def test_what_cannot_be_finished_says_why(corpus, tmp_path):
    with pytest.raises(TrainingError, match="holds no checkpoint to finish"):
        copy_to_finish(tmp_path, tmp_path / "copy")
    train(corpus, tmp_path / "done", total_words=200)
    with pytest.raises(TrainingError, match="has finished already"):
        copy_to_finish(tmp_path / "done", tmp_path / "copy")
    train(corpus, tmp_path / "adagrad", optimiser="adagrad", learning_rate=0.01, total_words=200)
    with pytest.raises(TrainingError, match="whose rate does not fall"):
        copy_to_finish(tmp_path / "adagrad", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_finish_on_the_command_line(tmp_path):
    text = write_corpus(tmp_path / "a.txt")
    settings = small_settings(decay_from=0.99)
    (tmp_path / "config.json").write_text(settings.to_json())
    corpus = open_corpus(str(text), tmp_path / "cache", tokenised=True)
    run = Trainer(settings, corpus, [corpus.words(n) for n in range(corpus.n_sentences)], tmp_path / "run")
    for row in run.run():
        if row.step == 20:
            break
    names = ("--train", text, "--valid", text, "--cache", tmp_path / "cache", "--output")
    arguments = ["pretrain", tmp_path / "config.json", "--tokenised", *names]
    results = []
    for folder, finished in ((tmp_path / "copy", tmp_path / "run"), (tmp_path / "run", tmp_path / "run")):
        call = [*arguments, folder, "--finish", finished, "--json"]
        results.append(CliRunner().invoke(app, [str(one) for one in call]))
    done, refused = results
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1])["steps"] == 23
    assert load_checkpoint(tmp_path / "copy")[1]["step"] == 23
    assert read_folder(tmp_path / "copy" / "model").about["steps"] == 23
    assert refused.exit_code == 2 and load_checkpoint(tmp_path / "run")[1]["step"] == 20
