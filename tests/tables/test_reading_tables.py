"""Tables of any kind: what is found out, what is put right, what is counted, what is refused."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elmo_core.exceptions import ElmoError, InputError
from elmo_core.tables import records
from elmo_core.tables.reading import Table, read_table, read_table_file

ROWS = (("good, really", "yes"), ('she said "no"', "no"), ("two\nlines", "yes"))


def written(rows, delimiter=",", header=("text", "label")) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows([header, *rows] if header else rows)
    return buffer.getvalue()


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-mark", "utf-32"])
def test_delimiters_and_marks(delimiter, encoding):
    text = written(ROWS, delimiter)
    content = (
        b"\xfe\xff" + text.encode("utf-16-be") if encoding == "utf-16-be-mark" else text.encode(encoding)
    )
    table = read_table(content, "a.csv")
    assert (table.columns, table.rows) == (("text", "label"), ROWS)
    assert table.reading.delimiter == delimiter
    assert not table.reading.is_guessed
    assert table.lines == (2, 3, 4)


def test_another_encoding_is_guessed_and_can_be_corrected():
    text = written([("le café était très agréable, vraiment à côté de l'hôtel", "oui"), ("déçu", "non")] * 20)
    table = read_table(text.encode("cp1252"), "a.csv")
    assert table.reading.is_guessed
    assert table.rows[1] == ("déçu", "non")
    assert read_table(text.encode("cp1252"), "a.csv", encoding="latin-1").rows == table.rows
    for wrong in ("utf-8", "no-such", "base64"):
        with pytest.raises(InputError):
            read_table(text.encode("cp1252"), "a.csv", encoding=wrong)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (("text", "label"), True),
        (("Kommentar", "Urteil"), True),  # told by what stands below
        (("a fine film that kept me awake to the end of the night", "pos"), False),
        (("12", "pos"), False),
    ],
)
def test_header(header, expected):
    rows = [(f"what a {word} film this was to sit through", "pos") for word in "abcdefghijkl"]
    content = written(rows, header=header).encode()
    table = read_table(content, "a.csv")
    assert table.reading.has_header is expected
    assert len(table.rows) == len(rows) + (not expected)
    assert read_table(content, "a.csv", has_header=not expected).reading.has_header is not expected


def test_column_names_are_unique_and_never_empty():
    table = read_table(b"a,,a\n1,2,3\n", "a.csv", has_header=True)
    assert table.columns == ("a", "column 2", "a (2)")


def test_ragged_rows_are_counted_or_filled():
    content = b"text,label,note\nfine,yes,\nbad,no,\nshort,yes\na,b,c,d\nalone\n\ntrailing,no,,,\n"
    table = read_table(content, "a.csv")
    assert table.rows == (
        ("fine", "yes", ""),
        ("bad", "no", ""),
        ("short", "yes", ""),
        ("trailing", "no", ""),
    )
    assert [(record.line, record.content) for record in table.skipped] == [
        (5, "a | b | c | d"),
        (6, "alone"),
        (7, ""),
    ]
    assert table.skipped_counts["blank"] == 1
    assert table.skipped_table()[1][0] == (5, "4 cells where the table has 3 columns", "a | b | c | d")


def test_an_unclosed_quote_swallows_nothing():
    rows = "".join(f"ham,message number {n}\n" for n in range(20))
    table = read_table((rows + 'ham,"open\n' + rows + 'spam,"closed"\n').encode(), "a.csv")
    assert len(table.rows) == 42
    assert not table.skipped
    assert table.reading.notes[0].startswith("Recovered 21 rows")


def test_long_cells_are_skipped(monkeypatch):
    monkeypatch.setattr(records, "MAX_CELL", 50)
    table = read_table(("text,label\nfine,yes\n" + "x" * 51 + ",no\n").encode(), "a.csv")
    assert len(table.rows) == 1
    assert table.skipped[0].reason.startswith("a cell of more than")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"\xd0\xcf\x11\xe0 ...", "old Excel"),
        (b"\x1f\x8b\x08", "is damaged"),
        (b"a\0b\0\0\0\x01", "not a text file"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"PAR1 broken", "Parquet"),
        (b"text,label\n", "no rows"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(content, message):
    with pytest.raises(InputError, match=message) as caught:
        read_table(content, "a.csv", has_header=True if content == b"text,label\n" else None)
    assert "\n" not in str(caught.value)


def test_too_large_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("elmo_core.text.unpacking.MAX_BYTES", 20)
    monkeypatch.setattr("elmo_core.tables.delimited.MAX_ROWS", 3)
    (tmp_path / "a.csv").write_bytes(b"text,label\n" * 3)
    with pytest.raises(InputError, match="MB"):
        read_table_file(tmp_path / "a.csv")
    with pytest.raises(InputError, match="more than 3 rows"):
        read_table(b"a,b\n" * 5, "a.csv")
    with pytest.raises(InputError, match="no file"):
        read_table_file(tmp_path / "b.csv")


def test_jsonl_counts_what_is_no_object():
    lines = [
        '{"text": "fine", "label": 1, "n": 2.0}',
        "",
        "nonsense",
        "[1]",
        '{"text": null, "more": {"a": [1]}}',
    ]
    table = read_table("\n".join(lines).encode(), "a.jsonl")
    assert table.columns == ("text", "label", "n", "more")
    assert table.rows == (("fine", "1", "2", ""), ("", "", "", '{"a": [1]}'))
    assert [record.line for record in table.skipped] == [2, 3, 4]
    assert read_table(json.dumps([{"a": "x", "b": True}]).encode(), "a.json").rows == (("x", "true"),)


def test_parquet_and_workbook():
    import openpyxl
    import pyarrow
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table({"text": ["fine", None, ""], "label": [1, 0, None]}), buffer)
    table = read_table(buffer.getvalue(), "a.parquet")
    assert table.rows == (("fine", "1"), ("", "0"))
    assert table.skipped_counts == {"blank": 1}

    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("data")
    for row in [(None, None), ("text", "label"), ("fine", 1), ("bad", 0.5)]:
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    table = read_table(buffer.getvalue(), "a.xlsx")
    assert (table.columns, table.rows) == (("text", "label"), (("fine", "1"), ("bad", "0.5")))
    assert table.reading.kind == "XLSX"


def test_formulas_without_a_value_in_the_file_are_counted():
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["text", "label"], ["fine", "a"], ['=CONCATENATE("a", "b")', "b"], ["bad", "=1+1"]):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)  # openpyxl computes nothing
    table = read_table(buffer.getvalue(), "a.xlsx")
    assert table.rows == (("fine", "a"), ("", "b"), ("bad", ""))
    (said,) = table.reading.remarks
    assert said.startswith("2 formulas without a value in the file, the first at A3: read as empty.")
    parts = {}
    with zipfile.ZipFile(buffer) as file:
        for name in file.namelist():
            parts[name] = file.read(name)
    sheet = "xl/worksheets/sheet1.xml"
    for cell in (b'r="A3"', b'r="B4"'):  # a spreadsheet program writes values, an empty text among them
        parts[sheet] = parts[sheet].replace(cell, cell + b' t="str"')
    assert read_table(zipped(parts), "a.xlsx").reading.remarks == ()


def zipped(members) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def test_zip_holds_one_table():
    content = zipped({"a/b.csv": "text,label\nfine,yes\n", "__MACOSX/b.csv": "x", ".DS_Store": "x"})
    assert read_table(content, "a.zip").rows == (("fine", "yes"),)
    for members in ({}, {"a.csv": "a,b", "b.csv": "a,b"}, {"b.zip": zipped({"a.csv": "a,b\n"})}):
        with pytest.raises(InputError):
            read_table(zipped(members), "a.zip")
    bomb = zipped({"[Content_Types].xml": b"0" * (40 << 20)})
    with pytest.raises(InputError, match="unpack"):
        read_table(bomb, "a.xlsx")


@pytest.mark.parametrize(
    ("name", "shape", "encoding", "delimiter", "header"),
    [
        ("messy_csv/characters.csv", (382, 18), "big5", ",", True),
        ("messy_csv/example.tsv", (140, 17), "utf-8", "\t", True),
        ("messy_csv/long.csv", (4000, 1), "utf-8", None, False),
        ("messy_csv/null.csv", (10, 4), "utf-8", ",", False),
        ("messy_csv/simple.psv", (28, 6), "utf-8", "|", True),
        ("messy_csv/simple.ssv", (6, 3), "utf-8", ";", True),
        ("messy_csv/simple.zip", (6, 3), "utf-8", ",", True),
        ("messy_csv/skip_initials.csv", (2, 2), "utf-8", ",", True),
        ("messy_csv/spanish_chars.csv", (115, 8), "cp1252", ",", True),
        ("messy_csv/utf8bom.csv", (1, 2), "utf-8", ",", False),
        ("text/ChnSentiCorp_htl_all.csv", (7766, 2), "utf-8", ",", True),
        ("text/ag_news_5k.csv", (5000, 2), "utf-8", ",", False),
        ("text/sms_spam.csv", (5573, 5), "utf-8", ",", False),
    ],
)
def test_messy_files_of_others(benchmarks_dir, name, shape, encoding, delimiter, header):
    table = read_table_file(benchmarks_dir / name)
    assert (len(table.rows), len(table.columns)) == shape
    found = table.reading
    assert (found.encoding, found.delimiter, found.has_header) == (encoding, delimiter, header)


CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(*[CELLS] * n), min_size=1, max_size=12)),
    st.sampled_from([",", "\t", ";", "|"]),
)
def test_a_generated_table_comes_back_whole(rows, delimiter):
    content = written([[cell.replace("\r", " ") for cell in row] for row in rows], delimiter, header=None)
    expected = [tuple(cell.replace("\r", " ").strip() for cell in row) for row in rows]
    try:
        table = read_table(
            content.encode(), "a.csv", encoding="utf-8", delimiter=delimiter, quote='"', has_header=False
        )
    except InputError:
        assert not any(any(row) for row in expected) or content.startswith("\ufeff") or not content.strip()
        return
    assert len(table.rows) + len(table.skipped) == len(rows)
    if not content.startswith("\ufeff"):
        assert list(table.rows) == [row for row in expected if any(row)]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text("ab,;|\t\"\n'\\ \r{}[]:1é", max_size=120).map(str.encode),
        st.binary(max_size=60).map(lambda tail: b"PK\x03\x04" + tail),
        st.binary(max_size=60).map(lambda tail: b"PAR1" + tail + b"PAR1"),
    )
)
def test_any_bytes_give_a_table_or_one_sentence(content):
    try:
        table = read_table(content, "any.bin")
    except ElmoError as error:
        assert "Traceback" not in str(error)
        return
    assert isinstance(table, Table)
    if table.reading.kind != "CSV":
        return
    text = content.decode(table.reading.encoding, errors="replace").replace("\0", "")
    n_lines = len(io.StringIO(text, newline="").readlines())
    assert len(table.rows) + len(table.skipped) + table.reading.has_header <= n_lines
    seen = [*table.lines, *(record.line for record in table.skipped)]
    assert len(seen) == len(set(seen))
    if '"' not in text and "'" not in text:  # then every line is one record
        assert len(seen) + table.reading.has_header == n_lines
