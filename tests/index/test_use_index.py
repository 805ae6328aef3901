"""The index of uses: what it finds, and that a killed build goes on as if nothing had happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.exceptions import (
    CancelledError,
    InputError,
    ModelError,
    ModelNotFoundError,
    OutputError,
)
from elmo_core.files import LOCK
from elmo_core.index import building
from elmo_core.index.building import build_use_index, mark_used, remove_unused
from elmo_core.index.records import CorpusSentence, UseFilter
from elmo_core.index.use_index import ABOUT, UseIndex
from elmo_core.locking import locked
from elmo_core.text.tokenisation import tokenise

ROOT = Path(__file__).parents[2]


def corpus(n: int = 300) -> list[CorpusSentence]:
    """Sentences of drawn words, with a source and a label."""
    draw = np.random.default_rng(0)
    words = ["bank", "river", "money", "O'Hara", "town", "the", ",", "was", "steep", "Größe"]
    return [
        CorpusSentence(
            tuple(draw.choice(words, draw.integers(3, 9))), f"file {row % 3}", "old" if row % 2 else "new"
        )
        for row in range(n)
    ]


@pytest.fixture(scope="module")
def index(elmo, tmp_path_factory) -> UseIndex:
    return build_use_index(elmo, corpus(), tmp_path_factory.mktemp("index") / "i", corpus="c")


def layers_of(elmo, tokens: list[str], position: int) -> np.ndarray:
    return elmo.embed([tokens])[0].layers[:, position]


def test_it_holds_every_word_of_every_sentence(index):
    expected = sum(token != "," for sentence in corpus() for token in sentence.tokens)
    assert index.n_uses == expected and index.is_complete and index.size_bytes > 0


def test_nearest_uses_are_those_of_brute_force(elmo, index):
    query = layers_of(elmo, ["the", "river", "bank", "was", "steep"], 2)
    rows = [
        (number, at, index.unit(found.layers[:, at]))
        for number, (sentence, found) in enumerate(
            zip(corpus(), elmo.embed([list(s.tokens) for s in corpus()]), strict=True)
        )
        for at, token in enumerate(sentence.tokens)
        if token != ","
    ]
    cosines = np.array([unit for _, _, unit in rows]) @ index.unit(query)
    found = index.nearest(query, 10)
    best = np.sort(cosines)[::-1][:10]
    np.testing.assert_allclose([one.cosine for one in found], best, atol=1e-5)
    places = {(number, at): cosine for (number, at, _), cosine in zip(rows, cosines, strict=True)}
    for one in found:
        assert one.cosine == pytest.approx(places[one.sentence, one.position], abs=1e-5)
        tokens = corpus()[one.sentence].tokens
        assert one.word == tokens[one.position] and one.left == " ".join(tokens[: one.position])
        assert 0 <= one.percentile <= 1
    assert found[0].percentile > 0.9


def test_columns_filter_and_quotes_are_harmless(elmo, index):
    query = layers_of(elmo, ["the", "river"], 1)
    found = index.nearest(query, 5, where=UseFilter(word="o'hara", source="file 1", label="old"))
    assert len(found) == 5
    assert {(one.word, one.source, one.label) for one in found} == {("O'Hara", "file 1", "old")}
    assert index.nearest(query, 5, where=UseFilter(word="x' OR '1'='1")) == ()
    by_word = index.uses_of("BANK", 7)
    assert [one.word for one in by_word] == ["bank"] * 7 and by_word[0].cosine is None
    assert [one.id for one in by_word] == sorted(one.id for one in by_word)


def test_a_use_in_the_index_finds_itself(elmo, index):
    tokens = list(corpus()[5].tokens)
    position = next(at for at, token in enumerate(tokens) if token != ",")
    (found,) = index.nearest(layers_of(elmo, tokens, position), 1)
    assert found.cosine == pytest.approx(1, abs=1e-5)


def test_reopened_it_answers_the_same(elmo, index):
    query = layers_of(elmo, ["money", "was"], 0)
    assert UseIndex(index.folder).nearest(query, 20) == index.nearest(query, 20)
    again = build_use_index(elmo, corpus(), index.folder, corpus="c")
    assert again.n_uses == index.n_uses


def test_a_stopped_build_goes_on(elmo, index, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "_BATCH_USES", 100)

    def stop(doing: str, share: float) -> None:
        if share > 500 / building.MAX_USES:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        build_use_index(elmo, corpus(), tmp_path / "i", corpus="c", report=stop)
    partial = UseIndex(tmp_path / "i")
    assert not partial.is_complete and 0 < partial.n_uses < index.n_uses
    resumed = build_use_index(elmo, corpus(), tmp_path / "i", corpus="c")
    check_equal(elmo, resumed, index)


def test_a_killed_build_goes_on(elmo, index, tmp_path):
    script = (
        "from elmo_core.embedder import load_elmo\n"
        "from tests.index.test_use_index import *\n"
        "building._BATCH_USES = 100\n"
        "slow = lambda doing, share: time.sleep(0.004)\n"
        f"folder = Path({str(tmp_path / 'i')!r})\n"
        "build_use_index(load_elmo('tiny'), corpus(), folder, corpus='c', report=slow)\n"
    )
    command = [sys.executable, "-c", script]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    end = time.monotonic() + 60
    while not list((tmp_path / "i").glob("uses.lance/data/*")) and time.monotonic() < end:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not UseIndex(tmp_path / "i").is_complete
    check_equal(elmo, build_use_index(elmo, corpus(), tmp_path / "i", corpus="c"), index)


def check_equal(elmo, one: UseIndex, other: UseIndex) -> None:
    """Whether two indexes hold the same uses and answer the same."""
    assert one.is_complete and one.n_uses == other.n_uses
    ids = list(range(0, one.n_uses, 50))
    assert (one.vectors(ids) == other.vectors(ids)).all()
    for position in range(3):
        query = layers_of(elmo, ["town", "river", "money"], position)
        assert one.nearest(query, 10) == other.nearest(query, 10)


def test_a_large_index_is_approximate_and_near_to_exact(elmo, tmp_path, monkeypatch):
    monkeypatch.setattr(building, "APPROXIMATE_FROM", 1000)
    index = build_use_index(elmo, corpus(600), tmp_path / "i", corpus="c")
    assert int(str(index.about["partitions"])) >= 16
    shares = []
    for position in range(3):
        query = layers_of(elmo, ["the", "bank", "was"], position)
        exact = {round(one.cosine, 5) for one in index.nearest(query, 10, exact=True)}
        shares.append(np.mean([round(one.cosine, 5) in exact for one in index.nearest(query, 10)]))
    assert np.mean(shares) > 0.8


def test_what_does_not_fit_is_one_sentence(elmo, index, tmp_path):
    with pytest.raises(ModelError, match="another corpus"):
        build_use_index(elmo, corpus(), index.folder, corpus="other")
    (tmp_path / "x").write_text("mine")
    with pytest.raises(ModelError, match="not empty"):
        build_use_index(elmo, corpus(), tmp_path, corpus="c")
    with pytest.raises(InputError, match="no words"):
        build_use_index(elmo, [CorpusSentence((",",))], tmp_path / "i", corpus="c")
    with pytest.raises(InputError, match="max_uses"):
        build_use_index(elmo, corpus(), tmp_path / "i", corpus="c", max_uses=0)
    with pytest.raises(ModelNotFoundError):
        UseIndex(tmp_path)
    with pytest.raises(ModelError, match="built by tiny"):
        index.nearest(np.zeros((1, 4), dtype=np.float32))


def test_the_limit_ends_with_a_whole_sentence(elmo, tmp_path):
    index = build_use_index(elmo, corpus(), tmp_path / "i", corpus="c", max_uses=100)
    assert 100 <= index.n_uses < 110


def test_the_command_line_builds_and_asks(tmp_path):
    text = tmp_path / "corpus.txt"
    text.write_text("We sat on the bank. The bank lends money.\nNobody came.\n")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "elmo_core", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    built = run("index", "tiny", str(tmp_path / "i"), "--text", str(text), "--json")
    assert json.loads(built.stdout)["uses"] == 11, built.stderr
    found = run("find", "tiny", str(tmp_path / "i"), "A bank of the river.", "bank", "--only-word")
    assert found.stdout.count("[bank]") == 2
    wrong = run("find", "tiny", str(tmp_path), "A bank.", "bank")
    assert wrong.returncode == 2 and "There is no index of uses" in wrong.stderr


def test_words_and_phrases_are_found_however_they_are_typed(elmo, tmp_path):
    lines = [
        "In New York, it\u2019s Ann's caf\u00e9.",
        "A new yorker's cafe\u0301 in old York; the New York Times.",
        "At 1,000 o'clock; don\u2019t.",
    ]
    built = build_use_index(
        elmo, [CorpusSentence(tuple(tokenise(line))) for line in lines], tmp_path / "i", corpus="c"
    )

    def found(word: str) -> int:
        return len(built.uses_of(word))

    wanted = {
        "cafe\u0301": 2, "caf\u00e9": 2, "'s": 3, "\u2019s": 3, "don't": 1, "New York": 2, "york": 3,
        "YORK times": 1, "o\u2019clock": 1, "1,000 o": 1, "1,000 x": 0, "york;": 1, "in old york": 1,
        "Ann\u2019s": 1, "O%": 0,
    }  # fmt: skip
    assert {word: found(word) for word in wanted} == wanted
    with pytest.raises(InputError, match="'1,000' has no letter"):
        built.uses_of("1,000")


_KILLED_EARLY = """
import os, signal, sys
from pathlib import Path
from elmo_core.embedder import load_elmo
from tests.index.test_use_index import *

def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[1] == "before the facts":
    building._write_about = die
else:
    building._append = die
build_use_index(load_elmo("tiny"), corpus(), Path(sys.argv[2]), corpus="c")
"""


@pytest.mark.parametrize("step", ["before the facts", "before the first use", "as an earlier version"])
def test_a_build_that_was_killed_early_is_taken_up(elmo, index, tmp_path, step):
    folder = tmp_path / "i"
    if step == "as an earlier version":
        folder.mkdir()
        (folder / "index.json.partial").write_text('{"format": 1')
    else:
        command = [sys.executable, "-c", _KILLED_EARLY, step, str(folder)]
        killed = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
        assert killed.returncode == -signal.SIGKILL
    check_equal(elmo, build_use_index(elmo, corpus(), folder, corpus="c"), index)
    assert not [path.name for path in folder.iterdir() if "partial" in path.name or "lock" in path.name]


def test_two_builders_are_kept_apart_and_no_use_is_doubled(elmo, index, tmp_path):
    refused = []

    def second(doing: str, share: float) -> None:
        if refused:
            return
        thread = threading.Thread(target=build)
        thread.start()
        thread.join()

    def build() -> None:
        try:
            build_use_index(elmo, corpus(), tmp_path / "i", corpus="c")
        except OutputError as error:
            refused.append(str(error))

    built = build_use_index(elmo, corpus(), tmp_path / "i", corpus="c", report=second)
    assert len(refused) == 1 and "being written by another process" in refused[0]
    check_equal(elmo, built, index)


def test_an_edited_text_of_the_same_size_is_another_corpus(tmp_path):
    text, folder = tmp_path / "a.txt", tmp_path / "i"
    text.write_text("The bank raised rates.\n" * 3)

    def run(*options: str):
        return CliRunner().invoke(app, ["index", "tiny", str(folder), "--text", str(text), *options])

    assert run().exit_code == 0
    assert run().exit_code == 0
    text.write_text("The tank raised rates.\n" * 3)
    result = run()
    assert result.exit_code == 2 and "holds an index with another corpus" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert run("--overwrite").exit_code == 0
    assert {use.word for use in UseIndex(folder).uses_of("tank")} == {"tank"}
    assert not UseIndex(folder).uses_of("bank")


def test_what_is_begun_is_written_when_a_build_is_stopped(elmo, index, tmp_path):
    def stop(doing: str, share: float) -> None:
        if share > 200 / building.MAX_USES:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_use_index(elmo, corpus(), tmp_path / "i", corpus="c", report=stop)
    assert UseIndex(tmp_path / "i").n_uses > 200
    check_equal(elmo, build_use_index(elmo, corpus(), tmp_path / "i", corpus="c"), index)


def test_what_nobody_has_used_for_long_is_removed_and_nothing_else(elmo, tmp_path):
    for name in ("used", "unused", "building"):
        build_use_index(elmo, corpus(20), tmp_path / name, corpus="c")
        os.utime(tmp_path / name / ABOUT, (0, 0))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / ABOUT).write_text("{}")
    os.utime(tmp_path / "mine" / ABOUT, (0, 0))
    mark_used(tmp_path / "used")
    with locked(tmp_path / "building" / LOCK):
        assert remove_unused(tmp_path, 30) == (tmp_path / "unused",)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["building", "mine", "used"]
    assert UseIndex(tmp_path / "building").is_complete
