"""`read` on the command line."""

from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app

TEXT = "The river was long. We read about zebras"


def run(*arguments, **options):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], **options)


@pytest.fixture(scope="module")
def as_csv():
    result = run("read", "tiny", TEXT, "-n", 2)
    assert result.exit_code == 0, result.output
    return result


def test_a_text_in_quotes_becomes_a_table(as_csv):
    rows = list(csv.DictReader(io.StringIO(as_csv.stdout.removeprefix("\ufeff"))))
    assert [row["word"] for row in rows] == [
        "The",
        "river",
        "was",
        "long",
        ".",
        "We",
        "read",
        "about",
        "zebras",
    ]
    assert rows[8]["is_unknown"] == "yes" and rows[8]["sentence"] == "2" and rows[8]["place"] == "4"
    assert float(rows[0]["left_bits"]) > 0 and rows[0]["expected_both"].count(" | ") == 1
    assert "read as the text itself" in as_csv.stderr and "Percentiles are among" in as_csv.stderr


def test_files_and_formats_give_the_same(as_csv, tmp_path):
    (tmp_path / "in.txt").write_text(TEXT)
    for name in ("out.csv", "out.tsv", "out.jsonl"):
        result = run("read", "tiny", tmp_path / "in.txt", tmp_path / name, "-n", 2, "--json")
        assert result.exit_code == 0, result.output
        facts = json.loads(result.stdout)
        assert facts["sentences"] == 2 and facts["words"] == 9
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines() == as_csv.stdout.splitlines()
    tabs = list(csv.DictReader(io.StringIO((tmp_path / "out.tsv").read_text("utf-8-sig")), delimiter="\t"))
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["word"] for row in tabs] == [line["word"] for line in lines]
    evaluated = run("evaluate", "tiny", tmp_path / "in.txt", "--state", "zero", "--json")
    mean = json.loads(evaluated.stdout)["mean_perplexity"]
    assert facts["mean_perplexity"] == pytest.approx(mean, rel=1e-4)
    assert run("read", "tiny", "-", "-n", 2, input=TEXT).stdout == as_csv.stdout


def test_what_cannot_be_read_or_written_is_one_sentence(tmp_path):
    (tmp_path / "notes.csv").write_text("mine\n")
    for arguments, message in (
        (["tiny", "no-such-file.txt"], "There is no file no-such-file.txt"),
        (["tiny", TEXT, tmp_path / "out.docx"], "let its name end with"),
        (["tiny", TEXT, tmp_path / "notes.csv"], "notes.csv"),
        (["tiny", " \t "], "The text is empty; give a file"),
    ):
        result = run("read", *arguments)
        assert result.exit_code == 2 and message in result.output.replace("\n", " "), result.output
    assert (tmp_path / "notes.csv").read_text() == "mine\n"


def test_official_files_have_no_softmax(fixtures_dir):
    result = run("read", fixtures_dir / "allennlp", TEXT)
    assert result.exit_code == 2 and "it has no softmax" in result.output.replace("\n", " ")


def test_two_texts_and_two_models_stand_beside_each_other(tmp_path):
    beside = run(
        "read", "tiny", "the river was long", tmp_path / "a.csv", "--beside", "the river is", "--json"
    )
    assert beside.exit_code == 0, beside.output
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text("utf-8-sig"))))
    assert [(row["word"], row["second_word"]) for row in rows] == [
        ("the", "the"), ("river", "river"), ("was", "is"), ("long", ""),
    ]  # fmt: skip
    for row in rows[:3]:
        more = float(row["second_both_bits"]) - float(row["both_bits"])
        is_known = row["is_unknown"] == row["second_is_unknown"] == "no"
        assert (
            float(row["both_difference"]) == pytest.approx(more, abs=2e-3)
            if is_known
            else not row["both_difference"]
        )
    facts = json.loads(beside.stdout)
    assert (facts["words"], facts["second_words"]) == (4, 3) and "shared_perplexity" not in facts
    assert facts["differ_most"]

    models = run("read", "english-small", TEXT, tmp_path / "b.jsonl", "--compare", "tiny", "--json")
    assert models.exit_code == 0, models.output
    lines = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text("utf-8").splitlines()]
    shared = [line for line in lines if line["both_difference"] is not None]
    facts = json.loads(models.stdout)
    assert 0 < len(shared) == facts["known_to_both"] < len(lines) == 9
    for name, prefix in (("shared_perplexity", ""), ("second_shared_perplexity", "second_")):
        bits = [[line[f"{prefix}{side}_bits"] for line in shared] for side in ("left", "right")]
        means = [2 ** (sum(one) / len(shared)) for one in bits]
        assert facts[name] == pytest.approx(sum(means) / 2, rel=1e-3)
    assert "perplexities of the whole text do not compare" in models.stderr
    both = run("read", "tiny", TEXT, "--compare", "tiny", "--beside", TEXT)
    assert both.exit_code == 2 and "not both at once" in both.output.replace("\n", " ")
