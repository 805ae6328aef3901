"""Users' files: encodings, tables, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from elmo_core.analysis import reading
from elmo_core.analysis.reading import decode, is_table, read_column, read_plain, read_table
from elmo_core.exceptions import InputError

GERMAN = "Das alte Schloss war schön und größer als jede Brücke über den Fluß. " * 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marked_and_utf8_files_are_certain(encoding: str):
    found = decode(GERMAN.encode(encoding), "a.txt")
    assert (found.text, found.guessed) == (GERMAN, None)


def test_another_encoding_is_guessed_and_named():
    found = decode(GERMAN.encode("latin-1"), "a.txt")
    assert found.text == GERMAN
    assert found.guessed


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.txt is empty"),
        (b" \n\t ", "a.txt is empty"),
        (b"PK\x03\x04\x00\x00\xff\xfe", "a.txt is not a text file"),
        (bytes(range(256)) * 8, "a.txt is not a text file"),
        (b"text\0text", "a.txt is not a text file"),
        ("xy".encode("utf-16")[:-1], "a.txt is not a text file"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, message: str):
    with pytest.raises(InputError, match=message):
        decode(content, "a.txt")


def test_a_large_file_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 2**20)
    with pytest.raises(InputError, match="has 3 MB; a text may have up to 1 MB"):
        decode(b"x" * (3 * 2**20), "a.txt")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(separator: str):
    table = read_table(f"text{separator}n\nA sentence.{separator}1\n", "a.csv")
    assert table.columns == ("text", "n")
    assert table.rows == (("A sentence.", "1"),)


def test_quotes_hold_separators_and_line_ends():
    table = read_table('text,sense\n"One, ""two""\nthree.",x\n', "a.csv")
    assert table.rows == (('One, "two"\nthree.', "x"),)
    assert read_column(table, "text", "sense").sentences == ('One, "two"', "three.")


def test_rows_of_another_length_are_named_not_hidden():
    table = read_table("text,sense\nfine,x\na,b,c\n\nshort\nfine too,y\n", "a.csv")
    assert [row[0] for row in table.rows] == ["fine", "fine too"]
    assert table.skipped == (3, 5)


def test_a_first_row_of_data_is_kept():
    table = read_table(
        "3,This film was far longer than anybody in this row could bear to sit through.\n1,Good.\n", "a"
    )
    assert not table.has_header
    assert table.columns == ("column 1", "column 2")
    assert len(table.rows) == 2


def test_column_names_are_made_unique():
    assert read_table("text,text,,text\na,b,c,d\n", "a.csv").columns == (
        "text",
        "text (2)",
        "column 3",
        "text (4)",
    )


def test_columns_of_text_longest_first():
    table = read_table("id,sense,text,n\n1,x,A longer sentence.,2\n2,y,Another one.,3\n", "a.csv")
    assert table.text_columns == ("text", "sense")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,n\n1,2\n", r"has no column of text \(its columns: id, n\)"),
        ("text,sense\n", "has no rows below its first line"),
        (",,\n,,\n", "has no rows"),
        ("a,b\n" + "x" * 200_000 + ",1\n", "Line 2 of a.csv is not CSV"),
    ],
)
def test_tables_without_text_are_refused(text: str, message: str):
    with pytest.raises(InputError, match=message):
        read_table(text, "a.csv")


def test_senses_speak_of_their_word_only():
    table = read_table(
        "word,sense,text\nBank,money,The bank by the light.\nlight,lamp,A light bank.\n,?,Dark.\n", "a"
    )
    text = read_column(table, "text", "sense", "word")
    assert text.labels_of("bank") == ("money", None, None)
    assert text.labels_of(" LIGHT ") == (None, "lamp", None)
    assert read_column(table, "text", "sense").labels_of("bank") == ("money", "lamp", "?")
    assert read_column(table, "text", word="word").labels_of("bank") is None


def test_plain_text_has_no_senses():
    text = read_plain("One. Two.\nThree")
    assert text.sentences == ("One.", "Two.", "Three")
    assert text.labels_of("one") is None


def test_names_of_tables():
    assert [is_table(name) for name in ("a.csv", "B.TSV", "a.txt", "csv")] == [True, True, False, False]


def test_messy_files_give_a_table_or_one_sentence(benchmarks_dir: Path):
    for path in sorted((benchmarks_dir / "messy_csv").glob("*.*")):
        try:
            table = read_table(decode(path.read_bytes(), path.name).text, path.name)
        except InputError as error:
            assert path.name in str(error)
        else:
            assert table.rows
            assert {len(row) for row in table.rows} == {len(table.columns)}
