"""Users' files: running text and columns of tables become sentences, with senses and other columns."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from elmo_core.exceptions import InputError
from elmo_core.tables.corpus import (
    Text,
    choose_sense_columns,
    choose_text_column,
    is_running_text,
    read_column,
    split_text,
)
from elmo_core.tables.reading import Table, read_table, read_text
from elmo_core.text import unpacking

GERMAN = "Das alte Schloss war schön und größer als jede Brücke über den Fluß. " * 4


def table_of(text: str) -> Table:
    return read_table(text.encode(), "a.csv")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marked_and_utf8_files_are_certain(encoding: str):
    found = read_text(GERMAN.encode(encoding), "a.txt")
    assert (found.text, found.is_guessed) == (GERMAN, False)


def test_another_encoding_is_guessed_and_named():
    found = read_text(GERMAN.encode("latin-1"), "a.txt")
    assert found.text == GERMAN
    assert found.is_guessed


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.txt is empty"),
        (b" \n\t ", "a.txt is empty"),
        (b"PK\x03\x04\x00\x00\xff\xfe", "a.txt is damaged"),
        (bytes(range(256)) * 8, "a.txt is not a text file"),
        (b"%PDF-1.7", "a.txt is a PDF; save its text"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, message: str):
    with pytest.raises(InputError, match=message):
        read_text(content, "a.txt")


def test_a_large_file_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unpacking, "MAX_BYTES", 2**20)
    with pytest.raises(InputError, match="a file may have up to 1 MB"):
        read_text(b"x" * (3 * 2**20), "a.txt")


def test_a_text_may_come_in_an_archive():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("deep/a.txt", GERMAN)
    assert read_text(packed.getvalue(), "a.txt.zip").text == GERMAN


def test_a_text_is_split_in_parts_with_progress(monkeypatch: pytest.MonkeyPatch):
    text = "One. Two.\nThree\n" * 50
    monkeypatch.setattr("elmo_core.tables.corpus._CHARACTERS", 100)
    shares: list[float] = []
    found = split_text(text, lambda doing, share: shares.append(share))
    assert found == Text(("One.", "Two.", "Three") * 50)
    assert len(shares) > 5
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert found.labels_of("one") is None
    with pytest.raises(InputError, match="running text has no columns"):
        found.values("year", (0,))


def test_cells_become_sentences_with_what_their_row_says():
    table = table_of('text,sense,year\n"One, ""two""\nthree.",x,1900\nFour.,,1950\n')
    text = read_column(table, "text", "sense")
    assert text.sentences == ('One, "two"', "three.", "Four.")
    assert text.labels_of("four") == ("x", "x", None)
    assert text.values("year", (2, 0)) == ("1950", "1900")
    assert text.values("sense", (2,)) == (None,)


def test_senses_speak_of_their_word_only():
    table = table_of(
        "word,sense,text\nBank,money,The bank by the light.\nlight,lamp,A light bank.\n,?,Dark.\n"
    )
    text = read_column(table, "text", "sense", "word")
    assert text.labels_of("bank") == ("money", None, None)
    assert text.labels_of(" LIGHT ") == (None, "lamp", None)
    assert read_column(table, "text", "sense").labels_of("bank") == ("money", "lamp", "?")
    assert read_column(table, "text", word="word").labels_of("bank") is None


def test_columns_are_chosen_with_a_reason():
    table = table_of("id,sense,text,lemma\n1,x,A longer sentence.,so\n2,y,Another one.,so\n")
    choice = choose_text_column(table)
    assert choice.column == "text"
    assert "is named 'text'" in choice.reason
    assert choose_sense_columns(table, "text") == ("sense", "lemma")
    assert choose_sense_columns(table_of("a,b\nx y,1\nz w,2\n"), "a") == (None, None)


def test_a_table_without_words_is_refused():
    with pytest.raises(InputError, match=r"a\.csv has no column of text: no column holds words"):
        choose_text_column(table_of("id,n\n1,2\n"))
    with pytest.raises(InputError, match=r"'n' of a\.csv holds no sentence"):
        read_column(table_of("text,n\nfine,\ngood,\n"), "n")


def test_names_of_running_texts():
    names = ("a.csv", "a.txt", "B.TXT", "a.zip", "a.txt.zip")
    assert [is_running_text(name) for name in names] == [False, True, True, False, True]


def test_messy_files_give_sentences_or_one_sentence(benchmarks_dir: Path):
    for path in sorted((benchmarks_dir / "messy_csv").glob("*.*")):
        try:
            table = read_table(path.read_bytes(), path.name)
            text = read_column(table, str(choose_text_column(table).column))
        except InputError as error:
            assert path.name in str(error)
        else:
            assert text.sentences
            assert len(text.rows) == len(text.sentences)
