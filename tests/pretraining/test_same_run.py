"""A run is resumed with its own texts and settings; anything else is refused in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.exceptions import ConfigError, TrainingError
from elmo_core.files import claim_output
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.checkpoint import checkpoints
from elmo_core.pretraining.run_folder import RUN, RUN_FOLDER
from elmo_core.pretraining.trainer import Trainer
from elmo_core.text.vocabulary import SPECIALS, Vocabulary
from elmo_core.weights.tiny import tiny_model
from tests.pretraining.corpora import small_settings, write_corpus
from tests.pretraining.runs import train, valid_of

SHORT = {"total_words": 10 * 20}


def corpus_of(folder: Path, *shards: Path):
    return open_corpus([str(shard) for shard in shards], folder / "cache", tokenised=True)


@pytest.fixture
def shard(tmp_path):
    return write_corpus(tmp_path / "a.txt")


@pytest.fixture
def run(tmp_path, shard):
    """A finished run of ten steps."""
    train(corpus_of(tmp_path, shard), tmp_path / "run", **SHORT)
    return tmp_path / "run"


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def other_corpora(tmp_path: Path, shard: Path):
    words = shard.read_text().split("\n")
    (tmp_path / "smaller.txt").write_text("\n".join(words[:50]) + "\n")
    (tmp_path / "exchanged.txt").write_text("\n".join([words[1], words[0], *words[2:]]))
    (tmp_path / "edited.txt").write_text(words[0].swapcase() + "\n" + "\n".join(words[1:]))
    added = write_corpus(tmp_path / "b.txt", 30, seed=1)
    return {
        "added": [shard, added],
        "smaller": [tmp_path / "smaller.txt"],
        "sentences exchanged": [tmp_path / "exchanged.txt"],
        "edited to the same size": [tmp_path / "edited.txt"],
    }


def test_another_text_is_refused_and_nothing_is_changed(tmp_path, shard, run):
    before = content(run)
    for shards in other_corpora(tmp_path, shard).values():
        with pytest.raises(TrainingError, match="with another training text"):
            train(corpus_of(tmp_path, *shards), run, resume=True, total_words=20 * 20)
    corpus = corpus_of(tmp_path, shard)
    with pytest.raises(TrainingError, match="with another held-out text"):
        Trainer(small_settings(total_words=20 * 20), corpus, valid_of(corpus)[3:], run, resume=True)
    assert content(run) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("optimiser", "adagrad"), ("rows", 2), ("unroll_steps", 4), ("seed", 1), ("order", "documents"),
        ("softmax", "sampled"), ("average_decay", 0.9), ("lowercase_share", 0.5), ("min_count", 2),
        ("vocabulary_size", 9),
    ],
)  # fmt: skip
def test_another_setting_is_named(tmp_path, shard, run, name, value):
    with pytest.raises(TrainingError, match=f"is a run with another {name} ") as caught:
        train(corpus_of(tmp_path, shard), run, resume=True, **{"total_words": 400, name: value})
    assert "\n" not in str(caught.value)


def test_settings_of_the_rest_of_the_way_may_change(tmp_path, shard, run):
    free = {"total_words": 20 * 20, "learning_rate": 1e-4, "decay_from": 0.5, "dropout": 0.0, "patience": 3}
    free |= {"dtype": "bfloat16", "threads": 1}
    trainer, rows = train(corpus_of(tmp_path, shard), run, resume=True, **free)
    assert trainer.step == 20 and rows[0].step == 15


def test_a_run_of_an_earlier_version_is_known_by_its_words(tmp_path, shard, run):
    (run / RUN).unlink()
    other = write_corpus(tmp_path / "b.txt", seed=5)
    with pytest.raises(TrainingError, match="with another training text"):
        train(corpus_of(tmp_path, other), run, resume=True, total_words=400)
    trainer, _ = train(corpus_of(tmp_path, shard), run, resume=True, total_words=400)
    assert trainer.step == 20 and (run / RUN).is_file()


def test_a_vocabulary_beside_a_model_is_used_or_refused(tmp_path, shard):
    corpus, other = corpus_of(tmp_path, shard), Vocabulary([*SPECIALS, "bara"])
    initial = tiny_model()
    with pytest.raises(ConfigError, match="predicts 200 words of its own; leave out --vocabulary"):
        Trainer(
            small_settings(**SHORT),
            corpus,
            valid_of(corpus),
            tmp_path / "x",
            vocabulary=other,
            initial=initial,
        )
    trainer = Trainer(small_settings(**SHORT), corpus, valid_of(corpus), tmp_path / "x", vocabulary=other)
    assert trainer.vocabulary.words == other.words
    list(trainer.run())
    with pytest.raises(TrainingError, match="is a run with another vocabulary"):
        given = Vocabulary([*SPECIALS, "badene"])
        Trainer(
            small_settings(**SHORT), corpus, valid_of(corpus), tmp_path / "x", vocabulary=given, resume=True
        )


def test_a_checkpoint_that_does_not_fit_is_one_sentence(tmp_path, shard, run):
    newest = checkpoints(run)[-1] / "state.json"
    values = json.loads(newest.read_text())
    values["streams"][0]["sentences"] = [[10**6, False]] * 4
    newest.write_text(json.dumps(values))
    with pytest.raises(TrainingError, match="does not fit this text"):
        train(corpus_of(tmp_path, shard), run, resume=True, total_words=400)


def pretrain(tmp_path: Path, output: object, *more: str):
    arguments = [tmp_path / "config.json", "--train", tmp_path / "a.txt", "--valid", tmp_path / "a.txt"]
    command = ["pretrain", *map(str, arguments), "--tokenised", "--output", str(output), *more]
    return CliRunner().invoke(app, command)


def test_resuming_where_nothing_was_begun_is_refused_and_leaves_nothing(tmp_path, shard):
    (tmp_path / "config.json").write_text(small_settings(**SHORT).to_json())
    result = pretrain(tmp_path, tmp_path / "run", "--resume")
    assert result.exit_code == 2 and "holds no checkpoint to resume" in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("what", ["killed while tokenising", "killed before the first checkpoint"])
def test_a_run_that_was_killed_early_is_begun_again(tmp_path, shard, what):
    (tmp_path / "config.json").write_text(small_settings(**SHORT).to_json())
    run, options = tmp_path / "run", []
    if what == "killed while tokenising":
        (run / "cache" / "0123.partial").mkdir(parents=True)
        (run / ".lock").touch()
    else:
        corpus = corpus_of(tmp_path, shard)
        next(Trainer(small_settings(**SHORT), corpus, valid_of(corpus), run).run())
        assert not checkpoints(run)
        options = ["--resume"]
    result = pretrain(tmp_path, run, *options)
    assert result.exit_code == 0, result.output
    assert (run / "model" / "config.json").is_file() and not (run / ".lock").exists()


def test_a_second_run_in_a_folder_is_refused_while_the_first_goes_on(tmp_path, shard, run):
    (tmp_path / "config.json").write_text(small_settings(**SHORT).to_json())
    before = content(run)
    command = [sys.executable, "-m", "elmo_core", "pretrain", str(tmp_path / "config.json"), "--tokenised"]
    texts = [f"--{name}={tmp_path / 'a.txt'}" for name in ("train", "valid")]
    with claim_output(run, kind=RUN_FOLDER):
        second = [*command, *texts, f"--output={run}", "--resume"]
        result = subprocess.run(second, capture_output=True, text=True, check=False)
    assert result.returncode == 2 and len(result.stderr.splitlines()) == 1
    assert "written by another process" in result.stderr
    assert content(run) == before


def test_a_foreign_folder_is_refused_before_the_work(tmp_path, shard):
    (tmp_path / "config.json").write_text(small_settings(**SHORT).to_json())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "vocab.txt").write_text("years of work\n")
    (tmp_path / "run" / "model").mkdir(parents=True)
    (tmp_path / "run" / "model" / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "run" / RUN).write_text('{"corpus": "x"}')
    for output, sentence in (
        (tmp_path / "mine", "holds something else than a training run"),
        (tmp_path / "run", "holds no model of this program"),
        (shard, "is an input"),
        ("", "name of the output is empty"),
        ("-", "cannot be written to standard output"),
        (tmp_path / "missing" / "run", "no folder"),
    ):
        result = pretrain(tmp_path, output)
        assert result.exit_code == 2 and sentence in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert (tmp_path / "mine" / "vocab.txt").read_text() == "years of work\n"
