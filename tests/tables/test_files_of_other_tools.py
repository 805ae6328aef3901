"""Tables as survey tools, annotation tools, R and social media export them, and files that are no tables."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest

from elmo_core.exceptions import InputError
from elmo_core.tables.columns import guess_label_column, guess_text_column, labels_of
from elmo_core.tables.labels import check_labels
from elmo_core.tables.reading import read_table


def table_of(columns: str, *rows: str, n: int = 12):
    """A table whose rows have their number in the place of `#`."""
    lines = [row.replace("#", str(number)) for number in range(n) for row in [rows[number % len(rows)]]]
    return read_table("\n".join([columns, *lines]).encode(), "a.csv")


@pytest.mark.parametrize(
    ("columns", "rows", "text", "label"),
    [
        ("Timestamp,Why?,Rate",
         ["1/5/2024 10:22:31,I like #,5", "1/5/2024 11:00:00,No # now,2"], "Why?", "Rate"),
        ("text,split,y", ["Review # of a film,train,0", "Review # of a book,test,1"], "text", "y"),
        ("text,lang,is_toxic", ["Review # of a film,en,0", "Review # of a book,de,1"], "text", "is_toxic"),
        ("author,body,subreddit", ["ann,I think # is great,aww", "bob,It # is,news"], "body", "subreddit"),
        ("url,text,label",
         ["https://example.org/a/b/c/#.html,Short text #,a", "www.e.org/#,Text #,b"], "text", "label"),
        ("mail,comment,group",
         ["some.body.or.other#@example.org,No words #,a", "b#@e.org,Text #,b"], "comment", "group"),
        ("date,note,Status",
         ["2024-01-01,Text number #,open", "2024-01-02,Text number #,shut"], "note", "Status"),
        ("text,gender,stance", ["Text number # here,f,for", "Text number #,m,against"], "text", "stance"),
    ],
)  # fmt: skip
def test_columns_that_say_where_a_text_is_from_are_no_labels(columns, rows, text, label):
    table = table_of(columns, *rows)
    assert guess_text_column(table).column == text
    assert guess_label_column(table, text).column == label


def test_a_choice_between_columns_that_no_name_decides_is_said():
    table = table_of("text,group,part", "Text number #,a,x", "Text number #,b,y")
    assert "may be labels as well" in guess_label_column(table, "text").warning
    table = table_of("text,group,label", "Text number #,a,x", "Text number #,b,y")
    assert guess_label_column(table, "text").warning == ""


def test_a_second_column_of_texts_is_said():
    table = table_of(
        "premise,hypothesis,label",
        "A man # eats a long meal,A man # eats,yes",
        "B # runs off now,B # does run,no",
    )
    assert "hypothesis holds texts as well" in guess_text_column(table).warning
    table = table_of("title,abstract,label", "On #,We study # in depth and find it,yes")
    assert guess_text_column(table).warning == ""


@pytest.mark.parametrize(
    ("head", "row", "n_skipped", "header_line"),
    [
        (
            "Respondent,Collector,What?,How?,\n,,Open-Ended Response,Response,",
            "118#,44,The staff #,Good,",
            1,
            1,
        ),
        (
            "Respondent,Collector,What?,Kind\n,,Open-Ended Response,Other (please specify)",
            "118#,44,All #,Good",
            1,
            1,
        ),
        ("# exported, 2024-01-01, by tool\n# rows: 12\ntext,label,n", "good film #,pos,1", 2, 3),
        ("# exported by tool\ntext,label,n", "good film #,pos,1", 1, 2),
        ("#,text,label", "#,good film,pos", 0, 1),
        ("# id,text,label", "#,good film,pos", 0, 1),
    ],
)
def test_lines_around_the_header_are_no_rows(head: str, row: str, n_skipped: int, header_line: int):
    table = table_of(head, row)
    assert (len(table.rows), len(table.skipped), table.reading.header_line) == (12, n_skipped, header_line)


def test_choices_of_prodigy_are_labels_and_what_was_passed_over_is_left_out():
    answers = ["accept", "accept", "reject", "ignore"]
    records = [
        {"text": f"Item {n}", "_task_hash": n, "options": [{"id": "A"}], "accept": ["A" if n % 3 else "B"]}
        | {"answer": answers[n % 4]}
        for n in range(24)
    ]
    table = read_table("\n".join(map(json.dumps, records)).encode(), "p.jsonl")
    choice = guess_label_column(table, guess_text_column(table).column)
    assert choice.column == "accept"
    assert set(labels_of(table, "accept")) == {"A", "B"}
    assert table.skipped_counts == {"answered with 'reject'": 6, "answered with 'ignore'": 6}


def test_answers_of_prodigy_to_one_label_are_classes():
    records = [
        {"text": f"Item {n}", "_task_hash": n, "label": "X", "answer": ["accept", "reject"][n % 2]}
        for n in range(12)
    ]
    table = read_table("\n".join(map(json.dumps, records)).encode(), "p.jsonl")
    assert (len(table.rows), guess_label_column(table, "text").column) == (12, "answer")


@pytest.mark.parametrize("missing", ["NA", "n/a", "NULL", "nan", "None", r"\N", "#N/A", "-"])
def test_labels_that_stand_for_nothing_are_said(missing: str):
    findings = [one.message for one in check_labels(["a"] * 30 + ["b"] * 30 + [missing] * 25)]
    assert len(findings) == 1
    assert f"{missing} often stands for a missing label" in findings[0]
    assert not check_labels(["a"] * 30 + ["nano"] * 30)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("text^label\n" + "good, nice film^pos\nbad film^neg\n" * 8, r"Nearly every line has 1 '\^'"),
        ("text~label~n\n" + "good film~pos~1\n" * 8, "Nearly every line has 2 '~'"),
        ('"text" "label"\n' + '"1" "The film" "pos"\n"2" "A film" "neg"\n' * 8, "R's write.table"),
        (
            "text,label\n" + "The caf\u00c3\u00a9,pos\nNo,neg\n" * 8,
            "8 places such as \u00c3\u00a9 seem to be UTF-8",
        ),
        ("text,label\n" + "Don\u00e2\u20ac\u2122t,pos\nNo,neg\n" * 8, "8 places such as"),
        ("text,label\n" + "\u00d0\u009f\u00d1\u20ac\u00d0\u00b8,pos\nNo,neg\n" * 8, "8 places such as"),
    ],
)
def test_what_looks_wrong_is_said(content: str, note: str):
    assert re.search(note, " ".join(read_table(content.encode(), "a.csv").reading.notes))


@pytest.mark.parametrize(
    "text",
    [
        "S\u00c3O PAULO, \u00c2ngela, \u00e2me, \u00e2\u20ac",
        "\u00d0 and \u00d1o\u00f1o",
        "\u00abIl l\u2019\u00e2ge\u00bb",
        "\u20ac\u2122",
    ],
)
def test_letters_of_languages_are_not_taken_for_damage(text: str):
    assert read_table(f'text,label\n"{text}",a\nb,c\n'.encode(), "a.csv").reading.notes == ()


def zipped(*names: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return sink.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 1\n", "pointer of Git LFS"),
        (zipped("mimetype", "content.xml", "META-INF/manifest.xml"), "is an OpenDocument file"),
        (zipped("[Content_Types].xml", "word/document.xml"), "is a Word document"),
        (zipped("[Content_Types].xml", "xl/workbook.bin"), "is a binary Excel workbook"),
        (b"\x80\x04\x95\xe8\x02\0\0\0\0\0\0\x8c\x11pandas.core.frame", "is a pickle"),
        (bytes(12) + b"\xc2\xea\x81\x60" + bytes(300), "is a SAS file"),
        (b"a.txt" + bytes(252) + b"ustar\x0000" + bytes(300), "is a tar archive"),
        (b"{'text': 'good', 'label': 'pos'}\n", r"line 1: .*double quotation marks"),
        (b'[{"text": "good", "label": "pos"},]', r"no comma before a closing bracket"),
    ],
)
def test_files_that_are_no_tables_are_named(content: bytes, message: str):
    with pytest.raises(InputError, match=message) as caught:
        read_table(content, "a.jsonl")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "rows", "n_skipped"),
    [
        (
            ["__label__pos great, film", "__label__neg bad; film"],
            [("pos", "great, film"), ("neg", "bad; film")],
            0,
        ),
        (["__label__4\tgreat\tfilm"] * 3, [("4", "great\tfilm")] * 3, 0),
        (["__label__a , great film"] * 2, [("a", "great film")] * 2, 0),
        (["__label__a __label__b great"] * 2, [('["a", "b"]', "great")] * 2, 0),
        (["__label__\u00e9l\u00e8ve oui"] * 2, [("\u00e9l\u00e8ve", "oui")] * 2, 0),
        ([*["__label__a great"] * 12, "no label", ""], [("a", "great")] * 12, 1),
    ],
)
def test_training_files_of_fasttext(lines: list[str], rows: list[tuple[str, str]], n_skipped: int):
    table = read_table("\n".join(lines).encode(), "train.txt")
    assert (table.columns, list(table.rows), len(table.skipped)) == (("label", "text"), rows, n_skipped)
    if '["a", "b"]' in rows[0]:
        with pytest.raises(InputError, match="several labels a row"):
            labels_of(table, "label")
