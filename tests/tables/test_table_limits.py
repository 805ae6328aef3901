"""Tables that are small as files and large in memory: refused by counting, whatever their headers claim."""

from __future__ import annotations

import gzip
import io
import json
import re
import tracemalloc
import zipfile
from contextlib import suppress

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet

from elmo_core.exceptions import InputError
from elmo_core.tables import budget
from elmo_core.tables.reading import read_table
from elmo_core.tables.vectors import read_vectors


def in_parquet(column: pyarrow.Array) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table({"text": column}), buffer, compression="zstd")
    return buffer.getvalue()


def rewritten(book: bytes, change) -> bytes:
    """A workbook whose first sheet is changed as XML."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            text = old.read(info)
            new.writestr(info, change(text.decode()) if info.filename.endswith("sheet1.xml") else text)
    return buffer.getvalue()


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in [("text", "label"), ("fine", "yes"), ("bad", "no")]:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        in_parquet(pyarrow.array(["x" * 90_000] * 15_000).dictionary_encode()),
        in_parquet(pyarrow.array([["x" * 90_000]] * 15_000)),
        in_parquet(pyarrow.array([{"a": "x" * 90_000}] * 15_000)),
        in_parquet(pyarrow.array([[1] * 1_000] * 15_000)),
    ],
)
def test_parquet_that_unpacks_to_gigabytes_is_refused(content: bytes):
    assert len(content) < 1 << 20
    with pytest.raises(InputError, match="too much"):
        read_table(content, "a.parquet")


@pytest.mark.parametrize("claim", ["A1", "A1:XFD1048576", "Z99:Z99", "A1:A2"])
def test_dimensions_are_counted_and_not_believed(claim: str):
    content = rewritten(
        workbook(), lambda text: re.sub(r'dimension ref="[^"]*"', f'dimension ref="{claim}"', text)
    )
    table = read_table(content, "a.xlsx")
    assert (table.columns, table.rows) == (("text", "label"), (("fine", "yes"), ("bad", "no")))


def test_a_cell_far_away_costs_nothing():
    book = openpyxl.Workbook()
    for row in [("text", "label"), ("fine", "yes"), ("bad", "no")]:
        book.active.append(row)
    book.active["A5000"] = "note"
    buffer = io.BytesIO()
    book.save(buffer)
    table = read_table(buffer.getvalue(), "a.xlsx")
    assert table.rows == (("fine", "yes"), ("bad", "no"), ("note", ""))
    assert len(table.skipped) == 1_000


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (json.dumps({f"k{n}": n for n in range(900)}).encode() + b'\n{"k0":1}' * 60, "keys.jsonl"),
        (b"\n".join(b",".join(b"x" for _ in range(900)) for _ in range(60)), "cells.csv"),
        (json.dumps([["x"] * 900] * 60).encode(), "lists.json"),
        (b"text," + b",".join(b"name%d" % n for n in range(900)) + b"\nx,y" * 60, "short.csv"),
    ],
)
def test_cells_are_counted(content: bytes, name: str, monkeypatch):
    monkeypatch.setattr(budget, "MAX_CELLS", 50_000)
    with pytest.raises(InputError, match="more than 50,000 cells"):
        read_table(content, name)


@pytest.mark.parametrize("filled", [b"c,", b","])
def test_one_wide_record_does_not_widen_the_others(filled: bytes):
    """The cells that short records lack are counted before they are added."""
    content = b"text,label," + filled * 200_000 + b"end\n" + b"a,b\n" * 1_000
    tracemalloc.start()
    with suppress(InputError):
        read_table(content, "a.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 << 20


def test_a_packed_file_unpacks_to_two_hundred_times_its_size_at_most():
    content = gzip.compress(b"text,label\n" + b"a fine cup of tea,good\n" * 2_000_000)
    with pytest.raises(InputError, match="unpacks to more than 200 times its size"):
        read_table(content, "a.csv.gz")


def test_numbers_in_one_line_are_no_vectors():
    with pytest.raises(InputError, match="1 vectors of width 200,001"):
        read_vectors(b"0.5\t" * 200_000 + b"0.5\n", "a.tsv")


def test_commas_alone_are_no_cells():
    with pytest.raises(InputError, match="no rows of a table"):
        read_table((b"," * 900 + b"\n") * 2_000, "commas.csv")


def test_a_list_of_empty_lists_is_refused_before_it_is_parsed():
    with pytest.raises(InputError, match="the most a table may have"):
        read_table(b"[" + b"[]," * 6_100_000 + b"[]]", "a.json")


def test_half_of_a_pair_becomes_the_replacement_character():
    table = read_table(b'{"text": "a \\ud800 b", "x\\udfff": [1, "\\udc00"]}\n{"text": "c"}\n', "a.jsonl")
    assert table.columns == ("text", "x\ufffd")
    assert table.rows[0] == ("a \ufffd b", '[1, "\ufffd"]')
    "".join(cell for row in table.rows for cell in row).encode()


def test_a_stray_mark_in_a_large_file_costs_no_more_than_its_line():
    rows = [f'{"x" * 20}\\" and,"open {n}' for n in range(3_000)]
    table = read_table(("text,label\n" + "\n".join(rows)).encode(), "a.csv")
    assert len(table.rows) + len(table.skipped) == 3_000
