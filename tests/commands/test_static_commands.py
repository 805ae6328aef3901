"""`word2vec` and `vectors` on the command line."""

from __future__ import annotations

import json

import pytest
from gensim.models import KeyedVectors
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.static.registry import load_static
from tests.pretraining.corpora import write_corpus


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_word2vec_writes_text_that_gensim_reads(tmp_path):
    write_corpus(tmp_path / "a.txt")
    options = ["--train", tmp_path / "a.txt", "--output", tmp_path / "v", "--dim", 6, "--words", 20, "--json"]
    result = run("word2vec", *options, "--text", tmp_path / "v.txt")
    assert result.exit_code == 0, result.output
    vectors, keyed = load_static(tmp_path / "v"), KeyedVectors.load_word2vec_format(tmp_path / "v.txt")
    assert keyed.index_to_key == [word for word in vectors.words if word in vectors]
    assert all(keyed[w] == pytest.approx(vectors[w], abs=1e-3) for w in keyed.index_to_key)
    refused = run("word2vec", *options, "--text", tmp_path / "a.txt")
    assert refused.exit_code == 2 and "a.txt" in refused.output
    assert (tmp_path / "a.txt").read_text().count("\n") == 200


@pytest.mark.parametrize("words", ["0", "1", "3"])
def test_word2vec_refuses_to_learn_the_special_words_alone(tmp_path, words):
    write_corpus(tmp_path / "a.txt")
    result = run("word2vec", "--train", tmp_path / "a.txt", "--output", tmp_path / "v", "--words", words)
    assert result.exit_code == 2 and not (tmp_path / "v").exists()


def test_vectors_answers_and_is_tested(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "v.txt").write_text(
        "man 1 0 0\nwoman 0 1 0\nking 1 0 1\nqueen 0 1 1\napple -1 -1 0.2\nbad 1\n"
    )
    (tmp_path / "p.tsv").write_text(
        "# human\nw1\tw2\tPOS\tscore\nman\tking\tN\t8\nman\tapple\tN\t1\nking\tqueen\tN\t5\n"
    )
    (tmp_path / "q.txt").write_text(": family\nman woman king queen\nman x king queen\n")
    result = run(
        "vectors", tmp_path / "v.txt", "--like", "king", "--like", "woman", "--unlike", "man", "-n", 1,
        "--odd", "king queen apple", "--pairs", tmp_path / "p.tsv", "--analogies", tmp_path / "q.txt",
        "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert facts["similar"][0][0] == "queen" and facts["odd_one_out"] == "apple" and facts["left_out"] == 1
    assert facts["pairs"] == pytest.approx(1.0) and facts["pairs_coverage"] == "3 of 3 known"
    assert facts["analogies_family"] == facts["analogies_all"] == 1.0
    assert facts["analogies_all_coverage"] == "1 of 2 known"
    assert "scores from 1 to 8 in column 4 (score)" in result.stderr
    wrong = run("vectors", tmp_path / "v.txt", "--like", "kin")
    assert wrong.exit_code == 2 and "no vector for 'kin'; did you mean king" in wrong.output
    bad = run("vectors", tmp_path / "v.txt", "--pairs", tmp_path / "p.tsv", "--columns", "1,2")
    assert bad.exit_code == 2 and "three numbers" in bad.output
