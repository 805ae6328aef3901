"""Tables as people have them: exports of Excel, forms, surveys, databases, scripts and other people."""

from __future__ import annotations

import io
import json

import openpyxl
import pandas as pd
import pytest

from elmo_core.exceptions import InputError
from elmo_core.tables.columns import guess_label_column, guess_text_column, labels_of, texts_of
from elmo_core.tables.grid import ABOVE, AGAIN, FOOTER, SECOND
from elmo_core.tables.reading import Table, read_table

TEXTS = (
    "The film was long but fine",
    "I hated every minute of it",
    "What a joy, really",
    "Not worth the ticket",
    "Great cast, poor script",
    "Dull from start to end",
)
LABELS = ("pos", "neg") * 3
ROWS = tuple(zip(TEXTS, LABELS, strict=True))
FRAME = pd.DataFrame(ROWS, columns=["text", "label"])


def lines(*rows: str, end: str = "\n") -> bytes:
    return "".join(row + end for row in rows).encode()


def quoted(delimiter: str = ",") -> list[str]:
    return [f'"{text}"{delimiter}{label}' for text, label in ROWS]


def workbook(**sheets: list) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def reasons(table: Table) -> list[tuple[int, str]]:
    return [(record.line, record.reason) for record in table.skipped]


UGLY = {
    "a report of a German Excel": lines(
        "Bericht", "Stand: 12.03.2024", "", "Kommentar;Urteil", *(f"{a};{b}" for a, b in ROWS), end="\r\n"
    ),
    "titles padded with empty cells": lines("Umfrage;", ";", "Kommentar;Urteil", *quoted(";")),
    "sep": lines("sep=;", "text;label", *(f"{a};{b}" for a, b in ROWS), end="\r\n"),
    "sep in quotes": lines('"sep=,"', "text,label", *quoted()),
    "thousands of empty columns": lines("text,label" + "," * 3000, *(row + "," * 3000 for row in quoted())),
    "blank lines between": lines("text,label", "", *(f"{row}\n\n" for row in quoted())),
    "Mac line ends": lines("text;label", *(f"{a};{b}" for a, b in ROWS), end="\r"),
    "two returns a line": lines("text,label", *quoted(), end="\r\r\n"),
    "Markdown": lines("| text | label |", "|---|:--:|", *(f"| {a} | {b} |" for a, b in ROWS)),
    "MySQL": lines(
        "+---+---+", "| text | label |", "+---+---+", *(f"| {a} | {b} |" for a, b in ROWS), "+---+---+"
    ),
    "psql": lines(" text | label ", "-----+------", *(f" {a:28} | {b} " for a, b in ROWS), "(6 rows)"),
    "aligned by tabs": lines(
        "text\t\t\tlabel", *(f"{a}\t\t{b}" if len(a) > 20 else f"{a}\t{b}" for a, b in ROWS)
    ),
    "a header again in the middle": lines("text,label", *quoted()[:3], "text,label", *quoted()[3:]),
    "a total below": lines("text,label", *quoted(), "Total,"),
    "a NUL in a cell": lines("text,label", *(row.replace(" ", " \0", 1) for row in quoted())),
    "an object for each line, laid out": "\n".join(
        json.dumps(dict(zip(["text", "label"], row, strict=True)), indent=2) for row in ROWS
    ).encode(),
    "JSON with a mark": b"\xef\xbb\xbf" + FRAME.to_json(orient="records").encode(),
    "data": json.dumps({"data": FRAME.to_dict("records")}).encode(),
    "rows of a server": json.dumps(
        {
            "features": [{"name": "text"}],
            "rows": [{"row_idx": 0, "row": row} for row in FRAME.to_dict("records")],
        },
        indent=1,
    ).encode(),
    "deep": json.dumps({"ok": True, "result": {"n": 6, "items": FRAME.to_dict("records")}}).encode(),
    "names and lists": json.dumps({"header": ["text", "label"], "rows": ROWS}).encode(),
    "a list for each line": "\n".join(json.dumps(row) for row in (("text", "label"), *ROWS)).encode(),
    "lists of columns": json.dumps(FRAME.to_dict("list")).encode(),
    "README first": workbook(
        README=[["This file holds reviews"], ["Ask Ann"]], Data=[["text", "label"], *ROWS]
    ),
    "titles in a workbook": workbook(
        Data=[["Reviews 2024"], ["by", None], [], ["text", "label"], *ROWS, [], ["Total"]]
    ),
}
for orient in ("columns", "records", "split", "index", "values"):
    for indent in (None, 2):
        UGLY[f"to_json {orient} {indent}"] = FRAME.to_json(orient=orient, indent=indent).encode()


@pytest.mark.parametrize("name", UGLY)
def test_the_same_six_rows_come_out_of_every_file(name: str):
    table = read_table(UGLY[name], "a.any")
    assert table.rows == ROWS
    if "values" not in name:
        assert table.columns in {("text", "label"), ("Kommentar", "Urteil")}
    text = guess_text_column(table).column
    assert text == table.columns[0]
    assert guess_label_column(table, text).column == table.columns[1]


def test_what_stands_around_a_table_is_counted_with_its_line():
    table = read_table(UGLY["a report of a German Excel"], "a.csv")
    assert reasons(table) == [(1, ABOVE), (2, ABOVE), (3, "blank")]
    assert (table.reading.header_line, table.lines[0]) == (4, 5)
    assert "header on line 4" in table.summary[0]
    assert reasons(read_table(UGLY["a header again in the middle"], "a.csv")) == [(5, AGAIN)]
    assert reasons(read_table(UGLY["a total below"], "a.csv")) == [(8, FOOTER)]
    assert "Left out 3,000 columns" in read_table(UGLY["thousands of empty columns"], "a.csv").summary[1]
    assert "sheet 'Data' of 2" in read_table(UGLY["README first"], "a.xlsx").summary[0]
    assert reasons(read_table(UGLY["sep"], "a.csv")) == [(1, "names the delimiter")]
    assert reasons(read_table(UGLY["psql"], "a.txt"))[1] == (9, "1 cell where the table has 2 columns")


def test_the_header_can_be_named_by_its_line():
    content = lines("id,note", "x,y", "text,label", *quoted())
    assert read_table(content, "a.csv").reading.header_line == 1
    table = read_table(content, "a.csv", header_line=3)
    assert table.columns == ("text", "label")
    assert table.rows == ROWS
    book = workbook(Data=[["id", "note"], [], ["text", "label"], *ROWS])
    assert read_table(book, "a.xlsx", header_line=3).rows == ROWS
    for line in (0, 2, 99):
        with pytest.raises(InputError, match="header"):
            read_table(book, "a.xlsx", header_line=line)


def test_a_trained_column_is_a_header_above_a_single_row():
    content = lines("Kommentar,Wer", "Sehr schön war es,Anna")
    assert read_table(content, "a.csv", expected=("kommentar",)).rows == (("Sehr schön war es", "Anna"),)
    assert read_table(lines("Kommentar", "schön"), "a.csv", expected=("Kommentar",)).columns == ("Kommentar",)
    assert len(read_table(content, "a.csv", expected=("text",)).rows) == 2


@pytest.mark.parametrize(
    ("content", "delimiter", "first"),
    [
        (
            lines(
                "date;price;text;label",
                "April 1, 2023;40;Nice, really;pos;",
                "May 3, 2023;12,5;Bad;neg",
                "June 5, 2023;1;So;pos;",
            ),
            ";",
            ("April 1, 2023", "40", "Nice, really", "pos"),
        ),
        (
            lines("April 1, 2023;40 €;Nice one;pos;", "May 3, 2023;12 €;Bad one;neg;"),
            ";",
            ("April 1, 2023", "40 €", "Nice one", "pos"),
        ),
        (lines("Wert;Text", *(f"{n},5;{text}" for n, text in enumerate(TEXTS))), ";", ("0,5", TEXTS[0])),
        (lines(*(f"{n},5;{n},7;{text}" for n, text in enumerate(TEXTS))), ";", ("0,5", "0,7", TEXTS[0])),
        (lines("text|label", *(f"{a}; or, so|{b}" for a, b in ROWS)), "|", (f"{TEXTS[0]}; or, so", "pos")),
        (
            lines("text\tlabel", *(f"{a}, and, on\t{b}" for a, b in ROWS)),
            "\t",
            (f"{TEXTS[0]}, and, on", "pos"),
        ),
        (lines("sentence", "Well, yes.", "No, never.", "Oh, I see."), None, ("Well, yes.",)),
        (lines(*TEXTS), None, (TEXTS[0],)),
    ],
)
def test_the_delimiter_is_the_one_that_the_columns_agree_on(content, delimiter, first):
    table = read_table(content, "a.csv")
    assert table.reading.delimiter == delimiter
    assert table.rows[0][: len(first)] == first
    assert not table.skipped


@pytest.mark.parametrize(
    ("content", "first", "escape", "quote"),
    [
        (
            lines("text,label", r'"He said \"hi\", twice",pos', '"plain",neg', "x,pos"),
            'He said "hi", twice',
            "\\",
            '"',
        ),
        (lines("text,label", r'"C:\dir, \"x\"",pos', '"plain",neg', "x,pos"), 'C:\\dir, "x"', "\\", '"'),
        (lines("text,label", r'"a \\ b, \"x\"",pos', '"plain",neg', "x,pos"), 'a \\ b, "x"', "\\", '"'),
        (lines("text,label", '"C:\\temp\\",pos', '"C:\\x",neg', "x,pos"), "C:\\temp\\", "", '"'),
        (lines("text,label", 'a 5" screen,pos', '"plain",neg', "x,pos"), 'a 5" screen', "", '"'),
        (
            lines("text,label", '"she said "no" to it",pos', '"a",neg', '"b",pos', "x,neg"),
            'she said "no" to it',
            "",
            '"',
        ),
        (lines("text,label", '"say ""x"", y",pos', "x,neg"), 'say "x", y', "", '"'),
        (
            lines("text\tlabel", '"Hello" he said\tpos', '"open\tneg', 'end" here\tpos', "x\tneg"),
            '"Hello" he said',
            "",
            "",
        ),
        (lines("text,label", "'it was, so',pos", "'a, b',neg", "'c, d',pos"), "it was, so", "", "'"),
        (lines("text,label", '"one\r\ntwo, three",pos', "x,neg", end="\r\n"), "one\r\ntwo, three", "", '"'),
    ],
)
def test_quotation_marks_mean_what_they_mean_there(content, first, escape, quote):
    table = read_table(content, "a.csv")
    assert table.rows[0] == (first, "pos")
    assert (table.reading.escape, table.reading.quote) == (escape, quote)
    assert not table.skipped


@pytest.mark.parametrize(
    "content",
    [
        lines(
            "Q1,Q2,Q3",
            "What do you think?,Rating of us,Age in years",
            *(f'"{t}",{n},2{n}' for n, t in enumerate(TEXTS)),
        ),
        lines(
            "Q1,Q2,Q3",
            "What do you think?,Rating,Age",
            '"{""ImportId"":""QID1""}","{""ImportId"":""QID2""}","{""ImportId"":""QID3""}"',
            *(f'"{t}",{n},2{n}' for n, t in enumerate(TEXTS)),
        ),
    ],
)
def test_second_headers_of_surveys_are_no_rows(content):
    table = read_table(content, "a.csv")
    assert table.columns == ("Q1", "Q2", "Q3")
    assert table.rows[0] == (TEXTS[0], "0", "20")
    assert {record.reason for record in table.skipped} == {SECOND}


def test_forms_scripts_and_dumps():
    question = "How satisfied are you with the service that you received from our team today? Explain."
    table = read_table(
        lines(
            f'Timestamp,"{question}",Score,Score',
            *(f'2024/03/0{n} 10:22:33 AM MEZ,"{t}",{n},{n}' for n, t in enumerate(TEXTS, 1)),
        ),
        "forms.csv",
    )
    assert table.columns == ("Timestamp", question, "Score", "Score (2)")
    assert guess_text_column(table).column == question
    table = read_table(FRAME.to_csv().encode(), "pandas.csv")
    assert (table.columns, table.rows[1]) == (("column 1", "text", "label"), ("1", *ROWS[1]))
    table = read_table(
        lines('"text"\t"label"', *(f'"{n}"\t"{a}"\t"{b}"' for n, (a, b) in enumerate(ROWS, 1))), "R"
    )
    assert (table.columns, table.rows[0]) == (("column 1", "text", "label"), ("1", *ROWS[0]))
    tweets = [
        f'13456789012345678{n},"@user{n} {t}\nsecond, line\n\nhttps://t.co/x",u{n}'
        for n, t in enumerate(TEXTS)
    ]
    table = read_table(lines("id,text,user", *tweets), "tweets.csv")
    assert table.rows[5] == ("134567890123456785", f"@user5 {TEXTS[5]}\nsecond, line\n\nhttps://t.co/x", "u5")
    assert table.lines[:2] == (2, 6)
    aligned = lines("text                           label", *(f"{a:30} {b}" for a, b in ROWS))
    assert "aligned by blanks" in read_table(aligned, "fixed.txt").summary[1]


def test_lists_in_cells_are_neither_texts_nor_labels():
    frame = pd.DataFrame(
        {"id": list("abcdef"), "tokens": [["Ann", "didn't", '"go"']] * 6, "tags": [["B-PER", "O", "O"]] * 6}
    )
    parquet = io.BytesIO()
    frame.to_parquet(parquet)
    numpy = pd.read_parquet(io.BytesIO(parquet.getvalue()))
    for content in (
        parquet.getvalue(),
        frame.to_csv(index=False).encode(),
        numpy.to_csv(index=False).encode(),
    ):
        table = read_table(content, "conll.any")
        assert guess_text_column(table).column is None
        assert "lists" in guess_text_column(table).reason
        with pytest.raises(InputError, match="lists or objects and not texts"):
            texts_of(table, "tokens")


def test_several_labels_a_text_are_said_to_be_unsupported():
    rows = [{"text": text, "label": ["pos", "x"]} for text in TEXTS]
    table = read_table(json.dumps(rows).encode(), "a.json")
    assert "multi-label" in guess_label_column(table, "text").reason
    with pytest.raises(InputError, match="multi-label"):
        labels_of(table, "label")
    single = read_table(
        json.dumps([{"text": text, "label": [label]} for text, label in ROWS]).encode(), "a.json"
    )
    assert labels_of(single, "label") == LABELS
    flags = lines(
        "comment,toxic,obscene,insult",
        *(f'"{t}",{n % 2},{n % 3 % 2},{n % 2}' for n, t in enumerate(TEXTS * 3)),
    )
    choice = guess_label_column(read_table(flags, "a.csv"), "comment")
    assert choice.column == "toxic"
    assert "'toxic' alone is taken" in choice.warning


def test_the_sheet_can_be_chosen():
    book = workbook(First=[["text", "label"], *ROWS], Second=[["a", "b"], *[["x", n] for n in range(9)]])
    assert read_table(book, "a.xlsx").reading.sheet == "Second"
    table = read_table(book, "a.xlsx", sheet="first")
    assert (table.rows, table.reading.sheets) == (ROWS, ("First", "Second"))
    with pytest.raises(InputError, match="no sheet 'Third'; it has First, Second"):
        read_table(book, "a.xlsx", sheet="Third")


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"<html><table>", "a web page"), (b"$FL2@(#)", "an SPSS file"), (b"<?xml version='1.0'?>", "XML")],
)
def test_files_of_other_kinds_are_named(start, kind):
    with pytest.raises(InputError, match=kind):
        read_table(start + b" " * 50, "a.csv")
