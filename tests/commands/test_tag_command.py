"""`tag train` and `tag predict` from tagged sentences to tags."""

from __future__ import annotations

import gzip
import json

import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from tests.conftest import ROOT

SAMPLES = ROOT / "data" / "samples"


def run(*arguments):
    return CliRunner().invoke(app, ["tag", *(str(argument) for argument in arguments)])


def last_line(result) -> dict:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("tagger") / "saved.zip"
    options = ["--test", SAMPLES / "entities.test.conll", "--model", "tiny", "--epochs", 3, "--json"]
    facts = last_line(run("train", SAMPLES / "entities.train.conll", path, *options))
    assert facts["sentences_tested_on"] == 70
    assert facts["score_low"] <= facts["score"] <= facts["score_high"]
    assert facts["feature_crf_score"] > 0.5
    return path


def test_help():
    assert "train" in run("--help").output
    for name in ("train", "predict"):
        assert "Usage" in run(name, "--help").output


def test_a_text_becomes_each_format(saved, tmp_path):
    text = tmp_path / "in.txt"
    text.write_text("Maria Jones flew to <b>Paris</b> on Monday. She slept.\n\nBob ran.\n", encoding="utf-8")
    for suffix in (".conll", ".jsonl", ".html"):
        facts = last_line(run("predict", saved, text, tmp_path / f"out{suffix}", "--json"))
        assert facts["sentences"] == 3
    lines = (tmp_path / "out.conll").read_text().splitlines()
    assert lines[0].startswith("Maria\t")
    assert lines.count("") == 3
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["tokens"][0] for row in rows] == ["Maria", "She", "Bob"]
    page = (tmp_path / "out.html").read_text()
    assert "&lt;" in page
    assert "<b>" not in page
    assert {path.name for path in tmp_path.iterdir()} == {"in.txt", "out.conll", "out.jsonl", "out.html"}


def test_tokens_of_a_conll_file_stay_as_they_are(saved, tmp_path):
    facts = last_line(
        run("predict", saved, SAMPLES / "entities.test.conll", tmp_path / "out.conll", "--json")
    )
    assert facts["sentences"] == 70
    given, written = (
        [line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines()]
        for path in (SAMPLES / "entities.test.conll", tmp_path / "out.conll")
    )
    assert given == written


def test_messy_file_and_its_own_test_sentences(tmp_path):
    rows = "".join(f"w{n} NN {'B-X' if n % 3 == 0 else 'O'}\nso RB I-Y\n\n" for n in range(30))
    (tmp_path / "a.conll").write_text(rows + "bad line\n\n", encoding="utf-8")
    result = run(
        "train",
        tmp_path / "a.conll",
        tmp_path / "saved",
        "--model",
        "tiny",
        "--epochs",
        1,
        "--head",
        "token",
        "--json",
    )
    assert last_line(result)["sentences_tested_on"] == 6
    assert "Left out 1 sentence: 2 cells where the file has 3 columns." in result.stderr
    assert "The first is at line 91." in result.stderr
    assert "Tokens are in column 1, tags in column 3" in result.stderr
    assert "Tags (BIO, found out: --scheme decides otherwise)" in result.stderr
    assert "30 tags" in result.stderr
    assert (tmp_path / "saved" / "tagger.json").is_file()


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (None, [], "There is no file"),
        ("", [], "is empty"),
        ("Ann\nBob\n", [], "single column"),
        ("Ann B-PER\nso O\n", [], "at least two"),
        ("Ann B-PER\n\nso O\n", ["--tag", "x"], "has no column 'x'"),
        ("Ann B-PER\n\nso O\n", ["--scheme", "x"], "There is no scheme 'x'"),
        ("Ann PER\n\nso O\n", ["--scheme", "bio"], "not in BIO"),
        ("Ann B-PER\n\nso O\n", ["--method", "magic"], "--method must be one of"),
        ("Ann B-PER\n\nso O\n", ["--head", "deep"], "--head must be one of"),
    ],
)
def test_unusable_files_get_one_sentence(tmp_path, content, options, message):
    if content is not None:
        (tmp_path / "a.conll").write_text(content)
    result = run("train", tmp_path / "a.conll", tmp_path / "saved", "--model", "tiny", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "saved").exists()


def test_unusable_outputs_and_texts(saved, tmp_path):
    (tmp_path / "a.txt").write_bytes(bytes(range(256)))
    for out, message in (("out.docx", "is not known"), ("out.conll", "is not a text file")):
        result = run("predict", saved, tmp_path / "a.txt", tmp_path / out)
        assert (result.exit_code, message in result.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    (tmp_path / "a.txt").write_bytes(gzip.compress(b"caf\xe9 \x805\r\n"))
    for number, options in enumerate(((), ("--encoding", "cp1252"))):
        out = tmp_path / f"{number}.conll"
        result = run("predict", saved, tmp_path / "a.txt", out, *options)
        assert ("Encoding guessed: cp1252; --encoding to choose." in result.stderr) == (not options)
        assert out.read_text(encoding="utf-8").startswith("caf\u00e9\t")


def test_columns_and_the_scheme_can_be_chosen(tmp_path):
    lines = "".join(f"B-X{n % 2} w{n} A-{n % 3}\nO so A-0\n\n" for n in range(12))
    (tmp_path / "a.conll").write_text(lines, encoding="utf-8")
    options = ["--model", "tiny", "--epochs", 1, "--head", "token", "--json"]
    columns = ["--token-column", "column 2", "--tag-column", "3", "--scheme", "plain"]
    result = run("train", tmp_path / "a.conll", tmp_path / "saved", *columns, *options)
    assert last_line(result)["measure"] == "accuracy"
    assert "Tags (plain): A-0" in result.stderr
    assert "Tokens are in" not in result.stderr
