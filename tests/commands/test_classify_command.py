"""`classify train` and `classify predict` from a table to a table."""

from __future__ import annotations

import csv
import gzip
import json

import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from tests.conftest import ROOT

SAMPLES = ROOT / "data" / "samples"


def run(*arguments):
    return CliRunner().invoke(app, ["classify", *(str(argument) for argument in arguments)])


def last_line(result) -> dict:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.splitlines()[-1])


def test_help():
    assert "train" in run("--help").output
    for name in ("train", "predict"):
        assert "Usage" in run(name, "--help").output


def test_from_a_table_to_predictions(tmp_path):
    saved = tmp_path / "saved.zip"
    facts = last_line(
        run("train", SAMPLES / "topics.csv", saved, "--model", "tiny", "--time-limit", 20, "--json")
    )
    assert (facts["rows_read"], facts["rows_dropped"], facts["rows_tested_on"]) == (240, 0, 48)
    assert facts["text_column"] == "text"
    assert facts["verdict"].endswith(".")
    (tmp_path / "new.csv").write_text('id,text,more\n1,=1+1 is a sum,x\n2,,y\n3,"a match, a goal",z\n')
    facts = last_line(run("predict", saved, tmp_path / "new.csv", tmp_path / "out.csv", "--json"))
    assert (facts["rows"], facts["rows_without_text"]) == (3, 1)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == ["2", "3", "4"]
    assert [(row["id"], row["more"]) for row in rows] == [("1", "x"), ("2", "y"), ("3", "z")]
    assert rows[0]["text"] == "'=1+1 is a sum"
    run("predict", saved, tmp_path / "new.csv", tmp_path / "plain.csv", "--plain", "--json")
    assert b"\n2,1,=1+1 is a sum,x," in (tmp_path / "plain.csv").read_bytes().replace(b"\r\n", b"\n")
    assert rows[1]["predicted"] == ""
    assert rows[2]["predicted"] in ("science", "sport", "business", "travel")
    shares = [float(value) for name, value in rows[2].items() if name.startswith("p(")]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert {path.name for path in tmp_path.iterdir()} == {"saved.zip", "new.csv", "out.csv", "plain.csv"}
    (tmp_path / "one.csv").write_text("a report\nof 2026\ntext\na goal\n")
    printed = run("predict", saved, tmp_path / "one.csv", "-", "--header-line", 3, "--plain")
    assert [line.split(",")[:2] for line in printed.stdout.splitlines()] == [
        ["line", "text"],
        ["4", "a goal"],
    ]


def test_a_guessed_encoding_is_said_and_can_be_chosen(tmp_path):
    rows = [f"{side} caf\u00e9 at \u20ac{row} a cup,{side}" for row in range(12) for side in ("good", "bad")]
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress("\n".join(["text,label", *rows]).encode("cp1252")))
    options = (
        "--model",
        "tiny",
        "--method",
        "uniform mix + LR",
        "--text",
        "text",
        "--label",
        "label",
        "--json",
    )
    for number, more in enumerate(((), ("--encoding", "cp1252"))):
        result = run("train", tmp_path / "a.csv.gz", tmp_path / f"{number}.zip", *options, *more)
        assert ("Encoding guessed: cp1252; --encoding to choose." in result.stderr) == (not more)
        assert last_line(result)["rows_read"] == 24


def test_cross_validation_and_merged_labels(tmp_path):
    options = [
        "--merge",
        "Complaint=complaint",
        "--drop-rare",
        "--folds",
        2,
        "--balanced",
        "--time-limit",
        20,
    ]
    result = run("train", SAMPLES / "messy.csv", tmp_path / "saved", "--model", "tiny", *options, "--json")
    facts = last_line(result)
    assert facts["records_skipped"] == 3
    assert facts["rows_learned_from"] == facts["rows_tested_on"] == 153 - facts["rows_dropped"]
    assert (tmp_path / "saved" / "classifier.json").is_file()


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("text,label\nfine,a\nbad,a\n", [], "no column of labels"),
        ("text,label\nfine,a\nbad,b\n", ["--label", "label"], "at least 2 are needed"),
        ("text,label\nfine,a\nbad,b\n", ["--label", "other"], "has no column 'other'"),
        ("text,label\nfine,a\nbad,b\n", ["--text", "label", "--label", "label"], "choose two columns"),
        ("1,2\n3,4\n", [], "no column of texts"),
        ("", [], "is empty"),
        (
            "text,label\n" + "one text,a\none text,b\n" * 9,
            ["--label", "label"],
            "No row can be learned from. Left",
        ),
        ("text,label\n" + " ,a\nb,\n" * 5, ["--text", "text", "--label", "label"], "5 rows: no label"),
        ("text,label\n" + "tea,a\ncake,b\n" * 9, ["--label", "label"], "16 rows: the same text is in an"),
        ("text,label\n" + "same,a\n" * 9, ["--text", "text", "--label", "label"], "Every row has the label"),
        ("text,label\n" + "".join(f"t {i},{i}\n" for i in range(40)), ["--label", "label"], "like an id"),
        (
            "text,label\n" + "".join(f"text {i},c{i % 1000}\n" for i in range(3000)),
            ["--label", "label"],
            "1,000 different values",
        ),
        (
            "text,label\n" + "".join(f"t {i} {i},a\n" for i in range(40)) + "x,b\n",
            ["--label", "label"],
            "b has 1",
        ),
        (None, [], "There is no file"),
    ],
)
def test_unusable_tables_get_one_sentence(tmp_path, content, options, message):
    if content is not None:
        (tmp_path / "a.csv").write_text(content)
    result = run("train", tmp_path / "a.csv", tmp_path / "saved", "--model", "tiny", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "saved").exists()
